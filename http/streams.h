// Answers that do not end: which connections hear which channel, what each was sent, and who is suspended. A channel
// has one producer thread, which makes each event once (teller.h of /v1/live, follow.h of what is followed). A stream
// holds a connection, no thread and no snapshot. Knows no sockets, and not what events say.
#ifndef TIDEMARK_HTTP_STREAMS_H
#define TIDEMARK_HTTP_STREAMS_H

#include "http/event.h"
#include "views/base/error.h"

#include <stdint.h>
#include <sys/types.h>

struct streams;

enum {
    STREAMS_MAX = 2048,                // at once; more are refused
    STREAMS_BYTES_MAX = 64 << 20,      // of events; nobody more is taken while there are as many
    STREAMS_REMEMBERED_MAX = 32 << 20, // of them, of all channels: for those who are slow or come again
    STREAMS_CHANNELS_MAX = 256,        // that somebody hears, /v1/live aside
    STREAMS_LEFT_MAX = 384,            // that nobody hears any more and that were not dropped yet
    CHANNEL_EVENTS_MAX = 4096,         // that a channel keeps, for those who are slow or come again
    CHANNEL_BYTES_MAX = 4 << 20,       // of them
    STREAMS_CROWD = 16,                // so many who are behind are none yet
    STREAMS_CROWD_PART = 8,            // nor is this part of those who hear the channel
};

// What a stream is given before the channel's next event.
enum stream_want {
    WANT_NOTHING,
    WANT_ROWS,   // the beginning
    WANT_RESUME, // what follows the event `resume`
    WANT_RESET,  // the beginning again: some events are gone
};

// One open stream: memory of the connection's owner, the streams' from streams_add until streams_remove.
struct stream {
    struct channel *channel; // NULL = not added
    bool as_lines;           // NDJSON
    bool suspended;          // to be resumed when there is something
    bool over;               // it ends after `greeting`
    enum stream_want want;
    char resume[EVENT_ID_SIZE];
    int64_t version;        // of the file: what it is shown is as new at least
    struct event *current;  // being sent
    size_t sent;            // of it
    struct event *greeting; // its own next event, before the channel's
    int64_t cursor;         // number of the channel's next event for it
    struct stream *before;
    struct stream *after;
};

// What is heard: "" is /v1/live. Made by the first who asks, kept after the last has left until its producer drops
// it. `first`, `count` and `wanting` change under streams_lock.
struct channel {
    char *question; // also the channel's name
    bool lossy;     // a slow reader skips to the newest event; otherwise WANT_RESET
    struct stream *first;
    int count;
    int wanting;                              // that have a want
    int suspended;                            // that were sent all there is
    bool awaited;                             // the producer waits until they are most
    int64_t left_ms;                          // monotonic: when the last left
    struct event *events[CHANNEL_EVENTS_MAX]; // number n at n % CHANNEL_EVENTS_MAX
    int64_t begin;                            // number of the oldest that is kept
    int64_t end;                              // and after the newest
    size_t bytes;
    void *producer; // its producer's own
    struct channel *next;
};

struct stream_ask {
    struct span question;
    bool as_lines;
    bool resumes; // after the event `resume`
    struct span resume;
    int64_t version;
};

// `resume` is called with the lock held: it must not call back.
int streams_new(struct streams **ret, void (*resume)(struct stream *stream), struct error *error);
void streams_free(struct streams **streams); // after the producers have ended
// Who is told of newcomers and of those who lag, for /v1/live and for what is followed. Before the first streams_add.
void streams_set_producer(struct streams *streams, bool live, void (*wake)(void *self), void *self);

// --- connections, any thread
// False, and the stream is not taken, when there are too many or streams_stop was called.
bool streams_add(struct streams *streams, struct stream *stream, const struct stream_ask *ask);
// Safe for one that was not added. No streams_read of the stream is under way.
void streams_remove(struct streams *streams, struct stream *stream);
// The next bytes to send, at most `size`: how many, 0 after `suspend` when there are none now, -1 at the end. One
// thread at a time for each stream.
ssize_t streams_read(struct streams *streams, struct stream *stream, char *ret, size_t size,
                     void (*suspend)(struct stream *stream));
// How many are open.
int streams_count(struct streams *streams);
// Ends all, each after the event that it is sending, and takes no more.
void streams_stop(struct streams *streams);

// --- producers, each for its own channels
void streams_lock(struct streams *streams);
void streams_unlock(struct streams *streams);
// All channels; the lock is held. Channels are added at the front and freed by streams_drop only.
struct channel *streams_channels(struct streams *streams);
// What all events count for.
_Atomic size_t *streams_account(struct streams *streams);
// The rest are called with the lock held.
// Whether many have yet to be sent what was published. Then the producer is woken once when they are few.
bool streams_are_crowded(struct channel *channel);
// The channel's next event, for all that want nothing else.
void streams_publish(struct streams *streams, struct channel *channel, struct event *event);
// Ends a stream's want: with an event of its own (NULL = none), then the channel's from number `cursor` on.
void streams_give(struct streams *streams, struct stream *stream, struct event *event, int64_t cursor);
// The stream's last event.
void streams_end(struct streams *streams, struct stream *stream, struct event *event);
// Number of the channel's event with this id; -1 = it is not kept.
int64_t streams_find(const struct channel *channel, const char *id);
// Forgets the channel's events: all that hear it are reset.
void streams_forget(struct streams *streams, struct channel *channel);
// Frees a channel that nobody hears.
void streams_drop(struct streams *streams, struct channel *channel);

#endif
