#include "consumer/init/source_text.h"

#include "consumer/decode/topic_role.h"
#include "consumer/evidence/column_guess.h"
#include "consumer/evidence/feeding.h"
#include "consumer/init/identifier.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

// A table as it will be declared.
struct source_text_table {
    const struct evidence *evidence;
    const struct evidence_topic *topic;
    char schema[EVIDENCE_NAME_SIZE]; // "" = it is declared without one
    char relation[EVIDENCE_NAME_SIZE];
    const struct evidence_column *key; // of a key that is no object
    bool kept;                         // it has a key that can be declared
};

static bool source_text_is_table(const struct evidence_topic *topic) {
    return topic->role == EVIDENCE_TABLE && topic->rows > 0 && topic->column_count > 0;
}

static const char *source_text_last_part(const char *topic) {
    const char *dot = strrchr(topic, '.');
    return dot != NULL && dot[1] != '\0' ? dot + 1 : topic;
}

static const char *source_text_relation(const struct evidence_topic *topic) {
    return topic->table[0] != '\0' ? topic->table : source_text_last_part(topic->name);
}

static bool source_text_same(const struct evidence_topic *a, const struct evidence_topic *b) {
    return a->table[0] != '\0' && strcmp(a->table, b->table) == 0 && strcmp(a->schema, b->schema) == 0;
}

// Another schema has a table of this name: both are declared with their schema then.
static bool source_text_is_ambiguous(const struct evidence *evidence, const struct evidence_topic *topic) {
    for (int i = 0; i < evidence->topic_count; i++) {
        const struct evidence_topic *other = &evidence->topics[i];
        if (other != topic && source_text_is_table(other) && !source_text_same(other, topic) &&
            strcmp(source_text_relation(other), source_text_relation(topic)) == 0)
            return true;
    }
    return false;
}

static void source_text_name(struct source_text_table *table) {
    const struct evidence_topic *topic = table->topic;
    bool postgres = strcmp(topic->connector, "postgresql") == 0;
    bool qualified = topic->schema[0] != '\0' && (source_text_is_ambiguous(table->evidence, topic) ||
                                                  (postgres && strcmp(topic->schema, "public") != 0));
    (void)snprintf(table->schema, sizeof table->schema, "%s", qualified ? topic->schema : "");
    (void)snprintf(table->relation, sizeof table->relation, "%s", source_text_relation(topic));
}

static void source_text_write_name(struct buffer *out, const struct source_text_table *table) {
    if (table->schema[0] != '\0') {
        identifier_write(out, table->schema);
        buffer_char(out, '.');
    }
    identifier_write(out, table->relation);
}

// --- the key

static int source_text_key_columns(const struct evidence_topic *topic) {
    int count = 0;
    for (int i = 0; i < topic->column_count; i++)
        count += topic->columns[i].key > 0;
    return count;
}

// The only column that always was what the key was.
static const struct evidence_column *source_text_scalar_key(const struct evidence_topic *topic) {
    const struct evidence_column *found = NULL;
    for (int i = 0; i < topic->column_count && topic->scalar_keys > 0; i++) {
        if (!topic->columns[i].key_candidate)
            continue;
        if (found != NULL)
            return NULL;
        found = &topic->columns[i];
    }
    return found;
}

static void source_text_write_key(struct buffer *out, const struct source_text_table *table) {
    const struct evidence_topic *topic = table->topic;
    int count = source_text_key_columns(topic);
    if (!table->kept)
        return;
    buffer_text(out, "    primary key(");
    if (count == 0)
        identifier_write(out, table->key->name);
    for (int place = 1, written = 0; written < count && place <= count + topic->column_count; place++)
        for (int i = 0; i < topic->column_count; i++)
            if (topic->columns[i].key == place) {
                buffer_text(out, written++ > 0 ? ", " : "");
                identifier_write(out, topic->columns[i].name);
            }
    buffer_text(out, count == 0
                         ? ") -- unsure: the key is no object, and this column had its value in every row\n"
                         : ")\n");
}

// --- columns

// An unwrapped row may have the mark of a delete by another name than ExtractNewRecordState's own. Once it is declared as a column, a
// delete is an update.
static bool source_text_may_be_mark(const struct evidence_topic *topic,
                                    const struct evidence_column *column) {
    const char *example = column->example;
    if (topic->unwrapped == 0 || column->strings == 0 || column->key > 0)
        return false;
    bool truth = strcmp(example, "true") == 0 || strcmp(example, "false") == 0;
    bool op = strlen(example) == 1 && strchr("crud", example[0]) != NULL;
    struct span name = span_of(column->name);
    return (truth && span_ends_with(name, "deleted")) ||
           (op && (span_is(name, "op") || span_ends_with(name, "_op")));
}

// Why a column cannot be declared; NULL = it can.
static const char *source_text_refusal(const struct evidence_topic *topic, int column) {
    const char *name = topic->columns[column].name;
    if (source_text_may_be_mark(topic, &topic->columns[column]))
        return "it may say that a row is deleted: tell by `-- tidemark: added TABLE = PREFIX` or `deleted TABLE = FIELD`; "
               "where it is a column of the source's own, declare it";
    if (name[0] == '\0')
        return "it has no name";
    if (name[0] == '_')
        return "names that begin with _ are tidemark's own";
    for (int i = 0; i < column; i++)
        if (strcasecmp(topic->columns[i].name, name) == 0)
            return "SQLite knows no case, and another column has this name";
    return NULL;
}

// Every line of it as a comment.
static void source_text_comment_out(struct buffer *out, const struct buffer *text) {
    bool begins = true;
    for (size_t i = 0; i < text->size; i++) {
        if (begins)
            buffer_text(out, "-- ");
        buffer_char(out, text->data[i]);
        begins = text->data[i] == '\n';
    }
}

static bool source_text_has_key(const struct evidence_topic *topic) {
    bool all = true;
    for (int i = 0; i < topic->column_count; i++)
        all &= topic->columns[i].key == 0 || source_text_refusal(topic, i) == NULL;
    return all && source_text_key_columns(topic) > 0;
}

static void source_text_write_unsure(struct buffer *out, const char *text) {
    buffer_text(out, " -- unsure: ");
    for (; *text != '\0'; text++)
        buffer_char(out, *text == '\n' ? ' ' : *text);
}

// Whether time.precision.mode=nanoseconds is likely: SQL Server's and Oracle's adaptive mode has milliseconds beside them.
static bool source_text_is_in_nanoseconds(const struct evidence_topic *topic) {
    struct column_guess guess;
    bool nanoseconds = false, others = false;
    for (int i = 0; i < topic->column_count; i++) {
        column_guess(&topic->columns[i], &guess);
        nanoseconds |= guess.nanoseconds;
        others |= !guess.nanoseconds && strncmp(guess.type, "timestamp", strlen("timestamp")) == 0 &&
                  strcmp(guess.type, "timestamptz") != 0;
    }
    return nanoseconds && !others;
}

// MySQL's and MariaDB's DATETIME has no digits where it says none, so that a plain `timestamp` of theirs may be in milliseconds.
static bool source_text_is_of_mysql(const struct evidence_topic *topic) {
    return strcmp(topic->connector, "mysql") == 0 || strcmp(topic->connector, "mariadb") == 0;
}

static const char *source_text_digits(const struct evidence_topic *topic, const struct column_guess *guess) {
    if (guess->nanoseconds)
        return source_text_is_in_nanoseconds(topic) ? "" : "(7)";
    return strcmp(guess->type, "timestamp") == 0 && source_text_is_of_mysql(topic) ? "(6)" : "";
}

static void source_text_write_column(struct buffer *out, const struct source_text_table *table, int number,
                                     bool last, struct source_text_report *report) {
    const struct evidence_column *column = &table->topic->columns[number];
    struct column_guess guess;
    column_guess(column, &guess);
    const char *refusal = source_text_refusal(table->topic, number);
    if (refusal != NULL) {
        struct buffer text = {0};
        buffer_text(&text, "left out: ");
        identifier_write(&text, column->name);
        buffer_format(&text, ": %s\n", refusal);
        source_text_comment_out(out, &text);
        out->failed |= text.failed;
        buffer_free(&text);
        return;
    }
    buffer_text(out, "    ");
    identifier_write(out, column->name);
    buffer_format(out, " %s%s%s", guess.type, source_text_digits(table->topic, &guess), last ? "" : ",");
    if (guess.unsure[0] != '\0')
        source_text_write_unsure(out, guess.unsure);
    report->unsure += table->kept && guess.unsure[0] != '\0';
    int64_t lacking = table->topic->rows - table->topic->deletes - column->seen;
    if (lacking > 0 && column->seen > 0)
        buffer_format(out, "%s %" PRId64 " of %" PRId64 " rows lack it",
                      guess.unsure[0] != '\0' ? ";" : " --", lacking, lacking + column->seen);
    buffer_char(out, '\n');
}

// --- topics

static bool source_text_follows(const struct source_text_table *table, const struct evidence_topic *topic) {
    struct table declared = {.schema = table->schema[0] != '\0' ? (char *)(uintptr_t)table->schema : NULL,
                             .relation = (char *)(uintptr_t)table->relation};
    return topic_feeds(topic->name, table->evidence->prefix, &declared) == TOPIC_FEEDS_TABLE;
}

static void source_text_write_expression(struct buffer *out, const char *topic) {
    for (; *topic != '\0'; topic++) {
        if (strchr(".[]{}()*+?^$|\\/", *topic) != NULL)
            buffer_char(out, '\\');
        buffer_char(out, *topic);
    }
}

// The topics, where one of them does not follow from the table's name.
static void source_text_write_topics(struct buffer *out, const struct source_text_table *table) {
    const struct evidence *evidence = table->evidence;
    int count = 0;
    bool follow = true;
    for (int i = 0; i < evidence->topic_count; i++) {
        const struct evidence_topic *topic = &evidence->topics[i];
        if (!source_text_is_table(topic) || (topic != table->topic && !source_text_same(topic, table->topic)))
            continue;
        follow &= source_text_follows(table, topic);
        count++;
    }
    if (follow)
        return;
    buffer_text(out, "-- tidemark: topic ");
    source_text_write_name(out, table);
    buffer_text(out, count > 1 ? " = /" : " = ");
    if (count == 1)
        buffer_text(out, table->topic->name);
    for (int i = 0, written = 0; count > 1 && i < evidence->topic_count; i++) {
        const struct evidence_topic *topic = &evidence->topics[i];
        if (!source_text_is_table(topic) || (topic != table->topic && !source_text_same(topic, table->topic)))
            continue;
        buffer_text(out, written++ > 0 ? "|" : "");
        source_text_write_expression(out, topic->name);
    }
    buffer_text(out, count > 1 ? "/\n" : "\n");
}

static void source_text_write_heading(struct buffer *out, const struct source_text_table *table) {
    const struct evidence_topic *topic = table->topic;
    buffer_format(out, "-- %s: %d partition%s, %" PRId64 " messages looked at, %s\n", topic->name,
                  topic->partitions, topic->partitions == 1 ? "" : "s", topic->messages,
                  topic->with_schema > 0 ? "types from their schemas"
                                         : "without schemas: types from names and values");
    if (topic->several_tables)
        buffer_text(
            out,
            "-- unsure: rows of several source tables come in this topic, and the columns are of all of them: declare each table by "
            "itself, with the same line `topic` above it\n");
    source_text_write_topics(out, table);
    if (!source_text_is_in_nanoseconds(topic) || topic->with_schema > 0)
        return;
    buffer_text(out, "-- tidemark: time ");
    source_text_write_name(out, table);
    buffer_text(out, " = nanoseconds\n");
}

static void source_text_write_table(struct buffer *out, const struct source_text_table *table,
                                    struct source_text_report *report) {
    struct buffer text = {0};
    const struct evidence_topic *topic = table->topic;
    source_text_write_heading(&text, table);
    buffer_text(&text, "create table ");
    source_text_write_name(&text, table);
    buffer_text(&text, "(\n");
    for (int i = 0; i < topic->column_count; i++)
        source_text_write_column(&text, table, i, !table->kept && i + 1 == topic->column_count, report);
    source_text_write_key(&text, table);
    buffer_text(&text, ");\n");
    out->failed |= text.failed;
    buffer_char(out, '\n');
    if (table->kept) {
        buffer_append(out, text.data, text.size);
    } else {
        buffer_text(
            out,
            "-- No key in its messages that can be declared: the mirror keeps a row a key. Give the table a primary key, or set the\n"
            "-- connector's message.key.columns, and name the columns in `-- tidemark: key`.\n");
        source_text_comment_out(out, &text);
    }
    buffer_free(&text);
}

static bool source_text_is_first(const struct evidence *evidence, int number) {
    for (int i = 0; i < number; i++)
        if (source_text_is_table(&evidence->topics[i]) &&
            source_text_same(&evidence->topics[i], &evidence->topics[number]))
            return false;
    return true;
}

void source_text_write(struct buffer *out, const struct evidence *evidence, struct source_text_report *ret) {
    *ret = (struct source_text_report){0};
    for (int i = 0; i < evidence->topic_count; i++) {
        struct source_text_table table = {.evidence = evidence, .topic = &evidence->topics[i]};
        if (table.topic->role != EVIDENCE_TABLE || !source_text_is_first(evidence, i) ||
            feeding_is_own(table.topic))
            continue;
        if (!source_text_is_table(table.topic)) {
            buffer_format(out, "\n-- %s: %s, so nothing is known of its table\n", table.topic->name,
                          table.topic->unreadable > 0 ? table.topic->unreadable_like : "no row was seen");
            continue;
        }
        source_text_name(&table);
        table.key = source_text_scalar_key(table.topic);
        table.kept = source_text_has_key(table.topic) || table.key != NULL;
        source_text_write_table(out, &table, ret);
        ret->tables += table.kept;
        ret->without += !table.kept;
    }
}
