#include "consumer/postgres/form_interval.h"

#include <math.h>
#include <stdio.h>

static const int64_t per_second = 1000000;
static const double micros_max = 9223372036854774784.0; // the last double that an int64_t holds

// [-]digits[.digits] in millionths, and the letter behind it.
static bool form_interval_take(struct span *text, int64_t *ret, char *ret_unit) {
    size_t at = 0;
    bool negative = text->size > 0 && text->data[0] == '-';
    int64_t value = 0;
    int places = -1;
    at += negative || (text->size > 0 && text->data[0] == '+');
    for (; at < text->size && (text->data[at] == '.' || (text->data[at] >= '0' && text->data[at] <= '9'));
         at++)
        if (text->data[at] == '.') {
            if (places >= 0)
                return false;
            places = 0;
        } else if (places < 6) {
            if (__builtin_mul_overflow(value, 10, &value) ||
                __builtin_add_overflow(value, text->data[at] - '0', &value))
                return false;
            places += places >= 0;
        }
    for (int i = places < 0 ? 0 : places; i < 6; i++)
        if (__builtin_mul_overflow(value, 10, &value))
            return false;
    if (at >= text->size)
        return false;
    *ret = negative ? -value : value;
    *ret_unit = text->data[at++];
    text->data += at;
    text->size -= at;
    return true;
}

static bool form_interval_add(struct interval *interval, int64_t value, char unit, bool time) {
    int64_t whole = value / per_second;
    switch (unit) {
    case 'Y':
        interval->months += whole * 12;
        return !time;
    case 'M':
        if (time)
            interval->micros += value * 60;
        else
            interval->months += whole;
        return true;
    case 'W':
        interval->days += whole * 7;
        return !time;
    case 'D':
        interval->days += whole;
        return !time;
    case 'H':
        interval->micros += value * 3600;
        return time;
    case 'S':
        interval->micros += value;
        return time;
    default:
        return false;
    }
}

// P1Y2M3DT4H5M6.789S
static bool form_interval_parse(struct span text, struct interval *ret) {
    *ret = (struct interval){0};
    if (text.size < 3 || text.data[0] != 'P')
        return false;
    text.data++;
    text.size--;
    for (bool time = false; text.size > 0;) {
        int64_t value;
        char unit;
        if (text.data[0] == 'T' && !time) {
            time = true;
            text.data++;
            text.size--;
        } else if (!form_interval_take(&text, &value, &unit) || !form_interval_add(ret, value, unit, time)) {
            return false;
        }
    }
    return true;
}

void form_interval_write(struct span text, struct buffer *out) {
    struct interval interval;
    if (form_interval_parse(text, &interval))
        buffer_format(out, "%lld %lld %lld", (long long)interval.months, (long long)interval.days,
                      (long long)interval.micros);
    else
        buffer_append(out, text.data, text.size);
}

bool form_interval_read(struct span form, struct interval *ret) {
    char text[80];
    long long months, days, micros;
    int end = 0;
    if (form.size >= sizeof text)
        return false;
    memcpy(text, form.data, form.size);
    text[form.size] = '\0';
    if (sscanf(text, "%lld %lld %lld%n", &months, &days, &micros, &end) != 3 || (size_t)end != form.size)
        return false;
    *ret = (struct interval){months, days, micros};
    return true;
}

// In the connector's own steps, so that it is the same double.
double form_interval_micros(const struct interval *interval) {
    const double days_a_month = 365.25 / 12;
    int64_t seconds = interval->micros / per_second;
    double days = (double)interval->months * days_a_month + (double)interval->days;
    double minutes = (days * 24 + (double)(seconds / 3600)) * 60 + (double)(seconds / 60 % 60);
    double of_minute = (double)(seconds % 60) + (double)(interval->micros % per_second) / 1e6;
    double micros = trunc((minutes * 60 + of_minute) * 1e6);
    return fmax(-micros_max, fmin(micros_max, micros));
}

void form_interval_write_micros(struct span text, struct buffer *out) {
    struct interval interval;
    if (form_interval_parse(text, &interval))
        buffer_integer(out, (int64_t)form_interval_micros(&interval));
    else
        buffer_append(out, text.data, text.size);
}
