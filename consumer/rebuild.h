// A file built anew from the topics beside the one that is served (FILE.next), for what cannot be done in place: a loop of its
// own, on a thread of its own, with a consumer of its own, that stays behind the live one (consume/leader.h). When both
// stand at the same offsets, what the log does not tell is carried over and the new file takes the old one's place. Goes on
// where it was after a kill. The main thread's.
#ifndef TIDEMARK_REBUILD_H
#define TIDEMARK_REBUILD_H

#include "consumer/options.h"
#include "views/engine/catalog.h"
#include "views/engine/progress.h"
#include "views/engine/store.h"

enum {
    REBUILD_NEAR_MESSAGES = 20000, // it is there when so few are left: the live loop waits for them
    REBUILD_JOIN_MS = 10000,       // so long at most
};

struct rebuild;

// `of`: the store that is served, of which nothing is being written now; `progress` its loop's, which outlives the rebuild. Takes
// *next, also when it fails.
int rebuild_start(struct rebuild **ret, const struct options *options, const struct store *of,
                  struct progress *progress, struct catalog **next, struct error *error);
// REBUILD_FAILED: the error says why; only rebuild_free is left.
enum rebuild_state { REBUILD_READS, REBUILD_THERE, REBUILD_FAILED };
enum rebuild_state rebuild_look(struct rebuild *rebuild, int *ret_percent, struct error *error);
// Whether it stands where the live loop ended.
bool rebuild_has_joined(struct rebuild *rebuild);
// After that: closes the new file, with what is history in it. ERROR_INPUT: it would lack what the old one has, whose store is `of`.
int rebuild_finish(struct rebuild *rebuild, const struct store *of, struct error *error);
// With nobody left who has the old file open: the new one is at its name.
int rebuild_replace(struct rebuild *rebuild, struct error *error);
// What it was built for; the caller frees it then.
struct catalog *rebuild_give_catalog(struct rebuild *rebuild);
// Ends the reading. What it has read stays for the next start.
void rebuild_free(struct rebuild **rebuild);

#endif
