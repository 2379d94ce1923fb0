#include "consumer/postgres/form.h"

#include "consumer/postgres/form_array.h"
#include "consumer/postgres/form_text.h"
#include "views/base/real.h"
#include "views/engine/decimal.h"

#include <string.h>

struct known_form {
    const char *name;
    enum form_kind kind;
    bool literal;
    const char *sql;
};

static const char as_text[] = "%::text";
// By the type's output function: a cast may write another text, as inet's does.
static const char as_written[] = "case when % is distinct from null then concat(%) end";
static const char as_json[] = "%::json::text";
// PostgreSQL 17 has infinite ones.
static const char as_interval[] =
    "case when isfinite(%) then (extract(year from %) * 12 + extract(month from %))::bigint || ' ' || "
    "extract(day from %)::bigint || ' ' || (extract(hour from %)::bigint * 3600000000 + "
    "extract(minute from %)::bigint * 60000000 + extract(microseconds from %)::bigint) else %::text end";

// As form_interval_micros: double by double as the connector reckons.
static const char as_interval_micros[] =
    "case when isfinite(%) then greatest(-9223372036854774784, least(9223372036854774784, trunc((((((extract(year from %) * 12 + extract(month from %))::float8 * (365.25::float8 / 12)"
    " + extract(day from %)::float8) * 24 + extract(hour from %)::float8) * 60 + extract(minute from %)::float8) * 60"
    " + ((extract(microseconds from %)::bigint / 1000000)::float8"
    " + mod(extract(microseconds from %)::bigint, 1000000)::float8 / 1e6::float8)) * 1e6::float8)))::bigint::text else %::text end";

static const struct known_form known_forms[] = {
    {"int2", FORM_NUMERIC, true, as_text},
    {"int4", FORM_NUMERIC, true, as_text},
    {"int8", FORM_NUMERIC, true, as_text},
    {"oid", FORM_NUMERIC, true, as_text},
    {"xid", FORM_NUMERIC, true, as_text},
    {"cid", FORM_NUMERIC, true, as_text},
    {"numeric", FORM_NUMERIC, true, "trim_scale(%)::text"},
    {"money", FORM_NUMERIC, false, "trim_scale(%::numeric)::text"},
    {"bool", FORM_BOOLEAN, true, as_text},
    {"float8", FORM_REAL, false, "encode(float8send(% + 0), 'hex')"}, // -0 is 0
    {"float4", FORM_SHORT, false, "encode(float4send(% + 0::float4), 'hex')"},
    {"bpchar", FORM_PADDED, true, as_text},
    {"date", FORM_DATE, true, as_text},
    {"time", FORM_TIME, true, as_text},
    {"timetz", FORM_TIME, false, "(% at time zone 'UTC')::time::text"},
    {"timestamp", FORM_TIMESTAMP, true, as_text},
    {"timestamptz", FORM_TIMESTAMPTZ, true, as_text},
    {"interval", FORM_INTERVAL, false, as_interval},
    {"bytea", FORM_BYTES, false, "encode(%, 'hex')"},
    {"bit", FORM_BITS, false, "ltrim(%::text, '0')"},
    {"varbit", FORM_BITS, false, "ltrim(%::text, '0')"},
    {"json", FORM_JSON, false, as_text},
    {"jsonb", FORM_JSON, false, as_text},
    {"hstore", FORM_HSTORE, false, as_json},
    {"tstzrange", FORM_ZONED_RANGE, false, as_text},
    {"tstzmultirange", FORM_ZONED_RANGE, false, as_text},
    {"point", FORM_POINT, false, as_text},
    {"geometry", FORM_GEOMETRY, false, as_text},
    {"geography", FORM_GEOMETRY, false, as_text},
    {"vector", FORM_VECTOR, false, as_text},
    {"halfvec", FORM_VECTOR, false, as_text},
    {"sparsevec", FORM_SPARSE_VECTOR, false, as_text},
    {"inet", FORM_TEXT, true, as_written},
    {"cidr", FORM_TEXT, true, as_written},
    {"text", FORM_TEXT, true, as_text},
    {"varchar", FORM_TEXT, true, as_text},
    {"char", FORM_TEXT, true, as_text},
    {"name", FORM_TEXT, true, as_text},
    {"citext", FORM_TEXT, true, as_text},
    {"uuid", FORM_TEXT, true, as_text},
    {"xml", FORM_TEXT, false, as_text},
    {"macaddr", FORM_TEXT, true, as_text},
    {"macaddr8", FORM_TEXT, true, as_text},
    {"ltree", FORM_TEXT, true, as_text},
    {"tsvector", FORM_UNKNOWN, false, as_text}, // before Debezium 3 it is unknown
    {"isbn", FORM_TEXT, true, as_text},
    {"regclass", FORM_TEXT, false, as_text},
};
static const struct known_form enum_form = {"", FORM_TEXT, true, as_text};
static const struct known_form range_form = {"", FORM_TEXT, false, as_text};
static const struct known_form unknown_form = {"", FORM_UNKNOWN, false, as_written};

static const struct known_form *form_find(struct span name, char kind) {
    for (size_t i = 0; i < sizeof known_forms / sizeof *known_forms; i++)
        if (span_is(name, known_forms[i].name))
            return &known_forms[i];
    return kind == 'e' ? &enum_form : kind == 'r' ? &range_form : &unknown_form;
}

// By its elements' own casts where one to text writes another text than they come as: 10.0.0.1/32, "k"=>"v".
static const char *form_array_sql(const struct known_form *element) {
    if (element->kind == FORM_HSTORE)
        return "array_to_json(%::json[])::text";
    return element->sql == as_written && element->kind == FORM_TEXT ? "array_to_json(%)::text"
                                                                    : "array_to_json(%::text[])::text";
}

static bool form_is_cut(const struct known_form *known, bool connect) {
    return connect && (known->kind == FORM_TIMESTAMP || (known->kind == FORM_TIME && known->literal));
}

struct form form_of(const struct column *column, const struct source_type *type, bool connect) {
    const struct known_form *known = form_find(type->array ? type->element : type->name, type->kind);
    struct form form = {.column = column,
                        .kind = known->kind,
                        .element = known->kind,
                        .sql = known->sql,
                        .milliseconds = form_is_cut(known, connect),
                        .literal = known->literal && !form_is_cut(known, connect)};
    if (type->array) {
        form.sql = form_array_sql(known);
        form.kind = FORM_ARRAY;
        form.literal = false;
    } else if (form.milliseconds) {
        form.sql = known->kind == FORM_TIME ? "date_trunc('milliseconds', %)::time::text"
                                            : "date_trunc('milliseconds', %)::text";
    } else if (known->kind == FORM_INTERVAL && column->key > 0) {
        form.kind = FORM_INTERVAL_KEY;
        form.sql = as_interval_micros;
    }
    return form;
}

void form_write_sql(const struct form *form, struct span name, struct buffer *out) {
    for (const char *c = form->sql; *c != '\0'; c++)
        if (*c == '%')
            buffer_append(out, name.data, name.size);
        else
            buffer_char(out, *c);
}

const char *form_caveat(const struct form *form) {
    if ((form->kind == FORM_ARRAY ? form->element : form->kind) == FORM_UNKNOWN)
        return "is compared as the text that PostgreSQL writes";
    if (form->milliseconds)
        return "is compared to the millisecond, as `-- tidemark: time` says that it comes";
    return NULL;
}

static bool form_is_number(enum form_kind kind) {
    return kind == FORM_NUMERIC || kind == FORM_REAL || kind == FORM_SHORT;
}

// Whether a text of the source's value is another than what comes: 1.50 and 1.5, blanks at the end, a double's digits.
static bool form_has_spellings(const struct form *form, struct span cast) {
    return form->kind == FORM_PADDED || form->kind == FORM_REAL || form->kind == FORM_SHORT ||
           (form->kind == FORM_NUMERIC && cast.size >= 7 && memcmp(cast.data, "numeric", 7) == 0);
}

bool form_suits_key(const struct form *form, struct span cast) {
    switch (form->column->type) {
    case COLUMN_INTEGER:
    case COLUMN_DECIMAL:
    case COLUMN_NUMERIC:
    case COLUMN_REAL:
        return form_is_number(form->kind);
    case COLUMN_BOOLEAN:
        return form->kind == FORM_BOOLEAN;
    case COLUMN_DATE:
        return form->kind == FORM_DATE;
    case COLUMN_TIME:
        return form->kind == FORM_TIME;
    case COLUMN_TIMESTAMP:
        return form->kind == FORM_TIMESTAMP;
    case COLUMN_TIMESTAMPTZ:
        return form->kind == FORM_TIMESTAMPTZ;
    case COLUMN_BYTEA:
        return form->kind == FORM_BYTES;
    default:
        if (form->column->variant == COLUMN_PADDED && form->kind == FORM_PADDED)
            return true;
        return (form->column->variant != COLUMN_UUID || span_is(cast, "uuid")) &&
               !form_has_spellings(form, cast);
    }
}

// --- what the mirror has

static void form_write_integer(const struct form *form, const struct cell *cell, struct buffer *out) {
    char text[DECIMAL_TEXT_SIZE];
    if (form->kind == FORM_REAL || form->kind == FORM_SHORT) {
        form_text_write_real((double)cell->integer, form->kind == FORM_SHORT, out);
    } else if (cell->kind == CELL_BOOLEAN || (form->kind == FORM_BOOLEAN && cell->integer >> 1 == 0)) {
        buffer_text(out, cell->integer != 0 ? "true" : "false");
    } else if (cell->kind == CELL_DECIMAL && cell->scale > 0) {
        size_t size = decimal_write(cell->integer, cell->scale, text);
        form_text_write(FORM_NUMERIC, (struct span){text, size}, out);
    } else {
        buffer_integer(out, cell->integer);
    }
}

static void form_write_cell(const struct form *form, const struct cell *cell, struct buffer *out) {
    char number[REAL_TEXT_SIZE];
    switch (cell->kind) {
    case CELL_NULL:
        return;
    case CELL_INTEGER:
    case CELL_BIGINT:
    case CELL_BOOLEAN:
    case CELL_DECIMAL:
        form_write_integer(form, cell, out);
        return;
    case CELL_REAL:
        if (form->kind == FORM_REAL || form->kind == FORM_SHORT)
            form_text_write_real(cell->real, form->kind == FORM_SHORT, out);
        else
            form_text_write(form->kind, (struct span){number, real_write(cell->real, number)}, out);
        return;
    case CELL_BLOB:
        form_text_write_hex(cell->bytes, out);
        return;
    case CELL_TEXT:
    case CELL_JSON:
        if (form->kind == FORM_ARRAY)
            form_array_write(form->element, cell->bytes, out);
        else
            form_text_write(form->kind, cell->bytes, out);
    }
}

struct span form_of_cell(const struct form *form, const struct cell *cell, struct buffer *scratch) {
    buffer_clear(scratch);
    if (cell->kind == CELL_NULL)
        return (struct span){0};
    if ((cell->kind == CELL_TEXT || cell->kind == CELL_JSON) &&
        (form->kind == FORM_TEXT || form->kind == FORM_JSON || form->kind == FORM_UNKNOWN))
        return cell->bytes;
    form_write_cell(form, cell, scratch);
    return (struct span){scratch->data != NULL ? scratch->data : "", scratch->size};
}
