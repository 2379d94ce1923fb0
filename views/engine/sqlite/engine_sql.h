// The engine's own statements, each a file of views/engine/store/sql that the build puts into the program: a file for a
// statement needs no parser, an error and a search name it, and it reads as SQL. Statements that are composed from a
// table's declaration are row/table_sql.h's. Any thread but for the connection's part.
#ifndef TIDEMARK_SQLITE_ENGINE_SQL_H
#define TIDEMARK_SQLITE_ENGINE_SQL_H

#include "views/engine/sqlite/stmt.h"

// The text of NAME.sql, NULL when there is none.
const char *engine_sql(const char *name);
// Prepares NAME.sql; the name is in errors. A name that there is not is a bug: asserted, and ERROR_SYSTEM.
int engine_sql_prepare(sqlite3 *db, const char *name, sqlite3_stmt **ret, struct error *error);
// Runs the statements of NAME.sql, which return nothing of interest.
int engine_sql_run(sqlite3 *db, const char *name, struct error *error);

#endif
