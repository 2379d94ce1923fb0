// Moves the store's write-ahead log into the file on a thread and a connection of its own, so that no commit
// waits for the disk. Of use to the store only; its thread calls everything here. The thread inside starts
// when there is first something to do; where it cannot, SQLite does the same at a commit.
//
// The same pages are written again and again: the longer the log, the fewer of its pages are the newest of
// their kind and have to be moved. So a log is moved when it has as many pages as the file, within bounds:
// opening the file after a crash reads all of the log.
//
// The log has a bound. It is moved when it has two thirds of that; from the bound on the writer waits, and readers of
// this process that hold a snapshot are asked to let it go, oldest first. A reader elsewhere cannot be asked: the log
// then grows past its bound, which checkpoint_bytes_over tells.
//
// Nothing is moved into a file that somebody cut off: it would be long again, and have holes. Who watches the file sees it cut.
//
// SQLite begins the log anew only when all of it has been moved, and a writer that goes on never lets that
// happen. So the last pages are moved while no transaction is open: checkpoint_enter waits for that, once a
// log; a few milliseconds, or far behind, where they are those of a whole large commit, some hundred.
#ifndef TIDEMARK_STORE_CHECKPOINT_H
#define TIDEMARK_STORE_CHECKPOINT_H

#include "views/base/bounds.h"
#include "views/base/error.h"

#include <stdint.h>

struct snapshots;
struct sqlite3;
struct checkpoint;

enum {
    CHECKPOINT_PAGES = BOUND(16000, 8), // of log, when moving begins, of a small file (64 MB)
    CHECKPOINT_FRAME_HEADER = 24,       // bytes beside a page in the log (SQLite's file format, section 4.1)
    CHECKPOINT_STEP_PAGES = BOUND(2000, 4),    // so many more after a reader kept the log from beginning anew
    CHECKPOINT_LAST_PAGES = BOUND(1000, 2),    // so few are moved while the writer waits
    CHECKPOINT_COMMIT_PAGES = BOUND(16000, 8), // a large commit's: the writer waits so long before the bound
    CHECKPOINT_ASKS_MAX = 64,   // readers that are asked for their snapshots, one after the other
    CHECKPOINT_ASKED_MS = 250,  // that each has to let it go
    CHECKPOINT_READER_MS = 100, // a snapshot younger than this is let be
    CHECKPOINT_PASSES_MAX = 4,  // beside the writer; then it waits for more than a few
};

struct checkpoint_config {
    const char *path;
    int descriptor; // of the file; borrowed, outlives it
    int64_t log_bytes_max;
    struct snapshots *snapshots; // of this process's readers; outlives it, NULL = none
};

// `db`: the writer's connection to the path, which outlives it.
int checkpoint_new(struct checkpoint **ret, struct sqlite3 *db, const struct checkpoint_config *config,
                   struct error *error);
// Ends the thread; what it has not moved, closing the last connection does.
void checkpoint_free(struct checkpoint **checkpoint);

// Around each of the writer's transactions: before its begin, after its commit or rollback.
void checkpoint_enter(struct checkpoint *checkpoint);
void checkpoint_leave(struct checkpoint *checkpoint);

// Asks that what has been committed reaches the disk, on the thread inside; nothing to do when it is there. One caller's.
void checkpoint_ask_sync(struct checkpoint *checkpoint);
// 1 = it has, 0 = not yet, -1 = it could not (ERROR_RETRY).
int checkpoint_is_synced(struct checkpoint *checkpoint, struct error *error);

// By how much the log was longer than its bound when it could not be begun anew, 0 = it is not. Any thread.
int64_t checkpoint_bytes_over(struct checkpoint *checkpoint);

#endif
