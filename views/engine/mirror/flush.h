// Writes the changes that were accepted: one key's, a table's, or all. Inside the mirror only.
#ifndef TIDEMARK_MIRROR_FLUSH_H
#define TIDEMARK_MIRROR_FLUSH_H

#include "views/engine/mirror/state.h"

// The position of what is accepted of the change's key and not written, LSN_NONE = nothing is.
int64_t mirror_flush_pending_lsn(const struct mirror *mirror, const struct mirror_table *table,
                                 const struct change *change);
// What the current batch has pending of the change's key, or of a table. Where changes are written in their order, all
// that is pending of every such table. ERROR_REFUSED, about the table, when a view refuses one of those.
int mirror_flush_key(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                     struct error *error);
int mirror_flush(struct mirror *mirror, const struct table *table, struct error *error);
// Every table's, then runs the views' apply statements: nothing is left of the current batch.
int mirror_flush_all(struct mirror *mirror, struct error *error);
// For delta_run_readers. `written`: flushes the table, else only reads what its rows were.
int mirror_make_ready(void *mirror, const struct table *table, bool written, struct error *error);

#endif
