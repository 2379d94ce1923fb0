// The order of dates and timestamps as the mirror writes them (views/base/iso8601.h): texts of the years 0 to 9999
// are in the order of their bytes; years before and after them, infinity and -infinity are not. Pure, any thread.
#ifndef TIDEMARK_SQLITE_TIME_ORDER_H
#define TIDEMARK_SQLITE_TIME_ORDER_H

#include "views/base/span.h"

// Whether it is one that comes in the order of its bytes among all that begin with a digit.
bool time_order_is_common(struct span text);
// Below 0, 0 or above 0.
int time_order(struct span a, struct span b);

#endif
