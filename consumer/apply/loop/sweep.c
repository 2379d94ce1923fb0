#include "consumer/apply/loop/sweep.h"

#include "consumer/apply/loop/commit.h"
#include "consumer/apply/loop/cut.h"
#include "consumer/apply/loop/emptied.h"
#include "consumer/apply/loop/feeds.h"
#include "consumer/apply/loop/snapshots.h"
#include "consumer/apply/loop/sources.h"
#include "consumer/apply/loop/take.h"
#include "consumer/apply/loop/timeline.h"

#include <stdlib.h>

bool sweep_is_awaited(const struct apply *apply) {
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        const struct table *table = &apply->config.catalog->tables[t];
        const struct store_snapshot its = store_snapshot(apply->config.store, table);
        if (its.open && snapshots_have_ended(apply, table, its.lsn, its.marked))
            return true;
    }
    return emptied_is_awaited(apply);
}

static bool sweep_is_past_snapshot(const struct apply *apply, const struct table *table, int64_t lsn,
                                   bool (*at_end)(void *self, int slot), void *self) {
    for (int i = 0; i < apply->partition_count; i++) {
        const struct partition *partition = apply->partitions[i];
        if (partition == NULL || !feeds_table(partition, table))
            continue;
        if (partition->newest_lsn <= lsn && (partition->head != NULL || !at_end(self, i)))
            return false;
    }
    return true;
}

// Whether the table's snapshot has ended, and long enough ago.
static bool sweep_is_due(struct apply *apply, const struct table *table, int64_t lsn, bool marked) {
    struct table_snapshot *snapshot = &apply->snapshots[table->index];
    if (!snapshots_have_ended(apply, table, lsn, marked)) {
        snapshot->ended_ms = 0;
        return false;
    }
    int64_t now = apply->config.monotonic_ms();
    if (snapshot->ended_ms == 0)
        snapshot->ended_ms = now;
    return now - snapshot->ended_ms >= SNAPSHOTS_SETTLE_MS;
}

// No one row makes a view's statement fail here.
static int sweep_blame(const struct apply *apply, const struct table *table, struct error *error) {
    if (error == NULL || error->kind != ERROR_VIEW || apply->singly == 0)
        return -1;
    const struct error failure = *error;
    (void)error_set(error, ERROR_HALT,
                    "%s; it was the rows of %s that its newest snapshot does not have; " TAKE_VIEW_REMEDY,
                    failure.message, table->name);
    return error_blame(error, ERROR_HALT, failure.subject);
}

// What tells that a snapshot was not of everything that feeds the table is said once.
static void sweep_tell_part(struct apply *apply, const struct table *table, int64_t lsn) {
    struct table_snapshot *snapshot = &apply->snapshots[table->index];
    if (snapshot->told_lsn == lsn)
        return;
    snapshot->told_lsn = lsn;
    warnings_add(
        &apply->warnings,
        "table %s: the snapshot at LSN %lld was not taken of every topic or source table that feeds it: rows that "
        "it does not have stay, also those that were deleted at the source while no connector read it",
        table->name, (long long)timeline_source_lsn(lsn));
}

// Whatever was missing, the snapshot had it, unless the log had lost its first rows before they were read.
static int sweep_complete(struct apply *apply, const struct table *table,
                          const struct store_snapshot *snapshot, struct error *error) {
    bool older =
        snapshot->lsn <= snapshot->left_out_lsn; // it came to no end, and a newer one has left the table out
    return older || cut_is_snapshot(apply, snapshot) ? 0 : commit_note_complete(apply, table, error);
}

// A snapshot that was taken while its connector streamed is ahead of the stream: nothing is lost between the two, so what it leaves
// out is no ghost, and it may have been asked for some rows only.
static int sweep_table(struct apply *apply, const struct table *table, const struct store_snapshot *snapshot,
                       bool more_may_come, struct error *error) {
    int64_t swept = 0;
    bool all = !snapshot->ahead && sources_are_in_snapshot(apply, table, snapshot->lsn);
    commit_open(apply);
    if (store_snapshot_sweep(apply->config.store, table, all, more_may_come && !snapshot->ahead, &swept,
                             error) != 0)
        return sweep_blame(apply, table, error);
    apply->swept_so_far |= more_may_come;
    if (!all && !snapshot->ahead)
        sweep_tell_part(apply, table, snapshot->lsn);
    if (!all)
        return 0;
    if (sweep_complete(apply, table, snapshot, error) != 0)
        return -1;
    if (swept > 0)
        warnings_add(&apply->warnings,
                     "table %s: %lld rows that the newest snapshot (LSN %lld) does not have are gone",
                     table->name, (long long)swept, (long long)snapshot->lsn);
    return 0;
}

int sweep_tables(struct apply *apply, bool (*at_end)(void *self, int slot), void *self, bool more_may_come,
                 struct error *error) {
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        const struct table *table = &apply->config.catalog->tables[t];
        const struct store_snapshot its = store_snapshot(apply->config.store, table);
        if (!its.open)
            continue;
        bool due = more_may_come ? snapshots_have_ended(apply, table, its.lsn, its.marked)
                                 : sweep_is_due(apply, table, its.lsn, its.marked);
        if (due && sweep_is_past_snapshot(apply, table, its.lsn, at_end, self) &&
            sweep_table(apply, table, &its, more_may_come, error) != 0)
            return -1;
    }
    return emptied_look(apply, more_may_come, error);
}
