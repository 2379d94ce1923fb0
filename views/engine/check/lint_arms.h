// Selects that a union, intersect or except makes one of: SQLite says what a column is by the first of them, so that a count
// of the second is shown by the first one's digits. Warnings; what does not prepare by itself is passed over.
#ifndef TIDEMARK_CHECK_LINT_ARMS_H
#define TIDEMARK_CHECK_LINT_ARMS_H

#include "views/engine/catalog.h"

struct sqlite3;

// `sql`: a query, or a schema whose objects `scratch` has.
void lint_arms(struct catalog *catalog, struct sqlite3 *scratch, const char *file, const char *sql);

#endif
