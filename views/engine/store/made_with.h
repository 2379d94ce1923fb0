// Whether a store file was made with the source.sql and the views that are loaded: what is stored means something else
// under others (1500 is 1.500 or 15.00). Whoever has the connection calls it.
#ifndef TIDEMARK_STORE_MADE_WITH_H
#define TIDEMARK_STORE_MADE_WITH_H

#include "views/engine/catalog.h"

struct sqlite3;

// Whether the file's mirror is that of these statements (table_change_mirror).
int made_with_mirror(struct sqlite3 *db, const char *mirror, bool *ret, struct error *error);
// ERROR_INPUT when it was made with others, with what to do. `path` is for messages.
int made_with_check(struct sqlite3 *db, const char *path, const struct catalog *catalog, struct error *error);

#endif
