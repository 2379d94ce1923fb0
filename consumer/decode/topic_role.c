#include "consumer/decode/topic_role.h"

#include <string.h>

static const char heartbeat[] = "__debezium-heartbeat.";

enum topic_role topic_role(const char *topic, const char *prefix, const struct catalog *catalog,
                           const struct table **ret_table) {
    *ret_table = NULL;
    if (strncmp(topic, heartbeat, sizeof heartbeat - 1) == 0)
        return strcmp(topic + sizeof heartbeat - 1, prefix) == 0 ? TOPIC_HEARTBEAT : TOPIC_IGNORED;
    size_t size = strlen(prefix);
    if (strncmp(topic, prefix, size) != 0 || topic[size] != '.')
        return TOPIC_IGNORED;
    const char *rest = topic + size + 1;
    const char *dot = strchr(rest, '.');
    if (dot == NULL)
        return strcmp(rest, "transaction") == 0 ? TOPIC_TRANSACTION : TOPIC_IGNORED;
    *ret_table = catalog_table(catalog, dot + 1, strlen(dot + 1));
    return *ret_table != NULL ? TOPIC_TABLE : TOPIC_IGNORED;
}
