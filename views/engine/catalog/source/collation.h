// Which collations take texts of other bytes for equal. Pure.
#ifndef TIDEMARK_CATALOG_SOURCE_COLLATION_H
#define TIDEMARK_CATALOG_SOURCE_COLLATION_H

#include "views/engine/catalog/source/draft.h"

// CREATE COLLATION, a DefineStmt node.
int source_collation_create(struct source_draft *draft, const json_t *node);
// Whether the collation of a CollateClause node (NULL: the database's own) is, or may be, not deterministic: it is none of
// PostgreSQL's own, and no statement before makes a deterministic one of its name.
bool source_collation_is_loose(const struct source_draft *draft, const json_t *clause);

#endif
