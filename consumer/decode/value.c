#include "consumer/decode/value.h"

#include "consumer/decode/value/placeholder.h"
#include "consumer/decode/value/reading.h"
#include "views/base/base64.h"
#include "views/base/real.h"

#include <math.h>

const struct value_settings value_settings_default = {
    .timestamp_unit = TIME_UNIT_ADAPTIVE,
    .time_unit = TIME_UNIT_ADAPTIVE,
    .unavailable = {"__debezium_unavailable_value", sizeof "__debezium_unavailable_value" - 1},
};

static const char *const semantic_names[] = {
    [SEMANTIC_CONNECT_DECIMAL] = "org.apache.kafka.connect.data.Decimal",
    [SEMANTIC_VARIABLE_SCALE] = "io.debezium.data.VariableScaleDecimal",
    [SEMANTIC_DATE] = "io.debezium.time.Date",
    [SEMANTIC_CONNECT_DATE] = "org.apache.kafka.connect.data.Date",
    [SEMANTIC_TIME_MS] = "io.debezium.time.Time",
    [SEMANTIC_TIME_US] = "io.debezium.time.MicroTime",
    [SEMANTIC_TIME_NS] = "io.debezium.time.NanoTime",
    [SEMANTIC_CONNECT_TIME] = "org.apache.kafka.connect.data.Time",
    [SEMANTIC_TIMESTAMP_MS] = "io.debezium.time.Timestamp",
    [SEMANTIC_TIMESTAMP_US] = "io.debezium.time.MicroTimestamp",
    [SEMANTIC_TIMESTAMP_NS] = "io.debezium.time.NanoTimestamp",
    [SEMANTIC_CONNECT_TIMESTAMP] = "org.apache.kafka.connect.data.Timestamp",
    [SEMANTIC_ZONED_TIMESTAMP] = "io.debezium.time.ZonedTimestamp",
    [SEMANTIC_ZONED_TIME] = "io.debezium.time.ZonedTime",
    [SEMANTIC_ISO_DATE] = "io.debezium.time.IsoDate",
    [SEMANTIC_ISO_TIME] = "io.debezium.time.IsoTime",
    [SEMANTIC_ISO_TIMESTAMP] = "io.debezium.time.IsoTimestamp",
};

enum { SEMANTIC_COUNT = sizeof semantic_names / sizeof *semantic_names };

enum semantic semantic_of(struct span name) {
    for (int i = 0; i < SEMANTIC_COUNT; i++)
        if (semantic_names[i] != NULL && span_is(name, semantic_names[i]))
            return (enum semantic)i;
    return SEMANTIC_PLAIN;
}

#define BIT(semantic) (1U << SEMANTIC_##semantic)
#define PLAINLY (BIT(NONE) | BIT(PLAIN))

// Which semantics may stand for a declared type. A text may keep any time that comes as text.
static const unsigned semantics_allowed[] = {
    [COLUMN_INTEGER] = PLAINLY,
    [COLUMN_BOOLEAN] = PLAINLY,
    [COLUMN_DECIMAL] = PLAINLY | BIT(CONNECT_DECIMAL) | BIT(VARIABLE_SCALE),
    [COLUMN_NUMERIC] = PLAINLY | BIT(CONNECT_DECIMAL) | BIT(VARIABLE_SCALE),
    [COLUMN_REAL] = PLAINLY,
    [COLUMN_TEXT] =
        PLAINLY | BIT(ZONED_TIMESTAMP) | BIT(ZONED_TIME) | BIT(ISO_DATE) | BIT(ISO_TIME) | BIT(ISO_TIMESTAMP),
    [COLUMN_JSON] = PLAINLY,
    [COLUMN_DATE] = PLAINLY | BIT(DATE) | BIT(CONNECT_DATE) | BIT(ISO_DATE),
    [COLUMN_TIME] = PLAINLY | BIT(TIME_MS) | BIT(TIME_US) | BIT(TIME_NS) | BIT(CONNECT_TIME) |
                    BIT(ZONED_TIME) | BIT(ISO_TIME),
    [COLUMN_TIMESTAMP] = PLAINLY | BIT(TIMESTAMP_MS) | BIT(TIMESTAMP_US) | BIT(TIMESTAMP_NS) |
                         BIT(CONNECT_TIMESTAMP) | BIT(ISO_TIMESTAMP),
    [COLUMN_TIMESTAMPTZ] = PLAINLY | BIT(ZONED_TIMESTAMP) | BIT(ISO_TIMESTAMP),
    [COLUMN_BYTEA] = PLAINLY,
    [COLUMN_ARRAY] = PLAINLY,
    [COLUMN_BIT] = PLAINLY,
    [COLUMN_OTHER] =
        PLAINLY | BIT(ZONED_TIMESTAMP) | BIT(ZONED_TIME) | BIT(ISO_DATE) | BIT(ISO_TIME) | BIT(ISO_TIMESTAMP),
};

// A message's bytes in an error: enough to know the value by, cut between characters.
static int value_visible_txns_size(struct span raw) {
    enum { VISIBLE_TXNS_MAX = 60 };
    size_t size = raw.size;
    if (size > VISIBLE_TXNS_MAX)
        for (size = VISIBLE_TXNS_MAX; size > 0 && ((unsigned char)raw.data[size] & 0xC0) == 0x80;)
            size--;
    return (int)size;
}

int reading_refuse(const struct reading *reading, const char *why) {
    const struct column *column = reading->column;
    bool container = reading->kind == JSON_OBJECT_BEGIN || reading->kind == JSON_ARRAY_BEGIN;
    if (container)
        return error_set(reading->error, ERROR_INPUT, "column %s (declared %s): %s: %s", column->name,
                         column->declared, reading->kind == JSON_OBJECT_BEGIN ? "an object" : "an array",
                         why);
    int size = value_visible_txns_size(reading->raw);
    return error_set(reading->error, ERROR_INPUT, "column %s (declared %s): %.*s%s: %s", column->name,
                     column->declared, size, reading->raw.data, (size_t)size < reading->raw.size ? "..." : "",
                     why);
}

int reading_no_memory(const struct reading *reading) {
    return error_set(reading->error, ERROR_SYSTEM, "column %s: out of memory", reading->column->name);
}

int reading_base64(const struct reading *reading, struct span text, struct span *ret) {
    size_t capacity = text.size / 4 * 3 + 3;
    struct buffer out = {.data = arena_take(reading->arena, capacity), .capacity = capacity};
    if (out.data == NULL)
        return reading_no_memory(reading);
    // The room suffices, so that the buffer never reallocates what the arena owns.
    if (!base64_read(&out, text))
        return reading_refuse(reading, "not base64");
    arena_return(reading->arena, capacity - out.size);
    *ret = (struct span){out.data, out.size};
    return 0;
}

static int value_read_integer(const struct reading *reading) {
    int64_t integer;
    if (reading->kind == JSON_NUMBER && json_to_integer(reading->text, &integer))
        return reading_integer(reading, integer);
    if (reading->kind == JSON_STRING && integer_parse(reading->text, &integer))
        return reading_integer(reading, integer);
    return reading_refuse(reading, "not a 64-bit integer");
}

static int value_read_boolean(const struct reading *reading) {
    if (reading->kind == JSON_TRUE || reading->kind == JSON_FALSE)
        return reading_integer(reading, reading->kind == JSON_TRUE);
    if (reading->kind != JSON_STRING && reading->kind != JSON_NUMBER)
        return reading_refuse(reading, "not true or false");
    if (span_is(reading->text, "true") || span_is(reading->text, "1"))
        return reading_integer(reading, 1);
    if (span_is(reading->text, "false") || span_is(reading->text, "0"))
        return reading_integer(reading, 0);
    return reading_refuse(reading, "not true or false");
}

static int value_read_real(const struct reading *reading) {
    double real;
    bool named = reading->kind == JSON_STRING;
    if (named && span_is(reading->text, "NaN"))
        return reading_text(reading, reading->text);
    if ((reading->kind != JSON_NUMBER && !named) || !real_parse(reading->text, &real) ||
        named != !!isinf(real))
        return reading_refuse(reading, "not a double");
    *reading->ret = (struct value){.kind = VALUE_REAL, .real = real};
    return 0;
}

// A number or a boolean is what the column held before it was retyped.
static int value_read_text(const struct reading *reading) {
    if (reading->kind == JSON_OBJECT_BEGIN || reading->kind == JSON_ARRAY_BEGIN)
        return reading_refuse(reading, "not a string");
    return reading_text(reading, reading->text);
}

static int value_read_json(const struct reading *reading) {
    if (reading->kind == JSON_STRING || reading->kind == JSON_OBJECT_BEGIN ||
        reading->kind == JSON_ARRAY_BEGIN)
        return reading_text(reading, reading->text);
    return reading_refuse(reading, "not JSON as text, an object or an array");
}

static int value_read_array(const struct reading *reading) {
    if (reading->kind == JSON_OBJECT_BEGIN || reading->kind == JSON_ARRAY_BEGIN)
        return reading_text(reading, reading->text);
    struct json_reader json;
    json_open(&json, reading->text);
    if (reading->kind == JSON_STRING) {
        enum json_kind kind = json_next(&json);
        if ((kind == JSON_OBJECT_BEGIN || kind == JSON_ARRAY_BEGIN) && json_leave(&json, 0) &&
            json_next(&json) == JSON_END)
            return reading_text(reading, reading->text);
    }
    return reading_refuse(reading, "not an array or object");
}

// "101" is 5 for PostgreSQL, and comes as base64 of its bytes, least significant first; bit(1) as a boolean.
// (PostgresValueConverter.convertBits, Debezium 2.7 to 3.7; with binary modes the same bytes.)
static int value_read_bit(const struct reading *reading) {
    if (reading->kind == JSON_TRUE || reading->kind == JSON_FALSE)
        return reading_text(reading, reading->kind == JSON_TRUE ? SPAN("1") : SPAN("0"));
    struct span bytes;
    if (reading->kind != JSON_STRING)
        return reading_refuse(reading, "not bits as base64");
    if (reading_base64(reading, reading->text, &bytes) != 0)
        return -1;
    size_t width = (size_t)reading->column->precision, most = bytes.size * 8;
    while (most > 0 && (bytes.data[(most - 1) / 8] >> ((most - 1) % 8) & 1) == 0)
        most--;
    if (width > 0 && most > width)
        return reading_refuse(reading, "more bits than are declared");
    size_t size = width > 0 ? width : most > 0 ? most : bytes.size > 0;
    char *text = arena_take(reading->arena, size);
    if (text == NULL && size > 0)
        return reading_no_memory(reading);
    for (size_t i = 0; i < size; i++) {
        size_t bit = size - 1 - i;
        bool set = bit / 8 < bytes.size && (bytes.data[bit / 8] >> (bit % 8) & 1);
        text[i] = set ? '1' : '0';
    }
    return reading_text(reading, (struct span){text, size});
}

static int value_read_bytea(const struct reading *reading) {
    if (reading->kind != JSON_STRING)
        return reading_refuse(reading, "not base64");
    struct span bytes;
    if (reading_base64(reading, reading->text, &bytes) != 0)
        return -1;
    *reading->ret = (struct value){.kind = VALUE_BLOB, .bytes = bytes};
    return 0;
}

static bool value_is_unavailable(const struct reading *reading) {
    enum column_type type = reading->column->type;
    struct span placeholder = reading->settings->unavailable;
    if (reading->kind == JSON_STRING)
        return placeholder_is_text(reading->text, type, placeholder);
    return (reading->kind == JSON_ARRAY_BEGIN || reading->kind == JSON_OBJECT_BEGIN) &&
           (type == COLUMN_ARRAY || type == COLUMN_JSON || type == COLUMN_OTHER) &&
           placeholder_is_raw(reading->raw, placeholder);
}

static int value_read_declared(const struct reading *reading) {
    switch (reading->column->type) {
    case COLUMN_INTEGER:
        return value_read_integer(reading);
    case COLUMN_BOOLEAN:
        return value_read_boolean(reading);
    case COLUMN_DECIMAL:
        return reading_decimal(reading);
    case COLUMN_NUMERIC:
        return reading_numeric(reading);
    case COLUMN_REAL:
        return value_read_real(reading);
    case COLUMN_TEXT:
        return value_read_text(reading);
    case COLUMN_OTHER:
        return reading_text(reading, reading->text); // what is no string keeps its JSON text
    case COLUMN_BIT:
        return value_read_bit(reading);
    case COLUMN_JSON:
        return value_read_json(reading);
    case COLUMN_DATE:
        return reading_date(reading);
    case COLUMN_TIME:
        return reading_time(reading);
    case COLUMN_TIMESTAMP:
        return reading_timestamp(reading);
    case COLUMN_TIMESTAMPTZ:
        return reading_timestamptz(reading);
    case COLUMN_BYTEA:
        return value_read_bytea(reading);
    case COLUMN_ARRAY:
        return value_read_array(reading);
    }
    return reading_refuse(reading, "a type that cannot be read");
}

static int value_read_checked(const struct reading *reading, bool may_be_unavailable) {
    if (may_be_unavailable && value_is_unavailable(reading)) {
        *reading->ret = (struct value){.kind = VALUE_UNAVAILABLE};
        return 0;
    }
    enum semantic semantic = reading->field.semantic;
    if ((semantics_allowed[reading->column->type] & 1U << semantic) == 0)
        return error_set(reading->error, ERROR_INPUT, "column %s (declared %s): the schema says %s",
                         reading->column->name, reading->column->declared, semantic_names[semantic]);
    return value_read_declared(reading);
}

// What most columns are, without a schema's semantic: an integer, or a text shorter than any placeholder.
static inline bool value_take_plainly(const struct json_value *json, enum column_type type,
                                      size_t placeholder_size, struct value *ret) {
    if (json->kind == JSON_NUMBER && type == COLUMN_INTEGER) {
        ret->kind = VALUE_INTEGER;
        return json_to_integer(json->raw, &ret->integer);
    }
    if (json->kind != JSON_STRING || type != COLUMN_TEXT || json->escaped ||
        json->raw.size - 2 >= placeholder_size)
        return false;
    ret->kind = VALUE_TEXT;
    ret->bytes = json_between_quotes(json->raw);
    return true;
}

int value_take(const struct json_value *json, const struct column *column, struct value_field field,
               const struct value_settings *settings, bool may_be_unavailable, struct arena *arena,
               struct value *ret, struct error *error) {
    if (json->kind == JSON_NULL) {
        *ret = (struct value){.kind = VALUE_NULL};
        return 0;
    }
    if (field.semantic <= SEMANTIC_PLAIN &&
        value_take_plainly(json, column->type, settings->unavailable.size, ret))
        return 0;
    struct reading reading = {column, settings, arena, ret, error, field, json->kind, json->raw, json->raw};
    if (json->kind == JSON_STRING) {
        reading.text = json_between_quotes(json->raw);
        if (json->escaped && !json_unescape_text(reading.text, arena, &reading.text))
            return reading_no_memory(&reading);
    }
    return value_read_checked(&reading, may_be_unavailable);
}

int value_read(struct json_reader *json, const struct column *column, struct value_field field,
               const struct value_settings *settings, bool may_be_unavailable, struct arena *arena,
               struct value *ret, struct error *error) {
    struct json_value value;
    if (!json_take(json, &value))
        return error_set(error, ERROR_INPUT, "column %s: broken JSON at byte %zu: %s", column->name,
                         json_offset(json), json->error);
    return value_take(&value, column, field, settings, may_be_unavailable, arena, ret, error);
}
