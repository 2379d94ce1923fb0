// What the brokers are asked about logs. Plain types; no Kafka header.
#ifndef TIDEMARK_BROKER_KAFKA_LOG_H
#define TIDEMARK_BROKER_KAFKA_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum kafka_topics {
    KAFKA_TOPICS_ASSIGNED, // those that are read, by name; only when there are some
    KAFKA_TOPICS_ALL,      // all of the cluster: it may have thousands
};

// The ends of a partition's log, assigned or not.
struct kafka_ends {
    const char *topic;
    int32_t partition;
    int64_t low; // -1 = the broker did not tell in time
    int64_t high;
};

// A message of a log.
struct kafka_place {
    int64_t offset;
    int64_t ts_ms; // the broker's, 0 = there is no such message, or its time is not known
};

// How long a topic's messages are kept; -1 = for ever.
struct kafka_topic_settings {
    const char *topic;
    bool told;    // else the broker did not say
    bool refused; // this account may not ask: it lacks DescribeConfigs
    bool compacted;
    int64_t tombstones_ms; // how long compaction leaves them
    int64_t retention_ms;
    int64_t retention_bytes; // of a partition
};

#endif
