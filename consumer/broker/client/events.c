#include "consumer/broker/client/events.h"

#include <stdarg.h>
#include <stdio.h>

static int kafka_events_count_errors(const struct kafka_events *events) {
    int count = 0;
    for (int i = 0; i < events->count; i++)
        count += events->ring[(events->first + i) % KAFKA_EVENTS_MAX].kind == KAFKA_EVENT_ERROR;
    return count;
}

void kafka_events_record(struct kafka_events *events, enum kafka_event_kind kind, int slot,
                         const char *format, ...) {
    if (kind == KAFKA_EVENT_ERROR && kafka_events_count_errors(events) == KAFKA_EVENTS_ERROR_MAX)
        return;
    if (events->count == KAFKA_EVENTS_MAX) { // the oldest is the one that says least
        events->first = (events->first + 1) % KAFKA_EVENTS_MAX;
        events->count--;
    }
    struct kafka_event *event = &events->ring[(events->first + events->count++) % KAFKA_EVENTS_MAX];
    *event = (struct kafka_event){.kind = kind, .slot = slot};
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(event->message, sizeof event->message, format, arguments);
    va_end(arguments);
}

bool kafka_events_take(struct kafka_events *events, struct kafka_event *ret) {
    *ret = (struct kafka_event){.slot = -1};
    if (events->count == 0)
        return false;
    *ret = events->ring[events->first];
    events->first = (events->first + 1) % KAFKA_EVENTS_MAX;
    events->count--;
    return true;
}
