#include "views/engine/row/column_type.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct known_type {
    const char *name;
    enum column_type type;
};

// Compared without case, on the words before any parenthesis.
static const struct known_type known_types[] = {
    {"smallint", COLUMN_INTEGER},
    {"int", COLUMN_INTEGER},
    {"integer", COLUMN_INTEGER},
    {"bigint", COLUMN_INTEGER},
    {"int2", COLUMN_INTEGER},
    {"int4", COLUMN_INTEGER},
    {"int8", COLUMN_INTEGER},
    {"smallserial", COLUMN_INTEGER},
    {"serial", COLUMN_INTEGER},
    {"bigserial", COLUMN_INTEGER},
    {"serial2", COLUMN_INTEGER},
    {"serial4", COLUMN_INTEGER},
    {"serial8", COLUMN_INTEGER},
    {"oid", COLUMN_INTEGER},
    {"text", COLUMN_TEXT},
    {"varchar", COLUMN_TEXT},
    {"character varying", COLUMN_TEXT},
    {"char", COLUMN_TEXT},
    {"character", COLUMN_TEXT},
    {"bpchar", COLUMN_TEXT},
    {"\"char\"", COLUMN_TEXT},
    {"name", COLUMN_TEXT},
    {"citext", COLUMN_TEXT},
    {"uuid", COLUMN_TEXT},
    {"bit", COLUMN_BIT},
    {"bit varying", COLUMN_BIT},
    {"varbit", COLUMN_BIT},
    {"money", COLUMN_NUMERIC},
    {"dec", COLUMN_DECIMAL},
    {"boolean", COLUMN_BOOLEAN},
    {"bool", COLUMN_BOOLEAN},
    {"decimal", COLUMN_DECIMAL},
    {"numeric", COLUMN_DECIMAL},
    {"real", COLUMN_REAL},
    {"float", COLUMN_REAL},
    {"float4", COLUMN_REAL},
    {"float8", COLUMN_REAL},
    {"double", COLUMN_REAL},
    {"double precision", COLUMN_REAL},
    {"json", COLUMN_JSON},
    {"jsonb", COLUMN_JSON},
    {"date", COLUMN_DATE},
    {"time", COLUMN_TIME},
    {"timetz", COLUMN_TIME},
    {"time with time zone", COLUMN_TIME},
    {"time without time zone", COLUMN_TIME},
    {"timestamp", COLUMN_TIMESTAMP},
    {"timestamp without time zone", COLUMN_TIMESTAMP},
    {"timestamptz", COLUMN_TIMESTAMPTZ},
    {"timestamp with time zone", COLUMN_TIMESTAMPTZ},
    {"bytea", COLUMN_BYTEA},
    {"blob", COLUMN_BYTEA},
    {"hstore", COLUMN_ARRAY},
    {"struct", COLUMN_ARRAY},
    {"array", COLUMN_ARRAY},
    {"point", COLUMN_ARRAY},
    {"geometry", COLUMN_ARRAY},
    {"geography", COLUMN_ARRAY},
    {"vector", COLUMN_ARRAY},
    {"halfvec", COLUMN_ARRAY},
    {"sparsevec", COLUMN_ARRAY},
};

// The words of a declared type without its arguments: "timestamp(3) with time zone" -> "timestamp with time
// zone".
static void column_type_type_words(const char *declared, char *words, size_t size) {
    size_t n = 0;
    int depth = 0;
    for (const char *c = declared; *c != '\0' && n + 1 < size; c++) {
        if (*c == '(')
            depth++;
        else if (*c == ')')
            depth--;
        else if (depth == 0 && !(isspace((unsigned char)*c) && (n == 0 || words[n - 1] == ' ')))
            words[n++] = (char)tolower((unsigned char)*c);
    }
    while (n > 0 && words[n - 1] == ' ')
        n--;
    words[n] = '\0';
}

static enum column_type column_type_known(const char *words) {
    for (size_t i = 0; i < sizeof known_types / sizeof *known_types; i++)
        if (strcmp(known_types[i].name, words) == 0)
            return known_types[i].type;
    return COLUMN_OTHER;
}

// Cuts what makes an array of the type: brackets, or the word behind it. False when it is none.
static bool column_type_cut_array(char *words) {
    static const char suffix[] = " array";
    size_t length = strlen(words);
    char *bracket = strchr(words, '[');
    if (bracket == NULL && length > sizeof suffix - 1 && strcmp(words + length - 6, suffix) == 0)
        bracket = words + length - 6;
    if (bracket == NULL)
        return false;
    while (bracket > words && bracket[-1] == ' ')
        bracket--;
    *bracket = '\0';
    return true;
}

// The arguments of a DECIMAL; false when it has none that fit an integer: it is a NUMERIC then.
static bool column_type_read_decimal(struct column *column) {
    const char *arguments = strchr(column->declared, '(');
    int precision = 0, scale = 0;
    int found = arguments != NULL ? sscanf(arguments, "( %d , %d", &precision, &scale) : 0;
    if (found < 1 || precision < 1 || precision > DECIMAL_PRECISION_MAX || scale < 0 || scale > precision)
        return false;
    column->precision = precision;
    column->scale = scale;
    return true;
}

static int column_type_bit_width(const char *declared, const char *words) {
    const char *arguments = strchr(declared, '(');
    int width = 0;
    if (strcmp(words, "bit") != 0)
        return 0;
    return arguments != NULL && sscanf(arguments, "( %d", &width) == 1 && width > 0 ? width : 1;
}

void column_type_parse(struct column *column) {
    char words[128];
    column_type_type_words(column->declared, words, sizeof words);
    bool is_array = column_type_cut_array(words);
    enum column_type type = column_type_known(words);
    column->precision = column->scale = 0;
    if (type == COLUMN_DECIMAL && !column_type_read_decimal(column))
        type = COLUMN_NUMERIC;
    if (type == COLUMN_BIT)
        column->precision = column_type_bit_width(column->declared, words);
    column->element = is_array ? type : COLUMN_OTHER;
    column->type = is_array ? COLUMN_ARRAY : type;
}

void column_type_stored(const struct column *column, char *ret, size_t size) {
    static const char *const stored[] = {
        [COLUMN_INTEGER] = "INTEGER", [COLUMN_BOOLEAN] = "BOOLEAN",  [COLUMN_DECIMAL] = "DECIMAL",
        [COLUMN_NUMERIC] = "TEXT",    [COLUMN_REAL] = "REAL",        [COLUMN_TEXT] = "TEXT",
        [COLUMN_JSON] = "TEXT",       [COLUMN_DATE] = "TEXT",        [COLUMN_TIME] = "TEXT",
        [COLUMN_TIMESTAMP] = "TEXT",  [COLUMN_TIMESTAMPTZ] = "TEXT", [COLUMN_BYTEA] = "BLOB",
        [COLUMN_ARRAY] = "TEXT",      [COLUMN_BIT] = "TEXT",         [COLUMN_OTHER] = "TEXT",
    };
    if (column->type == COLUMN_DECIMAL)
        (void)snprintf(ret, size, "DECIMAL(%d,%d)", column->precision, column->scale);
    else
        (void)snprintf(ret, size, "%s", stored[column->type]);
}

bool column_type_toastable(enum column_type type) {
    switch (type) {
    case COLUMN_TEXT:
    case COLUMN_JSON:
    case COLUMN_BYTEA:
    case COLUMN_ARRAY:
    case COLUMN_NUMERIC:
    case COLUMN_BIT:
    case COLUMN_OTHER:
        return true;
    case COLUMN_INTEGER:
    case COLUMN_BOOLEAN:
    case COLUMN_DECIMAL:
    case COLUMN_REAL:
    case COLUMN_DATE:
    case COLUMN_TIME:
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
        return false;
    }
    return false;
}
