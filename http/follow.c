#include "http/follow.h"

#include "http/alarm.h"
#include "http/answers.h"
#include "http/followed.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <pthread.h>
#include <stdio.h>

enum {
    MARKS = 256,
    PASTS_MAX = 16,    // positions that are looked up in the file at once
    PACED_FROM_MS = 2, // looks that take longer have as long a pause between them
    CROWD_MS = 20,     // the next event waits for most to have the one before, so long at most
};

// A position that somebody was given all rows at. Whoever has seen it has seen the channel's events before `cursor`.
struct mark {
    char id[EVENT_ID_SIZE];
    int64_t cursor;
};

// What the follow keeps of a channel.
struct follower {
    struct followed followed;
    int64_t told_ms;      // monotonic: of the newest event
    int64_t told_version; // that it named, -1 = nothing was told
    enum progress_state told_state;
    struct mark marks[MARKS];
    int mark_count; // ever
};

// What somebody has seen before, and how what is told now differs.
struct past {
    char id[EVENT_ID_SIZE];
    bool known;
    struct event *event; // NULL = it does not
};

struct follow {
    struct streams *streams;
    struct progress *progress;
    struct worker *worker; // of the thread
    struct buffer scratch;
    struct past pasts[PASTS_MAX];
    int64_t window_ms;
    _Atomic bool anyone; // follows: without any, a commit wakes nobody
    struct alarm alarm;  // a commit, a newcomer, the end
    _Atomic bool ended;  // stops the thread
    pthread_t thread;
    bool running;
};

static void follow_wake(void *self) {
    struct follow *follow = self;
    alarm_ring(&follow->alarm);
}

static void follow_on_commit(void *self) {
    struct follow *follow = self;
    if (atomic_load(&follow->anyone))
        alarm_ring(&follow->alarm);
}

// --- one channel

static void follow_publish(struct follow *follow, struct channel *channel, struct event *event) {
    struct follower *follower = channel->producer;
    follower->told_ms = clock_monotonic_ms();
    follower->told_version = follower->followed.version;
    follower->told_state = follower->followed.state;
    streams_lock(follow->streams);
    if (event != NULL)
        streams_publish(follow->streams, channel, event);
    else
        streams_forget(follow->streams, channel); // no memory for it: all begin again
    streams_unlock(follow->streams);
}

// The problem is each one's last event, and the next who comes begins anew.
static void follow_end(struct follow *follow, struct channel *channel, const struct response *response) {
    struct follower *follower = channel->producer;
    struct buffer *out = &follow->scratch;
    size_t json_at = event_begin(out, "error", SPAN(""), false);
    size_t size = response->body.size > 0 ? response->body.size - 1 : 0; // without its newline
    buffer_append(out, response->body.data, size);
    struct event *event = event_make(out, json_at, streams_account(follow->streams));
    followed_free(&follower->followed);
    follower->followed = (struct followed){.version = -1};
    follower->told_version = -1;
    streams_lock(follow->streams);
    for (struct stream *stream = channel->first; stream != NULL; stream = stream->after)
        streams_end(follow->streams, stream, event);
    streams_forget(follow->streams, channel);
    streams_unlock(follow->streams);
    event_drop(&event);
}

// Puts the question to the snapshot of `exchange`, unless its rows are known.
static enum followed_outcome follow_ask(struct follow *follow, struct followed *followed,
                                        struct exchange *exchange, struct event **ret_event) {
    struct error error;
    if (target_parse(exchange->target, exchange->request->target, &error) != 0) {
        problem_set(exchange->response, PROBLEM_MALFORMED_REQUEST, "%s", error.message);
        return FOLLOWED_ENDED;
    }
    if (exchange_begin(exchange) != 0)
        return FOLLOWED_ENDED;
    if (followed->is_known && exchange->position.version == followed->version) {
        followed_note_position(followed, exchange);
        return FOLLOWED_SAME;
    }
    return followed_read(followed, exchange, &follow->scratch, streams_account(follow->streams), ret_event);
}

// What a question needs to be put. Points into itself.
struct asking {
    struct request request;
    struct response response;
    struct wait wait;
    struct exchange exchange;
};

static void follow_begin_asking(struct follow *follow, const struct channel *channel, struct reader *reader,
                                struct asking *ret) {
    *ret = (struct asking){.request = {.method = SPAN("GET"), .target = span_of(channel->question)}};
    ret->exchange = (struct exchange){
        .worker = follow->worker,
        .request = &ret->request,
        .response = &ret->response,
        .wait = &ret->wait,
        .routes = follow->worker->routes,
        .reader = reader,
        .target = &follow->worker->target,
        .now_ms = clock_wall_ms(),
    };
}

static void follow_end_asking(struct asking *asking) {
    if (asking->exchange.reader != NULL)
        reader_end(asking->exchange.reader);
    response_free(&asking->response);
}

// What is new at the newest position is told. False when the channel has ended.
static bool follow_read(struct follow *follow, struct channel *channel) {
    struct follower *follower = channel->producer;
    CLEANUP(event_drop) struct event *event = NULL;
    CLEANUP(follow_end_asking) struct asking asking;
    follow_begin_asking(follow, channel, follow->worker->reader, &asking);
    enum followed_outcome outcome = follow_ask(follow, &follower->followed, &asking.exchange, &event);
    if (outcome == FOLLOWED_ENDED)
        follow_end(follow, channel, &asking.response);
    else if (outcome == FOLLOWED_CHANGED && follower->told_version >= 0)
        follow_publish(follow, channel, event);
    return outcome != FOLLOWED_ENDED;
}

// Where nothing changes the position is told now and then: a follower hears that it is still there, and how late.
static void follow_tell_position(struct follow *follow, struct channel *channel) {
    const struct follower *follower = channel->producer;
    int64_t since = clock_monotonic_ms() - follower->told_ms;
    bool moved = follower->told_version != follower->followed.version;
    bool same_state = follower->told_state == follower->followed.state;
    if (same_state && since < (moved ? FOLLOW_POSITION_MS : FOLLOW_REPEAT_MS))
        return;
    CLEANUP(event_drop)
    struct event *event =
        followed_position(&follower->followed, &follow->scratch, streams_account(follow->streams));
    if (event != NULL)
        follow_publish(follow, channel, event);
}

// --- those who want something of their own

static void follow_mark(struct follower *follower, const struct channel *channel) {
    const struct mark *newest = &follower->marks[(follower->mark_count + MARKS - 1) % MARKS];
    const char *id = follower->followed.id.data;
    if (follower->mark_count > 0 && strcmp(newest->id, id) == 0)
        return;
    struct mark *mark = &follower->marks[follower->mark_count++ % MARKS];
    (void)snprintf(mark->id, sizeof mark->id, "%s", id);
    mark->cursor = channel->end;
}

// Where one goes on who has seen the position `id`; -1 = it is not known any more.
static int64_t follow_find(const struct follower *follower, const struct channel *channel, const char *id) {
    int64_t number = streams_find(channel, id);
    if (number >= 0)
        return number + 1;
    for (int i = 0; i < MARKS && i < follower->mark_count; i++)
        if (strcmp(follower->marks[i].id, id) == 0 && follower->marks[i].cursor >= channel->begin)
            return follower->marks[i].cursor;
    // The very rows that are told now, seen before a restart.
    return strcmp(follower->followed.id.data, id) == 0 ? channel->end : -1;
}

static bool follow_is_due(const struct follower *follower, const struct stream *stream) {
    return stream->want != WANT_NOTHING && stream->version <= follower->followed.version;
}

// --- those whose events are not in memory any more: the file may know

// Who was told that the file does not know what he has seen begins anew.
static bool follow_asks_file(const struct stream *stream) {
    return stream->want == WANT_RESUME && stream->resume[0] != '\0';
}

// The lock is held. Who has seen what is known goes on there. Into `ret` what others have seen; returns how many.
static int follow_resume_known(struct follow *follow, struct channel *channel, struct past *ret) {
    const struct follower *follower = channel->producer;
    int count = 0;
    for (struct stream *stream = channel->first; stream != NULL; stream = stream->after) {
        if (!follow_is_due(follower, stream) || !follow_asks_file(stream))
            continue;
        int64_t cursor = follow_find(follower, channel, stream->resume);
        int at = 0;
        while (cursor < 0 && at < count && strcmp(ret[at].id, stream->resume) != 0)
            at++;
        if (cursor >= 0)
            streams_give(follow->streams, stream, NULL, cursor);
        else if (at == count && count < PASTS_MAX)
            memcpy(ret[count++].id, stream->resume, sizeof stream->resume);
    }
    return count;
}

// "LSN-VERSION-HASH-KEYS-VIEWS", as render_position_id and followed_note_position write it; of other views it is none.
static bool follow_parse_id(const char *id, const char *identity, int64_t *ret_version, uint64_t *ret_hash,
                            int *ret_keys) {
    long long version;
    unsigned long long hash;
    int end = 0;
    const char *dash = strchr(id, '-');
    if (dash == NULL || sscanf(dash, "-%lld-%16llx-%d-%n", &version, &hash, ret_keys, &end) != 3 ||
        end == 0 || strcmp(dash + end, identity) != 0)
        return false;
    *ret_version = version;
    *ret_hash = hash;
    return true;
}

// The rows of then into `ret`. False when the file does not know them any more.
static bool follow_read_past(struct asking *asking, const struct result_key *key, int64_t version,
                             uint64_t hash, struct result *ret) {
    struct error error;
    struct rows *rows;
    struct rows_question question;
    bool known;
    if (target_parse(asking->exchange.target, asking->request.target, &error) != 0 ||
        exchange_begin(&asking->exchange) != 0 ||
        reader_knows_past(asking->exchange.reader, version, hash, &known, &error) != 0 || !known ||
        rows_put_question(&asking->exchange, &question, &rows) != 0)
        return false;
    ret->bigint = question.bigint;
    return result_read(ret, rows, key, &error) == RESULT_READ && (!rows_have_more(rows) || question.limited);
}

static void follow_look_up_past(struct follow *follow, struct channel *channel, struct past *past) {
    struct follower *follower = channel->producer;
    const struct routes_config *config = &follow->worker->routes->config;
    int64_t version;
    uint64_t hash;
    int keys;
    struct error error;
    CLEANUP(reader_free) struct reader *reader = NULL;
    if (!follow_parse_id(past->id, follow->worker->routes->identity, &version, &hash, &keys) ||
        keys != follower->followed.key.count ||
        reader_open_past(&reader, config->db, config->catalog, version, &error) != 0 || reader == NULL)
        return;
    reader_join(reader, config->snapshots);
    reader_set_deadline(reader, FOLLOW_DEADLINE_MS);
    CLEANUP(result_free) struct result before = {0};
    CLEANUP(follow_end_asking) struct asking asking;
    follow_begin_asking(follow, channel, reader, &asking);
    past->known = follow_read_past(&asking, &follower->followed.key, version, hash, &before) &&
                  followed_changes_since(&follower->followed, &before, &follow->scratch,
                                         streams_account(follow->streams), &past->event);
}

// The lock is held.
static void follow_give_past(struct follow *follow, struct channel *channel, const struct past *pasts,
                             int count) {
    for (struct stream *stream = channel->first; stream != NULL; stream = stream->after) {
        if (!follow_is_due(channel->producer, stream) || !follow_asks_file(stream))
            continue;
        int at = 0;
        while (at < count && strcmp(pasts[at].id, stream->resume) != 0)
            at++;
        if (at == count)
            alarm_ring(&follow->alarm); // there was no room, or he has just come
        else if (pasts[at].known)
            streams_give(follow->streams, stream, pasts[at].event, channel->end);
        else
            stream->resume[0] = '\0';
    }
    follow_mark(channel->producer, channel);
}

static void follow_resume(struct follow *follow, struct channel *channel) {
    struct past *pasts = follow->pasts;
    streams_lock(follow->streams);
    int count = follow_resume_known(follow, channel, pasts);
    streams_unlock(follow->streams);
    if (count == 0)
        return;
    for (int i = 0; i < count; i++) {
        pasts[i].known = false;
        pasts[i].event = NULL;
        follow_look_up_past(follow, channel, &pasts[i]);
    }
    streams_lock(follow->streams);
    follow_give_past(follow, channel, pasts, count);
    streams_unlock(follow->streams);
    for (int i = 0; i < count; i++)
        event_drop(&pasts[i].event);
}

// --- those who begin

// The lock is held. Which events of all rows are wanted: at first, and again.
static void follow_find_wanted(const struct channel *channel, bool ret[2]) {
    ret[0] = ret[1] = false;
    for (const struct stream *stream = channel->first; stream != NULL; stream = stream->after)
        if (follow_is_due(channel->producer, stream) && !follow_asks_file(stream))
            ret[stream->want != WANT_ROWS] = true;
}

// The lock is held. Who came while the events were made is looked after the next time. Where too much waits for slow
// readers already, one more ends: he comes again, and is refused until there is room.
static void follow_give_rows(struct follow *follow, struct channel *channel, struct event *const events[2]) {
    bool room = atomic_load(streams_account(follow->streams)) < 2 * (size_t)STREAMS_BYTES_MAX;
    for (struct stream *stream = channel->first; stream != NULL; stream = stream->after) {
        if (!follow_is_due(channel->producer, stream) || follow_asks_file(stream))
            continue;
        struct event *event = events[stream->want != WANT_ROWS];
        if (event != NULL && room)
            streams_give(follow->streams, stream, event, channel->end);
        else if (!room)
            streams_end(follow->streams, stream, NULL);
    }
    follow_mark(channel->producer, channel);
}

static void follow_greet(struct follow *follow, struct channel *channel) {
    struct follower *follower = channel->producer;
    struct event *events[2] = {NULL, NULL};
    bool wanted[2];
    streams_lock(follow->streams);
    follow_find_wanted(channel, wanted);
    streams_unlock(follow->streams);
    if (!wanted[0] && !wanted[1])
        return;
    for (int i = 0; i < 2; i++)
        if (wanted[i])
            events[i] = followed_rows(&follower->followed, i == 1, &follow->scratch,
                                      streams_account(follow->streams));
    streams_lock(follow->streams);
    follow_give_rows(follow, channel, events);
    streams_unlock(follow->streams);
}

// From now on changes are told: somebody has seen what `followed` has.
static void follow_note_told(struct follower *follower) {
    if (follower->told_version >= 0)
        return;
    follower->told_version = follower->followed.version;
    follower->told_state = follower->followed.state;
    follower->told_ms = clock_monotonic_ms();
}

static void follow_look(struct follow *follow, struct channel *channel) {
    if (channel->producer == NULL) {
        struct follower *follower = calloc(1, sizeof *follower);
        if (follower == NULL)
            return;
        follower->followed.version = follower->told_version = -1;
        channel->producer = follower;
    }
    if (!follow_read(follow, channel))
        return;
    struct follower *follower = channel->producer;
    for (int i = 0; i < follower->followed.table_count; i++)
        progress_follow(follow->progress, follower->followed.tables[i]);
    follow_note_told(follower);
    follow_resume(follow, channel);
    follow_greet(follow, channel);
    follow_tell_position(follow, channel);
}

// --- all of them

static void follow_free_channel(struct follow *follow, struct channel *channel) {
    struct follower *follower = channel->producer;
    if (follower != NULL)
        followed_free(&follower->followed);
    free(follower);
    streams_drop(follow->streams, channel);
}

static size_t follow_bytes(const struct follow *follow) {
    size_t bytes = 0;
    for (const struct channel *channel = streams_channels(follow->streams); channel != NULL;
         channel = channel->next)
        if (!channel->lossy && channel->producer != NULL)
            bytes += followed_bytes(&((const struct follower *)channel->producer)->followed);
    return bytes;
}

// The lock is held.
static void follow_forget_large(const struct follow *follow) {
    for (const struct channel *channel = streams_channels(follow->streams); channel != NULL;
         channel = channel->next)
        if (!channel->lossy && channel->producer != NULL)
            followed_forget_large(&((struct follower *)channel->producer)->followed);
}

// The lock is held. Of what nobody follows the one that was left first.
static void follow_free_oldest(struct follow *follow) {
    struct channel *oldest = NULL;
    for (struct channel *channel = streams_channels(follow->streams); channel != NULL;
         channel = channel->next)
        if (!channel->lossy && channel->count == 0 && (oldest == NULL || channel->left_ms < oldest->left_ms))
            oldest = channel;
    if (oldest != NULL)
        follow_free_channel(follow, oldest);
}

// Into `ret` those that somebody follows; the lock is held. Those that nobody has followed for longer than the
// window are freed, and where there is no room for their rows, or too many are kept. *ret_kept: how many are.
static int follow_list_channels(struct follow *follow, struct channel **ret, int *ret_kept) {
    int count = 0;
    int64_t now = clock_monotonic_ms();
    bool room = follow_bytes(follow) < FOLLOW_BYTES_MAX;
    *ret_kept = 0;
    struct channel *next;
    for (struct channel *channel = streams_channels(follow->streams); channel != NULL; channel = next) {
        next = channel->next;
        if (channel->lossy)
            continue;
        if (channel->count > 0)
            ret[count++] = channel;
        else if (!room || now - channel->left_ms >= follow->window_ms)
            follow_free_channel(follow, channel);
        else
            (*ret_kept)++;
    }
    for (; *ret_kept > FOLLOW_KEPT_MAX; (*ret_kept)--)
        follow_free_oldest(follow);
    return count;
}

// Where a thousand follow one channel, sending them an event takes longer than the next commit does to come. What is published
// meanwhile would only make them later; what is read afterwards is of all the commits until then. Returns for how long at
// most, 0 = now.
static int follow_crowd_ms(struct follow *follow, struct channel *channel) {
    const struct follower *follower = channel->producer;
    int64_t left = follower != NULL ? follower->told_ms + CROWD_MS - clock_monotonic_ms() : 0;
    if (left <= 0)
        return 0;
    streams_lock(follow->streams);
    bool crowded = streams_are_crowded(channel);
    streams_unlock(follow->streams);
    return crowded ? (int)left : 0;
}

// Looks at each, and returns how long to sleep. Where there is no room for all their rows the newest one ends.
static int follow_look_at_all(struct follow *follow) {
    struct channel *channels[STREAMS_CHANNELS_MAX];
    int kept;
    streams_lock(follow->streams);
    follow_forget_large(follow);
    int count = follow_list_channels(follow, channels, &kept);
    bool room = follow_bytes(follow) < FOLLOW_BYTES_MAX;
    streams_unlock(follow->streams);
    atomic_store(&follow->anyone, count > 0);
    if (!room && count > 0 && channels[0]->producer != NULL) {
        CLEANUP(response_free) struct response response = {0};
        problem_set(&response, PROBLEM_TOO_MANY_STREAMS,
                    "the rows of all that is followed are more than %d bytes", FOLLOW_BYTES_MAX);
        follow_end(follow, channels[0], &response);
    }
    int sleep_ms = FOLLOW_LOOK_MS;
    for (int i = 0; i < count; i++) {
        int left_ms = follow_crowd_ms(follow, channels[i]);
        if (left_ms == 0)
            follow_look(follow, channels[i]);
        else if (left_ms < sleep_ms)
            sleep_ms = left_ms;
    }
    if (count > 0)
        return sleep_ms;
    return kept > 0 ? FOLLOW_REPEAT_MS : -1;
}

// Questions that take long take no more than half of the time. Whether the alarm was rung meanwhile.
static bool follow_pause(struct follow *follow, int64_t ms) {
    int64_t until = clock_monotonic_ms() + ms;
    bool rung = false;
    for (int64_t left = ms; left > 0 && !atomic_load(&follow->ended); left = until - clock_monotonic_ms())
        rung |= alarm_wait(&follow->alarm, (int)left);
    return rung;
}

static void *follow_run(void *self) {
    struct follow *follow = self;
    int sleep_ms = -1;
    while (!atomic_load(&follow->ended)) {
        (void)alarm_wait(&follow->alarm, sleep_ms);
        if (atomic_load(&follow->ended))
            break;
        int64_t begun = clock_monotonic_ms();
        sleep_ms = follow_look_at_all(follow);
        int64_t took = clock_monotonic_ms() - begun;
        if (took >= PACED_FROM_MS && follow_pause(follow, took))
            sleep_ms = 0;
    }
    return NULL;
}

int follow_new(struct follow **ret, struct routes *routes, struct streams *streams, int64_t window_ms,
               struct error *error) {
    CLEANUP(follow_free) struct follow *follow = calloc(1, sizeof *follow);
    if (follow == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *follow = (struct follow){
        .streams = streams, .progress = routes->config.progress, .window_ms = window_ms, .alarm = {-1}};
    if (worker_new(&follow->worker, routes, error) != 0)
        return -1;
    reader_set_deadline(worker_reader(follow->worker), FOLLOW_DEADLINE_MS);
    if (!alarm_open(&follow->alarm) || pthread_create(&follow->thread, NULL, follow_run, follow) != 0)
        return error_set(error, ERROR_SYSTEM, "cannot start the thread of what is followed");
    follow->running = true;
    streams_set_producer(streams, false, follow_wake, follow);
    if (!progress_on_commit(follow->progress, follow_on_commit, follow))
        return error_set(error, ERROR_SYSTEM, "too many listen to commits");
    *ret = follow;
    follow = NULL;
    return 0;
}

static void follow_free_channels(struct follow *follow) {
    streams_lock(follow->streams);
    struct channel *next;
    for (struct channel *channel = streams_channels(follow->streams); channel != NULL; channel = next) {
        next = channel->next;
        if (!channel->lossy)
            follow_free_channel(follow, channel);
    }
    streams_unlock(follow->streams);
}

void follow_free(struct follow **follow) {
    struct follow *f = *follow;
    if (f == NULL)
        return;
    progress_off_commit(f->progress, f);
    if (f->running) {
        atomic_store(&f->ended, true);
        reader_interrupt(worker_reader(f->worker));
        alarm_ring(&f->alarm);
        (void)pthread_join(f->thread, NULL);
    }
    follow_free_channels(f);
    worker_free(&f->worker);
    buffer_free(&f->scratch);
    alarm_close(&f->alarm);
    free(f);
    *follow = NULL;
}
