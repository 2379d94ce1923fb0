// DATE, TIME, TIMESTAMP and TIMESTAMPTZ: numbers by their unit, texts as ISO 8601 has them.
#include "consumer/decode/value/iso8601.h"
#include "consumer/decode/value/reading.h"

static const int64_t date_infinity = INT32_MAX, date_minus_infinity = INT32_MIN;
static const int64_t timestamp_infinity_us = 9223372036825200000,
                     timestamp_minus_infinity_us = -9223372036832400000;

static const char no_unit[] = "the schema names no unit of time";

// 'infinity' and '-infinity', which PostgreSQL has beside all dates.
static bool value_times_is_infinity(struct span text) {
    return span_is(text, "infinity") || span_is(text, "-infinity");
}

static int value_times_infinity(const struct reading *reading, bool positive) {
    return reading_give_text(reading, positive ? SPAN("infinity") : SPAN("-infinity"));
}

static char *value_times_take(const struct reading *reading) {
    return arena_take(reading->arena, ISO8601_TEXT_SIZE);
}

static int value_times_give(const struct reading *reading, char *text, size_t size) {
    arena_return(reading->arena, ISO8601_TEXT_SIZE - size);
    return reading_give_text(reading, (struct span){text, size});
}

// The connector's adaptive modes choose by the column's declared precision: "timestamp(3)".
static int value_times_adaptive_digits(const char *declared) {
    const char *open = strchr(declared, '(');
    if (open == NULL)
        return 6;
    open += 1 + strspn(open + 1, " ");
    return *open >= '0' && *open <= '3' ? 3 : 6;
}

// How many digits of a second the number counts: 3, 6 or 9; 0 = nothing says it.
static int value_times_unit_digits(const struct reading *reading, enum time_unit configured) {
    static const int digits[] = {[TIME_UNIT_MS] = 3, [TIME_UNIT_US] = 6, [TIME_UNIT_NS] = 9};
    switch (reading->field.semantic) {
    case SEMANTIC_NONE:
        return configured == TIME_UNIT_ADAPTIVE ? value_times_adaptive_digits(reading->column->declared)
                                                : digits[configured];
    case SEMANTIC_TIME_MS:
    case SEMANTIC_CONNECT_TIME:
    case SEMANTIC_TIMESTAMP_MS:
    case SEMANTIC_CONNECT_TIMESTAMP:
        return 3;
    case SEMANTIC_TIME_US:
    case SEMANTIC_TIMESTAMP_US:
        return 6;
    case SEMANTIC_TIME_NS:
    case SEMANTIC_TIMESTAMP_NS:
        return 9;
    default:
        return 0;
    }
}

static int value_times_date_of_number(const struct reading *reading) {
    enum semantic semantic = reading->field.semantic;
    if (semantic != SEMANTIC_NONE && semantic != SEMANTIC_DATE && semantic != SEMANTIC_CONNECT_DATE)
        return reading_refuse(reading, no_unit);
    int64_t days;
    if (!json_to_integer(reading->text, &days) || days < date_minus_infinity || days > date_infinity)
        return reading_refuse(reading, "not a count of days");
    if (days == date_infinity || days == date_minus_infinity)
        return value_times_infinity(reading, days > 0);
    char *text = value_times_take(reading);
    return text != NULL ? value_times_give(reading, text, iso8601_write_date(days, text))
                        : reading_no_memory(reading);
}

int reading_date(const struct reading *reading) {
    if (reading->kind == JSON_NUMBER)
        return value_times_date_of_number(reading);
    if (reading->kind != JSON_STRING)
        return reading_refuse(reading, "not a date");
    if (value_times_is_infinity(reading->text))
        return reading_give_text(reading, reading->text);
    int64_t days;
    if (!iso8601_read_date(reading->text, &days))
        return reading_refuse(reading, "not a date (YYYY-MM-DD)");
    char *text = value_times_take(reading);
    return text != NULL ? value_times_give(reading, text, iso8601_write_date(days, text))
                        : reading_no_memory(reading);
}

static int value_times_nanos_of_number(const struct reading *reading, int64_t *ret) {
    int64_t units;
    int digits = value_times_unit_digits(reading, reading->settings->time_unit);
    if (digits == 0)
        return reading_refuse(reading, no_unit);
    int64_t scale = digits == 3 ? 1000000 : digits == 6 ? 1000 : 1;
    if (!json_to_integer(reading->text, &units) || units < 0 || units > ISO8601_NANOS_PER_DAY / scale)
        return reading_refuse(reading, "not a time of day");
    *ret = units * scale;
    return 0;
}

int reading_time(const struct reading *reading) {
    int64_t nanos;
    enum iso8601_zone zone;
    if (reading->kind == JSON_NUMBER) {
        if (value_times_nanos_of_number(reading, &nanos) != 0)
            return -1;
    } else if (reading->kind != JSON_STRING || !iso8601_read_time(reading->text, &nanos, &zone)) {
        return reading_refuse(reading, "not a time of day (HH:MM:SS)");
    }
    char *text = value_times_take(reading);
    return text != NULL ? value_times_give(reading, text, iso8601_write_time(nanos, text))
                        : reading_no_memory(reading);
}

static int value_times_give_moment(const struct reading *reading, struct moment moment, bool zulu) {
    char *text = value_times_take(reading);
    return text != NULL ? value_times_give(reading, text, iso8601_write_timestamp(moment, zulu, text))
                        : reading_no_memory(reading);
}

static int value_times_timestamp_of_number(const struct reading *reading) {
    int64_t units;
    int digits = value_times_unit_digits(reading, reading->settings->timestamp_unit);
    if (digits == 0)
        return reading_refuse(reading, no_unit);
    if (!json_to_integer(reading->text, &units))
        return reading_refuse(reading, "not a count of time units");
    int64_t scale = digits == 3 ? 1000 : 1;
    if (digits != 9 && (units == timestamp_infinity_us || units == timestamp_infinity_us / scale))
        return value_times_infinity(reading, true);
    if (digits != 9 && (units == timestamp_minus_infinity_us || units == timestamp_minus_infinity_us / scale))
        return value_times_infinity(reading, false);
    return value_times_give_moment(reading, iso8601_moment(units, digits), false);
}

int reading_timestamp(const struct reading *reading) {
    if (reading->kind == JSON_NUMBER)
        return value_times_timestamp_of_number(reading);
    if (reading->kind != JSON_STRING)
        return reading_refuse(reading, "not a timestamp");
    if (value_times_is_infinity(reading->text))
        return reading_give_text(reading, reading->text);
    struct moment moment;
    enum iso8601_zone zone;
    if (!iso8601_read_timestamp(reading->text, &moment, &zone))
        return reading_refuse(reading, "not a timestamp (YYYY-MM-DDTHH:MM:SS)");
    return value_times_give_moment(reading, moment, false);
}

int reading_timestamptz(const struct reading *reading) {
    if (reading->kind != JSON_STRING)
        return reading_refuse(reading, "not a timestamp with an offset, as text");
    if (iso8601_is_stored(reading->text) || value_times_is_infinity(reading->text))
        return reading_give_text(reading, reading->text);
    struct moment moment;
    enum iso8601_zone zone;
    if (!iso8601_read_timestamp(reading->text, &moment, &zone))
        return reading_refuse(reading, "not a timestamp (YYYY-MM-DDTHH:MM:SSZ)");
    if (zone == ISO8601_ZONE_NONE)
        return reading_refuse(reading, "a timestamp without an offset from UTC");
    return value_times_give_moment(reading, moment, true);
}
