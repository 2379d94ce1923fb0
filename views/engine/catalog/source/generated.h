// `generated always as (EXPRESSION) stored` -> the same in SQLite's SQL over what the mirror stores, for expressions
// that both compute alike: integers and DECIMALs (counts of 10^-scale) with + - *, integers with / and %, text with ||,
// = and <>, comparisons, AND, OR, NOT, IS NULL, CASE, COALESCE, NULLIF, abs(), length(), and casts that change nothing.
// Everything else (functions of PostgreSQL's, the order of texts, floating point, dates, JSON) is refused. Pure.
#ifndef TIDEMARK_CATALOG_SOURCE_GENERATED_H
#define TIDEMARK_CATALOG_SOURCE_GENERATED_H

#include "views/engine/catalog/source/draft.h"

// `table` has all its columns' names and types. The caller frees *ret. Errors: ERROR_INPUT with line and caret, and the
// reason.
int source_generated_read(struct source_draft *draft, const struct table *table, int column,
                          const struct draft_table *declared, char **ret);

#endif
