// What an apply statement adds to rows of its view, as far as words show it: sums that may be NULL, and differences that take the
// place of a total. Warnings with file, line and remedy; none refuses.
#ifndef TIDEMARK_CHECK_LINT_TOTALS_H
#define TIDEMARK_CHECK_LINT_TOTALS_H

#include "views/engine/check/guard.h"

// `guard` has just seen the statement; `db` has the view's tables. `kept`: what the statement writes is history.
void lint_totals(struct catalog *catalog, sqlite3 *db, const struct apply_statement *apply,
                 const struct guard *guard, bool kept);

#endif
