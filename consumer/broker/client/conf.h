// Properties of a librdkafka configuration, set and read by name. What librdkafka refuses is an error that names the property, and never
// a value that may be secret. Inside the kafka module only; one thread a configuration.
#ifndef TIDEMARK_BROKER_CLIENT_CONF_H
#define TIDEMARK_BROKER_CLIENT_CONF_H

#include "views/base/error.h"

#include <librdkafka/rdkafka.h>

enum { KAFKA_CLIENT_ERROR_SIZE = 512 }; // of librdkafka's own texts

// For CLEANUP: what no client has taken.
void kafka_conf_destroy(rd_kafka_conf_t **conf);
// ERROR_USAGE where librdkafka does not know the property or refuses its value.
int kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *error);
int kafka_conf_set_number(rd_kafka_conf_t *conf, const char *name, int value, struct error *error);
// 0 where it is none.
int64_t kafka_conf_number(const rd_kafka_conf_t *conf, const char *name);

// Connections that a client of these settings closes are counted from then on, of all clients together: one that has ended may close
// its last behind all else of it.
void kafka_conf_count_closed(rd_kafka_conf_t *conf);
// Modulo 2^32. Any thread.
unsigned kafka_conf_closed(void);

#endif
