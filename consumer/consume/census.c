#include "consumer/consume/census.h"

#include "consumer/decode/other_prefixes.h"

#include "views/base/cleanup.h"
#include "views/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct census {
    const struct catalog *catalog;
    const char *prefix;
    struct progress *progress;
    bool *has_topic;                           // by the table's number
    char *undeclared[PROGRESS_UNDECLARED_MAX]; // the first by name, in order
    int undeclared_named;
    int undeclared_count;
    char missing[CENSUS_TEXT_SIZE]; // as reported last
    char reported[CENSUS_TEXT_SIZE];
    bool warned;
    // In the listing that is under way: whether a topic begins with the prefix, or is its heartbeats'; and others' prefixes.
    bool own;
    char seen_others[OTHER_PREFIXES_SIZE];
    char seen_transactions[CENSUS_LIKELY_SIZE];
    char seen_heartbeats[CENSUS_LIKELY_SIZE];
    char others[OTHER_PREFIXES_SIZE]; // of the newest that ended
    char may_be_transactions[CENSUS_LIKELY_SIZE];
    char may_be_heartbeats[CENSUS_LIKELY_SIZE];
};

int census_new(struct census **ret, const struct catalog *catalog, const char *prefix,
               struct progress *progress, struct error *error) {
    CLEANUP(census_free) struct census *census = calloc(1, sizeof *census);
    if (census == NULL ||
        (census->has_topic = calloc((size_t)catalog->table_count + 1, sizeof(bool))) == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    census->catalog = catalog;
    census->prefix = prefix;
    census->progress = progress;
    *ret = census;
    census = NULL;
    return 0;
}

static void census_forget_undeclared(struct census *census) {
    for (int i = 0; i < census->undeclared_named; i++)
        free(census->undeclared[i]);
    census->undeclared_named = 0;
    census->undeclared_count = 0;
}

void census_free(struct census **census) {
    struct census *freeing = *census;
    if (freeing == NULL)
        return;
    census_forget_undeclared(freeing);
    free(freeing->has_topic);
    free(freeing);
    *census = NULL;
}

void census_begin(struct census *census) {
    census_forget_undeclared(census);
    memset(census->has_topic, 0, ((size_t)census->catalog->table_count + 1) * sizeof(bool));
    census->seen_transactions[0] = census->seen_heartbeats[0] = census->seen_others[0] = '\0';
    census->own = false;
}

void census_see(struct census *census, const char *topic) {
    const struct table *table;
    census->own |= topic_has_prefix(topic, census->prefix) ||
                   topic_role(topic, census->prefix, census->catalog, &table) == TOPIC_HEARTBEAT;
    if (!census->own)
        other_prefixes_add(census->seen_others, topic);
}

const char *census_others(const struct census *census) {
    return census->others;
}

// As many names as there is room for.
static void census_add_likely(char list[CENSUS_LIKELY_SIZE], const char *topic) {
    size_t used = strlen(list);
    if (used + strlen(topic) + 2 < CENSUS_LIKELY_SIZE)
        (void)snprintf(list + used, CENSUS_LIKELY_SIZE - used, "%s%s", used > 0 ? ", " : "", topic);
}

// Debezium names a table's topic PREFIX.SCHEMA.TABLE.
static bool census_is_tables(const struct census *census, const char *topic) {
    return topic_has_prefix(topic, census->prefix) && strchr(topic + strlen(census->prefix) + 1, '.') != NULL;
}

// It may feed others beside `table`, by lines of their own.
static void census_note_tables(struct census *census, const char *topic, int partitions,
                               const struct table *table) {
    for (int i = 0; i < census->catalog->table_count; i++) {
        const struct table *other = &census->catalog->tables[i];
        if (other != table &&
            (other->topic == NULL || topic_feeds(topic, census->prefix, other) == TOPIC_FEEDS_NOT))
            continue;
        census->has_topic[i] = true;
        progress_table_topic(census->progress, i, topic, partitions);
    }
}

// A broker lists them in any order, and another one each time: which are named hangs on none.
static void census_add_undeclared(struct census *census, const char *topic) {
    char **names = census->undeclared;
    bool full = census->undeclared_named == PROGRESS_UNDECLARED_MAX;
    census->undeclared_count++;
    if (full && strcmp(topic, names[census->undeclared_named - 1]) >= 0)
        return;
    char *copy = strdup(topic);
    if (copy == NULL)
        return;
    if (full)
        free(names[--census->undeclared_named]);
    int at = census->undeclared_named++;
    for (; at > 0 && strcmp(names[at - 1], copy) > 0; at--)
        names[at] = names[at - 1];
    names[at] = copy;
}

void census_note(struct census *census, const char *topic, int partitions, const struct table *table) {
    if (table != NULL) {
        census_note_tables(census, topic, partitions, table);
        return;
    }
    if (topic_may_be_transactions(topic, census->prefix))
        census_add_likely(census->seen_transactions, topic);
    if (topic_may_be_heartbeats(topic, census->prefix))
        census_add_likely(census->seen_heartbeats, topic);
    if (!census_is_tables(census, topic) || topic_is_left_out(topic, census->prefix, census->catalog))
        return;
    census_add_undeclared(census, topic);
}

void census_list(char *ret, size_t size, const char *const *names, int named, int count) {
    int shown = named < CENSUS_NAMED_MAX ? named : CENSUS_NAMED_MAX;
    size_t used = 0;
    ret[0] = '\0';
    for (int i = 0; i < shown && used < size; i++)
        used += (size_t)snprintf(ret + used, size - used, "%s%s", i == 0 ? "" : ", ", names[i]);
    if (count > shown && used < size)
        (void)snprintf(ret + used, size - used, " and %d more", count - shown);
}

static int census_list_missing(const struct census *census, char *ret, size_t size) {
    const char *names[CENSUS_NAMED_MAX] = {NULL};
    int count = 0;
    for (int i = 0; i < census->catalog->table_count; i++) {
        if (census->has_topic[i])
            continue;
        if (count < CENSUS_NAMED_MAX)
            names[count] = census->catalog->tables[i].name;
        count++;
    }
    census_list(ret, size, names, count < CENSUS_NAMED_MAX ? count : CENSUS_NAMED_MAX, count);
    return count;
}

// A table's topic of before it was renamed is read by a line that names both.
static void census_add_older(const struct census *census, char *text, size_t size) {
    char line[TOPIC_LINE_SIZE];
    for (int i = 0; i < census->undeclared_named; i++) {
        if (!topic_write_line_of_older(census->undeclared[i], census->prefix, census->catalog, line))
            continue;
        size_t used = strlen(text);
        (void)snprintf(text + used, size - used, "; `-- tidemark: %s` reads %s beside the table's own", line,
                       census->undeclared[i]);
        return;
    }
}

void census_end(struct census *census) {
    char topics[CENSUS_TEXT_SIZE];
    char text[2 * CENSUS_TEXT_SIZE];
    const char *const *undeclared = (const char *const *)census->undeclared;
    (void)snprintf(census->others, sizeof census->others, "%s", census->own ? "" : census->seen_others);
    memcpy(census->may_be_transactions, census->seen_transactions, sizeof census->may_be_transactions);
    memcpy(census->may_be_heartbeats, census->seen_heartbeats, sizeof census->may_be_heartbeats);
    progress_set_undeclared(census->progress, undeclared, census->undeclared_named, census->undeclared_count);
    census_list(topics, sizeof topics, undeclared, census->undeclared_named, census->undeclared_count);
    int missing = census_list_missing(census, census->missing, sizeof census->missing);
    for (int i = 0; i < census->catalog->table_count; i++)
        progress_table_listed(census->progress, i);
    bool wrong = missing > 0 || census->undeclared_count > 0;
    if (missing == 0 && census->undeclared_count > 0)
        (void)snprintf(
            text, sizeof text,
            "every table of source.sql has a topic; these of prefix %s are not read, since no table is "
            "declared for them (`-- tidemark: ignore TABLE` of one that is not wanted): %s",
            census->prefix, topics);
    else if (missing == 0)
        (void)snprintf(text, sizeof text, "every table of source.sql has a topic now");
    else if (census->undeclared_count == 0)
        (void)snprintf(text, sizeof text, "no topic of prefix %s yet for: %s%s%s", census->prefix,
                       census->missing, other_prefixes_lead(census->others), census->others);
    else if (missing == census->catalog->table_count)
        (void)snprintf(text, sizeof text,
                       "no table of source.sql has a topic: it declares %s; the topics of prefix %s are %s",
                       census->missing, census->prefix, topics);
    else
        (void)snprintf(text, sizeof text,
                       "no topic of prefix %s yet for: %s; topics that no table is declared for: %s",
                       census->prefix, census->missing, topics);
    census_add_older(census, text, sizeof text);
    text[sizeof census->reported - 1] = '\0';
    if (strcmp(text, census->reported) == 0 || (!wrong && !census->warned))
        return;
    (void)snprintf(census->reported, sizeof census->reported, "%s", text);
    census->warned = wrong;
    log_event(wrong ? LEVEL_WARN : LEVEL_INFO, "tables", NULL, "%s", text);
}

const char *census_missing(const struct census *census) {
    return census->missing[0] != '\0' ? census->missing : NULL;
}

const char *census_may_be_transactions(const struct census *census) {
    return census->may_be_transactions;
}

const char *census_may_be_heartbeats(const struct census *census) {
    return census->may_be_heartbeats;
}
