// MATCH that no table for searching answers: SQLite takes it, and fails at the first row that it is asked of. Inside views' check only.
#ifndef TIDEMARK_CHECK_MATCH_H
#define TIDEMARK_CHECK_MATCH_H

#include "views/engine/catalog.h"
#include "views/engine/sqlite/stmt.h"

// Refuses `sql`, which compiles on `db`, and the triggers that it fires, as far as `text`, the file's, has a MATCH: ERROR_INPUT with
// the place of the first one.
int match_check(sqlite3 *db, const char *sql, const char *file, const char *text, struct error *error);
// The same as a warning, for what only answers requests: `:w is null or t match :w` answers those without a :w. Fails on no memory.
int match_lint(struct catalog *catalog, sqlite3 *db, const char *sql, const char *file, const char *text,
               struct error *error);

#endif
