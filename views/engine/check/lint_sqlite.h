// What SQLite itself does wrong in versions that are about, where a view would meet it: warnings with file, line and what to write.
// Found by words, as lint.h says; none refuses.
#ifndef TIDEMARK_CHECK_LINT_SQLITE_H
#define TIDEMARK_CHECK_LINT_SQLITE_H

#include "views/engine/check/guard.h"

// `sql`: of a query, an apply statement, or a whole schema.sql; `db` has the view's tables, and nobody guards it. Up to SQLite 3.53:
// `not in (select y ..)` does not see a NULL where an index on y is DESC; `excluded.n` is rounded to a double where the table
// has a VIRTUAL generated column before a REAL one. In 3.54: JSON of a subquery is put into other JSON as a text (findings/sqlite-*.sh).
void lint_sqlite(struct catalog *catalog, sqlite3 *db, const char *file, const char *sql);

#endif
