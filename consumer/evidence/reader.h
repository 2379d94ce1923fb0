// Brings messages to evidence.h: a bounded sample of a broker's topics, or a capture whole. One thread; blocks.
#ifndef TIDEMARK_EVIDENCE_READER_H
#define TIDEMARK_EVIDENCE_READER_H

#include "consumer/broker/kafka.h"
#include "consumer/evidence/evidence.h"
#include "views/engine/catalog.h"

enum {
    // Messages of a topic, shared among its partitions: the oldest, which have the snapshot's types and the first schema, and the
    // newest, which have columns that were added since. More would not name another column but by luck.
    EVIDENCE_OLDEST = 400,
    EVIDENCE_NEWEST = 400,
    EVIDENCE_PARTITION_LEAST = 8, // a partition's share is no less
    EVIDENCE_SILENCE_MS = 15000,  // a broker that brings nothing for so long has failed
};

// The topics of `prefix`, those that lines of `declared` (NULL = none) name beside them, and what a sample of each says. Errors: ERROR_BROKER (nobody answers, a partition cannot be read),
// ERROR_NOTFOUND (no topic of the prefix, nor one that a line names; the message names prefixes that there are), ERROR_USAGE (a prefix
// that is too long), ERROR_SYSTEM, and kafka_open's.
// With `settings` the broker is also asked how long it keeps the topics.
int evidence_read_broker(struct evidence *evidence, const struct kafka_config *kafka, const char *prefix,
                         const struct catalog *declared, bool settings, struct error *error);
// All of a capture. `prefix` NULL: as the first topics say. Errors: capture.h's, ERROR_INPUT without a prefix.
int evidence_read_capture(struct evidence *evidence, const char *path, const char *prefix,
                          struct error *error);

#endif
