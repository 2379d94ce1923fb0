#include "http/streams.h"

#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <pthread.h>

struct producer {
    void (*wake)(void *self);
    void *self;
};

struct streams {
    void (*resume)(struct stream *stream);
    struct producer producers[2]; // of what is followed, of /v1/live
    _Atomic size_t bytes;         // of all events
    pthread_mutex_t mutex;        // of what follows, and of what is in each stream and channel
    struct channel *channels;
    int channel_count;
    int heard;         // of them, /v1/live aside
    size_t remembered; // bytes of the channels' events
    int count;         // of streams
    bool stopping;
};

int streams_new(struct streams **ret, void (*resume)(struct stream *stream), struct error *error) {
    struct streams *streams = calloc(1, sizeof *streams);
    if (streams == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    streams->resume = resume;
    (void)pthread_mutex_init(&streams->mutex, NULL);
    *ret = streams;
    return 0;
}

static void streams_free_channel(struct streams *streams, struct channel *channel) {
    streams_forget(streams, channel);
    free(channel->question);
    free(channel);
}

void streams_free(struct streams **streams) {
    struct streams *s = *streams;
    if (s == NULL)
        return;
    while (s->channels != NULL) {
        struct channel *channel = s->channels;
        s->channels = channel->next;
        streams_free_channel(s, channel);
    }
    (void)pthread_mutex_destroy(&s->mutex);
    free(s);
    *streams = NULL;
}

void streams_set_producer(struct streams *streams, bool live, void (*wake)(void *self), void *self) {
    streams->producers[live] = (struct producer){wake, self};
}

void streams_lock(struct streams *streams) {
    (void)pthread_mutex_lock(&streams->mutex);
}

void streams_unlock(struct streams *streams) {
    (void)pthread_mutex_unlock(&streams->mutex);
}

struct channel *streams_channels(struct streams *streams) {
    return streams->channels;
}

_Atomic size_t *streams_account(struct streams *streams) {
    return &streams->bytes;
}

// --- the rest holds the lock

static void streams_wake_producer(const struct streams *streams, const struct channel *channel) {
    const struct producer *producer = &streams->producers[channel->lossy];
    if (producer->wake != NULL)
        producer->wake(producer->self);
}

static bool streams_many_are_behind(const struct channel *channel) {
    int behind = channel->count - channel->suspended;
    return behind > STREAMS_CROWD && behind > channel->count / STREAMS_CROWD_PART;
}

// One less is behind.
static void streams_note_sent(const struct streams *streams, struct channel *channel) {
    if (!channel->awaited || streams_many_are_behind(channel))
        return;
    channel->awaited = false;
    streams_wake_producer(streams, channel);
}

static void streams_suspend(const struct streams *streams, struct stream *stream,
                            void (*suspend)(struct stream *stream)) {
    stream->suspended = true;
    stream->channel->suspended++;
    suspend(stream);
    streams_note_sent(streams, stream->channel);
}

static void streams_wake(struct streams *streams, struct stream *stream) {
    if (!stream->suspended)
        return;
    stream->suspended = false;
    stream->channel->suspended--;
    streams->resume(stream);
}

static struct channel *streams_make_channel(struct streams *streams, struct span question) {
    struct channel *channel = calloc(1, sizeof *channel);
    const char *text = question.size > 0 ? question.data : ""; // /v1/live has no question
    if (channel == NULL || (channel->question = strndup(text, question.size)) == NULL) {
        free(channel);
        return NULL;
    }
    channel->lossy = question.size == 0;
    channel->next = streams->channels;
    streams->channels = channel;
    streams->channel_count++;
    return channel;
}

// `channel`: the question's, NULL = there is none. What is kept for who comes again takes the place of nobody who is here.
static bool streams_have_room(const struct streams *streams, const struct channel *channel,
                              struct span question) {
    if (question.size == 0 || (channel != NULL && channel->count > 0))
        return true;
    return streams->heard < STREAMS_CHANNELS_MAX &&
           (channel != NULL || streams->channel_count - streams->heard < STREAMS_LEFT_MAX);
}

static struct channel *streams_channel_of(struct streams *streams, struct span question) {
    struct channel *channel = streams->channels;
    while (channel != NULL && !span_is(question, channel->question))
        channel = channel->next;
    if (!streams_have_room(streams, channel, question))
        return NULL;
    return channel != NULL ? channel : streams_make_channel(streams, question);
}

static void streams_set_want(struct stream *stream, enum stream_want want) {
    stream->channel->wanting += (want != WANT_NOTHING) - (stream->want != WANT_NOTHING);
    stream->want = want;
}

static void streams_enter(struct stream *stream, struct channel *channel, const struct stream_ask *ask) {
    stream->channel = channel;
    stream->version = ask->version;
    stream->after = channel->first;
    if (channel->first != NULL)
        channel->first->before = stream;
    channel->first = stream;
    channel->count++;
    bool known = ask->resumes && ask->resume.size < sizeof stream->resume; // a longer one is none of ours
    if (known)
        memcpy(stream->resume, ask->resume.data, ask->resume.size); // the rest is zero
    streams_set_want(stream, known ? WANT_RESUME : ask->resumes ? WANT_RESET : WANT_ROWS);
}

static void streams_forget_oldest(struct streams *streams, struct channel *channel) {
    struct event **oldest = &channel->events[channel->begin % CHANNEL_EVENTS_MAX];
    channel->bytes -= (*oldest)->size;
    streams->remembered -= (*oldest)->size;
    channel->begin++;
    event_drop(oldest);
}

// Number of the channel's oldest event that somebody has yet to be sent. Who lags behind what is kept is reset anyway.
static int64_t streams_needed(const struct channel *channel) {
    int64_t needed = channel->end;
    if (channel->suspended == channel->count)
        return needed;
    for (const struct stream *stream = channel->first; stream != NULL; stream = stream->after)
        if (stream->want == WANT_NOTHING && stream->cursor >= channel->begin && stream->cursor < needed)
            needed = stream->cursor;
    return needed;
}

static struct channel *streams_find_largest(const struct streams *streams) {
    struct channel *largest = NULL;
    for (struct channel *channel = streams->channels; channel != NULL; channel = channel->next)
        if (!channel->lossy && (largest == NULL || channel->bytes > largest->bytes) &&
            channel->begin < streams_needed(channel))
            largest = channel;
    return largest;
}

// The channel that remembers most forgets half of it, but nothing that somebody has yet to be sent.
static void streams_keep_bound(struct streams *streams) {
    struct channel *largest;
    while (streams->remembered > STREAMS_REMEMBERED_MAX &&
           (largest = streams_find_largest(streams)) != NULL) {
        size_t half = largest->bytes / 2;
        int64_t needed = streams_needed(largest);
        while (largest->begin < needed && largest->bytes > half)
            streams_forget_oldest(streams, largest);
    }
}

bool streams_add(struct streams *streams, struct stream *stream, const struct stream_ask *ask) {
    *stream = (struct stream){.as_lines = ask->as_lines};
    streams_lock(streams);
    streams_keep_bound(streams);
    struct channel *channel = NULL;
    if (!streams->stopping && streams->count < STREAMS_MAX &&
        atomic_load(&streams->bytes) < STREAMS_BYTES_MAX)
        channel = streams_channel_of(streams, ask->question);
    if (channel != NULL) {
        streams->heard += !channel->lossy && channel->count == 0;
        streams_enter(stream, channel, ask);
        streams->count++;
        streams_wake_producer(streams, channel);
    }
    streams_unlock(streams);
    return channel != NULL;
}

void streams_remove(struct streams *streams, struct stream *stream) {
    struct channel *channel = stream->channel;
    if (channel == NULL)
        return;
    streams_lock(streams);
    streams_set_want(stream, WANT_NOTHING);
    if (stream->before != NULL)
        stream->before->after = stream->after;
    else
        channel->first = stream->after;
    if (stream->after != NULL)
        stream->after->before = stream->before;
    channel->count--;
    channel->suspended -= stream->suspended;
    streams_note_sent(streams, channel);
    if (channel->count == 0) {
        channel->left_ms = clock_monotonic_ms();
        streams->heard -= !channel->lossy;
    }
    streams->count--;
    stream->channel = NULL;
    streams_unlock(streams);
    event_drop(&stream->current);
    event_drop(&stream->greeting);
}

// What the stream is sent next, NULL = nothing now. Who lags behind what is kept is reset, or skips to the newest.
static struct event *streams_next_event(struct streams *streams, struct stream *stream) {
    struct channel *channel = stream->channel;
    if (stream->greeting != NULL) {
        struct event *greeting = stream->greeting;
        stream->greeting = NULL;
        return greeting;
    }
    if (stream->want != WANT_NOTHING)
        return NULL;
    if (stream->cursor < channel->begin && !channel->lossy) {
        streams_set_want(stream, WANT_RESET);
        streams_wake_producer(streams, channel);
        return NULL;
    }
    if (channel->lossy && stream->cursor < channel->end)
        stream->cursor = channel->end - 1;
    if (stream->cursor == channel->end)
        return NULL;
    return event_hold(channel->events[stream->cursor++ % CHANNEL_EVENTS_MAX]);
}

// The event that follows is the current one, if there is one. `suspend`: NULL where bytes are to be sent before the
// stream may sleep. False at the end.
static bool streams_take_next(struct streams *streams, struct stream *stream,
                              void (*suspend)(struct stream *stream)) {
    event_drop(&stream->current);
    stream->sent = 0;
    streams_lock(streams);
    bool end = streams->stopping || (stream->over && stream->greeting == NULL);
    if (!end)
        stream->current = streams_next_event(streams, stream);
    if (!end && stream->current == NULL && suspend != NULL)
        streams_suspend(streams, stream, suspend);
    streams_unlock(streams);
    return !end;
}

// What is left of the current event, as much as there is room for.
static size_t streams_copy_rest(struct stream *stream, char *ret, size_t size) {
    if (stream->current == NULL)
        return 0;
    struct span form = event_form(stream->current, stream->as_lines);
    size_t left = form.size - stream->sent;
    size_t part = left < size ? left : size;
    memcpy(ret, form.data + stream->sent, part);
    stream->sent += part;
    return part;
}

// Who is behind is sent all that has come since in one piece: a write costs the same whether it has one event or ten.
ssize_t streams_read(struct streams *streams, struct stream *stream, char *ret, size_t size,
                     void (*suspend)(struct stream *stream)) {
    size_t filled = streams_copy_rest(stream, ret, size);
    while (filled < size) {
        if (!streams_take_next(streams, stream, filled == 0 ? suspend : NULL))
            return filled > 0 ? (ssize_t)filled : -1;
        if (stream->current == NULL)
            break;
        filled += streams_copy_rest(stream, ret + filled, size - filled);
    }
    return (ssize_t)filled;
}

int streams_count(struct streams *streams) {
    streams_lock(streams);
    int count = streams->count;
    streams_unlock(streams);
    return count;
}

void streams_stop(struct streams *streams) {
    streams_lock(streams);
    streams->stopping = true;
    for (struct channel *channel = streams->channels; channel != NULL; channel = channel->next)
        for (struct stream *stream = channel->first; stream != NULL; stream = stream->after)
            streams_wake(streams, stream);
    streams_unlock(streams);
}

// --- producers

void streams_forget(struct streams *streams, struct channel *channel) {
    while (channel->begin < channel->end)
        streams_forget_oldest(streams, channel);
    channel->begin = ++channel->end; // one that nobody was sent
}

bool streams_are_crowded(struct channel *channel) {
    return channel->awaited = streams_many_are_behind(channel);
}

void streams_publish(struct streams *streams, struct channel *channel, struct event *event) {
    while (channel->begin < channel->end &&
           (channel->lossy || channel->end - channel->begin == CHANNEL_EVENTS_MAX ||
            channel->bytes + event->size > CHANNEL_BYTES_MAX ||
            atomic_load(&streams->bytes) > STREAMS_BYTES_MAX))
        streams_forget_oldest(streams, channel);
    channel->events[channel->end++ % CHANNEL_EVENTS_MAX] = event_hold(event);
    channel->bytes += event->size;
    streams->remembered += event->size;
    for (struct stream *stream = channel->first; stream != NULL; stream = stream->after)
        if (stream->want == WANT_NOTHING)
            streams_wake(streams, stream);
    streams_keep_bound(streams);
}

void streams_give(struct streams *streams, struct stream *stream, struct event *event, int64_t cursor) {
    event_drop(&stream->greeting);
    stream->greeting = event != NULL ? event_hold(event) : NULL;
    stream->cursor = cursor;
    streams_set_want(stream, WANT_NOTHING);
    if (event != NULL || cursor < stream->channel->end)
        streams_wake(streams, stream);
}

void streams_end(struct streams *streams, struct stream *stream, struct event *event) {
    streams_give(streams, stream, event, stream->channel->end);
    stream->over = true;
    streams_wake(streams, stream);
}

int64_t streams_find(const struct channel *channel, const char *id) {
    for (int64_t i = channel->end - 1; i >= channel->begin; i--)
        if (span_is(event_id(channel->events[i % CHANNEL_EVENTS_MAX]), id))
            return i;
    return -1;
}

void streams_drop(struct streams *streams, struct channel *channel) {
    struct channel **at = &streams->channels;
    while (*at != channel)
        at = &(*at)->next;
    *at = channel->next;
    streams->channel_count--;
    streams_free_channel(streams, channel);
}
