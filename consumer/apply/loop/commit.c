#include "consumer/apply/loop/commit.h"

#include "consumer/apply/loop/astray.h"
#include "consumer/apply/loop/snapshots.h"
#include "consumer/decode/topic_role.h"

#include <stdio.h>
#include <stdlib.h>

// How many messages a commit is worth that could still grow: the fewer commits, the fewer times a page is
// written that each of them changes.
static int64_t commit_enough(const struct apply *apply) {
    struct progress_summary summary;
    progress_summary(apply->config.progress, &summary);
    int64_t most = apply->handed.messages * 2;
    int64_t part = summary.messages_behind / APPLY_OVERLAP_PARTS; // unknown: none
    int64_t wanted = part < most ? part : most;
    return wanted > APPLY_OVERLAP_LEAST ? wanted : APPLY_OVERLAP_LEAST;
}

static void commit_want_feed(void *self, const char *table) {
    store_want_feed(self, table);
}

void commit_open(struct apply *apply) {
    if (store_in_transaction(apply->config.store))
        return;
    progress_take_followed(apply->config.progress, commit_want_feed, apply->config.store);
    apply->open.messages = 0;
    apply->open.bytes = 0;
    apply->open.enough = commit_enough(apply);
    apply->open.opened_ms = apply->config.monotonic_ms();
    store_begin(apply->config.store);
}

// A new file: rows of a snapshot may come from a partition of which nothing was read yet, or are under way. What was
// sent before the first END is there some time after it.
static bool commit_has_unread(const struct apply *apply) {
    int64_t now = apply->config.monotonic_ms();
    bool settles = apply->first_end_ms != 0 && now - apply->first_end_ms < SNAPSHOTS_SETTLE_MS;
    for (int i = 0; i < apply->partition_count && apply->fresh; i++) {
        const struct partition *partition = apply->partitions[i];
        if (partition != NULL && partition->table != NULL && !partition->known && partition->head == NULL &&
            !apply->swept_so_far &&
            (settles || now - partition->added_ms < SNAPSHOTS_SETTLE_MS ||
             !apply->config.source.at_end(apply->config.source.self, i)))
            return true;
    }
    return false;
}

static bool commit_snapshot_is_open(const struct apply *apply, int64_t *ret_newest) {
    bool open = false;
    *ret_newest = LSN_NONE;
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        const struct store_snapshot its =
            store_snapshot(apply->config.store, &apply->config.catalog->tables[t]);
        open |= its.open;
        *ret_newest = its.lsn > *ret_newest ? its.lsn : *ret_newest;
    }
    return open || !snapshots_is_complete(apply, *ret_newest) || commit_has_unread(apply);
}

// What readers see: a commit LSN only while it holds that every transaction up to it is in the answer,
// none after.
static void commit_describe(const struct apply *apply, struct store_commit *commit) {
    int64_t snapshot;
    bool open = commit_snapshot_is_open(apply, &snapshot) && !apply->swept_so_far;
    int64_t finished = merge_finished_lsn(apply->merge);
    int64_t lsn = finished > snapshot ? finished : snapshot;
    commit->transactional = merge_is_sequenced(apply->merge) && !merge_is_letting_through(apply->merge) &&
                            !merge_rows_are_nameless(apply->merge) && !open && !apply->torn.is &&
                            lsn != LSN_NONE;
    commit->lsn = commit->transactional ? timeline_source_lsn(lsn) : LSN_NONE;
    commit->txid = commit->transactional ? merge_finished_txid(apply->merge) : -1;
    // Without ENDs the newest commit that rows named: what was sequenced is not more, and a new timeline
    // shows against it.
    commit->sequence = merge_finished(apply->merge);
    bool by_rows = !merge_is_sequenced(apply->merge) || merge_rows_are_nameless(apply->merge);
    if (by_rows && apply->newest.lsn > commit->sequence.lsn)
        commit->sequence = apply->newest;
    commit->torn = apply->torn.is || merge_is_letting_through(apply->merge);
    commit->torn_ms = apply->torn.beyond_ms;
    commit->nameless = merge_rows_are_nameless(apply->merge);
    commit->unjudged_lsn = apply->unjudged_lsn;
}

int commit_note_incomplete(struct apply *apply, const struct table *table, const char *reason,
                           int64_t left_out_lsn, struct error *error) {
    char *copy = strdup(reason);
    if (copy == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    free(apply->incomplete[table->index]);
    apply->incomplete[table->index] = copy;
    store_set_left_out(apply->config.store, table, left_out_lsn);
    progress_table_incomplete(apply->config.progress, table->index, reason);
    return 0;
}

int commit_tell_incomplete(struct apply *apply, const struct table *table, const char *what,
                           const char *reason, int64_t left_out_lsn, struct error *error) {
    if (commit_note_incomplete(apply, table, reason, left_out_lsn, error) != 0)
        return -1;
    warnings_add(&apply->warnings, "table %s %s: %s", table->name, what, reason);
    warnings_about(&apply->warnings, "incomplete", &(struct log_fields){0});
    return 0;
}

int commit_note_complete(struct apply *apply, const struct table *table, struct error *error) {
    free(apply->incomplete[table->index]);
    apply->incomplete[table->index] = NULL;
    store_set_left_out(apply->config.store, table, LSN_NONE);
    if (store_set_incomplete(apply->config.store, table, NULL, error) != 0)
        return -1;
    progress_table_complete(apply->config.progress, table->index);
    return 0;
}

static int commit_save_incomplete(struct apply *apply, struct error *error) {
    for (int i = 0; i < apply->config.catalog->table_count; i++) {
        if (apply->incomplete[i] == NULL)
            continue;
        if (store_set_incomplete(apply->config.store, &apply->config.catalog->tables[i], apply->incomplete[i],
                                 error) != 0)
            return -1;
        free(apply->incomplete[i]);
        apply->incomplete[i] = NULL;
    }
    return 0;
}

static int commit_save_offsets(struct apply *apply, struct store_commit *commit, struct error *error) {
    for (int i = 0; i < apply->partition_count; i++) {
        struct partition *partition = apply->partitions[i];
        if (partition == NULL)
            continue;
        commit->applied_total += partition->next_offset;
        offsets_json_set(&apply->offsets, i, partition->next_offset);
        if (!partition->dirty)
            continue;
        const struct store_offset offset = {
            .topic = partition->topic,
            .partition = partition->id,
            .next_offset = partition->next_offset,
            .after_delete = partition->after_delete,
            .deleted_key = partition->deleted_key,
            .newest_ts_ms = partition->newest_ts_ms,
            .snapshot_lsn = partition->snapshot_lsn,
            .snapshot_ms = partition->snapshot_ms,
            .newest_lsn = partition->newest_lsn,
            .newest_source_ms = partition->newest_source_ms,
            .unread = partition->unread,
        };
        if (store_set_offset(apply->config.store, &offset, error) != 0 ||
            (partition->others_first && store_note_others(apply->config.store, partition->topic, error) != 0))
            return -1;
        partition->others_first = false;
    }
    return offsets_json_write(&apply->offsets, &commit->offsets, error);
}

// When the newest row of a snapshot was sent, or later: which message of the partition it was the file does not know, and the last rows
// of one that is read while its connector streams may be hours newer than the first.
static int64_t commit_snapshot_ms(const struct apply *apply, const struct store_offset *offset) {
    for (int t = 0; offset->snapshot_ms > 0 && t < apply->config.catalog->table_count; t++) {
        const struct table *table = &apply->config.catalog->tables[t];
        const struct store_snapshot its = store_snapshot(apply->config.store, table);
        if ((its.open || its.ahead) && offset->newest_ts_ms > offset->snapshot_ms &&
            topic_feeds(offset->topic, apply->config.prefix, table) != TOPIC_FEEDS_NOT)
            return offset->newest_ts_ms;
    }
    return offset->snapshot_ms;
}

void commit_recall_torn(struct apply *apply) {
    int count;
    const struct store_offset *offsets = store_offsets(apply->config.store, &count);
    const struct store_before before = store_before(apply->config.store);
    apply->torn.is = before.torn;
    apply->torn.until = apply->torn.beyond = LSN_NONE;
    for (int i = 0; i < count; i++) {
        int64_t snapshot_ms = commit_snapshot_ms(apply, &offsets[i]);
        if (snapshot_ms > apply->ahead_ms)
            apply->ahead_ms = snapshot_ms;
        if (apply->torn.is && offsets[i].newest_lsn > apply->torn.beyond)
            apply->torn.beyond = offsets[i].newest_lsn;
    }
    apply->torn.beyond_ms = !before.torn ? 0 : before.torn_ms >= 0 ? before.torn_ms : apply->ahead_ms;
}

// Whether nothing is left to come of the transactions that are not shown whole: a whole one followed, and
// every table's partition is beyond it or read to its end.
static bool commit_is_mended(const struct apply *apply) {
    if (!apply->torn.is || apply->torn.until == LSN_NONE)
        return false;
    for (int i = 0; i < apply->partition_count; i++) {
        const struct partition *partition = apply->partitions[i];
        if (partition != NULL && partition->table != NULL && partition->head == NULL &&
            partition->newest_lsn <= apply->torn.until &&
            !apply->config.source.at_end(apply->config.source.self, i))
            return false;
    }
    return true;
}

// Whether readers see less than holds by now, though nothing was taken since.
static bool commit_says_too_little(const struct apply *apply) {
    struct store_commit now = {0};
    if (!apply->handed.described || apply->handed.transactional)
        return false;
    commit_describe(apply, &now);
    return now.transactional;
}

// Where the commit stands, for when it is published: more may have been taken by then.
static void commit_note_handed(struct apply *apply) {
    for (int i = 0; i < apply->partition_count; i++) {
        struct partition *partition = apply->partitions[i];
        if (partition == NULL || !partition->dirty)
            continue;
        partition->dirty = false;
        partition->handed_over = true;
        partition->handed_offset = partition->next_offset;
    }
    apply->counters.commits++;
    apply->handed.writing = true;
    apply->handed.messages = apply->open.messages;
    apply->handed.counters = apply->counters;
    apply->handed.ts_ms = apply->newest_ts_ms;
    freshness_hand_over(&apply->freshness);
}

static void commit_tell_lost(struct apply *apply) {
    const struct table *table;
    while ((table = store_take_lost(apply->config.store)) != NULL) {
        bool *told = &apply->lost.tables[table->index].moved_without;
        if (!*told)
            warnings_add(
                &apply->warnings,
                "table %s: a row under a new key is NULL where its unchanged TOAST values are not known: its delete "
                "names no LSN (unwrapped rows: add.fields=source.lsn, delete.tombstone.handling.mode=rewrite), or found "
                "no row, or the row came into a publication's row filter by an update. An incremental snapshot brings "
                "them; with `replica identity full` they come",
                table->name);
        *told = true;
    }
}

static void commit_publish(struct apply *apply) {
    apply->handed.writing = false;
    astray_count(apply);
    commit_tell_lost(apply);
    for (int i = 0; i < apply->partition_count; i++) {
        struct partition *partition = apply->partitions[i];
        if (partition == NULL || !partition->handed_over)
            continue;
        partition->handed_over = false;
        partition->committed_offset = partition->handed_offset;
        progress_set_applied(apply->config.progress, i, partition->handed_offset);
    }
    freshness_publish(&apply->freshness, apply->config.progress);
    histogram_observe(progress_histogram(apply->config.progress, PROGRESS_COMMIT_DURATION),
                      store_commit_us(apply->config.store));
    apply->committed = apply->handed.counters;
    progress_committed(apply->config.progress, &apply->handed.counters, apply->handed.ts_ms);
}

int commit_finish(struct apply *apply, struct error *error) {
    if (!apply->handed.writing)
        return 0;
    if (store_commit_finish(apply->config.store, error) != 0)
        return -1;
    commit_publish(apply);
    return 0;
}

static int commit_write(struct apply *apply, bool wait, struct error *error) {
    struct store_commit description = {0};
    commit_describe(apply, &description);
    if (commit_save_offsets(apply, &description, error) != 0 || commit_save_incomplete(apply, error) != 0)
        return -1;
    astray_hand_over(apply);
    int status = wait ? store_commit(apply->config.store, &description, error)
                      : store_commit_start(apply->config.store, &description, error);
    if (status != 0)
        return -1;
    apply->handed.described = true;
    apply->handed.transactional = description.transactional;
    commit_note_handed(apply);
    prefetch_tell_drift(apply->prefetch);
    drift_report(&apply->drift, apply->config.progress);
    missing_report(&apply->missing, apply->config.progress, &apply->warnings);
    unplaced_report(&apply->unplaced, apply->config.progress);
    if (wait)
        commit_publish(apply);
    return 0;
}

static int commit_tell_astray(struct apply *apply, struct error *error) {
    const struct table *table;
    const char *found;
    while ((table = astray_take(apply, &found)) != NULL) {
        char reason[ERROR_MESSAGE_SIZE];
        (void)snprintf(
            reason, sizeof reason,
            "%s: changes of it were not sent (the connector's offsets or slot were moved ahead, its slot was made "
            "again, a truncate without skipped.operations=none, a publication without it for a while, a snapshot that left "
            "rows out): rows may be missing, old, or gone at the source until the next full snapshot",
            found);
        commit_open(apply); // the file keeps it
        // It came behind the table's snapshot, which may be swept once more.
        int64_t snapshot_lsn = store_snapshot(apply->config.store, table).lsn;
        if (commit_tell_incomplete(apply, table, "may be incomplete", reason,
                                   snapshot_lsn != LSN_NONE ? snapshot_lsn : 0, error) != 0)
            return -1;
    }
    return 0;
}

int commit_whole(struct apply *apply, bool wait, struct error *error) {
    if (commit_finish(apply, error) != 0)
        return -1;
    if (merge_current_begun(apply->merge))
        return 0;
    if (commit_is_mended(apply)) {
        commit_open(apply); // worth a commit of its own: the position says it
        apply->torn.is = false;
    }
    if (!store_in_transaction(apply->config.store) && commit_says_too_little(apply))
        commit_open(apply);
    if (commit_tell_astray(apply, error) != 0)
        return -1;
    if (!store_in_transaction(apply->config.store))
        return 0;
    if (commit_write(apply, wait, error) != 0)
        return -1;
    if (!wait || !astray_is_found(apply)) // else it may be the last commit
        return 0;
    if (commit_tell_astray(apply, error) != 0)
        return -1;
    return store_in_transaction(apply->config.store) ? commit_write(apply, wait, error) : 0;
}

// While one commit is written the next one grows, until it is full; what has come meanwhile follows at once.
int commit_when_due(struct apply *apply, struct error *error) {
    if (store_commit_is_done(apply->config.store) && commit_finish(apply, error) != 0)
        return -1;
    if (!store_in_transaction(apply->config.store) || merge_current_begun(apply->merge))
        return 0;
    const struct open_commit *open = &apply->open;
    bool full = open->messages >= apply->config.commit_messages || open->bytes >= APPLY_COMMIT_BYTES ||
                store_has_enough(apply->config.store);
    bool due = !apply->handed.writing && (open->messages >= open->enough ||
                                          apply->config.monotonic_ms() - open->opened_ms >= APPLY_COMMIT_MS);
    return full || due ? commit_whole(apply, false, error) : 0;
}
