// Whether files of a views folder change, for an author who saves and looks (--watch): the folder, and each folder in it.
// The main thread's.
#ifndef TIDEMARK_VIEWS_WATCH_H
#define TIDEMARK_VIEWS_WATCH_H

#include "views/base/error.h"

#include <stdbool.h>

enum {
    VIEWS_WATCH_QUIET_MS = 200, // an editor writes in several steps: they are over after so long without one
    VIEWS_WATCH_LONGEST_MS = 2000, // or so long after the first
};

struct views_watch;

// ERROR_SYSTEM: the folder is not there, or the system watches no more files.
int views_watch_new(struct views_watch **ret, const char *folder, struct error *error);
void views_watch_free(struct views_watch **watch);
// True once for what changed, when it is over. Never waits; to be asked a few times a second.
bool views_watch_is_due(struct views_watch *watch);

#endif
