// Equality of NUMERIC values, which the mirror keeps as text with the digits that came: 100 and 100.00 are one
// number, however long they are. Exact, without arithmetic.
#ifndef TIDEMARK_READ_NUMERIC_EQUAL_H
#define TIDEMARK_READ_NUMERIC_EQUAL_H

#include "views/base/error.h"
#include "views/base/span.h"
#include "views/engine/sqlite/stmt.h"

// A sign, digits, a point, an exponent of at most 9 digits; NaN, Infinity and inf with a sign, in any case.
bool numeric_is_valid(struct span text);
// False when one of them is no such number. NaN equals NaN, as PostgreSQL's index has it.
bool numeric_equal(struct span a, struct span b);
// The SQL function numeric_equal(a, b) on a connection: 0 or 1, NULL when one is NULL.
int numeric_equal_register(sqlite3 *db, const char *what, struct error *error);

#endif
