// What a TEXT column held before it was made one: as PostgreSQL (12 to 18) writes that type's values when it makes texts of
// them, with its own defaults of intervalstyle, extra_float_digits, bytea_output and the time zone UTC.
#include "consumer/decode/value/reading.h"
#include "views/base/iso8601.h"
#include "views/base/real.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { RETYPED_TEXT_SIZE = 128 }; // of an interval or a double

static int value_retyped_give(const struct reading *reading, const char *text, size_t size) {
    char *copy = arena_take(reading->arena, size);
    if (copy == NULL && size > 0)
        return reading_no_memory(reading);
    memcpy(copy, text, size);
    return reading_give_text(reading, (struct span){copy, size});
}

// "\x68656c6c6f" of base64.
static int value_retyped_bytes(const struct reading *reading) {
    static const char digits[] = "0123456789abcdef";
    struct span bytes;
    if (reading_base64(reading, reading->text, &bytes) != 0)
        return -1;
    char *text = arena_take(reading->arena, bytes.size * 2 + 2);
    if (text == NULL)
        return reading_no_memory(reading);
    memcpy(text, "\\x", 2);
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned byte = (unsigned char)bytes.data[i];
        text[i * 2 + 2] = digits[byte >> 4];
        text[i * 2 + 3] = digits[byte & 15];
    }
    return reading_give_text(reading, (struct span){text, bytes.size * 2 + 2});
}

// The fewest digits that read back as the same number, as d.ddde+XX.
static void value_retyped_shortest(double value, bool is_float, char ret[RETYPED_TEXT_SIZE]) {
    enum { FLOAT_DIGITS = 9, DOUBLE_DIGITS = 17 };
    for (int digits = 1; digits <= (is_float ? FLOAT_DIGITS : DOUBLE_DIGITS); digits++) {
        (void)snprintf(ret, RETYPED_TEXT_SIZE, "%.*e", digits - 1, value);
        if (is_float ? strtof(ret, NULL) == (float)value : strtod(ret, NULL) == value)
            return;
    }
}

// 1.0 is "1", 1.0E20 is "1e+20": PostgreSQL writes an exponent below -4, and from 15 (of a real, 6) on.
static int value_retyped_double(const struct reading *reading) {
    enum { EXPONENT_LEAST = -4, EXPONENT_DOUBLE = 15, EXPONENT_FLOAT = 6 };
    bool is_float = reading->field.semantic == SEMANTIC_FLOAT;
    double value;
    char shortest[RETYPED_TEXT_SIZE], text[RETYPED_TEXT_SIZE];
    if (!real_parse(reading->text, &value) || !isfinite(value))
        return reading_give_text(reading, reading->text);
    value_retyped_shortest(value, is_float, shortest);
    char *e = strchr(shortest, 'e');
    int exponent = atoi(e + 1), digits = (int)(e - shortest) - (shortest[0] == '-');
    digits -= digits > 1; // the point
    bool long_form = exponent < EXPONENT_LEAST || exponent >= (is_float ? EXPONENT_FLOAT : EXPONENT_DOUBLE);
    int behind = digits - 1 - exponent;
    int size = long_form ? snprintf(text, sizeof text, "%s", shortest)
                         : snprintf(text, sizeof text, "%.*f", behind > 0 ? behind : 0, value);
    return value_retyped_give(reading, text, (size_t)size);
}

// A number without a schema that Java writes of a double, and nobody of anything else: 12.0 or with an exponent.
static bool value_retyped_is_double(struct span text) {
    const char *point = memchr(text.data, '.', text.size);
    bool exponent = memchr(text.data, 'E', text.size) != NULL || memchr(text.data, 'e', text.size) != NULL;
    return exponent || (point != NULL && text.data + text.size == point + 2 && point[1] == '0');
}

struct retyped_interval {
    int64_t years, months, days, hours, minutes;
    int64_t micros; // of the seconds
};

// Digits as Debezium writes them, "6.789": a count of micros where `micros`, else a whole number.
static bool value_retyped_read_count(const char **at, const char *end, bool micros, int64_t *ret) {
    enum { DIGITS_MAX = 12, FRACTION_DIGITS = 6 };
    const char *p = *at;
    bool negative = p < end && *p == '-';
    p += negative;
    int64_t count = 0;
    int digits = 0, fraction = -1;
    for (; p < end && ((*p >= '0' && *p <= '9') || (*p == '.' && fraction < 0)); p++) {
        if (*p == '.') {
            fraction = 0;
            continue;
        }
        if (fraction >= FRACTION_DIGITS || digits >= DIGITS_MAX)
            return false;
        fraction += fraction >= 0;
        count = count * 10 + (*p - '0');
        digits++;
    }
    for (int i = fraction > 0 ? fraction : 0; micros && i < FRACTION_DIGITS; i++)
        count *= 10;
    *at = p;
    *ret = negative ? -count : count;
    return digits > 0 && (micros || fraction < 0);
}

// P1Y2M3DT4H5M6.789S, each part where it stands.
static bool value_retyped_read_interval(struct span text, struct retyped_interval *ret) {
    const char *at = text.data, *end = at + text.size;
    bool of_day = false;
    *ret = (struct retyped_interval){0};
    if (at == end || *at++ != 'P' || at == end)
        return false;
    while (at < end) {
        if (*at == 'T' && !of_day) {
            of_day = true;
            at++;
            continue;
        }
        int64_t count;
        const char *unit = at;
        while (unit < end && strchr("-.0123456789", *unit) != NULL)
            unit++;
        if (unit == end || !value_retyped_read_count(&at, end, *unit == 'S', &count) || at != unit)
            return false;
        const char *units = of_day ? "HMS" : "YMD";
        const char *found = strchr(units, *at++);
        int64_t *parts[] = {&ret->years, &ret->months, &ret->days, &ret->hours, &ret->minutes, &ret->micros};
        if (found == NULL)
            return false;
        *parts[(of_day ? 3 : 0) + (found - units)] = count;
    }
    return true;
}

// EncodeInterval's style postgres: "1 year 2 mons 3 days 04:05:06.789", "-1 days +02:03:00".
static int value_retyped_write_interval(const struct reading *reading,
                                        const struct retyped_interval *interval) {
    const int64_t second = 1000000;
    const struct {
        int64_t count;
        const char *unit;
    } parts[] = {{interval->years, "year"}, {interval->months, "mon"}, {interval->days, "day"}};
    char text[RETYPED_TEXT_SIZE * 2];
    int size = 0;
    bool before = false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].count == 0)
            continue;
        size += snprintf(text + size, sizeof text - (size_t)size, "%s%s%" PRId64 " %s%s", size > 0 ? " " : "",
                         before && parts[i].count > 0 ? "+" : "", parts[i].count, parts[i].unit,
                         parts[i].count != 1 ? "s" : "");
        before = parts[i].count < 0;
    }
    if (size > 0 && interval->hours == 0 && interval->minutes == 0 && interval->micros == 0)
        return value_retyped_give(reading, text, (size_t)size);
    bool minus = interval->hours < 0 || interval->minutes < 0 || interval->micros < 0;
    int64_t micros = imaxabs(interval->micros);
    size += snprintf(text + size, sizeof text - (size_t)size, "%s%s%02" PRIdMAX ":%02" PRIdMAX ":%02" PRId64,
                     size > 0 ? " " : "",
                     minus    ? "-"
                     : before ? "+"
                              : "",
                     imaxabs(interval->hours), imaxabs(interval->minutes), micros / second);
    if (micros % second != 0) {
        size += snprintf(text + size, sizeof text - (size_t)size, ".%06" PRId64, micros % second);
        while (text[size - 1] == '0')
            size--;
    }
    return value_retyped_give(reading, text, (size_t)size);
}

static int value_retyped_interval(const struct reading *reading) {
    struct retyped_interval interval;
    return value_retyped_read_interval(reading->text, &interval)
               ? value_retyped_write_interval(reading, &interval)
               : reading_give_text(reading, reading->text);
}

// A count has lost what were years, months and days; it is as long as the interval was.
static int value_retyped_duration(const struct reading *reading) {
    const int64_t second = 1000000, minute = 60 * second, hour = 60 * minute;
    int64_t count;
    if (!json_to_integer(reading->text, &count))
        return reading_refuse(reading, "not a count of time units");
    if (reading->field.semantic == SEMANTIC_NANO_DURATION)
        count /= 1000;
    struct retyped_interval interval = {
        .hours = count / hour, .minutes = count % hour / minute, .micros = count % minute};
    return value_retyped_write_interval(reading, &interval);
}

// "2026-11-22 22:32:00.5+00": the zone is the session's, and UTC's is meant.
static int value_retyped_zoned(const struct reading *reading) {
    char text[ISO8601_TEXT_SIZE];
    struct moment moment;
    int64_t nanos;
    enum iso8601_zone zone;
    bool of_day = reading->field.semantic == SEMANTIC_ZONED_TIME;
    size_t size = 0;
    if (of_day && iso8601_read_time(reading->text, &nanos, &zone))
        size = iso8601_write_time(nanos, text);
    else if (!of_day && iso8601_read_timestamp(reading->text, &moment, &zone))
        size = iso8601_write_timestamp(moment, false, text);
    if (size == 0)
        return reading_give_text(reading, reading->text);
    *reading->ret = (struct value){.kind = VALUE_TEXT, .bytes = {text, size}};
    if (reading_short_time(reading) != 0)
        return -1;
    struct span plain = reading->ret->bytes;
    char zoned[ISO8601_TEXT_SIZE + 4];
    size = (size_t)snprintf(zoned, sizeof zoned, "%.*s+00", (int)plain.size, plain.data);
    return value_retyped_give(reading, zoned, size);
}

int reading_retyped(const struct reading *reading) {
    bool text = reading->kind == JSON_STRING, number = reading->kind == JSON_NUMBER;
    switch (reading->field.semantic) {
    case SEMANTIC_NONE:
        return number && value_retyped_is_double(reading->text) ? value_retyped_double(reading)
                                                                : reading_text(reading);
    case SEMANTIC_FLOAT:
    case SEMANTIC_DOUBLE:
        return number ? value_retyped_double(reading) : reading_text(reading);
    case SEMANTIC_BYTES:
        return text ? value_retyped_bytes(reading) : reading_text(reading);
    case SEMANTIC_BITS:
        return text ? reading_bits(reading, (size_t)reading->field.scale) : reading_text(reading);
    case SEMANTIC_INTERVAL:
        return text ? value_retyped_interval(reading) : reading_text(reading);
    case SEMANTIC_MICRO_DURATION:
    case SEMANTIC_NANO_DURATION:
        return number ? value_retyped_duration(reading) : reading_text(reading);
    case SEMANTIC_ZONED_TIMESTAMP:
    case SEMANTIC_ZONED_TIME:
        return text ? value_retyped_zoned(reading) : reading_text(reading);
    default:
        return reading_text(reading);
    }
}
