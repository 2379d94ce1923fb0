// What a view's tables would be without, or would have too much of, if they were made anew from the mirror, as far as the
// words of all its statements and triggers show it together: rows that nothing takes away, values of rows that nothing
// follows, what happened in a table that is not kept. Warnings with file, line and remedy; none refuses.
#ifndef TIDEMARK_CHECK_LINT_DRIFT_H
#define TIDEMARK_CHECK_LINT_DRIFT_H

#include "views/engine/catalog.h"

struct sqlite3;

// All of the view's statements have passed; `db` has its tables and triggers, and nobody guards it.
void lint_drift(struct catalog *catalog, struct sqlite3 *db, const struct view *view);

#endif
