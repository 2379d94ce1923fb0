#include "consumer/init/source_text.h"

#include "consumer/decode/topic_role.h"
#include "consumer/evidence/column_guess.h"
#include "consumer/evidence/feeding.h"
#include "consumer/init/identifier.h"
#include "views/base/cleanup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// All topics, each followed by its parts.
struct source_text_list {
    const struct evidence *evidence;
    const struct evidence_topic **rows;
    int *groups; // an earlier one of those that share a table or a topic with it, itself: the first
    int count;
};

// A table as it will be declared.
struct source_text_table {
    const struct source_text_list *list;
    const struct evidence_topic *topic;
    int number;                      // of the topic in the list
    char schema[EVIDENCE_NAME_SIZE]; // "" = it is declared without one
    char relation[EVIDENCE_NAME_SIZE];
    const struct evidence_column *key; // of a key that is no object
    const char *refusal;               // why it cannot be declared, NULL = it can
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

// What stands before the last part of a topic whose rows do not name their schema.
static struct span source_text_schema_of_topic(const char *topic) {
    const char *end = source_text_last_part(topic);
    const char *begin = end > topic ? end - 1 : end;
    while (begin > topic && begin[-1] != '.')
        begin--;
    return begin > topic ? (struct span){begin, (size_t)(end - begin) - 1} : (struct span){0};
}

// Where the topic is called as its table, by SCHEMA.TABLE as Debezium writes them: that schema; else "".
static void source_text_schema(const char *prefix, const struct evidence_topic *topic,
                               char ret[EVIDENCE_NAME_SIZE]) {
    const struct table named = {.schema = ret, .relation = (char *)(uintptr_t)topic->table};
    const char *part = topic_has_prefix(topic->name, prefix) ? topic->name + strlen(prefix) + 1 : "";
    for (const char *dot; (dot = strchr(part, '.')) != NULL; part = dot + 1) {
        (void)snprintf(ret, EVIDENCE_NAME_SIZE, "%.*s", (int)(dot - part), part);
        if (topic_feeds(topic->name, prefix, &named) == TOPIC_FEEDS_TABLE)
            return;
    }
    ret[0] = '\0';
}

// Whether topics whose rows name the table and no schema are called by several schemas.
static bool source_text_has_schemas(const struct source_text_list *list, const char *table) {
    char first[EVIDENCE_NAME_SIZE] = "", next[EVIDENCE_NAME_SIZE];
    for (int i = 0; i < list->count; i++) {
        const struct evidence_topic *topic = list->rows[i];
        if (strcmp(topic->table, table) != 0 || topic->schema[0] != '\0')
            continue;
        source_text_schema(list->evidence->prefix, topic, next);
        if (first[0] != '\0' && next[0] != '\0' && strcmp(first, next) != 0)
            return true;
        if (next[0] != '\0')
            memcpy(first, next, sizeof first);
    }
    return false;
}

// Unwrapped rows may name their table and not its schema, which the topic's name tells then. Rows of a topic that is called otherwise
// are of the one table that there is, or of another than the several.
static bool source_text_same(const struct source_text_list *list, const struct evidence_topic *a,
                             const struct evidence_topic *b) {
    char of_a[EVIDENCE_NAME_SIZE], of_b[EVIDENCE_NAME_SIZE];
    if (a->table[0] == '\0' || strcmp(a->table, b->table) != 0 || strcmp(a->schema, b->schema) != 0)
        return false;
    if (a->schema[0] != '\0')
        return true;
    source_text_schema(list->evidence->prefix, a, of_a);
    source_text_schema(list->evidence->prefix, b, of_b);
    return strcmp(of_a, of_b) == 0 ||
           ((of_a[0] == '\0' || of_b[0] == '\0') && !source_text_has_schemas(list, a->table));
}

// --- topics that tables share

static void source_text_list_free(struct source_text_list *list) {
    free(list->rows);
    free(list->groups);
}

static int source_text_group(const struct source_text_list *list, int number) {
    while (list->groups[number] != number)
        number = list->groups[number];
    return number;
}

static void source_text_join(struct source_text_list *list, int a, int b) {
    int first = source_text_group(list, a), other = source_text_group(list, b);
    list->groups[first < other ? other : first] = first < other ? first : other;
}

static void source_text_list_add(struct source_text_list *list, const struct evidence_topic *topic, int of) {
    list->rows[list->count] = topic;
    list->groups[list->count] = list->count;
    source_text_join(list, list->count++, of);
}

static bool source_text_list_make(struct source_text_list *list, const struct evidence *evidence) {
    size_t count = (size_t)evidence_count(evidence) + 1;
    *list = (struct source_text_list){evidence, calloc(count, sizeof *list->rows),
                                      calloc(count, sizeof *list->groups), 0};
    if (list->rows == NULL || list->groups == NULL)
        return false;
    for (int i = 0; i < evidence->topic_count; i++) {
        int topic = list->count;
        source_text_list_add(list, &evidence->topics[i], topic);
        for (int p = 0; p < evidence->part_count; p++)
            if (evidence->parts[p].of == i)
                source_text_list_add(list, &evidence->parts[p], topic);
    }
    for (int i = 0; i < list->count; i++)
        for (int j = 0; j < i; j++)
            if (source_text_same(list, list->rows[i], list->rows[j]))
                source_text_join(list, i, j);
    return true;
}

// Another schema has a table of this name: both are declared with their schema then.
static bool source_text_is_ambiguous(const struct source_text_list *list,
                                     const struct evidence_topic *topic) {
    for (int i = 0; i < list->count; i++) {
        const struct evidence_topic *other = list->rows[i];
        if (other != topic && source_text_is_table(other) && !source_text_same(list, other, topic) &&
            strcmp(source_text_relation(other), source_text_relation(topic)) == 0)
            return true;
    }
    return false;
}

// By its rows, else by its topic's name.
static struct span source_text_likely_schema(const struct source_text_list *list,
                                             const struct evidence_topic *topic,
                                             char room[EVIDENCE_NAME_SIZE]) {
    if (topic->schema[0] != '\0')
        return span_of(topic->schema);
    source_text_schema(list->evidence->prefix, topic, room);
    return topic->table[0] != '\0' && room[0] != '\0' ? span_of(room)
                                                      : source_text_schema_of_topic(topic->name);
}

static void source_text_name(struct source_text_table *table) {
    const struct evidence_topic *topic = table->topic;
    char room[EVIDENCE_NAME_SIZE];
    struct span schema = source_text_likely_schema(table->list, topic, room);
    bool postgres = strcmp(topic->connector, "postgresql") == 0;
    bool qualified = source_text_is_ambiguous(table->list, topic) ||
                     (postgres && topic->schema[0] != '\0' && strcmp(topic->schema, "public") != 0);
    (void)snprintf(table->schema, sizeof table->schema, "%.*s", qualified ? (int)schema.size : 0,
                   schema.size > 0 ? schema.data : "");
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
    if (count == 0 && table->key == NULL)
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

// What add.fields=table is called where op beside it is a mark: rows of several tables may come so, and are not told apart here.
static bool source_text_may_name_table(const struct evidence_topic *topic,
                                       const struct evidence_column *column) {
    struct span name = span_of(column->name);
    if (!span_ends_with(name, "table") || column->strings == 0)
        return false;
    struct span prefix = {name.data, name.size - strlen("table")};
    for (int i = 0; i < topic->column_count; i++) {
        const struct evidence_column *mark = &topic->columns[i];
        if (strlen(mark->name) == prefix.size + 2 && memcmp(mark->name, prefix.data, prefix.size) == 0 &&
            source_text_may_be_mark(topic, mark))
            return true;
    }
    return false;
}

static const char source_text_reserved[] = "names that begin with _ are tidemark's own";

// Why a column cannot be declared; NULL = it can.
static const char *source_text_refusal(const struct evidence_topic *topic, int column) {
    const char *name = topic->columns[column].name;
    if (source_text_may_be_mark(topic, &topic->columns[column]))
        return "it may say that a row is deleted: tell by `-- tidemark: added TABLE = PREFIX` or `deleted TABLE = FIELD`; "
               "where it is a column of the source's own, declare it";
    if (source_text_may_name_table(topic, &topic->columns[column]))
        return "it may name each row's source table, of which several may come in this topic: where they do, declare each with the same "
               "line `topic`, and tell by `-- tidemark: added * = PREFIX`; where it is a column of the source's own, declare it";
    if (name[0] == '\0')
        return "it has no name";
    if (name[0] == '_' && strcmp(name, TABLE_ROUTER_FIELD) != 0)
        return source_text_reserved;
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
        begins = text->data[i] == '\n' || text->data[i] == '\r';
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
    return strcmp(topic->connector, "mysql") == 0 || strcmp(topic->connector, "mariadb") == 0 ||
           (topic->connector[0] == '\0' && topic->nameless_binlog > 0);
}

bool source_text_any_of_mysql(const struct evidence *evidence) {
    bool found = false;
    for (int i = 0; i < evidence->topic_count; i++)
        found |= source_text_is_of_mysql(&evidence->topics[i]);
    return found;
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
    report->unsure += table->refusal == NULL && guess.unsure[0] != '\0';
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
    return topic_feeds(topic->name, table->list->evidence->prefix, &declared) == TOPIC_FEEDS_TABLE;
}

// Whether rows come in it, or in its topic, that share a table or a topic with this one's; ret_again: as in the one before.
static bool source_text_is_beside(const struct source_text_table *table, int number, bool *ret_again) {
    const struct source_text_list *list = table->list;
    int before = number - 1;
    bool is = source_text_is_table(list->rows[number]) &&
              source_text_group(list, number) == source_text_group(list, table->number);
    while (before >= 0 && !source_text_is_table(list->rows[before]))
        before--;
    *ret_again = is && before >= 0 && strcmp(list->rows[before]->name, list->rows[number]->name) == 0;
    return is;
}

static void source_text_write_expression(struct buffer *out, const char *topic) {
    for (; *topic != '\0'; topic++) {
        if (strchr(".[]{}()*+?^$|\\/", *topic) != NULL)
            buffer_char(out, '\\');
        buffer_char(out, *topic);
    }
}

// The topics, where one of them does not follow from the table's name. Tables that share one have the same line, by which it is
// known that they do.
static void source_text_write_topics(struct buffer *out, const struct source_text_table *table) {
    const struct source_text_list *list = table->list;
    int count = 0;
    bool again, follow = true;
    for (int i = 0; i < list->count; i++) {
        if (!source_text_is_beside(table, i, &again))
            continue;
        bool own = list->rows[i] == table->topic || source_text_same(list, list->rows[i], table->topic);
        follow &= own && source_text_follows(table, list->rows[i]);
        count += !again;
    }
    if (follow)
        return;
    buffer_text(out, "-- tidemark: topic ");
    source_text_write_name(out, table);
    buffer_text(out, count > 1 ? " = /" : " = ");
    if (count == 1)
        buffer_text(out, table->topic->name);
    for (int i = 0, written = 0; count > 1 && i < list->count; i++) {
        if (!source_text_is_beside(table, i, &again) || again)
            continue;
        buffer_text(out, written++ > 0 ? "|" : "");
        source_text_write_expression(out, list->rows[i]->name);
    }
    buffer_text(out, count > 1 ? "/\n" : "\n");
}

static bool source_text_has_column(const struct evidence_topic *topic, const char *name) {
    for (int i = 0; i < topic->column_count; i++)
        if (strcmp(topic->columns[i].name, name) == 0)
            return true;
    return false;
}

// What is to be said once of a topic that several tables come in.
static void source_text_write_mixed(struct buffer *out, const struct source_text_table *table) {
    const struct source_text_list *list = table->list;
    const struct evidence_topic *topic = table->topic;
    int64_t deletes = 0;
    bool alike = true;
    for (int i = table->number; i < list->count && strcmp(list->rows[i]->name, topic->name) == 0; i++) {
        deletes += list->rows[i]->deletes;
        alike &= list->rows[i]->column_count == topic->column_count;
        for (int c = 0; c < list->rows[i]->column_count; c++)
            alike &= source_text_has_column(topic, list->rows[i]->columns[c].name);
    }
    buffer_text(
        out,
        "-- Rows of several source tables come in this topic, so each has the line `topic`, and those that are not seen "
        "here are not applied.\n");
    if (alike)
        buffer_text(
            out,
            "-- unsure: their columns are the same; where they are parts or shards of one table, declare that one alone, "
            "with this line `topic`\n");
    if (topic->tombstones > deletes)
        buffer_text(
            out,
            "-- unsure: deletes seem to come as tombstones alone, which name no table, so they are not applied: with "
            "ExtractNewRecordState add.fields=table and delete.tombstone.handling.mode=rewrite tell whose they are\n");
}

// They cannot be declared, and are told as what source.sql lacks unless a line says that this is meant. What may be a mark, or name a
// table, somebody has to look at first, and no line can name one that has a line's end in it.
static void source_text_write_reserved(struct buffer *out, const struct source_text_table *table) {
    const struct evidence_topic *topic = table->topic;
    for (int i = 0; i < topic->column_count; i++) {
        bool one_line = strpbrk(topic->columns[i].name, "\n\r") == NULL;
        if (source_text_refusal(topic, i) != source_text_reserved || !one_line)
            continue;
        buffer_text(out, "-- tidemark: ignore ");
        source_text_write_name(out, table);
        buffer_char(out, '.');
        identifier_write(out, topic->columns[i].name);
        buffer_char(out, '\n');
    }
}

static void source_text_write_heading(struct buffer *out, const struct source_text_table *table) {
    const struct evidence_topic *topic = table->topic;
    buffer_format(
        out, "-- %s: %d partition%s, %" PRId64 " %s looked at, %s\n", topic->name, topic->partitions,
        topic->partitions == 1 ? "" : "s", topic->mixed ? topic->rows : topic->messages,
        topic->mixed ? (topic->rows == 1 ? "row of this table" : "rows of this table") : "messages",
        topic->with_schema > 0 ? "types from their schemas" : "without schemas: types from names and values");
    if (topic->mixed && topic->messages > 0) // no part
        source_text_write_mixed(out, table);
    source_text_write_topics(out, table);
    source_text_write_reserved(out, table);
    if (topic->connector[0] == '\0' && topic->nameless_binlog > 0)
        buffer_text(
            out, "-- unsure: rows say a binlog's file and no connector, so they are read as MariaDB's: with "
                 "ExtractNewRecordState add.fields=source.connector tells\n");
    if (!source_text_is_in_nanoseconds(topic) || topic->with_schema > 0)
        return;
    buffer_text(out, "-- tidemark: time ");
    source_text_write_name(out, table);
    buffer_text(out, " = nanoseconds\n");
}

// Else its rows would be taken for another table's of the topic.
static void source_text_write_ignored(struct buffer *out, const struct source_text_table *table) {
    if (!table->topic->mixed || table->topic->table[0] == '\0')
        return;
    buffer_text(out, "-- tidemark: ignore ");
    source_text_write_name(out, table);
    buffer_char(out, '\n');
}

static void source_text_write_table(struct buffer *out, const struct source_text_table *table,
                                    struct source_text_report *report) {
    struct buffer text = {0};
    const struct evidence_topic *topic = table->topic;
    bool keyed = source_text_key_columns(topic) > 0 || table->key != NULL;
    source_text_write_heading(&text, table);
    buffer_text(&text, "create table ");
    source_text_write_name(&text, table);
    buffer_text(&text, "(\n");
    for (int i = 0; i < topic->column_count; i++)
        source_text_write_column(&text, table, i, !keyed && i + 1 == topic->column_count, report);
    source_text_write_key(&text, table);
    buffer_text(&text, ");\n");
    out->failed |= text.failed;
    buffer_char(out, '\n');
    if (table->refusal == NULL) {
        buffer_append(out, text.data, text.size);
    } else {
        buffer_text(out, table->refusal);
        source_text_comment_out(out, &text);
        source_text_write_ignored(out, table);
    }
    buffer_free(&text);
}

static bool source_text_is_first(const struct source_text_list *list, int number) {
    for (int i = 0; i < number; i++)
        if (source_text_is_table(list->rows[i]) && source_text_same(list, list->rows[i], list->rows[number]))
            return false;
    return true;
}

// "public" is what a table that is declared without its schema is in.
static bool source_text_same_schema(const char *a, const char *b) {
    static const char usual[] = "public";
    return strcasecmp(a[0] != '\0' ? a : usual, b[0] != '\0' ? b : usual) == 0;
}

// Why the table cannot be declared; NULL = it can.
static const char *source_text_refuse_table(const struct source_text_table *table) {
    static const char beside[] = "-- A table above has this name: SQLite knows no case of letters.\n";
    const struct source_text_list *list = table->list;
    if (table->schema[0] == '_' || (table->schema[0] == '\0' && table->relation[0] == '_'))
        return "-- Names that begin with _ are tidemark's own.\n";
    for (int i = 0; i < table->number; i++) {
        struct source_text_table other = {.list = list, .topic = list->rows[i]};
        if (!source_text_is_table(other.topic) || source_text_same(list, other.topic, table->topic) ||
            strcasecmp(source_text_relation(other.topic), table->relation) != 0)
            continue;
        source_text_name(&other);
        if (source_text_same_schema(other.schema, table->schema))
            return beside;
    }
    if (source_text_has_key(table->topic) || table->key != NULL)
        return NULL;
    return table->topic->scalar_keys > 0
               ? "-- The key of its messages is a bare value, and no one column of its rows is always that: declare the column that it is of,\n"
                 "-- with these, as the primary key.\n"
               : "-- No key in its messages that can be declared: the mirror keeps a row a key. Give the table a primary key, or set the\n"
                 "-- connector's message.key.columns, and name the columns in `-- tidemark: key`.\n";
}

static void source_text_write_rows(struct buffer *out, const struct source_text_list *list, int number,
                                   struct source_text_report *report) {
    const struct evidence_topic *topic = list->rows[number];
    struct source_text_table table = {.list = list, .topic = topic, .number = number};
    if (topic->role != EVIDENCE_TABLE || !source_text_is_first(list, number) || feeding_is_own(topic))
        return;
    if (!source_text_is_table(topic)) {
        buffer_format(out, "\n-- %s: %s, so nothing is known of its table\n", topic->name,
                      topic->unreadable > 0 ? topic->unreadable_like : "no row was seen");
        return;
    }
    source_text_name(&table);
    table.key = source_text_scalar_key(topic);
    table.refusal = source_text_refuse_table(&table);
    source_text_write_table(out, &table, report);
    report->tables += table.refusal == NULL;
    report->without += table.refusal != NULL;
}

// At the end, since nothing is known of them but their names.
static void source_text_write_elsewhere(struct buffer *out, const struct evidence *evidence,
                                        struct source_text_report *report) {
    for (int i = 0; i < evidence->collections.count; i++) {
        const char *name = evidence->collections.names[i];
        if (!feeding_is_elsewhere(evidence, NULL, name))
            continue;
        if (report->elsewhere++ == 0)
            buffer_format(
                out,
                "\n-- Transactions count rows of these tables too, which come in no topic of %s: a transform "
                "(RegexRouter) sends them to topics of\n-- other names, or drops them. Where a topic has them, "
                "declare the table, with a line `-- tidemark: topic TABLE = NAME`.\n",
                evidence->prefix);
        buffer_text(out, "--     ");
        for (const char *c = name; *c != '\0'; c++) // it may hold what ends a comment
            buffer_char(out, *c == '\n' || *c == '\r' ? ' ' : *c);
        buffer_char(out, '\n');
    }
}

void source_text_write(struct buffer *out, const struct evidence *evidence, struct source_text_report *ret) {
    CLEANUP(source_text_list_free) struct source_text_list list;
    *ret = (struct source_text_report){0};
    out->failed |= !source_text_list_make(&list, evidence);
    for (int i = 0; i < list.count; i++)
        source_text_write_rows(out, &list, i, ret);
    source_text_write_elsewhere(out, evidence, ret);
}
