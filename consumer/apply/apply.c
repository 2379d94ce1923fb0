#include "consumer/apply/loop/state.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

// The oldest gives way: a storm of warnings is told by its newest, and by the counters.
void apply_warn(struct apply *apply, const char *format, ...) {
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

static void apply_note_drift(void *self, const struct table *table, struct span column) {
    struct apply *apply = self;
    progress_drift(apply->config.progress, table->name, column.data, (int)column.size);
}

int apply_new(struct apply **ret, const struct apply_config *config, struct error *error) {
    CLEANUP(apply_free) struct apply *apply = calloc(1, sizeof *apply);
    if (apply == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    apply->config = *config;
    const struct prefetch_config ahead = {.source = config->source,
                                          .envelope = {.catalog = config->catalog,
                                                       .settings = config->settings,
                                                       .drift = apply_note_drift,
                                                       .self = apply}};
    if (prefetch_new(&apply->ahead, &ahead, error) != 0 ||
        merge_new(&apply->merge, config->catalog, store_sequence(config->store), error) != 0)
        return -1;
    apply->newest = store_sequence(config->store);
    // What the last run showed in part is not whole by starting again.
    apply->torn = store_was_torn(config->store);
    apply->torn_until = LSN_NONE;
    apply_load_timelines(apply);
    *ret = apply;
    apply = NULL;
    return 0;
}

static void apply_free_slot(struct slot *slot) {
    if (slot == NULL)
        return;
    free(slot->topic);
    free(slot);
}

void apply_free(struct apply **apply) {
    struct apply *a = *apply;
    if (a == NULL)
        return;
    prefetch_free(&a->ahead);
    (void)store_rollback(a->config.store, NULL);
    for (int i = 0; i < a->slot_count; i++)
        apply_free_slot(a->slots[i]);
    free(a->slots);
    offsets_json_free(&a->offsets);
    merge_free(&a->merge);
    free(a);
    *apply = NULL;
}

static void apply_load_offset(const struct apply *apply, struct slot *slot) {
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

static struct slot *apply_make_slot(struct apply *apply, const char *topic, int32_t partition,
                                    struct error *error) {
    struct slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL || (slot->topic = strdup(topic)) == NULL) {
        apply_free_slot(slot);
        (void)error_set(error, ERROR_SYSTEM, "out of memory");
        return NULL;
    }
    slot->partition = partition;
    slot->newest_lsn = LSN_NONE;
    slot->role = topic_role(topic, apply->config.prefix, apply->config.catalog, &slot->table);
    apply_load_offset(apply, slot);
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
        apply->slots[number] = apply_make_slot(apply, topic, partition, error);
        if (apply->slots[number] == NULL ||
            prefetch_add_slot(apply->ahead, number, apply->slots[number]->role, apply->slots[number]->table,
                              error) != 0 ||
            offsets_json_add(&apply->offsets, apply->slots[number]->topic, partition, number, error) != 0)
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

static enum merge_verdict apply_judge(const struct apply *apply, const struct slot *slot) {
    if (slot->role != TOPIC_TABLE || slot->event->kind != EVENT_CHANGE ||
        (slot->failure != NULL && !slot->event->placed))
        return MERGE_TAKE;
    return merge_judge(apply->merge, slot->event);
}

// Takes from one partition until its head must wait, or `budget` is used up.
static int apply_drain(struct apply *apply, int number, int64_t *budget, struct error *error) {
    bool found;
    while (*budget > 0) {
        if (apply_look(apply, number, &found, error) != 0)
            return -1;
        if (!found)
            return 0;
        enum merge_verdict verdict = apply_judge(apply, apply->slots[number]);
        if (verdict == MERGE_WAIT)
            return 0;
        if (apply_take(apply, number, verdict, error) != 0)
            return -1;
        --*budget;
    }
    return 0;
}

// Passes over what a transaction topic's partition has before its next END above C. True when such an END is
// its head.
static int apply_seek_end(struct apply *apply, int number, int64_t *budget, bool *ret_found,
                          struct error *error) {
    *ret_found = false;
    bool found;
    while (*budget > 0) {
        if (apply_look(apply, number, &found, error) != 0)
            return -1;
        if (!found)
            return 0;
        struct slot *slot = apply->slots[number];
        if (slot->failure == NULL && slot->event->kind == EVENT_END &&
            slot->event->change.lsn > merge_finished_lsn(apply->merge)) {
            *ret_found = true;
            return 0;
        }
        if (apply_take(apply, number, MERGE_TAKE, error) != 0)
            return -1;
        --*budget;
    }
    return 0;
}

// The next END in commit order. Of several partitions (a topic that was repartitioned) it is the lowest, once
// each has shown its own or is at its end.
static int apply_find_end(struct apply *apply, int64_t *budget, int *ret_slot, struct error *error) {
    int lowest = -1;
    int partitions = 0;
    bool unsure = false;
    for (int i = 0; i < apply->slot_count; i++) {
        struct slot *slot = apply->slots[i];
        if (slot == NULL || slot->role != TOPIC_TRANSACTION)
            continue;
        partitions++;
        bool found;
        if (apply_seek_end(apply, i, budget, &found, error) != 0)
            return -1;
        if (!found)
            unsure |= !apply->config.source.at_end(apply->config.source.self, i);
        else if (lowest < 0 || slot->event->change.lsn < apply->slots[lowest]->event->change.lsn)
            lowest = i;
    }
    *ret_slot = partitions > 1 && unsure ? -1 : lowest;
    return 0;
}

static int apply_current_end_slot(const struct apply *apply) {
    for (int i = 0; i < apply->slot_count; i++) {
        const struct slot *slot = apply->slots[i];
        if (slot != NULL && slot->role == TOPIC_TRANSACTION && slot->head != NULL && slot->failure == NULL &&
            slot->event->kind == EVENT_END && slot->event->change.lsn == merge_current_lsn(apply->merge))
            return i;
    }
    return -1;
}

static int apply_finish_current(struct apply *apply, struct error *error) {
    bool whole = merge_is_whole(apply->merge);
    bool gap = merge_leaves_gap(apply->merge);
    int end = apply_current_end_slot(apply);
    assert(end >= 0);
    apply_begin(apply);
    // Of one that is not whole nobody may say that it is shown, and what its key changes carry may still be
    // asked for.
    if (whole && store_transaction_end(apply->config.store, merge_current_txid(apply->merge),
                                       merge_current_lsn(apply->merge), error) != 0)
        return -1;
    merge_finish(apply->merge);
    apply->advanced = true;
    apply->counters.ignored++;
    if (apply->slots[end]->event->change.ts_ms > apply->newest_ts_ms)
        apply->newest_ts_ms = apply->slots[end]->event->change.ts_ms;
    if (whole)
        apply->counters.transactions++;
    else if (!merge_rows_are_nameless(apply->merge))
        (void)apply_count_passed(apply, merge_finished_txid(apply->merge));
    if (!whole || gap)
        apply_tear(apply);
    if (whole && apply->torn_until == LSN_NONE)
        apply->torn_until = merge_finished_lsn(apply->merge);
    apply_let_go(apply, end);
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
    switch (merge_offer_end(apply->merge, apply->slots[end]->event, error)) {
    case MERGE_END_CURRENT:
        return 0;
    case MERGE_END_PASSED:
        apply->counters.ignored++;
        apply_begin(apply);
        apply_let_go(apply, end);
        return 0;
    case MERGE_END_REPEATED:
        return apply_take(apply, end, MERGE_TAKE, error);
    }
    return 0;
}

// Each partition is in commit order: when every partition of a table shows a head beyond the current
// transaction, the rows that the table still owes will never come.
static bool apply_is_hopeless(const struct apply *apply) {
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

int64_t apply_open_ms(const struct apply *apply, int64_t *ret_taken) {
    bool open = store_in_transaction(apply->config.store);
    *ret_taken = (open ? apply->taken : 0) + (apply->committing ? apply->handed : 0);
    if (open)
        return clock_monotonic_ms() - apply->opened_ms;
    return apply->committing ? 0 : -1;
}

bool apply_is_writing(const struct apply *apply) {
    return apply->committing && !store_commit_is_done(apply->config.store);
}

// While one commit is written the next one grows, until it is full; what has come meanwhile follows at once.
static int apply_commit_when_due(struct apply *apply, struct error *error) {
    if (store_commit_is_done(apply->config.store) && apply_finish(apply, error) != 0)
        return -1;
    if (!store_in_transaction(apply->config.store) || merge_current_begun(apply->merge))
        return 0;
    bool full = apply->taken >= apply->config.commit_messages || apply->taken_bytes >= APPLY_COMMIT_BYTES ||
                store_is_full(apply->config.store);
    bool due = !apply->committing &&
               (apply->taken >= apply->enough || clock_monotonic_ms() - apply->opened_ms >= APPLY_COMMIT_MS);
    return full || due ? apply_commit_start(apply, error) : 0;
}

static int apply_drain_all(struct apply *apply, int64_t *budget, struct error *error) {
    for (int i = 0; i < apply->slot_count; i++) {
        const struct slot *slot = apply->slots[i];
        if (slot == NULL || (slot->role == TOPIC_TRANSACTION && merge_is_sequenced(apply->merge)))
            continue;
        if (apply_drain(apply, i, budget, error) != 0)
            return -1;
    }
    return 0;
}

static int apply_pass_current(struct apply *apply, const char *why, struct error *error) {
    apply_warn(apply, "transaction %lld (commit LSN %lld): some of its rows %s; going on without them",
               (long long)merge_current_txid(apply->merge), (long long)merge_current_lsn(apply->merge), why);
    return apply_finish_current(apply, error);
}

int apply_step(struct apply *apply, int64_t *ret_taken, struct error *error) {
    int64_t budget = APPLY_STEP_MESSAGES;
    bool progress = true;
    while (progress && budget > 0) {
        int64_t before = budget;
        bool began = false;
        if (merge_is_sequenced(apply->merge) && !merge_has_current(apply->merge) &&
            apply_next_current(apply, &budget, &began, error) != 0)
            return -1;
        if (apply_drain_all(apply, &budget, error) != 0)
            return -1;
        bool whole = merge_is_whole(apply->merge);
        if (whole && apply_finish_current(apply, error) != 0)
            return -1;
        bool nameless = !whole && merge_has_current(apply->merge) && merge_rows_are_nameless(apply->merge);
        if (nameless && apply_finish_current(apply, error) != 0)
            return -1;
        bool hopeless =
            !whole && merge_has_current(apply->merge) && budget == before && apply_is_hopeless(apply);
        if (hopeless && apply_pass_current(apply, "are not in their topics", error) != 0)
            return -1;
        progress = began || whole || nameless || hopeless || budget != before;
        if (apply_commit_when_due(apply, error) != 0)
            return -1;
    }
    *ret_taken = APPLY_STEP_MESSAGES - budget;
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
        bool waits = slot != NULL && slot->head != NULL && slot->failure == NULL;
        if (waits && slot->event->change.ts_ms > 0 && slot->event->change.ts_ms < oldest)
            oldest = slot->event->change.ts_ms;
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
        return apply_pass_current(apply, "have not come", error);
    apply_warn(
        apply,
        "rows wait for a transaction's END that has not come; rows are shown one by one until ENDs come again");
    merge_let_through(apply->merge);
    return 0;
}

const struct progress_counters *apply_counters(const struct apply *apply) {
    return &apply->counters;
}
