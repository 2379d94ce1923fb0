#include "consumer/broker/client/range.h"

#include "consumer/broker/client/ends.h"

#include <inttypes.h>
#include <stdio.h>

enum { RANGE_WAIT_MS = 500 }; // for either end

static bool kafka_range_ask(const struct kafka_partition *partition, int64_t *ret_low, int64_t *ret_high) {
    struct kafka_ends ends = {
        .topic = partition->topic, .partition = partition->number, .low = -1, .high = -1};
    bool told = kafka_ends_ask(partition->owner->client, &ends, 1, RANGE_WAIT_MS);
    *ret_low = told ? ends.low : -1;
    *ret_high = told ? ends.high : -1;
    return told;
}

void kafka_range_explain(const struct kafka_partition *partition, struct kafka_event *event) {
    int64_t low;
    int64_t high;
    if (!kafka_range_ask(partition, &low, &high))
        (void)snprintf(event->message, sizeof event->message,
                       "%s partition %" PRId32 ": offset %" PRId64 " is not in the log", partition->topic,
                       partition->number, partition->wanted_offset);
    else if (partition->wanted_offset < low)
        (void)snprintf(event->message, sizeof event->message,
                       "%s partition %" PRId32 ": offset %" PRId64
                       " is not in the log any more: the log holds %" PRId64 " up to %" PRId64
                       "; read the topics into a new --db file",
                       partition->topic, partition->number, partition->wanted_offset, low, high);
    else
        (void)snprintf(event->message, sizeof event->message,
                       "%s partition %" PRId32 ": the log was cut off: it ends at %" PRId64
                       ", and everything up to offset %" PRId64
                       " had been read. The broker lost messages (an unclean "
                       "leader election, a disk that was set back) or the topic was made anew; read the "
                       "topics into a new --db file",
                       partition->topic, partition->number, high, partition->wanted_offset);
    event->cut_off = high >= 0 && partition->wanted_offset > high;
}

// Where the leader does not say it, the one offset is gone at least.
void kafka_range_begin_later(const struct kafka_partition *partition, struct kafka_event *event) {
    event->kind = KAFKA_EVENT_BEGINS_LATER;
    if (!kafka_range_ask(partition, &event->low, &event->high) || event->low <= partition->wanted_offset)
        event->low = event->high = partition->wanted_offset + 1;
    (void)snprintf(event->message, sizeof event->message,
                   "%s partition %" PRId32 ": offset %" PRId64
                   " was gone before anything was read; it goes on with the oldest there is, %" PRId64,
                   partition->topic, partition->number, partition->wanted_offset, event->low);
}
