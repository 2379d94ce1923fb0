#include "consumer/apply/apply.h"

#include "consumer/apply/loop/commit.h"
#include "consumer/apply/loop/compacted.h"
#include "consumer/apply/loop/cut.h"
#include "consumer/apply/loop/feeds.h"
#include "consumer/apply/loop/head.h"
#include "consumer/apply/loop/lost.h"
#include "consumer/apply/loop/new_timeline.h"
#include "consumer/apply/loop/retry.h"
#include "consumer/apply/loop/snapshots.h"
#include "consumer/apply/loop/sources.h"
#include "consumer/apply/loop/state.h"
#include "consumer/apply/loop/sweep.h"
#include "consumer/apply/loop/take.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/engine/line_name.h"

#include <assert.h>

enum { DRAIN_ALL_EVERY = BOUND(64, 2) }; // transactions

static void apply_expect(void *self, const struct change *change, int ahead) {
    const struct apply *apply = self;
    store_expect(apply->config.store, change, ahead);
}

int apply_new(struct apply **ret, const struct apply_config *config, struct error *error) {
    CLEANUP(apply_free) struct apply *apply = calloc(1, sizeof *apply);
    if (apply == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    apply->config = *config;
    missing_init(&apply->missing, config->catalog->table_count);
    apply->counters = config->counters;
    apply->incomplete = calloc((size_t)config->catalog->table_count + 1, sizeof *apply->incomplete);
    apply->feeding = calloc((size_t)config->catalog->table_count + 1, sizeof *apply->feeding);
    apply->seen = apply->redecode.seen =
        calloc((size_t)config->catalog->table_count + 1, sizeof *apply->seen);
    if (apply->incomplete == NULL || apply->feeding == NULL || apply->seen == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (config->monotonic_ms == NULL)
        apply->config.monotonic_ms = clock_monotonic_ms;
    if (config->wall_ms == NULL)
        apply->config.wall_ms = clock_wall_ms;
    const struct prefetch_config prefetch = {.source = config->source,
                                             .envelope = {.catalog = config->catalog,
                                                          .settings = config->settings,
                                                          .seen = apply->seen,
                                                          .other_keys = config->other_keys},
                                             .drift = &apply->drift,
                                             .ahead = apply_expect,
                                             .ahead_max = CHANGES_EXPECTED,
                                             .pack = store_pack,
                                             .self = apply};
    if (freshness_init(&apply->freshness, config->catalog->table_count, error) != 0 ||
        prefetch_new(&apply->prefetch, &prefetch, error) != 0 ||
        merge_new(&apply->merge, config->catalog, store_sequence(config->store), error) != 0 ||
        lost_init(apply, error) != 0 || snapshots_init(apply, error) != 0)
        return -1;
    apply->newest = store_sequence(config->store);
    if (apply->newest.lsn != LSN_NONE) // only PostgreSQL's transactions are read
        envelope_seen_postgres(apply->seen, config->catalog->table_count);
    progress_transaction(config->progress, -1, apply->newest.lsn);
    apply->singly = config->singly_messages;
    take_set_writing(apply);
    apply->fresh = apply->newest.lsn == LSN_NONE;
    commit_recall_torn(apply);
    merge_set_nameless(apply->merge, store_before(config->store).nameless);
    apply->unjudged_lsn = store_before(config->store).unjudged_lsn;
    new_timeline_load(apply);
    *ret = apply;
    apply = NULL;
    return 0;
}

static void apply_free_partition(struct partition *partition) {
    if (partition == NULL)
        return;
    free(partition->topic);
    free(partition->feeds);
    beginning_free(&partition->beginning);
    free(partition);
}

void apply_free(struct apply **apply) {
    struct apply *a = *apply;
    if (a == NULL)
        return;
    prefetch_free(&a->prefetch);
    (void)store_rollback(a->config.store, NULL);
    for (int i = 0; i < a->partition_count; i++)
        apply_free_partition(a->partitions[i]);
    free(a->partitions);
    feeds_free(a);
    offsets_json_free(&a->offsets);
    drift_free(&a->drift);
    missing_free(&a->missing);
    unplaced_free(&a->unplaced);
    freshness_free(&a->freshness);
    redecode_free(&a->redecode);
    free(a->seen);
    merge_free(&a->merge);
    lost_free(&a->lost);
    for (int i = 0; a->incomplete != NULL && i < a->config.catalog->table_count; i++)
        free(a->incomplete[i]);
    free(a->incomplete);
    sources_free(a);
    free(a->snapshots);
    free(a);
    *apply = NULL;
}

static void apply_load_offset(const struct apply *apply, struct partition *partition) {
    int count;
    const struct store_offset *offsets = store_offsets(apply->config.store, &count);
    for (int i = 0; i < count; i++) {
        if (offsets[i].partition != partition->id || strcmp(offsets[i].topic, partition->topic) != 0)
            continue;
        partition->unread = offsets[i].unread;
        partition->known = partition->unread == STORE_READ;
        partition->started_at = partition->known ? 0 : offsets[i].next_offset;
        partition->first_ms = partition->known ? -1 : 0;
        partition->next_offset = partition->committed_offset = offsets[i].next_offset;
        partition->after_delete = offsets[i].after_delete;
        partition->deleted_key = offsets[i].deleted_key;
        partition->newest_ts_ms = offsets[i].newest_ts_ms;
        partition->snapshot_lsn = offsets[i].snapshot_lsn;
        partition->snapshot_ms = offsets[i].snapshot_ms;
        partition->newest_lsn = offsets[i].newest_lsn;
        partition->newest_source_ms = offsets[i].newest_source_ms;
    }
}

// The file says it of a topic, and of good: what came while another source.sql was there may have its tombstones yet. What came
// since is known of its other partitions.
static bool apply_has_others(const struct apply *apply, const char *topic) {
    int count;
    const struct store_offset *offsets = store_offsets(apply->config.store, &count);
    bool has = false;
    for (int i = 0; i < count; i++)
        has |= offsets[i].has_others && strcmp(offsets[i].topic, topic) == 0;
    for (int i = 0; i < apply->partition_count; i++)
        has |= apply->partitions[i] != NULL && apply->partitions[i]->has_others &&
               strcmp(apply->partitions[i]->topic, topic) == 0;
    return has;
}

// A file that has a position, and nothing of the partition's table: source.sql has declared it since.
static bool apply_is_late(const struct apply *apply, const struct partition *partition) {
    int count;
    const struct store_offset *offsets = store_offsets(apply->config.store, &count);
    bool late = !apply->fresh && partition->role == TOPIC_TABLE;
    for (int i = 0; i < count && late; i++)
        late = offsets[i].unread != STORE_READ ||
               topic_feeds(offsets[i].topic, apply->config.prefix, partition->table) == TOPIC_FEEDS_NOT;
    return late;
}

static struct partition *apply_make_partition(struct apply *apply, const char *topic, int32_t id,
                                              struct error *error) {
    struct partition *partition = calloc(1, sizeof *partition);
    if (partition == NULL || (partition->topic = strdup(topic)) == NULL) {
        apply_free_partition(partition);
        (void)error_set(error, ERROR_SYSTEM, "out of memory");
        return NULL;
    }
    partition->id = id;
    partition->newest_lsn = partition->snapshot_lsn = LSN_NONE;
    partition->added_ms = apply->config.monotonic_ms();
    partition->role = topic_role(topic, apply->config.prefix, apply->config.catalog, &partition->table);
    if (feeds_init(apply, partition, error) != 0) {
        apply_free_partition(partition);
        return NULL;
    }
    apply_load_offset(apply, partition);
    partition->late = apply_is_late(apply, partition);
    partition->has_others = apply_has_others(apply, topic);
    return partition;
}

static int apply_grow_partitions(struct apply *apply, int slot, struct error *error) {
    if (slot < apply->partition_count)
        return 0;
    struct partition **grown = realloc(apply->partitions, ((size_t)slot + 1) * sizeof *grown);
    if (grown == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    apply->partitions = grown;
    while (apply->partition_count <= slot)
        apply->partitions[apply->partition_count++] = NULL;
    return 0;
}

// Two topics that feed one table would make one row of two, so they are refused before a row is applied. A line of
// source.sql that names the table's topics says that they are one table's; so does the declaration of partitions,
// each of which may have one.
static int apply_refuse_second_topic(const struct apply *apply, const struct partition *partition,
                                     struct error *error) {
    const struct table *table = partition->table;
    for (int i = 0; table != NULL && table->topic == NULL && i < apply->partition_count; i++) {
        const struct partition *other = apply->partitions[i];
        if (other == NULL || other->table != table || strcmp(other->topic, partition->topic) == 0 ||
            topic_feeds(other->topic, apply->config.prefix, table) !=
                topic_feeds(partition->topic, apply->config.prefix, table))
            continue;
        return error_set(
            error, ERROR_HALT,
            "topics %s and %s would both feed table %s: declare it with its schema in source.sql, as `create table "
            "SCHEMA.%s(..)`, or say that both are its, with `-- tidemark: topic %s = /REGEX/`",
            other->topic, partition->topic, table->name, table->relation, line_name_table(table->name).text);
    }
    return 0;
}

// A partition is in its slot when everything is there that belongs to it, and not before: one that fails is
// added anew by the next discovery.
static int apply_fill_slot(struct apply *apply, int slot, const char *topic, int32_t id,
                           struct error *error) {
    if (apply_grow_partitions(apply, slot, error) != 0)
        return -1;
    if (apply->partitions[slot] != NULL)
        return 0;
    struct partition *partition = apply_make_partition(apply, topic, id, error);
    if (partition == NULL)
        return -1;
    partition->topic_slot = feeds_topic_slot(apply, topic, slot);
    if (apply_refuse_second_topic(apply, partition, error) != 0 ||
        prefetch_add_slot(apply->prefetch, slot, partition->role, partition->table, error) != 0 ||
        feeds_expect_slot(apply, partition, error) != 0 ||
        offsets_json_add(&apply->offsets, partition->topic, id, slot, error) != 0) {
        apply_free_partition(partition);
        return -1;
    }
    apply->partitions[slot] = partition;
    apply->begun.lsn = LSN_NONE;
    feeds_add_slot(apply, partition, slot);
    for (const struct table *table = NULL; (table = feeds_next(apply, partition, table)) != NULL;)
        lost_note_table(apply, table);
    progress_set_applied(apply->config.progress, slot, partition->next_offset);
    return 0;
}

int apply_add_partition(struct apply *apply, const char *topic, int32_t id, int *ret_slot,
                        int64_t *ret_next_offset, struct error *error) {
    int slot = progress_partition(apply->config.progress, topic, id);
    if (slot < 0)
        return error_set(error, ERROR_SYSTEM, "more than %d partitions, or out of memory",
                         APPLY_PARTITIONS_MAX);
    if (apply_fill_slot(apply, slot, topic, id, error) != 0)
        return -1;
    const struct partition *partition = apply->partitions[slot];
    *ret_slot = slot;
    *ret_next_offset = partition->known ? partition->next_offset : -1;
    return 0;
}

int apply_start_at(struct apply *apply, int slot, int64_t low, int64_t high, struct error *error) {
    struct partition *partition = apply->partitions[slot];
    if (partition->known)
        return 0;
    progress_set_applied(apply->config.progress, slot, low);
    return cut_begin(apply, partition, low, high, error);
}

void apply_watch_gaps(struct apply *apply, int slot, int64_t end) {
    compacted_watch(apply->partitions[slot], end);
}

void apply_watch_gaps_again(struct apply *apply, int slot, int64_t passed, int64_t since_ms) {
    compacted_watch_again(apply->partitions[slot], passed, since_ms);
}

bool apply_watches_gaps(const struct apply *apply, int slot) {
    return compacted_watches(apply->partitions[slot]);
}

void apply_note_position(struct apply *apply, int slot, int64_t position) {
    compacted_note_position(apply, apply->partitions[slot], position);
}

bool apply_describe_gap(const struct apply *apply, int slot, struct apply_gap *ret) {
    const struct partition *partition = apply->partitions[slot];
    *ret = (struct apply_gap){partition->gap.from, partition->gap.to, partition->gap.after_ms};
    return partition->role == TOPIC_TABLE && partition->gap.to != 0;
}

int apply_note_compacted(struct apply *apply, int slot, int64_t tombstones_ms, struct error *error) {
    return compacted_tell(apply, apply->partitions[slot], tombstones_ms, error);
}

void apply_verify_first(struct apply *apply, int slot) {
    apply->partitions[slot]->verify = true;
}

struct apply_message apply_newest(const struct apply *apply, int slot) {
    const struct partition *partition = apply->partitions[slot];
    return partition->known ? (struct apply_message){partition->next_offset - 1, partition->newest_ts_ms}
                            : (struct apply_message){0};
}

int apply_note_another_log(struct apply *apply, int slot, const char *reason, struct error *error) {
    progress_forget_high(apply->config.progress, slot);
    return cut_note_another(apply, apply->partitions[slot], reason, error);
}

int64_t apply_next_offset(const struct apply *apply, int slot) {
    return apply->partitions[slot]->next_offset;
}

int64_t apply_committed_offset(const struct apply *apply, int slot) {
    return apply->partitions[slot]->committed_offset;
}

bool apply_partition(const struct apply *apply, int slot, struct apply_partition *ret) {
    if (slot >= apply->partition_count)
        return false;
    const struct partition *partition = apply->partitions[slot];
    *ret = partition == NULL
               ? (struct apply_partition){0}
               : (struct apply_partition){partition->topic, partition->id, partition->committed_offset};
    return true;
}

int apply_follow_timelines(struct apply *apply, const struct store *of, struct error *error) {
    return new_timeline_follow(apply, of, error);
}

void apply_set_sequenced(struct apply *apply, bool sequenced) {
    // Rows that were taken before there were ENDs do not come again for theirs.
    if (sequenced && !merge_is_sequenced(apply->merge))
        merge_skip_through(apply->merge, apply->newest);
    merge_set_sequenced(apply->merge, sequenced);
}

bool apply_saw_transactions(const struct apply *apply) {
    return apply->saw_transactions;
}

static enum merge_verdict apply_judge(const struct apply *apply, const struct partition *partition) {
    if (partition->role != TOPIC_TABLE || partition->event->kind != EVENT_CHANGE ||
        (partition->failure != NULL && !partition->event->placed))
        return MERGE_TAKE;
    if (partition->lower != LOWER_NOT)
        return MERGE_WAIT;
    return merge_judge(apply->merge, partition->event);
}

// What becomes of a partition's head: it waits, too, where there is none.
static int apply_look(struct apply *apply, int slot, enum merge_verdict *ret, struct error *error) {
    const struct partition *partition = apply->partitions[slot];
    *ret = MERGE_WAIT;
    if (head_look(apply, slot, error) != 0)
        return -1;
    if (partition->head == NULL)
        return 0;
    if (partition->event->change.op == CHANGE_READ && new_timeline_look(apply, slot, error) != 0)
        return -1;
    *ret = apply_judge(apply, partition);
    return 0;
}

// The partition's turn begins, unless another one has rows for the same table that were sent earlier: then `turn` stays 0. Where
// a table grows, its rows so come to the file's pages one after the other: taken as they are delivered, one partition was half a
// million rows ahead, and each page was filled again for each of them. What was not delivered is not waited for. Rows that change
// are better taken as they come: more of one key are in a commit.
static int apply_begin_turn(struct apply *apply, struct partition *partition, struct error *error) {
    const struct slot_list *of_table = &apply->feeding[partition->table->index];
    for (int i = 0; i < of_table->count; i++) {
        const struct partition *other = apply->partitions[of_table->slots[i]];
        enum merge_verdict verdict;
        if (apply_look(apply, of_table->slots[i], &verdict, error) != 0)
            return -1;
        if (verdict != MERGE_WAIT && other->head->ts_ms < partition->head->ts_ms)
            return 0;
    }
    partition->turn = APPLY_TURN_MESSAGES;
    return 0;
}

// Whether there is enough for a commit: what is handed over now is written by another thread, beside what comes next.
static bool apply_has_enough(const struct apply *apply) {
    return store_has_enough(apply->config.store) && !merge_current_begun(apply->merge);
}

// Takes from one partition until its head must wait, `budget` is used up, or there is enough for a commit.
static int apply_drain(struct apply *apply, int slot, int64_t *budget, struct error *error) {
    struct partition *partition = apply->partitions[slot];
    while (*budget > 0 && !apply_has_enough(apply)) {
        enum merge_verdict verdict;
        if (apply_look(apply, slot, &verdict, error) != 0)
            return -1;
        if (verdict == MERGE_WAIT)
            return 0;
        if (verdict != MERGE_CURRENT && partition->grown >= APPLY_GROWN_MIN && partition->turn == 0) {
            if (apply_begin_turn(apply, partition, error) != 0)
                return -1;
            if (partition->turn == 0)
                return 0;
            continue; // another's head may have changed what becomes of this one
        }
        if (partition->turn > 0)
            partition->turn--;
        if (take_head(apply, slot, verdict, error) != 0)
            return -1;
        --*budget;
    }
    return 0;
}

// Passes over what a transaction topic's partition has before its next END above C. True when such an END is
// its head.
static int apply_seek_end(struct apply *apply, int slot, int64_t *budget, bool *ret_found,
                          struct error *error) {
    *ret_found = false;
    struct partition *partition = apply->partitions[slot];
    while (*budget > 0) {
        if (head_look(apply, slot, error) != 0)
            return -1;
        if (partition->head == NULL)
            return 0;
        if (partition->failure == NULL && partition->event->kind == EVENT_END &&
            partition->event->change.lsn > merge_finished_lsn(apply->merge)) {
            *ret_found = true;
            return 0;
        }
        if (take_head(apply, slot, MERGE_TAKE, error) != 0)
            return -1;
        --*budget;
    }
    return 0;
}

// The next END in commit order. Of several partitions (a topic that was repartitioned) it is the lowest, once
// each has shown its own or is at its end.
static int apply_find_end(struct apply *apply, int64_t *budget, int *ret_slot, struct error *error) {
    int lowest = -1;
    bool unsure = false;
    for (int i = 0; i < apply->boundaries.count; i++) {
        int slot = apply->boundaries.slots[i];
        bool found;
        if (apply_seek_end(apply, slot, budget, &found, error) != 0)
            return -1;
        if (!found)
            unsure |= !apply->config.source.at_end(apply->config.source.self, slot);
        else if (lowest < 0 ||
                 apply->partitions[slot]->event->change.lsn < apply->partitions[lowest]->event->change.lsn)
            lowest = slot;
    }
    *ret_slot = apply->boundaries.count > 1 && unsure ? -1 : lowest;
    return 0;
}

static int apply_current_end_slot(const struct apply *apply) {
    for (int i = 0; i < apply->boundaries.count; i++) {
        int slot = apply->boundaries.slots[i];
        const struct partition *partition = apply->partitions[slot];
        if (partition->head != NULL && partition->failure == NULL && partition->event->kind == EVENT_END &&
            partition->event->change.lsn == merge_current_lsn(apply->merge))
            return slot;
    }
    return -1;
}

// One that is whole, in commit order: with the next commit it is shown.
static int apply_show_transaction(struct apply *apply, int64_t txid, int64_t lsn, struct error *error) {
    progress_transaction(apply->config.progress, txid, lsn);
    return store_transaction_end(apply->config.store, txid, lsn, error);
}

static int apply_finish_current(struct apply *apply, struct error *error) {
    bool whole = merge_is_whole(apply->merge);
    bool gap = merge_leaves_gap(apply->merge);
    int end = apply_current_end_slot(apply);
    assert(end >= 0);
    commit_open(apply);
    // A transaction that is not whole is not reported as shown. TOAST values of its key changes stay, since
    // later rows may ask for them.
    if (whole && apply_show_transaction(apply, merge_current_txid(apply->merge),
                                        merge_current_lsn(apply->merge), error) != 0)
        return -1;
    lost_note_end(apply, apply->partitions[end]->event);
    merge_finish(apply->merge);
    if (apply->first_end_ms == 0)
        apply->first_end_ms = apply->config.monotonic_ms();
    apply->waiting.advanced = true;
    apply->counters.ignored++;
    if (apply->partitions[end]->event->change.ts_ms > apply->newest_ts_ms)
        apply->newest_ts_ms = apply->partitions[end]->event->change.ts_ms;
    if (whole)
        apply->counters.transactions++;
    else if (!merge_rows_are_nameless(apply->merge))
        (void)take_count_passed(apply, merge_finished_txid(apply->merge));
    if (!whole || gap)
        torn_begin(&apply->torn);
    snapshots_note_end(apply, merge_finished_lsn(apply->merge));
    if (whole && apply->torn.until == LSN_NONE && merge_finished_lsn(apply->merge) > apply->torn.beyond &&
        merge_finished(apply->merge).ts_ms > apply->torn.beyond_ms)
        apply->torn.until = merge_finished_lsn(apply->merge);
    take_release(apply, end);
    return 0;
}

// Makes the next END the current transaction; one whose rows were let through before is finished at once.
static int apply_next_current(struct apply *apply, int64_t *budget, bool *ret_progress, struct error *error) {
    int end;
    if (apply_find_end(apply, budget, &end, error) != 0)
        return -1;
    *ret_progress = end >= 0;
    if (end < 0)
        return 0;
    const struct change *change = &apply->partitions[end]->event->change;
    enum merge_end outcome = merge_offer_end(apply->merge, apply->partitions[end]->event);
    switch (outcome) {
    case MERGE_END_CURRENT:
        lost_begin_current(apply, end);
        return 0;
    case MERGE_END_PASSED_WHOLE:
    case MERGE_END_PASSED:
        apply->counters.ignored++;
        commit_open(apply);
        if (outcome == MERGE_END_PASSED_WHOLE &&
            apply_show_transaction(apply, change->txid, change->lsn, error) != 0)
            return -1;
        take_release(apply, end);
        return 0;
    case MERGE_END_REPEATED:
        return take_head(apply, end, MERGE_TAKE, error);
    }
    return 0;
}

int64_t apply_open_ms(const struct apply *apply, int64_t *ret_taken) {
    bool open = store_in_transaction(apply->config.store);
    *ret_taken = (open ? apply->open.messages : 0) + (apply->handed.writing ? apply->handed.messages : 0);
    if (open)
        return apply->config.monotonic_ms() - apply->open.opened_ms;
    return apply->handed.writing ? 0 : -1;
}

bool apply_is_writing(const struct apply *apply) {
    return apply->handed.writing && !store_commit_is_done(apply->config.store);
}

static int apply_drain_all(struct apply *apply, int64_t *budget, struct error *error) {
    for (int i = 0; i < apply->partition_count; i++) {
        const struct partition *partition = apply->partitions[i];
        if (partition == NULL || (partition->role == TOPIC_TRANSACTION && merge_is_sequenced(apply->merge)))
            continue;
        if (apply_drain(apply, i, budget, error) != 0)
            return -1;
    }
    return 0;
}

static int apply_drain_slots(struct apply *apply, const struct slot_list *list, int64_t *budget,
                             struct error *error) {
    for (int i = 0; i < list->count; i++)
        if (apply_drain(apply, list->slots[i], budget, error) != 0)
            return -1;
    return 0;
}

// The tables that the END counts rows of, awaited or not: one that none came of may have some after all. Heartbeats are
// evidence of what will not come.
static int apply_drain_counted(struct apply *apply, const struct event *end, int64_t *budget,
                               struct error *error) {
    for (int t = 0; t < apply->config.catalog->table_count; t++)
        if (end->expected[t] > 0 && apply_drain_slots(apply, &apply->feeding[t], budget, error) != 0)
            return -1;
    return apply_drain_slots(apply, &apply->heartbeats, budget, error);
}

// Rows of the current transaction. What other partitions have waits for other transactions, or for none (a snapshot's rows):
// they are looked at now and then, and when the rows are not all where they are expected.
static int apply_drain_for_current(struct apply *apply, int64_t *budget, struct error *error) {
    int end = apply_current_end_slot(apply);
    // Rows of collections that nobody declared may come through a router, in any topic.
    bool all =
        apply->drained++ % DRAIN_ALL_EVERY == 0 || end < 0 || apply->partitions[end]->event->other_count > 0;
    if (!all && apply_drain_counted(apply, apply->partitions[end]->event, budget, error) != 0)
        return -1;
    return all || merge_get_phase(apply->merge) == MERGE_PHASE_COLLECTING
               ? apply_drain_all(apply, budget, error)
               : 0;
}

static int apply_pass_current(struct apply *apply, const char *what, const char *why, struct error *error) {
    warnings_add(&apply->warnings,
                 "transaction %lld (commit LSN %lld): some of its rows %s (%s); going on without them",
                 (long long)merge_current_txid(apply->merge), (long long)merge_current_lsn(apply->merge),
                 what, why);
    return apply_finish_current(apply, error);
}

// --- the phases of the merge: each does what can be done now, and says whether it got anywhere but by messages
// that it took

static int apply_unsequenced(struct apply *apply, int64_t *budget, bool *ret_moved, struct error *error) {
    *ret_moved = false;
    return apply_drain_all(apply, budget, error);
}

static bool apply_awaits_rows_of(const struct apply *apply, const struct partition *partition) {
    if (partition->feeds_count <= 1)
        return partition->table != NULL && merge_missing(apply->merge, partition->table) > 0;
    for (const struct table *table = NULL; (table = feeds_next(apply, partition, table)) != NULL;)
        if (merge_missing(apply->merge, table) > 0)
            return true;
    return false;
}

// Rows of the current transaction are left where they are while what is whole before it is not committed, and
// not all of them can be there yet: it would be held up with them.
static bool apply_holds_back(const struct apply *apply) {
    const struct message_source *source = &apply->config.source;
    if (source->delivered == NULL || merge_current_begun(apply->merge) ||
        !store_in_transaction(apply->config.store))
        return false;
    int64_t lacking = merge_lacking(apply->merge);
    for (int i = 0; i < apply->partition_count && lacking > 0; i++)
        if (apply->partitions[i] != NULL && apply_awaits_rows_of(apply, apply->partitions[i]))
            lacking -= source->delivered(source->self, i);
    return lacking > 0;
}

static int apply_collect(struct apply *apply, int64_t *budget, bool *ret_moved, struct error *error) {
    int64_t before = *budget;
    char why[LOST_WHY_SIZE];
    *ret_moved = false;
    if (apply_holds_back(apply))
        return 0;
    if (apply_drain_for_current(apply, budget, error) != 0)
        return -1;
    if (*budget != before || merge_get_phase(apply->merge) != MERGE_PHASE_COLLECTING)
        return 0;
    *ret_moved = lost_excuse(apply);
    if (!*ret_moved && merge_is_unsure(apply->merge) && lost_is_nobodys(apply)) {
        merge_settle(apply->merge);
        *ret_moved = true;
    }
    if (*ret_moved || !lost_is_past(apply) || !lost_rows(apply, why))
        return 0;
    *ret_moved = true;
    return apply_pass_current(apply, "are not in their topics", why, error);
}

static int apply_seek(struct apply *apply, int64_t *budget, bool *ret_moved, struct error *error) {
    if (apply_next_current(apply, budget, ret_moved, error) != 0)
        return -1;
    if (!merge_has_current(apply->merge))
        return apply_drain_all(apply, budget, error);
    bool passed;
    return apply_collect(apply, budget, &passed, error);
}

static int apply_complete(struct apply *apply, int64_t *budget, bool *ret_moved, struct error *error) {
    (void)budget;
    *ret_moved = true;
    return apply_finish_current(apply, error);
}

static int (*const apply_phases[MERGE_PHASES])(struct apply *apply, int64_t *budget, bool *ret_moved,
                                               struct error *error) = {
    [MERGE_PHASE_UNSEQUENCED] = apply_unsequenced,
    [MERGE_PHASE_SEEKING] = apply_seek,
    [MERGE_PHASE_COLLECTING] = apply_collect,
    [MERGE_PHASE_COMPLETE] = apply_complete,
};

// Whether anything that was delivered has to wait.
static bool apply_has_waiting(const struct apply *apply) {
    if (merge_has_current(apply->merge))
        return true;
    for (int i = 0; i < apply->partition_count; i++)
        if (apply->partitions[i] != NULL && apply->partitions[i]->head != NULL)
            return true;
    return false;
}

static void apply_note_waiting(struct apply *apply, bool more_to_take) {
    bool waits = apply_has_waiting(apply);
    if (!waits || !apply->waiting.some || apply->waiting.advanced)
        apply->waiting.since_ms = apply->config.monotonic_ms();
    apply->waiting.advanced = false;
    apply->waiting.some = waits;
    apply->waiting.is = waits && !more_to_take;
}

int apply_step(struct apply *apply, int64_t *ret_taken, struct error *error) {
    int64_t budget = APPLY_STEP_MESSAGES;
    bool moved = true;
    while (moved && budget > 0) {
        int64_t before = budget;
        if (apply_phases[merge_get_phase(apply->merge)](apply, &budget, &moved, error) != 0 ||
            commit_when_due(apply, error) != 0)
            return -1;
        moved |= budget != before;
    }
    *ret_taken = APPLY_STEP_MESSAGES - budget;
    apply_note_waiting(apply, budget == 0);
    return 0;
}

bool apply_is_waiting(const struct apply *apply, int64_t *ret_since_ms) {
    *ret_since_ms = apply->waiting.since_ms;
    return apply->waiting.is;
}

void apply_describe_wait(const struct apply *apply, char *ret, size_t size) {
    lost_describe(apply, ret, size);
}

void apply_note_discovery(struct apply *apply) {
    lost_note_discovery(apply);
}

static void apply_let_through(struct apply *apply, const char *why) {
    warnings_add(
        &apply->warnings,
        "rows wait for a transaction's END that has not come (%s); rows are shown one by one until ENDs "
        "come again",
        why);
    merge_let_through(apply->merge);
}

int apply_pass_lost(struct apply *apply, struct error *error) {
    char why[LOST_WHY_SIZE];
    if (!apply->waiting.is || apply_holds_back(apply))
        return 0;
    if (new_timeline_is_blind(apply)) {
        apply->waiting.is = apply->waiting.some = false;
        return new_timeline_meet_blind(apply, error);
    }
    if (merge_has_current(apply->merge)) {
        if (!lost_rows(apply, why))
            return 0;
        apply->waiting.is = apply->waiting.some = false;
        return apply_pass_current(apply, "have not come", why, error);
    }
    if (!merge_is_letting_through(apply->merge) && lost_end(apply, why)) {
        apply->waiting.is = apply->waiting.some = false;
        apply_let_through(apply, why);
    }
    return 0;
}

int apply_pass(struct apply *apply, struct error *error) {
    static const char ended[] = "nothing more is read";
    apply->nothing_follows = true;
    apply->waiting.is = apply->waiting.some = false;
    if (merge_is_unsure(apply->merge)) {
        merge_settle(apply->merge);
        return 0;
    }
    if (merge_has_current(apply->merge))
        return apply_pass_current(apply, "have not come", ended, error);
    apply_let_through(apply, ended);
    return 0;
}

const struct progress_counters *apply_counters(const struct apply *apply) {
    return &apply->counters;
}

const struct progress_counters *apply_committed(const struct apply *apply) {
    return &apply->committed;
}

int apply_commit(struct apply *apply, struct error *error) {
    return commit_whole(apply, true, error);
}

int apply_finish(struct apply *apply, struct error *error) {
    return commit_finish(apply, error);
}

int apply_requested(struct apply *apply, int *ret_done, struct error *error) {
    return retry_requested(apply, ret_done, error);
}

bool apply_awaits_sweep(const struct apply *apply) {
    return sweep_is_awaited(apply);
}

int apply_sweep(struct apply *apply, bool (*at_end)(void *self, int slot), void *self, bool more_may_come,
                struct error *error) {
    return sweep_tables(apply, at_end, self, more_may_come, error);
}

const char *apply_warning(struct apply *apply) {
    const struct warning *warning = warnings_take(&apply->warnings);
    return warning != NULL ? warning->text : NULL;
}

bool apply_log_warning(struct apply *apply) {
    const struct warning *warning = warnings_take(&apply->warnings);
    if (warning != NULL)
        log_event(LEVEL_WARN, warning->event, &warning->about, "%s", warning->text);
    return warning != NULL;
}
