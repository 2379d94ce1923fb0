#include "views/engine/check/lint.h"

#include "views/engine/check/lint_names.h"
#include "views/engine/row/column_type.h"

#include <string.h>

enum { LINT_DIGITS_SIZE = 12 };

struct lint {
    struct catalog *catalog;
    const struct query *query;
    const struct guard *guard;
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
static bool lint_is_column(const struct lint *lint, int number, const struct column *column) {
    return lint_names_same(tokens_name(&lint->tokens, number), span_of(column->name));
}

static void lint_compared(struct lint *lint, const struct column *column, int with) {
    struct span token = tokens_at(&lint->tokens, with);
    if (token.size > 1 && token.data[0] == ':') {
        struct span name = {token.data + 1, token.size - 1};
        for (int i = 0; i < lint->query->parameter_count; i++)
            if (span_is(name, lint->query->parameters[i]) && lint->query->rules[i].type != PARAMETER_DECIMAL)
                catalog_warn_at(lint->catalog, lint->query->file, lint->tokens.sql,
                                tokens_at(&lint->tokens, with).data,
                                "%s is a count of its last digit and :%.*s is compared with that count: "
                                "write `-- tidemark: %.*s is decimal(%d,%d)`",
                                column->name, (int)name.size, name.data, (int)name.size, name.data,
                                column->precision, column->scale);
    }
}

// The token of the sum that the one at `at` stands within, with more beside it; -1.
static int lint_sum_around(const struct lint *lint, int at) {
    static const char *const functions[] = {"sum", "total", "avg"};
    for (int open = at - 1; open > 0; open--) {
        if (!tokens_is(&lint->tokens, open, "(") || tokens_behind(&lint->tokens, open) <= at)
            continue;
        for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
            if (tokens_is(&lint->tokens, open - 1, functions[i]))
                return open + 2 == tokens_behind(&lint->tokens, open) - 1 ? -1 : open - 1;
        if (tokens_is(&lint->tokens, open - 1, "decimal") || tokens_is(&lint->tokens, open + 1, "select"))
            return -1;
    }
    return -1;
}

// `/ 100.0` of a count with two digits behind the point: the number itself, as a double.
static bool lint_is_of_units(const struct lint *lint, const struct column *column, int number) {
    const struct span divisor = tokens_at(&lint->tokens, number + 1);
    const size_t point = (size_t)column->scale + 1; // behind the 1 and its zeros
    if (!tokens_is(&lint->tokens, number, "/") || divisor.size <= point || divisor.data[0] != '1' ||
        divisor.data[point] != '.')
        return false;
    for (size_t i = 1; i < divisor.size; i++)
        if (i != point && divisor.data[i] != '0')
            return false;
    return true;
}

// A count stays one in an expression: 42.00 * 2 is 8400.
static void lint_expression(struct lint *lint, const struct column *column, int at) {
    int sum = lint_sum_around(lint, at);
    bool scaled = (tokens_is(&lint->tokens, at + 1, "/") || tokens_is(&lint->tokens, at + 1, "+") ||
                   tokens_is(&lint->tokens, at + 1, "-")) &&
                  tokens_at(&lint->tokens, at + 2).size > 0 &&
                  tokens_at(&lint->tokens, at + 2).data[0] >= '0' &&
                  tokens_at(&lint->tokens, at + 2).data[0] <= '9' && !lint_is_of_units(lint, column, at + 1);
    if (sum > 0 && !(tokens_is(&lint->tokens, sum - 1, "(") && tokens_is(&lint->tokens, sum - 2, "decimal")))
        catalog_warn_at(lint->catalog, lint->query->file, lint->query->sql, tokens_at(&lint->tokens, at).data,
                        "%s is a count of its last digit, and so is the sum: write decimal(sum(..), %d)",
                        column->name, column->scale);
    else if (scaled)
        catalog_warn_at(
            lint->catalog, lint->query->file, lint->query->sql, tokens_at(&lint->tokens, at).data,
            "%s is a count of its last digit (scale %d), so 42.00 is 4200, and division by a whole number "
            "drops the rest: compute with counts, and show them by decimal(.., %d)",
            column->name, column->scale, column->scale);
}

// Whether the token stands within the brackets of the function, however deep.
static bool lint_is_within(const struct lint *lint, int at, const char *function) {
    for (int open = at - 1; open > 0; open--)
        if (tokens_is(&lint->tokens, open, "(") && tokens_is(&lint->tokens, open - 1, function) &&
            tokens_behind(&lint->tokens, open) > at)
            return true;
    return false;
}

// Counts, or of floating point, which decimal() refuses: what makes a count of it.
struct lint_function {
    const char *name;
    const char *before;
    const char *behind;
    bool real;
};

static void lint_aggregate(struct lint *lint, const struct column *column, int at) {
    static const struct lint_function functions[] = {
        {"sum", "sum(", ")", false},
        {"min", "min(", ")", false},
        {"max", "max(", ")", false},
        {"total", "sum(", ")", true},
        {"avg", "cast(round(avg(", ")) as integer)", true},
    };
    if (!tokens_is(&lint->tokens, at - 1, "(") || !tokens_is(&lint->tokens, at + 1, ")") ||
        lint_is_of_units(lint, column, at + 2))
        return;
    bool counted = lint_is_within(lint, at, "decimal");
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        const struct lint_function *function = &functions[i];
        if (!tokens_is(&lint->tokens, at - 2, function->name) ||
            (counted && (!function->real || lint_is_within(lint, at, "cast"))))
            continue;
        catalog_warn_at(lint->catalog, lint->query->file, lint->tokens.sql, tokens_at(&lint->tokens, at).data,
                        "%s(%s) is %s: write decimal(%s%s%s, %d)", function->name, column->name,
                        counted ? "of floating point, which decimal() refuses"
                                : "shown as a count of its last digit",
                        function->before, column->name, function->behind, column->scale);
    }
}

// Whether the call of the function at `at` is by itself a column of the answer.
static bool lint_is_shown(const struct lint *lint, int at) {
    int depth = 0;
    if (!tokens_is(&lint->tokens, at - 1, "select") && !tokens_is(&lint->tokens, at - 1, ","))
        return false;
    bool item = false;
    for (int i = at - 1; i >= 0; i--) {
        depth += tokens_is(&lint->tokens, i, ")") - tokens_is(&lint->tokens, i, "(");
        if (depth < 0) // of a part of the query, which another may make something of
            return false;
        item |= depth == 0 && tokens_is(&lint->tokens, i, "select");
        if (depth == 0 && !item && (tokens_is(&lint->tokens, i, "from") || tokens_is(&lint->tokens, i, "by")))
            return false;
    }
    return item;
}

// Whether the token is by itself an argument of the call whose bracket that is.
static bool lint_is_argument(const struct lint *lint, int at, int bracket) {
    static const char *const before[] = {"(", ",", "distinct", NULL};
    static const char *const behind[] = {")", ",", "order", NULL};
    return bracket > 0 && lint_names_is_any(&lint->tokens, at - 1, before) &&
           lint_names_is_any(&lint->tokens, at + 1, behind);
}

// Whether what ends before the token is a part of a longer expression.
static bool lint_goes_on(const struct lint *lint, int number) {
    static const char *const operators[] = {"+",  "-",       "*",       "/",      "%",       "|",  "&",
                                            "<",  ">",       "=",       "==",     "<=",      ">=", "<>",
                                            "!=", "between", "and",     "like",   "glob",    "is", "not",
                                            "in", "or",      "collate", "isnull", "notnull", NULL};
    return lint_names_is_any(&lint->tokens, number, operators);
}

// The token behind the call of that bracket, with its `over w` or `over (..)`.
static int lint_behind_call(const struct lint *lint, int bracket) {
    const int behind = tokens_behind(&lint->tokens, bracket);
    if (!tokens_is(&lint->tokens, behind, "over"))
        return behind;
    return tokens_is(&lint->tokens, behind + 1, "(") ? tokens_behind(&lint->tokens, behind + 1) : behind + 2;
}

// Functions that give the count as it is, but not as the column's, so that it is shown as a whole number.
static void lint_passed_on(struct lint *lint, const struct column *column, int at) {
    static const char *const functions[] = {"coalesce", "ifnull",      "nullif",     "lag",
                                            "lead",     "first_value", "last_value", "nth_value",
                                            "abs",      "round",       "iif",        NULL};
    static const char *const any[] = {"coalesce", "ifnull", "iif", NULL}; // whose other arguments are so, too
    const int bracket = lint_names_bracket(&lint->tokens, at);
    const char *const *whose = bracket == at - 1 ? functions : any;
    if (!lint_is_argument(lint, at, bracket) || !lint_names_is_any(&lint->tokens, bracket - 1, whose) ||
        !lint_is_shown(lint, bracket - 1) || lint_goes_on(lint, lint_behind_call(lint, bracket)))
        return;
    const struct span function = tokens_at(&lint->tokens, bracket - 1);
    const char *const more = bracket == at - 1 ? "" : ".. ";
    catalog_warn_at(lint->catalog, lint->query->file, lint->tokens.sql, tokens_at(&lint->tokens, at).data,
                    "%.*s(%s%s ..) is shown as a count of its last digit: write decimal(%.*s(%s%s ..), %d)",
                    (int)function.size, function.data, more, column->name, (int)function.size, function.data,
                    more, column->name, column->scale);
}

// The token behind the `end` of the `case` that begins at `at`.
static int lint_behind_case(const struct lint *lint, int at) {
    int cases = 0;
    do {
        cases += tokens_is(&lint->tokens, at, "case") - tokens_is(&lint->tokens, at, "end");
        at++;
    } while (cases > 0 && at < lint->tokens.count);
    return at;
}

// `case .. then n .. end` as a column of the answer.
static void lint_chosen(struct lint *lint, const struct column *column, int at) {
    static const char *const before[] = {"then", "else", NULL}, *const behind[] = {"when", "else", "end",
                                                                                   NULL};
    int ends = 0, begin = at - 1;
    if (!lint_names_is_any(&lint->tokens, at - 1, before) ||
        !lint_names_is_any(&lint->tokens, at + 1, behind))
        return;
    for (; begin >= 0 && (ends > 0 || !tokens_is(&lint->tokens, begin, "case")); begin--)
        ends += tokens_is(&lint->tokens, begin, "end") - tokens_is(&lint->tokens, begin, "case");
    if (begin > 0 && lint_is_shown(lint, begin) && !lint_goes_on(lint, lint_behind_case(lint, begin)))
        catalog_warn_at(
            lint->catalog, lint->query->file, lint->tokens.sql, tokens_at(&lint->tokens, at).data,
            "%s is shown as a count of its last digit there: write decimal(case .. %s .. end, %d)",
            column->name, column->name, column->scale);
}

// What writes a number into a text, or into JSON.
static void lint_written(struct lint *lint, const struct column *column, int at) {
    static const char *const functions[] = {
        "json_object", "json_array",   "json_group_array", "json_group_object", "json_set",
        "json_insert", "json_replace", "json_quote",       "group_concat",      "string_agg",
        "printf",      "format",       "concat",           "concat_ws",         "quote",
        NULL};
    const struct tokens *tokens = &lint->tokens;
    const int bracket = lint_names_bracket(&lint->tokens, at);
    const bool joined = (tokens_is(tokens, at + 1, "|") && tokens_is(tokens, at + 2, "|")) ||
                        (tokens_is(tokens, at - 1, "|") && tokens_is(tokens, at - 2, "|"));
    const bool cast = bracket == at - 1 && tokens_is(tokens, at - 2, "cast") &&
                      tokens_is(tokens, at + 1, "as") && tokens_is(tokens, at + 2, "text");
    const bool argument =
        lint_is_argument(lint, at, bracket) && lint_names_is_any(tokens, bracket - 1, functions);
    if (joined || cast || argument)
        catalog_warn_at(
            lint->catalog, lint->query->file, tokens->sql, tokens_at(tokens, at).data,
            "%s is written there as a count of its last digit (4200 for 42.00): write decimal(%s, %d)",
            column->name, column->name, column->scale);
}

// The DECIMAL column that the token names, NULL = none.
static const struct column *lint_decimal(const struct lint *lint, int number) {
    for (int i = 0; i < lint->guard->decimal_count; i++)
        if (lint_is_column(lint, number, lint->guard->decimals[i]))
            return lint_names_is_hidden(&lint->tokens, number) ? NULL : lint->guard->decimals[i];
    return NULL;
}

// `price * quantity` by itself, as a column of the answer or within decimal(): digits behind the point add up.
static void lint_product(struct lint *lint, const struct column *column, int at) {
    const struct tokens *tokens = &lint->tokens;
    bool first = tokens_is(tokens, at + 1, "*");
    int begin = first ? at : at - 2;
    const struct column *other = lint_decimal(lint, first ? at + 2 : begin);
    if ((!first && !tokens_is(tokens, at - 1, "*")) || (!first && other != NULL))
        return;
    bool counted = tokens_is(tokens, begin - 1, "(") && tokens_is(tokens, begin - 2, "decimal");
    bool ends = tokens_is(tokens, begin + 3, ",") || tokens_is(tokens, begin + 3, "as") ||
                tokens_is(tokens, begin + 3, "from");
    int scale = column->scale + (other != NULL ? other->scale : 0);
    char digits[LINT_DIGITS_SIZE];
    (void)sqlite3_snprintf(sizeof digits, digits, "%d", scale);
    if (!ends || (counted ? tokens_is(tokens, begin + 4, digits) : !lint_is_shown(lint, begin)))
        return;
    struct span factor = tokens_at(tokens, first ? at + 2 : begin);
    bool real = factor.size > 0 && factor.data[0] >= '0' && factor.data[0] <= '9' &&
                memchr(factor.data, '.', factor.size) != NULL;
    catalog_warn_at(lint->catalog, lint->query->file, tokens->sql, tokens_at(tokens, begin).data,
                    "%.*s * %.*s is a count with %d digits behind the point: write decimal(%s, %d)",
                    (int)tokens_at(tokens, begin).size, tokens_at(tokens, begin).data,
                    (int)tokens_at(tokens, begin + 2).size, tokens_at(tokens, begin + 2).data, scale,
                    real ? "cast(round(..) as integer)" : "..", scale);
}

void lint_query(struct catalog *catalog, const struct query *query, const struct guard *guard) {
    struct lint lint = {.catalog = catalog, .query = query, .guard = guard};
    if (guard->decimal_count == 0)
        return;
    tokens_read(&lint.tokens, query->sql);
    for (int i = 0; i < lint.tokens.count; i++) {
        const struct column *column = lint_decimal(&lint, i);
        if (column == NULL)
            continue;
        if (lint_is_comparison(&lint, i + 1))
            lint_compared(&lint, column, i + 2);
        if (tokens_is(&lint.tokens, i + 1, "between") && tokens_is(&lint.tokens, i + 3, "and"))
            lint_compared(&lint, column, i + 4);
        if (lint_is_comparison(&lint, i - 1))
            lint_compared(&lint, column, i - 2);
        lint_aggregate(&lint, column, i);
        lint_passed_on(&lint, column, i);
        lint_chosen(&lint, column, i);
        lint_written(&lint, column, i);
        lint_expression(&lint, column, i);
        lint_product(&lint, column, i);
    }
}

// --- source.sql

static bool lint_is_one_of(const char *declared, size_t size, const char *const types[]) {
    for (; *types != NULL; types++)
        if (strlen(*types) == size && sqlite3_strnicmp(declared, *types, (int)size) == 0)
            return true;
    return false;
}

// The connector reads arrays by java.sql.Time (3.6.1; findings/debezium-postgres-arrays-of-times-lose-microseconds.sh).
static const char *lint_how_times_are_sent(const char *declared) {
    enum { MILLISECONDS = 3 };
    static const char *const times[] = {"time", "timetz", NULL};
    if (!lint_is_one_of(declared, strcspn(declared, " (["), times))
        return NULL;
    const char *digits = strchr(declared, '(');
    bool zoned =
        sqlite3_strnicmp(declared, "timetz", 6) == 0 || sqlite3_strlike("%with time zone%", declared, 0) == 0;
    if (zoned)
        return digits != NULL && digits[1] == '0'
                   ? NULL
                   : "of which Debezium sends whole seconds: what is finer is cut";
    return digits != NULL && digits[1] <= '0' + MILLISECONDS
               ? NULL
               : "of which Debezium sends whole milliseconds: what is finer is cut";
}

static const char lint_left_out[] =
    "which Debezium leaves out of events unless include.unknown.datatypes=true: it stays NULL and is told as missing";

// Arrays of this type. What cannot be converted is logged by the connector, and sent as NULL: arrays that have the schema of a
// single value (findings/debezium-postgres-arrays-with-a-null-are-null.sh). Of a NULL among elements that the schema requires is told
// when one came (column->hides_nulls).
static const char *lint_how_arrays_are_sent(const struct column *column) {
    // pgjdbc's own, for which the connector has no array: these do not come with the setting either.
    static const char *const none[] = {"interval", "varbit", "bit varying", "money",
                                       "xml",      "point",  "name",        NULL};
    static const char *const bits[] = {"bit", NULL};
    const char *declared = column->declared;
    size_t size = strcspn(declared, "([");
    if (lint_is_one_of(declared, size, none))
        return "which Debezium leaves out of events: it stays NULL and is told as missing";
    if (lint_is_one_of(declared, size, bits))
        return "of which Debezium sends NULL, whatever it holds";
    if (column_type_is_unsent((struct span){declared, size}))
        return lint_left_out;
    return lint_how_times_are_sent(declared);
}

// How the PostgreSQL connector (2.7.4 to 3.6.1) sends a column of this type, in words; NULL: as it is.
static const char *lint_how_sent(const struct column *column) {
    const char *declared = column->declared;
    size_t size = strlen(declared);
    if (column->type == COLUMN_ARRAY && size > 2 && strcmp(declared + size - 2, "[]") == 0)
        return lint_how_arrays_are_sent(column);
    if (column->variant == COLUMN_NAME)
        return "which Debezium sends by snapshot alone, and streams as NULL, or empty where it is not null, unless "
               "include.unknown.datatypes=true: an update keeps what is there, a new row has none, and in a key it is "
               "quarantined";
    return column->type == COLUMN_OTHER && column_type_is_unsent(span_of(declared)) ? lint_left_out : NULL;
}

// Values that PostgreSQL tells apart and the connector sends as one, in keys too: two rows of the source are one here, and the delete
// of either takes it away (3.6.1; findings/debezium-postgres-two-rows-have-one-key.sh).
static const char *lint_how_keys_are_one(const struct column *column) {
    static const char *const zoned[] = {"timetz", NULL}, *const bits[] = {"varbit", "bit varying", NULL},
                             *const spans[] = {"interval", NULL};
    const char *declared = column->declared;
    size_t size = strcspn(declared, "([");
    while (size > 0 && declared[size - 1] == ' ')
        size--;
    if (column->type == COLUMN_TIME &&
        (lint_is_one_of(declared, size, zoned) || sqlite3_strlike("time%with time zone", declared, 0) == 0))
        return "10:00:00+02 as 08:00:00Z, which 08:00:00+00 is too";
    if (lint_is_one_of(declared, size, bits))
        return "bits without their leading zeros, 00101 as 101";
    // interval year to month, and the like
    return lint_is_one_of(declared, size < 8 ? size : 8, spans) && (size == 8 || declared[8] == ' ')
               ? "microseconds (interval.handling.mode=numeric), a month as 30.4375 days"
               : NULL;
}

// Whether it is the first column of its type.
static bool lint_is_first_of_type(const struct catalog *catalog, int table, int column) {
    const char *declared = catalog->tables[table].columns[column].declared;
    for (int t = 0; t <= table; t++)
        for (int c = 0; c < (t < table ? catalog->tables[t].column_count : column); c++)
            if (strcmp(catalog->tables[t].columns[c].declared, declared) == 0)
                return false;
    return true;
}

// A slip of the pen, another database's word, or a type of an extension's: what comes is kept as it comes.
static void lint_unknown_types(struct catalog *catalog) {
    for (int t = 0; t < catalog->table_count; t++)
        for (int c = 0; c < catalog->tables[t].column_count; c++) {
            const struct column *column = &catalog->tables[t].columns[c];
            const char *meant = column->unknown_meant;
            if (meant != NULL && lint_is_first_of_type(catalog, t, c))
                catalog_warn(
                    catalog,
                    "source.sql:%d: column %s is %s, which is no type of PostgreSQL's and is not made here: its "
                    "values are kept as they come, as text%s%s%s",
                    column->line, column->name, column->declared, meant[0] != '\0' ? "; " : "", meant,
                    meant[0] != '\0' ? " may be meant" : "");
        }
}

void lint_source(struct catalog *catalog) {
    lint_unknown_types(catalog);
    for (int i = 0; i < catalog->table_count; i++) {
        const struct table *table = &catalog->tables[i];
        if (table->identity_index)
            catalog_warn(
                catalog,
                "source.sql:%d: table %s has a replica identity of another index than its primary key: "
                "Debezium sends its deletes with the key 0, so that deleted rows stay here; alter table "
                "%s replica identity default (or full)",
                table->line, table->name, table->name);
        if (table->key_deferrable)
            catalog_warn(
                catalog,
                "source.sql:%d: the primary key of %s is deferrable: of rows that take one another's keys in one "
                "statement (set id = id + 1) Debezium sends the deletes behind the creates, and they are gone "
                "here; a snapshot brings them back",
                table->key_line, table->name);
        if (table->unlogged)
            catalog_warn(
                catalog,
                "source.sql:%d: table %s is unlogged: PostgreSQL writes none of its changes into its log, so "
                "that no event says them, and rows stay here as a snapshot left them; alter table %s set "
                "logged, and then a snapshot",
                table->line, table->name, table->name);
        for (int c = 0; c < table->column_count; c++) {
            const struct column *column = &table->columns[c];
            const char *how = lint_how_sent(column);
            if (how != NULL)
                catalog_warn(catalog, "source.sql:%d: column %s is %s, %s", column->line, column->name,
                             column->declared, how);
            how = column->key > 0 ? lint_how_keys_are_one(column) : NULL;
            if (how != NULL)
                catalog_warn(
                    catalog,
                    "source.sql:%d: %s of the key of %s is %s, of which Debezium sends %s: rows that differ in nothing "
                    "else come under one key, and are one here",
                    column->line, column->name, table->name, column->declared, how);
        }
    }
}
