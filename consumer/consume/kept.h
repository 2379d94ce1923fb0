// How the topics that are read are kept, as the broker tells it: asked without waiting, at the start, for topics that are new, and now
// and then. apply is told what is compacted: whether a table is complete hangs on it, so that what fails here ends the run, and what
// the broker does not tell is logged where it may matter. The consumer's thread.
#ifndef TIDEMARK_CONSUME_KEPT_H
#define TIDEMARK_CONSUME_KEPT_H

#include "consumer/apply/apply.h"
#include "consumer/broker/kafka.h"
#include "consumer/consume/discovery.h"

enum {
    KEPT_LOOK_MS = 1000,        // so often it is looked what was passed
    KEPT_SILENT_MS = 5000,      // a broker that has answered no fetch for so long is silent
    KEPT_NEW_MS = 5000,         // new topics are asked for at once, but no sooner after the question before
    KEPT_UNTOLD_MS = 60 * 1000, // what was not told is asked for again: a person may have granted it
    KEPT_AGAIN_MS = 60 * 60 * 1000,    // and all
    KEPT_TOMBSTONES_MS = 86400 * 1000, // Kafka's default of delete.retention.ms, where it is not told
};

struct kept;

// What is given lives longer; the apply's partitions are known by the progress. Errors: ERROR_SYSTEM.
int kept_new(struct kept **ret, struct apply *apply, struct progress *progress, struct kafka *kafka,
             const struct discovery *discovery, struct error *error);
void kept_free(struct kept **kept);
// In each round of the loop, after discovery and before what it found is read. Errors: ERROR_SYSTEM.
int kept_step(struct kept *kept, struct error *error);

// The topics that are read, by number; what is not `told` was not answered yet, or is not. Until the next step.
const struct kafka_topic_settings *kept_topics(const struct kept *kept, int *ret_count);
// How often the broker has answered, modulo 2^32.
unsigned kept_answers(const struct kept *kept);

#endif
