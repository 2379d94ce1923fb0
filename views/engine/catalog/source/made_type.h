// The types and domains that source.sql makes, changes and drops. Errors: ERROR_INPUT with line and caret.
#ifndef TIDEMARK_CATALOG_SOURCE_MADE_TYPE_H
#define TIDEMARK_CATALOG_SOURCE_MADE_TYPE_H

#include "views/engine/catalog/source/node.h"

// The type of a ColumnDef, or of a domain.
int source_made_type_read(const struct source_run *run, const json_t *node, struct declared_type *ret);
// Statements' nodes.
int source_made_type_domain(const struct source_run *run, const json_t *node);
int source_made_type_text(const struct source_run *run, const json_t *node);
int source_made_type_enum(const struct source_run *run, const json_t *node);
int source_made_type_alter_enum(const struct source_run *run, const json_t *node);
int source_made_type_alter_domain(const struct source_run *run, const json_t *node);
int source_made_type_composite(const struct source_run *run, const json_t *node);
// ALTER TYPE of a composite's columns: what tables are made of it, or have been and follow it (CASCADE), is told.
void source_made_type_alter_columns(const struct source_run *run, const json_t *node);
// A type or a domain, that has the name or (NULL) the schema that it had.
int source_made_type_rename(const struct source_run *run, const json_t *node, const char *schema,
                            const char *name);

#endif
