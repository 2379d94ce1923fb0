// The checks of `tidemark doctor` while messages go by: a bounded sample of what is delivered becomes evidence, and what it says of the
// connector's settings goes to progress. Beside the road of the rows: nothing is done a message, and the sample is taken on the
// loop's thread between two rounds, by time. The broker is asked for the topics' settings without waiting.
#ifndef TIDEMARK_CONSUME_LINT_H
#define TIDEMARK_CONSUME_LINT_H

#include "consumer/apply/apply_config.h"
#include "consumer/broker/kafka.h"
#include "consumer/consume/discovery.h"

enum {
    LINT_SAMPLE_MS = 50,       // so often at most some messages are looked at
    LINT_ROUND = 16,           // of a partition at once, one after another: a delete and its tombstone
    LINT_ROUND_ALL = 64,       // of all partitions at once
    LINT_TOPIC_MESSAGES = 400, // of a topic; no more are looked at until the process starts anew
    LINT_TOPICS_MAX = 256,     // that are looked at
    LINT_JUDGE_MS = 5000,      // so often the findings are made
    LINT_SETTINGS_MS = 60 * 60 * 1000,
};

struct lint;

// What `config` and the others are lives longer. Errors: ERROR_SYSTEM.
int lint_new(struct lint **ret, const struct apply_config *config, struct kafka *kafka,
             const struct discovery *discovery, struct error *error);
void lint_free(struct lint **lint);
// In each round of the loop, before messages are taken. What fails for memory ends the sampling, and what was found stays.
void lint_step(struct lint *lint);

#endif
