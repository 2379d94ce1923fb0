// Which table inherits of which (INHERITS, not partitions), and which columns it has of them alone. One thread.
#ifndef TIDEMARK_CATALOG_SOURCE_LINEAGE_H
#define TIDEMARK_CATALOG_SOURCE_LINEAGE_H

#include "views/engine/catalog/source/draft.h"

enum { LINEAGE_DEPTH_MAX = 64 };

// The child has the parent's columns by now. `is_made`: by CREATE TABLE, which takes them of it.
int source_lineage_add(struct source_draft *draft, struct draft_table *child, const char *parent,
                       bool is_made);
// NO INHERIT: what it had of no other is its own.
void source_lineage_remove(struct source_draft *draft, struct draft_table *child, const char *parent);
bool source_lineage_has(const struct draft_table *child, const char *parent);
// A table has another name.
int source_lineage_rename(struct source_draft *draft, const char *older, const char *name);
// DROP TABLE .. CASCADE of the table of this name: those that inherit of it, and theirs, go too. It is not dropped itself.
void source_lineage_drop_children(struct source_draft *draft, const char *parent);
// The parent has no column `number` of the child's any more. `only`: the child keeps it. True: it goes.
bool source_lineage_takes_column(struct draft_table *child, int number, bool only);

#endif
