// Asks a broker how long it keeps topics. Inside the kafka module only.
#ifndef TIDEMARK_BROKER_CLIENT_TOPIC_SETTINGS_H
#define TIDEMARK_BROKER_CLIENT_TOPIC_SETTINGS_H

#include "consumer/broker/kafka_log.h"

#include <librdkafka/rdkafka.h>

enum { TOPIC_SETTINGS_WAIT_MS = 3000 };

// Fills what the broker tells within TOPIC_SETTINGS_WAIT_MS; what it does not tell, or may not, stays not told.
void topic_settings_ask(rd_kafka_t *client, struct kafka_topic_settings *topics, int count);

// The same without waiting: a question, NULL = it could not be asked; the caller destroys it.
rd_kafka_queue_t *topic_settings_begin(rd_kafka_t *client, const struct kafka_topic_settings *topics,
                                       int count);
// Waits `wait_ms` at most. False = there is no answer yet. `topics` are those that were asked for.
bool topic_settings_take(rd_kafka_queue_t *question, struct kafka_topic_settings *topics, int count,
                         int wait_ms);

#endif
