#include "views/engine/check/parameters.h"

#include "views/engine/check/guard.h"
#include "views/engine/check/tokens.h"
#include "views/engine/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char directive[] = "-- tidemark: ";

static int parameters_fault(const struct query *query, const char *at, const char *what,
                            struct error *error) {
    (void)error_set(error, ERROR_INPUT, "%s:%d: %s", query->file,
                    stmt_line(query->sql, (size_t)(at - query->sql)), what);
    return guard_show(query->sql, (size_t)(at - query->sql), error);
}

// A type as source.sql may have it, too. The longer of two that begin alike comes first.
static const struct {
    const char *word;
    enum parameter_type type;
} parameters_words[] = {
    {"text", PARAMETER_TEXT},
    {"character varying", PARAMETER_TEXT},
    {"varchar", PARAMETER_TEXT},
    {"integer", PARAMETER_INTEGER},
    {"int", PARAMETER_INTEGER},
    {"bigint", PARAMETER_INTEGER},
    {"smallint", PARAMETER_INTEGER},
    {"number", PARAMETER_NUMBER},
    {"double precision", PARAMETER_NUMBER},
    {"real", PARAMETER_NUMBER},
    {"boolean", PARAMETER_BOOLEAN},
    {"bool", PARAMETER_BOOLEAN},
    {"date", PARAMETER_DATE},
    {"timestamptz", PARAMETER_TIMESTAMPTZ},
    {"timestamp with time zone", PARAMETER_TIMESTAMPTZ},
    {"timestamp without time zone", PARAMETER_TIMESTAMP},
    {"timestamp", PARAMETER_TIMESTAMP},
    {"uuid", PARAMETER_UUID},
};

// The bytes of the type that `line` begins with, 0 = none.
static int parameters_parse_type(const char *line, enum parameter_type *ret) {
    for (size_t i = 0; i < sizeof parameters_words / sizeof *parameters_words; i++) {
        int size = (int)strlen(parameters_words[i].word), digits = 0;
        if (strncmp(line, parameters_words[i].word, (size_t)size) != 0)
            continue;
        if (parameters_words[i].type == PARAMETER_TEXT)
            (void)sscanf(line + size, "(%*9[0-9])%n", &digits);
        size += digits;
        if (line[size] != '\0' && line[size] != ' ' && line[size] != '\t')
            continue;
        *ret = parameters_words[i].type;
        return size;
    }
    return 0;
}

// `text` is all that stands behind `NAME is `.
static bool parameters_parse_rule(struct span text, struct parameter_rule *ret) {
    char line[128];
    char rest[32] = "";
    char more[2] = "";
    int read = 0;
    *ret = (struct parameter_rule){.type = PARAMETER_ANY};
    if (text.size >= sizeof line)
        return false;
    (void)snprintf(line, sizeof line, "%.*s", (int)text.size, text.data);
    const char *digits =
        strncmp(line, "numeric(", 8) == 0 || strncmp(line, "decimal(", 8) == 0 ? line + 7 : "";
    if (sscanf(digits, "(%2d ,%2d )%n", &ret->precision, &ret->scale, &read) == 2 && read > 0) {
        if (ret->precision < 1 || ret->precision > DECIMAL_PRECISION_MAX || ret->scale < 0 ||
            ret->scale > ret->precision)
            return false;
        ret->type = PARAMETER_DECIMAL;
        read += (int)(digits - line);
    } else {
        read = parameters_parse_type(line, &ret->type);
    }
    int words = ret->type != PARAMETER_ANY ? sscanf(line + read, "%31s %1s", rest, more) : 0;
    ret->required = words == 1 && strcmp(rest, "required") == 0;
    return ret->type != PARAMETER_ANY && (words <= 0 || ret->required);
}

static struct parameter_rule *parameters_rule_of(struct query *query, struct span name) {
    for (int i = 0; i < query->parameter_count; i++)
        if (span_is(name, query->parameters[i]))
            return &query->rules[i];
    return query->names_after && span_is(name, "after") ? &query->after_rule : NULL;
}

// A line that would be one of ours but for its colon or its blanks; NULL = there is none.
static const char *parameters_find_slip(struct query *query) {
    static const char word[] = "tidemark";
    for (const char *at = query->sql; (at = strstr(at, "--")) != NULL; at += 2) {
        const char *begin = at + 2 + strspn(at + 2, " \t");
        if (strncmp(at, directive, sizeof directive - 1) == 0 ||
            sqlite3_strnicmp(begin, word, sizeof word - 1) != 0)
            continue;
        const char *name = begin + sizeof word - 1;
        name += strspn(name, " \t:");
        size_t size = strcspn(name, " \t\r\n");
        if (strncmp(name + size, " is ", 4) == 0 &&
            parameters_rule_of(query, (struct span){name, size}) != NULL)
            return at;
    }
    return NULL;
}

// Every line of ours is understood and names a parameter: a slip of the pen would else say nothing.
static int parameters_read_rules(struct query *query, struct error *error) {
    static const char is[] = " is ";
    const char *slip = parameters_find_slip(query);
    if (slip != NULL)
        return parameters_fault(query, slip, "such a line begins with `-- tidemark: `", error);
    for (const char *at = query->sql; (at = strstr(at, directive)) != NULL; at++) {
        struct span line = {at + sizeof directive - 1, strcspn(at + sizeof directive - 1, "\r\n")};
        size_t name_size = 0;
        while (name_size < line.size && strncmp(line.data + name_size, is, sizeof is - 1) != 0)
            name_size++;
        if (name_size == line.size)
            return parameters_fault(query, at, "such a line is `-- tidemark: NAME is TYPE`", error);
        struct span name = {line.data, name_size};
        struct parameter_rule *rule = parameters_rule_of(query, name);
        size_t begin = name_size + sizeof is - 1;
        if (rule == NULL)
            return error_set(error, ERROR_INPUT, "%s:%d: the query has no parameter :%.*s", query->file,
                             stmt_line(query->sql, (size_t)(at - query->sql)), (int)name.size, name.data);
        if (!parameters_parse_rule((struct span){line.data + begin, line.size - begin}, rule))
            return parameters_fault(query, at,
                                    "a parameter is text, integer, number, decimal(P,S), boolean, date, "
                                    "timestamp, timestamptz or uuid (or as source.sql says: numeric(P,S), "
                                    "bigint, varchar), and may be required",
                                    error);
    }
    return 0;
}

// `name`: with its colon.
static int parameters_refuse_taken(const struct query *query, const char *name, struct error *error) {
    struct tokens tokens;
    char what[128];
    tokens_read(&tokens, query->sql);
    struct span token = tokens_at(&tokens, tokens_find(&tokens, name));
    (void)snprintf(what, sizeof what, "%s cannot be given, every query has a parameter of that name", name);
    return parameters_fault(query, token.size > 0 ? token.data : query->sql, what, error);
}

static int parameters_add(struct query *query, const char *name, struct error *error) {
    static const char *const taken[] = {
        ":after_lsn",     ":after_txid", ":after_offset", ":wait_ms", ":max_lag_seconds", ":bigint",
        ":last_event_id", // of the route that follows the query
    };
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(taken[i], name) == 0)
            return parameters_refuse_taken(query, name, error);
    if (query->parameter_count == READ_PARAMETERS_MAX)
        return error_set(error, ERROR_INPUT, "%s:1: more than %d parameters", query->file,
                         READ_PARAMETERS_MAX);
    size_t count = (size_t)query->parameter_count + 1;
    char **names = realloc(query->parameters, count * sizeof *names);
    if (names != NULL)
        query->parameters = names;
    struct parameter_rule *rules = realloc(query->rules, count * sizeof *rules);
    if (rules != NULL)
        query->rules = rules;
    char *copy = strdup(name + 1);
    if (names == NULL || rules == NULL || copy == NULL) {
        free(copy);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    query->rules[query->parameter_count] = (struct parameter_rule){.type = PARAMETER_ANY};
    query->parameters[query->parameter_count++] = copy;
    return 0;
}

int check_parameters(struct query *query, sqlite3_stmt *stmt, struct error *error) {
    for (int i = 1; i <= sqlite3_bind_parameter_count(stmt); i++) {
        const char *name = sqlite3_bind_parameter_name(stmt, i);
        if (name == NULL || name[0] != ':')
            return error_set(error, ERROR_INPUT, "%s:1: parameters are written :name", query->file);
        if (strcmp(name, ":limit") == 0)
            query->names_limit = true;
        else if (strcmp(name, ":after") == 0)
            query->names_after = true;
        else if (parameters_add(query, name, error) != 0)
            return -1;
    }
    return parameters_read_rules(query, error);
}
