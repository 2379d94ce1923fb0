// What compaction takes from a log while nobody reads it: a delete whose tombstone is gone too, delete.retention.ms after it,
// leaves no trace but offsets without messages, and its row stays here. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_COMPACTED_H
#define TIDEMARK_APPLY_LOOP_COMPACTED_H

#include "consumer/apply/loop/state.h"

#define COMPACTED_TO_ITS_END INT64_MAX

// See apply_watch_gaps, apply_watch_gaps_again and apply_note_position.
void compacted_watch(struct partition *partition, int64_t end);
void compacted_watch_again(struct partition *partition, int64_t passed, int64_t since_ms);
bool compacted_watches(const struct partition *partition);
void compacted_note_position(const struct apply *apply, struct partition *partition, int64_t position);
// The partition's head is about to be taken. The offsets without a message are kept that were passed the latest after the message
// before them: markers of Kafka's transactions have some too, so they tell nothing alone.
void compacted_note_gap(const struct apply *apply, struct partition *partition);
// See apply_note_compacted.
int compacted_tell(struct apply *apply, struct partition *partition, int64_t tombstones_ms,
                   struct error *error);

#endif
