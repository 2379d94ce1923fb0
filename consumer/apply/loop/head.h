// The oldest message of a partition: decoded, placed among the source's timelines, and compared with what was
// applied before. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_HEAD_H
#define TIDEMARK_APPLY_LOOP_HEAD_H

#include "consumer/apply/loop/state.h"

// The head of a partition, decoded, if there is one. What was applied before is passed over. ERROR_HALT: a new
// timeline, or another topic under the same name.
int head_look(struct apply *apply, int slot, bool *ret_found, struct error *error);

#endif
