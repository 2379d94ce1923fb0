#include "views/engine/check/lint_literals.h"

#include "views/base/iso8601.h"
#include "views/engine/check/lint_names.h"

#include <ctype.h>
#include <string.h>

struct lint_literals {
    struct catalog *catalog;
    const char *file;
    struct tokens tokens;
};

// --- how values are stored

static bool lint_literals_is_number(struct span literal) {
    return literal.size > 0 && literal.data[0] >= '0' && literal.data[0] <= '9';
}

static bool lint_literals_is_infinity(struct span text) {
    return span_is(text, "infinity") || span_is(text, "-infinity");
}

static size_t lint_literals_digits(struct span text, size_t from) {
    size_t end = from;
    while (end < text.size && isdigit((unsigned char)text.data[end]))
        end++;
    return end - from;
}

// A time as it would be in the years 0 to 9999 and of whole microseconds: of a year beyond these with a sign, and of a fraction
// with nanoseconds, only the usual number of digits. What is stored otherwise stays as it is.
static struct span lint_literals_usual(struct span text, char ret[ISO8601_TEXT_SIZE]) {
    enum { YEAR_DIGITS = 4, FRACTION_DIGITS = 6, FRACTION_DIGITS_MOST = 9 };
    const bool has_plus = text.size > 0 && text.data[0] == '+';
    const bool has_sign = has_plus || (text.size > 0 && text.data[0] == '-');
    const size_t year = has_sign ? lint_literals_digits(text, 1) : YEAR_DIGITS;
    const size_t least = YEAR_DIGITS + (size_t)has_plus;
    if (text.size < year || text.size >= ISO8601_TEXT_SIZE || year < least ||
        (year > YEAR_DIGITS && text.data[1] == '0'))
        return text;
    const size_t cut = has_sign + year - YEAR_DIGITS;
    struct span rest = {ret, text.size - cut};
    memcpy(ret, text.data + cut, rest.size);
    const char *point = memchr(ret, '.', rest.size);
    const size_t from = point != NULL ? (size_t)(point - ret) + 1 : rest.size;
    const size_t fraction = lint_literals_digits(rest, from);
    if (fraction > FRACTION_DIGITS && fraction <= FRACTION_DIGITS_MOST && ret[from + fraction - 1] != '0') {
        const size_t end = from + fraction;
        memmove(ret + from + FRACTION_DIGITS, ret + end, rest.size - end);
        rest.size -= fraction - FRACTION_DIGITS;
    }
    return rest;
}

// Whether the text, whole or as the beginning of one, has the form: a digit stands for any.
static bool lint_literals_has_form(struct span literal, const char *form, enum literal_use use) {
    char room[ISO8601_TEXT_SIZE];
    const size_t size = strlen(form);
    if (lint_literals_is_infinity(literal) || literal.size == 0)
        return true;
    const struct span text = lint_literals_usual(literal, room);
    if (text.size > size || (text.size < size && use != LITERAL_ORDER))
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (form[i] == '0' ? !isdigit((unsigned char)text.data[i]) : text.data[i] != form[i])
            return false;
    return true;
}

// The form of the column's times; NULL = it has none.
static const char *lint_literals_form(const struct column *column) {
    switch (column->type) {
    case COLUMN_DATE:
        return "0000-00-00";
    case COLUMN_TIMESTAMP:
        return "0000-00-00T00:00:00.000000";
    case COLUMN_TIMESTAMPTZ:
        return "0000-00-00T00:00:00.000000Z";
    default:
        return NULL;
    }
}

static const char *lint_literals_stored_time(const struct column *column, struct span literal,
                                             enum literal_use use) {
    static const char *const forms[] = {[COLUMN_DATE] = "YYYY-MM-DD",
                                        [COLUMN_TIMESTAMP] = "YYYY-MM-DDTHH:MM:SS.ffffff",
                                        [COLUMN_TIMESTAMPTZ] = "YYYY-MM-DDTHH:MM:SS.ffffffZ"};
    struct span text = {literal.data + 1, literal.size - 2};
    bool right = literal.data[0] == '\'' && lint_literals_has_form(text, lint_literals_form(column), use);
    return right ? NULL : forms[column->type];
}

static bool lint_literals_is_label(const struct column *column, struct span literal) {
    struct span text = {literal.data + 1, literal.size - 2};
    bool found = column->label_count == 0 || text.size == 0;
    for (int i = 0; i < column->label_count && !found; i++)
        found = span_is(text, column->labels[i]);
    return found;
}

static bool lint_literals_has_capitals(struct span literal) {
    for (size_t i = 0; i < literal.size; i++)
        if (literal.data[i] >= 'A' && literal.data[i] <= 'F')
            return true;
    return false;
}

const char *lint_literals_stored(const struct column *column, struct span literal, enum literal_use use) {
    bool text = literal.size >= 2 && literal.data[0] == '\'';
    bool number = lint_literals_is_number(literal);
    bool raw = use == LITERAL_RAW;
    if (!text && !number)
        return NULL;
    switch (column->type) {
    case COLUMN_BOOLEAN:
        return text ? "0 or 1" : NULL;
    case COLUMN_INTEGER:
        return text && raw ? "a number" : NULL;
    case COLUMN_DECIMAL:
        return text || (number && memchr(literal.data, '.', literal.size) != NULL)
                   ? "a count of its last digit (4200 for 42.00)"
                   : NULL;
    case COLUMN_DATE:
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
        return lint_literals_stored_time(column, literal, use);
    case COLUMN_NUMERIC:
        return number && raw ? "a text" : NULL;
    case COLUMN_TEXT:
        if (number)
            return raw ? "a text" : NULL;
        if (column->variant == COLUMN_UUID && lint_literals_has_capitals(literal))
            return "small letters";
        return column->variant == COLUMN_ENUM && use != LITERAL_ORDER &&
                       !lint_literals_is_label(column, literal)
                   ? "one of its type's labels, of which that is none"
                   : NULL;
    default:
        return NULL;
    }
}

// --- comparisons

// SQLite's own functions for times, which write a blank where a TIMESTAMP has its T.
static bool lint_literals_is_blank_time(const struct lint_literals *lint, const struct column *column,
                                        int at) {
    bool call = tokens_is(&lint->tokens, at, "datetime") && tokens_is(&lint->tokens, at + 1, "(");
    return (column->type == COLUMN_TIMESTAMP || column->type == COLUMN_TIMESTAMPTZ) &&
           (call || tokens_is(&lint->tokens, at, "current_timestamp"));
}

// Whether the token makes another value of the literal or column beside it, or compares it otherwise.
static bool lint_literals_goes_on(const struct tokens *tokens, int number) {
    static const char *const operators[] = {"+", "-", "*", "/", "%", "|", "&", "collate", NULL};
    return lint_names_is_any(tokens, number, operators);
}

static void lint_literals_beside(struct lint_literals *lint, const struct column *column, int at,
                                 enum literal_use use) {
    struct span literal = tokens_at(&lint->tokens, at);
    // A text with a doubled quote is another one as it is compared.
    struct span text = tokens_unquoted(literal);
    if (memchr(text.data, '\'', text.size) != NULL || lint_literals_goes_on(&lint->tokens, at - 1) ||
        lint_literals_goes_on(&lint->tokens, at + 1))
        return;
    const char *stored = lint_literals_stored(column, literal, use);
    if (stored != NULL)
        catalog_warn_at(lint->catalog, lint->file, lint->tokens.sql, literal.data,
                        "%s is stored as %s, and compared with %.*s as it is written", column->name, stored,
                        (int)literal.size, literal.data);
    else if (lint_literals_is_blank_time(lint, column, at))
        catalog_warn_at(
            lint->catalog, lint->file, lint->tokens.sql, literal.data,
            "%s is stored as YYYY-MM-DDTHH:MM:SS.., and %.*s has a blank for the T, so that a whole day "
            "is after it: write strftime('%%Y-%%m-%%dT%%H:%%M:%%S', ..)",
            column->name, (int)literal.size, literal.data);
}

static bool lint_literals_is_equality(const struct tokens *tokens, int at) {
    static const char *const words[] = {"=", "==", "<>", "!=", "is", NULL};
    return lint_names_is_any(tokens, at, words);
}

static bool lint_literals_is_order(const struct tokens *tokens, int at) {
    static const char *const words[] = {"<", ">", "<=", ">=", NULL};
    return lint_names_is_any(tokens, at, words);
}

// What stands behind the column at `at`.
static void lint_literals_behind(struct lint_literals *lint, const struct column *column, int at) {
    const struct tokens *tokens = &lint->tokens;
    int verb = at + 1 + tokens_is(tokens, at + 1, "not");
    if (lint_literals_is_equality(tokens, verb) && !lint_names_assigns(tokens, verb)) {
        lint_literals_beside(lint, column, verb + 1 + tokens_is(tokens, verb + 1, "not"), LITERAL_EQUAL);
    } else if (lint_literals_is_order(tokens, verb)) {
        lint_literals_beside(lint, column, verb + 1, LITERAL_ORDER);
    } else if (tokens_is(tokens, verb, "between") && tokens_is(tokens, verb + 2, "and")) {
        lint_literals_beside(lint, column, verb + 1, LITERAL_ORDER);
        lint_literals_beside(lint, column, verb + 3, LITERAL_ORDER);
    } else if (tokens_is(tokens, verb, "in") && tokens_is(tokens, verb + 1, "(")) {
        for (int i = verb + 2; i < tokens_behind(tokens, verb + 1) - 1; i++)
            if (tokens_is(tokens, i + 1, ",") || tokens_is(tokens, i + 1, ")"))
                lint_literals_beside(lint, column, i, LITERAL_EQUAL);
    }
}

// The column at `at` is one side of a comparison by itself.
static void lint_literals_around(struct lint_literals *lint, const struct column *column, int at) {
    const struct tokens *tokens = &lint->tokens;
    if (!lint_literals_goes_on(tokens, at - 1))
        lint_literals_behind(lint, column, at);
    if (lint_literals_goes_on(tokens, at + 1))
        return;
    if (lint_literals_is_equality(tokens, at - 1) && !lint_names_assigns(tokens, at - 1))
        lint_literals_beside(lint, column, at - 2, LITERAL_EQUAL);
    else if (lint_literals_is_order(tokens, at - 1))
        lint_literals_beside(lint, column, at - 2, LITERAL_ORDER);
}

// Whether a statement of schema.sql begins at `at` that reads nothing: of a table or an index, whose conditions are on columns of
// their own, whatever these are called elsewhere.
static bool lint_literals_reads_nothing(const struct tokens *tokens, int at) {
    static const char *const kinds[] = {"table", "index", "unique", "virtual", NULL};
    return tokens_is(tokens, at, "create") && lint_names_is_any(tokens, at + 1, kinds);
}

// The mirrored table that the index is on which `create` at `at` makes; NULL = it makes none, or it is on another table.
static const struct table *lint_literals_indexed(const struct lint_literals *lint, int at) {
    const int index = at + 1 + tokens_is(&lint->tokens, at + 1, "unique");
    if (!tokens_is(&lint->tokens, index, "index"))
        return NULL;
    const int on = tokens_next(&lint->tokens, index, "on");
    for (int i = 0; i < lint->catalog->table_count; i++)
        if (lint_names_same(tokens_name(&lint->tokens, on + 1), span_of(lint->catalog->tables[i].name)))
            return &lint->catalog->tables[i];
    return NULL;
}

// A partial index says by its `where` which rows it has: of a wrong literal none, and no query uses it.
static void lint_literals_of_index(struct lint_literals *lint, int at, int end) {
    const struct table *table = lint_literals_indexed(lint, at);
    for (at = tokens_next(&lint->tokens, at, "where"); table != NULL && at < end; at++) {
        const struct span name = tokens_name(&lint->tokens, at);
        for (int i = 0; i < table->column_count; i++)
            if (lint_names_same(name, span_of(table->columns[i].name)))
                lint_literals_around(lint, &table->columns[i], at);
    }
}

void lint_literals(struct catalog *catalog, const char *file, const char *sql, const struct guard *guard) {
    struct lint_literals lint = {.catalog = catalog, .file = file};
    tokens_read(&lint.tokens, sql);
    if (lint_names_are_listed(&lint.tokens))
        return;
    for (int i = 0; i < lint.tokens.count; i++) {
        if (lint_literals_reads_nothing(&lint.tokens, i)) {
            const int end = tokens_next(&lint.tokens, i, ";");
            lint_literals_of_index(&lint, i, end);
            i = end;
        }
        const struct column *column = lint_names_column(&lint.tokens, i, guard);
        if (column != NULL)
            lint_literals_around(&lint, column, i);
    }
}
