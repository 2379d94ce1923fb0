#include "consumer/decode/value.h"

#include "consumer/decode/value/placeholder.h"
#include "consumer/decode/value/reading.h"
#include "views/base/base64.h"
#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/engine/decimal.h"

#define BIT(semantic) (1U << SEMANTIC_##semantic)
#define PLAINLY                                                                                              \
    (BIT(NONE) | BIT(PLAIN) | BIT(BYTES) | BIT(FLOAT) | BIT(DOUBLE) | BIT(BITS) | BIT(INTERVAL) |            \
     BIT(MICRO_DURATION) | BIT(NANO_DURATION) | BIT(YEAR))

// Which semantics may stand for a declared type. A text takes all: they are what the column held before it was
// retyped; so does a timestamp a date, a date a timestamp, and an integer and a double a decimal.
static const unsigned semantics_allowed[] = {
    [COLUMN_INTEGER] = PLAINLY | BIT(CONNECT_DECIMAL) | BIT(VARIABLE_SCALE),
    [COLUMN_BOOLEAN] = PLAINLY,
    [COLUMN_DECIMAL] = PLAINLY | BIT(CONNECT_DECIMAL) | BIT(VARIABLE_SCALE),
    [COLUMN_NUMERIC] = PLAINLY | BIT(CONNECT_DECIMAL) | BIT(VARIABLE_SCALE),
    [COLUMN_REAL] = PLAINLY | BIT(CONNECT_DECIMAL) | BIT(VARIABLE_SCALE),
    [COLUMN_TEXT] = UINT32_MAX,
    [COLUMN_JSON] = PLAINLY,
    [COLUMN_DATE] = PLAINLY | BIT(DATE) | BIT(CONNECT_DATE) | BIT(ISO_DATE) | BIT(TIMESTAMP_MS) |
                    BIT(TIMESTAMP_US) | BIT(TIMESTAMP_NS) | BIT(CONNECT_TIMESTAMP) | BIT(ISO_TIMESTAMP),
    [COLUMN_TIME] = PLAINLY | BIT(TIME_MS) | BIT(TIME_US) | BIT(TIME_NS) | BIT(CONNECT_TIME) |
                    BIT(ZONED_TIME) | BIT(ISO_TIME),
    [COLUMN_TIMESTAMP] = PLAINLY | BIT(TIMESTAMP_MS) | BIT(TIMESTAMP_US) | BIT(TIMESTAMP_NS) |
                         BIT(CONNECT_TIMESTAMP) | BIT(ISO_TIMESTAMP) | BIT(DATE) | BIT(CONNECT_DATE) |
                         BIT(ISO_DATE),
    [COLUMN_TIMESTAMPTZ] = PLAINLY | BIT(ZONED_TIMESTAMP) | BIT(ISO_TIMESTAMP),
    [COLUMN_BYTEA] = PLAINLY,
    [COLUMN_ARRAY] = UINT32_MAX, // of its elements, which are looked at one by one
    [COLUMN_BIT] = PLAINLY,
    [COLUMN_OTHER] = UINT32_MAX,
};

static inline __attribute__((always_inline)) bool value_is_placeholder(const struct reading *reading,
                                                                       struct span placeholder) {
    enum column_type type = reading->column->type;
    if (reading->kind == JSON_STRING)
        return placeholder_is_text(reading->text, type, placeholder);
    return (reading->kind == JSON_ARRAY_BEGIN || reading->kind == JSON_OBJECT_BEGIN) &&
           (type == COLUMN_ARRAY || type == COLUMN_JSON || type == COLUMN_OTHER) &&
           placeholder_is_raw(reading->raw, placeholder);
}

static bool value_is_lost_name(const struct reading *reading) {
    return reading->column->variant == COLUMN_NAME && reading->kind == JSON_STRING && reading->text.size == 0;
}

static bool value_is_unavailable(const struct reading *reading) {
    const struct value_settings *settings = reading->settings;
    return value_is_lost_name(reading) || value_is_placeholder(reading, settings->unavailable) ||
           (settings->unavailable_told &&
            (value_is_placeholder(reading, value_settings_default.unavailable) ||
             (settings->unavailable_text.data != NULL &&
              value_is_placeholder(reading, settings->unavailable_text))));
}

static int value_refuse_placeholder(const struct reading *reading) {
    return reading_refuse(reading,
                          "it looks like another unavailable.value.placeholder of the connector than the "
                          "default, or like that one cut by column.truncate.to.N.chars; say which in "
                          "source.sql: -- tidemark: unavailable * = TEXT (where it is none: = "
                          "__debezium_unavailable_value)");
}

// An INTERVAL that comes as a time of day, which has other units than an interval's number.
static bool value_is_time_span(const struct reading *reading) {
    if (reading->kind != JSON_NUMBER || !column_is_interval(reading->column))
        return false;
    switch (reading->field.semantic) {
    case SEMANTIC_NONE:
        return reading->settings->counts_times;
    case SEMANTIC_TIME_MS:
    case SEMANTIC_TIME_US:
    case SEMANTIC_TIME_NS:
    case SEMANTIC_CONNECT_TIME:
        return true;
    default:
        return false;
    }
}

// What a schema says is no text is written as PostgreSQL writes it when it makes a text of it.
static int value_read_text(const struct reading *reading) {
    if (value_is_time_span(reading))
        return reading_time_span(reading);
    switch (reading->field.semantic) {
    case SEMANTIC_CONNECT_DECIMAL:
    case SEMANTIC_VARIABLE_SCALE:
        return reading_numeric(reading);
    case SEMANTIC_DATE:
    case SEMANTIC_CONNECT_DATE:
    case SEMANTIC_ISO_DATE:
        return reading_date(reading) != 0 ? -1 : reading_short_time(reading);
    case SEMANTIC_ISO_TIME:
    case SEMANTIC_TIME_MS:
    case SEMANTIC_TIME_US:
    case SEMANTIC_TIME_NS:
    case SEMANTIC_CONNECT_TIME:
        return reading_time(reading) != 0 ? -1 : reading_short_time(reading);
    case SEMANTIC_TIMESTAMP_MS:
    case SEMANTIC_TIMESTAMP_US:
    case SEMANTIC_TIMESTAMP_NS:
    case SEMANTIC_CONNECT_TIMESTAMP:
    case SEMANTIC_ISO_TIMESTAMP:
        return reading_timestamp(reading) != 0 ? -1 : reading_short_time(reading);
    default:
        // An unknown type's value that is no string keeps its JSON text.
        return reading->column->type == COLUMN_TEXT ? reading_retyped(reading)
                                                    : reading_give_text(reading, reading->text);
    }
}

// The digits of a column that was NUMERIC before (or Oracle's NUMBER, which comes so): an integer or a double.
static int value_read_number(const struct reading *reading, int (*read)(const struct reading *reading)) {
    enum semantic semantic = reading->field.semantic;
    bool binary = semantic == SEMANTIC_CONNECT_DECIMAL || semantic == SEMANTIC_VARIABLE_SCALE ||
                  reading->kind == JSON_OBJECT_BEGIN;
    if (!binary || reading->kind == JSON_NUMBER)
        return read(reading);
    if (reading_numeric(reading) != 0)
        return read(reading); // says why not
    struct reading digits = *reading;
    digits.kind = JSON_STRING;
    digits.raw = digits.text = reading->ret->bytes;
    return read(&digits);
}

static int value_read_array(const struct reading *reading);

static inline __attribute__((always_inline)) int value_read_declared(const struct reading *reading) {
    switch (reading->column->type) {
    case COLUMN_INTEGER:
        return value_read_number(reading, reading_integer);
    case COLUMN_BOOLEAN:
        return reading_boolean(reading);
    case COLUMN_DECIMAL:
        return reading_decimal(reading);
    case COLUMN_NUMERIC:
        return reading_numeric(reading);
    case COLUMN_REAL:
        return value_read_number(reading, reading_real);
    case COLUMN_TEXT:
    case COLUMN_OTHER:
        return value_read_text(reading);
    case COLUMN_BIT:
        return reading_bit(reading);
    case COLUMN_JSON:
        return reading_json(reading);
    case COLUMN_DATE:
        return reading_date(reading);
    case COLUMN_TIME:
        return reading_time(reading);
    case COLUMN_TIMESTAMP:
        return reading_timestamp(reading);
    case COLUMN_TIMESTAMPTZ:
        return reading_timestamptz(reading);
    case COLUMN_BYTEA:
        return reading_bytea(reading);
    case COLUMN_ARRAY:
        return value_read_array(reading);
    }
    return reading_refuse(reading, "a type that cannot be read");
}

static bool value_is_converted(enum column_type type) {
    return type == COLUMN_DECIMAL || type == COLUMN_NUMERIC || type == COLUMN_DATE || type == COLUMN_TIME ||
           type == COLUMN_TIMESTAMP || type == COLUMN_TIMESTAMPTZ || type == COLUMN_BIT ||
           type == COLUMN_BYTEA || type == COLUMN_TEXT;
}

// An array of NUMERIC(p,s) has elements of s digits in whatever form they came; those that do not fit are as they came.
static void value_write_digits(const struct column *array, struct span digits, struct buffer *out) {
    char text[DECIMAL_TEXT_SIZE];
    int64_t count;
    if (array->element != COLUMN_DECIMAL || !decimal_parse(digits, array->precision, array->scale, &count)) {
        buffer_append(out, digits.data, digits.size);
        return;
    }
    buffer_append(out, text, decimal_write(count, array->scale, text));
}

// An element as a value of its own, then as JSON: what is converted is plain text.
static int value_write_element(const struct reading *array, const struct json_value *json,
                               struct buffer *out) {
    struct column column = *array->column;
    struct value value;
    column.type = column.element == COLUMN_DECIMAL ? COLUMN_NUMERIC : column.element;
    struct reading reading = {&column,      array->settings, array->arena, &value,   array->error,
                              array->field, json->kind,      json->raw,    json->raw};
    if (json->kind == JSON_NULL) {
        buffer_append(out, "null", 4);
        return 0;
    }
    // What PostgreSQL writes of bytes has a backslash, and stays base64.
    enum semantic semantic = array->field.semantic;
    const unsigned retyped = BIT(BITS) | BIT(INTERVAL) | BIT(ZONED_TIMESTAMP) | BIT(ZONED_TIME) |
                             BIT(CONNECT_DECIMAL) | BIT(ISO_DATE) | BIT(ISO_TIME) | BIT(ISO_TIMESTAMP);
    bool escaped_already =
        column.type == COLUMN_TEXT && (retyped & 1U << semantic) == 0 && json->kind == JSON_STRING;
    if (escaped_already) {
        buffer_append(out, json->raw.data, json->raw.size);
        return 0;
    }
    if (json->kind == JSON_STRING) {
        reading.text = json_between_quotes(json->raw);
        if (json->escaped && !json_unescape_text(reading.text, array->arena, &reading.text))
            return reading_no_memory(array);
    }
    if (value_read_declared(&reading) != 0)
        return -1;
    buffer_append(out, "\"", 1);
    if (value.kind == VALUE_BLOB)
        base64_write(out, value.bytes);
    else
        value_write_digits(array->column, value.bytes, out);
    buffer_append(out, "\"", 1);
    return 0;
}

// The elements behind the [ that has been read, which may be arrays themselves.
static int value_write_elements(const struct reading *array, struct json_reader *json, struct buffer *out) {
    buffer_append(out, "[", 1);
    bool first = true; // of the array that it is in
    for (int depth = json->depth; json->depth >= depth && !out->failed;) {
        struct json_reader ahead = *json;
        enum json_kind kind = json_next(&ahead);
        if (!first && kind != JSON_ARRAY_END)
            buffer_append(out, ",", 1);
        first = kind == JSON_ARRAY_BEGIN;
        if (kind == JSON_ARRAY_BEGIN || kind == JSON_ARRAY_END) {
            *json = ahead;
            buffer_append(out, kind == JSON_ARRAY_BEGIN ? "[" : "]", 1);
            continue;
        }
        struct json_value value;
        if (!json_take(json, &value))
            return reading_refuse(array, "not an array of scalars");
        if (value_write_element(array, &value, out) != 0)
            return -1;
    }
    return out->failed ? reading_no_memory(array) : 0;
}

// JSON text, its elements as columns of their type have them: dates and times as text, digits and bits as text, bytes as
// base64, and of an array of texts what was of another type before; others as they came.
static int value_read_array(const struct reading *reading) {
    if (reading_array(reading) != 0)
        return -1;
    struct json_reader json;
    json_open(&json, reading->text);
    if (json_next(&json) != JSON_ARRAY_BEGIN || !value_is_converted(reading->column->element))
        return 0;
    CLEANUP(buffer_free) struct buffer out = {0};
    if (value_write_elements(reading, &json, &out) != 0)
        return -1;
    char *copy = arena_take(reading->arena, out.size);
    if (copy == NULL)
        return reading_no_memory(reading);
    memcpy(copy, out.data, out.size);
    return reading_give_text(reading, (struct span){copy, out.size});
}

static int value_read_checked(const struct reading *reading, bool may_be_unavailable) {
    // Other types refuse such a text by themselves.
    const unsigned placeholder_types =
        1U << COLUMN_TEXT | 1U << COLUMN_OTHER | 1U << COLUMN_JSON | 1U << COLUMN_ARRAY | 1U << COLUMN_BYTEA;
    enum column_type type = reading->column->type;
    // All rows of a table would have this one key.
    if (reading->column->key != 0 && value_is_lost_name(reading))
        return reading_refuse(reading, "it was not sent: Debezium streams what is declared name as an empty "
                                       "text, unless include.unknown.datatypes=true");
    if (may_be_unavailable && value_is_unavailable(reading)) {
        *reading->ret = (struct value){.kind = VALUE_UNAVAILABLE};
        return 0;
    }
    if ((placeholder_types & 1U << type) != 0 && may_be_unavailable &&
        placeholder_might_be_likely(reading->text, type) && !reading->settings->unavailable_told &&
        placeholder_is_likely(reading->text, type, reading->settings->unavailable))
        return value_refuse_placeholder(reading);
    enum semantic semantic = reading->field.semantic;
    if ((semantics_allowed[type] & 1U << semantic) == 0)
        return error_set(
            reading->error, ERROR_INPUT,
            "column %s (declared %s): the schema says %s%s: declare the column as that, or where it was of that type "
            "before, take an incremental snapshot of the table",
            reading->column->name, reading->column->declared, semantic_name(semantic),
            type == COLUMN_TIMESTAMPTZ ? ", which has no time zone" : "");
    return value_read_declared(reading);
}

// What most columns are, without a schema's semantic: an integer, or a text that is shorter than any placeholder, and not empty.
static inline bool value_take_plainly(const struct json_value *json, enum column_type type,
                                      size_t placeholder_size, struct value *ret) {
    if (json->kind == JSON_NUMBER && type == COLUMN_INTEGER) {
        ret->kind = VALUE_INTEGER;
        return json_to_integer(json->raw, &ret->integer);
    }
    if (json->kind != JSON_STRING || type != COLUMN_TEXT || json->escaped ||
        json->raw.size - 2 >= placeholder_size || json->raw.data[1] == '_' || json->raw.size == 2)
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
        value_take_plainly(json, column->type, settings->unavailable_least, ret))
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
