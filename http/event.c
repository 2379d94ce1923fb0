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

// In front of `\ndata: `, where the JSON begins.
static void event_find_id(struct event *event, const struct buffer *out) {
    const size_t end = event->json_at - (sizeof "\ndata: " - 1);
    size_t begin = end;
    while (begin > 0 && out->data[begin - 1] != ' ')
        begin--;
    event->id_at = begin;
    event->id_size = end - begin;
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
    event_find_id(event, out);
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

struct span event_id(const struct event *event) {
    return (struct span){event->text + event->id_at, event->id_size};
}

struct span event_form(const struct event *event, bool as_line) {
    if (!as_line)
        return (struct span){event->text, event->size};
    return (struct span){event->text + event->json_at, event->size - event->json_at - 1};
}
