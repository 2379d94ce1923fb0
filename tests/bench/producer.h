// Producers of the bench: what load and many send by. One thread.
#ifndef TIDEMARK_BENCH_PRODUCER_H
#define TIDEMARK_BENCH_PRODUCER_H

#include "views/base/error.h"

#include <librdkafka/rdkafka.h>

struct producer_setting {
    const char *name;
    const char *value;
};

// `settings` end with a NULL name. `delivered`, NULL = nobody asks, gets `self`. The caller destroys the client; NULL: ERROR_BROKER.
rd_kafka_t *producer_open(const char *brokers, const struct producer_setting *settings,
                          void (*delivered)(rd_kafka_t *client, const rd_kafka_message_t *message,
                                            void *self),
                          void *self, struct error *error);

#endif
