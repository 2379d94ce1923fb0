#include "views/engine/check/lint.h"

#include "views/engine/check/tokens.h"

#include <string.h>

struct lint {
    struct catalog *catalog;
    const struct query *query;
    struct tokens tokens;
};

static bool lint_is_comparison(const struct lint *lint, int number) {
    static const char *const words[] = {"<", ">", "=", "==", "<=", ">=", "<>", "!=", "between"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (tokens_is(&lint->tokens, number, words[i]))
            return true;
    return false;
}

// Whether the token names the column, alone or behind a table's name.
static bool lint_names_column(const struct lint *lint, int number, const struct column *column) {
    struct span token = tokens_at(&lint->tokens, number);
    size_t size = strlen(column->name);
    if (token.size == size + 2 && token.data[0] == '"')
        return sqlite3_strnicmp(token.data + 1, column->name, (int)size) == 0;
    if (token.size < size || (token.size > size && token.data[token.size - size - 1] != '.'))
        return false;
    return sqlite3_strnicmp(token.data + token.size - size, column->name, (int)size) == 0;
}

static void lint_compared(struct lint *lint, const struct column *column, int with) {
    struct span token = tokens_at(&lint->tokens, with);
    if (token.size > 1 && token.data[0] == ':') {
        struct span name = {token.data + 1, token.size - 1};
        for (int i = 0; i < lint->query->parameter_count; i++)
            if (span_is(name, lint->query->parameters[i]) && lint->query->rules[i].type != PARAMETER_DECIMAL)
                catalog_warn(lint->catalog,
                             "%s:%d: %s is a count of its last digit and :%.*s is compared with that count: "
                             "write `-- tidemark: %.*s is decimal(%d,%d)`",
                             lint->query->file, tokens_line(&lint->tokens, with), column->name,
                             (int)name.size, name.data, (int)name.size, name.data, column->precision,
                             column->scale);
    } else if (token.size > 1 && token.data[0] >= '0' && token.data[0] <= '9' &&
               memchr(token.data, '.', token.size) != NULL) {
        catalog_warn(lint->catalog,
                     "%s:%d: %s is a count of its last digit (scale %d), so 42.00 is written 4200; %.*s is "
                     "compared with that count",
                     lint->query->file, tokens_line(&lint->tokens, with), column->name, column->scale,
                     (int)token.size, token.data);
    }
}

static void lint_aggregate(struct lint *lint, const struct column *column, int at) {
    static const char *const functions[] = {"sum", "total", "avg", "min", "max"};
    if (!tokens_is(&lint->tokens, at - 1, "(") || !tokens_is(&lint->tokens, at + 1, ")"))
        return;
    if (tokens_is(&lint->tokens, at - 3, "(") && tokens_is(&lint->tokens, at - 4, "decimal"))
        return;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (tokens_is(&lint->tokens, at - 2, functions[i]))
            catalog_warn(lint->catalog,
                         "%s:%d: %s(%s) is shown as a count of its last digit: write decimal(%s(%s), %d)",
                         lint->query->file, tokens_line(&lint->tokens, at), functions[i], column->name,
                         functions[i], column->name, column->scale);
}

void lint_query(struct catalog *catalog, const struct query *query, const struct guard *guard) {
    struct lint lint = {.catalog = catalog, .query = query};
    if (guard->decimal_count == 0)
        return;
    tokens_read(&lint.tokens, query->sql);
    for (int i = 0; i < lint.tokens.count; i++) {
        const struct column *column = NULL;
        for (int j = 0; j < guard->decimal_count && column == NULL; j++)
            if (lint_names_column(&lint, i, guard->decimals[j]))
                column = guard->decimals[j];
        if (column == NULL)
            continue;
        if (lint_is_comparison(&lint, i + 1))
            lint_compared(&lint, column, i + 2);
        if (tokens_is(&lint.tokens, i + 1, "between") && tokens_is(&lint.tokens, i + 3, "and"))
            lint_compared(&lint, column, i + 4);
        if (lint_is_comparison(&lint, i - 1))
            lint_compared(&lint, column, i - 2);
        lint_aggregate(&lint, column, i);
    }
}

void lint_apply(struct catalog *catalog, const struct apply_statement *apply, const struct guard *guard) {
    if (guard->reads_delta && guard->adds_up && !guard->reads_weight && !guard->reads_mirror)
        catalog_warn(
            catalog,
            "%s:1: it counts or adds up rows of a _delta_ table without _weight: a row that goes has "
            "weight -1, so write sum(_weight) for count(*) and sum(_weight * x) for sum(x)",
            apply->file);
}

// --- source.sql

// Types that the PostgreSQL connector leaves out of events by default.
static bool lint_is_left_out(const struct column *column) {
    static const char *const types[] = {"box",
                                        "path",
                                        "line",
                                        "lseg",
                                        "polygon",
                                        "circle",
                                        "pg_lsn",
                                        "tid",
                                        "xid8",
                                        "regclass",
                                        "regtype",
                                        "regproc",
                                        "tsquery",
                                        "jsonpath",
                                        "datemultirange",
                                        "int4multirange",
                                        "int8multirange",
                                        "nummultirange",
                                        "tsmultirange",
                                        "tstzmultirange"};
    if (column->type != COLUMN_OTHER)
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (sqlite3_stricmp(column->declared, types[i]) == 0)
            return true;
    return false;
}

void lint_source(struct catalog *catalog) {
    for (int i = 0; i < catalog->table_count; i++) {
        const struct table *table = &catalog->tables[i];
        if (table->identity_index)
            catalog_warn(
                catalog,
                "source.sql:%d: table %s has a replica identity of another index than its primary key: "
                "Debezium sends its deletes with the key 0, so that deleted rows stay here; alter table "
                "%s replica identity default (or full)",
                table->line, table->name, table->name);
        for (int c = 0; c < table->column_count; c++)
            if (lint_is_left_out(&table->columns[c]))
                catalog_warn(catalog,
                             "source.sql:%d: column %s is %s, which Debezium leaves out of events unless "
                             "include.unknown.datatypes=true: it stays NULL and is told as missing",
                             table->columns[c].line, table->columns[c].name, table->columns[c].declared);
    }
}
