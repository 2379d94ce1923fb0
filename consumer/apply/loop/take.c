#include "consumer/apply/loop/state.h"
#include "views/base/clock.h"

// The head has been dealt with.
void apply_let_go(struct apply *apply, int number) {
    struct slot *slot = apply->slots[number];
    slot->next_offset = slot->head->offset + 1;
    slot->newest_ts_ms = slot->head->ts_ms;
    slot->known = true;
    slot->dirty = true;
    apply->taken++;
    apply->taken_bytes += (int64_t)slot->head->value.size;
    apply->counters.messages++;
    slot->head = NULL;
    prefetch_release(apply->ahead, number);
}

static int apply_take_quarantine(struct apply *apply, struct slot *slot, const char *reason,
                                 struct error *error) {
    const struct store_quarantined event = {
        .topic = slot->topic,
        .partition = slot->partition,
        .offset = slot->head->offset,
        .key = slot->head->key,
        .value = slot->head->value,
        .reason = reason,
        .at_ms = clock_wall_ms(),
    };
    if (slot->event->placed && slot->event->change.table != NULL)
        store_mark_snapshot(apply->config.store, &slot->event->change);
    apply->counters.quarantined++;
    progress_set_error(apply->config.progress, reason);
    apply_warn(apply, "quarantined %s partition %d offset %lld: %s", slot->topic, slot->partition,
               (long long)slot->head->offset, reason);
    return store_quarantine(apply->config.store, &event, error);
}

// A tombstone after its delete says nothing new; one that stands alone (deletes turned into tombstones, or
// compacted away) is the delete.
static bool apply_take_is_spent_tombstone(struct slot *slot) {
    const struct event *event = slot->event;
    if (event->change.op == CHANGE_TOMBSTONE)
        return slot->after_delete && slot->deleted_key == event->key_hash;
    slot->after_delete = event->change.op == CHANGE_DELETE;
    slot->deleted_key = event->key_hash;
    return false;
}

static int apply_change(struct apply *apply, struct slot *slot, bool *ret_applied, struct error *error) {
    *ret_applied = false;
    if (apply_take_is_spent_tombstone(slot)) {
        apply->counters.ignored++;
        return 0;
    }
    enum store_outcome outcome;
    struct error failure = {0};
    if (store_apply(apply->config.store, &slot->event->change, &outcome, &failure) != 0) {
        if (failure.kind == ERROR_INPUT)
            return apply_take_quarantine(apply, slot, failure.message, error);
        if (error != NULL)
            *error = failure;
        return -1;
    }
    if (slot->event->change.ts_ms > apply->newest_ts_ms)
        apply->newest_ts_ms = slot->event->change.ts_ms;
    *ret_applied = outcome == STORE_APPLIED;
    if (*ret_applied)
        apply->counters.applied++;
    else
        apply->counters.duplicates++;
    return 0;
}

void apply_tear(struct apply *apply) {
    apply->torn = true;
    apply->torn_until = LSN_NONE;
}

// A transaction that is not shown whole: counted once. False when it was before.
bool apply_count_passed(struct apply *apply, int64_t txid) {
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
static void apply_take_note_endless(struct apply *apply, const struct event *event) {
    bool is_new = event->change.total_order > 0 && apply_count_passed(apply, event->change.txid);
    if (is_new && !apply->torn && !merge_is_letting_through(apply->merge))
        apply_warn(
            apply,
            "transaction %lld: the END of its rows is not in the transaction topic; such rows are shown one by one",
            (long long)event->change.txid);
    apply_tear(apply);
}

int apply_take(struct apply *apply, int number, enum merge_verdict verdict, struct error *error) {
    struct slot *slot = apply->slots[number];
    bool applied = false;
    apply_begin(apply);
    int status = 0;
    slot->event->change.unordered = verdict == MERGE_TAKE;
    if (slot->failure != NULL)
        status = apply_take_quarantine(apply, slot, slot->failure, error);
    else if (slot->event->kind == EVENT_CHANGE)
        status = apply_change(apply, slot, &applied, error);
    else
        apply->counters.ignored++;
    if (status != 0)
        return -1;
    if (slot->event->kind == EVENT_HEARTBEAT)
        progress_heartbeat(apply->config.progress, slot->event->heartbeat_ms);
    if (verdict == MERGE_CURRENT)
        merge_count(apply->merge, slot->event);
    apply->advanced |= verdict == MERGE_CURRENT || verdict == MERGE_PAST;
    // A change outside of the order of transactions may be part of one that is not shown whole.
    if (verdict == MERGE_PAST && applied)
        apply_take_note_endless(apply, slot->event);
    bool awaits_end = slot->event->change.total_order > 0 &&
                      (!merge_is_sequenced(apply->merge) || merge_is_letting_through(apply->merge));
    if (awaits_end && verdict != MERGE_CURRENT)
        merge_note_passed(apply->merge, slot->event);
    apply_let_go(apply, number);
    return 0;
}
