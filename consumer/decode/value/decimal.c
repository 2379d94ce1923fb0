// DECIMAL and NUMERIC: digits from every form that Debezium gives them, never through a double.
#include "views/engine/decimal.h"
#include "consumer/decode/value/big_integer.h"
#include "consumer/decode/value/reading.h"

#include <stdlib.h>
#include <strings.h>

static const char does_not_fit[] = "does not fit the declared digits";
static const char not_decimal[] = "not a decimal number";
static const char not_readable[] = "not a decimal number; base64 cannot be read without its schema: set "
                                   "decimal.handling.mode=string, or send schemas";

// An unscaled integer and its scale.
struct scaled {
    struct span bytes;
    int scale;
};

static int value_decimal_read_scaled(const struct reading *reading, struct span base64, int64_t scale,
                                     struct scaled *ret) {
    if (scale < -BIG_INTEGER_SCALE_MAX || scale > BIG_INTEGER_SCALE_MAX)
        return reading_refuse(reading, "the scale is out of range");
    if (reading_base64(reading, base64, &ret->bytes) != 0)
        return -1;
    if (ret->bytes.size == 0)
        return reading_refuse(reading, "no digits");
    if (ret->bytes.size > BIG_INTEGER_BYTES_MAX)
        return reading_refuse(reading, "too many digits");
    ret->scale = (int)scale;
    return 0;
}

// {"scale":2,"value":"base64"}, each once.
static int value_decimal_read_variable_scale(const struct reading *reading, struct scaled *ret) {
    struct json_reader json;
    struct span base64 = {0};
    int64_t scale = 0;
    bool scaled = false;
    json_open(&json, reading->raw);
    json_next(&json);
    while (json_next(&json) == JSON_KEY) {
        bool is_scale = json_key_is(&json, "scale", 5), is_value = json_key_is(&json, "value", 5);
        enum json_kind kind = json_next(&json);
        if (is_scale && !scaled && kind == JSON_NUMBER && json_to_integer(json.text, &scale)) {
            scaled = true;
        } else if (is_value && base64.data == NULL && kind == JSON_STRING) {
            if (!json_unescape(&json, reading->arena, &base64))
                return reading_no_memory(reading);
        } else {
            return reading_refuse(reading, "not a decimal's scale and value");
        }
    }
    if (!scaled || base64.data == NULL)
        return reading_refuse(reading, "not a decimal's scale and value");
    return value_decimal_read_scaled(reading, base64, scale, ret);
}

// 1 = the value is in binary form and in `ret`, 0 = its digits are reading->text, -1 = refused.
static int value_decimal_read_binary(const struct reading *reading, struct scaled *ret) {
    if (reading->kind == JSON_NUMBER)
        return 0;
    if (reading->kind == JSON_OBJECT_BEGIN)
        return value_decimal_read_variable_scale(reading, ret) == 0 ? 1 : -1;
    if (reading->kind != JSON_STRING)
        return reading_refuse(reading, not_decimal);
    if (reading->field.semantic != SEMANTIC_CONNECT_DECIMAL)
        return 0;
    return value_decimal_read_scaled(reading, reading->text, reading->field.scale, ret) == 0 ? 1 : -1;
}

// PostgreSQL's spelling of a value that no digits can write, in any case, or Debezium's name of it
// (SpecialValueDecimal's, 2.7 to 3.7); data NULL when it is not one.
static struct span value_decimal_special_of(struct span text) {
    static const struct {
        const char *name, *written;
    } names[] = {{"NaN", "NaN"},
                 {"Infinity", "Infinity"},
                 {"-Infinity", "-Infinity"},
                 {"POSITIVE_INFINITY", "Infinity"},
                 {"NEGATIVE_INFINITY", "-Infinity"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text.size == strlen(names[i].name) && strncasecmp(text.data, names[i].name, text.size) == 0)
            return span_of(names[i].written);
    return (struct span){0};
}

// numeric(3,-2) comes with its scale's low eleven bits, as 12300 and 2046 zeros behind the point: they are exact, and
// PostgreSQL writes none.
static struct span value_decimal_of_negative_scale(const struct reading *reading, struct span digits) {
    if (strchr(reading->column->declared, '-') == NULL || memchr(digits.data, '.', digits.size) == NULL ||
        memchr(digits.data, 'e', digits.size) != NULL || memchr(digits.data, 'E', digits.size) != NULL)
        return digits;
    while (digits.size > 0 && digits.data[digits.size - 1] == '0')
        digits.size--;
    digits.size -= digits.size > 0 && digits.data[digits.size - 1] == '.';
    return digits;
}

// Digits without leading zeros, and where the point stands among them: behind the last is `count`.
struct plain_digits {
    const char *sign;
    char *digits;
    int count;
    int point;
};

enum { EXPONENT_MAX = 330 }; // a double's go from -324 to 308

// False: no exponent that could be written out. `room` has as many bytes as the text.
static bool value_decimal_split(struct span text, char *room, struct plain_digits *ret) {
    const char *end = text.data + text.size;
    const char *e = memchr(text.data, 'e', text.size);
    e = e != NULL ? e : memchr(text.data, 'E', text.size);
    int64_t exponent;
    const char *power = e != NULL ? e + 1 + (e + 1 < end && e[1] == '+') : end;
    if (!json_to_integer((struct span){power, (size_t)(end - power)}, &exponent) || exponent > EXPONENT_MAX ||
        exponent < -EXPONENT_MAX)
        return false;
    *ret = (struct plain_digits){text.data[0] == '-' ? "-" : "", room, 0, 0};
    int fraction = 0;
    bool behind = false;
    for (const char *p = text.data + (*text.data == '-' || *text.data == '+'); p < e; p++) {
        behind |= *p == '.';
        fraction += behind && *p != '.';
        if (*p != '.' && (*p != '0' || ret->count > 0))
            room[ret->count++] = *p;
    }
    ret->point = ret->count - fraction + (int)exponent;
    while (ret->count > 0 && ret->count > ret->point && room[ret->count - 1] == '0')
        ret->count--;
    return true;
}

// 1.23456789E7, as Java writes a double of ten million or more: 12345678.9. Others are left as they came.
static int value_decimal_write_out(const struct reading *reading, struct span *digits) {
    char *room = arena_take(reading->arena, digits->size * 2 + EXPONENT_MAX + 4);
    struct plain_digits plain;
    if (room == NULL)
        return reading_no_memory(reading);
    if (!value_decimal_split(*digits, room, &plain))
        return 0;
    char *out = room + digits->size, *to = out;
    if (plain.count > 0 && *plain.sign == '-')
        *to++ = '-';
    if (plain.point <= 0 || plain.count == 0)
        *to++ = '0';
    for (int i = 0; i < plain.point && plain.count > 0; i++)
        *to++ = i < plain.count ? plain.digits[i] : '0';
    if (plain.point < plain.count)
        *to++ = '.';
    for (int i = plain.point; i < plain.count; i++)
        *to++ = i < 0 ? '0' : plain.digits[i];
    *digits = (struct span){out, (size_t)(to - out)};
    return 0;
}

static const char *value_decimal_why_no_digits(const struct reading *reading) {
    return reading->field.semantic == SEMANTIC_NONE ? not_readable : not_decimal;
}

// [-]digits[.digits] with no more digits than are declared, as nearly all come; the rest is decimal_parse's.
static bool value_decimal_read_plain_decimal(struct span text, int precision, int scale, int64_t *ret) {
    const char *p = text.data, *end = p + text.size;
    bool negative = p < end && *p == '-';
    p += negative;
    const char *first = p, *point = NULL;
    int64_t value = 0;
    if (p == end || end - p > DECIMAL_PRECISION_MAX)
        return false;
    for (; p < end; p++) {
        unsigned digit = (unsigned)(unsigned char)*p - '0';
        if (digit <= 9)
            value = value * 10 + digit;
        else if (*p == '.' && point == NULL && p > first && p + 1 < end)
            point = p;
        else
            return false;
    }
    int digits = (int)(end - first) - (point != NULL), fraction = point != NULL ? (int)(end - point) - 1 : 0;
    if (fraction > scale || digits + scale - fraction > precision)
        return false;
    for (; fraction < scale; fraction++)
        value *= 10;
    *ret = negative ? -value : value;
    return true;
}

int reading_decimal(const struct reading *reading) {
    int precision = reading->column->precision, scale = reading->column->scale;
    struct span digits = reading->text;
    struct scaled scaled;
    int64_t count;
    int binary = value_decimal_read_binary(reading, &scaled);
    if (binary < 0)
        return -1;
    if (binary && big_integer_to_int64(scaled.bytes, &count)) {
        if (!decimal_rescale(count, scaled.scale, precision, scale, &count))
            return reading_refuse(reading, does_not_fit);
        return reading_give_integer(reading, count);
    }
    if (binary && !big_integer_to_text(scaled.bytes, scaled.scale, reading->arena, &digits))
        return reading_no_memory(reading);
    if (value_decimal_read_plain_decimal(digits, precision, scale, &count) ||
        decimal_parse(digits, precision, scale, &count))
        return reading_give_integer(reading, count);
    if (value_decimal_special_of(digits).data != NULL)
        return reading_refuse(reading, "a decimal has no such value: declare the column numeric");
    return reading_refuse(reading,
                          decimal_is_literal(digits) ? does_not_fit : value_decimal_why_no_digits(reading));
}

// numeric(20,2): 2. 0 = none is declared.
static int value_decimal_declared_scale(const char *declared) {
    const char *comma = strchr(declared, ',');
    return comma != NULL ? atoi(comma + 1) : 0;
}

// A key is the same row's whatever its zeros behind the point: as many as are declared, else none.
static int value_decimal_key(const struct reading *reading, struct span digits) {
    const char *point = memchr(digits.data, '.', digits.size);
    bool exponent =
        memchr(digits.data, 'e', digits.size) != NULL || memchr(digits.data, 'E', digits.size) != NULL;
    int scale = value_decimal_declared_scale(reading->column->declared);
    if (exponent || scale < 0 || scale > BIG_INTEGER_SCALE_MAX)
        return reading_give_text(reading, digits);
    size_t whole = point != NULL ? (size_t)(point - digits.data) : digits.size;
    size_t least = scale > 0 ? whole + 1 + (size_t)scale : whole;
    while (point != NULL && digits.size > least && digits.data[digits.size - 1] == '0')
        digits.size--;
    if (digits.size == whole + 1) // the point alone
        digits.size--;
    if (digits.size >= least)
        return reading_give_text(reading, digits);
    char *text = arena_take(reading->arena, least);
    if (text == NULL)
        return reading_no_memory(reading);
    memset(text, '0', least);
    text[whole] = '.';
    memcpy(text, digits.data, digits.size);
    return reading_give_text(reading, (struct span){text, least});
}

int reading_numeric(const struct reading *reading) {
    struct span digits = reading->text;
    struct scaled scaled;
    int binary = value_decimal_read_binary(reading, &scaled);
    if (binary < 0)
        return -1;
    if (binary && !big_integer_to_text(scaled.bytes, scaled.scale, reading->arena, &digits))
        return reading_no_memory(reading);
    bool has_exponent =
        !binary && (reading->kind == JSON_NUMBER || reading->kind == JSON_STRING) &&
        (memchr(digits.data, 'E', digits.size) != NULL || memchr(digits.data, 'e', digits.size) != NULL);
    if (has_exponent && decimal_is_literal(digits) && value_decimal_write_out(reading, &digits) != 0)
        return -1;
    if (binary || decimal_is_literal(digits)) {
        digits = value_decimal_of_negative_scale(reading, digits);
        return reading->column->key > 0 ? value_decimal_key(reading, digits)
                                        : reading_give_text(reading, digits);
    }
    struct span special = value_decimal_special_of(digits);
    if (special.data != NULL)
        return reading_give_text(reading, special);
    return reading_refuse(reading, value_decimal_why_no_digits(reading));
}
