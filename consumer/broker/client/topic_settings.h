// Asks a broker how long it keeps topics. Inside the kafka module only; the caller waits.
#ifndef TIDEMARK_BROKER_CLIENT_TOPIC_SETTINGS_H
#define TIDEMARK_BROKER_CLIENT_TOPIC_SETTINGS_H

#include "consumer/broker/kafka_log.h"

#include <librdkafka/rdkafka.h>

enum { TOPIC_SETTINGS_WAIT_MS = 3000 };

// Fills what the broker tells within TOPIC_SETTINGS_WAIT_MS; what it does not tell, or may not, stays not told.
void topic_settings_ask(rd_kafka_t *client, struct kafka_topic_settings *topics, int count);

#endif
