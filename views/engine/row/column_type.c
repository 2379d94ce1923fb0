#include "views/engine/row/column_type.h"

#include <stdio.h>
#include <string.h>

struct known_type {
    const char *name;
    enum column_type type;
};

// PostgreSQL's own types, its common extensions' (pgvector, PostGIS, citext, hstore, ltree), and some names that
// source.sql took before it was PostgreSQL's DDL (double, blob, struct). Every other type (intervals, ranges, addresses) is
// COLUMN_OTHER, which takes what comes.
static const struct known_type known_types[] = {
    {"int2", COLUMN_INTEGER},
    {"int4", COLUMN_INTEGER},
    {"int8", COLUMN_INTEGER},
    {"smallint", COLUMN_INTEGER},
    {"integer", COLUMN_INTEGER},
    {"bigint", COLUMN_INTEGER},
    {"smallserial", COLUMN_INTEGER},
    {"serial", COLUMN_INTEGER},
    {"bigserial", COLUMN_INTEGER},
    {"serial2", COLUMN_INTEGER},
    {"serial4", COLUMN_INTEGER},
    {"serial8", COLUMN_INTEGER},
    {"oid", COLUMN_INTEGER},
    {"xid", COLUMN_INTEGER},
    {"cid", COLUMN_INTEGER},
    {"bool", COLUMN_BOOLEAN},
    {"boolean", COLUMN_BOOLEAN},
    {"numeric", COLUMN_DECIMAL},
    {"float4", COLUMN_REAL},
    {"float8", COLUMN_REAL},
    {"double", COLUMN_REAL},
    {"text", COLUMN_TEXT},
    {"varchar", COLUMN_TEXT},
    {"bpchar", COLUMN_TEXT},
    {"char", COLUMN_TEXT},
    {"name", COLUMN_TEXT},
    {"citext", COLUMN_TEXT},
    {"uuid", COLUMN_TEXT},
    {"json", COLUMN_JSON},
    {"jsonb", COLUMN_JSON},
    {"date", COLUMN_DATE},
    {"time", COLUMN_TIME},
    {"timetz", COLUMN_TIME},
    {"timestamp", COLUMN_TIMESTAMP},
    {"timestamptz", COLUMN_TIMESTAMPTZ},
    {"bytea", COLUMN_BYTEA},
    {"blob", COLUMN_BYTEA},
    {"hstore", COLUMN_ARRAY},
    {"struct", COLUMN_ARRAY},
    {"point", COLUMN_ARRAY},
    {"geometry", COLUMN_ARRAY},
    {"geography", COLUMN_ARRAY},
    {"vector", COLUMN_ARRAY},
    {"halfvec", COLUMN_ARRAY},
    {"sparsevec", COLUMN_ARRAY},
    {"bit", COLUMN_BIT},
    {"varbit", COLUMN_BIT},
    {"money", COLUMN_NUMERIC},
};

static const struct known_type *column_type_find(const char *name) {
    for (size_t i = 0; i < sizeof known_types / sizeof *known_types; i++)
        if (strcmp(known_types[i].name, name) == 0)
            return &known_types[i];
    return NULL;
}

// A scale below 0 or above the precision is PostgreSQL's since 15; such a count of units has no INTEGER here.
static void column_type_set_decimal(struct column *column, const struct declared_type *declared) {
    int precision = declared->argument_count > 0 ? declared->arguments[0] : 0;
    int scale = declared->argument_count > 1 ? declared->arguments[1] : 0;
    if (precision < 1 || precision > DECIMAL_PRECISION_MAX || scale < 0 || scale > precision) {
        column->type = COLUMN_NUMERIC;
        return;
    }
    column->precision = precision;
    column->scale = scale;
}

void column_type_set(struct column *column, const struct declared_type *declared) {
    const struct known_type *known = column_type_find(declared->name);
    column->precision = column->scale = 0;
    column->type = known != NULL ? known->type : COLUMN_OTHER;
    if (declared->is_text)
        column->type = COLUMN_TEXT;
    if (declared->is_any)
        column->type = COLUMN_OTHER;
    if (column->type == COLUMN_DECIMAL)
        column_type_set_decimal(column, declared);
    if (column->type == COLUMN_BIT && strcmp(declared->name, "bit") == 0)
        column->precision = declared->argument_count > 0 ? declared->arguments[0] : 1;
    column->element = declared->array ? column->type : COLUMN_OTHER;
    if (declared->array)
        column->type = COLUMN_ARRAY;
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
