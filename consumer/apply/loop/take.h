// What becomes of a partition's oldest message. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_TAKE_H
#define TIDEMARK_APPLY_LOOP_TAKE_H

#include "consumer/apply/loop/state.h"

// What to do about a view's statement that fails.
#define TAKE_VIEW_REMEDY                                                                                     \
    "mend the statement and start again, or go on without the view: --on-view-error disable"

// Does with the head what its verdict says: applies it, puts it into quarantine, or ignores it; then releases
// it.
int take_head(struct apply *apply, int slot, enum merge_verdict verdict, struct error *error);
// An event's change, decoded and in its place among timelines, into the file.
int take_into_store(struct apply *apply, struct event *event, enum store_outcome *ret, struct error *error);
// As the apply's settings say, or singly.
void take_set_writing(struct apply *apply);
// The head has been dealt with: the partition goes on after it.
void take_release(struct apply *apply, int slot);
// Counts a transaction that is not shown whole, once; false when it was counted before.
bool take_count_passed(struct apply *apply, int64_t txid);

#endif
