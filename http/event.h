// One event of a stream: serialised once, sent to any number of readers, freed with the last that holds it. An
// event never changes after event_make, so any thread may read it.
#ifndef TIDEMARK_HTTP_EVENT_H
#define TIDEMARK_HTTP_EVENT_H

#include "views/base/buffer.h"

#include <stdatomic.h>

enum {
    EVENT_RETRY_MS = 2000, // how long a client waits before it comes again, as the first event tells it
    EVENT_ID_SIZE = 80,    // and NUL: an LSN, a version, a hash, how many columns the key has, the views
};

// text/event-stream: `event: NAME\nid: ID\ndata: JSON\n\n`. The line of NDJSON is a part of it: the JSON and the
// first newline after it.
struct event {
    _Atomic int references;
    _Atomic size_t *account; // its bytes are counted there while it lives
    size_t size;
    size_t id_at; // `id_size` bytes
    size_t id_size;
    size_t json_at;
    char text[];
};

// Begins an event in `out`; its JSON is appended next, without a newline. `first`: with the line that says when to
// come again. Returns where the JSON begins, for event_make.
size_t event_begin(struct buffer *out, const char *name, struct span id, bool first);
// The event in `out` from its start on, held once. NULL when there is no memory, or what was written failed.
// `account` outlives it.
struct event *event_make(struct buffer *out, size_t json_at, _Atomic size_t *account);
struct event *event_hold(struct event *event);
void event_drop(struct event **event); // safe for NULL
struct span event_id(const struct event *event);
// What a reader is sent: all of it, or as NDJSON.
struct span event_form(const struct event *event, bool as_line);

#endif
