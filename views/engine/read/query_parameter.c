#include "views/engine/read/query_parameter.h"

#include "views/base/iso8601.h"
#include "views/base/real.h"
#include "views/base/uuid.h"
#include "views/engine/decimal.h"
#include "views/engine/read/literals.h"
#include "views/engine/sqlite/numeric_order.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { DATE_SIZE = 10, FRACTION_DIGITS = 6, SHOWN_MAX = 40 };

// `pattern`: d stands for a digit, all else for itself.
static bool query_parameter_has_form(struct span text, const char *pattern) {
    if (text.size != strlen(pattern))
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (pattern[i] == 'd' ? text.data[i] < '0' || text.data[i] > '9' : text.data[i] != pattern[i])
            return false;
    return true;
}

static int query_parameter_digits(const char *text, int count) {
    int value = 0;
    for (int i = 0; i < count; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

// YYYY-MM-DD, as the mirror writes dates of the years 0 to 9999: compared as text they are compared in time.
static bool query_parameter_is_date(struct span text) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (!query_parameter_has_form(text, "dddd-dd-dd"))
        return false;
    int year = query_parameter_digits(text.data, 4);
    int month = query_parameter_digits(text.data + 5, 2);
    int day = query_parameter_digits(text.data + 8, 2);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

// A date, T or a space, a time with up to six digits of a second, Z for one with a zone. `ret` has it as the
// mirror writes it, with all six. False when it is none.
static bool query_parameter_read_timestamp(struct span text, char ret[QUERY_PARAMETER_TEXT_SIZE]) {
    const size_t seconds = sizeof "dddd-dd-ddTdd:dd:dd" - 1;
    bool zone = text.size > 0 && text.data[text.size - 1] == 'Z';
    size_t size = text.size - zone;
    if (size < seconds || !query_parameter_is_date((struct span){text.data, DATE_SIZE}) ||
        (text.data[DATE_SIZE] != 'T' && text.data[DATE_SIZE] != ' ') ||
        !query_parameter_has_form((struct span){text.data + DATE_SIZE + 1, seconds - DATE_SIZE - 1},
                                  "dd:dd:dd"))
        return false;
    const char *time = text.data + DATE_SIZE + 1;
    if (query_parameter_digits(time, 2) > 23 || query_parameter_digits(time + 3, 2) > 59 ||
        query_parameter_digits(time + 6, 2) > 59)
        return false;
    size_t digits = size > seconds ? size - seconds - 1 : 0;
    if (size > seconds && (text.data[seconds] != '.' || digits == 0 || digits > FRACTION_DIGITS))
        return false;
    memcpy(ret, text.data, seconds);
    ret[DATE_SIZE] = 'T';
    memcpy(ret + seconds, ".000000", FRACTION_DIGITS + 1);
    for (size_t i = 0; i < digits; i++) {
        char c = text.data[seconds + 1 + i];
        if (c < '0' || c > '9')
            return false;
        ret[seconds + 1 + i] = c;
    }
    ret[seconds + FRACTION_DIGITS + 1] = zone ? 'Z' : '\0';
    ret[seconds + FRACTION_DIGITS + 2] = '\0';
    return true;
}

static struct cell query_parameter_integer(int64_t integer) {
    return (struct cell){.kind = CELL_INTEGER, .integer = integer};
}

// A moment with an offset, or without one in UTC; a date is its midnight. As the mirror writes moments.
static bool query_parameter_read_moment(struct span text, char ret[QUERY_PARAMETER_TEXT_SIZE]) {
    static_assert((int)ISO8601_TEXT_SIZE < (int)QUERY_PARAMETER_TEXT_SIZE, "and a NUL");
    struct moment moment = {0};
    enum iso8601_zone zone;
    if (!iso8601_read_timestamp(text, &moment, &zone) && !iso8601_read_date(text, &moment.days))
        return false;
    ret[iso8601_write_timestamp(moment, true, ret)] = '\0';
    return true;
}

static bool query_parameter_read_boolean(struct span value, struct cell *ret) {
    bool yes;
    if (!literals_boolean(value, &yes))
        return false;
    *ret = query_parameter_integer(yes);
    return true;
}

static struct cell query_parameter_text(struct span text) {
    return (struct cell){.kind = CELL_TEXT, .bytes = text};
}

// INTEGER or REAL when it is written the way SQLite would write that number, else TEXT.
static struct cell query_parameter_as_written(struct span value) {
    int64_t integer;
    double real;
    char text[REAL_TEXT_SIZE];
    if (integer_parse(value, &integer))
        return query_parameter_integer(integer);
    if (real_parse(value, &real) && isfinite(real) && memchr(value.data, '.', value.size) != NULL &&
        span_equal(value, (struct span){text, real_write(real, text)}))
        return (struct cell){.kind = CELL_REAL, .real = real};
    return query_parameter_text(value);
}

// SQLite has no NaN of its own: the mirror keeps it as text.
static bool query_parameter_read_number(struct span value, struct cell *ret) {
    double real;
    int64_t integer;
    if (!literals_real(value, &real))
        return false;
    const bool whole = literals_integer(value, &integer) && (integer != 0 || !signbit(real)); // -0 is a REAL
    *ret = whole         ? query_parameter_integer(integer)
           : isnan(real) ? query_parameter_text(SPAN("NaN"))
                         : (struct cell){.kind = CELL_REAL, .real = real};
    return true;
}

static bool query_parameter_read_decimal(const struct parameter_rule *rule, struct span value,
                                         struct cell *ret) {
    char room[LITERAL_NUMBER_SIZE];
    *ret = (struct cell){.kind = CELL_INTEGER};
    return decimal_parse(literals_number(value, room), rule->precision, rule->scale, &ret->integer);
}

bool query_parameter_read(const struct parameter_rule *rule, struct span value,
                          char text[QUERY_PARAMETER_TEXT_SIZE], struct cell *ret) {
    switch (rule->type) {
    case PARAMETER_INTEGER:
        *ret = (struct cell){.kind = CELL_INTEGER};
        return literals_integer(literals_trimmed(value), &ret->integer);
    case PARAMETER_NUMBER:
        return query_parameter_read_number(literals_trimmed(value), ret);
    case PARAMETER_DECIMAL:
        return query_parameter_read_decimal(rule, literals_trimmed(value), ret);
    case PARAMETER_DATE:
        *ret = query_parameter_text(value);
        return query_parameter_is_date(value);
    case PARAMETER_TIMESTAMP:
        if (!query_parameter_read_timestamp(value, text))
            return false;
        *ret = query_parameter_text(span_of(text));
        return true;
    case PARAMETER_TIMESTAMPTZ:
        if (!query_parameter_read_moment(value, text))
            return false;
        *ret = query_parameter_text(span_of(text));
        return true;
    case PARAMETER_BOOLEAN:
        return query_parameter_read_boolean(value, ret);
    case PARAMETER_UUID:
        *ret = query_parameter_text((struct span){text, UUID_SIZE});
        return uuid_read(value, text);
    case PARAMETER_TEXT:
        *ret = query_parameter_text(value);
        return true;
    case PARAMETER_ANY:
    case PARAMETER_TYPES:
        break;
    }
    *ret = query_parameter_as_written(value);
    return true;
}

int query_parameter_check(const struct parameter_rule *rule, struct span name, struct span value,
                          struct error *error) {
    static const char *const wanted[PARAMETER_TYPES] = {
        [PARAMETER_INTEGER] = "an integer",
        [PARAMETER_NUMBER] = "a number",
        [PARAMETER_DECIMAL] = "a decimal",
        [PARAMETER_DATE] = "a date, YYYY-MM-DD",
        [PARAMETER_TIMESTAMP] = "a timestamp, YYYY-MM-DDTHH:MM:SS.ffffff, with Z where the column has a zone",
        [PARAMETER_TIMESTAMPTZ] =
            "a moment, YYYY-MM-DDTHH:MM:SS.ffffff with Z or an offset, whose + is %2B in a URL",
        [PARAMETER_BOOLEAN] = "a boolean, true or false",
        [PARAMETER_UUID] = "a UUID",
    };
    char text[QUERY_PARAMETER_TEXT_SIZE];
    struct cell cell;
    if (query_parameter_read(rule, value, text, &cell))
        return 0;
    int shown = (int)(value.size < SHOWN_MAX ? value.size : SHOWN_MAX);
    if (rule->type == PARAMETER_DECIMAL)
        return error_set(error, ERROR_USAGE, "%.*s=%.*s: it is a decimal(%d,%d)", (int)name.size, name.data,
                         shown, value.data, rule->precision, rule->scale);
    const bool beyond = rule->type == PARAMETER_NUMBER && numeric_is_valid(literals_trimmed(value));
    return error_set(error, ERROR_USAGE, "%.*s=%.*s: it is %s", (int)name.size, name.data, shown, value.data,
                     beyond ? "a number, and this one is beyond what a double is" : wanted[rule->type]);
}
