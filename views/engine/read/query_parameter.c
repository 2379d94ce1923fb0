#include "views/engine/read/query_parameter.h"

#include "views/base/real.h"
#include "views/engine/decimal.h"
#include "views/engine/read/rows.h"

#include <string.h>

enum { DATE_SIZE = 10, TIMESTAMP_SIZE = 32, FRACTION_DIGITS = 6, SHOWN_MAX = 40 };

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
static bool query_parameter_read_timestamp(struct span text, char ret[TIMESTAMP_SIZE]) {
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

static bool query_parameter_is_uuid(struct span text) {
    static const char hyphens[] = "        -    -    -    -            ";
    if (text.size != sizeof hyphens - 1)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (hyphens[i] == '-' ? text.data[i] != '-' : strchr("0123456789abcdefABCDEF", text.data[i]) == NULL)
            return false;
    return true;
}

static bool query_parameter_fits(const struct parameter_rule *rule, struct span value) {
    int64_t integer;
    double real;
    char timestamp[TIMESTAMP_SIZE];
    switch (rule->type) {
    case PARAMETER_INTEGER:
        return integer_parse(value, &integer);
    case PARAMETER_NUMBER:
        return real_parse(value, &real);
    case PARAMETER_DECIMAL:
        return decimal_parse(value, rule->precision, rule->scale, &integer);
    case PARAMETER_DATE:
        return query_parameter_is_date(value);
    case PARAMETER_TIMESTAMP:
        return query_parameter_read_timestamp(value, timestamp);
    case PARAMETER_UUID:
        return query_parameter_is_uuid(value);
    case PARAMETER_ANY:
    case PARAMETER_TEXT:
    case PARAMETER_TYPES:
        return true;
    }
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
        [PARAMETER_UUID] = "a UUID",
    };
    if (query_parameter_fits(rule, value))
        return 0;
    int shown = (int)(value.size < SHOWN_MAX ? value.size : SHOWN_MAX);
    if (rule->type == PARAMETER_DECIMAL)
        return error_set(error, ERROR_USAGE, "%.*s=%.*s: it is a decimal(%d,%d)", (int)name.size, name.data,
                         shown, value.data, rule->precision, rule->scale);
    return error_set(error, ERROR_USAGE, "%.*s=%.*s: it is %s", (int)name.size, name.data, shown, value.data,
                     wanted[rule->type]);
}

static void query_parameter_bind_text(sqlite3_stmt *stmt, int index, const char *text, size_t size) {
    (void)sqlite3_bind_text64(stmt, index, text, size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

void query_parameter_bind(const struct parameter_rule *rule, sqlite3_stmt *stmt, int index,
                          struct span value) {
    int64_t integer;
    char text[TIMESTAMP_SIZE + sizeof "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"];
    switch (rule->type) {
    case PARAMETER_TEXT:
        query_parameter_bind_text(stmt, index, value.data, value.size);
        break;
    case PARAMETER_DECIMAL:
        if (decimal_parse(value, rule->precision, rule->scale, &integer))
            (void)sqlite3_bind_int64(stmt, index, integer);
        break;
    case PARAMETER_TIMESTAMP:
        if (query_parameter_read_timestamp(value, text))
            query_parameter_bind_text(stmt, index, text, strlen(text));
        break;
    case PARAMETER_UUID:
        for (size_t i = 0; i < value.size; i++)
            text[i] =
                (char)(value.data[i] >= 'A' && value.data[i] <= 'F' ? value.data[i] + 32 : value.data[i]);
        query_parameter_bind_text(stmt, index, text, value.size);
        break;
    case PARAMETER_ANY:
    case PARAMETER_INTEGER:
    case PARAMETER_NUMBER:
    case PARAMETER_DATE:
    case PARAMETER_TYPES:
        rows_bind_value(stmt, index, value);
        break;
    }
}
