// Changes that found another state of their row than the log has told (store_take_astray): counted at each commit, and told as what
// the log lacks. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_ASTRAY_H
#define TIDEMARK_APPLY_LOOP_ASTRAY_H

#include "consumer/apply/loop/state.h"

// Whether what the partition's row, which is next, finds of its row may be judged.
bool astray_may_judge(const struct apply *apply, struct partition *partition, enum merge_verdict verdict);
// The change is taken: before snapshots_note_row. Of one transaction a table's partitions may have rows in any order: where one is
// older than what is here, the table was truncated, or a snapshot of it has begun, what others found may not have been so.
void astray_note_order(struct apply *apply, const struct change *change, bool applied);
// Before a commit is written: what it finds and the next one is to tell, the file keeps meanwhile.
void astray_hand_over(struct apply *apply);
// Behind a commit.
void astray_count(struct apply *apply);
bool astray_is_found(const struct apply *apply);
// A table that is to be told as incomplete by what was counted, once, and what was found; NULL = no more.
const struct table *astray_take(struct apply *apply, const char **ret_found);

#endif
