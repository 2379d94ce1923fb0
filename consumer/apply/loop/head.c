#include "consumer/apply/loop/state.h"

void apply_load_timelines(struct apply *apply) {
    int count;
    const int64_t *since = store_timelines(apply->config.store, &count);
    apply->timelines.count = count < TIMELINES_MAX ? count : TIMELINES_MAX;
    for (int i = 0; i < apply->timelines.count; i++)
        apply->timelines.since_ts_ms[i] = since[i];
}

// Makes an event's LSNs comparable with those of other timelines.
static void apply_head_place_event(const struct apply *apply, struct event *event) {
    struct change *change = &event->change;
    change->lsn = timeline_lsn(&apply->timelines, event->source_lsn, change->ts_ms);
    change->previous_commit = timeline_lsn(&apply->timelines, event->source_previous_commit, change->ts_ms);
}

static bool apply_head_is_streamed(const struct event *event) {
    return event->kind == EVENT_CHANGE && event->change.op != CHANGE_READ &&
           event->change.op != CHANGE_TOMBSTONE;
}

// Goes on in the new timeline: it holds for all that was committed after the newest commit of the old one.
static int apply_head_accept_timeline(struct apply *apply, struct error *error) {
    if (apply->timelines.count == TIMELINES_MAX)
        return error_set(error, ERROR_HALT, "more than %d timelines", TIMELINES_MAX);
    apply_begin(apply);
    if (store_add_timeline(apply->config.store, apply->newest.ts_ms + 1, error) != 0)
        return -1;
    apply_load_timelines(apply);
    for (int i = 0; i < apply->slot_count; i++)
        if (apply->slots[i] != NULL && apply->slots[i]->head != NULL)
            apply_head_place_event(apply, apply->slots[i]->event);
    if (apply->config.on_timeline == TIMELINE_ACCEPT_ONE)
        apply->config.on_timeline = TIMELINE_HALT;
    apply_warn(apply, "a new timeline of the source is accepted: LSNs of commits after %lld ms count anew",
               (long long)apply->newest.ts_ms);
    return 0;
}

// Compares an event's place with the newest commit known. With ENDs only they tell: they come in commit
// order, so all of the old timeline's have been seen when the new one's first comes.
static int apply_head_watch_timeline(struct apply *apply, const struct slot *slot, struct error *error) {
    const struct event *event = slot->event;
    bool by_rows = !merge_is_sequenced(apply->merge) || merge_is_letting_through(apply->merge) ||
                   merge_rows_are_nameless(apply->merge);
    if (event->kind != EVENT_END && !(by_rows && apply_head_is_streamed(event)))
        return 0;
    int64_t place = event->kind == EVENT_END ? event->change.lsn : event->change.previous_commit;
    if (timeline_is_new(apply->newest, place, event->change.ts_ms)) {
        if (apply->config.on_timeline != TIMELINE_HALT)
            return apply_head_accept_timeline(apply, error);
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
static int apply_head_verify(struct slot *slot, const struct message *message, struct error *error) {
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

static void apply_head_note_row(struct apply *apply, const struct event *event) {
    merge_note_row(apply->merge, event);
    apply->saw_transactions |= event->change.total_order > 0;
}

// What was applied before: true when the message is passed over.
static int apply_head_pass_over(struct apply *apply, int number, const struct message *message,
                                bool *ret_passed, struct error *error) {
    struct slot *slot = apply->slots[number];
    bool verifying = slot->verify;
    if (verifying && apply_head_verify(slot, message, error) != 0)
        return -1;
    *ret_passed = message->offset < slot->next_offset;
    if (!*ret_passed)
        return 0;
    if (!verifying) {
        apply->counters.messages++;
        apply->counters.duplicates++;
    }
    prefetch_release(apply->ahead, number);
    return 0;
}

// The head of a slot, decoded; false when there is none. What was applied before is passed over here.
int apply_look(struct apply *apply, int number, bool *ret_found, struct error *error) {
    struct slot *slot = apply->slots[number];
    *ret_found = true;
    while (slot->head == NULL) {
        const struct message *message = prefetch_peek(apply->ahead, number);
        if (message == NULL) {
            *ret_found = false;
            return 0;
        }
        bool passed;
        if (apply_head_pass_over(apply, number, message, &passed, error) != 0)
            return -1;
        if (passed)
            continue;
        if (prefetch_event(apply->ahead, number, &slot->event, &slot->failure, error) != 0)
            return -1;
        struct event *event = slot->event;
        if (slot->failure == NULL && event->kind == EVENT_CHANGE)
            apply_head_note_row(apply, event);
        slot->head = message;
        apply_head_place_event(apply, event);
        if (slot->failure == NULL && apply_head_watch_timeline(apply, slot, error) != 0)
            return -1;
        if (apply_head_is_streamed(event) && event->change.lsn > slot->newest_lsn)
            slot->newest_lsn = event->change.lsn;
    }
    return 0;
}
