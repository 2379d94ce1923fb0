// What happened in the client and was not reported yet, as texts: a bounded ring. What becomes of a partition, which is said once
// and must not be lost, is kept with the partition (partition.h). Inside the kafka module only; the consumer's thread.
#ifndef TIDEMARK_BROKER_CLIENT_EVENTS_H
#define TIDEMARK_BROKER_CLIENT_EVENTS_H

#include "consumer/broker/kafka_event.h"

#include <stdbool.h>

enum {
    KAFKA_EVENTS_MAX = 64, // beyond it the oldest goes: of connections, and the newest says all
    KAFKA_EVENTS_ERROR_MAX =
        32, // of them, errors: they must not push out the others; of more the newest is told
};

struct kafka_events {
    struct kafka_event ring[KAFKA_EVENTS_MAX];
    int first;
    int count;
    int errors_left_out;             // since the newest was told
    struct kafka_event newest_error; // of those
};

// An error (KAFKA_EVENT_ERROR, KAFKA_EVENT_PARTITION_ERROR), or what becomes of connections.
void kafka_events_record(struct kafka_events *events, enum kafka_event_kind kind, int slot,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));
// The oldest; false, and KAFKA_EVENT_NONE, when there is none.
bool kafka_events_take(struct kafka_events *events, struct kafka_event *ret);

#endif
