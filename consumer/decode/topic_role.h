// What a topic is for, from its name (Debezium's naming: PREFIX.SCHEMA.TABLE, PREFIX.transaction,
// PREFIX.message,
// __debezium-heartbeat.PREFIX). Pure.
#ifndef TIDEMARK_DECODE_TOPIC_ROLE_H
#define TIDEMARK_DECODE_TOPIC_ROLE_H

#include "views/engine/catalog.h"

enum topic_role {
    TOPIC_IGNORED, // other tables, messages, other prefixes
    TOPIC_TABLE,
    TOPIC_TRANSACTION,
    TOPIC_HEARTBEAT,
};

// `ret_table` is set for TOPIC_TABLE.
enum topic_role topic_role(const char *topic, const char *prefix, const struct catalog *catalog,
                           const struct table **ret_table);

#endif
