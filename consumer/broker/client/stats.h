// What is read of librdkafka's statistics: which brokers answer, and when each last did. Pure; any thread.
#ifndef TIDEMARK_BROKER_CLIENT_STATS_H
#define TIDEMARK_BROKER_CLIENT_STATS_H

#include "views/base/span.h"

#include <stdint.h>

enum { KAFKA_STATS_BROKERS_MAX = 256 };

struct kafka_stats_broker {
    int64_t node; // -1 = a bootstrap address
    bool up;
    int64_t idle_us;  // since the last byte came, -1 = never
    int64_t connects; // attempts so far
    // That it was sent so far: on a connection the next one only when the one before was answered.
    int64_t fetches;
};

struct kafka_stats {
    int64_t at_us; // when they were made, librdkafka's monotonic clock
    bool any_up;
    bool
        coordinator_down; // the connection to the group's coordinator, which librdkafka has apart from those to brokers, is not there
    int broker_count;
    struct kafka_stats_broker brokers[KAFKA_STATS_BROKERS_MAX];
};

struct kafka_stats_partition {
    struct span topic;
    int64_t partition;
    int64_t broker; // node that is fetched from
    int64_t leader; // -1 = it has none
    bool fetching;  // in the active state
    int64_t queued_messages;
    int64_t queued_bytes;
};

// A partition's broker, and what that had been sent when it was first seen to be asked for the partition over its connection.
struct kafka_stats_asked {
    int64_t node; // -1 = none is
    int64_t connects;
    int64_t fetches;
};

// Fills `ret`, then calls `visit` for each partition. False when the text is not what librdkafka 2.x writes.
bool kafka_stats_read(struct span text, struct kafka_stats *ret,
                      void (*visit)(void *self, const struct kafka_stats_partition *partition), void *self);
// To be called for each statistics in which `broker` is asked for the partition. Whether it has answered a fetch that names the
// partition since the call before.
bool kafka_stats_is_answered(struct kafka_stats_asked *asked, const struct kafka_stats_broker *broker);
// NULL when the node is not there.
const struct kafka_stats_broker *kafka_stats_broker(const struct kafka_stats *stats, int64_t node);

#endif
