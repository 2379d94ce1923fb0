#include "consumer/apply/loop/state.h"
#include "views/base/clock.h"

// How many messages a commit is worth that could still grow: the fewer commits, the fewer times a page is
// written that each of them changes.
static int64_t apply_commit_enough(const struct apply *apply) {
    struct progress_summary summary;
    progress_summary(apply->config.progress, &summary);
    int64_t most = apply->handed * 2;
    int64_t part = summary.messages_behind / APPLY_OVERLAP_PARTS; // unknown: none
    int64_t wanted = part < most ? part : most;
    return wanted > APPLY_OVERLAP_LEAST ? wanted : APPLY_OVERLAP_LEAST;
}

void apply_begin(struct apply *apply) {
    if (store_in_transaction(apply->config.store))
        return;
    apply->taken = 0;
    apply->taken_bytes = 0;
    apply->enough = apply_commit_enough(apply);
    apply->opened_ms = clock_monotonic_ms();
    store_begin(apply->config.store);
}

static bool apply_commit_snapshot_is_open(const struct apply *apply, int64_t *ret_newest) {
    bool open = false;
    *ret_newest = LSN_NONE;
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        int64_t newest = store_snapshot_lsn(apply->config.store, &apply->config.catalog->tables[t]);
        bool marked;
        open |=
            store_snapshot_open(apply->config.store, &apply->config.catalog->tables[t], &marked) != LSN_NONE;
        *ret_newest = newest > *ret_newest ? newest : *ret_newest;
    }
    return open;
}

// What readers are told: a commit LSN only while it holds that every transaction up to it is in the answer,
// none after.
static void apply_commit_describe(const struct apply *apply, struct store_commit *commit) {
    int64_t snapshot;
    bool open = apply_commit_snapshot_is_open(apply, &snapshot) && !apply->swept_so_far;
    int64_t finished = merge_finished_lsn(apply->merge);
    int64_t lsn = finished > snapshot ? finished : snapshot;
    commit->transactional = merge_is_sequenced(apply->merge) && !merge_is_letting_through(apply->merge) &&
                            !merge_rows_are_nameless(apply->merge) && !open && !apply->torn &&
                            lsn != LSN_NONE;
    commit->lsn = commit->transactional ? timeline_source_lsn(lsn) : LSN_NONE;
    commit->txid = commit->transactional ? merge_finished_txid(apply->merge) : -1;
    // Without ENDs the newest commit that rows named: what was sequenced is not more, and a new timeline
    // shows against it.
    commit->sequence = merge_finished(apply->merge);
    if (!merge_is_sequenced(apply->merge) && apply->newest.lsn > commit->sequence.lsn)
        commit->sequence = apply->newest;
    commit->torn = apply->torn || merge_is_letting_through(apply->merge);
}

static int apply_commit_save_offsets(struct apply *apply, struct store_commit *commit, struct error *error) {
    for (int i = 0; i < apply->slot_count; i++) {
        struct slot *slot = apply->slots[i];
        if (slot == NULL)
            continue;
        commit->applied_total += slot->next_offset;
        offsets_json_set(&apply->offsets, i, slot->next_offset);
        if (!slot->dirty)
            continue;
        const struct store_offset offset = {slot->topic,        slot->partition,   slot->next_offset,
                                            slot->after_delete, slot->deleted_key, slot->newest_ts_ms};
        if (store_set_offset(apply->config.store, &offset, error) != 0)
            return -1;
    }
    return offsets_json_write(&apply->offsets, &commit->offsets, error);
}

// Whether nothing is left to come of the transactions that are not shown whole: a whole one followed, and
// every table's partition is beyond it or read to its end.
static bool apply_commit_is_mended(const struct apply *apply) {
    if (!apply->torn || apply->torn_until == LSN_NONE)
        return false;
    for (int i = 0; i < apply->slot_count; i++) {
        const struct slot *slot = apply->slots[i];
        if (slot != NULL && slot->table != NULL && slot->head == NULL &&
            slot->newest_lsn <= apply->torn_until &&
            !apply->config.source.at_end(apply->config.source.self, i))
            return false;
    }
    return true;
}

// Where the commit stands, for when it is told of: more may have been taken by then.
static void apply_commit_note_handed(struct apply *apply) {
    for (int i = 0; i < apply->slot_count; i++) {
        struct slot *slot = apply->slots[i];
        if (slot == NULL || !slot->dirty)
            continue;
        slot->dirty = false;
        slot->handed = true;
        slot->handed_offset = slot->next_offset;
    }
    apply->counters.commits++;
    apply->committing = true;
    apply->handed = apply->taken;
    apply->handed_counters = apply->counters;
    apply->handed_ts_ms = apply->newest_ts_ms;
}

static void apply_commit_publish(struct apply *apply) {
    apply->committing = false;
    for (int i = 0; i < apply->slot_count; i++) {
        struct slot *slot = apply->slots[i];
        if (slot == NULL || !slot->handed)
            continue;
        slot->handed = false;
        slot->committed_offset = slot->handed_offset;
        progress_set_applied(apply->config.progress, i, slot->handed_offset);
    }
    progress_committed(apply->config.progress, &apply->handed_counters, apply->handed_ts_ms);
}

int apply_finish(struct apply *apply, struct error *error) {
    if (!apply->committing)
        return 0;
    if (store_commit_finish(apply->config.store, error) != 0)
        return -1;
    apply_commit_publish(apply);
    return 0;
}

// `commit`: store_commit or store_commit_start.
static int commit_whole(struct apply *apply,
                        int (*commit)(struct store *store, const struct store_commit *commit,
                                      struct error *error),
                        struct error *error) {
    if (apply_finish(apply, error) != 0)
        return -1;
    if (merge_current_begun(apply->merge))
        return 0;
    if (apply_commit_is_mended(apply)) {
        apply_begin(apply); // worth a commit of its own: the position says it
        apply->torn = false;
    }
    if (!store_in_transaction(apply->config.store))
        return 0;
    struct store_commit description = {0};
    apply_commit_describe(apply, &description);
    if (apply_commit_save_offsets(apply, &description, error) != 0 ||
        commit(apply->config.store, &description, error) != 0)
        return -1;
    apply_commit_note_handed(apply);
    return 0;
}

int apply_commit_start(struct apply *apply, struct error *error) {
    return commit_whole(apply, store_commit_start, error);
}

int apply_commit(struct apply *apply, struct error *error) {
    if (commit_whole(apply, store_commit, error) != 0)
        return -1;
    if (apply->committing)
        apply_commit_publish(apply);
    return 0;
}

bool apply_awaits_sweep(const struct apply *apply) {
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        bool marked;
        if (store_snapshot_open(apply->config.store, &apply->config.catalog->tables[t], &marked) !=
                LSN_NONE &&
            marked)
            return true;
    }
    return false;
}

static bool apply_commit_is_past_snapshot(const struct apply *apply, const struct table *table, int64_t lsn,
                                          bool (*at_end)(void *self, int slot), void *self) {
    for (int i = 0; i < apply->slot_count; i++) {
        const struct slot *slot = apply->slots[i];
        if (slot == NULL || slot->table != table)
            continue;
        if (slot->newest_lsn <= lsn && (slot->head != NULL || !at_end(self, i)))
            return false;
    }
    return true;
}

int apply_sweep(struct apply *apply, bool (*at_end)(void *self, int slot), void *self, bool more_may_come,
                struct error *error) {
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        const struct table *table = &apply->config.catalog->tables[t];
        bool marked;
        int64_t lsn = store_snapshot_open(apply->config.store, table, &marked);
        if (lsn == LSN_NONE || !marked || !apply_commit_is_past_snapshot(apply, table, lsn, at_end, self))
            continue;
        int64_t swept = 0;
        apply_begin(apply);
        if (store_snapshot_sweep(apply->config.store, table, more_may_come, &swept, error) != 0)
            return -1;
        apply->swept_so_far |= more_may_come;
        if (swept > 0)
            apply_warn(apply,
                       "table %s: %lld rows that the newest snapshot (LSN %lld) does not have are gone",
                       table->name, (long long)swept, (long long)lsn);
    }
    return 0;
}
