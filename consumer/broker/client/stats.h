// What is read of librdkafka's statistics: which brokers answer, and when each last did. Pure; any thread.
#ifndef TIDEMARK_BROKER_CLIENT_STATS_H
#define TIDEMARK_BROKER_CLIENT_STATS_H

#include "views/base/span.h"

#include <stdint.h>

enum { KAFKA_STATS_BROKERS_MAX = 256 };

struct kafka_stats_broker {
    int64_t node; // -1 = a bootstrap address
    bool up;
    int64_t idle_us;     // since the last byte came, -1 = never
    int64_t fetches;     // that it was sent so far, the next one only when the one before was answered
    int64_t answered_us; // when it last answered one, as far as two statistics tell, as at_us; -1 = never
};

struct kafka_stats {
    int64_t at_us; // when they were made, librdkafka's monotonic clock
    bool any_up;
    int broker_count;
    int before_count;
    struct kafka_stats_broker brokers[KAFKA_STATS_BROKERS_MAX];
    struct kafka_stats_broker before[KAFKA_STATS_BROKERS_MAX]; // as the statistics before had them
};

struct kafka_stats_partition {
    struct span topic;
    int64_t partition;
    int64_t broker; // node that is fetched from
    bool fetching;  // in the active state
    int64_t queued_messages;
    int64_t queued_bytes;
};

// Fills `ret`, which has the statistics before or is all zero, then calls `visit` for each partition. False when the text is not what librdkafka 2.x writes.
bool kafka_stats_read(struct span text, struct kafka_stats *ret,
                      void (*visit)(void *self, const struct kafka_stats_partition *partition), void *self);
// NULL when the node is not there.
const struct kafka_stats_broker *kafka_stats_broker(const struct kafka_stats *stats, int64_t node);

#endif
