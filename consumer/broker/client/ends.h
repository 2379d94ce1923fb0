// Where partitions begin and end, asked of their leaders within a time. rd_kafka_query_watermark_offsets (2.0) is not: a leader whose
// connections are refused it asks until that is there again, also where another broker leads by then. Inside the kafka module only;
// any thread.
#ifndef TIDEMARK_BROKER_CLIENT_ENDS_H
#define TIDEMARK_BROKER_CLIENT_ENDS_H

#include "consumer/broker/kafka_log.h"

#include <librdkafka/rdkafka.h>

// Waits `wait_ms` at most for the low ones, one request a broker. False when one of them was not told: no value is to be relied on then.
bool kafka_ends_ask_low(rd_kafka_t *client, struct kafka_ends *ends, int count, int wait_ms);
// The same, and then as long for the high ones.
bool kafka_ends_ask(rd_kafka_t *client, struct kafka_ends *ends, int count, int wait_ms);

#endif
