// Kafka's Java producer as Connect sets it up, in a process of its own (Feed.java): unlike librdkafka's it sends what it has for
// all partitions of a broker by one request, as a connector's rows come. One thread sends.
#ifndef TIDEMARK_BENCH_FEED_H
#define TIDEMARK_BENCH_FEED_H

#include "views/base/error.h"
#include "views/base/span.h"

#include <stdint.h>

struct feed;

// A message that the broker has.
struct feed_told {
    int64_t number; // of the message, in the order of feed_send from 0 on
    int64_t offset;
    int64_t stamped_ms; // the broker's timestamp, -1 = its topic does not stamp (LogAppendTime)
};

// `command` is the program and its arguments, with a NULL behind. `told` is called on a thread of the feed's. Errors: ERROR_SYSTEM.
int feed_open(struct feed **ret, char *const *command,
              void (*told)(void *self, const struct feed_told *message), void *self, struct error *error);
// `value` with data NULL: a tombstone. Both may keep it until feed_flush; ERROR_SYSTEM when the process is gone.
int feed_send(struct feed *feed, const char *topic, int32_t partition, struct span key, struct span value,
              struct error *error);
int feed_flush(struct feed *feed, struct error *error);
// Waits until all is told and the process has ended. ERROR_SYSTEM when it failed: not all was told then.
int feed_close(struct feed **feed, struct error *error);

#endif
