// The commands that keep nothing: `tidemark init` and `doctor` look at topics, or at a capture in their place, `tidemark status` at a
// process that runs. They print to stdout. One thread.
#ifndef TIDEMARK_CONSUMER_LOOK_H
#define TIDEMARK_CONSUMER_LOOK_H

#include "consumer/options.h"

// What --brokers and -X say, before anything is made for them: kafka_check's errors.
int look_check_broker(const struct options *options, struct error *error);
// Errors: evidence/reader.h's and init.h's.
int look_init(const struct options *options, struct error *error);
// The same; ERROR_INPUT when a check failed.
int look_doctor(const struct options *options, struct error *error);
// 0, -1 with the error (status.h's), or CONSUME_HALTED.
int look_status(const struct options *options, struct error *error);

#endif
