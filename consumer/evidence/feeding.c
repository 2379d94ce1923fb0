#include "consumer/evidence/feeding.h"

#include "consumer/decode/topic_role.h"

const struct table *feeding_table(const struct evidence *evidence, const struct catalog *catalog,
                                  const struct evidence_topic *topic) {
    const struct table *table = NULL;
    return topic->role == EVIDENCE_TABLE &&
                   topic_role(topic->name, evidence->prefix, catalog, &table) == TOPIC_TABLE
               ? table
               : NULL;
}

bool feeding_is_own(const struct evidence_topic *topic) {
    return topic->rows == 0 && topic->logical + topic->begins + topic->ends + topic->beats > 0;
}

bool feeding_is_undeclared(const struct evidence *evidence, const struct catalog *catalog,
                           const struct evidence_topic *topic) {
    return topic->role == EVIDENCE_TABLE && !feeding_is_own(topic) &&
           feeding_table(evidence, catalog, topic) == NULL;
}

static int feeding_as(const struct evidence *evidence, const struct evidence_topic *topic,
                      const struct table *table) {
    return topic->role == EVIDENCE_TABLE ? topic_feeds(topic->name, evidence->prefix, table)
                                         : TOPIC_FEEDS_NOT;
}

bool feeding_has_topic(const struct evidence *evidence, const struct table *table) {
    for (int i = 0; i < evidence->topic_count; i++)
        if (feeding_as(evidence, &evidence->topics[i], table) != TOPIC_FEEDS_NOT)
            return true;
    return false;
}

bool feeding_has_topic_as(const struct evidence *evidence, const struct table *table, int feeds) {
    for (int i = 0; i < evidence->topic_count; i++)
        if (feeding_as(evidence, &evidence->topics[i], table) == feeds)
            return true;
    return false;
}
