// Which tables' changes may wait to be written together. A change is written by itself when a view's trigger is to see
// it, or when an index of a view may refuse it alone: a unique one, or one that computes (json_extract of what is no
// JSON); and as it comes where nobody would go back for one that is refused late. Inside the mirror only.
#ifndef TIDEMARK_MIRROR_DEFERRAL_H
#define TIDEMARK_MIRROR_DEFERRAL_H

#include "views/engine/mirror/table.h"

// Sets may_defer and in_order by what the file's schema has now.
int mirror_deferral_find(struct mirror_table *table, struct error *error);

// Whether the condition of a partial index computes: calls a function, or an operator that is one or refuses values
// (->, like, cast). `sql`: create index ... [where ...]. Text that it does not understand computes.
bool mirror_deferral_computes(const char *sql);

// Whether some table or trigger of the file has a word that may resolve a conflict: ignore, replace, abort, fail, rollback.
int mirror_deferral_resolves(struct sqlite3 *db, bool *ret, struct error *error);

#endif
