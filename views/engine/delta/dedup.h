// The SQL function once() of apply statements, for what is to happen one time only (a message, a charge):
//   once('TABLE', 'KEY', 'VALUE', key, value)
// is 1 when no row of the view's table TABLE has this `key` in column KEY with this `value` in column VALUE,
// and none was asked for before, else 0; from then on there is one. It is what unique(KEY, VALUE) on TABLE
// would tell, without an index of all rows in which every commit writes all over: the file keeps some bits a
// key instead (dedup_blocks.h). What TABLE has when it is first asked for is learnt from it. Nothing is taken
// back when a row is deleted. `key` is an integer; `value` a text or an integer, compared by its bytes, one
// of at most DEDUP_VALUES_MAX of the table. NULL is never the same as another, as for unique. Used by delta.c
// and install.c; the connection's thread.
#ifndef TIDEMARK_DELTA_DEDUP_H
#define TIDEMARK_DELTA_DEDUP_H

#include "views/base/error.h"

#include <stdbool.h>

struct sqlite3;
struct dedup;

enum {
    DEDUP_VALUES_MAX = 64,
    DEDUP_SETS_MAX = 256, // TABLE, KEY and VALUE that are asked for
};

// The function for a connection that only prepares statements: a call fails.
int dedup_declare(struct sqlite3 *db, struct error *error);
// The function itself. `db` outlives it.
int dedup_open(struct dedup **ret, struct sqlite3 *db, struct error *error);
// No statement of the connection that names the function is running.
void dedup_close(struct dedup **dedup);

// What was asked for goes to the file, within its transaction; before the commit, and before anything of it
// is undone alone.
int dedup_write(struct dedup *dedup, struct error *error);
// The transaction, or a part of it, was rolled back.
void dedup_forget(struct dedup *dedup);

// TABLE is dropped, or its rows become others: it is to be learnt anew.
int dedup_drop(struct sqlite3 *db, const char *table, struct error *error);

#endif
