// What a log that began later than its topic may lack: rows that have not changed since, and the first rows of a snapshot that
// retention had cut into. A snapshot has what was missing only where it began behind all of that, which the log's own times
// tell. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_CUT_H
#define TIDEMARK_APPLY_LOOP_CUT_H

#include "consumer/apply/loop/state.h"

// The partition's log holds offsets from `low` up to `high`, which it does not, and nothing of it was applied. Where low > 0 the
// tables that it feeds are incomplete, unless the file says so of that beginning.
int cut_begin(struct apply *apply, struct partition *partition, int64_t low, int64_t high,
              struct error *error);
// The partition's head is the first message of it that is taken.
void cut_note_first(struct apply *apply, struct partition *partition);
// See apply_note_another_log.
int cut_note_another(struct apply *apply, struct partition *partition, const char *reason,
                     struct error *error);
// Whether the snapshot may lack rows of its table.
bool cut_is_snapshot(struct apply *apply, const struct store_snapshot *snapshot);

#endif
