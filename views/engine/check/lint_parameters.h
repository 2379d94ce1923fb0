// A query's parameters that are compared with columns which are not stored as people write their values.
#ifndef TIDEMARK_CHECK_LINT_PARAMETERS_H
#define TIDEMARK_CHECK_LINT_PARAMETERS_H

#include "views/engine/check/guard.h"

// `guard` has just seen the statement, and the parameters have their rules. Warnings go to the catalog.
void lint_parameters(struct catalog *catalog, const struct query *query, const struct guard *guard);

#endif
