// Many rows at once: truncates and the ghosts of a snapshot. Inside the mirror only.
#ifndef TIDEMARK_MIRROR_BULK_H
#define TIDEMARK_MIRROR_BULK_H

#include "views/engine/mirror/state.h"

int mirror_bulk_truncate(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                         enum mirror_outcome *ret, struct error *error);
// As mirror_mark_snapshot and mirror_snapshot_sweep of mirror.h.
void mirror_bulk_mark_snapshot(struct mirror_table *table, const struct change *change);
// A row was applied, or accepted to be.
void mirror_bulk_note_row(struct mirror_table *table, const struct change *change);
// See store_has_unnamed.
int mirror_bulk_has_unnamed(struct mirror *mirror, const struct table *table, int64_t snapshot_lsn,
                            int64_t below, bool *ret, struct error *error);
// Whether a row without a position is older than the newest truncate of its table, or than the newest full snapshot of it
// that has come whole: by the source's clock, since it may come behind them, by another partition or out of quarantine.
bool mirror_bulk_is_stale(const struct mirror_table *table, const struct change *change);
// Whether a snapshot's row, whose markers it notes, says nothing any more: of a snapshot before the newest, or read
// before a truncate.
bool mirror_bulk_overtakes(struct mirror_table *table, const struct change *read);
int mirror_bulk_sweep(struct mirror *mirror, const struct table *table, bool whole, bool keep_open,
                      int64_t *ret_swept, struct error *error);

#endif
