// A thread that makes librdkafka look at its queues again.
//
// librdkafka (2.0) stops fetching from a broker when the queues of all its partitions are full, and looks
// again only when something else comes from that broker, or after a second: its user's reading wakes nobody.
// One large table would arrive in gulps, a second apart. So a queue that was full and is half empty makes this
// thread ask the partition's broker something small, for the waking. Measured with one partition: 544
// messages/s without, 32,000 with. Since librdkafka 2.2 such a partition is not asked for again before fetch.queue.backoff.ms
// either, whatever wakes it (settings.c): 3 MB in queues of 64 KB took 24 s with its default, 0.4 s with ours.
//
// The consumer's thread calls everything here.
#ifndef TIDEMARK_BROKER_CLIENT_NUDGER_H
#define TIDEMARK_BROKER_CLIENT_NUDGER_H

#include "views/base/error.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

struct kafka_nudger;

// Inside each partition. It and its topic live until the nudger has forgotten it, or was stopped.
struct kafka_nudge {
    const char *topic;
    int32_t partition;
    bool queued;              // the nudger's
    struct kafka_nudge *next; // likewise
};

// Uses `client` until it is stopped.
int kafka_nudger_start(struct kafka_nudger **ret, rd_kafka_t *client, struct error *error);
// Waits for the question under way, a second at most.
void kafka_nudger_stop(struct kafka_nudger **nudger);
// Returns at once; a nudge that waits already is not queued again. The oldest is taken first.
void kafka_nudger_ask(struct kafka_nudger *nudger, struct kafka_nudge *nudge);
// The nudger does not know it any more: before it is freed. Waits for its question where that is under way, a
// second at most.
void kafka_nudger_forget(struct kafka_nudger *nudger, struct kafka_nudge *nudge);

#endif
