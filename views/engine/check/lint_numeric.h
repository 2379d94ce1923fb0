// Aggregates of NUMERICs that the mirror keeps as text, where SQLite would add them up as doubles, or take the greatest text,
// without a word. Seen is what the words show plainly: sum, total, avg, min or max of a column's name (with its table's, `distinct`, or times `_weight`), and
// `excluded.x` in an addition. A name that is also another column's or an expression's in the statement is not looked
// at, nor is an expression, nor a statement whose `with` names columns: what is right must not be refused.
#ifndef TIDEMARK_CHECK_LINT_NUMERIC_H
#define TIDEMARK_CHECK_LINT_NUMERIC_H

#include "views/engine/check/guard.h"

// `sql`: of a query, an apply statement, or a whole schema.sql, of which `guard` has just seen what it reads. Refuses a
// sum, a min and a max of such a column: ERROR_INPUT with file, line and remedy.
int lint_numeric_aggregates(const char *file, const char *sql, const struct guard *guard,
                            struct error *error);
// Warns of a sum of an expression of such a column, which is a double.
void lint_numeric_expressions(struct catalog *catalog, const char *file, const char *sql,
                              const struct guard *guard);
// Refuses `update ... from _sums_T` that reads a REAL: it would take one of two rows (exact_column.h).
int lint_numeric_update(const struct apply_statement *apply, const struct guard *guard, struct error *error);
// Warns of `total + excluded.total` where the statement inserts such a column as `total`, and of a decimal_add whose
// column of the view would not keep its text, and of sums of REALs over _delta_ tables. `db`: has the view's tables.
void lint_numeric_totals(struct catalog *catalog, sqlite3 *db, const struct apply_statement *apply,
                         const struct guard *guard);

#endif
