#include "views/engine/row/column_type.h"

#include "views/base/nearest.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct known_type {
    const char *name;
    enum column_type type;
    enum column_variant variant;
};

// PostgreSQL's own types, its common extensions' (pgvector, PostGIS, citext, hstore, ltree), and some names that
// source.sql took before it was PostgreSQL's DDL (double, blob, struct). Every other type (intervals, ranges, addresses) is
// COLUMN_OTHER, which takes what comes.
static const struct known_type known_types[] = {
    {"int", COLUMN_INTEGER, COLUMN_COMMON},
    {"int2", COLUMN_INTEGER, COLUMN_COMMON},
    {"int4", COLUMN_INTEGER, COLUMN_COMMON},
    {"int8", COLUMN_INTEGER, COLUMN_BIGINT},
    {"smallint", COLUMN_INTEGER, COLUMN_COMMON},
    {"integer", COLUMN_INTEGER, COLUMN_COMMON},
    {"bigint", COLUMN_INTEGER, COLUMN_BIGINT},
    {"smallserial", COLUMN_INTEGER, COLUMN_COMMON},
    {"serial", COLUMN_INTEGER, COLUMN_COMMON},
    {"bigserial", COLUMN_INTEGER, COLUMN_BIGINT},
    {"serial2", COLUMN_INTEGER, COLUMN_COMMON},
    {"serial4", COLUMN_INTEGER, COLUMN_COMMON},
    {"serial8", COLUMN_INTEGER, COLUMN_BIGINT},
    {"oid", COLUMN_INTEGER, COLUMN_COMMON},
    {"bool", COLUMN_BOOLEAN, COLUMN_COMMON},
    {"boolean", COLUMN_BOOLEAN, COLUMN_COMMON},
    {"numeric", COLUMN_DECIMAL, COLUMN_COMMON},
    {"float4", COLUMN_REAL, COLUMN_COMMON},
    {"float8", COLUMN_REAL, COLUMN_COMMON},
    {"double", COLUMN_REAL, COLUMN_COMMON},
    {"text", COLUMN_TEXT, COLUMN_COMMON},
    {"varchar", COLUMN_TEXT, COLUMN_COMMON},
    {"bpchar", COLUMN_TEXT, COLUMN_PADDED},
    {"char", COLUMN_TEXT, COLUMN_COMMON},
    {"name", COLUMN_TEXT, COLUMN_NAME},
    {"citext", COLUMN_TEXT, COLUMN_CITEXT},
    {"uuid", COLUMN_TEXT, COLUMN_UUID},
    {"json", COLUMN_JSON, COLUMN_COMMON},
    {"jsonb", COLUMN_JSON, COLUMN_COMMON},
    {"date", COLUMN_DATE, COLUMN_COMMON},
    {"time", COLUMN_TIME, COLUMN_COMMON},
    {"timetz", COLUMN_TIME, COLUMN_COMMON},
    {"timestamp", COLUMN_TIMESTAMP, COLUMN_COMMON},
    {"timestamptz", COLUMN_TIMESTAMPTZ, COLUMN_COMMON},
    {"bytea", COLUMN_BYTEA, COLUMN_COMMON},
    {"blob", COLUMN_BYTEA, COLUMN_COMMON},
    {"hstore", COLUMN_ARRAY, COLUMN_COMMON},
    {"struct", COLUMN_ARRAY, COLUMN_COMMON},
    {"point", COLUMN_ARRAY, COLUMN_COMMON},
    {"geometry", COLUMN_ARRAY, COLUMN_COMMON},
    {"geography", COLUMN_ARRAY, COLUMN_COMMON},
    {"vector", COLUMN_ARRAY, COLUMN_COMMON},
    {"halfvec", COLUMN_ARRAY, COLUMN_COMMON},
    {"sparsevec", COLUMN_ARRAY, COLUMN_COMMON},
    {"bit", COLUMN_BIT, COLUMN_COMMON},
    {"varbit", COLUMN_BIT, COLUMN_COMMON},
    {"money", COLUMN_NUMERIC, COLUMN_COMMON},
};

// PostgreSQL's others that its connector (2.7.4 to 3.6.1) leaves out of events, unless it is told to send what it does not know as
// bytes: COLUMN_OTHER.
static const char *const unsent_types[] = {
    "box",
    "path",
    "line",
    "lseg",
    "polygon",
    "circle",
    "pg_lsn",
    "pg_snapshot",
    "txid_snapshot",
    "tid",
    "xid",
    "xid8",
    "cid",
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
    "tstzmultirange",
};

// What is sent, or may be, and common extensions': COLUMN_OTHER.
static const char *const other_types[] = {
    "interval",  "inet",        "cidr",      "macaddr",      "macaddr8",     "xml",           "tsvector",
    "int4range", "int8range",   "numrange",  "tsrange",      "tstzrange",    "daterange",     "regprocedure",
    "regoper",   "regoperator", "regrole",   "regnamespace", "regconfig",    "regdictionary", "regcollation",
    "refcursor", "int2vector",  "oidvector", "aclitem",      "pg_node_tree", "ltree",         "lquery",
    "ltxtquery", "cube",        "seg",       "isbn",         "isbn13",       "issn",          "issn13",
    "ismn",      "ismn13",      "ean13",     "upc",          "box2d",        "box3d",         "raster",
    "ulid",      "semver",      "hll",       "tdigest",
};

// Other databases' words for types of PostgreSQL's.
static const struct foreign_type {
    const char *name, *meant;
} foreign_types[] = {
    {"tinyint", "smallint"},
    {"mediumint", "int"},
    {"year", "int"},
    {"number", "numeric"},
    {"datetime", "timestamp"},
    {"datetime2", "timestamp"},
    {"datetimeoffset", "timestamptz"},
    {"string", "text"},
    {"tinytext", "text"},
    {"mediumtext", "text"},
    {"longtext", "text"},
    {"clob", "text"},
    {"nvarchar", "varchar"},
    {"varchar2", "varchar"},
    {"nvarchar2", "varchar"},
    {"enum", "text"},
    {"set", "text"},
    {"binary", "bytea"},
    {"varbinary", "bytea"},
    {"tinyblob", "bytea"},
    {"mediumblob", "bytea"},
    {"longblob", "bytea"},
    {"image", "bytea"},
    {"uniqueidentifier", "uuid"},
};

static const struct known_type *column_type_find(const char *name) {
    for (size_t i = 0; i < sizeof known_types / sizeof *known_types; i++)
        if (strcmp(known_types[i].name, name) == 0)
            return &known_types[i];
    return NULL;
}

bool column_type_is_unsent(struct span name) {
    for (size_t i = 0; i < sizeof unsent_types / sizeof *unsent_types; i++)
        if (strlen(unsent_types[i]) == name.size && strncasecmp(unsent_types[i], name.data, name.size) == 0)
            return true;
    return false;
}

// The last that is called nearly so. *ret_is: one is called so.
static const char *column_type_nearest(const char *name, const char *const *types, size_t count,
                                       bool *ret_is) {
    const char *meant = NULL;
    for (size_t i = 0; i < count; i++) {
        *ret_is |= strcmp(types[i], name) == 0;
        meant = nearest_is(name, types[i]) ? types[i] : meant;
    }
    return meant;
}

// As struct column has it.
static const char *column_type_unknown_meant(const char *name) {
    bool is = column_type_find(name) != NULL;
    const char *unsent =
        column_type_nearest(name, unsent_types, sizeof unsent_types / sizeof *unsent_types, &is);
    const char *meant = column_type_nearest(name, other_types, sizeof other_types / sizeof *other_types, &is);
    if (is)
        return NULL;
    meant = meant != NULL ? meant : unsent != NULL ? unsent : "";
    for (size_t i = sizeof known_types / sizeof *known_types; i-- > 0;) // the first is the likeliest
        meant = nearest_is(name, known_types[i].name) ? known_types[i].name : meant;
    for (size_t i = 0; i < sizeof foreign_types / sizeof *foreign_types; i++)
        meant = strcmp(foreign_types[i].name, name) == 0 ? foreign_types[i].meant : meant;
    return meant;
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

// An enum or a composite of the source's own may be called like a type of PostgreSQL's.
static void column_type_set_kind(struct column *column, const struct declared_type *declared) {
    const struct known_type *known = column_type_find(declared->name);
    column->type = known != NULL ? known->type : COLUMN_OTHER;
    column->variant = known != NULL ? known->variant : COLUMN_COMMON;
    column->unknown_meant =
        declared->is_text || declared->is_any ? NULL : column_type_unknown_meant(declared->name);
    if (!declared->is_text && !declared->is_any)
        return;
    column->type = declared->is_any ? COLUMN_OTHER : COLUMN_TEXT;
    column->variant = declared->enum_number > 0 ? COLUMN_ENUM : COLUMN_COMMON;
}

// Whether no value of it is as long as one that is taken for an unchanged one: money, bit(9), numeric(30,10) with its sign, point
// and zero.
static bool column_type_is_short(const struct column *column, const struct declared_type *declared) {
    enum { NUMERIC_MARKS = 3 };
    if (declared->array || (column->type != COLUMN_NUMERIC && column->type != COLUMN_BIT))
        return false;
    bool money = strcmp(declared->name, "money") == 0, bit = strcmp(declared->name, "bit") == 0;
    int digits = declared->argument_count > 0 ? declared->arguments[0] : bit ? 1 : INT_MAX - NUMERIC_MARKS;
    bool negative_scale = declared->argument_count > 1 && declared->arguments[1] < 0;
    return money || (!negative_scale && digits + NUMERIC_MARKS < COLUMN_TOAST_ROW_MIN);
}

// Debezium for PostgreSQL sends an unchanged TOAST value as its placeholder where the type has one, and as null where it has
// none: arrays of other types than these, NUMERIC (of decimal.handling.mode=precise), BIT VARYING (seen with 3.6.1 on
// PostgreSQL 17), and so what extensions have, which take the same road. Domains over arrays are such other types. Arrays of
// BYTEA have one with binary.handling.mode=bytes alone, of DATE with adaptive time.precision.mode alone. BYTEA itself depends
// on how it comes, too: change_null_is_unsure. A streamed NAME is null whatever it is.
static bool column_type_is_unmarked(const struct column *column, const struct declared_type *declared) {
    if (column_type_is_short(column, declared))
        return false;
    static const char *const arrays[] = {"text", "varchar", "bpchar", "int4",
                                         "int8", "uuid",    "json",   "jsonb"};
    static const char *const structs[] = {"geometry", "geography", "vector", "halfvec", "sparsevec"};
    if (!declared->array) {
        for (size_t i = 0; i < sizeof structs / sizeof *structs; i++)
            if (strcmp(declared->name, structs[i]) == 0)
                return true;
        return column->type == COLUMN_NUMERIC || column->type == COLUMN_BIT || column->type == COLUMN_BYTEA ||
               column->variant == COLUMN_NAME;
    }
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        if (strcmp(declared->name, arrays[i]) == 0)
            return declared->is_text || declared->is_any || declared->is_domain;
    return true;
}

// Arrays whose elements' schema requires them are sent as null where one of them is (Debezium 2.7.4 to 3.6.1;
// findings/debezium-postgres-arrays-with-a-null-are-null.sh).
static bool column_type_hides_nulls(const struct column *column, const struct declared_type *declared) {
    return declared->array && (column->variant == COLUMN_ENUM || strcmp(declared->name, "ltree") == 0 ||
                               strcmp(declared->name, "tsvector") == 0);
}

void column_type_set(struct column *column, const struct declared_type *declared) {
    column->precision = column->scale = column->padded_to = 0;
    column_type_set_kind(column, declared);
    if (column->variant == COLUMN_PADDED && declared->argument_count > 0)
        column->padded_to = declared->arguments[0];
    if (column->type == COLUMN_DECIMAL)
        column_type_set_decimal(column, declared);
    if (column->type == COLUMN_BIT && strcmp(declared->name, "bit") == 0)
        column->precision = declared->argument_count > 0 ? declared->arguments[0] : 1;
    column->element = declared->array ? column->type : COLUMN_OTHER;
    column->unmarked = column_type_is_unmarked(column, declared);
    column->hides_nulls = column_type_hides_nulls(column, declared);
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

const char *column_type_collation(const struct column *column) {
    switch (column->type) {
    case COLUMN_NUMERIC:
        return "numeric";
    case COLUMN_DATE:
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMPTZ:
        return "stored_time";
    case COLUMN_TEXT:
        return column->variant == COLUMN_CITEXT   ? "citext"
               : column->variant == COLUMN_PADDED ? "rtrim"
                                                  : NULL;
    default:
        return NULL;
    }
}

struct value column_type_untold(const struct column *column) {
    return (struct value){.kind = column->type == COLUMN_BYTEA ? VALUE_TEXT : VALUE_BLOB, .bytes = SPAN("")};
}

bool column_type_is_untold(const struct column *column, const struct value *value) {
    return value->kind == column_type_untold(column).kind;
}
