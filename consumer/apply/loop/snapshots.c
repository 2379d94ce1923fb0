#include "consumer/apply/loop/snapshots.h"

#include <stdlib.h>

int snapshots_init(struct apply *apply, struct error *error) {
    int count = apply->config.catalog->table_count;
    apply->newest_streamed_lsn = apply->last_snapshot_lsn = apply->seen_snapshot_lsn = LSN_NONE;
    apply->begun.lsn = apply->unjudged_lsn = apply->judged_lsn = LSN_NONE;
    apply->names_commit = true; // an earlier process may have seen one
    apply->snapshots = calloc((size_t)count, sizeof *apply->snapshots);
    if (apply->snapshots == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int t = 0; t < count; t++)
        apply->snapshots[t].lsn = apply->snapshots[t].told_lsn = apply->snapshots[t].behind_lsn = LSN_NONE;
    return 0;
}

// It names the commit that was streamed before it, one of a new slot names none (Debezium 3.6.1).
static bool snapshots_is_ahead(const struct apply *apply, const struct change *change) {
    return change->previous_commit != LSN_NONE &&
           (change->previous_commit == change->lsn ||
            merge_finished_lsn(apply->merge) >= change->previous_commit);
}

// Its rows are newer than its LSN: answers hold parts of transactions until one is whole that was committed after they were read.
static void snapshots_tear(struct apply *apply) {
    torn_begin(&apply->torn);
    if (apply->ahead_ms > apply->torn.beyond_ms)
        apply->torn.beyond_ms = apply->ahead_ms;
}

static void snapshots_note_ahead(struct apply *apply, const struct change *change) {
    if (change->previous_commit == LSN_NONE)
        return;
    if (change->ts_ms > apply->ahead_ms) // partitions are read in turns
        apply->ahead_ms = change->ts_ms;
    apply->names_commit |= !change->ahead;
    if (change->ahead)
        snapshots_tear(apply);
}

void snapshots_note_end(struct apply *apply, int64_t lsn) {
    if (apply->names_commit && store_note_streamed(apply->config.store, lsn, &apply->names_commit))
        snapshots_tear(apply);
}

void snapshots_note_row(struct apply *apply, struct partition *partition, const struct change *change) {
    struct table_snapshot *snapshot = &apply->snapshots[change->table->index];
    if (change->snapshot != SNAPSHOT_FULL || change->lsn == LSN_NONE)
        return;
    snapshots_note_ahead(apply, change);
    if (change->lsn > partition->snapshot_lsn) {
        partition->snapshot_lsn = change->lsn;
        partition->snapshot_ms = partition->head->ts_ms;
        apply->begun.lsn = LSN_NONE;
    }
    if (change->lsn < snapshot->lsn)
        return;
    bool is_new = change->lsn > snapshot->lsn;
    snapshot->first_only = change->snapshot_first && (is_new || snapshot->first_only);
    if (is_new)
        snapshot->ended_ms = 0;
    snapshot->lsn = change->lsn;
    if (change->lsn > apply->seen_snapshot_lsn) {
        apply->seen_snapshot_lsn = change->lsn;
        apply->seen_snapshot_ms = apply->config.monotonic_ms();
    }
    if (change->snapshot_last && change->lsn > apply->last_snapshot_lsn)
        apply->last_snapshot_lsn = change->lsn;
}

int64_t snapshots_begun_ms(struct apply *apply, int64_t lsn) {
    if (apply->begun.lsn == lsn)
        return apply->begun.ms;
    int64_t begun = 0;
    for (int i = 0; i < apply->partition_count; i++) {
        const struct partition *partition = apply->partitions[i];
        if (partition != NULL && partition->snapshot_lsn == lsn &&
            (begun == 0 || partition->snapshot_ms < begun))
            begun = partition->snapshot_ms;
    }
    apply->begun.lsn = lsn;
    apply->begun.ms = begun;
    return begun;
}

// A partition that has no row of it tells by the log's own time, and a row by the commit before its own.
bool snapshots_is_behind(struct apply *apply, const struct partition *partition, int64_t snapshot_lsn) {
    const struct change *change = &partition->event->change;
    if (snapshot_lsn == LSN_NONE || change->table == NULL)
        return false;
    if (partition->snapshot_lsn >= snapshot_lsn || change->previous_commit >= snapshot_lsn)
        return true;
    int64_t begun_ms = snapshots_begun_ms(apply, snapshot_lsn);
    return begun_ms > 0 && partition->head->ts_ms >= begun_ms;
}

// Whether nothing that was applied of the table's partitions was sent before the one's head: of its own by the log's order, whatever
// the times say, of the others by time.
static bool snapshots_nothing_before(const struct apply *apply, const struct table *table,
                                     const struct partition *own) {
    const struct slot_list *slots = &apply->feeding[table->index];
    for (int i = 0; i < slots->count; i++) {
        const struct partition *partition = apply->partitions[slots->slots[i]];
        if (partition != NULL && partition->first_ms != 0 &&
            (partition == own || partition->first_ms < own->head->ts_ms))
            return false;
    }
    return true;
}

int64_t snapshots_behind(struct apply *apply, const struct partition *partition) {
    const struct change *change = &partition->event->change;
    if (change->table == NULL || snapshots_is_full(change))
        return LSN_NONE;
    int64_t newest = store_snapshot(apply->config.store, change->table).lsn;
    return snapshots_is_behind(apply, partition, newest) ? newest : LSN_NONE;
}

void snapshots_place(struct apply *apply, struct partition *partition) {
    struct change *change = &partition->event->change;
    bool full = snapshots_is_full(change);
    change->ahead = full && snapshots_is_ahead(apply, change);
    change->behind_snapshot = snapshots_behind(apply, partition) != LSN_NONE;
    change->nothing_before = full && change->lsn > store_snapshot(apply->config.store, change->table).lsn &&
                             snapshots_nothing_before(apply, change->table, partition);
}

static bool snapshots_are_passed(const struct apply *apply, int64_t snapshot_lsn) {
    return apply->newest_streamed_lsn > snapshot_lsn || merge_finished_lsn(apply->merge) > snapshot_lsn;
}

bool snapshots_all_ended(const struct apply *apply, int64_t snapshot_lsn) {
    return apply->last_snapshot_lsn == snapshot_lsn || snapshots_are_passed(apply, snapshot_lsn);
}

bool snapshots_may_come(const struct apply *apply, int slot, int64_t snapshot_lsn) {
    const struct partition *partition = apply->partitions[slot];
    if (partition == NULL || partition->table == NULL || partition->newest_lsn > snapshot_lsn ||
        store_snapshot(apply->config.store, partition->table).lsn == snapshot_lsn)
        return false;
    return partition->head != NULL || !apply->config.source.at_end(apply->config.source.self, slot);
}

// Rows of a table may come after those of all others are in, so only the last row of all tells, or what was streamed
// after the snapshot; and these come by one partition, while rows may be under way in others.
bool snapshots_is_complete(const struct apply *apply, int64_t snapshot_lsn) {
    if (snapshot_lsn == LSN_NONE)
        return true;
    if (!snapshots_all_ended(apply, snapshot_lsn))
        return false;
    if (apply->seen_snapshot_lsn != snapshot_lsn) // of an earlier process
        return true;
    if (apply->config.monotonic_ms() - apply->seen_snapshot_ms < SNAPSHOTS_SETTLE_MS)
        return false;
    for (int i = 0; i < apply->partition_count; i++)
        if (snapshots_may_come(apply, i, snapshot_lsn))
            return false;
    return true;
}

bool snapshots_have_ended(const struct apply *apply, const struct table *table, int64_t lsn, bool marked) {
    if (marked || snapshots_are_passed(apply, lsn))
        return true;
    const struct table_snapshot *own = &apply->snapshots[table->index];
    if (own->lsn != lsn || !own->first_only)
        return false;
    for (int t = 0; t < apply->config.catalog->table_count; t++)
        if (t != table->index && apply->snapshots[t].lsn == lsn)
            return true;
    return false;
}
