#include "consumer/apply/loop/leaves.h"

#include "consumer/decode/topic_role.h"

enum { LEAVES_MAX = 64 }; // partitions of a table; the bits of lost_table.leaves

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
    struct lost_table *known = &apply->lost.tables[table->index];
    if (known->leaves_lsn != change->lsn)
        known->leaves = 0;
    known->leaves_lsn = change->lsn;
    known->leaves |= UINT64_C(1) << leaf;
    return known->leaves == UINT64_MAX >> (LEAVES_MAX - table->partition_count);
}
