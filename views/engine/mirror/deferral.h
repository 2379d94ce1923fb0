// Which tables' changes may wait to be written together. A change is written as it comes when a view's trigger is to
// see it, or when an index of a view may refuse it alone: a unique one, or one that computes (json_extract of what is
// no JSON). Inside the mirror only.
#ifndef TIDEMARK_MIRROR_DEFERRAL_H
#define TIDEMARK_MIRROR_DEFERRAL_H

#include "views/engine/mirror/table.h"

// Sets may_defer by what the file's schema has now.
int mirror_deferral_find(struct mirror_table *table, struct error *error);

// Whether the condition of a partial index computes: calls a function, or an operator that is one or refuses values
// (->, like, cast). `sql`: create index ... [where ...]. Text that it does not understand computes.
bool mirror_deferral_computes(const char *sql);

#endif
