// The oldest message of a partition: decoded, placed among the source's timelines, and compared with what was
// applied before. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_HEAD_H
#define TIDEMARK_APPLY_LOOP_HEAD_H

#include "consumer/apply/loop/state.h"

// The partition's next message becomes its head, decoded; `head` stays NULL when none was delivered. What was applied
// before is passed over. ERROR_HALT: a new timeline, or another topic under the same name.
int head_take(struct apply *apply, int slot, struct error *error);

// The head of a partition, decoded, if there is one: most looks find one that waits.
static inline int head_look(struct apply *apply, int slot, struct error *error) {
    return apply->partitions[slot]->head != NULL ? 0 : head_take(apply, slot, error);
}

#endif
