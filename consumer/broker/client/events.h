// What happened in the client and was not reported yet: a bounded ring. Inside the kafka module only; the
// consumer's thread.
#ifndef TIDEMARK_BROKER_CLIENT_EVENTS_H
#define TIDEMARK_BROKER_CLIENT_EVENTS_H

#include "consumer/broker/kafka_event.h"

#include <stdbool.h>

enum {
    KAFKA_EVENTS_MAX = 64,       // beyond it the oldest goes
    KAFKA_EVENTS_ERROR_MAX = 32, // of them, plain errors: they must not push out the others
};

struct kafka_events {
    struct kafka_event ring[KAFKA_EVENTS_MAX];
    int first;
    int count;
};

void kafka_events_record(struct kafka_events *events, enum kafka_event_kind kind, int slot,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));
// The oldest; false, and KAFKA_EVENT_NONE, when there is none.
bool kafka_events_take(struct kafka_events *events, struct kafka_event *ret);

#endif
