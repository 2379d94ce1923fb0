#include "views/engine/check/lint_numeric.h"

#include "views/engine/check/lint_names.h"

static const char *const sums[] = {"sum", "total", "avg", NULL};

static bool lint_numeric_is_column(const struct tokens *tokens, int number, enum column_type type,
                                   const struct guard *guard) {
    const struct column *column = lint_names_column(tokens, number, guard);
    return column != NULL && column->type == type;
}

// --- sums

// The column of `sum ( [distinct] COLUMN )`, `sum ( _weight * COLUMN )` and the other way round, -1 = it is another.
static int lint_numeric_argument(const struct tokens *tokens, int open, bool *ret_weighed) {
    int at = open + 1 + tokens_is(tokens, open + 1, "distinct");
    *ret_weighed = false;
    if (tokens_is(tokens, at + 1, ")"))
        return at;
    if (!tokens_is(tokens, at + 1, "*") || !tokens_is(tokens, at + 3, ")"))
        return -1;
    *ret_weighed = true;
    if (lint_names_same(tokens_name(tokens, at), SPAN("_weight")))
        return at + 2;
    return lint_names_same(tokens_name(tokens, at + 2), SPAN("_weight")) ? at : -1;
}

static int lint_numeric_refuse(const char *file, const struct tokens *tokens, int number, int column,
                               bool weighed, struct error *error) {
    struct span function = tokens_at(tokens, number);
    struct span name = tokens_at(tokens, column);
    bool average = tokens_is(tokens, number, "avg");
    (void)error_set(error, ERROR_INPUT,
                    "%s:%d: %.*s() would add %.*s up as doubles: it is a NUMERIC that is kept as text; write "
                    "decimal_sum(%.*s%s)%s",
                    file, tokens_line(tokens, number), (int)function.size, function.data, (int)name.size,
                    name.data, (int)name.size, name.data, weighed ? ", _weight" : "",
                    average ? ", and show the count beside it" : "");
    return guard_show(tokens->sql, (size_t)(function.data - tokens->sql), error);
}

// The next call of one of `functions` on a column of `type` from token `at` on: where it begins, -1 = none. *ret_column: its
// column.
static int lint_numeric_next(const struct tokens *tokens, int at, const char *const *functions,
                             enum column_type type, const struct guard *guard, int *ret_column,
                             bool *ret_weighed) {
    for (int i = at; i < tokens->count; i++) {
        if (!lint_names_is_any(tokens, i, functions) || !tokens_is(tokens, i + 1, "("))
            continue;
        *ret_column = lint_numeric_argument(tokens, i + 1, ret_weighed);
        if (*ret_column >= 0 && lint_numeric_is_column(tokens, *ret_column, type, guard))
            return i;
    }
    return -1;
}

static int lint_numeric_refuse_extreme(const char *file, const struct tokens *tokens, int number, int column,
                                       struct error *error) {
    struct span function = tokens_at(tokens, number);
    struct span name = tokens_at(tokens, column);
    (void)error_set(
        error, ERROR_INPUT,
        "%s:%d: %.*s() would compare %.*s as texts, where '9' is above '10': it is a NUMERIC that is "
        "kept as text; write %.*s(%.*s collate numeric)",
        file, tokens_line(tokens, number), (int)function.size, function.data, (int)name.size, name.data,
        (int)function.size, function.data, (int)name.size, name.data);
    return guard_show(tokens->sql, (size_t)(function.data - tokens->sql), error);
}

int lint_numeric_aggregates(const char *file, const char *sql, const struct guard *guard,
                            struct error *error) {
    static const char *const extremes[] = {"min", "max", NULL};
    struct tokens tokens;
    tokens_read(&tokens, sql);
    if (lint_names_are_listed(&tokens))
        return 0;
    int column;
    bool weighed;
    int call = lint_numeric_next(&tokens, 0, sums, COLUMN_NUMERIC, guard, &column, &weighed);
    if (call >= 0)
        return lint_numeric_refuse(file, &tokens, call, column, weighed, error);
    call = lint_numeric_next(&tokens, 0, extremes, COLUMN_NUMERIC, guard, &column, &weighed);
    return call >= 0 && !weighed ? lint_numeric_refuse_extreme(file, &tokens, call, column, error) : 0;
}

void lint_numeric_expressions(struct catalog *catalog, const char *file, const char *sql,
                              const struct guard *guard) {
    struct tokens tokens;
    tokens_read(&tokens, sql);
    for (int i = 0; i < tokens.count; i++) {
        if (!lint_names_is_any(&tokens, i, sums) || !tokens_is(&tokens, i + 1, "("))
            continue;
        int end = tokens_behind(&tokens, i + 1) - 1;
        for (int at = i + 2; at < end; at++) {
            struct span name = tokens_name(&tokens, at);
            if (tokens_begins(tokens_at(&tokens, at), "decimal_"))
                break;
            if (name.size == 0 || !columns_read_is(&guard->reads, name, COLUMN_NUMERIC))
                continue;
            catalog_warn_at(
                catalog, file, sql, tokens_at(&tokens, at).data,
                "%.*s is a NUMERIC that is kept as text, and %.*s() of an expression of it adds doubles: write "
                "decimal_sum(%.*s), or decimal_sum(%.*s, 2) for twice as much",
                (int)name.size, name.data, (int)tokens_at(&tokens, i).size, tokens_at(&tokens, i).data,
                (int)name.size, name.data, (int)name.size, name.data);
            break;
        }
    }
}

int lint_numeric_update(const struct apply_statement *apply, const struct guard *guard, struct error *error) {
    struct tokens tokens;
    tokens_read(&tokens, apply->sql);
    int depth = 0;
    bool is_update = false;
    for (int i = 0; i < tokens.count; i++) {
        depth += tokens_is(&tokens, i, "(");
        depth -= tokens_is(&tokens, i, ")");
        is_update |= depth == 0 && tokens_is(&tokens, i, "update") && !tokens_is(&tokens, i - 1, "do");
        if (is_update && depth == 0 && tokens_begins(tokens_name(&tokens, i), "_sums_") &&
            columns_read_has(&guard->reads, "_sums_", COLUMN_REAL))
            return error_set(
                error, ERROR_INPUT,
                "%s:%d: update ... from takes one row for each that it updates, and a group of a _sums_ "
                "table has two where a REAL needs them: write insert ... on conflict do update",
                apply->file, tokens_line(&tokens, i));
    }
    return 0;
}

// --- totals

// Whether the token is `excluded.x` of an addition.
static bool lint_numeric_is_added(const struct tokens *tokens, int number) {
    return tokens_begins(tokens_at(tokens, number), "excluded.") &&
           (tokens_is(tokens, number - 1, "+") || tokens_is(tokens, number + 1, "+"));
}

// SQLite's affinities that leave a text a text: https://sqlite.org/datatype3.html, 3.1.
static bool lint_numeric_keeps_text(sqlite3 *db, const char *table, struct span column) {
    static const char *const texts[] = {"char", "clob", "text", "blob"};
    CLEANUP(stmt_free_text) char *name = sqlite3_mprintf("%.*s", (int)column.size, column.data);
    const char *type = NULL;
    if (name == NULL ||
        sqlite3_table_column_metadata(db, NULL, table, name, &type, NULL, NULL, NULL, NULL) != SQLITE_OK ||
        type == NULL || type[0] == '\0')
        return true;
    bool integer = sqlite3_strlike("%int%", type, 0) == 0;
    for (size_t i = 0; !integer && i < sizeof texts / sizeof *texts; i++) {
        CLEANUP(stmt_free_text) char *pattern = sqlite3_mprintf("%%%s%%", texts[i]);
        if (pattern == NULL || sqlite3_strlike(pattern, type, 0) == 0)
            return true;
    }
    return false;
}

// `+` from commit to commit rounds at each.
static void lint_numeric_reals(struct catalog *catalog, const struct apply_statement *apply,
                               const struct tokens *tokens, const struct guard *guard) {
    if (!guard->reads_delta || guard->reads_mirror || lint_names_are_listed(tokens))
        return;
    for (int call = 0; call < tokens->count; call++) {
        if (!lint_names_is_any(tokens, call, sums) || !tokens_is(tokens, call + 1, "("))
            continue;
        int column = call + 2, end = tokens_behind(tokens, call + 1);
        while (column < end && !lint_numeric_is_column(tokens, column, COLUMN_REAL, guard))
            column++;
        if (column < end)
            catalog_warn_at(
                catalog, apply->file, tokens->sql, tokens_at(tokens, call).data,
                "a total of %.*s that is kept so depends on where commits fall, as doubles round at each: "
                "take it from a _sums_ table, which leads to the exact sum",
                (int)tokens_at(tokens, column).size, tokens_at(tokens, column).data);
    }
}

void lint_numeric_totals(struct catalog *catalog, sqlite3 *db, const struct apply_statement *apply,
                         const struct guard *guard) {
    struct tokens tokens;
    tokens_read(&tokens, apply->sql);
    lint_numeric_reals(catalog, apply, &tokens, guard);
    for (int i = 0; i < tokens.count; i++) {
        struct span name = tokens_name(&tokens, i);
        int from = lint_numeric_is_added(&tokens, i)
                       ? lint_names_inserted(&tokens, name, lint_names_place(db, guard->written, name))
                       : -1;
        if (from >= 0 && lint_numeric_is_column(&tokens, from, COLUMN_NUMERIC, guard))
            catalog_warn_at(catalog, apply->file, tokens.sql, tokens_at(&tokens, i).data,
                            "+ adds %.*s as doubles: %.*s is a NUMERIC that is kept as text; write "
                            "decimal_add(%.*s, excluded.%.*s), into a column of type text",
                            (int)name.size, name.data, (int)tokens_at(&tokens, from).size,
                            tokens_at(&tokens, from).data, (int)name.size, name.data, (int)name.size,
                            name.data);
        if (name.size > 0 && tokens_is(&tokens, i + 1, "=") && tokens_is(&tokens, i + 3, "(") &&
            (tokens_is(&tokens, i + 2, "decimal_add") || tokens_is(&tokens, i + 2, "decimal_sub")) &&
            !lint_numeric_keeps_text(db, guard->written, name))
            catalog_warn_at(
                catalog, apply->file, tokens.sql, tokens_at(&tokens, i).data,
                "%s.%.*s does not keep the digits of a decimal: SQLite makes numbers of texts in a "
                "column of its type; declare it text",
                guard->written, (int)name.size, name.data);
    }
}
