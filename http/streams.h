// Answers that do not end: /v1/live. One thread of its own looks at what there is to tell and makes each event
// once; connections that have sent all they had are suspended and resumed by it. A stream holds a connection, no
// thread and no snapshot. Knows no sockets.
#ifndef TIDEMARK_HTTP_STREAMS_H
#define TIDEMARK_HTTP_STREAMS_H

#include "http/event.h"
#include "http/exchange.h"

#include <sys/types.h>

struct streams;

enum {
    STREAMS_MAX = 2048, // at once; more are refused
    STREAMS_BYTES_MAX =
        64 << 20, // of events that are not sent yet; nobody more is taken while there are as many
};

// One open stream: memory of the connection's owner, the streams' from streams_add until streams_remove.
struct stream {
    bool as_lines;         // NDJSON
    bool added;            // in the list below
    bool suspended;        // to be resumed with the next event
    bool greeted;          // it has been given its first event
    struct event *current; // being sent
    size_t sent;           // of it
    struct event *next;    // the newest that follows; a newer one takes its place
    struct stream *before;
    struct stream *after;
};

// `resume` is called on the streams' thread, in streams_stop too: it must not call back.
int streams_new(struct streams **ret, struct routes *routes, void (*resume)(struct stream *stream),
                struct error *error);
void streams_free(struct streams **streams);

// False, and the stream is not taken, when there are too many or streams_stop was called. Any thread.
bool streams_add(struct streams *streams, struct stream *stream, bool as_lines);
// Safe for one that was not added. Any thread; no streams_read of the stream is under way.
void streams_remove(struct streams *streams, struct stream *stream);
// The next bytes to send, at most `size`: how many, 0 after `suspend` when there are none now, -1 at the end. One
// thread at a time for each stream.
ssize_t streams_read(struct streams *streams, struct stream *stream, char *ret, size_t size,
                     void (*suspend)(struct stream *stream));
// How many are open.
int streams_count(struct streams *streams);
// Ends all, each after the event that it is sending, and takes no more.
void streams_stop(struct streams *streams);

#endif
