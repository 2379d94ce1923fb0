#include "consumer/apply/loop/leaves.h"

#include "consumer/decode/topic_role.h"

enum { LEAVES_MAX = 64 }; // partitions of a table, the bits of struct truncated_leaves

// A new one takes the place of the oldest. No change has the LSN 0 of a place that was never used.
static struct truncated_leaves *leaves_at(struct lost_table *table, int64_t lsn) {
    for (int i = 0; i < LEAVES_KEPT; i++)
        if (table->leaves[i].lsn == lsn)
            return &table->leaves[i];
    struct truncated_leaves *next = &table->leaves[table->leaves_next];
    table->leaves_next = (table->leaves_next + 1) % LEAVES_KEPT;
    *next = (struct truncated_leaves){.lsn = lsn};
    return next;
}

// PostgreSQL tells the truncate of none but leaves.
static uint64_t leaves_all(const struct table *table) {
    uint64_t all = 0;
    for (int i = 0; i < table->partition_count; i++)
        if (!table_is_branch(table, table->partitions[i]))
            all |= UINT64_C(1) << i;
    return all;
}

bool leaves_are_truncated(struct apply *apply, const struct partition *partition) {
    const struct event *event = partition->event;
    const struct change *change = &event->change;
    const struct table *table = change->table;
    if (event->kind != EVENT_CHANGE || change->op != CHANGE_TRUNCATE || change->lsn == LSN_NONE ||
        table == NULL || table->partition_count > LEAVES_MAX)
        return false;
    int leaf = topic_feeds(partition->topic, apply->config.prefix, table) - TOPIC_FEEDS_TABLE - 1;
    if (leaf < 0 || leaf >= table->partition_count)
        return false;
    struct truncated_leaves *known = leaves_at(&apply->lost.tables[table->index], change->lsn);
    known->bits |= UINT64_C(1) << leaf;
    uint64_t all = leaves_all(table);
    return all != 0 && (known->bits & all) == all;
}
