#include "consumer/apply/loop/snapshots.h"

#include <stdlib.h>

int snapshots_init(struct apply *apply, struct error *error) {
    int count = apply->config.catalog->table_count;
    apply->newest_streamed_lsn = apply->last_snapshot_lsn = apply->seen_snapshot_lsn = LSN_NONE;
    apply->snapshots = calloc((size_t)count, sizeof *apply->snapshots);
    if (apply->snapshots == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int t = 0; t < count; t++)
        apply->snapshots[t].lsn = LSN_NONE;
    return 0;
}

void snapshots_note_row(struct apply *apply, const struct change *change) {
    struct table_snapshot *snapshot = &apply->snapshots[change->table->index];
    if (change->snapshot != SNAPSHOT_FULL || change->lsn == LSN_NONE || change->lsn < snapshot->lsn)
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

static bool snapshots_are_passed(const struct apply *apply, int64_t snapshot_lsn) {
    return apply->newest_streamed_lsn > snapshot_lsn || merge_finished_lsn(apply->merge) > snapshot_lsn;
}

// Whether rows of the snapshot may be under way in the partition: it has shown nothing of that snapshot or after it.
static bool snapshots_may_come(const struct apply *apply, int slot, int64_t snapshot_lsn) {
    const struct partition *partition = apply->partitions[slot];
    if (partition == NULL || partition->table == NULL || partition->newest_lsn > snapshot_lsn ||
        store_snapshot_lsn(apply->config.store, partition->table) == snapshot_lsn)
        return false;
    return partition->head != NULL || !apply->config.source.at_end(apply->config.source.self, slot);
}

// Rows of a table may come after those of all others are in, so only the last row of all tells, or what was streamed
// after the snapshot; and these come by one partition, while rows may be under way in others.
bool snapshots_is_complete(const struct apply *apply, int64_t snapshot_lsn) {
    if (snapshot_lsn == LSN_NONE)
        return true;
    if (apply->last_snapshot_lsn != snapshot_lsn && !snapshots_are_passed(apply, snapshot_lsn))
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
