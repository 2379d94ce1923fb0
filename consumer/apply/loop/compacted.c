#include "consumer/apply/loop/compacted.h"

#include "consumer/apply/loop/commit.h"
#include "consumer/apply/loop/feeds.h"

#include <stdio.h>

void compacted_watch(struct partition *partition, int64_t end) {
    partition->gap.until = partition->known && end > partition->next_offset ? end : 0;
}

void compacted_watch_again(struct partition *partition, int64_t passed, int64_t since_ms) {
    partition->gap.until = partition->known ? COMPACTED_TO_ITS_END : 0;
    partition->gap.passed = passed;
    partition->gap.since_ms = since_ms;
    if (partition->gap.told) { // a snapshot may have swept what was told then
        partition->gap.told = false;
        partition->gap.to = partition->gap.after_ms = 0;
    }
}

bool compacted_watches(const struct partition *partition) {
    return partition->next_offset < partition->gap.until;
}

// The ones are kept that were passed the latest after the message before them: nothing that was deleted there is older than that message.
static void compacted_keep(const struct apply *apply, struct partition *partition, int64_t to) {
    int64_t from =
        partition->gap.passed > partition->next_offset ? partition->gap.passed : partition->next_offset;
    if (to <= from || partition->newest_ts_ms <= 0)
        return;
    int64_t after_ms = apply->config.wall_ms() - partition->newest_ts_ms;
    int64_t away_ms = apply->config.monotonic_ms() - partition->gap.since_ms;
    if (partition->gap.since_ms != 0 && away_ms < after_ms)
        after_ms = away_ms;
    if (partition->gap.to != 0 && after_ms <= partition->gap.after_ms)
        return;
    partition->gap.from = from;
    partition->gap.to = to;
    partition->gap.after_ms = after_ms;
}

void compacted_note_gap(const struct apply *apply, struct partition *partition) {
    if (compacted_watches(partition))
        compacted_keep(apply, partition, partition->head->offset);
}

void compacted_note_position(const struct apply *apply, struct partition *partition, int64_t position) {
    if (!compacted_watches(partition) || partition->head != NULL)
        return;
    compacted_keep(apply, partition, position);
    bool at_end = partition->gap.until == COMPACTED_TO_ITS_END && position >= 0;
    if (at_end || position >= partition->gap.until)
        partition->gap.until = 0;
}

int compacted_tell(struct apply *apply, struct partition *partition, int64_t tombstones_ms,
                   struct error *error) {
    if (partition->role != TOPIC_TABLE || partition->gap.to == 0 || partition->gap.told ||
        partition->gap.after_ms < tombstones_ms)
        return 0;
    partition->gap.told = true;
    commit_open(apply); // an idle topic brings no commit by itself
    char reason[ERROR_MESSAGE_SIZE];
    (void)snprintf(
        reason, sizeof reason,
        "%s partition %d is compacted, and its offsets %lld to %lld were gone before they were read: rows "
        "that were deleted there stay until the next snapshot (delete.retention.ms is %lld)",
        partition->topic, partition->id, (long long)partition->gap.from, (long long)partition->gap.to - 1,
        (long long)tombstones_ms);
    for (const struct table *table = NULL; (table = feeds_next(apply, partition, table)) != NULL;)
        if (commit_tell_incomplete(apply, table, "may have rows too many", reason, 0, error) != 0)
            return -1;
    return 0;
}
