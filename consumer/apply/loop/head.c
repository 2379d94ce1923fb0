#include "consumer/apply/loop/head.h"

#include "consumer/apply/loop/commit.h"
#include "consumer/apply/loop/lost.h"
#include "consumer/apply/loop/new_timeline.h"
#include "consumer/apply/loop/take.h"
#include "views/base/hash.h"
#include "views/base/utf8.h"

#include <stdio.h>

static bool head_is_streamed(const struct event *event) {
    return event->kind == EVENT_CHANGE && event->change.op != CHANGE_READ &&
           event->change.op != CHANGE_TOMBSTONE;
}

// What a position is worth is said once, where the user looks; answers are per-key from then on.
static void head_report_positions(struct apply *apply, const struct event *event) {
    static const char *const costs = "answers are per-key; after_lsn and after_txid cannot be asked for";
    static const char unnamed[] = "mysql or mariadb"; // an unwrapped row's
    char what[PROGRESS_POSITIONS_SIZE];
    int size = (int)utf8_fit(event->connector.data, event->connector.size, 40);
    if (event->positions == POSITIONS_FOREIGN)
        torn_begin(&apply->torn);
    const unsigned connectors = 1U << POSITIONS_BINLOG | 1U << POSITIONS_OFFSETS;
    if ((apply->positions_reported & (1U << event->positions | connectors)) != 0)
        return;
    if (event->positions == POSITIONS_FOREIGN)
        (void)snprintf(what, sizeof what, "%s is of another form than PostgreSQL's: %s",
                       event->foreign_member, costs);
    else
        (void)snprintf(what, sizeof what, "%s (connector %.*s): transactions are not read, %s",
                       event->positions == POSITIONS_BINLOG ? "of the binlog" : "offsets only",
                       size > 0 ? size : (int)sizeof unnamed - 1, size > 0 ? event->connector.data : unnamed,
                       costs);
    apply->positions_reported |= 1U << event->positions;
    progress_set_positions(apply->config.progress, what);
    warnings_add(&apply->warnings, "positions: %s", what);
    warnings_about(&apply->warnings, "positions", &(struct log_fields){0});
}

// Which connector an event is of, 0 = it does not say.
static uint64_t head_server(const struct event *event) {
    return event->server.size > 0 ? hash_bytes(HASH_SEED, event->server) : 0;
}

// A binlog's rows come in its order in each partition: a lower place at a later time is of another server's binlog,
// or of one that was begun anew. What is sent again has its old time. Until a change was streamed the snapshot's place is the newest:
// nothing that is streamed behind it is lower, and neither is the next snapshot. Snapshots of two connectors that write one topic
// (shards) have places that do not compare, so only one of the same name tells.
static bool head_is_new_binlog(const struct partition *partition, const struct event *event) {
    const bool streamed = partition->newest_lsn != LSN_NONE;
    const struct store_sequence newest = {streamed ? partition->newest_lsn : partition->snapshot_lsn,
                                          partition->newest_source_ms};
    return event->positions == POSITIONS_BINLOG && event->kind == EVENT_CHANGE &&
           timeline_is_new(newest, event->change.lsn, event->change.ts_ms) &&
           (streamed ||
            (partition->snapshot_server != 0 && partition->snapshot_server == head_server(event)));
}

// A row of a snapshot before anything was streamed. One below the newest snapshot is of another connector.
static void head_note_read(struct partition *partition, const struct event *event) {
    const struct change *change = &event->change;
    if (event->positions != POSITIONS_BINLOG || event->kind != EVENT_CHANGE || change->op != CHANGE_READ ||
        partition->newest_lsn != LSN_NONE || change->lsn < partition->snapshot_lsn)
        return;
    partition->snapshot_server = head_server(event);
    if (change->ts_ms > partition->newest_source_ms)
        partition->newest_source_ms = change->ts_ms;
}

static void head_note_newest(struct apply *apply, struct partition *partition, const struct event *event) {
    if (!head_is_streamed(event)) {
        head_note_read(partition, event);
        return;
    }
    if (apply->lost.absent > 0 && event->change.table != NULL)
        lost_note_table(apply, event->change.table);
    // A snapshot's time is of its session's zone, which need not be the source's: a streamed one is worth more.
    if (event->change.ts_ms > partition->newest_source_ms || partition->newest_lsn == LSN_NONE)
        partition->newest_source_ms = event->change.ts_ms;
    if (event->change.lsn > partition->newest_lsn)
        partition->newest_lsn = event->change.lsn;
    if (event->change.lsn > apply->newest_streamed_lsn)
        apply->newest_streamed_lsn = event->change.lsn;
}

static int head_watch_binlog(struct apply *apply, struct partition *partition, struct error *error) {
    if (apply->config.on_timeline == TIMELINE_FOLLOW || !head_is_new_binlog(partition, partition->event))
        return 0;
    if (apply->config.on_timeline == TIMELINE_HALT)
        return error_set(
            error, ERROR_HALT,
            "%s partition %d offset %lld: a binlog that was begun anew: the change is later than the "
            "one before it, but lower in the log. Another server took over, or its binlog was reset; "
            "when that is right, start once with --accept-timeline",
            partition->topic, partition->id, (long long)partition->head->offset);
    int64_t ended_ts_ms = partition->newest_source_ms;
    apply->newest_streamed_lsn = LSN_NONE;
    for (int i = 0; i < apply->partition_count; i++)
        if (apply->partitions[i] != NULL) {
            apply->partitions[i]->newest_lsn = LSN_NONE;
            apply->partitions[i]->newest_source_ms = 0;
        }
    return new_timeline_accept(apply, ended_ts_ms + 1, error);
}

// An event whose positions are not PostgreSQL's.
static int head_note_positions(struct apply *apply, struct partition *partition, struct error *error) {
    head_report_positions(apply, partition->event);
    return partition->failure == NULL ? head_watch_binlog(apply, partition, error) : 0;
}

// Compares an event's place with the newest commit known. With ENDs only they tell: they come in commit
// order, so all of the old timeline's have been seen when the new one's first comes.
static int head_watch_timeline(struct apply *apply, const struct partition *partition, struct error *error) {
    const struct event *event = partition->event;
    if (event->kind != EVENT_END && !(new_timeline_is_by_rows(apply) && head_is_streamed(event)))
        return 0;
    int64_t place = new_timeline_place_of(apply, event);
    if (timeline_is_new(apply->newest, place, event->change.ts_ms))
        return new_timeline_meet(apply, partition, place, error);
    if (new_timeline_repeats(apply, event, place))
        return new_timeline_meet_repeated(apply, partition, place, error);
    new_timeline_note_sent(apply, partition->head->ts_ms);
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

// The newest message that was applied: a binlog goes on from there, or it is another one. It was taken by another source.sql
// perhaps, and what that one's key was halts nothing now.
static int head_note_applied(struct apply *apply, struct partition *partition, int slot,
                             struct error *error) {
    struct event *event;
    const char *failure;
    struct error why = {0};
    if (prefetch_event(apply->prefetch, slot, &event, &failure, &why) != 0)
        return why.kind == ERROR_HALT ? 0 : error_set(error, why.kind, "%s", why.message);
    if (failure == NULL && event->positions == POSITIONS_BINLOG) {
        new_timeline_place(apply, event);
        head_note_newest(apply, partition, event);
    }
    return 0;
}

// What was applied before: true when the message is passed over.
static int head_pass_over(struct apply *apply, int slot, const struct message *message, bool *ret_passed,
                          struct error *error) {
    struct partition *partition = apply->partitions[slot];
    bool verifying = partition->verify;
    if (verifying && head_verify(partition, message, error) != 0) {
        progress_forget_high(apply->config.progress, slot); // of the log that is there now
        return -1;
    }
    *ret_passed = message->offset < partition->next_offset;
    if (!*ret_passed)
        return 0;
    if (!verifying) {
        apply->counters.messages++;
        apply->counters.duplicates++;
    }
    if (message->offset + 1 == partition->next_offset && partition->role == TOPIC_TABLE &&
        head_note_applied(apply, partition, slot, error) != 0)
        return -1;
    prefetch_release(apply->prefetch, slot);
    return 0;
}

int head_take(struct apply *apply, int slot, struct error *error) {
    struct partition *partition = apply->partitions[slot];
    while (partition->head == NULL) {
        const struct message *message = prefetch_peek(apply->prefetch, slot);
        if (message == NULL)
            return 0;
        bool passed;
        if (head_pass_over(apply, slot, message, &passed, error) != 0)
            return -1;
        if (passed)
            continue;
        if (prefetch_event(apply->prefetch, slot, &partition->event, &partition->failure, error) != 0)
            return -1;
        struct event *event = partition->event;
        if ((partition->failure == NULL || event->routed) && event->kind == EVENT_CHANGE)
            head_note_row(apply, event);
        partition->head = message;
        partition->lower = LOWER_NOT;
        new_timeline_place(apply, event);
        if (partition->failure == NULL && head_watch_timeline(apply, partition, error) != 0)
            return -1;
        if (event->positions != POSITIONS_LSN && head_note_positions(apply, partition, error) != 0)
            return -1;
        head_note_newest(apply, partition, event);
    }
    return 0;
}
