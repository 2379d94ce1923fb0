// SET search_path: which table a name without a schema is. One that is made without a schema keeps its name so, and is known by the
// schema, too, in which PostgreSQL makes it. Errors: ERROR_SYSTEM.
#ifndef TIDEMARK_CATALOG_SOURCE_PATH_H
#define TIDEMARK_CATALOG_SOURCE_PATH_H

#include "views/engine/catalog/source/draft.h"

// A VariableSetStmt, or a SelectStmt that calls set_config; another one is passed over.
int source_path_set(struct source_draft *draft, const json_t *tree);
// A transaction ends: what it set for itself alone does.
void source_path_end(struct source_draft *draft);
// The table's name in the draft, where the statement's name is one's; else the name as it is.
struct source_name source_path_find(const struct source_draft *draft, struct source_name name);
// Whether the only table of the name is in a schema that the path lacks: IF EXISTS passes over it.
bool source_path_is_elsewhere(const struct source_draft *draft, struct source_name name);
// The name of a table that is to be made: with its schema, where another has it without one.
struct source_name source_path_new(const struct source_draft *draft, struct source_name name);
// The schema in which tables are made, NULL = public.
const char *source_path_first(const struct source_draft *draft);

#endif
