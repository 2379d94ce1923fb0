// Moves the store's write-ahead log into the file on a thread and a connection of its own, so that no commit
// waits for the disk. Of use to the store only; its thread calls everything here. The thread inside starts
// when there is first something to do; where it cannot, SQLite does the same at a commit.
//
// The same pages are written again and again: the longer the log, the fewer of its pages are the newest of
// their kind and have to be moved. So a log is moved when it has as many pages as the file, within bounds:
// opening the file after a crash reads all of the log.
//
// SQLite begins the log anew only when all of it has been moved, and a writer that goes on never lets that
// happen. So the last pages are moved while no transaction is open: checkpoint_enter waits for that, once a
// log; a few milliseconds, or far behind, where they are those of a whole large commit, some hundred.
#ifndef TIDEMARK_STORE_CHECKPOINT_H
#define TIDEMARK_STORE_CHECKPOINT_H

#include "views/base/bounds.h"
#include "views/base/error.h"

struct sqlite3;
struct checkpoint;

enum {
    CHECKPOINT_PAGES = BOUND(16000, 8),        // of log, when moving begins, of a small file (64 MB)
    CHECKPOINT_PAGES_MANY = BOUND(128000, 32), // of a big one (512 MB)
    CHECKPOINT_STEP_PAGES = BOUND(2000, 4),    // so many more after a reader kept the log from beginning anew
    CHECKPOINT_LAST_PAGES = BOUND(1000, 2),    // so few are moved while the writer waits
    CHECKPOINT_PAGES_MAX = BOUND(192000, 64),  // the writer waits until the thread has done what it can
    CHECKPOINT_PASSES_MAX = 4,                 // beside the writer; then it waits for more than a few
};

// `db`: the writer's connection to `path`, which outlives it.
int checkpoint_new(struct checkpoint **ret, struct sqlite3 *db, const char *path, struct error *error);
// Ends the thread; what it has not moved, closing the last connection does.
void checkpoint_free(struct checkpoint **checkpoint);

// Around each of the writer's transactions: before its begin, after its commit or rollback.
void checkpoint_enter(struct checkpoint *checkpoint);
void checkpoint_leave(struct checkpoint *checkpoint);

#endif
