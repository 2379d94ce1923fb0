#include "consumer/apply/loop/cut.h"

#include "consumer/apply/loop/commit.h"
#include "consumer/apply/loop/feeds.h"
#include "consumer/apply/loop/snapshots.h"

#include <stdio.h>

// What was sent up to then may be gone.
static void cut_raise(struct apply *apply, const struct partition *partition, int64_t ms) {
    for (const struct table *table = NULL; (table = feeds_next(apply, partition, table)) != NULL;)
        store_raise_cut(apply->config.store, table, ms);
}

// Once a table: each of its partitions may have begun later.
static int cut_tell_table(struct apply *apply, const struct table *table, const char *reason,
                          struct error *error) {
    bool told = apply->snapshots[table->index].told_cut;
    apply->snapshots[table->index].told_cut = true;
    return told ? commit_note_incomplete(apply, table, reason, LSN_NONE, error)
                : commit_tell_incomplete(apply, table, "is incomplete", reason, LSN_NONE, error);
}

int cut_begin(struct apply *apply, struct partition *partition, int64_t low, int64_t high,
              struct error *error) {
    bool again = low > 0 && partition->started_at == low && partition->unread != STORE_READ;
    partition->started_at = partition->next_offset = partition->committed_offset = low;
    if (low == 0 || again)
        return 0;
    partition->unread = low < high ? STORE_UNREAD : STORE_UNREAD_EMPTY;
    partition->dirty = true; // what it lacks is not to be said again by the next start
    if (partition->unread == STORE_UNREAD_EMPTY)
        cut_raise(apply, partition, apply->config.wall_ms());
    char reason[ERROR_MESSAGE_SIZE];
    (void)snprintf(
        reason, sizeof reason,
        "%s partition %d began at offset %lld at the first start: rows that have not changed since are missing until the "
        "next snapshot",
        partition->topic, partition->id, (long long)low);
    for (const struct table *table = NULL; (table = feeds_next(apply, partition, table)) != NULL;)
        if (cut_tell_table(apply, table, reason, error) != 0)
            return -1;
    return 0;
}

void cut_note_first(struct apply *apply, struct partition *partition) {
    int64_t ms = partition->head->ts_ms;
    if (partition->unread == STORE_UNREAD)
        cut_raise(apply, partition, ms > 0 ? ms : apply->config.wall_ms());
    partition->unread = STORE_READ;
}

// A snapshot that the other log brings may have begun before what was passed over.
int cut_note_another(struct apply *apply, struct partition *partition, const char *reason,
                     struct error *error) {
    const struct apply_config *config = &apply->config;
    if (commit_finish(apply, error) != 0 || store_rollback(config->store, error) != 0)
        return -1;
    commit_open(apply);
    cut_raise(apply, partition, config->wall_ms());
    for (const struct table *table = NULL; (table = feeds_next(apply, partition, table)) != NULL;) {
        if (store_set_incomplete(config->store, table, reason, error) != 0)
            return -1;
        progress_table_incomplete(config->progress, table->index, reason);
    }
    return store_commit_in_place(config->store, error);
}

bool cut_is_snapshot(struct apply *apply, const struct store_snapshot *snapshot) {
    return snapshot->cut_ms > 0 && snapshots_begun_ms(apply, snapshot->lsn) <= snapshot->cut_ms;
}
