// What is allowed and looks wrong in source.sql and in a view's queries: warnings with file, line and remedy. The rules look at
// words, not at meaning, so they may warn of what is right; none refuses.
#ifndef TIDEMARK_CHECK_LINT_H
#define TIDEMARK_CHECK_LINT_H

#include "views/engine/check/guard.h"

// `guard` has just seen the statement. Warnings go to the catalog.
// What source.sql declares and Debezium does not send as one would expect (seen with 3.4 to 3.7).
void lint_source(struct catalog *catalog);
void lint_query(struct catalog *catalog, const struct query *query, const struct guard *guard);

#endif
