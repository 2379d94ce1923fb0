// Orders of the source's types that SQL may name, as in `order by n collate numeric` (registered by functions.c):
//   numeric      of NUMERIC and MONEY as text: numeric_order.h
//   citext       of CITEXT: like_order
//   stored_time  of DATE, TIMESTAMP and TIMESTAMPTZ: time_order.h
// CHAR(n) has SQLite's own: rtrim.
#ifndef TIDEMARK_SQLITE_COLLATIONS_H
#define TIDEMARK_SQLITE_COLLATIONS_H

#include "views/base/error.h"
#include "views/base/span.h"

struct sqlite3;

// A text as SQLite hands it to a collation.
static inline struct span collations_span(const void *data, int size) {
    return (struct span){data != NULL ? data : "", (size_t)size};
}

int collations_register(struct sqlite3 *db, struct error *error);

#endif
