// Which librdkafka properties tidemark sets, which a user may override with -X, and which values are secret.
// Plain tables, no Kafka type; any thread, nothing to free.
#ifndef TIDEMARK_BROKER_CLIENT_SETTINGS_H
#define TIDEMARK_BROKER_CLIENT_SETTINGS_H

#include "views/base/bounds.h"

#include <stdbool.h>

struct kafka_setting {
    const char *name;
    const char *value;
};

enum {
    SETTING_FETCH_WAIT_MS = 10,
    SETTING_FETCH_WAIT_MOST_MS = 150,
    SETTING_STATISTICS_MS = 500,
    SETTING_STATISTICS_MOST_MS = 5000,
    SETTING_QUEUE_KB = BOUND(256, 1),
    SETTING_QUEUE_MOST_KB = BOUND(1152, 4), // a fetch of a partition, and a little that waits
    SETTING_QUEUES_MOST = BOUND(7, 2),
    SETTING_FAR_MANY = BOUND(32, 8), // with more far behind, all hold as much together as so many do
    SETTING_QUEUE_LEAST_KB = BOUND(16, 1),
    SETTING_FETCH_BYTES = 1 << 20, // of a partition
    SETTING_FETCH_LEAST_BYTES = 64 << 10,
};

// Ended by a NULL name. Set before the user's own.
extern const struct kafka_setting kafka_settings[];
// The same, of those that older librdkafka lack: passed over there.
extern const struct kafka_setting kafka_settings_newer[];

// fetch.wait.max.ms and statistics.interval.ms of a client that reads so many partitions: the least up to 80 and to 125 of them.
int kafka_setting_fetch_wait_ms(int partitions);
int kafka_setting_statistics_ms(int partitions);
// queued.max.messages.kbytes and fetch.message.max.bytes where so many partitions are far behind.
int kafka_setting_queue_kb(int far);
int kafka_setting_fetch_bytes(int far);
// What one of them may hold where `whole` is one's with few: its part of what SETTING_FAR_MANY hold, no less than `least`.
int kafka_setting_part(int whole, int least, int far);

// Why a user must not set the property, or NULL when that is allowed.
const char *kafka_setting_refusal(const char *name);
// True when the value may be a password or key: messages then name the property only.
bool kafka_setting_is_secret(const char *name);

#endif
