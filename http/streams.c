#include "http/streams.h"

#include "http/live.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { GREET_MS = 20 }; // least between two events for newcomers

struct streams {
    struct routes *routes;
    void (*resume)(struct stream *stream);
    struct reader *reader; // the thread's own, like the four that follow
    struct live *live;
    struct buffer scratch;
    int64_t sampled_ms; // monotonic, as the two that follow
    int64_t looked_ms;
    int64_t told_ms;
    int event;            // an eventfd: a newcomer, the end
    _Atomic bool ended;   // stops the thread
    _Atomic size_t bytes; // of all events
    pthread_t thread;
    bool running;
    pthread_mutex_t mutex; // of what follows, and of what is in each stream
    struct stream *first;
    int count;
    int newcomers; // that were not greeted
    bool stopping;
};

static void streams_signal_event(struct streams *streams) {
    // A full counter is as good as one more: the thread is woken either way.
    while (eventfd_write(streams->event, 1) < 0 && errno == EINTR)
        continue;
}

// The mutex is held.
static void streams_wake(struct streams *streams, struct stream *stream) {
    if (!stream->suspended)
        return;
    stream->suspended = false;
    streams->resume(stream);
}

// Each newcomer gets the event with the history, the others the plain one. A reader that is slow has the newest
// event waiting and none that was before it. The mutex is held.
static void streams_give_live(struct streams *streams, struct event *first, struct event *event) {
    for (struct stream *stream = streams->first; stream != NULL; stream = stream->after) {
        struct event *given = stream->greeted ? event : first;
        if (given == NULL || (stream->next != NULL && stream->next == first))
            continue;
        event_drop(&stream->next);
        stream->next = event_hold(given);
        streams->newcomers -= !stream->greeted;
        stream->greeted = true;
        streams_wake(streams, stream);
    }
}

static void streams_tell_live(struct streams *streams, bool newcomers, int64_t monotonic_ms) {
    struct event *first = NULL;
    struct event *event = NULL;
    bool differs = live_look(streams->live, clock_wall_ms(), monotonic_ms);
    streams->looked_ms = monotonic_ms;
    if (newcomers) {
        size_t json_at = live_render(streams->live, &streams->scratch, true);
        first = event_make(&streams->scratch, json_at, &streams->bytes);
    }
    int64_t since = monotonic_ms - streams->told_ms;
    if (since >= LIVE_REPEAT_MS || (differs && since >= LIVE_EVENT_MS)) {
        size_t json_at = live_render(streams->live, &streams->scratch, false);
        event = event_make(&streams->scratch, json_at, &streams->bytes);
        streams->told_ms = monotonic_ms;
    }
    (void)pthread_mutex_lock(&streams->mutex);
    streams_give_live(streams, first, event);
    (void)pthread_mutex_unlock(&streams->mutex);
    event_drop(&first);
    event_drop(&event);
}

// Until the next moment at which something is due.
static int streams_sleep_ms(const struct streams *streams, bool anyone, bool newcomers) {
    int64_t next = streams->sampled_ms + LIVE_SAMPLE_MS;
    int64_t look = streams->looked_ms + (newcomers ? GREET_MS : LIVE_EVENT_MS);
    if (anyone && look < next)
        next = look;
    int64_t left = next - clock_monotonic_ms();
    return left > 0 ? (int)left : 0;
}

static void streams_sample(struct streams *streams, int64_t now) {
    live_sample(streams->live, clock_wall_ms(), now);
    streams->sampled_ms = now;
}

static void *streams_run(void *self) {
    struct streams *streams = self;
    bool anyone = false;
    bool newcomers = false;
    while (!atomic_load(&streams->ended)) {
        struct pollfd event = {.fd = streams->event, .events = POLLIN};
        if (poll(&event, 1, streams_sleep_ms(streams, anyone, newcomers)) > 0) {
            eventfd_t seen;
            (void)eventfd_read(streams->event, &seen);
        }
        int64_t now = clock_monotonic_ms();
        if (now - streams->sampled_ms >= LIVE_SAMPLE_MS)
            streams_sample(streams, now);
        (void)pthread_mutex_lock(&streams->mutex);
        anyone = streams->count > 0;
        newcomers = streams->newcomers > 0;
        (void)pthread_mutex_unlock(&streams->mutex);
        int64_t since = now - streams->looked_ms;
        if (anyone && since >= (newcomers ? GREET_MS : LIVE_EVENT_MS))
            streams_tell_live(streams, newcomers, now);
    }
    return NULL;
}

int streams_new(struct streams **ret, struct routes *routes, void (*resume)(struct stream *stream),
                struct error *error) {
    CLEANUP(streams_free) struct streams *streams = calloc(1, sizeof *streams);
    if (streams == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *streams = (struct streams){.routes = routes, .resume = resume, .event = -1};
    (void)pthread_mutex_init(&streams->mutex, NULL);
    const struct routes_config *config = &routes->config;
    if (reader_open(&streams->reader, config->db, config->catalog, error) != 0 ||
        live_new(&streams->live, config->progress, streams->reader, error) != 0)
        return -1;
    streams_sample(streams, clock_monotonic_ms());
    streams->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (streams->event < 0 || pthread_create(&streams->thread, NULL, streams_run, streams) != 0)
        return error_set(error, ERROR_SYSTEM, "cannot start the thread for streams");
    streams->running = true;
    *ret = streams;
    streams = NULL;
    return 0;
}

bool streams_add(struct streams *streams, struct stream *stream, bool as_lines) {
    *stream = (struct stream){.as_lines = as_lines};
    (void)pthread_mutex_lock(&streams->mutex);
    stream->added = !streams->stopping && streams->count < STREAMS_MAX &&
                    atomic_load(&streams->bytes) < STREAMS_BYTES_MAX;
    if (stream->added) {
        stream->after = streams->first;
        if (streams->first != NULL)
            streams->first->before = stream;
        streams->first = stream;
        streams->count++;
        streams->newcomers++;
        (void)atomic_fetch_add(&streams->routes->streams, 1);
    }
    (void)pthread_mutex_unlock(&streams->mutex);
    if (stream->added)
        streams_signal_event(streams);
    return stream->added;
}

void streams_remove(struct streams *streams, struct stream *stream) {
    if (!stream->added)
        return;
    (void)pthread_mutex_lock(&streams->mutex);
    if (stream->before != NULL)
        stream->before->after = stream->after;
    else
        streams->first = stream->after;
    if (stream->after != NULL)
        stream->after->before = stream->before;
    streams->count--;
    streams->newcomers -= !stream->greeted;
    (void)atomic_fetch_sub(&streams->routes->streams, 1);
    (void)pthread_mutex_unlock(&streams->mutex);
    event_drop(&stream->current);
    event_drop(&stream->next);
    stream->added = false;
}

// The event that follows is the current one, if there is one. Once the streams stop there is none any more.
static bool streams_take_next(struct streams *streams, struct stream *stream, bool *ret_end,
                              void (*suspend)(struct stream *stream)) {
    event_drop(&stream->current);
    stream->sent = 0;
    (void)pthread_mutex_lock(&streams->mutex);
    *ret_end = streams->stopping;
    if (!*ret_end) {
        stream->current = stream->next;
        stream->next = NULL;
    }
    if (!*ret_end && stream->current == NULL) {
        stream->suspended = true;
        suspend(stream);
    }
    (void)pthread_mutex_unlock(&streams->mutex);
    return stream->current != NULL;
}

ssize_t streams_read(struct streams *streams, struct stream *stream, char *ret, size_t size,
                     void (*suspend)(struct stream *stream)) {
    bool end = false;
    if (stream->current == NULL || stream->sent == event_form(stream->current, stream->as_lines).size)
        if (!streams_take_next(streams, stream, &end, suspend))
            return end ? -1 : 0;
    struct span form = event_form(stream->current, stream->as_lines);
    size_t left = form.size - stream->sent;
    size_t part = left < size ? left : size;
    memcpy(ret, form.data + stream->sent, part);
    stream->sent += part;
    return (ssize_t)part;
}

int streams_count(struct streams *streams) {
    (void)pthread_mutex_lock(&streams->mutex);
    int count = streams->count;
    (void)pthread_mutex_unlock(&streams->mutex);
    return count;
}

void streams_stop(struct streams *streams) {
    if (streams->running) {
        atomic_store(&streams->ended, true);
        streams_signal_event(streams);
        (void)pthread_join(streams->thread, NULL);
        streams->running = false;
    }
    (void)pthread_mutex_lock(&streams->mutex);
    streams->stopping = true;
    for (struct stream *stream = streams->first; stream != NULL; stream = stream->after)
        streams_wake(streams, stream);
    (void)pthread_mutex_unlock(&streams->mutex);
}

void streams_free(struct streams **streams) {
    struct streams *s = *streams;
    if (s == NULL)
        return;
    streams_stop(s);
    live_free(&s->live);
    reader_free(&s->reader);
    buffer_free(&s->scratch);
    if (s->event >= 0)
        (void)close(s->event);
    (void)pthread_mutex_destroy(&s->mutex);
    free(s);
    *streams = NULL;
}
