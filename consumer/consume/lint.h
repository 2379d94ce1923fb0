// The checks of `tidemark doctor` while messages go by: a bounded sample of what is delivered becomes evidence, and what it says of the
// connector's settings goes to progress. Beside the road of the rows: a message that is not of the sample costs a comparison. No more
// than advice: what must hold is looked at elsewhere (kept.h). The consumer's thread.
#ifndef TIDEMARK_CONSUME_LINT_H
#define TIDEMARK_CONSUME_LINT_H

#include "consumer/apply/apply_config.h"
#include "consumer/broker/kafka.h"
#include "consumer/consume/discovery.h"
#include "consumer/consume/kept.h"

enum {
    LINT_FIRST = 100,          // messages of a partition that are looked at after the start,
    LINT_AGAIN = 16,           // and so many, one after another,
    LINT_AGAIN_MS = 60 * 1000, // so often
    LINT_TOPICS_MAX = 256,     // that are looked at
    LINT_JUDGE_MS = 5000,      // so often the findings are made
};

struct lint;

// What `config` and the others are lives longer. Errors: ERROR_SYSTEM.
int lint_new(struct lint **ret, const struct apply_config *config, struct kafka *kafka,
             const struct discovery *discovery, const struct kept *kept, struct error *error);
// Before kafka_close.
void lint_free(struct lint **lint);
// In each round of the loop. What fails for memory ends the sampling, and what was found stays.
void lint_step(struct lint *lint);

#endif
