#include "consumer/apply.h"

#include "consumer/merge.h"
#include "consumer/offsets_document.h"
#include "consumer/timeline.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum {
    WARNINGS_MAX = 16,
    REASON_SIZE = ERROR_MESSAGE_SIZE,
    ENDLESS_MAX = 64, // transactions shown row by row whose later rows are not counted again
};

struct slot {
    char *topic;
    int32_t partition;
    enum topic_role role;
    const struct table *table;
    bool known; // something of it was applied: next_offset is where to go on
    bool dirty; // differs from the file
    int64_t next_offset;
    int64_t committed_offset;
    bool after_delete;
    uint64_t deleted_key;
    int64_t newest_ts_ms; // the broker's timestamp of the message before next_offset
    bool verify;          // that message is to come again, for comparison
    // the oldest message that was delivered and not taken, decoded
    const struct message *head;
    struct event event;
    int64_t newest_lsn; // of the streamed changes seen so far: beyond a snapshot's, its rows have all come
    bool failed;        // could not be decoded: `failure` says why
    char failure[REASON_SIZE];
};

struct apply {
    struct apply_config config;
    struct envelope_decoder *decoder;
    struct merge *merge;
    struct slot **slots; // by number; NULL where progress knows a partition that is not read here
    int slot_count;
    struct offsets_document offsets;
    struct progress_counters counters;
    int64_t newest_ts_ms;
    struct timelines timelines;
    // the highest commit that any event named, and when: what is lower and yet later is of a new timeline
    struct store_sequence newest;
    bool swept_so_far;  // what was delivered is all there is for now: its open snapshots count as whole
    bool torn;          // some of what was taken may be part of a transaction that is not shown whole
    int64_t torn_until; // commit LSN of the first whole transaction after it, LSN_NONE = none yet
    int64_t endless[ENDLESS_MAX]; // ring of the newest transactions that were counted as passed
    int endless_next;
    int endless_count;
    int64_t taken; // messages since the transaction was opened
    int64_t taken_bytes;
    int64_t opened_ms;        // monotonic
    bool saw_transactions;    // some row named one: there is a transaction topic, or will be
    bool waiting;             // delivered messages wait for others
    bool advanced;            // the merge has got somewhere since the newest step's end
    int64_t waiting_since_ms; // monotonic: when it last had
    char warnings[WARNINGS_MAX][REASON_SIZE];
    int warning_next;
    int warning_count;
};

static void warn(struct apply *apply, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The oldest gives way: a storm of warnings is told by its newest, and by the counters.
static void warn(struct apply *apply, const char *format, ...) {
    int place = (apply->warning_next + apply->warning_count) % WARNINGS_MAX;
    if (apply->warning_count == WARNINGS_MAX)
        apply->warning_next = (apply->warning_next + 1) % WARNINGS_MAX;
    else
        apply->warning_count++;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(apply->warnings[place], REASON_SIZE, format, args);
    va_end(args);
}

const char *apply_warning(struct apply *apply) {
    if (apply->warning_count == 0)
        return NULL;
    const char *warning = apply->warnings[apply->warning_next];
    apply->warning_next = (apply->warning_next + 1) % WARNINGS_MAX;
    apply->warning_count--;
    return warning;
}

static void note_drift(void *self, const struct table *table, struct span column) {
    struct apply *apply = self;
    progress_drift(apply->config.progress, table->name, column.data, (int)column.size);
}

static void load_timelines(struct apply *apply) {
    int count;
    const int64_t *since = store_timelines(apply->config.store, &count);
    apply->timelines.count = count < TIMELINES_MAX ? count : TIMELINES_MAX;
    for (int i = 0; i < apply->timelines.count; i++)
        apply->timelines.since_ts_ms[i] = since[i];
}

int apply_new(struct apply **ret, const struct apply_config *config, struct error *error) {
    CLEANUP(apply_free) struct apply *apply = calloc(1, sizeof *apply);
    if (apply == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    apply->config = *config;
    const struct envelope_config envelope = {
        .catalog = config->catalog, .settings = config->settings, .drift = note_drift, .self = apply};
    if (envelope_decoder_new(&apply->decoder, &envelope, error) != 0 ||
        merge_new(&apply->merge, config->catalog, store_sequence(config->store), error) != 0)
        return -1;
    apply->newest = store_sequence(config->store);
    // What the last run showed in part is not whole by starting again.
    apply->torn = apply->newest.lsn != LSN_NONE && !store_was_transactional(config->store);
    apply->torn_until = LSN_NONE;
    load_timelines(apply);
    *ret = apply;
    apply = NULL;
    return 0;
}

static void free_slot(struct slot *slot) {
    if (slot == NULL)
        return;
    event_done(&slot->event);
    free(slot->topic);
    free(slot);
}

void apply_free(struct apply **apply) {
    struct apply *a = *apply;
    if (a == NULL)
        return;
    (void)store_rollback(a->config.store, NULL);
    for (int i = 0; i < a->slot_count; i++)
        free_slot(a->slots[i]);
    free(a->slots);
    offsets_document_free(&a->offsets);
    merge_free(&a->merge);
    envelope_decoder_free(&a->decoder);
    free(a);
    *apply = NULL;
}

static void load_offset(const struct apply *apply, struct slot *slot) {
    int count;
    const struct store_offset *offsets = store_offsets(apply->config.store, &count);
    for (int i = 0; i < count; i++) {
        if (offsets[i].partition != slot->partition || strcmp(offsets[i].topic, slot->topic) != 0)
            continue;
        slot->known = true;
        slot->next_offset = slot->committed_offset = offsets[i].next_offset;
        slot->after_delete = offsets[i].after_delete;
        slot->deleted_key = offsets[i].deleted_key;
        slot->newest_ts_ms = offsets[i].newest_ts_ms;
    }
}

static struct slot *make_slot(struct apply *apply, const char *topic, int32_t partition,
                              struct error *error) {
    struct slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL || (slot->topic = strdup(topic)) == NULL ||
        event_init(&slot->event, apply->config.catalog, error) != 0) {
        free_slot(slot);
        (void)error_set(error, ERROR_SYSTEM, "out of memory");
        return NULL;
    }
    slot->partition = partition;
    slot->newest_lsn = LSN_NONE;
    slot->role = topic_role(topic, apply->config.prefix, apply->config.catalog, &slot->table);
    load_offset(apply, slot);
    return slot;
}

int apply_add_partition(struct apply *apply, const char *topic, int32_t partition, int *ret_slot,
                        int64_t *ret_next_offset, struct error *error) {
    int number = progress_partition(apply->config.progress, topic, partition);
    if (number < 0)
        return error_set(error, ERROR_SYSTEM, "more than %d partitions, or out of memory", APPLY_SLOTS_MAX);
    if (number >= apply->slot_count) {
        struct slot **grown = realloc(apply->slots, ((size_t)number + 1) * sizeof *grown);
        if (grown == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        apply->slots = grown;
        while (apply->slot_count <= number)
            apply->slots[apply->slot_count++] = NULL;
    }
    if (apply->slots[number] == NULL) {
        apply->slots[number] = make_slot(apply, topic, partition, error);
        if (apply->slots[number] == NULL ||
            offsets_document_add(&apply->offsets, apply->slots[number]->topic, partition, number, error) != 0)
            return -1;
        progress_set_applied(apply->config.progress, number, apply->slots[number]->next_offset);
    }
    *ret_slot = number;
    *ret_next_offset = apply->slots[number]->known ? apply->slots[number]->next_offset : -1;
    return 0;
}

void apply_start_at(struct apply *apply, int number, int64_t offset) {
    struct slot *slot = apply->slots[number];
    if (slot->known)
        return;
    slot->next_offset = slot->committed_offset = offset;
    progress_set_applied(apply->config.progress, number, offset);
}

void apply_verify_first(struct apply *apply, int slot) {
    apply->slots[slot]->verify = true;
}

int64_t apply_next_offset(const struct apply *apply, int slot) {
    return apply->slots[slot]->next_offset;
}

int64_t apply_committed_offset(const struct apply *apply, int slot) {
    return apply->slots[slot]->committed_offset;
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

static int begin(struct apply *apply, struct error *error) {
    if (store_in_transaction(apply->config.store))
        return 0;
    apply->taken = 0;
    apply->taken_bytes = 0;
    apply->opened_ms = clock_monotonic_ms();
    return store_begin(apply->config.store, error);
}

// Makes an event's LSNs comparable with those of other timelines.
static void place_event(const struct apply *apply, struct event *event) {
    struct change *change = &event->change;
    change->lsn = timeline_lsn(&apply->timelines, event->source_lsn, change->ts_ms);
    change->previous_commit = timeline_lsn(&apply->timelines, event->source_previous_commit, change->ts_ms);
}

static bool is_streamed(const struct event *event) {
    return event->kind == EVENT_CHANGE && event->change.op != CHANGE_READ &&
           event->change.op != CHANGE_TOMBSTONE;
}

static int begin(struct apply *apply, struct error *error);

// Goes on in the new timeline: it holds for all that was committed after the newest commit of the old one.
static int accept_timeline(struct apply *apply, struct error *error) {
    if (apply->timelines.count == TIMELINES_MAX)
        return error_set(error, ERROR_HALT, "more than %d timelines", TIMELINES_MAX);
    if (begin(apply, error) != 0 ||
        store_add_timeline(apply->config.store, apply->newest.ts_ms + 1, error) != 0)
        return -1;
    load_timelines(apply);
    for (int i = 0; i < apply->slot_count; i++)
        if (apply->slots[i] != NULL && apply->slots[i]->head != NULL)
            place_event(apply, &apply->slots[i]->event);
    if (apply->config.on_timeline == TIMELINE_ACCEPT_ONE)
        apply->config.on_timeline = TIMELINE_HALT;
    warn(apply, "a new timeline of the source is accepted: LSNs of commits after %lld ms count anew",
         (long long)apply->newest.ts_ms);
    return 0;
}

// Compares an event's place with the newest commit known. With ENDs only they tell: they come in commit
// order, so all of the old timeline's have been seen when the new one's first comes.
static int watch_timeline(struct apply *apply, const struct slot *slot, struct error *error) {
    const struct event *event = &slot->event;
    bool by_rows = !merge_is_sequenced(apply->merge) || merge_is_letting_through(apply->merge) ||
                   merge_rows_are_nameless(apply->merge);
    if (event->kind != EVENT_END && !(by_rows && is_streamed(event)))
        return 0;
    int64_t place = event->kind == EVENT_END ? event->change.lsn : event->change.previous_commit;
    if (timeline_is_new(apply->newest, place, event->change.ts_ms)) {
        if (apply->config.on_timeline != TIMELINE_HALT)
            return accept_timeline(apply, error);
        return error_set(
            error, ERROR_HALT,
            "%s partition %d offset %lld: a new timeline of the source: commit LSN %lld at %lld ms comes after "
            "LSN %lld at %lld ms. The source failed over or was restored; when that is right, start once "
            "with --accept-timeline",
            slot->topic, slot->partition, (long long)slot->head->offset,
            (long long)timeline_source_lsn(place), (long long)event->change.ts_ms,
            (long long)timeline_source_lsn(apply->newest.lsn), (long long)apply->newest.ts_ms);
    }
    if (place > apply->newest.lsn)
        apply->newest = (struct store_sequence){place, event->change.ts_ms};
    return 0;
}

// The message before next_offset, read once more: another one there means another log under the same name.
static int verify(struct slot *slot, const struct message *message, struct error *error) {
    slot->verify = false;
    if (message->offset >= slot->next_offset || slot->newest_ts_ms == 0 ||
        message->ts_ms == slot->newest_ts_ms)
        return 0;
    return error_set(
        error, ERROR_HALT,
        "%s partition %d: offset %lld is not the message that this file applied (its time is %lld, not %lld): the "
        "topic was made anew; read it into a new --db file",
        slot->topic, slot->partition, (long long)message->offset, (long long)message->ts_ms,
        (long long)slot->newest_ts_ms);
}

static void note_row(struct apply *apply, const struct event *event) {
    merge_note_row(apply->merge, event);
    apply->saw_transactions |= event->change.total_order > 0;
}

// The head of a slot, decoded; false when there is none. What was applied before is passed over here.
static int look(struct apply *apply, int number, bool *ret_found, struct error *error) {
    struct slot *slot = apply->slots[number];
    *ret_found = true;
    while (slot->head == NULL) {
        const struct message *message = apply->config.source.peek(apply->config.source.self, number);
        if (message == NULL) {
            *ret_found = false;
            return 0;
        }
        bool verifying = slot->verify;
        if (verifying && verify(slot, message, error) != 0)
            return -1;
        if (verifying && message->offset < slot->next_offset) {
            apply->config.source.release(apply->config.source.self, number);
            continue;
        }
        if (message->offset < slot->next_offset) {
            apply->counters.messages++;
            apply->counters.duplicates++;
            apply->config.source.release(apply->config.source.self, number);
            continue;
        }
        struct error failure = {0};
        slot->failed =
            envelope_decode(apply->decoder, slot->role, slot->table, message, &slot->event, &failure) != 0;
        // Only a message's own fault may put it aside; memory that is out is not.
        if (slot->failed && failure.kind != ERROR_INPUT)
            return error_set(error, failure.kind, "%s", failure.message);
        if (slot->failed)
            memcpy(slot->failure, failure.message, sizeof slot->failure);
        else if (slot->event.kind == EVENT_CHANGE)
            note_row(apply, &slot->event);
        slot->head = message;
        place_event(apply, &slot->event);
        if (!slot->failed && watch_timeline(apply, slot, error) != 0)
            return -1;
        if (is_streamed(&slot->event) && slot->event.change.lsn > slot->newest_lsn)
            slot->newest_lsn = slot->event.change.lsn;
    }
    return 0;
}

// The head has been dealt with.
static void let_go(struct apply *apply, int number) {
    struct slot *slot = apply->slots[number];
    slot->next_offset = slot->head->offset + 1;
    slot->newest_ts_ms = slot->head->ts_ms;
    slot->known = true;
    slot->dirty = true;
    apply->taken++;
    apply->taken_bytes += (int64_t)slot->head->value.size;
    apply->counters.messages++;
    slot->head = NULL;
    apply->config.source.release(apply->config.source.self, number);
}

static int quarantine(struct apply *apply, struct slot *slot, const char *reason, struct error *error) {
    const struct store_quarantined event = {
        .topic = slot->topic,
        .partition = slot->partition,
        .offset = slot->head->offset,
        .key = slot->head->key,
        .value = slot->head->value,
        .reason = reason,
        .at_ms = clock_wall_ms(),
    };
    if (slot->event.placed && slot->event.change.table != NULL)
        store_mark_snapshot(apply->config.store, &slot->event.change);
    apply->counters.quarantined++;
    progress_set_error(apply->config.progress, reason);
    warn(apply, "quarantined %s partition %d offset %lld: %s", slot->topic, slot->partition,
         (long long)slot->head->offset, reason);
    return store_quarantine(apply->config.store, &event, error);
}

// A tombstone after its delete says nothing new; one that stands alone (deletes turned into tombstones, or
// compacted away) is the delete.
static bool is_spent_tombstone(struct slot *slot) {
    const struct event *event = &slot->event;
    if (event->change.op == CHANGE_TOMBSTONE)
        return slot->after_delete && slot->deleted_key == event->key_hash;
    slot->after_delete = event->change.op == CHANGE_DELETE;
    slot->deleted_key = event->key_hash;
    return false;
}

static int apply_change(struct apply *apply, struct slot *slot, bool *ret_applied, struct error *error) {
    *ret_applied = false;
    if (is_spent_tombstone(slot)) {
        apply->counters.ignored++;
        return 0;
    }
    enum store_outcome outcome;
    struct error failure = {0};
    if (store_apply(apply->config.store, &slot->event.change, &outcome, &failure) != 0) {
        if (failure.kind == ERROR_INPUT)
            return quarantine(apply, slot, failure.message, error);
        if (error != NULL)
            *error = failure;
        return -1;
    }
    if (slot->event.change.ts_ms > apply->newest_ts_ms)
        apply->newest_ts_ms = slot->event.change.ts_ms;
    *ret_applied = outcome == STORE_APPLIED;
    if (*ret_applied)
        apply->counters.applied++;
    else
        apply->counters.duplicates++;
    return 0;
}

static void tear(struct apply *apply) {
    apply->torn = true;
    apply->torn_until = LSN_NONE;
}

// A transaction that is not shown whole: counted once. False when it was before.
static bool count_passed(struct apply *apply, int64_t txid) {
    for (int i = 0; i < apply->endless_count; i++)
        if (apply->endless[i] == txid)
            return false;
    apply->endless[apply->endless_next] = txid;
    apply->endless_next = (apply->endless_next + 1) % ENDLESS_MAX;
    if (apply->endless_count < ENDLESS_MAX)
        apply->endless_count++;
    apply->counters.transactions_passed++;
    return true;
}

// A row was shown by itself: its transaction's END is not there, or went by without it.
static void note_endless(struct apply *apply, const struct event *event) {
    bool is_new = event->change.total_order > 0 && count_passed(apply, event->change.txid);
    if (is_new && !apply->torn && !merge_is_letting_through(apply->merge))
        warn(
            apply,
            "transaction %lld: the END of its rows is not in the transaction topic; such rows are shown one by one",
            (long long)event->change.txid);
    tear(apply);
}

static int take(struct apply *apply, int number, enum merge_verdict verdict, struct error *error) {
    struct slot *slot = apply->slots[number];
    bool applied = false;
    int status = begin(apply, error);
    if (status != 0)
        return -1;
    slot->event.change.unordered = verdict == MERGE_TAKE;
    if (slot->failed)
        status = quarantine(apply, slot, slot->failure, error);
    else if (slot->event.kind == EVENT_CHANGE)
        status = apply_change(apply, slot, &applied, error);
    else
        apply->counters.ignored++;
    if (status != 0)
        return -1;
    if (slot->event.kind == EVENT_HEARTBEAT)
        progress_heartbeat(apply->config.progress, slot->event.heartbeat_ms);
    if (verdict == MERGE_CURRENT)
        merge_count(apply->merge, &slot->event);
    apply->advanced |= verdict == MERGE_CURRENT || verdict == MERGE_PAST;
    // A change outside of the order of transactions may be part of one that is not shown whole.
    if (verdict == MERGE_PAST && applied)
        note_endless(apply, &slot->event);
    bool awaits_end = slot->event.change.total_order > 0 &&
                      (!merge_is_sequenced(apply->merge) || merge_is_letting_through(apply->merge));
    if (awaits_end && verdict != MERGE_CURRENT)
        merge_note_passed(apply->merge, &slot->event);
    let_go(apply, number);
    return 0;
}

static enum merge_verdict judge(const struct apply *apply, const struct slot *slot) {
    if (slot->role != TOPIC_TABLE || slot->event.kind != EVENT_CHANGE ||
        (slot->failed && !slot->event.placed))
        return MERGE_TAKE;
    return merge_judge(apply->merge, &slot->event);
}

// Takes from one partition until its head must wait, or `budget` is used up.
static int drain(struct apply *apply, int number, int64_t *budget, struct error *error) {
    bool found;
    while (*budget > 0) {
        if (look(apply, number, &found, error) != 0)
            return -1;
        if (!found)
            return 0;
        enum merge_verdict verdict = judge(apply, apply->slots[number]);
        if (verdict == MERGE_WAIT)
            return 0;
        if (take(apply, number, verdict, error) != 0)
            return -1;
        --*budget;
    }
    return 0;
}

// Passes over what a transaction topic's partition has before its next END above C. True when such an END is
// its head.
static int seek_end(struct apply *apply, int number, int64_t *budget, bool *ret_found, struct error *error) {
    *ret_found = false;
    bool found;
    while (*budget > 0) {
        if (look(apply, number, &found, error) != 0)
            return -1;
        if (!found)
            return 0;
        struct slot *slot = apply->slots[number];
        if (!slot->failed && slot->event.kind == EVENT_END &&
            slot->event.change.lsn > merge_finished_lsn(apply->merge)) {
            *ret_found = true;
            return 0;
        }
        if (take(apply, number, MERGE_TAKE, error) != 0)
            return -1;
        --*budget;
    }
    return 0;
}

// The next END in commit order. Of several partitions (a topic that was repartitioned) it is the lowest, once
// each has shown its own or is at its end.
static int find_end(struct apply *apply, int64_t *budget, int *ret_slot, struct error *error) {
    int lowest = -1;
    int partitions = 0;
    bool unsure = false;
    for (int i = 0; i < apply->slot_count; i++) {
        struct slot *slot = apply->slots[i];
        if (slot == NULL || slot->role != TOPIC_TRANSACTION)
            continue;
        partitions++;
        bool found;
        if (seek_end(apply, i, budget, &found, error) != 0)
            return -1;
        if (!found)
            unsure |= !apply->config.source.at_end(apply->config.source.self, i);
        else if (lowest < 0 || slot->event.change.lsn < apply->slots[lowest]->event.change.lsn)
            lowest = i;
    }
    *ret_slot = partitions > 1 && unsure ? -1 : lowest;
    return 0;
}

static int current_end_slot(const struct apply *apply) {
    for (int i = 0; i < apply->slot_count; i++) {
        const struct slot *slot = apply->slots[i];
        if (slot != NULL && slot->role == TOPIC_TRANSACTION && slot->head != NULL && !slot->failed &&
            slot->event.kind == EVENT_END && slot->event.change.lsn == merge_current_lsn(apply->merge))
            return i;
    }
    return -1;
}

static int finish_current(struct apply *apply, struct error *error) {
    bool whole = merge_is_whole(apply->merge);
    bool gap = merge_leaves_gap(apply->merge);
    int end = current_end_slot(apply);
    assert(end >= 0);
    if (begin(apply, error) != 0)
        return -1;
    // Of one that is not whole nobody may say that it is shown, and what its key changes carry may still be
    // asked for.
    if (whole && store_transaction_end(apply->config.store, merge_current_txid(apply->merge),
                                       merge_current_lsn(apply->merge), error) != 0)
        return -1;
    merge_finish(apply->merge);
    apply->advanced = true;
    apply->counters.ignored++;
    if (apply->slots[end]->event.change.ts_ms > apply->newest_ts_ms)
        apply->newest_ts_ms = apply->slots[end]->event.change.ts_ms;
    if (whole)
        apply->counters.transactions++;
    else if (!merge_rows_are_nameless(apply->merge))
        (void)count_passed(apply, merge_finished_txid(apply->merge));
    if (!whole || gap)
        tear(apply);
    if (whole && apply->torn_until == LSN_NONE)
        apply->torn_until = merge_finished_lsn(apply->merge);
    let_go(apply, end);
    return 0;
}

// Makes the next END the current transaction; one whose rows were let through before is finished at once.
static int next_current(struct apply *apply, int64_t *budget, bool *ret_progress, struct error *error) {
    int end;
    if (find_end(apply, budget, &end, error) != 0)
        return -1;
    *ret_progress = end >= 0;
    if (end < 0)
        return 0;
    switch (merge_offer_end(apply->merge, &apply->slots[end]->event, error)) {
    case MERGE_END_CURRENT:
        return 0;
    case MERGE_END_PASSED:
        apply->counters.ignored++;
        if (begin(apply, error) != 0)
            return -1;
        let_go(apply, end);
        return 0;
    case MERGE_END_REPEATED:
        return take(apply, end, MERGE_TAKE, error);
    }
    return 0;
}

// Each partition is in commit order: when every partition of a table shows a head beyond the current
// transaction, the rows that the table still owes will never come.
static bool is_hopeless(const struct apply *apply) {
    bool owed = false;
    for (int t = 0; t < apply->config.catalog->table_count; t++) {
        const struct table *table = &apply->config.catalog->tables[t];
        if (merge_missing(apply->merge, table) <= 0)
            continue;
        owed = true;
        bool any = false;
        for (int i = 0; i < apply->slot_count; i++) {
            const struct slot *slot = apply->slots[i];
            if (slot == NULL || slot->table != table)
                continue;
            any = true;
            if (slot->head == NULL)
                return false;
        }
        if (!any)
            return false;
    }
    return owed;
}

static int commit_when_due(struct apply *apply, struct error *error) {
    if (!store_in_transaction(apply->config.store) || merge_current_begun(apply->merge))
        return 0;
    if (apply->taken < apply->config.commit_messages && apply->taken_bytes < APPLY_COMMIT_BYTES &&
        clock_monotonic_ms() - apply->opened_ms < APPLY_COMMIT_MS)
        return 0;
    return apply_commit(apply, error);
}

static int drain_all(struct apply *apply, int64_t *budget, struct error *error) {
    for (int i = 0; i < apply->slot_count; i++) {
        const struct slot *slot = apply->slots[i];
        if (slot == NULL || (slot->role == TOPIC_TRANSACTION && merge_is_sequenced(apply->merge)))
            continue;
        if (drain(apply, i, budget, error) != 0)
            return -1;
    }
    return 0;
}

static int pass_current(struct apply *apply, const char *why, struct error *error) {
    warn(apply, "transaction %lld (commit LSN %lld): some of its rows %s; going on without them",
         (long long)merge_current_txid(apply->merge), (long long)merge_current_lsn(apply->merge), why);
    return finish_current(apply, error);
}

int apply_step(struct apply *apply, int64_t *ret_taken, struct error *error) {
    int64_t budget = APPLY_COMMIT_MESSAGES;
    bool progress = true;
    while (progress && budget > 0) {
        int64_t before = budget;
        bool began = false;
        if (merge_is_sequenced(apply->merge) && !merge_has_current(apply->merge) &&
            next_current(apply, &budget, &began, error) != 0)
            return -1;
        if (drain_all(apply, &budget, error) != 0)
            return -1;
        bool whole = merge_is_whole(apply->merge);
        if (whole && finish_current(apply, error) != 0)
            return -1;
        bool nameless = !whole && merge_has_current(apply->merge) && merge_rows_are_nameless(apply->merge);
        if (nameless && finish_current(apply, error) != 0)
            return -1;
        bool hopeless = !whole && merge_has_current(apply->merge) && budget == before && is_hopeless(apply);
        if (hopeless && pass_current(apply, "are not in their topics", error) != 0)
            return -1;
        progress = began || whole || nameless || hopeless || budget != before;
        if (commit_when_due(apply, error) != 0)
            return -1;
    }
    *ret_taken = APPLY_COMMIT_MESSAGES - budget;
    bool waits = merge_has_current(apply->merge);
    for (int i = 0; i < apply->slot_count && !waits; i++)
        waits = apply->slots[i] != NULL && apply->slots[i]->head != NULL;
    if (!waits || !apply->waiting || apply->advanced)
        apply->waiting_since_ms = clock_monotonic_ms();
    apply->advanced = false;
    apply->waiting = waits && budget > 0;
    return 0;
}

bool apply_is_waiting(const struct apply *apply, int64_t *ret_since_ms) {
    *ret_since_ms = apply->waiting_since_ms;
    return apply->waiting;
}

int64_t apply_waits_for_ts_ms(const struct apply *apply) {
    int64_t oldest = INT64_MAX;
    for (int i = 0; i < apply->slot_count; i++) {
        const struct slot *slot = apply->slots[i];
        bool waits = slot != NULL && slot->head != NULL && !slot->failed;
        if (waits && slot->event.change.ts_ms > 0 && slot->event.change.ts_ms < oldest)
            oldest = slot->event.change.ts_ms;
    }
    return oldest != INT64_MAX ? oldest : 0;
}

bool apply_is_under_way(const struct apply *apply) {
    bool current = merge_has_current(apply->merge);
    for (int i = 0; i < apply->slot_count; i++) {
        const struct slot *slot = apply->slots[i];
        bool awaited = slot != NULL && slot->head == NULL &&
                       (current ? slot->table != NULL && merge_missing(apply->merge, slot->table) > 0
                                : slot->role == TOPIC_TRANSACTION);
        if (awaited && !apply->config.source.at_end(apply->config.source.self, i))
            return true;
    }
    return false;
}

int apply_pass(struct apply *apply, struct error *error) {
    apply->waiting = false;
    if (merge_has_current(apply->merge))
        return pass_current(apply, "have not come", error);
    warn(
        apply,
        "rows wait for a transaction's END that has not come; rows are shown one by one until ENDs come again");
    merge_let_through(apply->merge);
    return 0;
}

static bool snapshot_is_open(const struct apply *apply, int64_t *ret_newest) {
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
static void describe(const struct apply *apply, struct store_commit *commit) {
    int64_t snapshot;
    bool open = snapshot_is_open(apply, &snapshot) && !apply->swept_so_far;
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
}

static int save_offsets(struct apply *apply, struct store_commit *commit, struct error *error) {
    for (int i = 0; i < apply->slot_count; i++) {
        struct slot *slot = apply->slots[i];
        if (slot == NULL)
            continue;
        commit->applied_total += slot->next_offset;
        offsets_document_set(&apply->offsets, i, slot->next_offset);
        if (!slot->dirty)
            continue;
        const struct store_offset offset = {slot->topic,        slot->partition,   slot->next_offset,
                                            slot->after_delete, slot->deleted_key, slot->newest_ts_ms};
        if (store_set_offset(apply->config.store, &offset, error) != 0)
            return -1;
    }
    return offsets_document_write(&apply->offsets, &commit->offsets, error);
}

// Whether nothing is left to come of the transactions that are not shown whole: a whole one followed, and
// every table's partition is beyond it or read to its end.
static bool is_mended(const struct apply *apply) {
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

int apply_commit(struct apply *apply, struct error *error) {
    if (merge_current_begun(apply->merge))
        return 0;
    if (is_mended(apply)) {
        // worth a commit of its own: the position says it
        if (begin(apply, error) != 0)
            return -1;
        apply->torn = false;
    }
    if (!store_in_transaction(apply->config.store))
        return 0;
    struct store_commit commit = {0};
    describe(apply, &commit);
    if (save_offsets(apply, &commit, error) != 0 || store_commit(apply->config.store, &commit, error) != 0)
        return -1;
    apply->counters.commits++;
    for (int i = 0; i < apply->slot_count; i++) {
        struct slot *slot = apply->slots[i];
        if (slot == NULL || !slot->dirty)
            continue;
        slot->dirty = false;
        slot->committed_offset = slot->next_offset;
        progress_set_applied(apply->config.progress, i, slot->next_offset);
    }
    progress_committed(apply->config.progress, &apply->counters, apply->newest_ts_ms);
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

static bool is_past_snapshot(const struct apply *apply, const struct table *table, int64_t lsn,
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
        if (lsn == LSN_NONE || !marked || !is_past_snapshot(apply, table, lsn, at_end, self))
            continue;
        int64_t swept = 0;
        if (begin(apply, error) != 0 ||
            store_snapshot_sweep(apply->config.store, table, more_may_come, &swept, error) != 0)
            return -1;
        apply->swept_so_far |= more_may_come;
        if (swept > 0)
            warn(apply, "table %s: %lld rows that the newest snapshot (LSN %lld) does not have are gone",
                 table->name, (long long)swept, (long long)lsn);
    }
    return 0;
}

const struct progress_counters *apply_counters(const struct apply *apply) {
    return &apply->counters;
}
