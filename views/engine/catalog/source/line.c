#include "views/engine/catalog/source/line.h"

#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/base/hex.h"
#include "views/base/utf8.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

enum { REGEX_TEXT_SIZE = 128 };

struct line_word {
    const char *word;
    enum source_line_kind kind;
    const char *separator; // between the name and the value, NULL = there is none
    const char *form;
};

static const struct line_word line_words[] = {
    {"topic", LINE_TOPIC, "=", "topic TABLE = NAME or /regex/"},
    {"time", LINE_TIME, "=", "time TABLE = connect` or `-- tidemark: time * = connect"},
    {"bytes", LINE_BYTES, "=", "bytes TABLE.COLUMN = hex"},
    {"unavailable", LINE_UNAVAILABLE, "=", "unavailable TABLE = TEXT` or `-- tidemark: unavailable * = TEXT"},
    {"added", LINE_ADDED, "=", "added TABLE = PREFIX` or `-- tidemark: added * = PREFIX"},
    {"deleted", LINE_DELETED, "=", "deleted TABLE = FIELD` or `-- tidemark: deleted * = FIELD"},
    {"renamed", LINE_RENAMED, "from", "renamed TABLE.NEW from OLD` or `-- tidemark: renamed TABLE from OLD"},
    {"key", LINE_KEY, "=", "key TABLE = COLUMN, .."},
    {"ignore", LINE_IGNORE, NULL, "ignore TABLE or TABLE.COLUMN"},
};

void source_lines_free(struct source_lines *lines) {
    for (int i = 0; i < lines->count; i++)
        for (int part = 0; part < lines->list[i].part_count; part++)
            free(lines->list[i].parts[part]);
    free(lines->list);
    *lines = (struct source_lines){0};
}

static void source_line_skip(struct span *rest, size_t size) {
    rest->data += size;
    rest->size -= size;
}

static void source_line_skip_spaces(struct span *rest) {
    while (rest->size > 0 && isspace((unsigned char)*rest->data))
        source_line_skip(rest, 1);
}

// "Quoted ""name""" or a word that folds. NULL: none, or out of memory.
static char *source_line_name(struct span *rest) {
    char *name = malloc(rest->size + 1);
    size_t size = 0;
    if (name == NULL)
        return NULL;
    bool quoted = rest->size > 0 && *rest->data == '"';
    if (quoted)
        source_line_skip(rest, 1);
    for (; rest->size > 0; source_line_skip(rest, 1)) {
        char c = *rest->data;
        if (quoted && c == '"') {
            source_line_skip(rest, 1);
            if (rest->size == 0 || *rest->data != '"')
                break;
        } else if (!quoted && !isalnum((unsigned char)c) && c != '_' && c != '$' && (unsigned char)c < 0x80) {
            break;
        }
        name[size++] = quoted ? c : (char)((unsigned char)c < 0x80 ? tolower((unsigned char)c) : c);
    }
    name[size] = '\0';
    if (size > 0)
        return name;
    free(name);
    return NULL;
}

int source_line_next_name(struct span *rest, char **ret) {
    source_line_skip_spaces(rest);
    if (rest->size == 0)
        return 0;
    *ret = source_line_name(rest);
    if (*ret == NULL)
        return -1;
    source_line_skip_spaces(rest);
    if (rest->size == 0)
        return 1;
    bool comma = *rest->data == ',';
    if (comma)
        source_line_skip(rest, 1);
    source_line_skip_spaces(rest);
    if (comma && rest->size > 0)
        return 1;
    free(*ret);
    *ret = NULL;
    return -1;
}

static bool source_line_take(struct span *rest, const char *word) {
    size_t size = strlen(word);
    if (rest->size < size || memcmp(rest->data, word, size) != 0)
        return false;
    source_line_skip(rest, size);
    return true;
}

static int source_line_error(const struct source_text *text, const struct source_line *line,
                             struct error *error) {
    for (size_t i = 0; i < sizeof line_words / sizeof *line_words; i++)
        if (line_words[i].kind == line->kind)
            return source_text_error(text, line->at, error, "the line is written `-- tidemark: %s`",
                                     line_words[i].form);
    return -1;
}

// TABLE, SCHEMA.TABLE, TABLE.COLUMN, SCHEMA.TABLE.COLUMN; * where the line may be of all tables
static int source_line_read_name(struct source_line *line, struct span *rest) {
    bool of_connector = line->kind == LINE_TIME || line->kind == LINE_UNAVAILABLE ||
                        line->kind == LINE_ADDED || line->kind == LINE_DELETED;
    line->every = of_connector && source_line_take(rest, "*");
    if (line->every)
        return 0;
    do {
        if (line->part_count == SOURCE_LINE_PARTS_MAX)
            return -1;
        line->parts[line->part_count] = source_line_name(rest);
        if (line->parts[line->part_count] == NULL)
            return -1;
        line->part_count++;
    } while (source_line_take(rest, "."));
    return 0;
}

static const struct line_word *source_line_word(struct span text) {
    size_t size = 0;
    while (size < text.size && !isspace((unsigned char)text.data[size]))
        size++;
    for (size_t i = 0; i < sizeof line_words / sizeof *line_words; i++)
        if (span_is((struct span){text.data, size}, line_words[i].word))
            return &line_words[i];
    return NULL;
}

bool source_line_is_word(struct span word, const char **ret_separator) {
    const struct line_word *found = source_line_word(word);
    *ret_separator = found != NULL ? found->separator : NULL;
    return found != NULL;
}

static int source_line_read(const struct source_text *text, const struct source_directive *directive,
                            struct source_line *line, struct error *error) {
    const struct line_word *word = source_line_word(directive->text);
    *line = (struct source_line){.at = directive->at};
    if (word == NULL)
        return source_text_error(
            text, directive->at, error,
            "a line for tidemark begins with topic, time, bytes, unavailable, added, deleted, renamed, key or ignore");
    line->kind = word->kind;
    struct span rest = directive->text;
    source_line_skip(&rest, strlen(word->word));
    source_line_skip_spaces(&rest);
    if (source_line_read_name(line, &rest) != 0)
        return source_line_error(text, line, error);
    source_line_skip_spaces(&rest);
    if (word->separator != NULL && !source_line_take(&rest, word->separator))
        return source_line_error(text, line, error);
    source_line_skip_spaces(&rest);
    line->value = rest;
    line->value_at = directive->at + (size_t)(rest.data - directive->text.data);
    return (rest.size > 0) == (word->separator != NULL) ? 0 : source_line_error(text, line, error);
}

int source_lines_read(const struct source_text *text, struct source_lines *ret, struct error *error) {
    *ret = (struct source_lines){.text = text};
    if (text->directive_count == 0)
        return 0;
    ret->list = calloc((size_t)text->directive_count, sizeof *ret->list);
    if (ret->list == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = 0; i < text->directive_count; i++) {
        ret->count++;
        if (source_line_read(text, &text->directives[i], &ret->list[i], error) != 0)
            return -1;
    }
    return 0;
}

// The first `count` parts as a name of the mirror.
static bool source_line_names(const struct source_line *line, int count, const char *table) {
    if (count < 1 || count > 2)
        return false;
    bool public = count == 2 && strcmp(line->parts[0], "public") == 0;
    if (count == 1 || public)
        return strcmp(line->parts[count - 1], table) == 0;
    size_t size = strlen(line->parts[0]);
    return strncmp(table, line->parts[0], size) == 0 && table[size] == '.' &&
           strcmp(table + size + 1, line->parts[1]) == 0;
}

bool source_lines_ignore(const struct source_lines *lines, const char *table, const char *column) {
    for (int i = 0; i < lines->count; i++) {
        const struct source_line *line = &lines->list[i];
        int parts = line->part_count;
        if (line->kind != LINE_IGNORE)
            continue;
        if (column == NULL
                ? source_line_names(line, parts, table)
                : source_line_names(line, parts - 1, table) && strcmp(line->parts[parts - 1], column) == 0)
            return true;
    }
    return false;
}

static bool source_line_is_of_column(const struct source_line *line, const struct table *tables, int count) {
    for (int i = 0; i < count; i++)
        if (source_line_names(line, line->part_count - 1, tables[i].name))
            return true;
    return line->part_count > 2;
}

int source_lines_ignored(const struct source_lines *lines, const struct table *tables, int count,
                         struct ignored_table **ret, int *ret_count, struct error *error) {
    *ret_count = 0;
    *ret = calloc((size_t)lines->count + 1, sizeof **ret);
    if (*ret == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = 0; i < lines->count; i++) {
        const struct source_line *line = &lines->list[i];
        if (line->kind != LINE_IGNORE || source_line_is_of_column(line, tables, count))
            continue;
        bool any = line->part_count == 1;
        struct ignored_table *ignored = &(*ret)[(*ret_count)++];
        ignored->schema = any ? NULL : strdup(line->parts[0]);
        ignored->relation = strdup(line->parts[line->part_count - 1]);
        if ((!any && ignored->schema == NULL) || ignored->relation == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    return 0;
}

const struct source_line *source_lines_key(const struct source_lines *lines, const char *table) {
    for (int i = 0; i < lines->count; i++)
        if (lines->list[i].kind == LINE_KEY &&
            source_line_names(&lines->list[i], lines->list[i].part_count, table))
            return &lines->list[i];
    return NULL;
}

// --- what they say

// "" when it compiles, and has no class of Java's or Perl's: a POSIX expression's \d is the letter d, which matches no digit.
// `as_before`: a file's, made when it was taken for that.
static void source_line_check_expression(const char *expression, bool as_before, char why[REGEX_TEXT_SIZE]) {
    regex_t compiled;
    const char *at = as_before ? NULL : strchr(expression, '\\');
    for (; at != NULL && at[1] != '\0'; at = strchr(at + 2, '\\'))
        if (isalpha((unsigned char)at[1]) && strchr("wWsSbB", at[1]) == NULL) {
            (void)snprintf(why, REGEX_TEXT_SIZE,
                           "\\%c is Java's or Perl's: write it as POSIX does, a digit as [0-9]", at[1]);
            return;
        }
    int code = regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB);
    why[0] = '\0';
    if (code == 0)
        regfree(&compiled);
    else
        (void)regerror(code, &compiled, why, REGEX_TEXT_SIZE);
}

static int source_line_apply_topic(const struct source_lines *lines, const struct source_line *line,
                                   struct table *table, struct error *error) {
    struct span name = line->value;
    bool regex = name.size > 2 && name.data[0] == '/' && name.data[name.size - 1] == '/';
    if (regex)
        name = (struct span){name.data + 1, name.size - 2};
    free(table->topic);
    table->topic = strndup(name.data, name.size);
    table->topic_is_regex = regex;
    if (table->topic == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    char why[REGEX_TEXT_SIZE] = "";
    if (regex)
        source_line_check_expression(table->topic, lines->text->as_before, why);
    return why[0] == '\0' ? 0 : source_text_error(lines->text, line->value_at, error, "%s", why);
}

static const char *const time_words[] = {
    [TIME_PRECISION_UNSET] = NULL,
    [TIME_PRECISION_ADAPTIVE] = "adaptive",
    [TIME_PRECISION_ADAPTIVE_TIME_MICROSECONDS] = "adaptive_time_microseconds",
    [TIME_PRECISION_CONNECT] = "connect",
    [TIME_PRECISION_ISOSTRING] = "isostring",
    [TIME_PRECISION_MICROSECONDS] = "microseconds",
    [TIME_PRECISION_NANOSECONDS] = "nanoseconds",
};

static const char *const bytes_words[] = {
    [BYTES_UNSET] = NULL, [BYTES_PLAIN] = "bytes", [BYTES_BASE64] = "base64", [BYTES_BASE64URL] = "base64url",
    [BYTES_HEX] = "hex",
};

// The number of the line's value among `words`, 0 = it is none.
static int source_line_choice(const struct source_line *line, const char *const *words, size_t count) {
    for (size_t i = 1; i < count; i++)
        if (span_is(line->value, words[i]))
            return (int)i;
    return 0;
}

// Takes `*name`.
static int source_line_add_name(char ***older, int *count, char **name, struct error *error) {
    char **grown = realloc(*older, ((size_t)*count + 1) * sizeof *grown);
    if (grown == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *older = grown;
    grown[(*count)++] = *name;
    *name = NULL;
    return 0;
}

int source_lines_leave_out(const struct source_lines *lines, struct table *tables, int count,
                           struct error *error) {
    for (int i = 0; i < lines->count; i++) {
        const struct source_line *line = &lines->list[i];
        for (int t = 0; t < count && line->kind == LINE_IGNORE; t++) {
            if (!source_line_names(line, line->part_count - 1, tables[t].name))
                continue;
            CLEANUP(free_charp) char *name = strdup(line->parts[line->part_count - 1]);
            if (name == NULL)
                return error_set(error, ERROR_SYSTEM, "out of memory");
            if (source_line_add_name(&tables[t].left_out, &tables[t].left_out_count, &name, error) != 0)
                return -1;
        }
    }
    return 0;
}

static int source_line_apply_column(const struct source_lines *lines, const struct source_line *line,
                                    struct column *column, struct error *error) {
    if (line->kind == LINE_BYTES) {
        column->bytes = span_is(line->value, "base64-url-safe")
                            ? BYTES_BASE64URL
                            : (enum bytes_form)source_line_choice(line, bytes_words,
                                                                  sizeof bytes_words / sizeof *bytes_words);
        if (column->bytes == BYTES_UNSET)
            return source_text_error(lines->text, line->value_at, error,
                                     "bytes are bytes, base64, base64-url-safe or hex");
        return 0;
    }
    struct span rest = line->value;
    CLEANUP(free_charp) char *name = NULL;
    if (source_line_next_name(&rest, &name) != 1 || rest.size > 0)
        return source_line_error(lines->text, line, error);
    return source_line_add_name(&column->older, &column->older_count, &name, error);
}

// A table's name in older files, as the mirror has it.
static int source_line_apply_table_name(const struct source_lines *lines, const struct source_line *line,
                                        struct table *table, struct error *error) {
    struct span rest = line->value;
    CLEANUP(free_charp) char *schema = NULL;
    CLEANUP(free_charp) char *name = source_line_name(&rest);
    if (name != NULL && source_line_take(&rest, ".")) {
        schema = name;
        name = source_line_name(&rest);
    }
    source_line_skip_spaces(&rest);
    if (name == NULL || rest.size > 0)
        return source_line_error(lines->text, line, error);
    bool plain = schema == NULL || strcmp(schema, "public") == 0;
    size_t size = strlen(name) + (plain ? 0 : strlen(schema) + 1) + 1;
    CLEANUP(free_charp) char *older = malloc(size);
    if (older == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (void)snprintf(older, size, "%s%s%s", plain ? "" : schema, plain ? "" : ".", name);
    return source_line_add_name(&table->older, &table->older_count, &older, error);
}

// The value without quotes around it.
static struct span source_line_unquoted(struct span text) {
    bool quoted = text.size >= 2 && text.data[0] == '\'' && text.data[text.size - 1] == '\'';
    return quoted ? (struct span){text.data + 1, text.size - 2} : text;
}

static int source_line_apply_text(const struct source_line *line, char **ret, struct error *error) {
    struct span text = source_line_unquoted(line->value);
    free(*ret);
    *ret = strndup(text.data, text.size);
    return *ret != NULL ? 0 : error_set(error, ERROR_SYSTEM, "out of memory");
}

// Bytes of what Java's decoder makes one U+FFFD of: one that begins nothing, or the beginning of a character that goes on otherwise.
static size_t source_line_malformed(const char *at, size_t size) {
    enum { CHARACTER_MAX = 4 };
    static const char lowest[] = "\x80\x80\x80", highest[] = "\xBF\xBF\xBF";
    size_t taken = 1;
    for (size_t n = 2; n < CHARACTER_MAX && n <= size; n++) {
        char whole[2 * CHARACTER_MAX];
        bool begins = false;
        memcpy(whole, at, n);
        for (int high = 0; high < 2; high++) {
            memcpy(whole + n, high ? highest : lowest, sizeof lowest - 1);
            begins |= utf8_sequence(whole, n + sizeof lowest - 1) > n;
        }
        taken = begins ? n : taken;
    }
    return taken;
}

// What Debezium writes of the placeholder's bytes into texts, where these are no UTF-8.
static int source_line_set_unavailable_text(struct table *table, struct error *error) {
    CLEANUP(buffer_free) struct buffer text = {0};
    struct span left = table->unavailable;
    free((char *)(uintptr_t)table->unavailable_text.data);
    table->unavailable_text = (struct span){0};
    if (utf8_valid(left.data, left.size) == left.size)
        return 0;
    while (left.size > 0) {
        size_t size = utf8_sequence(left.data, left.size);
        if (size > 0)
            buffer_append(&text, left.data, size);
        else
            buffer_text(&text, "\xEF\xBF\xBD");
        size = size > 0 ? size : source_line_malformed(left.data, left.size);
        left = (struct span){left.data + size, left.size - size};
    }
    if (text.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    table->unavailable_text = (struct span){text.data, text.size};
    text = (struct buffer){0};
    return 0;
}

// As the connector's property has it: a text, or hex: and the digits of its bytes.
static int source_line_apply_unavailable(const struct source_lines *lines, const struct source_line *line,
                                         struct table *table, struct error *error) {
    struct span text = source_line_unquoted(line->value);
    bool hex = source_line_take(&text, "hex:");
    char *bytes = malloc(text.size + 1);
    if (bytes == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    free((char *)(uintptr_t)table->unavailable.data);
    table->unavailable = (struct span){bytes, hex ? text.size / 2 : text.size};
    bool right = text.size > 0 && (!hex || text.size % 2 == 0);
    for (size_t i = 0; i < text.size && right; i++) {
        int digit = hex ? hex_digit(text.data[i]) : text.data[i];
        right = !hex || digit >= 0;
        if (!hex)
            bytes[i] = (char)digit;
        else if (right)
            bytes[i / 2] = (char)(i % 2 == 0 ? digit << 4 : (unsigned char)bytes[i / 2] | digit);
    }
    return right
               ? source_line_set_unavailable_text(table, error)
               : source_text_error(lines->text, line->value_at, error,
                                   "the value is unavailable.value.placeholder of the connector: a text, or "
                                   "hex: and an even number of hexadecimal digits");
}

static struct table *source_line_table(struct table *tables, int count, const struct source_line *line,
                                       int parts) {
    for (int i = 0; i < count; i++)
        if (source_line_names(line, parts, tables[i].name))
            return &tables[i];
    return NULL;
}

static int source_line_apply_setting(const struct source_lines *lines, const struct source_line *line,
                                     struct table *table, struct error *error) {
    if (line->kind == LINE_ADDED)
        return source_line_apply_text(line, &table->added_prefix, error);
    if (line->kind == LINE_DELETED)
        return source_line_apply_text(line, &table->deleted_mark, error);
    if (line->kind == LINE_UNAVAILABLE)
        return source_line_apply_unavailable(lines, line, table, error);
    table->time_precision =
        (enum time_precision)source_line_choice(line, time_words, sizeof time_words / sizeof *time_words);
    if (table->time_precision == TIME_PRECISION_UNSET)
        return source_text_error(lines->text, line->value_at, error,
                                 "times are adaptive, adaptive_time_microseconds, connect, isostring, "
                                 "microseconds or nanoseconds (time.precision.mode of the connector)");
    return 0;
}

static int source_line_apply_to_every(const struct source_lines *lines, const struct source_line *line,
                                      struct table *tables, int count, struct error *error) {
    for (int i = 0; i < count; i++)
        if (source_line_apply_setting(lines, line, &tables[i], error) != 0)
            return -1;
    return 0;
}

static int source_line_apply(const struct source_lines *lines, const struct source_line *line,
                             struct table *tables, int count, struct error *error) {
    bool of_column = line->kind == LINE_BYTES || line->kind == LINE_RENAMED;
    if (line->kind == LINE_IGNORE)
        return 0;
    struct table *table =
        source_line_table(tables, count, line, of_column ? line->part_count - 1 : line->part_count);
    struct table *renamed = line->kind == LINE_RENAMED && table == NULL
                                ? source_line_table(tables, count, line, line->part_count)
                                : NULL;
    if (renamed != NULL)
        return source_line_apply_table_name(lines, line, renamed, error);
    if (table == NULL)
        return source_text_error(lines->text, line->at, error, "the line names no table of source.sql");
    if (line->kind == LINE_KEY)
        return 0;
    if (of_column) {
        const char *name = line->parts[line->part_count - 1];
        int column = table_column(table, name, strlen(name));
        if (column < 0)
            return source_text_error(lines->text, line->at, error, "table %s has no column %s", table->name,
                                     name);
        table->has_renamed |= line->kind == LINE_RENAMED;
        return source_line_apply_column(lines, line, &table->columns[column], error);
    }
    return line->kind == LINE_TOPIC ? source_line_apply_topic(lines, line, table, error)
                                    : source_line_apply_setting(lines, line, table, error);
}

// What is said of all tables first, so that a table's own line is the last word.
int source_lines_apply(const struct source_lines *lines, struct table *tables, int count,
                       struct error *error) {
    for (int i = 0; i < lines->count; i++)
        if (lines->list[i].every &&
            source_line_apply_to_every(lines, &lines->list[i], tables, count, error) != 0)
            return -1;
    for (int i = 0; i < lines->count; i++)
        if (!lines->list[i].every && source_line_apply(lines, &lines->list[i], tables, count, error) != 0)
            return -1;
    return 0;
}
