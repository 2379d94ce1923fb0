#include "views/base/real.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

size_t real_write(double value, char ret[REAL_TEXT_SIZE]) {
    const char *name = isnan(value) ? "NaN" : isinf(value) ? (value > 0 ? "Infinity" : "-Infinity") : NULL;
    if (name != NULL)
        return (size_t)snprintf(ret, REAL_TEXT_SIZE, "%s", name);
    enum { DIGITS_SURE = 15, DIGITS_ALL = 17 };
    int n = 0;
    for (int digits = DIGITS_SURE; digits <= DIGITS_ALL; digits++) {
        n = snprintf(ret, REAL_TEXT_SIZE, "%.*g", digits, value);
        if (strtod(ret, NULL) == value)
            break;
    }
    return (size_t)n;
}

// The last double on the way from a float to the next one that is still rounded to it.
static double real_single_edge(float single, float next) {
    const double step =
        isfinite(next) ? (double)next - (double)single : (double)single - (double)nextafterf(single, 0);
    const double edge = (double)single + step / 2;
    return (float)edge == single ? edge : nextafter(edge, (double)single);
}

bool real_single_range(double value, double *least, double *most) {
    const float single = (float)value;
    *least = *most = value;
    if (isfinite(single) != isfinite(value) || (single != 0) != (value != 0))
        return false;
    if (isfinite(single)) {
        *least = real_single_edge(single, nextafterf(single, -INFINITY));
        *most = real_single_edge(single, nextafterf(single, INFINITY));
    }
    return true;
}

static size_t real_digits_at(const char *text, size_t at, size_t size) {
    size_t n = 0;
    while (at + n < size && text[at + n] >= '0' && text[at + n] <= '9')
        n++;
    return n;
}

static bool real_is_number(const char *text, size_t size) {
    size_t at = size > 0 && text[0] == '-' ? 1 : 0;
    size_t n = real_digits_at(text, at, size);
    if (n == 0)
        return false;
    at += n;
    if (at < size && text[at] == '.') {
        n = real_digits_at(text, ++at, size);
        if (n == 0)
            return false;
        at += n;
    }
    if (at < size && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        if (at < size && (text[at] == '+' || text[at] == '-'))
            at++;
        n = real_digits_at(text, at, size);
        if (n == 0)
            return false;
        at += n;
    }
    return at == size;
}

// Few digits and no exponent: both parts of the fraction are doubles, so that one division rounds it as it must be
// (Clinger). False: strtod decides.
static bool real_parse_short(struct span text, double *ret) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                    1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
    enum { DIGITS_MAX = sizeof powers / sizeof *powers - 1 };
    const uint64_t exact_max = UINT64_C(1) << 53;
    size_t at = text.size > 0 && text.data[0] == '-' ? 1 : 0;
    if (FLT_EVAL_METHOD != 0 || text.size - at > DIGITS_MAX + 1)
        return false;
    uint64_t number = 0; // has room for one digit more than DIGITS_MAX
    size_t first = at;
    size_t point = text.size; // where it is
    for (; at < text.size; at++) {
        unsigned digit = (unsigned)(unsigned char)text.data[at] - '0';
        if (digit <= 9)
            number = number * 10 + digit;
        else if (text.data[at] == '.' && point == text.size)
            point = at;
        else
            return false;
    }
    size_t places = point < text.size ? text.size - point - 1 : 0;
    bool has_digits = point > first && (point == text.size || places > 0);
    if (!has_digits || text.size - first - (point < text.size) > DIGITS_MAX || number > exact_max)
        return false;
    double value = (double)number / powers[places];
    *ret = first > 0 ? -value : value;
    return true;
}

bool real_parse(struct span text, double *ret) {
    enum { TEXT_MAX = 400 };
    char copy[TEXT_MAX];
    if (real_parse_short(text, ret))
        return true;
    if (text.size >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    if (!real_is_number(copy, text.size) && !span_is(text, "NaN") && !span_is(text, "Infinity") &&
        !span_is(text, "-Infinity"))
        return false;
    *ret = strtod(copy, NULL);
    return true;
}

bool integer_parse(struct span text, int64_t *ret) {
    size_t at = text.size > 0 && text.data[0] == '-' ? 1 : 0;
    size_t digits = text.size - at;
    if (digits == 0 || digits > 19 || real_digits_at(text.data, at, text.size) != digits)
        return false;
    if (text.data[at] == '0' && text.size > 1)
        return false;
    uint64_t value = 0;
    for (size_t i = at; i < text.size; i++)
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    if (value > (uint64_t)INT64_MAX + at)
        return false;
    *ret = at == 1 ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}
