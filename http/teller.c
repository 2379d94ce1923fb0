#include "http/teller.h"

#include "http/alarm.h"
#include "http/live.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <pthread.h>

enum { GREET_MS = 20 }; // least between two events for newcomers

struct teller {
    struct streams *streams;
    struct reader *reader;
    struct live *live;
    struct buffer scratch;
    int64_t sampled_ms; // monotonic, as the two that follow
    int64_t looked_ms;
    int64_t told_ms;
    struct alarm alarm; // a newcomer, the end
    _Atomic bool ended; // stops the thread
    pthread_t thread;
    bool running;
};

static void teller_wake(void *self) {
    struct teller *teller = self;
    alarm_ring(&teller->alarm);
}

// The lock is held. NULL = nobody has asked yet.
static struct channel *teller_channel(struct teller *teller) {
    struct channel *channel = streams_channels(teller->streams);
    while (channel != NULL && !channel->lossy)
        channel = channel->next;
    return channel;
}

static void teller_greet(struct teller *teller, struct channel *channel, struct event *first) {
    for (struct stream *stream = channel->first; stream != NULL; stream = stream->after)
        if (stream->want != WANT_NOTHING)
            streams_give(teller->streams, stream, first, channel->end);
}

static struct event *teller_make(struct teller *teller, bool first) {
    size_t json_at = live_render(teller->live, &teller->scratch, first);
    return event_make(&teller->scratch, json_at, streams_account(teller->streams));
}

static void teller_tell(struct teller *teller, bool newcomers, int64_t now) {
    struct event *first = NULL;
    struct event *event = NULL;
    bool differs = live_look(teller->live, clock_wall_ms(), now);
    int64_t since = now - teller->told_ms;
    teller->looked_ms = now;
    if (newcomers)
        first = teller_make(teller, true);
    if (since >= LIVE_REPEAT_MS || (differs && since >= LIVE_EVENT_MS)) {
        event = teller_make(teller, false);
        teller->told_ms = now;
    }
    streams_lock(teller->streams);
    struct channel *channel = teller_channel(teller);
    if (event != NULL)
        streams_publish(teller->streams, channel, event);
    if (first != NULL)
        teller_greet(teller, channel, first);
    streams_unlock(teller->streams);
    event_drop(&first);
    event_drop(&event);
}

// Until the next moment at which something is due.
static int teller_sleep_ms(const struct teller *teller, bool anyone, bool newcomers) {
    int64_t next = teller->sampled_ms + LIVE_SAMPLE_MS;
    int64_t look = teller->looked_ms + (newcomers ? GREET_MS : LIVE_EVENT_MS);
    if (anyone && look < next)
        next = look;
    int64_t left = next - clock_monotonic_ms();
    return left > 0 ? (int)left : 0;
}

static void teller_sample(struct teller *teller, int64_t now) {
    live_sample(teller->live, clock_wall_ms(), now);
    teller->sampled_ms = now;
}

static void *teller_run(void *self) {
    struct teller *teller = self;
    bool anyone = false;
    bool newcomers = false;
    while (!atomic_load(&teller->ended)) {
        (void)alarm_wait(&teller->alarm, teller_sleep_ms(teller, anyone, newcomers));
        int64_t now = clock_monotonic_ms();
        if (now - teller->sampled_ms >= LIVE_SAMPLE_MS)
            teller_sample(teller, now);
        streams_lock(teller->streams);
        const struct channel *channel = teller_channel(teller);
        anyone = channel != NULL && channel->count > 0;
        newcomers = anyone && channel->wanting > 0;
        streams_unlock(teller->streams);
        int64_t since = now - teller->looked_ms;
        if (anyone && since >= (newcomers ? GREET_MS : LIVE_EVENT_MS))
            teller_tell(teller, newcomers, now);
    }
    return NULL;
}

int teller_new(struct teller **ret, struct routes *routes, struct streams *streams, struct error *error) {
    CLEANUP(teller_free) struct teller *teller = calloc(1, sizeof *teller);
    if (teller == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *teller = (struct teller){.streams = streams, .alarm = {-1}};
    const struct routes_config *config = &routes->config;
    if (reader_open(&teller->reader, config->db, config->catalog, error) != 0 ||
        live_new(&teller->live, config->progress, teller->reader, error) != 0)
        return -1;
    reader_join(teller->reader, config->snapshots);
    teller_sample(teller, clock_monotonic_ms());
    if (!alarm_open(&teller->alarm) || pthread_create(&teller->thread, NULL, teller_run, teller) != 0)
        return error_set(error, ERROR_SYSTEM, "cannot start the thread of /v1/live");
    teller->running = true;
    streams_set_producer(streams, true, teller_wake, teller);
    *ret = teller;
    teller = NULL;
    return 0;
}

void teller_free(struct teller **teller) {
    struct teller *t = *teller;
    if (t == NULL)
        return;
    if (t->running) {
        atomic_store(&t->ended, true);
        alarm_ring(&t->alarm);
        (void)pthread_join(t->thread, NULL);
    }
    live_free(&t->live);
    reader_free(&t->reader);
    buffer_free(&t->scratch);
    alarm_close(&t->alarm);
    free(t);
    *teller = NULL;
}
