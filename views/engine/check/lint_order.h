// Comparisons of columns whose texts SQLite takes by their bytes and the source does not: NUMERIC kept as text, CITEXT, CHAR(n).
// Found by words, as lint_numeric.h says; none is refused, since the answer may be meant so.
#ifndef TIDEMARK_CHECK_LINT_ORDER_H
#define TIDEMARK_CHECK_LINT_ORDER_H

#include "views/engine/check/guard.h"

// `sql`: of a query, an apply statement, or a whole schema.sql, of which `guard` has just seen what it reads. Warns of a
// comparison, order by, group by, partition by, distinct, using, min and max of such a column that names no collation.
void lint_order(struct catalog *catalog, const char *file, const char *sql, const struct guard *guard);

#endif
