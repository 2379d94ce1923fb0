// The order of NUMERIC values, which the mirror keeps as text with the digits that came: 100 and 100.00 are one
// number, however long they are. Exact, without arithmetic. Pure, any thread.
#ifndef TIDEMARK_SQLITE_NUMERIC_ORDER_H
#define TIDEMARK_SQLITE_NUMERIC_ORDER_H

#include "views/base/span.h"

#include <stdint.h>

// A sign, digits, a point, an exponent of at most 9 digits; NaN, Infinity and inf with a sign, in any case.
bool numeric_is_valid(struct span text);
// Below 0, 0 or above 0. NaN is equal to NaN and greater than Infinity, as PostgreSQL's index has it; a text that
// is no number is greater than all that are.
int numeric_order(struct span a, struct span b);

#endif
