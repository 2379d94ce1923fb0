// A query's parameters that are compared with what is not as people write it: columns that are stored otherwise, and texts that are
// computed, where a parameter that is not declared is a number if it is written as one. Found by words.
#ifndef TIDEMARK_CHECK_LINT_PARAMETERS_H
#define TIDEMARK_CHECK_LINT_PARAMETERS_H

#include "views/engine/check/guard.h"

// `guard` has just seen the statement, and the parameters have their rules. Warnings go to the catalog.
void lint_parameters(struct catalog *catalog, const struct query *query, const struct guard *guard);

#endif
