// Seeded shop traffic that continues a capture: faithful Debezium envelopes without schemas, several tables a
// transaction, from the capture's last rows and above its positions. What comes is a function of the seed and
// of how much came before, so that a broker that forgot everything can be given the same messages at the same
// offsets; only the envelopes' timestamps follow the clock, and only when the caller passes it. One thread.
#ifndef TIDEMARK_DEMO_TRAFFIC_H
#define TIDEMARK_DEMO_TRAFFIC_H

#include "consumer/capture.h"
#include "views/base/error.h"
#include "views/base/span.h"

#include <stdint.h>

struct traffic;

enum traffic_topic {
    TRAFFIC_ORDERS,
    TRAFFIC_INVENTORY,
    TRAFFIC_CUSTOMERS,
    TRAFFIC_POINTS,
    TRAFFIC_TRANSACTION,
    TRAFFIC_HEARTBEAT,
    TRAFFIC_TOPICS,
};

struct traffic_message {
    enum traffic_topic topic;
    int32_t partition; // where the capture had the key; -1 = a new key: choose by the key
    struct span key;
    struct span value; // data NULL = a tombstone
    int64_t ts_ms;
};

// Reads the capture from its start to its end, and leaves it rewound. ERROR_INPUT when it is broken, or has
// no customers or no inventory to go on with.
int traffic_new(struct traffic **ret, struct capture *capture, uint64_t seed, struct error *error);
void traffic_free(struct traffic **traffic);
const char *traffic_topic_name(const struct traffic *traffic, enum traffic_topic topic);
// The next message; its bytes live until the next call. now_ms: the clock for its transaction, 0 = the
// generator's own. Returns -1 only when out of memory.
int traffic_next(struct traffic *traffic, int64_t now_ms, struct traffic_message *ret, struct error *error);
// True when the next message begins a transaction.
bool traffic_is_between(const struct traffic *traffic);
// A heartbeat of the connector; not part of the seeded order. Its bytes live until the next call.
int traffic_heartbeat(struct traffic *traffic, int64_t now_ms, struct traffic_message *ret,
                      struct error *error);

#endif
