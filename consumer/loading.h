// What the command line asks to be loaded, checked, and what opening a file did to it: told to the log. The main thread's.
#ifndef TIDEMARK_LOADING_H
#define TIDEMARK_LOADING_H

#include "consumer/options.h"
#include "views/engine/catalog.h"

struct progress;     // progress.h
struct store_report; // store_report.h

// The catalog of --views and --only, checked; what looks wrong in it is warned of. The caller frees it.
int loading_catalog(const struct options *options, struct catalog **ret, struct error *error);
// The same of a file that is only served.
int loading_served(const struct options *options, struct catalog **ret, struct error *error);
// Which tables are incomplete by the file: into progress, which knows of no other one then. Errors: read_incomplete's.
int loading_recall(const char *db, const struct catalog *catalog, struct progress *progress,
                   struct error *error);
void loading_report(const struct store_report *report, const char *db);
// A view of the file is not kept any more, since one of its statements failed so.
void loading_tell_disabled(const struct error *failure);

// How long views' statements may run, before the first store is opened. What runs for long is logged, and told as the state of
// *progress where that is not NULL; the pointer lives as long as the stores.
void loading_limit_statements(const struct options *options, struct progress **progress);

#endif
