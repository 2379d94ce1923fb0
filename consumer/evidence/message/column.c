#define _GNU_SOURCE // memmem
#include "consumer/evidence/message/column.h"

#include "consumer/decode/semantic.h"
#include "views/base/real.h"
#include "views/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_FIRST = 16 };

struct evidence_column *column_of(struct evidence_topic *topic, struct span name) {
    name.size = utf8_fit(name.data, name.size, EVIDENCE_NAME_SIZE - 1);
    name.size = strnlen(name.data, name.size); // no name in SQL goes on behind a NUL
    for (int i = 0; i < topic->column_count; i++)
        if (span_is(name, topic->columns[i].name))
            return &topic->columns[i];
    if (topic->column_count == EVIDENCE_COLUMNS_MAX)
        return &topic->rest;
    if (topic->column_count == topic->column_capacity) {
        int capacity = topic->column_capacity > 0 ? topic->column_capacity * 2 : COLUMNS_FIRST;
        struct evidence_column *grown = realloc(topic->columns, (size_t)capacity * sizeof *grown);
        if (grown == NULL)
            return NULL;
        topic->columns = grown;
        topic->column_capacity = capacity;
    }
    char *copy = strndup(name.data, name.size);
    if (copy == NULL)
        return NULL;
    topic->columns[topic->column_count] = (struct evidence_column){.name = copy, .key_candidate = true};
    return &topic->columns[topic->column_count++];
}

// d: a digit, x: a hexadecimal one; else the letter itself. Whether the text begins so.
static bool column_begins(struct span text, const char *pattern) {
    size_t size = strlen(pattern);
    for (size_t i = 0; i < size; i++) {
        char c = i < text.size ? text.data[i] : '\0';
        bool digit = c >= '0' && c <= '9';
        if (pattern[i] == 'd'   ? !digit
            : pattern[i] == 'x' ? !digit && !((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
                                : c != pattern[i])
            return false;
    }
    return true;
}

// With a space, as Flink writes it by default.
static bool column_is_moment(struct span text) {
    return column_begins(text, "dddd-dd-ddTdd:dd:dd") || column_begins(text, "dddd-dd-dd dd:dd:dd");
}

// Dates, moments without an offset and times of day; isostring has a Z behind the first and the last.
static bool column_is_iso(struct span text) {
    if (column_begins(text, "dddd-dd-dd"))
        return text.size == 10 || text.data[10] == 'T' || column_is_moment(text) ||
               (text.size == 11 && text.data[10] == 'Z');
    return column_begins(text, "dd:dd:dd") &&
           (text.size == 8 || text.data[8] == '.' || text.data[8] == 'Z' || text.data[8] == '+');
}

static bool column_is_zoned(struct span text) {
    if (!column_is_moment(text))
        return false;
    char last = text.data[text.size - 1];
    struct span end = text.size >= 6 ? (struct span){text.data + text.size - 6, 6} : (struct span){0};
    return last == 'Z' || column_begins(end, "+dd:dd") || column_begins(end, "-dd:dd");
}

static bool column_is_special(struct span text) {
    static const char *const specials[] = {"infinity", "-infinity",         "Infinity",          "-Infinity",
                                           "NaN",      "POSITIVE_INFINITY", "NEGATIVE_INFINITY", "NAN"};
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
        if (span_is(text, specials[i]))
            return true;
    return false;
}

static bool column_is_document(struct span text) {
    struct json_reader json;
    if (text.size < 2 || (text.data[0] != '{' && text.data[0] != '['))
        return false;
    json_open(&json, text);
    return json_skip(&json) && json_next(&json) == JSON_END;
}

// Digits, a point, digits.
static bool column_read_decimal(struct span text, int *ret_digits, int *ret_scale) {
    size_t at = text.size > 0 && text.data[0] == '-';
    size_t first = at;
    while (at < text.size && text.data[at] >= '0' && text.data[at] <= '9')
        at++;
    *ret_digits = (int)(at - first);
    if (at == first || at == text.size || text.data[at] != '.')
        return false;
    first = ++at;
    while (at < text.size && text.data[at] >= '0' && text.data[at] <= '9')
        at++;
    *ret_scale = (int)(at - first);
    return at == text.size && at > first;
}

// Canonical base64, as a decimal without its scale comes: 16 bytes hold 38 digits.
static bool column_is_base64(struct span text, bool *ret_filled) {
    enum { BASE64_GROUP = 4, BASE64_SIZE_MAX = 24 };
    size_t size = text.size;
    if (size == 0 || size > BASE64_SIZE_MAX || size % BASE64_GROUP != 0)
        return false;
    while (size > text.size - 2 && text.data[size - 1] == '=')
        size--;
    for (size_t i = 0; i < size; i++) {
        char c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '+' && c != '/')
            return false;
    }
    *ret_filled = size < text.size;
    return true;
}

static void column_count_text(struct evidence_column *column, struct span text) {
    int digits;
    int scale;
    bool filled = false;
    column->base64 += column_is_base64(text, &filled);
    column->base64_filled += filled;
    if (column_is_special(text)) {
        column->special++;
    } else if (column_read_decimal(text, &digits, &scale)) {
        column->scale = column->decimals == 0 || column->scale == scale ? scale : -1;
        column->digits = digits > column->digits ? digits : column->digits;
        column->decimals++;
    } else if (column_is_zoned(text)) {
        column->zoned++;
    } else if (column_is_iso(text)) {
        column->iso++;
    } else if (text.size == 36 && column_begins(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")) {
        column->uuids++;
    } else if (column_is_document(text)) {
        column->documents++;
    }
}

// Those of decode/value/times.c that are no round number.
static const int64_t infinite_days[] = {-622191234, -625821272, -2147472692, -2147472691, 2146033979};
static const int64_t infinite_millis[] = {INT64_C(9223372036825200), INT64_C(-9223372036832400)};
static const int64_t infinite_micros[] = {INT64_C(9223372036825200000), INT64_C(-9223372036832400000)};

// 9999-12-31.
static const int64_t last_days[] = {2932896};
static const int64_t last_millis[] = {INT64_C(253402214400000), INT64_C(253402300799000),
                                      INT64_C(253402300799999)};
static const int64_t last_micros[] = {INT64_C(253402214400000000), INT64_C(253402300799000000),
                                      INT64_C(253402300799999000), INT64_C(253402300799999999)};

#define COLUMN_HAS(list, value) column_has(list, sizeof(list) / sizeof *(list), value)

static bool column_has(const int64_t *list, size_t count, int64_t value) {
    bool found = false;
    for (size_t i = 0; i < count; i++)
        found |= list[i] == value;
    return found;
}

static const int64_t day_ms = INT64_C(86400) * 1000;

static bool column_is_near(int64_t value, int64_t units_a_day) {
    enum { DAY_LEAST = 3652, DAY_MOST = 47481 }; // 1980-01-01, 2099-12-31
    return value / units_a_day >= DAY_LEAST && value / units_a_day <= DAY_MOST;
}

// No double's text: with a zero behind another digit of the fraction, with more digits than one has, or as Java writes a decimal of
// scale below 0 (1E+2). Zeros at the end are no digits of it: Go writes a double of 1e20 as 100000000000000000000.
static bool column_is_exact(struct span number, const char *point, int digits) {
    enum { DOUBLE_DIGITS = 17 };
    bool power = memchr(number.data, 'e', number.size) != NULL;
    bool javas = memchr(number.data, 'E', number.size) != NULL;
    if (digits > 1 && number.data[number.size - 1] == '0' && !power && !javas)
        return true;
    int seen = 0, significant = 0;
    for (size_t i = 0; i < number.size && number.data[i] != 'e' && number.data[i] != 'E'; i++) {
        seen += number.data[i] >= (seen == 0 ? '1' : '0') && number.data[i] <= '9';
        significant = number.data[i] >= '1' && number.data[i] <= '9' ? seen : significant;
    }
    return significant > DOUBLE_DIGITS || (javas && point == NULL);
}

static void column_count_number(struct evidence_column *column, struct span number) {
    int64_t value;
    if (!json_to_integer(number, &value)) {
        const char *point = memchr(number.data, '.', number.size);
        int digits = point != NULL ? (int)(number.data + number.size - point - 1) : 0;
        column->real_digits = digits > column->real_digits ? digits : column->real_digits;
        column->padded += column_is_exact(number, point, digits);
        column->reals++;
        return;
    }
    column->integers++;
    column->zeros += value == 0;
    column->infinite_days += COLUMN_HAS(infinite_days, value);
    column->infinite_millis += COLUMN_HAS(infinite_millis, value);
    column->infinite_micros += COLUMN_HAS(infinite_micros, value);
    column->last_days += COLUMN_HAS(last_days, value);
    column->last_millis += COLUMN_HAS(last_millis, value);
    column->last_micros += COLUMN_HAS(last_micros, value);
    column->beyond_a_day += value < 0 || value >= day_ms * 1000;
    column->within_a_day_of_millis += value > 0 && value < day_ms;
    column->days += column_is_near(value, 1);
    column->millis += column_is_near(value, day_ms);
    column->micros += column_is_near(value, day_ms * 1000);
    column->nanos += column_is_near(value, day_ms * 1000 * 1000);
}

static void column_keep_example(struct evidence_column *column, struct span text) {
    size_t size = 0;
    for (; size < text.size && size + 1 < sizeof column->example; size++) {
        unsigned char c = (unsigned char)text.data[size];
        if (c < ' ' || c >= 0x7f) // it stands in a comment
            break;
        column->example[size] = text.data[size];
    }
    column->example[size] = '\0';
}

// U+FFFD, which stands for what could not be decoded.
static bool column_has_replacement(struct span text) {
    static const char replacement[] = "\xEF\xBF\xBD";
    return text.size > 0 && memmem(text.data, text.size, replacement, sizeof replacement - 1) != NULL;
}

void column_count_value(struct evidence_column *column, const struct json_value *value, struct arena *arena) {
    column->seen++;
    struct span text = fields_text_of(value, arena);
    switch (value->kind) {
    case JSON_NULL:
        column->nulls++;
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        column->booleans++;
        break;
    case JSON_NUMBER:
        column_count_number(column, value->raw);
        break;
    case JSON_STRING:
        if (span_equal(text, value_settings_default.unavailable)) {
            column->placeholders++;
            return;
        }
        column->strings++;
        column->replaced += column_has_replacement(text);
        column->truths += span_is(text, "true") || span_is(text, "false");
        column_count_text(column, text);
        break;
    case JSON_OBJECT_BEGIN:
        column->objects++;
        break;
    default:
        column->arrays++;
        break;
    }
    if (column->example[0] == '\0' || strcmp(column->example, "0") == 0)
        column_keep_example(column, value->kind == JSON_STRING ? text : value->raw);
}

static void column_copy(char *ret, size_t size, struct span text, bool *changed) {
    char copy[128];
    (void)snprintf(copy, sizeof copy, "%.*s", (int)text.size, text.data != NULL ? text.data : "");
    *changed |= strncmp(ret, copy, size - 1) != 0;
    (void)snprintf(ret, size, "%s", copy);
}

static int column_parameter(const struct fields *parameters, const char *name, struct arena *arena) {
    int64_t number;
    struct span text = fields_text(parameters, name, arena);
    return text.data != NULL && integer_parse(text, &number) && number >= -INT16_MAX && number <= INT16_MAX
               ? (int)number
               : 0;
}

static void column_note_parameters(struct evidence_column *column, const struct fields *field,
                                   struct arena *arena) {
    struct fields parameters;
    struct fields items;
    bool changed = false;
    bool of_items = fields_inside(field, "items", arena, &items);
    if (of_items) {
        struct span name = fields_text(&items, "name", arena);
        column_copy(column->items, sizeof column->items,
                    name.data != NULL ? name : fields_text(&items, "type", arena), &changed);
    }
    (void)fields_inside(of_items ? &items : field, "parameters", arena, &parameters);
    column->precision = column_parameter(&parameters, "connect.decimal.precision", arena);
    column->schema_scale = column_parameter(&parameters, "scale", arena);
    column->length = column_parameter(&parameters, "length", arena);
}

void column_note_schema(struct evidence_column *column, const struct fields *field,
                        const struct json_value *value, struct arena *arena) {
    const struct json_value *fallback = fields_get(field, "default");
    const struct json_value *optional = fields_get(field, "optional");
    bool changed = false;
    column_copy(column->type, sizeof column->type, fields_text(field, "type", arena), &changed);
    column_copy(column->semantic, sizeof column->semantic, fields_text(field, "name", arena), &changed);
    column->schema_changed |= changed && column->has_schema;
    column->has_schema = true;
    column->optional = optional != NULL && optional->kind == JSON_TRUE;
    column->has_default = fallback != NULL && fallback->kind != JSON_NULL;
    column->defaults += column->has_default && value != NULL && span_equal(value->raw, fallback->raw);
    column_note_parameters(column, field, arena);
}

void column_note_row(struct evidence_column *column, int64_t number, int64_t ts_ms) {
    column->oldest_ms = column->seen == 1 || ts_ms < column->oldest_ms ? ts_ms : column->oldest_ms;
    column->newest_ms = ts_ms > column->newest_ms ? ts_ms : column->newest_ms;
    column->row = number;
}

void column_note_lacking(struct evidence_topic *topic, int64_t ts_ms) {
    for (int i = 0; i < topic->column_count; i++) {
        struct evidence_column *column = &topic->columns[i];
        bool lacks = column->seen > 0 && column->row != topic->rows && ts_ms > column->oldest_ms;
        if (lacks && (column->lacked_ms == 0 || ts_ms < column->lacked_ms))
            column->lacked_ms = ts_ms;
    }
}

bool column_count_key(struct evidence_topic *topic, const struct fields *key, const struct fields *row,
                      struct arena *arena) {
    for (int i = 0; i < key->count; i++) {
        if (fields_find(row, key->list[i].name) != NULL)
            continue;
        struct evidence_column *column = column_of(topic, key->list[i].name);
        if (column == NULL)
            return false;
        column_count_value(column, &key->list[i].value, arena);
    }
    return true;
}

static struct span column_scalar_text(const struct json_value *value) {
    return value->kind == JSON_STRING ? json_between_quotes(value->raw) : value->raw;
}

struct span column_bare_key(struct span key, struct arena *arena) {
    struct fields object;
    const struct json_value *payload =
        fields_read(key, arena, &object) ? fields_get(&object, "payload") : NULL;
    return payload != NULL ? payload->raw : key;
}

void column_take_scalar_key(struct evidence_topic *topic, const struct fields *row, struct span key,
                            struct arena *arena) {
    struct span text = column_bare_key(key, arena);
    if (span_is(text, "null")) {
        topic->null_keys++;
        return;
    }
    if (text.size >= 2 && text.data[0] == '"')
        text = json_between_quotes(text);
    topic->scalar_keys++;
    for (int c = 0; c < topic->column_count; c++) {
        bool equal = false;
        for (int i = 0; i < row->count && !equal; i++)
            equal = span_is(row->list[i].name, topic->columns[c].name) &&
                    span_equal(column_scalar_text(&row->list[i].value), text);
        topic->columns[c].key_candidate &= equal;
    }
}
