// What makes a table's key: primary keys, unique constraints and indexes, by the names that PostgreSQL gives those that have none,
// so that what drops, renames or takes one over finds it. Errors: ERROR_INPUT with line and caret.
#ifndef TIDEMARK_CATALOG_SOURCE_CONSTRAINT_H
#define TIDEMARK_CATALOG_SOURCE_CONSTRAINT_H

#include "views/engine/catalog/source/node.h"

int source_constraint_second_key(const struct source_run *run, const struct draft_table *table, size_t at);
// The names of a list of String or IndexElem nodes, appended.
int source_constraint_names(const struct source_run *run, const json_t *list, char ***ret, int *ret_count);
// Constraint nodes. `column`: it stands behind that one; NULL: it is the table's own.
int source_constraint_primary_key(const struct source_run *run, struct draft_table *table,
                                  const json_t *constraint, const char *column);
int source_constraint_unique(const struct source_run *run, struct draft_table *table,
                             const json_t *constraint, const char *column);
// The other table's primary key, and its unique indexes, under names of their own.
int source_constraint_copy_key(const struct source_run *run, struct draft_table *table,
                               const struct draft_table *from, size_t at);
int source_constraint_copy_indexes(const struct source_run *run, struct draft_table *table,
                                   const struct draft_table *from, size_t at);
// An IndexStmt of a unique index over plain columns without a condition, which tells rows apart.
int source_constraint_create_index(const struct source_run *run, struct draft_table *table,
                                   const json_t *node);
// One that is not the table's, or says nothing of its key, is passed over.
void source_constraint_drop(const struct source_run *run, struct draft_table *table, const char *name);
int source_constraint_rename(const struct source_run *run, struct draft_table *table, const char *name,
                             const char *new_name);
// An index, of whichever table: `drop index`, `alter index .. rename to`.
void source_constraint_drop_index(const struct source_run *run, struct source_name name);
int source_constraint_rename_index(const struct source_run *run, struct source_name name,
                                   const char *new_name);
// A column that goes takes the key and the indexes along that it is part of.
void source_constraint_drop_column(const struct source_run *run, struct draft_table *table,
                                   const char *column);
int source_constraint_rename_column(const struct source_run *run, struct draft_table *table,
                                    const char *column, const char *new_name);

#endif
