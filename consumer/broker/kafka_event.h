// What the client tells the consumer loop besides messages. Plain types; no Kafka header.
#ifndef TIDEMARK_BROKER_KAFKA_EVENT_H
#define TIDEMARK_BROKER_KAFKA_EVENT_H

#include "views/base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum kafka_event_kind {
    KAFKA_EVENT_NONE,
    KAFKA_EVENT_CONNECTED,    // a broker answers (again)
    KAFKA_EVENT_DISCONNECTED, // all brokers are down; librdkafka goes on trying
    KAFKA_EVENT_OUT_OF_RANGE, // the log lacks the slot's offset: a decision for a person
    KAFKA_EVENT_BEGINS_LATER, // nothing of the slot was read, and the oldest messages are gone: it goes on at `low`
    KAFKA_EVENT_DAMAGED, // slot: a batch cannot be read; nothing behind it is delivered: a decision for a person
    KAFKA_EVENT_TOPIC_DELETED, // slot: the broker does not know it any more; nothing more is delivered of it
    KAFKA_EVENT_PARTITION_ERROR, // slot: authorisation, ...
    KAFKA_EVENT_ERROR,           // anything else; message says what
};

struct kafka_event {
    enum kafka_event_kind kind;
    int slot;     // or -1
    bool cut_off; // KAFKA_EVENT_OUT_OF_RANGE: the log ends before the offset
    int64_t low;  // KAFKA_EVENT_BEGINS_LATER: where the log begins now,
    int64_t high; // and ends
    char message[ERROR_MESSAGE_SIZE];
};

#endif
