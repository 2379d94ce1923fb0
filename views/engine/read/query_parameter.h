// The value of one parameter of a query: checked by its rule, and bound as the rule's type is stored. Pure.
#ifndef TIDEMARK_READ_QUERY_PARAMETER_H
#define TIDEMARK_READ_QUERY_PARAMETER_H

#include "views/engine/read.h"
#include "views/engine/sqlite/stmt.h"

// ERROR_USAGE, naming what the value has to be.
int query_parameter_check(const struct parameter_rule *rule, struct span name, struct span value,
                          struct error *error);
// A value that was checked.
void query_parameter_bind(const struct parameter_rule *rule, sqlite3_stmt *stmt, int index,
                          struct span value);

#endif
