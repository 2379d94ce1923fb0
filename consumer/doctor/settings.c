#include "consumer/doctor/settings.h"

#include "consumer/decode/topic_role.h"
#include "consumer/doctor/deletes.h"
#include "consumer/doctor/partitions.h"
#include "consumer/doctor/producers.h"
#include "consumer/doctor/retention.h"
#include "consumer/evidence/column_guess.h"
#include "consumer/evidence/evidence.h"
#include "consumer/evidence/feeding.h"

#include <inttypes.h>
#include <string.h>

enum { SETTINGS_FEW_DELETES = 5 };

// All tables' topics together, and the connector's own.
struct settings_sum {
    struct evidence_topic tables; // counts only
    const struct evidence_topic *transactions;
    const struct evidence_topic *heartbeats;
    const struct evidence_topic
        *renamed_transactions; // topics of other names that have some: they are not read
    const struct evidence_topic *renamed_heartbeats;
    int64_t decimals, schema_decimals, exact_numbers;
    struct finding_names doubles; // numbers with a fraction, but for what source.sql declares so
    struct finding_names base64;  // texts, of tables that source.sql does not declare
    int64_t nulls_kept;           // columns with a default that had a null
    int64_t nameless_binlog;
    bool transactions_denied, heartbeats_denied; // may not be seen
    int64_t logical; // messages that are no row: each may be a transaction without rows
    bool postgres, other, mongodb, binlog;
    bool of_others; // some are no Debezium's, whose settings are no remedy for them
};

// The topic, and which of its tables.
static void settings_add_topic(struct finding_names *names, const struct evidence_topic *topic) {
    if (topic->mixed)
        finding_names_add(names, "%s in %s", evidence_table_name(topic), topic->name);
    else
        finding_names_add(names, "%s", topic->name);
}

static bool settings_is_declared_real(const struct table *table, const struct evidence_column *column) {
    const struct column *declared = feeding_column(table, column);
    return declared != NULL && declared->type == COLUMN_REAL;
}

static void settings_add_columns(struct settings_sum *sum, const struct evidence_topic *topic,
                                 const struct table *table) {
    for (int i = 0; i < topic->column_count; i++) {
        const struct evidence_column *column = &topic->columns[i];
        bool decimal = strcmp(column->semantic, "org.apache.kafka.connect.data.Decimal") == 0;
        sum->schema_decimals += decimal;
        sum->decimals += column->decimals > 0 && column->strings == column->decimals + column->special;
        sum->exact_numbers += column->padded > 0;
        if (column->reals > 0 && column->padded == 0 && !decimal && !settings_is_declared_real(table, column))
            finding_names_add(&sum->doubles, "%s.%s", evidence_table_name(topic), column->name);
        if (table == NULL && column_guess_is_base64(column))
            finding_names_add(&sum->base64, "%s.%s, such as %s", evidence_table_name(topic), column->name,
                              column->example);
        sum->nulls_kept += column->has_default && column->optional && column->nulls > 0;
    }
}

// How many of its columns are to be judged: those of a table that is left out are nobody's here.
static int settings_column_count(const struct evidence *evidence, const struct catalog *catalog,
                                 const struct evidence_topic *topic) {
    return feeding_is_left_out(evidence, catalog, topic) ? 0 : topic->column_count;
}

static void settings_add_denied(struct settings_sum *sum, const struct evidence *evidence) {
    static const struct catalog none;
    for (int i = 0; i < evidence->denied_count; i++) {
        const struct table *table;
        enum topic_role role = topic_role(evidence->denied[i], evidence->prefix, &none, &table);
        sum->transactions_denied |= role == TOPIC_TRANSACTION;
        sum->heartbeats_denied |= role == TOPIC_HEARTBEAT;
    }
}

static struct settings_sum settings_sum_of(const struct evidence *evidence, const struct catalog *catalog) {
    struct settings_sum sum = {0};
    settings_add_denied(&sum, evidence);
    sum.of_others = producers_are_others(evidence);
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        if (topic->role == EVIDENCE_TRANSACTIONS)
            sum.transactions = topic;
        if (topic->role == EVIDENCE_HEARTBEATS)
            sum.heartbeats = topic;
        if (topic->beats > 0)
            sum.renamed_heartbeats = topic;
        if (topic->role != EVIDENCE_TABLE)
            continue;
        if (topic->begins + topic->ends > 0)
            sum.renamed_transactions = topic;
        sum.mongodb |= strcmp(topic->connector, "mongodb") == 0;
        sum.binlog |= strcmp(topic->connector, "mysql") == 0 || strcmp(topic->connector, "mariadb") == 0;
        sum.nameless_binlog += topic->connector[0] == '\0' ? topic->nameless_binlog : 0;
        sum.tables.rows += topic->rows;
        sum.tables.reads += topic->reads;
        sum.tables.with_schema += topic->with_schema;
        sum.tables.unwrapped += topic->unwrapped;
        sum.tables.with_position += topic->with_position;
        sum.tables.without_timeline += topic->without_timeline;
        sum.tables.with_transaction += topic->with_transaction;
        sum.logical += topic->logical;
        sum.tables.updates += topic->updates;
        sum.tables.deletes += topic->deletes;
        sum.tables.tombstones += topic->tombstones;
        sum.tables.truncates += topic->truncates;
        sum.postgres |= strcmp(topic->connector, "postgresql") == 0;
        sum.other |= topic->connector[0] != '\0' && strcmp(topic->connector, "postgresql") != 0;
        if (!feeding_is_left_out(evidence, catalog, topic))
            settings_add_columns(&sum, topic,
                                 catalog != NULL ? feeding_table(evidence, catalog, topic) : NULL);
    }
    return sum;
}

// Only where it lacks: a listing leaves out what may not be described, and the other checks would take it for not there.
static void settings_check_access(const struct evidence *evidence, struct findings *findings) {
    struct finding_names names = {0};
    for (int i = 0; i < evidence->denied_count; i++)
        finding_names_add(&names, "%s", evidence->denied[i]);
    if (names.count > 0)
        findings_add(
            findings, "access", VERDICT_FAIL,
            "Read for this account on those that exist: kafka-acls.sh --add --operation Read --topic ..",
            "Topic authorization failed, and whether they exist is not told: %s", finding_names_text(&names));
}

static void settings_check_converter(const struct evidence *evidence, const struct settings_sum *sum,
                                     struct findings *findings) {
    struct finding_names names = {0};
    const char *like = "";
    bool refused = false;
    for (int i = 0; i < evidence->topic_count; i++)
        if (evidence->topics[i].unreadable > 0) {
            like = evidence->topics[i].unreadable_like;
            refused = evidence->topics[i].refused == evidence->topics[i].unreadable;
            finding_names_add(&names, "%s (%" PRId64 " messages)", evidence->topics[i].name,
                              evidence->topics[i].unreadable);
        }
    if (names.count > 0)
        findings_add(
            findings, "converter", VERDICT_FAIL,
            refused
                ? "Debezium's envelopes, or rows of ExtractNewRecordState: consumer/README.md, Other producers"
                : "key.converter and value.converter must be org.apache.kafka.connect.json.JsonConverter",
            "cannot be read: %s: %s", finding_names_text(&names), like);
    else if (sum->tables.rows == 0)
        findings_add(findings, "converter", VERDICT_NOT_SEEN, NULL, "no row was looked at");
    else
        findings_add(findings, "converter", VERDICT_OK, NULL, "JSON, %s",
                     sum->tables.with_schema > 0 ? "with schemas"
                                                 : "without schemas: source.sql says the types");
}

static void settings_check_position(const struct settings_sum *sum, struct findings *findings) {
    static const char fields[] =
        "unwrapped: add.fields=op,source.lsn,source.sequence,source.txId,source.ts_ms,source.snapshot,source.table; of "
        "MySQL and MariaDB op,source.file,source.pos,source.row,source.ts_ms,source.snapshot,source.table";
    if (sum->tables.rows > 0 && sum->tables.with_position == 0)
        findings_add(findings, "position", VERDICT_WARN, sum->tables.unwrapped > 0 ? fields : NULL,
                     "no row says its position: an older message that comes again is written again");
    else if (sum->tables.without_timeline > 0)
        findings_add(
            findings, "position", VERDICT_WARN, fields,
            "unwrapped rows say their LSN, and not what they follow and when (source.sequence, source.ts_ms): when the "
            "source fails over or is restored, and LSNs begin lower, its changes are taken for older ones that come again");
    else
        findings_add(findings, "position", sum->tables.rows > 0 ? VERDICT_OK : VERDICT_NOT_SEEN, NULL, "%s",
                     sum->tables.rows > 0 ? "rows say where they stand in the source's log"
                                          : "no row was looked at");
}

static void settings_check_envelope(const struct evidence *evidence, const struct settings_sum *sum,
                                    struct findings *findings) {
    if (sum->tables.rows == 0)
        findings_add(findings, "envelope", VERDICT_NOT_SEEN, NULL, "no row was looked at");
    else if (sum->tables.unwrapped > 0)
        findings_add(findings, "envelope", VERDICT_WARN,
                     "take ExtractNewRecordState out of the connector's transforms",
                     "unwrapped rows, which carry no truncates and no transactions");
    else
        findings_add(findings, "envelope", VERDICT_OK, NULL, "Debezium's, whole");
    settings_check_position(sum, findings);
    if (sum->mongodb)
        findings_add(findings, "connector", VERDICT_FAIL, "a connector of a database with tables",
                     "MongoDB's, which writes documents as text: they are not read");
    else if (sum->other)
        findings_add(findings, "connector", VERDICT_WARN, producers_remedy(evidence),
                     "not PostgreSQL's: transactions are not read, answers are per-key%s",
                     producers_note(evidence));
    else if (sum->nameless_binlog > 0)
        findings_add(
            findings, "connector", VERDICT_WARN, "add.fields=..,source.connector of ExtractNewRecordState",
            "unwrapped rows say a binlog's file and do not name the connector: they are read as MariaDB's "
            "(UUIDs), and of its or MySQL's times; answers are per-key");
    else
        findings_add(
            findings, "connector", sum->postgres ? VERDICT_OK : VERDICT_NOT_SEEN, NULL, "%s",
            sum->postgres ? "PostgreSQL's"
            : sum->of_others
                ? "envelopes name none, as those of other producers than Debezium: rows are ordered by offsets"
                : "no message names its connector");
}

static void settings_check_decimals(struct settings_sum *sum, struct findings *findings) {
    const char *remedy = sum->of_others
                             ? "double precision in source.sql, where they are doubles; of Debezium's, "
                               "decimal.handling.mode=string, or schemas in the messages"
                             : "decimal.handling.mode=string, or schemas in the messages";
    static const char texts[] = "texts that are base64: bytes, or decimals, whose scale "
                                "stands in a schema only (decimal.handling.mode=precise): ";
    const char *doubles =
        sum->of_others
            ? "numbers with a fraction, which other producers than Debezium write with all digits (Flink, CockroachDB) or as "
              "doubles (TiCDC), whose digits were lost before they came: "
            : "numbers with a fraction: where they are not double precision at the source, digits "
              "were lost before they came (decimal.handling.mode=double): ";
    bool has_texts = sum->base64.count > 0 && sum->decimals == 0;
    if (has_texts && sum->doubles.count > 0)
        findings_add(findings, "decimals", VERDICT_WARN, remedy, "%s%s; %s%s", texts,
                     finding_names_text(&sum->base64), doubles, finding_names_text(&sum->doubles));
    else if (has_texts)
        findings_add(findings, "decimals", VERDICT_WARN, remedy, "%s%s", texts,
                     finding_names_text(&sum->base64));
    else if (sum->doubles.count > 0)
        findings_add(findings, "decimals", VERDICT_WARN, remedy, "%s%s", doubles,
                     finding_names_text(&sum->doubles));
    else if (sum->schema_decimals > 0)
        findings_add(findings, "decimals", VERDICT_OK, NULL, "precise, with their scale in the schema");
    else if (sum->exact_numbers > 0)
        findings_add(findings, "decimals", VERDICT_OK, NULL,
                     "numbers with all their digits, as the converter's decimal.format=NUMERIC writes them");
    else if (sum->decimals > 0)
        findings_add(findings, "decimals", VERDICT_OK, NULL, "text, all digits");
    else
        findings_add(findings, "decimals", VERDICT_NOT_SEEN, NULL, "no column with decimals was seen");
}

// Times of another unit than microseconds, without a schema: source.sql has to say so.
struct settings_units {
    int64_t micros, iso;
    struct finding_names other;
    struct finding_names mistaken; // with a schema, of another unit than that says
    struct finding_names coarse;   // with a schema of milliseconds, of columns of more digits
};

// Milliseconds are what a declared precision of 3 has in adaptive mode; a line `-- tidemark: time` tells the rest.
static bool settings_is_told(const struct evidence *evidence, const struct catalog *catalog,
                             const struct evidence_topic *topic, const struct evidence_column *column) {
    const struct table *table = catalog != NULL ? feeding_table(evidence, catalog, topic) : NULL;
    if (table == NULL)
        return false;
    const struct column *declared = feeding_column(table, column);
    if (declared == NULL || table->time_precision != TIME_PRECISION_UNSET ||
        declared->type != COLUMN_TIMESTAMP)
        return true;
    const char *digits = strchr(declared->declared, '(');
    bool millis = column->millis + column->infinite_millis + column->last_millis > 0;
    return digits != NULL && ((millis && digits[1] <= '3') || digits[1] >= '7');
}

// Connect's own times are milliseconds, whatever the column has. `timestamp` alone is PostgreSQL's, of six digits; MySQL's has none.
static bool settings_loses_digits(const struct evidence *evidence, const struct catalog *catalog,
                                  const struct evidence_topic *topic, const struct evidence_column *column) {
    const struct table *table = catalog != NULL ? feeding_table(evidence, catalog, topic) : NULL;
    const struct column *declared = table != NULL ? feeding_column(table, column) : NULL;
    if (declared == NULL ||
        (declared->type != COLUMN_TIME && declared->type != COLUMN_TIMESTAMP &&
         declared->type != COLUMN_TIMESTAMPTZ) ||
        (strcmp(column->semantic, "org.apache.kafka.connect.data.Timestamp") != 0 &&
         strcmp(column->semantic, "org.apache.kafka.connect.data.Time") != 0))
        return false;
    const char *digits = strchr(declared->declared, '(');
    return digits != NULL ? digits[1] > '3' && digits[1] <= '9'
                          : strcmp(topic->connector, "postgresql") == 0 ||
                                (topic->connector[0] == '\0' && topic->nameless_binlog == 0);
}

static void settings_note_unit(struct settings_units *units, const struct evidence *evidence,
                               const struct catalog *catalog, const struct evidence_topic *topic,
                               const struct evidence_column *column) {
    struct column_guess guess;
    if (column->has_schema) {
        bool millis = strcmp(column->semantic, "org.apache.kafka.connect.data.Timestamp") == 0 ||
                      strcmp(column->semantic, "io.debezium.time.Timestamp") == 0;
        if (millis && column->micros > 0 && column->millis == 0)
            finding_names_add(&units->mistaken, "%s.%s", evidence_table_name(topic), column->name);
        else if (settings_loses_digits(evidence, catalog, topic, column))
            finding_names_add(&units->coarse, "%s.%s", evidence_table_name(topic), column->name);
        return;
    }
    column_guess(column, &guess);
    units->micros += column->micros > 0;
    units->iso += column->iso > 0 && column->iso == column->strings;
    if ((guess.nanoseconds || strcmp(guess.type, "timestamp(3)") == 0) &&
        !settings_is_told(evidence, catalog, topic, column))
        finding_names_add(&units->other, "%s.%s in %s", evidence_table_name(topic), column->name,
                          guess.nanoseconds ? "ns" : "ms");
}

static void settings_check_times(const struct evidence *evidence, const struct catalog *catalog,
                                 const struct settings_sum *sum, struct findings *findings) {
    struct settings_units units = {0};
    for (int t = 0; t < evidence_count(evidence); t++) {
        const struct evidence_topic *topic = evidence_at(evidence, t);
        const int count = settings_column_count(evidence, catalog, topic);
        for (int c = 0; c < count; c++)
            settings_note_unit(&units, evidence, catalog, topic, &topic->columns[c]);
    }
    if (units.mistaken.count > 0)
        findings_add(findings, "times", VERDICT_WARN,
                     "unix.precision=microseconds of Kafka's TimestampConverter",
                     "the schema says milliseconds, and the numbers are microseconds of our time: %s",
                     finding_names_text(&units.mistaken));
    else if (units.coarse.count > 0)
        findings_add(
            findings, "times", VERDICT_WARN,
            "the connector's default time.precision.mode, no TimestampConverter, and a full snapshot; "
            "(3) in source.sql where the source has no more digits",
            "the schema says milliseconds (time.precision.mode=connect), and digits behind them are lost: %s",
            finding_names_text(&units.coarse));
    else if (sum->tables.with_schema > 0)
        findings_add(findings, "times", VERDICT_OK, NULL, "each with its unit in the schema");
    else if (units.other.count > 0)
        findings_add(
            findings, "times", VERDICT_WARN,
            "declare timestamp(3) for ms in adaptive mode, else `-- tidemark: time TABLE = connect` (ms) "
            "or nanoseconds",
            "a number does not say its unit, and some look like other ones than microseconds: %s",
            finding_names_text(&units.other));
    else if (units.micros > 0 || units.iso > 0)
        findings_add(findings, "times", VERDICT_OK, NULL, "%s",
                     units.micros > 0 ? "microseconds, as in adaptive mode" : "ISO text");
    else
        findings_add(findings, "times", VERDICT_NOT_SEEN, NULL,
                     "no column with timestamps was seen, or source.sql says what they are");
}

// A null in a column with a default must come as null. Without schemas a day 0 among days of our time tells.
static bool settings_hides_nulls(const struct evidence_column *column) {
    struct column_guess guess;
    if (column->nulls > 0)
        return false;
    if (column->has_schema)
        return column->optional && column->defaults > 0;
    column_guess(column, &guess);
    return column->zeros > 0 && (strcmp(guess.type, "date") == 0 || strncmp(guess.type, "timestamp", 9) == 0);
}

static void settings_check_nulls(const struct evidence *evidence, const struct catalog *catalog,
                                 const struct settings_sum *sum, struct findings *findings) {
    struct finding_names names = {0};
    for (int t = 0; t < evidence_count(evidence); t++) {
        const struct evidence_topic *topic = evidence_at(evidence, t);
        const int count = settings_column_count(evidence, catalog, topic);
        for (int c = 0; c < count; c++)
            if (settings_hides_nulls(&topic->columns[c]))
                finding_names_add(&names, "%s.%s", evidence_table_name(topic), topic->columns[c].name);
    }
    if (sum->nulls_kept > 0)
        findings_add(findings, "nulls", VERDICT_OK, NULL, "nulls of columns with a default came as nulls");
    else if (names.count > 0)
        findings_add(
            findings, "nulls", VERDICT_WARN,
            sum->tables.unwrapped > 0
                ? "replace.null.with.default=false of ExtractNewRecordState and of the value.converter, each"
                : "value.converter.replace.null.with.default=false",
            "defaults and never a null: a NULL at the source seems to arrive as the default in %s",
            finding_names_text(&names));
    else
        findings_add(findings, "nulls", VERDICT_NOT_SEEN, NULL,
                     "no column tells whether a NULL arrives as its default (replace.null.with.default)");
}

static void settings_check_truncates(const struct settings_sum *sum, struct findings *findings) {
    if (sum->tables.truncates > 0)
        findings_add(findings, "truncates", VERDICT_OK, NULL, "%" PRId64 " came", sum->tables.truncates);
    else if (sum->tables.unwrapped > 0)
        findings_add(findings, "truncates", VERDICT_WARN,
                     "take ExtractNewRecordState out of the connector's transforms",
                     "cannot come: unwrapped rows have none, and a truncated table keeps its rows here");
    else
        findings_add(findings, "truncates", VERDICT_NOT_SEEN, NULL,
                     "none came; they are sent with skipped.operations=none only (Debezium 1.x: "
                     "truncate.handling.mode=include)");
}

// Whether a table that was seen is among "a,b"; "" may be any.
static bool settings_has_seen(const struct evidence *evidence, const char *tables) {
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        size_t size = strlen(topic->table);
        if (topic->role != EVIDENCE_TABLE || size == 0)
            continue;
        for (const char *at = strstr(tables, topic->table); at != NULL; at = strstr(at + 1, topic->table))
            if ((at == tables || at[-1] == ',') && (at[size] == ',' || at[size] == '\0'))
                return true;
    }
    return tables[0] == '\0';
}

// The connector tells statements of databases that it does not capture, too.
static bool settings_has_seen_database(const struct evidence *evidence, const char *database) {
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        if (topic->role == EVIDENCE_TABLE &&
            (topic->schema[0] == '\0' || strcmp(topic->schema, database) == 0))
            return true;
    }
    return database[0] == '\0';
}

static void settings_name_statements(const struct evidence *evidence, const struct evidence_gone *gone,
                                     struct finding_names *names) {
    for (int i = gone->count > EVIDENCE_GONE_MAX ? gone->count - EVIDENCE_GONE_MAX : 0; i < gone->count;
         i++) {
        const struct evidence_statement *statement = &gone->list[i % EVIDENCE_GONE_MAX];
        if (settings_has_seen(evidence, statement->tables) &&
            settings_has_seen_database(evidence, statement->database))
            finding_names_add(names, "%s", statement->text);
    }
}

// A table that is dropped and made again keeps here what it had before.
static void settings_check_gone(const struct evidence *evidence, struct findings *findings) {
    struct finding_names names = {0};
    settings_name_statements(evidence, &evidence->gone, &names);
    if (names.count > 0)
        findings_add(
            findings, "schema changes", VERDICT_WARN,
            "a full snapshot by the connector, which sweeps what is gone; `delete from` sends events",
            "rows went with a statement, which no event says, and are still here: %s",
            finding_names_text(&names));
}

static void settings_check_moved(const struct evidence *evidence, struct findings *findings) {
    struct finding_names names = {0};
    settings_name_statements(evidence, &evidence->moved, &names);
    if (names.count > 0)
        findings_add(
            findings, "moved columns", VERDICT_WARN,
            "a full snapshot by the connector; no FIRST or AFTER beside IF NOT EXISTS",
            "where the column was there before, MariaDB's connector has later rows' values under their neighbours' "
            "names: %s",
            finding_names_text(&names));
}

static bool settings_is_told_by_statement(const struct evidence *evidence, const struct table *table) {
    for (int i = 0; i < evidence->cascades.count; i++)
        if (strcmp(evidence->cascades.tables[i], table->relation) == 0)
            return true;
    return false;
}

// InnoDB changes rows that refer to a changed one without the binlog. By the statements of the source, and by source.sql.
static void settings_check_cascades(const struct evidence *evidence, const struct catalog *catalog,
                                    const struct settings_sum *sum, struct findings *findings) {
    struct finding_names names = {0};
    for (int i = 0; i < evidence->cascades.count; i++)
        if (settings_has_seen(evidence, evidence->cascades.tables[i]))
            finding_names_add(&names, "%s", evidence->cascades.tables[i]);
    for (int i = 0; catalog != NULL && i < catalog->table_count; i++)
        if (catalog->tables[i].cascades && !settings_is_told_by_statement(evidence, &catalog->tables[i]))
            finding_names_add(&names, "%s", catalog->tables[i].name);
    if (sum->binlog && names.count > 0)
        findings_add(
            findings, "cascades", VERDICT_WARN,
            "change and delete the rows that refer by statements, or MySQL 9.6 and newer without "
            "innodb_native_foreign_keys; a full snapshot by the connector puts right what has happened",
            "foreign keys on delete or on update: MariaDB, and MySQL before 9.6, carry them out without the binlog, so "
            "that rows go or change at the source and stay as they were here: %s",
            finding_names_text(&names));
}

// Rows that the binlog has though the source does not: their connector sends them all.
static void settings_check_rolled_back(const struct evidence *evidence, const struct settings_sum *sum,
                                       struct findings *findings) {
    struct finding_names names = {0};
    if (evidence->rollbacks.whole > 0)
        finding_names_add(&names, "%" PRId64 " ROLLBACK in the binlog", evidence->rollbacks.whole);
    if (evidence->rollbacks.to_savepoint > 0)
        finding_names_add(&names, "%" PRId64 " ROLLBACK TO a savepoint", evidence->rollbacks.to_savepoint);
    for (int i = 0; sum->binlog && i < evidence->topic_count; i++) {
        int unended = evidence_unended(evidence, i);
        if (unended > 0)
            finding_names_add(&names, "%s (%d transactions without END, as of XA PREPARE)",
                              evidence->topics[i].name, unended);
    }
    if (sum->binlog && names.count > 0)
        findings_add(
            findings, "rolled back", VERDICT_WARN,
            "for ROLLBACK, binlog.buffer.size of the connector above a transaction's events; no XA PREPARE; no table without "
            "transactions behind a savepoint; a full snapshot puts right what has happened",
            "rows came that the source may have taken back, which nothing in the topics does: %s",
            finding_names_text(&names));
}

// Those of tables that are not captured are so too.
static void settings_check_passed_over(const struct settings_sum *sum, struct findings *findings) {
    const struct evidence_topic *topic = sum->transactions;
    if (sum->binlog && topic != NULL && topic->rowless > 0)
        findings_add(
            findings, "passed over", VERDICT_NOT_SEEN, NULL,
            "%" PRId64 " of %" PRId64
            " transactions have no row: of tables that the connector leaves out, or of changes that it passes over "
            "(log_bin_compress=ON of MariaDB's, a session's binlog_format other than row): nothing tells which",
            topic->rowless, topic->ends);
}

// What tells of transactions where there is no topic of theirs: their boundaries elsewhere, or rows that name theirs.
static void settings_add_renamed_transactions(const struct evidence *evidence, const struct settings_sum *sum,
                                              struct findings *findings) {
    static const char remedy[] =
        "topic.transaction and topic.delimiter at their defaults, and no transform that renames the topic";
    const char *listed = evidence->may_be_transactions;
    if (sum->renamed_transactions != NULL)
        findings_add(findings, "transactions", VERDICT_WARN, remedy,
                     "their boundaries are in %s: only PREFIX.transaction is read, and answers are per-key",
                     sum->renamed_transactions->name);
    else
        findings_add(
            findings, "transactions", VERDICT_WARN, remedy,
            "rows name theirs, but their topic was not seen: only PREFIX.transaction is read, and answers "
            "are per-key%s%s",
            listed[0] != '\0' ? "; topics of the prefix that are no table's: " : "", listed);
}

static void settings_check_transactions(const struct evidence *evidence, const struct settings_sum *sum,
                                        struct findings *findings) {
    const char *remedy = sum->of_others
                             ? "of Debezium's, provide.transaction.metadata=true; other producers have none"
                             : "provide.transaction.metadata=true, and a transaction topic of one partition";
    const struct evidence_topic *topic = sum->transactions;
    int64_t streamed = sum->tables.rows - sum->tables.reads; // rows of a snapshot name none
    if (sum->other)
        findings_add(findings, "transactions", VERDICT_NOT_SEEN, NULL,
                     "those of this connector are not read");
    else if (topic == NULL && sum->transactions_denied)
        findings_add(findings, "transactions", VERDICT_NOT_SEEN, NULL, "their topic may not be seen");
    else if (topic == NULL && (sum->renamed_transactions != NULL || sum->tables.with_transaction > 0))
        settings_add_renamed_transactions(evidence, sum, findings);
    else if (topic == NULL && streamed == 0 && sum->tables.rows > 0)
        findings_add(
            findings, "transactions", VERDICT_NOT_SEEN, NULL,
            "only rows of snapshots were looked at, which name none: their topic comes with the first");
    else if (topic == NULL)
        findings_add(findings, "transactions", VERDICT_WARN, remedy,
                     "no transaction topic: nobody can tell where a transaction ends, answers are per-key");
    else if (topic->partitions > 1)
        findings_add(findings, "transactions", VERDICT_FAIL,
                     "make the topic anew with one partition, and read into a new file",
                     "%s has %d partitions: the order of the transactions is lost", topic->name,
                     topic->partitions);
    else if (topic->begins + topic->ends == 0 && topic->tombstones > 0)
        findings_add(
            findings, "transactions", VERDICT_WARN, producers_valueless_remedy,
            "%s has %" PRId64
            " messages without a value, as CloudEventsConverter writes boundaries: answers are per-key",
            topic->name, topic->tombstones);
    else if (topic->begins + topic->ends == 0)
        findings_add(findings, "transactions", VERDICT_NOT_SEEN, NULL, "%s has no messages", topic->name);
    else if (topic->placed == 0)
        findings_add(findings, "transactions", VERDICT_WARN, "Debezium 2.0 or newer",
                     "ids in %s say no LSN, as Debezium's before 2.0: they are not read, answers are per-key",
                     topic->name);
    else if (streamed > 0 && sum->tables.with_transaction == 0)
        findings_add(findings, "transactions", VERDICT_WARN, remedy,
                     "%s has %" PRId64
                     " boundaries, but no streamed row that was looked at names its transaction",
                     topic->name, topic->begins + topic->ends);
    else
        findings_add(findings, "transactions", VERDICT_OK, NULL, "%s, one partition, %" PRId64 " boundaries",
                     topic->name, topic->begins + topic->ends);
}

// A heartbeat's statement commits a transaction without a row. Its message may be in the topics (no message.prefix.exclude.list): then
// nothing tells it from a message of the application's, but that there are about as many as heartbeats.
static void settings_check_position_moves(const struct settings_sum *sum, bool beats,
                                          struct findings *findings) {
    static const char action[] =
        "heartbeat.action.query=select pg_logical_emit_message(true, 'tidemark', 'heartbeat')";
    const struct evidence_topic *topic = sum->transactions;
    int64_t empty = topic != NULL ? topic->empty_ends : 0;
    bool as_many = beats && sum->logical > 1 && 2 * sum->logical >= sum->heartbeats->messages;
    if (empty > sum->logical + 1)
        findings_add(findings, "position moves", VERDICT_OK, NULL,
                     "%" PRId64 " transactions without a row: the position moves while nobody writes", empty);
    else if (beats && topic != NULL && topic->ends > 0 && topic->placed > 0 && empty <= sum->logical &&
             !as_many && !topic->partial)
        findings_add(
            findings, "position moves", VERDICT_WARN, action,
            "heartbeats without a transaction of their own: on an idle source the position stands still");
    else
        findings_add(findings, "position moves", VERDICT_NOT_SEEN, NULL,
                     "heartbeats and %" PRId64 " transactions that were looked at do not tell",
                     topic != NULL ? topic->ends : 0);
}

static void settings_check_heartbeats(const struct evidence *evidence, const struct settings_sum *sum,
                                      struct findings *findings) {
    static const char renamed[] =
        "topic.heartbeat.prefix and topic.delimiter at their defaults, and no transform that renames the topic";
    bool beats = sum->heartbeats != NULL && sum->heartbeats->messages > sum->heartbeats->tombstones;
    bool valueless = sum->heartbeats != NULL && !beats && sum->heartbeats->tombstones > 0;
    if (sum->heartbeats == NULL && sum->heartbeats_denied)
        findings_add(findings, "heartbeats", VERDICT_NOT_SEEN, NULL, "their topic may not be seen");
    else if (sum->heartbeats == NULL && sum->renamed_heartbeats != NULL)
        findings_add(findings, "heartbeats", VERDICT_WARN, renamed,
                     "they are in %s: only __debezium-heartbeat.PREFIX is read",
                     sum->renamed_heartbeats->name);
    else if (sum->heartbeats == NULL && evidence->may_be_heartbeats[0] != '\0')
        findings_add(
            findings, "heartbeats", VERDICT_WARN, renamed,
            "no topic __debezium-heartbeat.PREFIX, which alone is read; by their names these may be theirs: %s",
            evidence->may_be_heartbeats);
    else if (sum->heartbeats == NULL)
        findings_add(
            findings, "heartbeats", VERDICT_WARN,
            sum->of_others ? "of Debezium's, heartbeat.interval.ms=1000; other producers have none"
                           : "heartbeat.interval.ms=1000",
            "no heartbeat topic: a source where nobody writes and a connector that is dead look alike");
    else if (valueless)
        findings_add(findings, "heartbeats", VERDICT_WARN, producers_valueless_remedy,
                     "%s has messages without a value, as CloudEventsConverter writes heartbeats",
                     sum->heartbeats->name);
    else
        findings_add(findings, "heartbeats", beats ? VERDICT_OK : VERDICT_NOT_SEEN, NULL,
                     "%" PRId64 " messages in %s", sum->heartbeats->messages, sum->heartbeats->name);
    settings_check_position_moves(sum, beats, findings);
}

// What came of all of a topic's tables.
struct settings_ops {
    int64_t deletes, reads;
};

static struct settings_ops settings_ops(const struct evidence *evidence, int topic) {
    struct settings_ops ops = {evidence->topics[topic].deletes, evidence->topics[topic].reads};
    for (int i = 0; i < evidence->part_count; i++) {
        const struct evidence_topic *part = &evidence->parts[i];
        ops.deletes += part->of == topic ? part->deletes : 0;
        ops.reads += part->of == topic ? part->reads : 0;
    }
    return ops;
}

static void settings_check_tombstones(const struct evidence *evidence, const struct settings_sum *sum,
                                      struct findings *findings) {
    struct finding_names names = {0};
    for (int i = 0; i < evidence->topic_count; i++) {
        const struct evidence_topic *topic = &evidence->topics[i];
        // Where messages between them were not looked at, those of a few may be among these.
        bool enough = settings_ops(evidence, i).deletes > (topic->partial ? SETTINGS_FEW_DELETES : 0);
        if (topic->role == EVIDENCE_TABLE && enough && topic->tombstones == 0)
            finding_names_add(&names, "%s", topic->name);
    }
    if (names.count > 0)
        findings_add(
            findings, "tombstones", VERDICT_WARN,
            sum->of_others
                ? "cleanup.policy=delete of these topics; of Debezium's, tombstones.on.delete=true"
                : "tombstones.on.delete=true (and with ExtractNewRecordState: delete.tombstone.handling.mode)",
            "deletes without one; a compacted topic keeps deleted rows: %s", finding_names_text(&names));
    else if (sum->tables.deletes > 0 && sum->tables.tombstones > 0)
        findings_add(findings, "tombstones", VERDICT_OK, NULL, "deletes are followed by them");
    else
        findings_add(findings, "tombstones", VERDICT_NOT_SEEN, NULL,
                     "no delete was looked at with what followed it");
}

static bool settings_has_key(const struct evidence_topic *topic) {
    for (int i = 0; i < topic->column_count; i++)
        if (topic->columns[i].key > 0)
            return true;
    return topic->scalar_keys > 0;
}

static void settings_check_keys(const struct evidence *evidence, const struct catalog *catalog,
                                const struct settings_sum *sum, struct findings *findings) {
    struct finding_names names = {0};
    bool some_left_out = false;
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        bool keyless = topic->role == EVIDENCE_TABLE && topic->rows > 0 &&
                       (topic->null_keys > 0 || !settings_has_key(topic));
        bool left_out = keyless && feeding_is_left_out(evidence, catalog, topic);
        some_left_out |= left_out;
        if (keyless && !left_out)
            settings_add_topic(&names, topic);
    }
    if (names.count > 0)
        findings_add(
            findings, "keys", VERDICT_FAIL,
            "a primary key at the source, or the connector's message.key.columns; a table that is not needed: "
            "`-- tidemark: ignore TABLE`",
            "rows whose message has no key cannot be told apart, and are quarantined: %s",
            finding_names_text(&names));
    else
        findings_add(findings, "keys", sum->tables.rows > 0 ? VERDICT_OK : VERDICT_NOT_SEEN, NULL, "%s%s",
                     sum->tables.rows > 0 ? "every row that was looked at has one" : "no row was looked at",
                     some_left_out ? ", but of tables that source.sql leaves out" : "");
}

static void settings_check_identity(const struct evidence *evidence, const struct settings_sum *sum,
                                    struct findings *findings) {
    struct finding_names full = {0};
    struct finding_names toast = {0};
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        int64_t placeholders = 0;
        for (int c = 0; c < topic->column_count; c++)
            placeholders += topic->columns[c].placeholders;
        if (topic->role == EVIDENCE_TABLE && topic->updates_with_before > 0)
            settings_add_topic(&full, topic);
        if (topic->role == EVIDENCE_TABLE && placeholders > 0)
            settings_add_topic(&toast, topic);
    }
    if (sum->tables.updates + sum->tables.deletes == 0 || sum->tables.unwrapped > 0)
        findings_add(findings, "replica identity", VERDICT_NOT_SEEN, NULL,
                     "no update and no delete with its `before`");
    else
        findings_add(findings, "replica identity", VERDICT_OK, NULL, "%s%s",
                     full.count > 0 ? "full, as far as seen: " : "the default: updates bring no old row",
                     full.count > 0 ? finding_names_text(&full) : "");
    if (toast.count > 0)
        findings_add(findings, "toast", VERDICT_OK, NULL,
                     "unchanged large values come as placeholders, and are kept from earlier events: %s",
                     finding_names_text(&toast));
    else
        findings_add(findings, "toast", VERDICT_NOT_SEEN, NULL, "no placeholder of an unchanged large value");
}

// What apply says of such a table (incomplete), before there is a file.
static void settings_check_snapshot(const struct evidence *evidence, struct findings *findings) {
    struct finding_names names = {0};
    for (int i = 0; i < evidence->topic_count; i++)
        if (evidence->topics[i].of_older > 0 && settings_ops(evidence, i).reads == 0 &&
            evidence->topics[i].partitions == 1) // to one that was added older rows may have come
            finding_names_add(&names, "%s", evidence->topics[i].name);
    if (names.count > 0)
        findings_add(
            findings, "snapshot", VERDICT_WARN,
            "snapshot.mode=initial, or a snapshot that is asked for (ad hoc)",
            "none was taken, and the log begins with changes of rows that were there before: those that do not change are missing: %s",
            finding_names_text(&names));
}

static void settings_check_retention(const struct evidence *evidence, bool of_broker,
                                     struct findings *findings) {
    struct finding_names names = {0};
    for (int i = 0; i < evidence->topic_count; i++)
        if (evidence->topics[i].role == EVIDENCE_TABLE && evidence->topics[i].beginning_gone > 0)
            finding_names_add(&names, "%s (%d of %d partitions)", evidence->topics[i].name,
                              evidence->topics[i].beginning_gone, evidence->topics[i].partitions);
    if (!of_broker)
        findings_add(findings, "retention", VERDICT_NOT_SEEN, NULL,
                     "a capture does not say where the logs began");
    else if (names.count > 0)
        findings_add(
            findings, "retention", VERDICT_WARN,
            "a new snapshot by the connector; retention.ms=-1 and cleanup.policy=delete for what comes",
            "the beginning is gone, and rows that have not changed since with it: %s",
            finding_names_text(&names));
    else
        findings_add(findings, "retention", VERDICT_OK, NULL, "every log is there from its first offset");
    retention_check(evidence, findings);
}

void settings_check(const struct evidence *evidence, const struct catalog *catalog, bool of_broker,
                    struct findings *findings) {
    struct settings_sum sum = settings_sum_of(evidence, catalog);
    settings_check_access(evidence, findings);
    settings_check_converter(evidence, &sum, findings);
    settings_check_envelope(evidence, &sum, findings);
    settings_check_keys(evidence, catalog, &sum, findings);
    settings_check_decimals(&sum, findings);
    settings_check_times(evidence, catalog, &sum, findings);
    settings_check_nulls(evidence, catalog, &sum, findings);
    settings_check_truncates(&sum, findings);
    settings_check_gone(evidence, findings);
    settings_check_moved(evidence, findings);
    settings_check_cascades(evidence, catalog, &sum, findings);
    settings_check_transactions(evidence, &sum, findings);
    settings_check_rolled_back(evidence, &sum, findings);
    settings_check_passed_over(&sum, findings);
    settings_check_heartbeats(evidence, &sum, findings);
    deletes_check(evidence, catalog, findings);
    settings_check_tombstones(evidence, &sum, findings);
    settings_check_identity(evidence, &sum, findings);
    settings_check_retention(evidence, of_broker, findings);
    settings_check_snapshot(evidence, findings);
    partitions_check(evidence, catalog, findings);
    producers_check(evidence, catalog, findings);
}
