#include "consumer/replay_report.h"

#include "consumer/decode/topic_role.h"
#include "views/base/cleanup.h"
#include "views/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPORT_NAMES_MAX = 20, REPORT_TEXT_SIZE = 1024 };

struct report {
    char text[REPORT_TEXT_SIZE]; // "a, b"
    int count;                   // also of those that are not named
};

static void replay_report_add(struct report *report, const char *table, const char *column) {
    size_t used = strlen(report->text);
    if (report->count++ < REPORT_NAMES_MAX)
        (void)snprintf(report->text + used, sizeof report->text - used, "%s%s%s%s", used > 0 ? ", " : "",
                       table, column[0] != '\0' ? "." : "", column);
}

static void replay_report_add_column(void *self, const char *table, const char *column, int64_t times) {
    (void)times;
    replay_report_add(self, table, column);
}

static void replay_report_tell(enum log_level level, const char *event, const char *what,
                               const struct report *report) {
    int more = report->count - REPORT_NAMES_MAX;
    if (report->count > 0 && more > 0)
        log_event(level, event, NULL, "%s %s and %d more", what, report->text, more);
    else if (report->count > 0)
        log_event(level, event, NULL, "%s %s", what, report->text);
}

// Sorted by topic.
struct report_topics {
    struct partition_progress *partitions;
    int count;
};

static bool replay_report_is_first(const struct report_topics *topics, int number) {
    return number == 0 || strcmp(topics->partitions[number].topic, topics->partitions[number - 1].topic) != 0;
}

static void replay_report_ignored(const struct report_topics *topics) {
    struct report names = {0};
    for (int i = 0; i < topics->count; i++)
        if (replay_report_is_first(topics, i))
            replay_report_add(&names, topics->partitions[i].topic, "");
    replay_report_tell(LEVEL_WARN, "ignored", "no message was for a table of source.sql: the topics are",
                       &names);
}

static bool replay_report_has_topic(const struct report_topics *topics, const char *prefix,
                                    const struct table *table) {
    for (int i = 0; i < topics->count; i++)
        if (replay_report_is_first(topics, i) &&
            topic_feeds(topics->partitions[i].topic, prefix, table) != TOPIC_FEEDS_NOT)
            return true;
    return false;
}

static void replay_report_tables(const struct report_topics *topics, const struct catalog *catalog,
                                 const char *prefix) {
    struct report tables = {0};
    for (int t = 0; t < catalog->table_count; t++)
        if (!replay_report_has_topic(topics, prefix, &catalog->tables[t]))
            replay_report_add(&tables, catalog->tables[t].name, "");
    replay_report_tell(LEVEL_INFO, "tables",
                       "the captures have no topic of these tables of source.sql:", &tables);
}

void replay_report(struct progress *progress, const struct catalog *catalog, const char *prefix,
                   const struct progress_counters *counters) {
    struct report extra = {0};
    struct report missing = {0};
    int count = progress_partitions(progress, NULL, 0);
    CLEANUP(free_any)
    struct partition_progress *partitions = count > 0 ? calloc((size_t)count, sizeof *partitions) : NULL;
    if (counters->messages == 0 || partitions == NULL)
        return;
    const struct report_topics topics = {partitions, progress_partitions(progress, partitions, count)};
    if (counters->ignored >= counters->messages)
        replay_report_ignored(&topics);
    else
        replay_report_tables(&topics, catalog, prefix);
    progress_drift_each(progress, replay_report_add_column, &extra);
    replay_report_tell(
        LEVEL_WARN, "drift",
        "events have columns that source.sql does not declare, and that are not kept:", &extra);
    progress_missing_each(progress, replay_report_add_column, &missing);
    replay_report_tell(LEVEL_WARN, "drift",
                       "events lack columns that source.sql declares, and that stay as they were:", &missing);
}
