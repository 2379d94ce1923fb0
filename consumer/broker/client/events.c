#include "consumer/broker/client/events.h"

#include <stdarg.h>
#include <stdio.h>

static bool kafka_events_is_error(enum kafka_event_kind kind) {
    return kind == KAFKA_EVENT_ERROR || kind == KAFKA_EVENT_PARTITION_ERROR;
}

static int kafka_events_count_errors(const struct kafka_events *events) {
    int count = 0;
    for (int i = 0; i < events->count; i++)
        count += kafka_events_is_error(events->ring[(events->first + i) % KAFKA_EVENTS_MAX].kind);
    return count;
}

static void kafka_events_drop_first(struct kafka_events *events) {
    events->first = (events->first + 1) % KAFKA_EVENTS_MAX;
    events->count--;
}

// `oldest`: of the ring, so that one that was left out before is newer.
static void kafka_events_leave_out(struct kafka_events *events, const struct kafka_event *error,
                                   bool oldest) {
    if (!oldest || events->errors_left_out == 0)
        events->newest_error = *error;
    events->errors_left_out++;
}

void kafka_events_record(struct kafka_events *events, enum kafka_event_kind kind, int slot,
                         const char *format, ...) {
    struct kafka_event event = {.kind = kind, .slot = slot};
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(event.message, sizeof event.message, format, arguments);
    va_end(arguments);
    if (kafka_events_is_error(kind) && kafka_events_count_errors(events) == KAFKA_EVENTS_ERROR_MAX) {
        kafka_events_leave_out(events, &event, false);
        return;
    }
    if (events->count == KAFKA_EVENTS_MAX) {
        if (kafka_events_is_error(events->ring[events->first].kind))
            kafka_events_leave_out(events, &events->ring[events->first], true);
        kafka_events_drop_first(events);
    }
    events->ring[(events->first + events->count++) % KAFKA_EVENTS_MAX] = event;
}

static void kafka_events_tell_left_out(struct kafka_events *events, struct kafka_event *ret) {
    *ret = (struct kafka_event){.kind = events->newest_error.kind, .slot = events->newest_error.slot};
    if (events->errors_left_out > 1)
        (void)snprintf(ret->message, sizeof ret->message, "%.400s (and %d errors before it, at once)",
                       events->newest_error.message, events->errors_left_out - 1);
    else
        *ret = events->newest_error;
    events->errors_left_out = 0;
}

bool kafka_events_take(struct kafka_events *events, struct kafka_event *ret) {
    *ret = (struct kafka_event){.slot = -1};
    if (events->count > 0) {
        *ret = events->ring[events->first];
        kafka_events_drop_first(events);
        return true;
    }
    if (events->errors_left_out == 0)
        return false;
    kafka_events_tell_left_out(events, ret);
    return true;
}
