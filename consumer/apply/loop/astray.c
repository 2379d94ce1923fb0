#include "consumer/apply/loop/astray.h"

#include "consumer/apply/loop/sources.h"

enum {
    ASTRAY_COMMITS = 3,    // what is found is told with the commit behind the next one at the latest
    ASTRAY_MARKER_GAP = 1, // offsets that a committed transaction of a producer's leaves without a message
};

// Compaction leaves each row's newest message, and takes what had made it. Producers' transactions leave offsets without a
// message too, but no transaction of the source's without its rows.
static void astray_note_gap(struct partition *partition) {
    bool wide = partition->head->offset - partition->next_offset > ASTRAY_MARKER_GAP;
    enum astray_gaps gaps = wide ? ASTRAY_GAPS_WIDE : ASTRAY_GAPS_NARROW;
    if (gaps > partition->gaps)
        partition->gaps = gaps;
}

static bool astray_is_compacted(const struct apply *apply, const struct partition *partition) {
    return partition->gaps == ASTRAY_GAPS_WIDE ||
           (partition->gaps == ASTRAY_GAPS_NARROW && apply->counters.transactions_passed > 0);
}

// An update that may be a create says nothing, nor does a row under a key of before, nor one that a router sent from who knows
// where. Without an END to order them rows of other partitions may be missing, for now or for good.
bool astray_may_judge(const struct apply *apply, struct partition *partition, enum merge_verdict verdict) {
    const struct event *event = partition->event;
    if (partition->head->offset > partition->next_offset)
        astray_note_gap(partition);
    return verdict == MERGE_CURRENT && !event->change.op_untold && !event->routed &&
           event->moved_from == NULL && event->change.table->older_count == 0 &&
           !astray_is_compacted(apply, partition);
}

void astray_note_order(struct apply *apply, const struct change *change, bool applied) {
    int number = change->table->index;
    bool begins = change->op == CHANGE_READ && change->snapshot == SNAPSHOT_FULL &&
                  change->lsn > apply->snapshots[number].lsn;
    if (begins || (change->follows && (!applied || change->op == CHANGE_TRUNCATE)))
        apply->lost.tables[number].disordered = ASTRAY_COMMITS;
}

// Deletes of one key again and again name not the row that is deleted.
static void astray_warn_of_deletes(struct apply *apply, const struct table *table, int64_t again) {
    struct lost_table *watch = &apply->lost.tables[table->index];
    bool told = watch->deletes_again >= DELETES_AGAIN_MIN;
    watch->deletes_again += again;
    if (!told && watch->deletes_again >= DELETES_AGAIN_MIN)
        warnings_add(
            &apply->warnings,
            "table %s: deletes find no row, and name keys that were deleted before: rows that the source "
            "deleted stay. Its replica identity must be DEFAULT or FULL, not USING INDEX",
            table->name);
}

// What is read from the log beside, or not read yet, has no rows of before.
static bool astray_is_filled(const struct apply *apply, const struct table *table) {
    int count;
    const struct store_fill *fills = store_fills(apply->config.store, &count);
    for (int i = 0; i < count; i++)
        if (fills[i].table == table && fills[i].lacking < 0)
            return true;
    return apply->config.on_timeline == TIMELINE_FOLLOW;
}

// Where transactions lack rows, as where the connector's Filter drops some, that is told by itself: what follows from it tells no more.
static bool astray_is_moot(const struct apply *apply, int number) {
    const struct lost_table *watch = &apply->lost.tables[number];
    return watch->lacked || progress_table_is_incomplete(apply->config.progress, number);
}

void astray_hand_over(struct apply *apply) {
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        const struct table *table = &apply->config.catalog->tables[t];
        bool told = apply->lost.tables[t].disordered <= 1 && // behind the commit it is one less
                    !astray_is_moot(apply, t) && !astray_is_filled(apply, table) &&
                    !sources_are_several_topics(apply, table);
        store_keep_astray(apply->config.store, table, told);
    }
}

// At its end a log has shown the newest message of each row. What compaction takes of it later leaves a gap behind that end.
static void astray_forget_gaps(struct apply *apply) {
    for (int i = 0; i < apply->partition_count; i++) {
        struct partition *partition = apply->partitions[i];
        if (partition != NULL && partition->gaps != ASTRAY_GAPS_NONE && partition->head == NULL &&
            apply->config.source.at_end(apply->config.source.self, i))
            partition->gaps = ASTRAY_GAPS_NONE;
    }
}

void astray_count(struct apply *apply) {
    astray_forget_gaps(apply);
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        const struct table *table = &apply->config.catalog->tables[t];
        struct lost_table *watch = &apply->lost.tables[t];
        const struct store_astray astray = store_take_astray(apply->config.store, table);
        apply->counters.deletes_without_row += astray.deletes;
        astray_warn_of_deletes(apply, table, astray.deletes_again);
        watch->disordered -= watch->disordered > 0;
        if ((astray.of_none == 0 && astray.of_one == 0) || astray_is_filled(apply, table) ||
            sources_are_several_topics(apply, table))
            continue;
        watch->change_of_none |= astray.of_none > 0;
        watch->create_of_one |= astray.of_one > 0;
        apply->lost.astray = true;
    }
    apply->handed.counters.deletes_without_row = apply->counters.deletes_without_row;
}

bool astray_is_found(const struct apply *apply) {
    return apply->lost.astray;
}

const struct table *astray_take(struct apply *apply, const char **ret_found) {
    for (int t = 0; apply->lost.astray && t < apply->config.catalog->table_count; t++) {
        struct lost_table *watch = &apply->lost.tables[t];
        bool of_none = watch->change_of_none;
        bool found = of_none || watch->create_of_one;
        watch->change_of_none = watch->create_of_one = false;
        if (!found || watch->disordered > 0 || astray_is_moot(apply, t))
            continue;
        *ret_found = of_none ? "an update or a delete came of a row that is not here, and nothing had made it"
                             : "a create came of a row that is here, and nothing had deleted it";
        return &apply->config.catalog->tables[t];
    }
    apply->lost.astray = false;
    return NULL;
}
