#include "consumer/doctor/declared.h"

#include "consumer/decode/topic_role.h"
#include "consumer/evidence/evidence.h"
#include "consumer/evidence/feeding.h"

#include <string.h>

static void declared_add_topic(struct finding_names *names, const struct evidence *evidence,
                               const struct catalog *catalog, const char *topic) {
    char line[TOPIC_LINE_SIZE];
    if (topic_write_line_of_older(topic, evidence->prefix, catalog, line))
        finding_names_add(names, "%s (`-- tidemark: %s` reads it beside the table's own)", topic, line);
    else
        finding_names_add(names, "%s", topic);
}

static void declared_check_topics(const struct evidence *evidence, const struct catalog *catalog,
                                  struct findings *findings) {
    struct finding_names undeclared = {0};
    struct finding_names missing = {0};
    for (int i = 0; i < evidence->topic_count; i++)
        if (feeding_is_undeclared(evidence, catalog, &evidence->topics[i]))
            declared_add_topic(&undeclared, evidence, catalog, evidence->topics[i].name);
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        if (feeding_is_unplaced(evidence, catalog, topic))
            finding_names_add(&undeclared, "rows of %s in %s", topic->table, topic->name);
    }
    undeclared.count += evidence->undeclared_more;
    for (int t = 0; t < catalog->table_count; t++)
        if (!feeding_has_topic(evidence, &catalog->tables[t]))
            finding_names_add(&missing, "%s", catalog->tables[t].name);
    findings_add(
        findings, "undeclared topics", undeclared.count > 0 ? VERDICT_WARN : VERDICT_OK,
        undeclared.count > 0
            ? "declare them in source.sql (`tidemark init` writes how); one that is not wanted (the connector's signal "
              "table) is told no more with `-- tidemark: ignore TABLE`"
            : NULL,
        "%s%s", undeclared.count > 0 ? "not read: " : "every topic of the prefix feeds a table",
        undeclared.count > 0 ? finding_names_text(&undeclared) : "");
    findings_add(findings, "declared tables", missing.count > 0 ? VERDICT_WARN : VERDICT_OK,
                 missing.count > 0
                     ? "table.include.list, or `-- tidemark: topic TABLE = NAME`; the topic of a table that "
                       "had no row yet is not there either"
                     : NULL,
                 "%s%s", missing.count > 0 ? "without a topic: " : "each has a topic",
                 missing.count > 0 ? finding_names_text(&missing) : "");
}

enum declared_key { DECLARED_KEY_SAME, DECLARED_KEY_DIFFERS, DECLARED_KEY_ELSEWHERE };

// How the messages' key compares with the declared one: ELSEWHERE has none of its columns.
static enum declared_key declared_compare_key(const struct evidence_topic *topic, const struct table *table) {
    int in_messages = 0;
    int shared = 0;
    for (int i = 0; i < topic->column_count; i++) {
        const struct evidence_column *column = &topic->columns[i];
        if (column->key == 0)
            continue;
        const struct column *declared = feeding_column(table, column);
        in_messages++;
        shared += declared != NULL && declared->key > 0;
    }
    if (in_messages == 0 || (shared == in_messages && shared == table->key_count))
        return DECLARED_KEY_SAME;
    return shared == 0 ? DECLARED_KEY_ELSEWHERE : DECLARED_KEY_DIFFERS;
}

// Without a column of the declared key, messages say whose row a delete or a changed key is by the row before alone.
static void declared_check_keys(const struct evidence *evidence, const struct catalog *catalog,
                                struct findings *findings) {
    struct finding_names names = {0};
    struct finding_names unsure = {0};
    bool any = false;
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        const struct table *table = feeding_table(evidence, catalog, topic);
        if (table == NULL)
            continue;
        any |= topic->rows > 0;
        enum declared_key key = declared_compare_key(topic, table);
        if (key == DECLARED_KEY_DIFFERS)
            finding_names_add(&names, "%s (source.sql, line %d)", table->name, table->key_line);
        if (key == DECLARED_KEY_ELSEWHERE &&
            (topic->updates == 0 || topic->updates_with_before < topic->updates))
            finding_names_add(&unsure, "%s (source.sql, line %d)", table->name, table->key_line);
    }
    if (names.count > 0)
        findings_add(findings, "declared keys", VERDICT_FAIL, "declare the key that the messages have",
                     "other columns than the messages' key: %s", finding_names_text(&names));
    else if (unsure.count > 0)
        findings_add(
            findings, "declared keys", VERDICT_WARN,
            "`alter table .. replica identity full` at the source, or declare the messages' key",
            "the messages' key has none of the declared columns (message.key.columns), so that deletes "
            "need the row before: %s",
            finding_names_text(&unsure));
    else
        findings_add(findings, "declared keys", any ? VERDICT_OK : VERDICT_NOT_SEEN, NULL, "%s",
                     any ? "rows are told apart by them" : "no row of a declared table was looked at");
}

enum { DECLARED_AGAIN_MS = 1000 }; // of partitions whose clocks differ a little

enum declared_presence { DECLARED_THERE, DECLARED_NEVER, DECLARED_GONE };

// Whether rows have the column, by any of its names: GONE = older ones had it and the newest has not, since it was dropped or
// renamed at the source. One of the key may be in that alone, and one that came again behind rows without it is left out of rows now
// and again, as what was not modified is.
static enum declared_presence declared_presence(const struct evidence_topic *topic,
                                                const struct column *column) {
    int64_t newest_ms = -1;
    for (int i = -1; i < column->older_count; i++) {
        const struct evidence_column *seen =
            evidence_find_column(topic, i < 0 ? column->name : column->older[i]);
        bool again =
            seen != NULL && seen->lacked_ms > 0 && seen->newest_ms >= seen->lacked_ms + DECLARED_AGAIN_MS;
        if (seen != NULL && (seen->key > 0 || seen->seen == 0 || again))
            return DECLARED_THERE;
        if (seen != NULL && seen->newest_ms > newest_ms)
            newest_ms = seen->newest_ms;
    }
    return newest_ms < 0 ? DECLARED_NEVER : newest_ms < topic->newest_row_ms ? DECLARED_GONE : DECLARED_THERE;
}

static bool declared_knows_column(const struct table *table, const char *name) {
    bool known = table_column(table, name, strlen(name)) >= 0 || table_leaves_out(table, span_of(name));
    for (int c = 0; c < table->column_count && !known; c++)
        known = column_was_called(&table->columns[c], name);
    return known;
}

static void declared_tell_columns(struct finding_names *missing, struct finding_names *gone,
                                  struct findings *findings) {
    if (gone->count > 0)
        findings_add(
            findings, "declared columns", VERDICT_WARN,
            "a column that was renamed: its new name in source.sql, with `-- tidemark: renamed TABLE.NEW from OLD`; one "
            "that was dropped: drop it there",
            "the newest row has no more, so that rows keep what they had: %s%s%s", finding_names_text(gone),
            missing->count > 0 ? "; no row that was looked at has " : "",
            missing->count > 0 ? finding_names_text(missing) : "");
    else if (missing->count > 0)
        findings_add(findings, "declared columns", VERDICT_WARN,
                     "correct source.sql, or the connector's column.include.list",
                     "no row that was looked at has %s", finding_names_text(missing));
    else
        findings_add(findings, "declared columns", VERDICT_OK, NULL, "the rows have them all");
}

static void declared_check_columns(const struct evidence *evidence, const struct catalog *catalog,
                                   struct findings *findings) {
    struct finding_names extra = {0};
    struct finding_names missing = {0};
    struct finding_names gone = {0};
    bool any = false;
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        const struct table *table = feeding_table(evidence, catalog, topic);
        if (table == NULL || topic->rows == topic->deletes)
            continue;
        any = true;
        for (int c = 0; c < topic->column_count; c++)
            if (!declared_knows_column(table, topic->columns[c].name))
                finding_names_add(&extra, "%s.%s", table->name, topic->columns[c].name);
        for (int c = 0; c < table->column_count; c++) {
            const struct column *column = &table->columns[c];
            // A key that is a bare value says no name; rows need not have the column beside it.
            bool of_scalar_key = topic->scalar_keys > 0 && table->key_count == 1 && table->keys[0] == c;
            enum declared_presence presence = column->generated != NULL || of_scalar_key
                                                  ? DECLARED_THERE
                                                  : declared_presence(topic, column);
            if (presence != DECLARED_THERE)
                finding_names_add(presence == DECLARED_GONE ? &gone : &missing, "%s.%s", table->name,
                                  column->name);
        }
    }
    if (!any)
        findings_add(findings, "declared columns", VERDICT_NOT_SEEN, NULL,
                     "no row of a declared table was looked at");
    else
        declared_tell_columns(&missing, &gone, findings);
    if (extra.count > 0)
        findings_add(
            findings, "undeclared columns", VERDICT_WARN,
            "declare them in source.sql: they are filled from the log; one that is not wanted, or begins with _: "
            "`-- tidemark: ignore TABLE.COLUMN`",
            "left out, since source.sql lacks them: %s", finding_names_text(&extra));
}

// Without a schema base64 has no scale, and a double has lost its digits.
static void declared_check_decimals(const struct evidence *evidence, const struct catalog *catalog,
                                    struct findings *findings) {
    struct finding_names broken = {0};
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        const struct table *table = feeding_table(evidence, catalog, topic);
        for (int c = 0; table != NULL && c < topic->column_count; c++) {
            const struct evidence_column *column = &topic->columns[c];
            const struct column *declared = feeding_column(table, column);
            if (declared != NULL && !column->has_schema && column->strings > 0 &&
                column->decimals + column->special == 0 && column->documents == 0 &&
                declared->type == COLUMN_DECIMAL && declared->scale > 0)
                finding_names_add(&broken, "%s.%s, such as %s", table->name, column->name, column->example);
        }
    }
    if (broken.count > 0)
        findings_add(findings, "declared decimals", VERDICT_FAIL,
                     "decimal.handling.mode=string, or schemas in the messages",
                     "text that is no decimal (base64 has its scale in a schema only): %s",
                     finding_names_text(&broken));
}

// The connector's binary.handling.mode says it of BYTEA: a schema tells, else source.sql.
static bool declared_is_unmarked(const struct evidence_topic *topic, const struct column *column) {
    if (!column->unmarked || column->type != COLUMN_BYTEA)
        return column->unmarked && column->variant != COLUMN_NAME; // of which source.sql is warned
    for (int c = 0; c < topic->column_count; c++) {
        const struct evidence_column *seen = &topic->columns[c];
        if (seen->has_schema && strcmp(seen->name, column->name) == 0)
            return strcmp(seen->type, "string") == 0 && column->bytes != BYTES_HEX;
    }
    return column->bytes == BYTES_BASE64 || column->bytes == BYTES_BASE64URL;
}

// An unchanged value and a null look the same where the type has no placeholder, unless the row before comes too.
static void declared_check_unmarked(const struct evidence *evidence, const struct catalog *catalog,
                                    struct findings *findings) {
    struct finding_names names = {0};
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        const struct table *table = feeding_table(evidence, catalog, topic);
        bool unsure = topic->updates > topic->updates_with_before && topic->with_position > 0;
        for (int c = 0; table != NULL && unsure && c < table->column_count; c++)
            if (table->columns[c].key == 0 && declared_is_unmarked(topic, &table->columns[c]))
                finding_names_add(&names, "%s.%s", table->name, table->columns[c].name);
    }
    if (names.count > 0)
        findings_add(
            findings, "toast nulls", VERDICT_WARN,
            "`alter table .. replica identity full` at the source: then a null is one; a column that is never long needs nothing",
            "Debezium sends an unchanged large value of these types as null, so a null in place of a long value is taken for that: %s",
            finding_names_text(&names));
}

// An array that is NULL may be one with a NULL among its elements.
static void declared_check_arrays(const struct evidence *evidence, const struct catalog *catalog,
                                  struct findings *findings) {
    struct finding_names names = {0};
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        const struct table *table = feeding_table(evidence, catalog, topic);
        for (int c = 0; table != NULL && table->hides_nulls && c < topic->column_count; c++) {
            const struct evidence_column *seen = &topic->columns[c];
            const struct column *declared = feeding_column(table, seen);
            if (declared != NULL && declared->hides_nulls && seen->nulls > 0)
                finding_names_add(&names, "%s.%s", table->name, seen->name);
        }
    }
    if (names.count > 0)
        findings_add(
            findings, "array nulls", VERDICT_WARN,
            "event.converting.failure.handling.mode=fail ends the connector at such an array; coalesce() of its "
            "elements at the source",
            "Debezium sends an array of an enum, ltree or tsvector as NULL where one of its elements is: NULL "
            "came in %s",
            finding_names_text(&names));
}

// What of a binlog's rows names no connector is mended as MariaDB's; rows without a position say nothing of it.
static void declared_check_uuids(const struct evidence *evidence, const struct catalog *catalog,
                                 struct findings *findings) {
    struct finding_names names = {0};
    struct finding_names taken = {0};
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        const struct table *table = feeding_table(evidence, catalog, topic);
        bool nameless = topic->connector[0] == '\0' && topic->nameless_binlog > 0;
        bool unsure = topic->unwrapped > 0 && topic->connector[0] == '\0' && topic->with_position == 0;
        for (int c = 0; table != NULL && (nameless || unsure) && c < table->column_count; c++)
            if (table->columns[c].variant == COLUMN_UUID)
                finding_names_add(nameless ? &taken : &names, "%s.%s", table->name, table->columns[c].name);
    }
    if (taken.count > 0)
        findings_add(
            findings, "uuids", VERDICT_WARN, "add.fields=source.connector of ExtractNewRecordState",
            "unwrapped rows say a binlog's file and no connector, so they are taken for MariaDB's, and a UUID that "
            "begins with zero bytes for one that ends with them: of MySQL's it becomes another: %s",
            finding_names_text(&taken));
    else if (names.count > 0)
        findings_add(
            findings, "uuids", VERDICT_WARN,
            "add.fields=source.connector of ExtractNewRecordState; of PostgreSQL's it changes nothing",
            "unwrapped rows do not name their connector, and MariaDB's streams a UUID that ends with zero bytes (one of 256) as "
            "another one, which is kept so: %s",
            finding_names_text(&names));
}

// Read as microseconds, since neither a schema nor source.sql says a unit.
static bool declared_is_of_micros(const struct table *table, const struct column *column) {
    const char *digits = strchr(column->declared, '(');
    return column->type == COLUMN_TIME && table->time_precision == TIME_PRECISION_UNSET &&
           (digits == NULL || (digits[1] > '3' && digits[1] < '7'));
}

// A time of day in milliseconds is one of the day's first 87 seconds in microseconds: one value does not tell, all of them do.
static void declared_check_times(const struct evidence *evidence, const struct catalog *catalog,
                                 struct findings *findings) {
    struct finding_names early = {0};
    struct finding_names texts = {0};
    for (int i = 0; i < evidence_count(evidence); i++) {
        const struct evidence_topic *topic = evidence_at(evidence, i);
        const struct table *table = feeding_table(evidence, catalog, topic);
        for (int c = 0; table != NULL && c < topic->column_count; c++) {
            const struct evidence_column *column = &topic->columns[c];
            const struct column *declared = feeding_column(table, column);
            if (declared == NULL || column->has_schema || column->integers == 0)
                continue;
            if (declared_is_of_micros(table, declared) && column->within_a_day_of_millis > 0 &&
                column->within_a_day_of_millis + column->zeros == column->integers)
                finding_names_add(&early, "%s.%s, such as %s", table->name, column->name, column->example);
            if (declared->type == COLUMN_TEXT &&
                ((column->days > 0 && column->iso > 0) || column->millis + column->micros > 0))
                finding_names_add(&texts, "%s.%s, such as %s", table->name, column->name, column->example);
        }
    }
    if (early.count > 0)
        findings_add(
            findings, "declared times", VERDICT_WARN,
            "`-- tidemark: time TABLE = connect` where they are milliseconds, `= adaptive` where they are not",
            "read as microseconds all are of the day's first 87 seconds, as milliseconds are: %s",
            finding_names_text(&early));
    if (texts.count > 0)
        findings_add(
            findings, "declared texts", VERDICT_WARN,
            "an incremental snapshot of such tables; with schemas in the messages older ones are texts too",
            "numbers are kept by their digits, and what was a date or a time before it was made a text is a count: %s",
            finding_names_text(&texts));
}

void declared_check(const struct evidence *evidence, const struct catalog *catalog,
                    struct findings *findings) {
    declared_check_topics(evidence, catalog, findings);
    declared_check_keys(evidence, catalog, findings);
    declared_check_columns(evidence, catalog, findings);
    declared_check_decimals(evidence, catalog, findings);
    declared_check_times(evidence, catalog, findings);
    declared_check_unmarked(evidence, catalog, findings);
    declared_check_arrays(evidence, catalog, findings);
    declared_check_uuids(evidence, catalog, findings);
}
