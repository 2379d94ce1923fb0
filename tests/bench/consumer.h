// A bare consumer of the bench's topics: librdkafka and nothing behind it. One thread.
#ifndef TIDEMARK_BENCH_CONSUMER_H
#define TIDEMARK_BENCH_CONSUMER_H

#include "consumer/broker/client/settings.h"
#include "views/base/error.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

// `ours`: with the settings of `tidemark run`, else with librdkafka's own; `overrides` end with a NULL name. The caller closes and
// destroys it; NULL: ERROR_BROKER.
rd_kafka_t *consumer_open(const char *brokers, bool ours, const struct kafka_setting *overrides,
                          struct error *error);
// Begins to read all of the prefix's topics from their oldest messages. ret_partitions: how many they have; none is ERROR_BROKER.
int consumer_assign(rd_kafka_t *kafka, const char *prefix, int *ret_partitions, struct error *error);

#endif
