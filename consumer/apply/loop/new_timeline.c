#include "consumer/apply/loop/new_timeline.h"

#include "consumer/apply/loop/commit.h"

enum { NEWEST_LOOKED_AT = 4 }; // messages of a partition that are looked at ahead

void new_timeline_load(struct apply *apply) {
    int count;
    const int64_t *since = store_timelines(apply->config.store, &count);
    apply->timelines.count = count < TIMELINES_MAX ? count : TIMELINES_MAX;
    for (int i = 0; i < apply->timelines.count; i++)
        apply->timelines.since_ts_ms[i] = since[i];
}

void new_timeline_place(const struct apply *apply, struct event *event) {
    struct change *change = &event->change;
    change->lsn = timeline_lsn(&apply->timelines, event->source_lsn, change->ts_ms);
    change->previous_commit = timeline_lsn(&apply->timelines, event->source_previous_commit, change->ts_ms);
}

static int new_timeline_add(struct apply *apply, int64_t since_ms, struct error *error) {
    commit_open(apply);
    if (store_add_timeline(apply->config.store, since_ms, error) != 0)
        return -1;
    new_timeline_load(apply);
    for (int i = 0; i < apply->partition_count; i++)
        if (apply->partitions[i] != NULL && apply->partitions[i]->head != NULL)
            new_timeline_place(apply, apply->partitions[i]->event);
    return 0;
}

int new_timeline_accept(struct apply *apply, int64_t since_ms, struct error *error) {
    if (apply->timelines.count == TIMELINES_MAX)
        return error_set(
            error, ERROR_HALT,
            "more than %d timelines: a source that fails over so often is likely two connectors that write "
            "one transaction topic; each needs a topic.prefix and a --db file of its own",
            TIMELINES_MAX);
    if (new_timeline_add(apply, since_ms, error) != 0)
        return -1;
    if (apply->config.on_timeline == TIMELINE_ACCEPT_ONE)
        apply->config.on_timeline = TIMELINE_HALT;
    warnings_add(&apply->warnings,
                 "a new timeline of the source is accepted: LSNs of commits after %lld ms count anew",
                 (long long)since_ms - 1);
    return 0;
}

static bool new_timeline_has(const struct apply *apply, int64_t since_ms) {
    for (int i = 0; i < apply->timelines.count; i++)
        if (apply->timelines.since_ts_ms[i] == since_ms)
            return true;
    return false;
}

int new_timeline_follow(struct apply *apply, const struct store *of, struct error *error) {
    int count;
    const int64_t *since = store_timelines(of, &count);
    for (int i = 0; i < count; i++)
        if (!new_timeline_has(apply, since[i]) && new_timeline_add(apply, since[i], error) != 0)
            return -1;
    return 0;
}

bool new_timeline_is_by_rows(const struct apply *apply) {
    return !merge_is_sequenced(apply->merge) || merge_is_letting_through(apply->merge) ||
           merge_rows_are_nameless(apply->merge);
}

int64_t new_timeline_place_of(const struct apply *apply, const struct event *event) {
    const struct change *change = &event->change;
    int64_t place = LSN_NONE;
    if (event->kind == EVENT_END || event->kind == EVENT_BEGIN)
        place = event->source_lsn;
    else if (event->kind == EVENT_CHANGE && change->op != CHANGE_READ && change->op != CHANGE_TOMBSTONE)
        place = event->is_first ? event->source_lsn : event->source_previous_commit;
    return timeline_lsn(&apply->timelines, place, change->ts_ms);
}

static bool new_timeline_is_lower_row(const struct apply *apply, const struct event *event) {
    const struct change *change = &event->change;
    return event->kind == EVENT_CHANGE && event->positions == POSITIONS_LSN && change->op == CHANGE_READ &&
           change->snapshot == SNAPSHOT_FULL && timeline_is_new(apply->newest, change->lsn, change->ts_ms);
}

static bool new_timeline_is_lower(const struct apply *apply, const struct partition *partition) {
    return partition->head != NULL && new_timeline_is_lower_row(apply, partition->event);
}

// Times of the source's clock: what is of the old timeline was read up to the first, what is of the new one from the
// second on.
struct new_timeline_gap {
    int64_t from_ms;
    int64_t to_ms;
};

static void new_timeline_note_new(const struct apply *apply, const struct event *event,
                                  struct new_timeline_gap *gap) {
    if (new_timeline_is_lower_row(apply, event) && event->change.ts_ms < gap->to_ms)
        gap->to_ms = event->change.ts_ms;
}

static void new_timeline_note_old_ms(int64_t ms, struct new_timeline_gap *gap) {
    if (ms > gap->from_ms && ms < gap->to_ms)
        gap->from_ms = ms;
}

static void new_timeline_note_old(const struct apply *apply, const struct event *event,
                                  struct new_timeline_gap *gap) {
    if (event->kind == EVENT_CHANGE && event->change.lsn > apply->newest.lsn)
        new_timeline_note_old_ms(event->change.ts_ms, gap);
}

// All messages of the tables' topics that are delivered: each is decoded for it, once a timeline and side.
static void new_timeline_look_at_all(struct apply *apply,
                                     void (*note)(const struct apply *apply, const struct event *event,
                                                  struct new_timeline_gap *gap),
                                     struct new_timeline_gap *gap) {
    const struct message_source *source = &apply->config.source;
    for (int slot = 0; slot < apply->partition_count; slot++) {
        const struct partition *partition = apply->partitions[slot];
        if (partition == NULL || partition->role != TOPIC_TABLE)
            continue;
        if (partition->head != NULL && partition->failure == NULL)
            note(apply, partition->event, gap);
        int delivered = source->peek_at != NULL ? source->delivered(source->self, slot) : 0;
        for (int i = 1; i < delivered; i++) {
            int64_t sent_ms;
            struct event *event = &apply->lost.boundary;
            if (!prefetch_newest(apply->prefetch, slot, i, event, &sent_ms))
                continue;
            new_timeline_place(apply, event);
            note(apply, event, gap);
        }
    }
}

// Between what is of the old timeline and what is of the new one. The connector may have died within a transaction of
// the old one, of which no END came, or have read a snapshot of it that is not taken yet, and some rows of the new
// snapshot may be older than those that are seen. What was taken of a table was sent before, so it is of the old one.
static int64_t new_timeline_since_ms(struct apply *apply, int64_t ts_ms) {
    struct new_timeline_gap gap = {apply->newest.ts_ms, ts_ms};
    new_timeline_look_at_all(apply, new_timeline_note_new, &gap);
    new_timeline_look_at_all(apply, new_timeline_note_old, &gap);
    for (int i = 0; i < apply->partition_count; i++)
        if (apply->partitions[i] != NULL && apply->partitions[i]->role == TOPIC_TABLE)
            new_timeline_note_old_ms(apply->partitions[i]->newest_ts_ms, &gap);
    return gap.to_ms - (gap.to_ms - gap.from_ms) / 2;
}

// A timeline's ENDs rise, once it has begun. Lower, higher than what was before, and lower again, each later than the one
// before it, are two sources' in turn, or of a source that failed over twice. A connector that sends some again names their old times.
static bool new_timeline_is_of_two(struct apply *apply, const struct partition *partition) {
    const struct message_source *source = &apply->config.source;
    struct store_sequence high = {LSN_NONE, 0};
    int slot = 0;
    while (slot < apply->partition_count && apply->partitions[slot] != partition)
        slot++;
    if (partition->role != TOPIC_TRANSACTION || source->peek_at == NULL || slot == apply->partition_count)
        return false;
    for (int i = source->delivered(source->self, slot) - 1; i > 0; i--) {
        int64_t sent_ms;
        struct event *event = &apply->lost.boundary;
        if (!prefetch_newest(apply->prefetch, slot, i, event, &sent_ms) || event->kind != EVENT_END)
            continue;
        int64_t place = new_timeline_place_of(apply, event);
        if (timeline_is_new(high, place, event->change.ts_ms))
            return true;
        if (place > apply->newest.lsn)
            high = (struct store_sequence){place, event->change.ts_ms};
    }
    return false;
}

static int new_timeline_refuse_two(const struct apply *apply, const struct partition *partition,
                                   struct error *error) {
    return error_set(
        error, ERROR_HALT,
        "%s partition %d offset %lld: two connectors write this topic, as it seems: its commit LSNs go up and down (%lld "
        "and others). Transactions of two sources have no common order: give each connector a topic.prefix (or "
        "topic.transaction) and tidemark a --db file of its own. Where it is a new timeline of one source, that failed over "
        "more than once, start once with --accept-timeline",
        partition->topic, partition->id, (long long)partition->head->offset,
        (long long)timeline_source_lsn(apply->newest.lsn));
}

int new_timeline_meet(struct apply *apply, const struct partition *partition, int64_t place,
                      struct error *error) {
    const struct change *change = &partition->event->change;
    if (apply->config.on_timeline == TIMELINE_FOLLOW)
        return 0;
    if (apply->config.on_timeline != TIMELINE_HALT)
        return new_timeline_accept(apply, new_timeline_since_ms(apply, change->ts_ms), error);
    if (new_timeline_is_of_two(apply, partition))
        return new_timeline_refuse_two(apply, partition, error);
    return error_set(
        error, ERROR_HALT,
        "%s partition %d offset %lld: a new timeline of the source: commit LSN %lld at %lld ms comes after "
        "LSN %lld at %lld ms. The source failed over or was restored; when that is right, start once "
        "with --accept-timeline. Two connectors that write one transaction topic look alike at first: each needs a "
        "topic.prefix of its own",
        partition->topic, partition->id, (long long)partition->head->offset,
        (long long)timeline_source_lsn(place), (long long)change->ts_ms,
        (long long)timeline_source_lsn(apply->newest.lsn), (long long)apply->newest.ts_ms);
}

bool new_timeline_repeats(const struct apply *apply, const struct event *event, int64_t place) {
    return event->kind == EVENT_END && apply->config.on_timeline != TIMELINE_FOLLOW &&
           apply->newest.lsn != LSN_NONE && place > apply->newest.lsn &&
           event->change.ts_ms > apply->newest.ts_ms &&
           store_transaction_repeats(apply->config.store, event->change.txid, place);
}

int new_timeline_meet_repeated(struct apply *apply, const struct partition *partition, int64_t place,
                               struct error *error) {
    const struct change *change = &partition->event->change;
    const long long lsn = timeline_source_lsn(place);
    const long long newest = timeline_source_lsn(apply->newest.lsn);
    if (apply->config.on_timeline == TIMELINE_HALT)
        return error_set(
            error, ERROR_HALT,
            "%s partition %d offset %lld: a new timeline of the source: transaction %lld, which was committed before, "
            "is committed again at LSN %lld. The source failed over or was restored, and its connector passed over "
            "what was committed since below LSN %lld: no message has that. Start once with --accept-timeline, "
            "then let the connector take a full snapshot",
            partition->topic, partition->id, (long long)partition->head->offset, (long long)change->txid, lsn,
            newest);
    if (new_timeline_accept(apply, new_timeline_since_ms(apply, change->ts_ms), error) != 0)
        return -1;
    warnings_add(
        &apply->warnings,
        "what the new timeline of the source committed below LSN %lld was passed over by its connector, and is in no "
        "message: rows are as they were before until the connector takes a full snapshot",
        newest);
    return 0;
}

void new_timeline_note_sent(struct apply *apply, int64_t sent_ms) {
    if (sent_ms > apply->placed_sent_ms)
        apply->placed_sent_ms = sent_ms;
}

// What the newest messages of the partition say of a row that was sent before them. ret_by_row: of rows that no END
// counts.
static enum lower new_timeline_ahead(struct apply *apply, int slot, int64_t sent_ms, bool *ret_by_row) {
    struct event *event = &apply->lost.boundary;
    int64_t event_sent_ms;
    for (int i = 1; i <= NEWEST_LOOKED_AT; i++) {
        if (!prefetch_newest(apply->prefetch, slot, i, event, &event_sent_ms))
            continue;
        int64_t place = event_sent_ms >= sent_ms ? new_timeline_place_of(apply, event) : LSN_NONE;
        *ret_by_row = event->kind == EVENT_CHANGE && event->change.total_order == 0;
        if (place != LSN_NONE)
            return timeline_is_new(apply->newest, place, event->change.ts_ms) ? LOWER_IS : LOWER_NOT;
    }
    return LOWER_UNKNOWN;
}

static enum lower new_timeline_judge(struct apply *apply, const struct partition *partition,
                                     bool *ret_by_row) {
    int64_t sent_ms = partition->head->ts_ms;
    enum lower judged = LOWER_UNKNOWN;
    *ret_by_row = false;
    if (apply->nothing_follows || apply->placed_sent_ms >= sent_ms)
        return LOWER_NOT;
    for (int i = 0; i < apply->partition_count && judged == LOWER_UNKNOWN; i++) {
        const struct partition *other = apply->partitions[i];
        if (other != NULL && (other->role == TOPIC_TABLE || other->role == TOPIC_TRANSACTION))
            judged = new_timeline_ahead(apply, i, sent_ms, ret_by_row);
    }
    return judged;
}

int new_timeline_look(struct apply *apply, int slot, struct error *error) {
    struct partition *partition = apply->partitions[slot];
    partition->lower = LOWER_NOT;
    if (!new_timeline_is_lower(apply, partition) || apply->config.on_timeline == TIMELINE_FOLLOW)
        return 0;
    bool by_row;
    partition->lower = new_timeline_judge(apply, partition, &by_row);
    if (partition->lower != LOWER_IS || !(by_row || new_timeline_is_by_rows(apply)))
        return 0;
    partition->lower = LOWER_NOT;
    return new_timeline_meet(apply, partition, partition->event->change.lsn, error);
}

bool new_timeline_is_awaited(const struct apply *apply) {
    for (int i = 0; i < apply->partition_count; i++) {
        const struct partition *partition = apply->partitions[i];
        if (partition != NULL && partition->head != NULL && partition->lower == LOWER_NOT)
            return false;
    }
    return true;
}

bool new_timeline_is_blind(const struct apply *apply) {
    const struct message_source *source = &apply->config.source;
    int64_t waited_ms = apply->config.monotonic_ms() - apply->waiting.since_ms;
    if (source->peek_at == NULL || !new_timeline_is_awaited(apply) ||
        waited_ms < apply->config.transaction_wait_ms * NEW_TIMELINE_BLIND_WAITS)
        return false;
    bool more = false;
    for (int slot = 0; slot < apply->partition_count; slot++) {
        const struct partition *partition = apply->partitions[slot];
        if (partition == NULL || (partition->role != TOPIC_TABLE && partition->role != TOPIC_TRANSACTION))
            continue;
        if (partition->role == TOPIC_TRANSACTION && partition->known)
            return false;
        if (partition->head == NULL && !source->at_end(source->self, slot))
            return false;
        int delivered = partition->head != NULL ? source->delivered(source->self, slot) : 0;
        if (delivered == 0)
            continue;
        struct message newest;
        source->peek_at(source->self, slot, delivered - 1, &newest);
        more |= progress_high(apply->config.progress, slot) > newest.offset + 1;
    }
    return more;
}

int new_timeline_meet_blind(struct apply *apply, struct error *error) {
    if (apply->config.on_timeline == TIMELINE_HALT)
        return error_set(
            error, ERROR_HALT,
            "rows of a snapshot wait that is lower than the newest commit, and later. There are no ENDs of transactions, "
            "and more of them wait than are delivered, so that nothing tells whether the source failed over or was "
            "restored (a new timeline). When it was, start once with --accept-timeline; when it was not, let the "
            "connector take a snapshot into new topics, and read them into a new --db file");
    return new_timeline_accept(apply, new_timeline_since_ms(apply, apply->config.wall_ms()), error);
}
