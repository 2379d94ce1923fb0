// Carries out one statement of source.sql on the draft, as PostgreSQL would on its catalog. What makes no table,
// column, key or type is passed over without being parsed: grants, comments, functions, views, triggers, sequences,
// settings. Errors: ERROR_INPUT with line and caret.
#ifndef TIDEMARK_CATALOG_SOURCE_STATEMENT_H
#define TIDEMARK_CATALOG_SOURCE_STATEMENT_H

#include "views/engine/catalog/source/draft.h"
#include "views/engine/catalog/source/line.h"

int source_statement_run(struct source_draft *draft, const struct source_lines *lines,
                         const struct source_statement *statement);

#endif
