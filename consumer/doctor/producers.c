#include "consumer/doctor/producers.h"

#include "consumer/evidence/evidence.h"
#include "consumer/evidence/feeding.h"

#include <inttypes.h>
#include <string.h>

const char producers_valueless_remedy[] =
    "value.converter=org.apache.kafka.connect.json.JsonConverter: CloudEventsConverter writes null for what is no enveloped row";

static const struct producer {
    const char *connector, *note, *remedy;
    bool of_nulls; // told only where updates came with nulls and without their row before
} producers[] = {
    {"TiCDC",
     "; TiCDC sends DECIMALs as doubles, and in place of a NULL its column's default, which no setting of it changes",
     "columns without DEFAULT, and double precision in source.sql", false},
    {"yugabytedb",
     "; YugabyteDB's updates came with nulls and without their row before: in CHANGE, the default, a column that was not modified "
     "is null too, and takes the place of what is here",
     "a replica identity of FULL or DEFAULT (record type ALL), or the transform YBExtractNewRecordState",
     true},
};

static const struct producer *producers_find(const struct evidence *evidence) {
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        for (size_t p = 0; p < sizeof producers / sizeof *producers; p++)
            if (topic->role == EVIDENCE_TABLE && strcmp(topic->connector, producers[p].connector) == 0 &&
                (!producers[p].of_nulls || topic->updates_with_nulls > 0))
                return &producers[p];
    }
    return NULL;
}

const char *producers_note(const struct evidence *evidence) {
    const struct producer *producer = producers_find(evidence);
    return producer != NULL ? producer->note : "";
}

const char *producers_remedy(const struct evidence *evidence) {
    const struct producer *producer = producers_find(evidence);
    return producer != NULL ? producer->remedy : NULL;
}

bool producers_are_others(const struct evidence *evidence) {
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        bool nameless = topic->connector[0] == '\0' && topic->rows > topic->unwrapped;
        if (topic->role == EVIDENCE_TABLE && (nameless || strcmp(topic->connector, "TiCDC") == 0))
            return true;
    }
    return false;
}

static bool producers_is_binlogs(const struct evidence_topic *topic) {
    return strcmp(topic->connector, "mysql") == 0 || strcmp(topic->connector, "mariadb") == 0;
}

// A connector of PostgreSQL's reads one database.
static void producers_check_databases(const struct evidence *evidence, struct findings *findings) {
    const char *first = NULL;
    const char *other = NULL;
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        if (topic->role != EVIDENCE_TABLE || topic->database[0] == '\0')
            continue;
        if (first == NULL)
            first = topic->database;
        if (strcmp(topic->database, first) != 0)
            other = topic->database;
        if (topic->other_database[0] != '\0' && strcmp(topic->other_database, first) != 0)
            other = topic->other_database;
    }
    if (other != NULL)
        findings_add(
            findings, "databases", VERDICT_WARN,
            "a topic.prefix for each connector, and a file for each prefix; where a database was renamed or moved, "
            "a snapshot by the connector",
            "rows name two databases, %s and %s, as of two connectors of one topic.prefix: rows of one "
            "key are one row, and transactions have no common order",
            first, other);
}

static void producers_check_characters(const struct evidence *evidence, const struct catalog *catalog,
                                       struct findings *findings) {
    struct finding_names names = {0};
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        if (!producers_is_binlogs(topic) || feeding_is_left_out(evidence, catalog, topic))
            continue;
        for (int c = 0; c < topic->column_count; c++)
            if (topic->columns[c].replaced > 0)
                finding_names_add(&names, "%s.%s", evidence_table_name(topic), topic->columns[c].name);
    }
    if (names.count > 0)
        findings_add(
            findings, "characters", VERDICT_WARN,
            "`character set` said of the table or the column itself, beside its collation, and a full snapshot",
            "texts have U+FFFD, which stands for what could not be decoded: MariaDB's connector does not read a character set that a "
            "collation alone says, or that the table's default was changed to: %s",
            finding_names_text(&names));
}

// A compacted topic of rows that were all deleted has no values either.
static void producers_check_values(const struct evidence *evidence, const struct catalog *catalog,
                                   struct findings *findings) {
    struct finding_names names = {0};
    for (int i = 0; i < evidence->topic_count; i++) {
        const struct evidence_topic *topic = &evidence->topics[i];
        if (topic->role == EVIDENCE_TABLE && topic->messages > 0 && topic->tombstones == topic->messages &&
            !feeding_is_left_out(evidence, catalog, topic))
            finding_names_add(&names, "%s (%" PRId64 ")", topic->name, topic->messages);
    }
    if (names.count > 0)
        findings_add(
            findings, "no values", VERDICT_WARN, producers_valueless_remedy,
            "messages have keys alone: rows that were all deleted, or such as CloudEventsConverter could not write "
            "(unwrapped ones): %s",
            finding_names_text(&names));
}

// Debezium's count of nanoseconds is null where an int64 cannot hold it; by default SQL Server's DATETIME2 of seven digits is such a
// count. With other texts or numbers in it, or declared as a number, a column without a schema is none.
static bool producers_hides_moments(const struct evidence_column *column, const struct column *declared) {
    if (column->nulls == 0)
        return false;
    if (column->has_schema)
        return strcmp(column->semantic, "io.debezium.time.NanoTimestamp") == 0;
    return (declared == NULL || declared->type == COLUMN_TIMESTAMP) && column->nanos > 0 &&
           column->nanos == column->integers && column->strings == 0;
}

static void producers_check_nanoseconds(const struct evidence *evidence, const struct catalog *catalog,
                                        struct findings *findings) {
    struct finding_names names = {0};
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        if (topic->role != EVIDENCE_TABLE || feeding_is_left_out(evidence, catalog, topic))
            continue;
        const struct table *table = catalog != NULL ? feeding_table(evidence, catalog, topic) : NULL;
        for (int c = 0; c < topic->column_count; c++)
            if (producers_hides_moments(&topic->columns[c], feeding_column(table, &topic->columns[c])))
                finding_names_add(&names, "%s.%s", evidence_table_name(topic), topic->columns[c].name);
    }
    if (names.count > 0)
        findings_add(
            findings, "nanosecond nulls", VERDICT_WARN,
            "time.precision.mode=isostring (or microseconds), and a full snapshot",
            "a NULL came in moments that are counted in nanoseconds, which Debezium also writes for one before 1677-09-21 or "
            "after 2262-04-11, such as 0001-01-01 and 9999-12-31: %s",
            finding_names_text(&names));
}

void producers_check(const struct evidence *evidence, const struct catalog *catalog,
                     struct findings *findings) {
    producers_check_databases(evidence, findings);
    producers_check_characters(evidence, catalog, findings);
    producers_check_values(evidence, catalog, findings);
    producers_check_nanoseconds(evidence, catalog, findings);
}
