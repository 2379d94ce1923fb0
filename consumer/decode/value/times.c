// DATE, TIME, TIMESTAMP and TIMESTAMPTZ: numbers by their unit, texts as ISO 8601 has them.
#include "consumer/decode/value.h"
#include "consumer/decode/value/reading.h"
#include "views/base/iso8601.h"

#include <inttypes.h>
#include <stdio.h>

// PostgreSQL's dates begin with 4714-11-24 BC and end with 5874897-12-31; its timestamps end with 294276-12-31.
static const int64_t date_least = -2440588, date_most = 2145042905;
static const int64_t timestamp_least_us = -210866803200000000;
static const uint64_t timestamp_most_us = 9224318015999999999U;

// What Debezium's PostgreSQL connector sends for infinity and -infinity, which is no date of PostgreSQL's: seen of 3.4.0
// and 3.6.1 (pgjdbc's sentinels as java.util.Date and LocalDate have them), of 3.7.0 (pgjdbc 42.7.13), and the ends of
// int32 and int64.
static const struct {
    int64_t number;
    bool positive;
} date_infinities[] =
    {
        {-622191234, true},  {-625821272, false},                      // by snapshot
        {-2147472692, true}, {-2147472691, false}, {2146033979, true}, // streamed; the last by 3.7.0
        {INT32_MAX, true},   {INT32_MIN, false},
},
  timestamp_infinities[] =
      {
          {9223372036825200000, true},
          {-9223372036832400000, false},
          {INT64_MAX, true},
          {INT64_MIN, false},
},
  timestamp_ms_infinities[] =
      {
          {9223372036825200, true},
          {-9223372036832400, false},
          {INT64_MAX / 1000, true},
          {INT64_MIN / 1000, false},
},
  // time.precision.mode=nanoseconds, of 3.5.2 and newer; neither is a whole microsecond, as each of PostgreSQL's times is.
    timestamp_ns_infinities[] = {
        {INT64_MAX, true},
        {INT64_MIN, false},
};
// time.precision.mode=isostring: the same moments as java.time writes them.
static const struct {
    const char *text;
    bool positive;
} iso_infinities[] = {
    {"+292278994-08-16Z", true},
    {"+292269055-12-02Z", false},
    {"-5877611-06-21Z", true},
    {"-5877611-06-22Z", false},
    {"+5877611-06-21Z", true},
    {"+294247-01-10T04:00:25.2Z", true},
    {"-290308-12-21T19:59:27.6Z", false},
    {"+292278994-08-16T23:00:00Z", true},
    {"-292275055-05-16T23:00:00Z", false},
};

#define TIMES_FIND_INFINITY(list, wanted, ret)                                                               \
    do {                                                                                                     \
        for (size_t i_ = 0; i_ < sizeof(list) / sizeof *(list); i_++)                                        \
            if ((list)[i_].number == (wanted))                                                               \
                *(ret) = (list)[i_].positive ? 1 : -1;                                                       \
    } while (0)

// 1: infinity, -1: -infinity, 0: neither.
static int value_times_infinity_of_days(int64_t days) {
    int found = 0;
    if (days < date_least || days > date_most)
        TIMES_FIND_INFINITY(date_infinities, days, &found);
    return found;
}

// 3.7.0 sends microseconds also where milliseconds are due.
static int value_times_infinity_of_units(int64_t units, int digits) {
    const int64_t near_ends = 9223372036000000;
    int found = 0;
    if (units > -near_ends && units < near_ends)
        return 0;
    if (digits == 9)
        TIMES_FIND_INFINITY(timestamp_ns_infinities, units, &found);
    else
        TIMES_FIND_INFINITY(timestamp_infinities, units, &found);
    if (digits == 3)
        TIMES_FIND_INFINITY(timestamp_ms_infinities, units, &found);
    return found;
}

// 'infinity' and '-infinity', which PostgreSQL has beside all dates, also as a moment that stands for them.
static int value_times_infinity_of_text(struct span text) {
    if (span_is(text, "infinity"))
        return 1;
    if (span_is(text, "-infinity"))
        return -1;
    for (size_t i = 0; text.size > 0 && (text.data[0] == '+' || text.data[0] == '-') &&
                       i < sizeof iso_infinities / sizeof *iso_infinities;
         i++)
        if (span_is(text, iso_infinities[i].text))
            return iso_infinities[i].positive ? 1 : -1;
    return 0;
}

static const char no_unit[] = "the schema names no unit of time";

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

// The connector's adaptive modes choose by the column's declared precision: "timestamp(3)". From 7 on, which PostgreSQL has
// not, it is nanoseconds: SQL Server's and Db2's time(7), datetime2(7), Oracle's timestamp(9).
static int value_times_adaptive_digits(const char *declared) {
    const char *open = strchr(declared, '(');
    if (open == NULL)
        return 6;
    open += 1 + strspn(open + 1, " ");
    bool two_digits = open[0] != '\0' && open[1] >= '0' && open[1] <= '9';
    return two_digits || (*open >= '7' && *open <= '9') ? 9 : *open >= '0' && *open <= '3' ? 3 : 6;
}

static int64_t value_times_units_per_ms(const struct column *column) {
    int digits = value_times_adaptive_digits(column->declared);
    return digits == 3 ? 1 : digits == 6 ? 1000 : 1000000;
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

int reading_short_time(const struct reading *reading) {
    struct span text = reading->ret->bytes;
    if (span_is(text, "infinity") || span_is(text, "-infinity"))
        return 0;
    char *copy = arena_take(reading->arena, text.size);
    if (copy == NULL)
        return reading_no_memory(reading);
    memcpy(copy, text.data, text.size);
    char *between = memchr(copy, 'T', text.size);
    if (between != NULL)
        *between = ' ';
    if (text.size > 0 && *copy == '+') { // ISO 8601's sign of a year beyond 9999
        copy++;
        text.size--;
    }
    while (text.size > 0 && copy[text.size - 1] == '0' && memchr(copy, '.', text.size) != NULL)
        text.size--;
    text.size -= text.size > 0 && copy[text.size - 1] == '.';
    return reading_give_text(reading, (struct span){copy, text.size});
}

static bool value_times_is_timestamp(enum semantic semantic) {
    return semantic == SEMANTIC_TIMESTAMP_MS || semantic == SEMANTIC_TIMESTAMP_US ||
           semantic == SEMANTIC_TIMESTAMP_NS || semantic == SEMANTIC_CONNECT_TIMESTAMP;
}

// A DATE that was a TIMESTAMP before: its day.
static int value_times_day_of_timestamp(const struct reading *reading) {
    if (reading_timestamp(reading) != 0)
        return -1;
    struct span *text = &reading->ret->bytes;
    const char *between = memchr(text->data, 'T', text->size);
    if (between != NULL)
        text->size = (size_t)(between - text->data);
    return 0;
}

// The day that a count of days names. False: it is an infinity, which was given back, or was refused; *ret_status is
// what the reading comes to.
static bool value_times_take_days(const struct reading *reading, int64_t *ret_days, int *ret_status) {
    if (!json_to_integer(reading->text, ret_days)) {
        *ret_status = reading_refuse(reading, "not a count of days");
        return false;
    }
    int infinity = value_times_infinity_of_days(*ret_days);
    if (infinity != 0)
        *ret_status = value_times_infinity(reading, infinity > 0);
    else if (*ret_days < date_least || *ret_days > date_most)
        *ret_status =
            reading_refuse(reading, "not a day that PostgreSQL has; a DATE of Oracle's is a timestamp(0)");
    else
        return true;
    return false;
}

static int value_times_date_of_number(const struct reading *reading) {
    enum semantic semantic = reading->field.semantic;
    if (value_times_is_timestamp(semantic))
        return value_times_day_of_timestamp(reading);
    if (semantic != SEMANTIC_NONE && semantic != SEMANTIC_DATE && semantic != SEMANTIC_CONNECT_DATE)
        return reading_refuse(reading, no_unit);
    int64_t days;
    int status;
    if (!value_times_take_days(reading, &days, &status))
        return status;
    char *text = value_times_take(reading);
    return text != NULL ? value_times_give(reading, text, iso8601_write_date(days, text))
                        : reading_no_memory(reading);
}

int reading_date(const struct reading *reading) {
    if (reading->kind == JSON_NUMBER)
        return value_times_date_of_number(reading);
    if (reading->kind != JSON_STRING)
        return reading_refuse(reading, "not a date");
    if (reading->field.semantic == SEMANTIC_ISO_TIMESTAMP)
        return value_times_day_of_timestamp(reading);
    int infinity = value_times_infinity_of_text(reading->text);
    if (infinity != 0)
        return value_times_infinity(reading, infinity > 0);
    int64_t days;
    if (!iso8601_read_date(reading->text, &days))
        return reading_refuse(reading, "not a date (YYYY-MM-DD)");
    char *text = value_times_take(reading);
    return text != NULL ? value_times_give(reading, text, iso8601_write_date(days, text))
                        : reading_no_memory(reading);
}

// An INTERVAL that comes as a time: MySQL's TIME, which goes to 838 hours on either side, or what was a TIME before. In
// microseconds, as interval.handling.mode=numeric has it.
int reading_time_span(const struct reading *reading) {
    enum { DIGITS_MAX = 24 };
    int64_t units;
    int digits = value_times_unit_digits(reading, reading->settings->time_unit);
    bool millis = digits == 3;
    if (!json_to_integer(reading->text, &units) ||
        (millis && (units > INT64_MAX / 1000 || units < INT64_MIN / 1000)))
        return reading_refuse(reading, "not a count of time units");
    char *text = arena_take(reading->arena, DIGITS_MAX);
    if (text == NULL)
        return reading_no_memory(reading);
    int size = snprintf(text, DIGITS_MAX, "%" PRId64,
                        millis        ? units * 1000
                        : digits == 9 ? units / 1000
                                      : units);
    return reading_give_text(reading, (struct span){text, (size_t)size});
}

// Midnight is 0 in every unit.
static bool value_times_is_bare_time(const struct reading *reading) {
    return reading->settings->bare_time_unsure && reading->field.semantic == SEMANTIC_NONE &&
           reading->settings->time_unit == TIME_UNIT_ADAPTIVE &&
           strchr(reading->column->declared, '(') == NULL && !span_is(reading->text, "0");
}

static int value_times_nanos_of_number(const struct reading *reading, int64_t *ret) {
    int64_t units;
    int digits = value_times_unit_digits(reading, reading->settings->time_unit);
    if (digits == 0)
        return reading_refuse(reading, no_unit);
    int64_t scale = digits == 3 ? 1000000 : digits == 6 ? 1000 : 1;
    if (value_times_is_bare_time(reading))
        return reading_refuse(
            reading,
            "nothing says its unit; declare its digits as the source has them (time(0) to time(3) are "
            "milliseconds, time(6) microseconds, time(7) nanoseconds; Db2's and Informix' is time(0)), or the mode: "
            "-- tidemark: time TABLE = connect, microseconds or nanoseconds");
    bool is_integer = json_to_integer(reading->text, &units);
    if (is_integer && digits == 3 && units > ISO8601_NANOS_PER_DAY / scale &&
        units <= ISO8601_NANOS_PER_DAY / 1000)
        return reading_refuse(
            reading,
            "no time of day in milliseconds, but one in microseconds; where the connector's mode is that, "
            "say it in source.sql: -- tidemark: time TABLE = adaptive_time_microseconds");
    if (!is_integer || units < 0 || units > ISO8601_NANOS_PER_DAY / scale)
        return reading_refuse(reading,
                              "not a time of day; a TIME of MySQL's beyond a day is kept where the column "
                              "is declared interval, nanoseconds (SQL Server's) where it is time(7)");
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

// Microseconds beyond 294247-01-10 wrap around in the connector's int64.
static int value_times_give_wrapped(const struct reading *reading, uint64_t units) {
    const uint64_t per_day = (uint64_t)ISO8601_NANOS_PER_DAY / 1000;
    if (units > timestamp_most_us)
        return reading_refuse(reading, "not a time that PostgreSQL has");
    struct moment moment = {(int64_t)(units / per_day), (int64_t)(units % per_day) * 1000};
    return value_times_give_moment(reading, moment, false);
}

// 2^64 nanoseconds as days and the rest. Of the moments that come to `units` in an int64 one at most is of a year from 0 to
// 9999 and a whole microsecond; of others the number is as it came.
static struct moment value_times_unwind_nanos(int64_t units) {
    enum { ROUNDS_BACK = -3, ROUNDS_ON = 14, NANOS_A_MICRO = 1000 };
    const int64_t round_days = 213503, round_nanos = 84873709551616;
    struct moment came = iso8601_moment(units, 9);
    for (int round = ROUNDS_BACK; round <= ROUNDS_ON; round++) {
        int64_t nanos = came.nanos + round * round_nanos;
        int64_t days = nanos / ISO8601_NANOS_PER_DAY - (nanos % ISO8601_NANOS_PER_DAY < 0);
        if (nanos % NANOS_A_MICRO == 0)
            return (struct moment){came.days + round * round_days + days,
                                   nanos - days * ISO8601_NANOS_PER_DAY};
    }
    return came;
}

// A TIMESTAMP that was a DATE before: the day's beginning.
static int value_times_midnight_of(const struct reading *reading) {
    int64_t days;
    int status;
    if (!value_times_take_days(reading, &days, &status))
        return status;
    return value_times_give_moment(reading, (struct moment){days, 0}, false);
}

static int value_times_timestamp_of_number(const struct reading *reading) {
    int64_t units;
    if (reading->field.semantic == SEMANTIC_DATE || reading->field.semantic == SEMANTIC_CONNECT_DATE)
        return value_times_midnight_of(reading);
    int digits = value_times_unit_digits(reading, reading->settings->timestamp_unit);
    if (digits == 0)
        return reading_refuse(reading, no_unit);
    if (!json_to_integer(reading->text, &units))
        return reading_refuse(reading, "not a count of time units");
    // What nobody says to be microseconds may be a timestamp(3)'s of before.
    bool told = reading->field.semantic != SEMANTIC_NONE || reading->settings->declared;
    int infinity = value_times_infinity_of_units(units, digits == 6 && !told ? 3 : digits);
    if (infinity != 0)
        return value_times_infinity(reading, infinity > 0);
    if (digits == 6 && units < timestamp_least_us)
        return value_times_give_wrapped(reading, (uint64_t)units);
    if (digits == 9 && reading->settings->whole_micros)
        return value_times_give_moment(reading, value_times_unwind_nanos(units), false);
    return value_times_give_moment(reading, iso8601_moment(units, digits), false);
}

static const int64_t ms_per_day = 86400000, ms_at_year_10000 = 253402300800000;

struct value_settings value_settings_of(const struct table *table, const struct value_settings *all) {
    static const struct {
        enum time_unit timestamp, time;
    } modes[] = {
        [TIME_PRECISION_ADAPTIVE] = {TIME_UNIT_ADAPTIVE, TIME_UNIT_ADAPTIVE},
        [TIME_PRECISION_ADAPTIVE_TIME_MICROSECONDS] = {TIME_UNIT_ADAPTIVE, TIME_UNIT_US},
        [TIME_PRECISION_CONNECT] = {TIME_UNIT_MS, TIME_UNIT_MS},
        [TIME_PRECISION_ISOSTRING] = {TIME_UNIT_ADAPTIVE, TIME_UNIT_ADAPTIVE},
        [TIME_PRECISION_MICROSECONDS] = {TIME_UNIT_US, TIME_UNIT_US},
        [TIME_PRECISION_NANOSECONDS] = {TIME_UNIT_NS, TIME_UNIT_NS},
    };
    struct value_settings settings = *all;
    if (table->unavailable.data != NULL) {
        size_t least = settings.unavailable_least;
        settings.unavailable = table->unavailable;
        settings.unavailable_text = table->unavailable_text;
        settings.unavailable_least = table->unavailable.size < least ? table->unavailable.size : least;
        settings.unavailable_told = true;
    }
    if (table->time_precision == TIME_PRECISION_UNSET)
        return settings;
    settings.timestamp_unit = modes[table->time_precision].timestamp;
    settings.time_unit = modes[table->time_precision].time;
    // Its numbers are of a column that was of another type then: what they are is still not sure.
    settings.declared = table->time_precision != TIME_PRECISION_ISOSTRING;
    return settings;
}

struct value_settings value_settings_of_mysql(const struct value_settings *settings) {
    struct value_settings mysql = *settings;
    mysql.whole_micros = mysql.counts_times = true;
    if (settings->declared)
        return mysql;
    mysql.time_unit = TIME_UNIT_US; // adaptive_time_microseconds is the only adaptive mode that it has
    mysql.bare_unsure = true;
    return mysql;
}

struct value_settings value_settings_of_others(const struct value_settings *settings) {
    struct value_settings others = *settings;
    others.bare_unsure = others.bare_time_unsure = !settings->declared;
    others.bits_unsure = true;
    return others;
}

struct value_settings value_settings_of_nameless(const struct value_settings *settings) {
    struct value_settings nameless = *settings;
    nameless.bits_unsure = true;
    return nameless;
}

struct value_settings value_settings_of_postgres(const struct value_settings *settings) {
    struct value_settings postgres = *settings;
    postgres.whole_micros = true;
    return postgres;
}

// Every time from 2001 to 2286 has this many digits, every date from 1997 to 2243.
uint8_t value_time_sure_digits(const struct column *column, struct value_field field) {
    enum { NANOS_DIGITS = 19, MICROS_DIGITS = 16, MILLIS_DIGITS = 13, DAYS_DIGITS = 5 };
    switch (field.semantic) {
    case SEMANTIC_TIMESTAMP_MS:
    case SEMANTIC_CONNECT_TIMESTAMP:
        return MILLIS_DIGITS;
    case SEMANTIC_TIMESTAMP_US:
        return MICROS_DIGITS;
    case SEMANTIC_TIMESTAMP_NS:
        return NANOS_DIGITS;
    case SEMANTIC_DATE:
    case SEMANTIC_CONNECT_DATE:
        return DAYS_DIGITS;
    default:
        break;
    }
    if (column->type == COLUMN_ARRAY &&
        (column->element == COLUMN_TIMESTAMP || column->element == COLUMN_DATE))
        return 1; // no array is so short
    if (column->type == COLUMN_DATE)
        return DAYS_DIGITS;
    if (column->type != COLUMN_TIMESTAMP)
        return 0;
    int64_t per_ms = value_times_units_per_ms(column);
    return per_ms == 1 ? MILLIS_DIGITS : per_ms == 1000 ? MICROS_DIGITS : NANOS_DIGITS;
}

// A count of days is one in every mode; what PostgreSQL has no day for is refused without a look at the row. Days up to the
// year 88312 would be seconds of 1970: there are dates of then in use, as marks that stand for no end.
static bool value_times_is_unsure_date(int64_t days) {
    const int64_t seconds_at_1971 = 365 * (ms_per_day / 1000);
    return days >= seconds_at_1971 && days < date_most;
}

// A number that is a DATETIME if it counts milliseconds, and from 1968 to 1978 if it counts microseconds.
static bool value_times_may_be_datetime(int64_t units, const struct column *column,
                                        const struct value_settings *settings) {
    const int64_t ms_at_year_0 = -62167219200000;
    return settings->bare_unsure && strchr(column->declared, '(') == NULL && units != 0 &&
           units >= ms_at_year_0 && units < ms_at_year_10000;
}

// A number that is a datetime2, SQL Server's, if it counts nanoseconds, and of the years from 2286 on if it counts microseconds. The
// year 9999 stands for no end.
static bool value_times_may_be_nanos(int64_t units, const struct column *column,
                                     const struct value_settings *settings) {
    const int64_t us_at_2286 = 10000000000000000, us_at_year_9999 = 253370764800000000;
    return settings->bare_time_unsure && strchr(column->declared, '(') == NULL && units >= us_at_2286 &&
           units < us_at_year_9999;
}

// 9999-12-31, 2999-12-31, 2100-01-01: days that stand for no end, were it counted in milliseconds. As microseconds it is a time of
// 1970 to 1978 that nobody means, unless it is a midnight.
static bool value_times_is_no_end_in_ms(int64_t units, int64_t per_ms) {
    const int64_t ms_at_2076 = 3345062400000, second = 1000;
    const size_t century = 2;
    char text[ISO8601_TEXT_SIZE];
    if (per_ms != 1000 || units < ms_at_2076 || units >= ms_at_year_10000 ||
        units % (ms_per_day * per_ms) == 0)
        return false;
    int64_t of_day = units % ms_per_day;
    if (of_day != 0 && of_day != ms_per_day - second && of_day != ms_per_day - 1)
        return false;
    (void)iso8601_write_timestamp(iso8601_moment(units, 3), false, text);
    return memcmp(text + century, "99-12-31", 8) == 0 || memcmp(text + century, "00-01-01", 8) == 0 ||
           memcmp(text, "9999-01-01", 10) == 0;
}

static bool value_times_is_unsure_timestamp(int64_t units, const struct column *column) {
    int64_t per_ms = value_times_units_per_ms(column);
    int digits = value_times_adaptive_digits(column->declared);
    bool near_epoch = units > -50 * ms_per_day * per_ms && units < 50 * ms_per_day * per_ms &&
                      units % (ms_per_day * per_ms) != 0;
    return near_epoch || value_times_is_no_end_in_ms(units, per_ms) ||
           (units / per_ms >= ms_at_year_10000 && value_times_infinity_of_units(units, digits) == 0);
}

bool value_time_is_unsure(const struct json_value *json, const struct column *column,
                          struct value_field field, const struct value_settings *settings) {
    int64_t units;
    bool date = column->type == COLUMN_DATE;
    if (settings->declared || (!date && column->type != COLUMN_TIMESTAMP) || json->kind != JSON_NUMBER ||
        field.semantic != SEMANTIC_NONE || settings->timestamp_unit != TIME_UNIT_ADAPTIVE ||
        !json_to_integer(json->raw, &units))
        return false;
    return date ? value_times_is_unsure_date(units)
                : value_times_is_unsure_timestamp(units, column) ||
                      value_times_may_be_datetime(units, column, settings) ||
                      value_times_may_be_nanos(units, column, settings);
}

bool value_time_find_unsure(const struct json_value *array, const struct column *column,
                            struct value_field field, const struct value_settings *settings,
                            int64_t *ret_units) {
    struct column element = *column;
    struct json_reader json;
    struct json_value value;
    element.type = column->element;
    if (array->kind != JSON_ARRAY_BEGIN)
        return false;
    json_open(&json, array->raw);
    for (enum json_kind kind = json_next(&json); kind != JSON_END && kind != JSON_ERROR;
         kind = json_next(&json)) {
        value = (struct json_value){.kind = kind, .raw = json.text};
        if (kind == JSON_NUMBER && value_time_is_unsure(&value, &element, field, settings))
            return json_to_integer(json.text, ret_units);
    }
    return false;
}

// Within 100 years before the source's time and 50 after it.
static bool value_times_is_plausible(int64_t ms, int64_t source_ms) {
    const int64_t year = 365 * ms_per_day;
    return ms > source_ms - 100 * year && ms < source_ms + 50 * year;
}

// Days that would be a time of ours if they were counted in another unit.
static bool value_times_is_misread_date(int64_t days, int64_t source_ms) {
    return value_times_is_plausible(days * 1000, source_ms) || value_times_is_plausible(days, source_ms) ||
           value_times_is_plausible(days / 1000, source_ms) ||
           value_times_is_plausible(days / 1000000, source_ms);
}

// A number near 0 is of a larger unit, if of another at all. Milliseconds that would be days or seconds of the decade about
// 1970 are few: what they say is as likely.
static bool value_times_is_larger_unit(int64_t units, int64_t per_ms, int64_t source_ms) {
    const int64_t days_max = 100000, days_least = per_ms > 1 ? 0 : 10 * 365;
    const int64_t seconds_least = days_least * (ms_per_day / 1000);
    int64_t size = units < 0 ? -units : units;
    return (per_ms > 1000 && value_times_is_plausible(units / 1000, source_ms)) ||
           (per_ms > 1 && value_times_is_plausible(units, source_ms)) ||
           (size >= seconds_least && value_times_is_plausible(units * 1000, source_ms)) ||
           (size >= days_least && size < days_max && value_times_is_plausible(units * ms_per_day, source_ms));
}

bool value_time_is_misread(int64_t units, const struct column *column, const struct value_settings *settings,
                           int64_t source_ms) {
    const int64_t years = 10 * 365 * ms_per_day;
    if ((column->type == COLUMN_ARRAY ? column->element : column->type) == COLUMN_DATE)
        return value_times_is_misread_date(units, source_ms);
    int64_t per_ms = value_times_units_per_ms(column);
    int64_t own_ms = units / per_ms;
    if (own_ms > source_ms - years && own_ms < source_ms + years)
        return false;
    if (value_times_may_be_datetime(units, column, settings) || value_times_is_no_end_in_ms(units, per_ms))
        return true;
    if (value_times_may_be_nanos(units, column, settings) &&
        value_times_is_plausible(units / 1000000, source_ms))
        return true;
    return own_ms < ms_at_year_10000 ? value_times_is_larger_unit(units, per_ms, source_ms)
                                     : value_times_is_plausible(units / 1000000, source_ms) ||
                                           (per_ms == 1 && value_times_is_plausible(units / 1000, source_ms));
}

// A far year's first or last day stands for no end.
static bool value_times_is_mark(struct span date) {
    enum { MONTH_AND_DAY = 6 };
    struct span end = {date.data + date.size - MONTH_AND_DAY, MONTH_AND_DAY};
    return date.size > MONTH_AND_DAY && (span_is(end, "-01-01") || span_is(end, "-12-31"));
}

static struct span value_times_date_of(struct span stored) {
    const char *between = memchr(stored.data, 'T', stored.size);
    return between != NULL ? (struct span){stored.data, (size_t)(between - stored.data)} : stored;
}

bool value_time_is_far(const struct json_value *json, struct value_field field, const struct value *value) {
    if (value->kind != VALUE_TEXT || value->bytes.size == 0 ||
        (value->bytes.data[0] != '+' && value->bytes.data[0] != '-'))
        return false;
    bool converted = field.semantic == SEMANTIC_CONNECT_TIMESTAMP || field.semantic == SEMANTIC_CONNECT_DATE;
    if (json->kind == JSON_STRING)
        converted = json->raw.size > 1 && json->raw.data[1] >= '0' && json->raw.data[1] <= '9';
    return converted && !value_times_is_mark(value_times_date_of(value->bytes));
}

bool value_time_is_stretched(const struct value *value, int64_t source_ms) {
    const int64_t year = 365 * ms_per_day;
    int64_t days;
    if (!iso8601_read_date(value_times_date_of(value->bytes), &days) || days > INT64_MAX / ms_per_day ||
        days < INT64_MIN / ms_per_day || (days < 0 && days >= date_least))
        return false;
    int64_t thousandth = days * ms_per_day / 1000;
    int64_t millionth = thousandth / 1000;
    return value_times_is_plausible(thousandth, source_ms) ||
           ((millionth > year || millionth < -year) && value_times_is_plausible(millionth, source_ms));
}

int reading_timestamp(const struct reading *reading) {
    if (reading->kind == JSON_NUMBER)
        return value_times_timestamp_of_number(reading);
    if (reading->kind != JSON_STRING)
        return reading_refuse(reading, "not a timestamp");
    int infinity = value_times_infinity_of_text(reading->text);
    if (infinity != 0)
        return value_times_infinity(reading, infinity > 0);
    struct moment moment = {0, 0};
    enum iso8601_zone zone;
    bool is_read = reading->field.semantic == SEMANTIC_ISO_DATE
                       ? iso8601_read_date(reading->text, &moment.days)
                       : iso8601_read_timestamp(reading->text, &moment, &zone);
    if (!is_read)
        return reading_refuse(reading, "not a timestamp (YYYY-MM-DDTHH:MM:SS)");
    return value_times_give_moment(reading, moment, false);
}

int reading_timestamptz(const struct reading *reading) {
    if (reading->kind != JSON_STRING)
        return reading_refuse(reading,
                              "not a timestamp with an offset, as text: a number has no time zone. Declare "
                              "the column timestamp, or where it was one before, take an incremental "
                              "snapshot of the table");
    if (iso8601_is_stored(reading->text))
        return reading_give_text(reading, reading->text);
    int infinity = value_times_infinity_of_text(reading->text);
    if (infinity != 0)
        return value_times_infinity(reading, infinity > 0);
    struct moment moment;
    enum iso8601_zone zone;
    if (!iso8601_read_timestamp(reading->text, &moment, &zone))
        return reading_refuse(reading, "not a timestamp (YYYY-MM-DDTHH:MM:SSZ)");
    if (zone == ISO8601_ZONE_NONE)
        return reading_refuse(reading, "a timestamp without an offset from UTC");
    return value_times_give_moment(reading, moment, true);
}
