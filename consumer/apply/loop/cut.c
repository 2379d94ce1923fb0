#include "consumer/apply/loop/cut.h"

#include "consumer/apply/loop/commit.h"
#include "consumer/apply/loop/feeds.h"
#include "consumer/apply/loop/snapshots.h"

#include <stdio.h>

// What was sent up to then may be gone.
static void cut_raise(struct apply *apply, const struct partition *partition, int64_t ms) {
    for (int i = 0; i < apply->config.catalog->table_count; i++)
        if (feeds_table(partition, &apply->config.catalog->tables[i]))
            store_raise_cut(apply->config.store, &apply->config.catalog->tables[i], ms);
}

// Once a table: each of its partitions may have begun later.
static int cut_tell_table(struct apply *apply, const struct table *table, const struct partition *partition,
                          const char *reason, struct error *error) {
    struct table_snapshot *snapshot = &apply->snapshots[table->index];
    if (commit_note_incomplete(apply, table, reason, error) != 0)
        return -1;
    if (!snapshot->told_cut) {
        warnings_add(&apply->warnings, "table %s is incomplete: %s", table->name, reason);
        warnings_about(&apply->warnings, "incomplete", &(struct log_fields){.topic = partition->topic});
    }
    snapshot->told_cut = true;
    return 0;
}

void cut_recall(struct partition *partition, int64_t low) {
    partition->started_at = low;
    partition->cut = partition->role == TOPIC_TABLE;
}

int cut_begin(struct apply *apply, struct partition *partition, int64_t low, int64_t high,
              struct error *error) {
    bool again = low > 0 && partition->started_at == low;
    partition->started_at = partition->next_offset = partition->committed_offset = low;
    partition->cut = low > 0 && partition->role == TOPIC_TABLE;
    partition->dirty |= low > 0 && !again;
    if (!partition->cut || again)
        return 0;
    if (low >= high)
        cut_raise(apply, partition, apply->config.wall_ms());
    char reason[ERROR_MESSAGE_SIZE];
    (void)snprintf(
        reason, sizeof reason,
        "%s partition %d began at offset %lld at the first start: rows that have not changed since are missing until the "
        "next snapshot",
        partition->topic, partition->id, (long long)low);
    for (int i = 0; i < apply->config.catalog->table_count; i++)
        if (feeds_table(partition, &apply->config.catalog->tables[i]) &&
            cut_tell_table(apply, &apply->config.catalog->tables[i], partition, reason, error) != 0)
            return -1;
    return 0;
}

void cut_note_first(struct apply *apply, struct partition *partition) {
    int64_t ms = partition->head->ts_ms;
    if (partition->cut)
        cut_raise(apply, partition, ms > 0 ? ms : apply->config.wall_ms());
    partition->cut = false;
}

bool cut_is_snapshot(struct apply *apply, const struct store_snapshot *snapshot) {
    return snapshot->cut_ms > 0 && snapshots_begun_ms(apply, snapshot->lsn) <= snapshot->cut_ms;
}
