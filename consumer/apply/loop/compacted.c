#include "consumer/apply/loop/compacted.h"

#include "consumer/apply/loop/commit.h"
#include "consumer/apply/loop/feeds.h"

#include <stdio.h>

void compacted_watch(struct partition *partition, int64_t end) {
    partition->gap.until = partition->known && end > partition->next_offset ? end : 0;
}

bool compacted_watches(const struct partition *partition) {
    return partition->next_offset < partition->gap.until;
}

// The ones are kept that were passed the latest after the message before them: nothing that was deleted there is older than that message.
static void compacted_keep(const struct apply *apply, struct partition *partition, int64_t to) {
    if (to <= partition->next_offset || partition->newest_ts_ms <= 0)
        return;
    int64_t after_ms = apply->config.wall_ms() - partition->newest_ts_ms;
    if (partition->gap.to != 0 && after_ms <= partition->gap.after_ms)
        return;
    partition->gap.from = partition->next_offset;
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
    if (position >= partition->gap.until)
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
