#include "views/base/iso8601.h"

enum { YEAR_DIGITS_MAX = 9, FRACTION_DIGITS_MAX = 9, DAYS_PER_ERA = 146097, EPOCH_DAY = 719468 };

static const int64_t nanos_per_second = 1000000000;

static bool iso8601_is_digit(char c) {
    return (unsigned char)(c - '0') <= 9;
}

// Floor division: the remainder is never negative.
static int64_t iso8601_floor_divide(int64_t value, int64_t by, int64_t *ret_rest) {
    int64_t quotient = value / by, rest = value % by;
    if (rest < 0) {
        quotient--;
        rest += by;
    }
    *ret_rest = rest;
    return quotient;
}

struct moment iso8601_moment(int64_t units, int digits) {
    int64_t scale = digits == 3 ? 1000000 : digits == 6 ? 1000 : 1, rest;
    int64_t days = iso8601_floor_divide(units, ISO8601_NANOS_PER_DAY / scale, &rest);
    return (struct moment){days, rest * scale};
}

static bool iso8601_is_leap(int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int iso8601_days_in_month(int64_t year, int month) {
    static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && iso8601_is_leap(year));
}

// Eras of 400 years that begin on 1 March, so that the leap day is a year's last (H. Hinnant's algorithm).
static int64_t iso8601_days_of(int64_t year, int month, int day) {
    int64_t of_era, era = iso8601_floor_divide(year - (month <= 2), 400, &of_era);
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH_DAY;
}

static void iso8601_date_of(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day) {
    int64_t rest, era = iso8601_floor_divide(days + EPOCH_DAY, DAYS_PER_ERA, &rest);
    unsigned of_era = (unsigned)rest;
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153;
    *ret_day = (int)(of_year - (153 * month + 2) / 5 + 1);
    *ret_month = (int)(month < 10 ? month + 3 : month - 9);
    *ret_year = era * 400 + (int64_t)year + (*ret_month <= 2);
}

static inline char *iso8601_write_two(char *out, unsigned value) {
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
    return out + 2;
}

static inline char *iso8601_write_four(char *out, unsigned value) {
    return iso8601_write_two(iso8601_write_two(out, value / 100), value % 100);
}

static char *iso8601_write_year(char *out, int64_t year) {
    if (year >= 0 && year <= 9999)
        return iso8601_write_four(out, (unsigned)year);
    *out++ = year < 0 ? '-' : '+';
    uint64_t size = year < 0 ? 0 - (uint64_t)year : (uint64_t)year;
    int digits = 4;
    for (uint64_t rest = size / 10000; rest != 0; rest /= 10)
        digits++;
    for (int i = digits - 1; i >= 0; i--, size /= 10)
        out[i] = (char)('0' + size % 10);
    return out + digits;
}

size_t iso8601_write_date(int64_t days, char ret[ISO8601_TEXT_SIZE]) {
    int64_t year;
    int month, day;
    iso8601_date_of(days, &year, &month, &day);
    char *out = iso8601_write_year(ret, year);
    *out++ = '-';
    out = iso8601_write_two(out, (unsigned)month);
    *out++ = '-';
    return (size_t)(iso8601_write_two(out, (unsigned)day) - ret);
}

size_t iso8601_write_time(int64_t nanos, char ret[ISO8601_TEXT_SIZE]) {
    unsigned seconds = (unsigned)(nanos / nanos_per_second), fraction = (unsigned)(nanos % nanos_per_second);
    unsigned micros = fraction / 1000, rest = fraction % 1000;
    char *out = iso8601_write_two(ret, seconds / 3600);
    *out++ = ':';
    out = iso8601_write_two(out, seconds / 60 % 60);
    *out++ = ':';
    out = iso8601_write_two(out, seconds % 60);
    *out++ = '.';
    out = iso8601_write_four(iso8601_write_two(out, micros / 10000), micros % 10000);
    if (rest != 0) {
        *out++ = (char)('0' + rest / 100);
        out = iso8601_write_two(out, rest % 100);
        while (out[-1] == '0')
            out--;
    }
    return (size_t)(out - ret);
}

size_t iso8601_write_timestamp(struct moment moment, bool zulu, char ret[ISO8601_TEXT_SIZE]) {
    size_t size = iso8601_write_date(moment.days, ret);
    ret[size++] = 'T';
    size += iso8601_write_time(moment.nanos, ret + size);
    if (zulu)
        ret[size++] = 'Z';
    return size;
}

static bool iso8601_accept(struct span *text, char c) {
    if (text->size == 0 || text->data[0] != c)
        return false;
    text->data++;
    text->size--;
    return true;
}

// Exactly `digits` digits.
static bool iso8601_accept_digits(struct span *text, int digits, int *ret) {
    if (text->size < (size_t)digits)
        return false;
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if (!iso8601_is_digit(text->data[i]))
            return false;
        value = value * 10 + (text->data[i] - '0');
    }
    text->data += digits;
    text->size -= (size_t)digits;
    *ret = value;
    return true;
}

static bool iso8601_accept_date(struct span *text, int64_t *ret_days) {
    bool negative = iso8601_accept(text, '-');
    if (!negative)
        iso8601_accept(text, '+');
    int digits = 0, year, month, day;
    while ((size_t)digits < text->size && digits <= YEAR_DIGITS_MAX && iso8601_is_digit(text->data[digits]))
        digits++;
    if (digits < 4 || digits > YEAR_DIGITS_MAX || !iso8601_accept_digits(text, digits, &year))
        return false;
    if (!iso8601_accept(text, '-') || !iso8601_accept_digits(text, 2, &month) || !iso8601_accept(text, '-') ||
        !iso8601_accept_digits(text, 2, &day))
        return false;
    if (negative)
        year = -year;
    if (month < 1 || month > 12 || day < 1 || day > iso8601_days_in_month(year, month))
        return false;
    *ret_days = iso8601_days_of(year, month, day);
    return true;
}

// HH:MM[:SS[.fraction]]
static bool iso8601_accept_time(struct span *text, int64_t *ret_nanos) {
    int hours, minutes, seconds = 0, fraction = 0;
    if (!iso8601_accept_digits(text, 2, &hours) || !iso8601_accept(text, ':') ||
        !iso8601_accept_digits(text, 2, &minutes))
        return false;
    if (iso8601_accept(text, ':')) {
        if (!iso8601_accept_digits(text, 2, &seconds))
            return false;
        if (iso8601_accept(text, '.')) {
            int digits = 0;
            for (int digit; digits < FRACTION_DIGITS_MAX && iso8601_accept_digits(text, 1, &digit); digits++)
                fraction = fraction * 10 + digit;
            if (digits == 0)
                return false;
            for (; digits < FRACTION_DIGITS_MAX; digits++)
                fraction *= 10;
            while (iso8601_accept(text, '0'))
                ;
        }
    }
    if (hours > 24 || minutes > 59 || seconds > 59)
        return false;
    *ret_nanos = (hours * 3600 + minutes * 60 + seconds) * nanos_per_second + fraction;
    return *ret_nanos <= ISO8601_NANOS_PER_DAY;
}

// What is left of the text: nothing, Z, or an offset.
static bool iso8601_accept_zone(struct span *text, enum iso8601_zone *ret_zone, int64_t *ret_nanos) {
    *ret_nanos = 0;
    *ret_zone = text->size == 0 ? ISO8601_ZONE_NONE : ISO8601_ZONE_GIVEN;
    if (text->size == 0 || (iso8601_accept(text, 'Z') && text->size == 0))
        return true;
    bool negative = iso8601_accept(text, '-');
    int hours, minutes = 0, seconds = 0;
    if ((!negative && !iso8601_accept(text, '+')) || !iso8601_accept_digits(text, 2, &hours))
        return false;
    bool colon = iso8601_accept(text, ':');
    if ((colon || text->size > 0) && !iso8601_accept_digits(text, 2, &minutes))
        return false;
    if (colon && iso8601_accept(text, ':') && !iso8601_accept_digits(text, 2, &seconds))
        return false;
    if (text->size > 0 || hours > 18 || minutes > 59 || seconds > 59)
        return false;
    int64_t size = (hours * 3600 + minutes * 60 + seconds) * nanos_per_second;
    *ret_nanos = negative ? -size : size;
    return true;
}

bool iso8601_read_date(struct span text, int64_t *ret_days) {
    if (!iso8601_accept_date(&text, ret_days))
        return false;
    iso8601_accept(&text, 'Z');
    return text.size == 0;
}

bool iso8601_read_time(struct span text, int64_t *ret_nanos, enum iso8601_zone *ret_zone) {
    int64_t offset;
    if (!iso8601_accept_time(&text, ret_nanos) || !iso8601_accept_zone(&text, ret_zone, &offset))
        return false;
    if (offset != 0)
        iso8601_floor_divide(*ret_nanos - offset, ISO8601_NANOS_PER_DAY, ret_nanos);
    return true;
}

bool iso8601_read_timestamp(struct span text, struct moment *ret, enum iso8601_zone *ret_zone) {
    int64_t offset;
    if (!iso8601_accept_date(&text, &ret->days) ||
        (!iso8601_accept(&text, 'T') && !iso8601_accept(&text, ' ')) ||
        !iso8601_accept_time(&text, &ret->nanos) || ret->nanos == ISO8601_NANOS_PER_DAY ||
        !iso8601_accept_zone(&text, ret_zone, &offset))
        return false;
    ret->days += iso8601_floor_divide(ret->nanos - offset, ISO8601_NANOS_PER_DAY, &ret->nanos);
    return true;
}

// Sixteen bytes, each between its least and its most.
static bool iso8601_sixteen_between(const char *p, const char *least, const char *most) {
    typedef signed char bytes16 __attribute__((vector_size(16)));
    bytes16 value, low, high;
    memcpy(&value, p, sizeof value);
    memcpy(&low, least, sizeof low);
    memcpy(&high, most, sizeof high);
    bytes16 outside = (value < low) | (value > high);
    uint64_t halves[2];
    memcpy(halves, &outside, sizeof halves);
    return (halves[0] | halves[1]) == 0;
}

bool iso8601_is_stored(struct span text) {
    static const char least[] = "0000-00-00T00:00:00.000000Z", most[] = "9999-19-39T29:59:59.999999Z";
    enum { SIZE = sizeof least - 1, LAST = SIZE - 16 };
    const char *p = text.data;
    if (text.size != SIZE || !iso8601_sixteen_between(p, least, most) ||
        !iso8601_sixteen_between(p + LAST, least + LAST, most + LAST))
        return false;
    int month = (p[5] - '0') * 10 + p[6] - '0', day = (p[8] - '0') * 10 + p[9] - '0';
    if (month < 1 || month > 12 || day < 1 || (p[11] == '2' && p[12] > '3'))
        return false;
    if (day <= 28)
        return true;
    int year = (p[0] - '0') * 1000 + (p[1] - '0') * 100 + (p[2] - '0') * 10 + p[3] - '0';
    return day <= iso8601_days_in_month(year, month);
}
