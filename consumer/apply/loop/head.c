#include "consumer/apply/loop/head.h"

#include "consumer/apply/loop/commit.h"

void head_load_timelines(struct apply *apply) {
    int count;
    const int64_t *since = store_timelines(apply->config.store, &count);
    apply->timelines.count = count < TIMELINES_MAX ? count : TIMELINES_MAX;
    for (int i = 0; i < apply->timelines.count; i++)
        apply->timelines.since_ts_ms[i] = since[i];
}

// Makes an event's LSNs comparable with those of other timelines.
static void head_place_event(const struct apply *apply, struct event *event) {
    struct change *change = &event->change;
    change->lsn = timeline_lsn(&apply->timelines, event->source_lsn, change->ts_ms);
    change->previous_commit = timeline_lsn(&apply->timelines, event->source_previous_commit, change->ts_ms);
}

static bool head_is_streamed(const struct event *event) {
    return event->kind == EVENT_CHANGE && event->change.op != CHANGE_READ &&
           event->change.op != CHANGE_TOMBSTONE;
}

// Goes on in the new timeline: it holds for all that was committed after the newest commit of the old one.
static int head_accept_timeline(struct apply *apply, struct error *error) {
    if (apply->timelines.count == TIMELINES_MAX)
        return error_set(error, ERROR_HALT, "more than %d timelines", TIMELINES_MAX);
    commit_open(apply);
    if (store_add_timeline(apply->config.store, apply->newest.ts_ms + 1, error) != 0)
        return -1;
    head_load_timelines(apply);
    for (int i = 0; i < apply->partition_count; i++)
        if (apply->partitions[i] != NULL && apply->partitions[i]->head != NULL)
            head_place_event(apply, apply->partitions[i]->event);
    if (apply->config.on_timeline == TIMELINE_ACCEPT_ONE)
        apply->config.on_timeline = TIMELINE_HALT;
    warnings_add(&apply->warnings,
                 "a new timeline of the source is accepted: LSNs of commits after %lld ms count anew",
                 (long long)apply->newest.ts_ms);
    return 0;
}

// Compares an event's place with the newest commit known. With ENDs only they tell: they come in commit
// order, so all of the old timeline's have been seen when the new one's first comes.
static int head_watch_timeline(struct apply *apply, const struct partition *partition, struct error *error) {
    const struct event *event = partition->event;
    bool by_rows = !merge_is_sequenced(apply->merge) || merge_is_letting_through(apply->merge) ||
                   merge_rows_are_nameless(apply->merge);
    if (event->kind != EVENT_END && !(by_rows && head_is_streamed(event)))
        return 0;
    int64_t place = event->kind == EVENT_END ? event->change.lsn : event->change.previous_commit;
    if (timeline_is_new(apply->newest, place, event->change.ts_ms)) {
        if (apply->config.on_timeline != TIMELINE_HALT)
            return head_accept_timeline(apply, error);
        return error_set(
            error, ERROR_HALT,
            "%s partition %d offset %lld: a new timeline of the source: commit LSN %lld at %lld ms comes after "
            "LSN %lld at %lld ms. The source failed over or was restored; when that is right, start once "
            "with --accept-timeline",
            partition->topic, partition->id, (long long)partition->head->offset,
            (long long)timeline_source_lsn(place), (long long)event->change.ts_ms,
            (long long)timeline_source_lsn(apply->newest.lsn), (long long)apply->newest.ts_ms);
    }
    if (place > apply->newest.lsn)
        apply->newest = (struct store_sequence){place, event->change.ts_ms};
    return 0;
}

// The message before next_offset, read once more: another one there means another log under the same name.
static int head_verify(struct partition *partition, const struct message *message, struct error *error) {
    partition->verify = false;
    if (message->offset >= partition->next_offset || partition->newest_ts_ms == 0 ||
        message->ts_ms == partition->newest_ts_ms)
        return 0;
    return error_set(
        error, ERROR_HALT,
        "%s partition %d: offset %lld is not the message that this file applied (its time is %lld, not %lld): the "
        "topic was made anew; read it into a new --db file",
        partition->topic, partition->id, (long long)message->offset, (long long)message->ts_ms,
        (long long)partition->newest_ts_ms);
}

static void head_note_row(struct apply *apply, const struct event *event) {
    merge_note_row(apply->merge, event);
    apply->saw_transactions |= event->change.total_order > 0;
}

// What was applied before: true when the message is passed over.
static int head_pass_over(struct apply *apply, int slot, const struct message *message, bool *ret_passed,
                          struct error *error) {
    struct partition *partition = apply->partitions[slot];
    bool verifying = partition->verify;
    if (verifying && head_verify(partition, message, error) != 0)
        return -1;
    *ret_passed = message->offset < partition->next_offset;
    if (!*ret_passed)
        return 0;
    if (!verifying) {
        apply->counters.messages++;
        apply->counters.duplicates++;
    }
    prefetch_release(apply->prefetch, slot);
    return 0;
}

int head_look(struct apply *apply, int slot, bool *ret_found, struct error *error) {
    struct partition *partition = apply->partitions[slot];
    *ret_found = true;
    while (partition->head == NULL) {
        const struct message *message = prefetch_peek(apply->prefetch, slot);
        if (message == NULL) {
            *ret_found = false;
            return 0;
        }
        bool passed;
        if (head_pass_over(apply, slot, message, &passed, error) != 0)
            return -1;
        if (passed)
            continue;
        if (prefetch_event(apply->prefetch, slot, &partition->event, &partition->failure, error) != 0)
            return -1;
        struct event *event = partition->event;
        if (partition->failure == NULL && event->kind == EVENT_CHANGE)
            head_note_row(apply, event);
        partition->head = message;
        head_place_event(apply, event);
        if (partition->failure == NULL && head_watch_timeline(apply, partition, error) != 0)
            return -1;
        if (head_is_streamed(event) && event->change.lsn > partition->newest_lsn)
            partition->newest_lsn = event->change.lsn;
    }
    return 0;
}
