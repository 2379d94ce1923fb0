#include "consumer/evidence/feeding.h"

#include "consumer/decode/placement.h"
#include "consumer/decode/topic_role.h"

#include <stdio.h>
#include <string.h>

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

const struct column *feeding_column(const struct table *table, const struct evidence_column *column) {
    int number = table != NULL ? table_column(table, column->name, strlen(column->name)) : -1;
    return number >= 0 ? &table->columns[number] : NULL;
}

bool feeding_is_own(const struct evidence_topic *topic) {
    return topic->rows == 0 && topic->logical + topic->begins + topic->ends + topic->beats + topic->told > 0;
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
    if (catalog == NULL)
        return false;
    return feeding_topic(evidence, catalog, topic) == NULL
               ? topic_is_left_out(topic->name, evidence->prefix, catalog)
               : feeding_placement(evidence, catalog, topic).ignored;
}

static int feeding_as(const struct evidence *evidence, const struct evidence_topic *topic,
                      const struct table *table) {
    return topic->role == EVIDENCE_TABLE ? topic_feeds(topic->name, evidence->prefix, table)
                                         : TOPIC_FEEDS_NOT;
}

// A table as a connector names it, in two parts.
struct feeding_name {
    char schema[EVIDENCE_NAME_SIZE];
    char *relation; // behind the last dot
};

// False: it is no table's. A logical decoding message is counted under the name of a Java object (Debezium 3.6.1).
static bool feeding_read_name(const char *collection, struct feeding_name *ret) {
    const char *dot = strrchr(collection, '.');
    if (dot == NULL || dot == collection || dot[1] == '\0' || strchr(collection, '@') != NULL ||
        strlen(collection) >= sizeof ret->schema)
        return false;
    (void)snprintf(ret->schema, sizeof ret->schema, "%s", collection);
    ret->schema[dot - collection] = '\0';
    ret->relation = ret->schema + (dot - collection) + 1;
    return true;
}

static bool feeding_is_declared_as(const struct catalog *catalog, const struct feeding_name *name) {
    for (int i = 0; i < catalog->table_count; i++)
        if (strcmp(catalog->tables[i].relation, name->relation) == 0 &&
            (catalog->tables[i].schema == NULL || strcmp(catalog->tables[i].schema, name->schema) == 0))
            return true;
    for (int i = 0; i < catalog->ignored_count; i++)
        if (strcmp(catalog->ignored[i].relation, name->relation) == 0 &&
            (catalog->ignored[i].schema == NULL || strcmp(catalog->ignored[i].schema, name->schema) == 0))
            return true;
    return false;
}

// DATABASE.SCHEMA is a schema too.
static bool feeding_ends_with(const char *schema, const char *end) {
    size_t size = strlen(schema), end_size = strlen(end);
    return size >= end_size && strcmp(schema + size - end_size, end) == 0 &&
           (size == end_size || schema[size - end_size - 1] == '.');
}

// Whether the topic, or rows of it, are called as the table. Where rows do not say whose they are, any may be.
static bool feeding_may_have(const struct evidence *evidence, const struct evidence_topic *topic,
                             struct feeding_name *name) {
    const struct table table = {.schema = name->schema, .relation = name->relation};
    return (topic->rows > 0 && topic->table[0] == '\0' && !feeding_is_own(topic)) ||
           (topic->mixed && topic->partial) ||
           (strcmp(topic->table, name->relation) == 0 && feeding_ends_with(name->schema, topic->schema)) ||
           topic_feeds(topic->name, evidence->prefix, &table) != TOPIC_FEEDS_NOT;
}

bool feeding_is_elsewhere(const struct evidence *evidence, const struct catalog *catalog,
                          const char *collection) {
    struct feeding_name name;
    if (evidence->denied_count > 0 || evidence->collections.count == EVIDENCE_COLLECTIONS_MAX ||
        !feeding_read_name(collection, &name) || (catalog != NULL && feeding_is_declared_as(catalog, &name)))
        return false;
    for (int i = 0; i < evidence_count(evidence); i++)
        if (evidence_at(evidence, i)->role == EVIDENCE_TABLE &&
            feeding_may_have(evidence, evidence_at(evidence, i), &name))
            return false;
    return true;
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
