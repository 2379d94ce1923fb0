// The SQL function once() of apply statements, for what is to happen one time only (a message, a charge):
//   once('TABLE', 'KEY', 'VALUE', key, value)
// is 1 when no row of the view's table TABLE has this `key` in column KEY with this `value` in column VALUE,
// and none was asked for before, else 0; from then on there is one. It is what unique(KEY, VALUE) on TABLE
// would tell, without an index of all rows in which every commit writes all over: the file keeps some bits a
// key instead (once_blocks.h). What TABLE has when it is first asked for is learnt from it. Nothing is taken
// back when a row is deleted.
// `key` is an integer; `value` a text or an integer, compared by its bytes, one of at most ONCE_VALUES_MAX of
// the table. NULL is never the same as another, as for unique. Inside views only (delta.c, install.c);
// whoever has the connection.
#ifndef TIDEMARK_ONCE_H
#define TIDEMARK_ONCE_H

#include "views/base/error.h"

#include <stdbool.h>

struct sqlite3;
struct once;

enum {
    ONCE_VALUES_MAX = 64,
    ONCE_SETS_MAX = 256, // TABLE, KEY and VALUE that are asked for
};

// The function for a connection that only prepares statements: a call fails.
int once_declare(struct sqlite3 *db, struct error *error);
// The function itself. `db` outlives it.
int once_open(struct once **ret, struct sqlite3 *db, struct error *error);
// No statement of the connection that names the function is running.
void once_close(struct once **once);

// What was asked for goes to the file, within its transaction; before the commit, and before anything of it
// is undone alone.
int once_write(struct once *once, struct error *error);
// The transaction, or a part of it, was undone.
void once_forget(struct once *once);

// TABLE is dropped, or its rows become others: it is to be learnt anew.
int once_drop(struct sqlite3 *db, const char *table, struct error *error);

#endif
