// CREATE TABLE: columns and their constraints, LIKE, INHERITS, OF, and partitions. Errors: ERROR_INPUT with line and caret.
#ifndef TIDEMARK_CATALOG_SOURCE_CREATE_H
#define TIDEMARK_CATALOG_SOURCE_CREATE_H

#include "views/engine/catalog/source/node.h"

// A CreateStmt.
int source_create_table(const struct source_run *run, const json_t *node);
// A ColumnDef. Its constraints are of the table that it becomes a column of.
int source_create_column(const struct source_run *run, struct draft_table *table, const json_t *node);
// A Constraint. `column`: it stands behind that one; NULL: it is the table's own.
int source_create_constraint(const struct source_run *run, struct draft_table *table,
                             const json_t *constraint, struct draft_column *column);
// SERIAL and an identity: not null, and the source's sequence gives rows of before their values, too.
int source_create_number(const struct source_run *run, struct draft_column *column);
// A leaf that was a table until now; those below it go with it.
int source_create_attach(const struct source_run *run, struct source_name root, struct source_name leaf,
                         size_t at);
// A leaf that is a table of its own from now on, with the root's columns and key, and what is below it.
int source_create_detach(const struct source_run *run, struct source_name name, struct source_name leaf,
                         size_t at);
// A line for tidemark leaves the table out.
bool source_create_ignores(const struct source_run *run, struct source_name name);

#endif
