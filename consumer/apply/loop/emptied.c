#include "consumer/apply/loop/emptied.h"

#include "consumer/apply/loop/commit.h"
#include "consumer/apply/loop/snapshots.h"
#include "consumer/apply/loop/timeline.h"
#include "consumer/decode/topic_role.h"

#include <stdio.h>

static bool emptied_is_own(const struct apply *apply, const char *topic) {
    const char *prefix = apply->config.prefix;
    return prefix != NULL && prefix[0] != '\0' && topic_has_prefix(topic, prefix);
}

static void emptied_begin(struct apply *apply, int64_t lsn) {
    apply->unjudged_lsn = lsn;
    for (int t = 0; t < apply->config.catalog->table_count; t++)
        apply->snapshots[t].behind_lsn = LSN_NONE;
}

void emptied_note(struct apply *apply, const struct partition *partition) {
    const struct event *event = partition->event;
    const struct change *change = &event->change;
    if (change->lsn == LSN_NONE)
        return;
    if (change->op == CHANGE_READ) {
        if (snapshots_is_full(change) && event->is_first && change->lsn > apply->unjudged_lsn &&
            change->lsn > apply->judged_lsn && emptied_is_own(apply, partition->topic))
            emptied_begin(apply, change->lsn);
        return;
    }
    // A transaction that was open when the snapshot was read: its rows are older than that, and no ghosts.
    int64_t *behind_lsn = &apply->snapshots[change->table->index].behind_lsn;
    if (apply->unjudged_lsn != LSN_NONE && change->lsn < apply->unjudged_lsn &&
        (*behind_lsn == LSN_NONE || change->lsn < *behind_lsn) &&
        snapshots_is_behind(apply, partition, apply->unjudged_lsn))
        *behind_lsn = change->lsn;
}

// `swept`: its ghosts went, though more of it may come. They go first.
static bool emptied_may_judge(const struct apply *apply, bool swept) {
    if (apply->unjudged_lsn == LSN_NONE || !(swept ? snapshots_all_ended(apply, apply->unjudged_lsn)
                                                   : snapshots_is_complete(apply, apply->unjudged_lsn)))
        return false;
    for (int i = 0; i < apply->partition_count; i++)
        if (snapshots_may_come(apply, i, apply->unjudged_lsn))
            return false;
    for (int t = 0; t < apply->config.catalog->table_count && !swept; t++) {
        const struct store_snapshot its =
            store_snapshot(apply->config.store, &apply->config.catalog->tables[t]);
        if (its.open && its.lsn == apply->unjudged_lsn)
            return false;
    }
    return true;
}

bool emptied_is_awaited(const struct apply *apply) {
    return emptied_may_judge(apply, false);
}

// Whether everything that feeds the table is the connector's.
static bool emptied_is_of_connector(const struct apply *apply, const struct table *table) {
    const struct slot_list *slots = &apply->feeding[table->index];
    for (int i = 0; i < slots->count; i++) {
        const struct partition *partition = apply->partitions[slots->slots[i]];
        if (partition != NULL && !emptied_is_own(apply, partition->topic))
            return false;
    }
    return slots->count > 0;
}

static int emptied_tell(struct apply *apply, const struct table *table, int64_t lsn, struct error *error) {
    char reason[ERROR_MESSAGE_SIZE];
    (void)snprintf(
        reason, sizeof reason,
        "the snapshot at LSN %lld has no row of it, or of a part of it, as of one that was empty at the "
        "source: rows of before stay, also those that went while no connector read, until a snapshot "
        "has some or it is truncated",
        (long long)timeline_source_lsn(lsn));
    commit_open(apply);
    return commit_tell_incomplete(apply, table, "may have rows too many", reason, lsn, error);
}

static int emptied_judge(struct apply *apply, const struct table *table, int64_t lsn, struct error *error) {
    int64_t behind = apply->snapshots[table->index].behind_lsn;
    bool stays = false;
    if (!emptied_is_of_connector(apply, table))
        return 0;
    if (store_has_unnamed(apply->config.store, table, lsn, behind != LSN_NONE ? behind : lsn, &stays,
                          error) != 0)
        return -1;
    return stays ? emptied_tell(apply, table, lsn, error) : 0;
}

// Wholly, or some of what feeds it.
static bool emptied_is_left_out(const struct apply *apply, const struct table *table, int64_t lsn) {
    int64_t newest = store_snapshot(apply->config.store, table).lsn;
    return newest < lsn || (newest == lsn && apply->snapshots[table->index].told_lsn == lsn);
}

int emptied_look(struct apply *apply, bool swept, struct error *error) {
    if (!emptied_may_judge(apply, swept))
        return 0;
    int64_t lsn = apply->unjudged_lsn;
    commit_open(apply); // the file knows that it was looked
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        const struct table *table = &apply->config.catalog->tables[t];
        if (emptied_is_left_out(apply, table, lsn) && emptied_judge(apply, table, lsn, error) != 0)
            return -1;
    }
    apply->judged_lsn = lsn;
    apply->unjudged_lsn = LSN_NONE;
    return 0;
}
