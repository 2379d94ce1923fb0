// How long a statement of the writing connection may run, and that it ends when the process is asked to stop. A view's
// statement may have no end (`with recursive`); without a bound it would hold the commit, the start and the stop for ever.
// Each thread has its own statement, which it marks when it begins.
#ifndef TIDEMARK_SQLITE_STATEMENT_LIMIT_H
#define TIDEMARK_SQLITE_STATEMENT_LIMIT_H

#include "views/engine/statement_limit.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    STATEMENT_LIMIT_STEPS =
        10000, // of SQLite's virtual machine, between two looks at the clock: about a tenth of a millisecond
    STATEMENT_LIMIT_SLOW_MS = 1000, // a statement that runs longer is told of, once in so long
    STATEMENT_LIMIT_GAP_MS =
        1000, // nobody looked for so long: another statement has begun, though none was marked
    STATEMENT_LIMIT_GRACE_MS =
        2000, // what runs within a commit may end itself so long after the process is to stop
};

enum statement_work {
    STATEMENT_OF_COMMIT,
    STATEMENT_OF_START, // a schema, or a view that is filled: STATEMENT_START_FACTOR times as long, and no grace
};

// From now on `db`'s statements are looked at.
void statement_limit_watch(sqlite3 *db);
// The calling thread's work; it is of a commit at first.
void statement_limit_work(enum statement_work work);
// The calling thread's statements end as for a stop of the process also when this is set; it outlives them. NULL = no more.
void statement_limit_end_when(const _Atomic bool *asked);
// The calling thread begins a statement. `what` is its name, and outlives it.
void statement_limit_mark(const char *what);
// Why the calling thread's newest statement was interrupted, in words that follow its name; NULL = it was not, or by the
// process's stop (`*ret_stopped`). Valid until the thread's next statement.
const char *statement_limit_reason(bool *ret_stopped);

#endif
