// What an apply statement does that is right for one commit and wrong for another, as far as words show it: warnings with
// file, line and remedy. None refuses.
#ifndef TIDEMARK_CHECK_LINT_APPLY_H
#define TIDEMARK_CHECK_LINT_APPLY_H

#include "views/engine/check/guard.h"

// `guard` has just seen the statement; `db` has the view's tables. `kept`: what the statement writes is history.
void lint_apply(struct catalog *catalog, sqlite3 *db, const struct apply_statement *apply,
                const struct guard *guard, bool kept);

#endif
