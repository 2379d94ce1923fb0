// DROP, and what else names a whole schema: what goes along with it. Errors: ERROR_SYSTEM, ERROR_INPUT.
#ifndef TIDEMARK_CATALOG_SOURCE_DROP_H
#define TIDEMARK_CATALOG_SOURCE_DROP_H

#include "views/engine/catalog/source/node.h"

// A DropStmt: tables, indexes, and by CASCADE types and schemas.
int source_drop(const struct source_run *run, const json_t *node);
// The table has another schema or name by now.
int source_drop_name_anew(const struct source_run *run, struct draft_table *table);
// ALTER SCHEMA .. RENAME.
int source_drop_rename_schema(const struct source_run *run, const char *older, const char *name);

#endif
