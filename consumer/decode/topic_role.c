#include "consumer/decode/topic_role.h"

#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/base/utf8.h"
#include "views/engine/line_name.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

enum {
    NAME_SIZE = 1024,     // of a sanitized name: Kafka's topics have 249 characters at most
    BEYOND_BMP_BYTES = 4, // of a character that Java holds as two
};

static const char heartbeat[] = "__debezium-heartbeat.";

static bool topic_role_is_valid(char c, bool unicode) {
    return c == '.' || c == '-' || (c == '_' && !unicode) || (c >= '0' && c <= '9') ||
           (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// A character's code point; `size` bytes, well-formed.
static unsigned topic_role_code_point(const char *at, size_t size) {
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned code = (unsigned char)at[0] & masks[size];
    for (size_t i = 1; i < size; i++)
        code = code << 6 | ((unsigned char)at[i] & 0x3f);
    return code;
}

// What Java's Integer.toHexString gives for one UTF-16 unit, two digits or fewer with 00 before them.
static size_t topic_role_write_unit(char *out, size_t size, unsigned unit) {
    int written = snprintf(out, size, unit <= 0xff ? "_u00%x" : "_u%x", unit);
    return written > 0 && (size_t)written < size ? (size_t)written : 0;
}

static size_t topic_role_replace(char *out, size_t left, const char *at, size_t size, bool unicode) {
    if (!unicode) {
        size_t units = size == BEYOND_BMP_BYTES ? 2 : 1;
        memset(out, '_', units);
        return units;
    }
    unsigned code = topic_role_code_point(at, size);
    if (code < 0x10000)
        return topic_role_write_unit(out, left, code);
    size_t used = topic_role_write_unit(out, left, 0xd800 + ((code - 0x10000) >> 10));
    return used + topic_role_write_unit(out + used, left - used, 0xdc00 + ((code - 0x10000) & 0x3ff));
}

// The name as Debezium puts it into a topic's. False when it does not fit.
static bool topic_role_sanitize(const char *name, bool unicode, char ret[NAME_SIZE]) {
    enum { UNIT_MAX = 16 }; // bytes that one character may become
    size_t used = 0;
    size_t left = strlen(name);
    while (left > 0 && used + UNIT_MAX < NAME_SIZE) {
        size_t size = utf8_sequence(name, left);
        size = size == 0 ? 1 : size;
        if (size == 1 && topic_role_is_valid(*name, unicode))
            ret[used++] = *name;
        else
            used += topic_role_replace(ret + used, NAME_SIZE - used, name, size, unicode);
        name += size;
        left -= size;
    }
    ret[used] = '\0';
    return left == 0;
}

// `rest` is what follows "PREFIX.": SCHEMA.TABLE, or DATABASE.SCHEMA.TABLE. `schema` "" = of any.
static bool topic_role_is_path(const char *rest, const char *schema, const char *relation) {
    size_t schema_size = strlen(schema);
    const char *part = rest;
    for (int parts = 0; parts < 2 && part != NULL; parts++) {
        const char *dot = strchr(part, '.');
        if (schema_size > 0 && strncmp(part, schema, schema_size) == 0 && part[schema_size] == '.' &&
            strcmp(part + schema_size + 1, relation) == 0)
            return true;
        part = dot != NULL ? dot + 1 : NULL;
        if (schema_size == 0 && part != NULL && strcmp(part, relation) == 0)
            return true;
    }
    return false;
}

// Letters, digits, dots and hyphens are as they were in a topic's name: one that ends otherwise is not the relation's. Most
// are not.
static bool topic_role_may_end(const char *rest, const char *relation) {
    size_t left = strlen(rest);
    size_t size = strlen(relation);
    while (size > 0 && relation[size - 1] != '_' && topic_role_is_valid(relation[size - 1], true)) {
        if (left == 0 || rest[left - 1] != relation[size - 1])
            return false;
        left--;
        size--;
    }
    return true;
}

static bool topic_role_is_named(const char *rest, const struct table *table, bool unicode) {
    char relation[NAME_SIZE];
    char schema[NAME_SIZE] = "";
    return topic_role_may_end(rest, table->relation) &&
           topic_role_sanitize(table->relation, unicode, relation) &&
           (table->schema == NULL || topic_role_sanitize(table->schema, unicode, schema)) &&
           topic_role_is_path(rest, schema, relation);
}

// A partition's name may hold its schema; a dot may stand in either part.
static bool topic_role_is_partition(const char *rest, const char *partition, bool unicode) {
    char name[NAME_SIZE];
    if (!topic_role_sanitize(partition, unicode, name))
        return false;
    if (topic_role_is_path(rest, "", name))
        return true;
    size_t size = strlen(name);
    const char *database = strchr(rest, '.'); // before the schema, where the connector names it
    return strchr(name, '.') != NULL &&
           (strcmp(rest, name) == 0 ||
            (database != NULL && strlen(database + 1) == size && strcmp(database + 1, name) == 0));
}

// The catalog has compiled the expression once, so it compiles.
static bool topic_role_matches(const char *topic, const char *expression) {
    regex_t compiled;
    regmatch_t match;
    if (regcomp(&compiled, expression, REG_EXTENDED) != 0)
        return false;
    bool whole = regexec(&compiled, topic, 1, &match, 0) == 0 && match.rm_so == 0 &&
                 (size_t)match.rm_eo == strlen(topic);
    regfree(&compiled);
    return whole;
}

bool topic_is_heartbeats(const char *topic, const char *prefix) {
    const char *at = strstr(topic, heartbeat);
    if (at == NULL)
        return false;
    size_t before = (size_t)(at - topic);
    return strncmp(prefix, topic, before) == 0 && strcmp(prefix + before, at + sizeof heartbeat - 1) == 0;
}

bool topic_has_prefix(const char *topic, const char *prefix) {
    size_t size = strlen(prefix);
    return strncmp(topic, prefix, size) == 0 && topic[size] == '.';
}

int topic_feeds(const char *topic, const char *prefix, const struct table *table) {
    if (table->topic != NULL) {
        bool is = table->topic_is_regex ? topic_role_matches(topic, table->topic)
                                        : strcmp(topic, table->topic) == 0;
        return is ? TOPIC_FEEDS_TABLE : TOPIC_FEEDS_NOT;
    }
    if (!topic_has_prefix(topic, prefix))
        return TOPIC_FEEDS_NOT;
    const char *rest = topic + strlen(prefix) + 1;
    if (topic_role_is_named(rest, table, false) || topic_role_is_named(rest, table, true))
        return TOPIC_FEEDS_TABLE;
    for (int p = 0; p < table->partition_count; p++)
        if (topic_role_is_partition(rest, table->partitions[p], false) ||
            topic_role_is_partition(rest, table->partitions[p], true))
            return TOPIC_FEEDS_TABLE + 1 + p;
    return TOPIC_FEEDS_NOT;
}

// How sure a topic is a table's.
enum topic_rank { RANK_NONE, RANK_PARTITION, RANK_ANY_SCHEMA, RANK_NAMED, RANK_LINE };

static enum topic_rank topic_role_rank(const char *topic, const char *prefix, const struct table *table) {
    int feeds = topic_feeds(topic, prefix, table);
    if (feeds == TOPIC_FEEDS_NOT)
        return RANK_NONE;
    if (feeds != TOPIC_FEEDS_TABLE)
        return RANK_PARTITION;
    if (table->topic == NULL)
        return table->schema == NULL ? RANK_ANY_SCHEMA : RANK_NAMED;
    return table->topic_is_regex ? RANK_NAMED : RANK_LINE;
}

// A line that names the topic comes before a table's own name, which comes before another's partition; a name with its
// schema before one of any schema.
static const struct table *topic_role_find(const char *topic, const char *prefix,
                                           const struct catalog *catalog) {
    enum topic_rank best = RANK_NONE;
    const struct table *found = NULL;
    for (int i = 0; i < catalog->table_count && best < RANK_LINE; i++) {
        enum topic_rank rank = topic_role_rank(topic, prefix, &catalog->tables[i]);
        if (rank > best) {
            best = rank;
            found = &catalog->tables[i];
        }
    }
    return found;
}

enum topic_role topic_role(const char *topic, const char *prefix, const struct catalog *catalog,
                           const struct table **ret_table) {
    *ret_table = topic_role_find(topic, prefix, catalog);
    if (*ret_table != NULL)
        return TOPIC_TABLE;
    if (topic_is_heartbeats(topic, prefix))
        return TOPIC_HEARTBEAT;
    if (strncmp(topic, heartbeat, sizeof heartbeat - 1) == 0)
        return TOPIC_IGNORED;
    size_t size = strlen(prefix);
    bool is_transactions = strncmp(topic, prefix, size) == 0 && strcmp(topic + size, ".transaction") == 0;
    return is_transactions ? TOPIC_TRANSACTION : TOPIC_IGNORED;
}

bool topic_is_left_out(const char *topic, const char *prefix, const struct catalog *catalog) {
    bool is = false;
    for (int i = 0; i < catalog->ignored_count && !is; i++) {
        const struct table left_out = {.schema = catalog->ignored[i].schema,
                                       .relation = catalog->ignored[i].relation};
        is = topic_feeds(topic, prefix, &left_out) != TOPIC_FEEDS_NOT;
    }
    return is;
}

// Whether it is of a table called `older`, as the mirror has names.
static bool topic_role_is_of_name(const char *topic, const char *prefix, const char *older) {
    char schema[NAME_SIZE];
    const char *dot = strchr(older, '.');
    const struct table named = {.schema = dot != NULL ? schema : NULL,
                                .relation = (char *)(uintptr_t)(dot != NULL ? dot + 1 : older)};
    (void)snprintf(schema, sizeof schema, "%.*s", dot != NULL ? (int)(dot - older) : 0, older);
    return topic_feeds(topic, prefix, &named) != TOPIC_FEEDS_NOT;
}

// A topic's characters mean themselves in an expression, but for the dot.
static void topic_role_write_escaped(struct span name, struct buffer *out) {
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == '.')
            buffer_char(out, '\\');
        buffer_char(out, name.data[i]);
    }
}

// The table's own topic beside one of its older name: with its name, and its schema where either says one. A table without one is
// PostgreSQL's public then.
static void topic_role_write_own(const char *topic, bool older_schema, const struct table *table,
                                 struct buffer *out) {
    char relation[NAME_SIZE], schema[NAME_SIZE];
    const char *own = table->schema != NULL ? table->schema : older_schema ? "public" : "";
    const char *before = strrchr(topic, '.');
    while (own[0] != '\0' && before > topic && before[-1] != '.')
        before--;
    if (!topic_role_sanitize(table->relation, false, relation) || !topic_role_sanitize(own, false, schema))
        return;
    topic_role_write_escaped((struct span){topic, (size_t)(before - topic)}, out);
    topic_role_write_escaped(span_of(schema), out);
    topic_role_write_escaped(SPAN("."), out);
    topic_role_write_escaped(span_of(relation), out);
}

bool topic_write_line_of_older(const char *topic, const char *prefix, const struct catalog *catalog,
                               char ret[TOPIC_LINE_SIZE]) {
    CLEANUP(buffer_free) struct buffer line = {0};
    const struct table *table = NULL;
    bool older_schema = false;
    for (int t = 0; t < catalog->table_count && table == NULL; t++)
        for (int i = 0; i < catalog->tables[t].older_count && table == NULL; i++) {
            if (!topic_role_is_of_name(topic, prefix, catalog->tables[t].older[i]))
                continue;
            table = &catalog->tables[t];
            older_schema = strchr(table->older[i], '.') != NULL;
        }
    // A line takes the place of the topics that partitions have by their names, too.
    if (table == NULL || (table->topic == NULL && table->partition_count > 0))
        return false;
    buffer_format(&line, "topic %s = /", line_name_table(table->name).text);
    topic_role_write_escaped(span_of(topic), &line);
    buffer_char(&line, '|');
    if (table->topic == NULL)
        topic_role_write_own(topic, older_schema, table, &line);
    else if (table->topic_is_regex)
        buffer_text(&line, table->topic);
    else
        topic_role_write_escaped(span_of(table->topic), &line);
    buffer_char(&line, '/');
    if (line.failed || line.size >= TOPIC_LINE_SIZE)
        return false;
    (void)snprintf(ret, TOPIC_LINE_SIZE, "%.*s", (int)line.size, line.data);
    return true;
}

// Whether it is two names with another topic.delimiter between them.
static bool topic_role_is_joined(const char *topic, const char *first, const char *second) {
    size_t size = strlen(first);
    return strncmp(topic, first, size) == 0 && (topic[size] == '_' || topic[size] == '-') &&
           strcmp(topic + size + 1, second) == 0;
}

bool topic_may_be_transactions(const char *topic, const char *prefix) {
    return topic_role_is_joined(topic, prefix, "transaction") ||
           (topic_has_prefix(topic, prefix) && strchr(topic + strlen(prefix) + 1, '.') == NULL);
}

bool topic_may_be_heartbeats(const char *topic, const char *prefix) {
    size_t size = strlen(topic), prefix_size = strlen(prefix);
    if (topic_role_is_joined(topic, "__debezium-heartbeat", prefix))
        return true;
    if (size < prefix_size + 2 || topic[size - prefix_size - 1] != '.' ||
        strcmp(topic + size - prefix_size, prefix) != 0 ||
        strncmp(topic, heartbeat, sizeof heartbeat - 1) == 0)
        return false;
    const char *dot = strchr(topic, '.');
    return dot == topic + size - prefix_size - 1 || strstr(topic, "heartbeat") != NULL;
}
