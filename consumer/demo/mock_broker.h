// The embedded broker of `tidemark demo`: librdkafka's mock cluster, a real listener on loopback, fed from a
// capture with its keys, partitions, offsets and tombstones. The only module that includes rdkafka_mock.h.
// Measured (librdkafka 2.0.2): the mock keeps only the newest 5 MB of each partition and forgets all on exit.
// So the feeder stays behind the consumer, and after a restart feeds the capture from its start again: the
// same offsets.
#ifndef TIDEMARK_DEMO_MOCK_BROKER_H
#define TIDEMARK_DEMO_MOCK_BROKER_H

#include "views/base/error.h"
#include "views/engine/progress.h"

#include <stdint.h>

struct mock_broker;

enum {
    MOCK_BROKER_UNREAD_BYTES_MAX = 2 << 20, // per partition: the feeder waits for the consumer beyond this
    // ... unless the consumer has stood still so long: what it waits for may come later in the capture
    MOCK_BROKER_PATIENCE_MS = 500,
    MOCK_BROKER_UNREAD_BYTES_MOST = 4 << 20, // but never beyond this, the mock would forget what is not read
    MOCK_BROKER_START_WAIT_MS = 60000,       // for the broker to hold again what the file has applied
    MOCK_BROKER_HEARTBEAT_MS = 1000,         // with traffic
};

struct mock_broker_config {
    const char *capture; // file, NULL = the built-in one
    double rate;         // events/s of the capture, 0 = as fast as the consumer takes it
    double traffic;      // events/s of seeded shop traffic after the capture, 0 = none
    uint64_t seed;
};

// Starts the broker, creates the capture's topics with their partitions, and starts the feeding thread, which
// watches `progress` to stay behind the consumer. `progress` holds what the file has applied: those messages
// are fed first, at once, since the mock has no other way to give the same offsets; it returns when each
// partition holds them. Errors: ERROR_INPUT (file and line; a capture whose offsets are not 0, 1, 2, ... in
// each partition; a file that has applied what this capture and traffic do not have), ERROR_BROKER,
// ERROR_TIMEOUT.
int mock_broker_start(struct mock_broker **ret, const struct mock_broker_config *config,
                      struct progress *progress, struct error *error);
const char *mock_broker_brokers(const struct mock_broker *broker); // "127.0.0.1:PORT", lives as long as it
const char *mock_broker_prefix(const struct mock_broker *broker);  // topic prefix of the capture
// So many messages of its capture the partition is to hold before its end says anything of the demo: a reader that is quick finds
// it empty. 0 when they come by `rate`: then the end moves as a source's does. Any thread.
// `self`: the mock_broker, for consume_config.
int64_t mock_broker_captured(void *self, const char *topic, int32_t partition);
// -1 with the error that stopped the feeding thread, once there is one: nothing more will come.
int mock_broker_check(struct mock_broker *broker, struct error *error);
void mock_broker_stop(struct mock_broker **broker);

#endif
