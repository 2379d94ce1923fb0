// Orders of the source's types that SQL may name, as in `order by n collate numeric` (registered by functions.c):
//   numeric   of NUMERIC and MONEY as text: numeric_order.h
//   citext    of CITEXT: like_order
// CHAR(n) has SQLite's own: rtrim.
#ifndef TIDEMARK_SQLITE_COLLATIONS_H
#define TIDEMARK_SQLITE_COLLATIONS_H

#include "views/base/error.h"

struct sqlite3;

int collations_register(struct sqlite3 *db, struct error *error);

#endif
