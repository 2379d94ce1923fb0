#include "http/event.h"

#include <stdlib.h>

size_t event_begin(struct buffer *out, const char *name, struct span id, bool first) {
    buffer_clear(out);
    if (first)
        buffer_format(out, "retry: %d\n", EVENT_RETRY_MS);
    buffer_format(out, "event: %s\nid: ", name);
    buffer_append(out, id.data, id.size);
    buffer_text(out, "\ndata: ");
    return out->size;
}

struct event *event_make(struct buffer *out, size_t json_at, _Atomic size_t *account) {
    buffer_text(out, "\n\n");
    struct event *event = out->failed ? NULL : malloc(sizeof *event + out->size);
    if (event == NULL)
        return NULL;
    atomic_init(&event->references, 1);
    event->account = account;
    event->size = out->size;
    event->json_at = json_at;
    memcpy(event->text, out->data, out->size);
    (void)atomic_fetch_add(account, event->size);
    return event;
}

struct event *event_hold(struct event *event) {
    (void)atomic_fetch_add(&event->references, 1);
    return event;
}

void event_drop(struct event **event) {
    struct event *e = *event;
    *event = NULL;
    if (e == NULL || atomic_fetch_sub(&e->references, 1) > 1)
        return;
    (void)atomic_fetch_sub(e->account, e->size);
    free(e);
}

struct span event_form(const struct event *event, bool as_line) {
    if (!as_line)
        return (struct span){event->text, event->size};
    return (struct span){event->text + event->json_at, event->size - event->json_at - 1};
}
