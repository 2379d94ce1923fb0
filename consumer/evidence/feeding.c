#include "consumer/evidence/feeding.h"

#include "consumer/decode/placement.h"
#include "consumer/decode/topic_role.h"

// The first table that the topic feeds.
static const struct table *feeding_topic(const struct evidence *evidence, const struct catalog *catalog,
                                         const struct evidence_topic *topic) {
    const struct table *table = NULL;
    return topic->role == EVIDENCE_TABLE &&
                   topic_role(topic->name, evidence->prefix, catalog, &table) == TOPIC_TABLE
               ? table
               : NULL;
}

static struct span feeding_span(const char *name) {
    return name[0] != '\0' ? span_of(name) : (struct span){0};
}

static struct placement feeding_placement(const struct evidence *evidence, const struct catalog *catalog,
                                          const struct evidence_topic *topic) {
    const struct table *first = feeding_topic(evidence, catalog, topic);
    return first == NULL
               ? (struct placement){0}
               : placement_of_row(catalog, first, feeding_span(topic->schema), feeding_span(topic->table));
}

const struct table *feeding_table(const struct evidence *evidence, const struct catalog *catalog,
                                  const struct evidence_topic *topic) {
    return feeding_placement(evidence, catalog, topic).table;
}

bool feeding_is_own(const struct evidence_topic *topic) {
    return topic->rows == 0 && topic->logical + topic->begins + topic->ends + topic->beats > 0;
}

bool feeding_is_undeclared(const struct evidence *evidence, const struct catalog *catalog,
                           const struct evidence_topic *topic) {
    return topic->role == EVIDENCE_TABLE && !feeding_is_own(topic) &&
           feeding_topic(evidence, catalog, topic) == NULL &&
           !topic_is_left_out(topic->name, evidence->prefix, catalog);
}

bool feeding_is_unplaced(const struct evidence *evidence, const struct catalog *catalog,
                         const struct evidence_topic *topic) {
    struct placement placement = feeding_placement(evidence, catalog, topic);
    return feeding_topic(evidence, catalog, topic) != NULL && topic->table[0] != '\0' &&
           placement.table == NULL && !placement.ignored;
}

bool feeding_is_left_out(const struct evidence *evidence, const struct catalog *catalog,
                         const struct evidence_topic *topic) {
    return feeding_topic(evidence, catalog, topic) == NULL
               ? topic_is_left_out(topic->name, evidence->prefix, catalog)
               : feeding_placement(evidence, catalog, topic).ignored;
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
