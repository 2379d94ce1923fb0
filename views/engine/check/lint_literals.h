// Literals beside a column that is stored in another form: 'true' beside a BOOLEAN, '42.00' beside a DECIMAL, a blank for the T of
// a TIMESTAMP, what is no label of an enum. SQLite compares them all the same, and no row or other rows are found. Found by
// words; none is refused.
#ifndef TIDEMARK_CHECK_LINT_LITERALS_H
#define TIDEMARK_CHECK_LINT_LITERALS_H

#include "views/engine/check/guard.h"

enum literal_use {
    LITERAL_RAW,   // compared as it is, without the column's affinity
    LITERAL_EQUAL, // of = and its like
    LITERAL_ORDER, // of < and its like
};

// How the column's values are stored, where the literal is written otherwise; NULL = it is written so, or is no literal.
const char *lint_literals_stored(const struct column *column, struct span literal, enum literal_use use);

// `sql`: of a query, an apply statement, or a whole schema.sql, of which `guard` has just seen what it reads.
void lint_literals(struct catalog *catalog, const char *file, const char *sql, const struct guard *guard);

#endif
