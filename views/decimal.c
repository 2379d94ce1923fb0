#include "views/decimal.h"

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static const int64_t powers_of_ten[] = {1,
                                        10,
                                        100,
                                        1000,
                                        10000,
                                        100000,
                                        1000000,
                                        10000000,
                                        100000000,
                                        1000000000,
                                        10000000000,
                                        100000000000,
                                        1000000000000,
                                        10000000000000,
                                        100000000000000,
                                        1000000000000000,
                                        10000000000000000,
                                        100000000000000000,
                                        1000000000000000000};

// An exponent beyond this moves any number of at most 18 digits out of range; the bound keeps the sum from
// overflowing.
enum { EXPONENT_MAX = 1000 };

// [+-]digits after the e. False when there are none.
static bool read_exponent(const char *p, const char *end, int64_t *ret) {
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return false;
    int64_t exponent = 0;
    for (; p < end; p++) {
        if (!is_digit(*p))
            return false;
        if (exponent <= EXPONENT_MAX)
            exponent = exponent * 10 + (*p - '0');
    }
    *ret = negative ? -exponent : exponent;
    return true;
}

bool decimal_parse(struct span digits, int precision, int scale, int64_t *ret) {
    const char *p = digits.data;
    const char *end = p + digits.size;
    if (digits.size == 0)
        return false;
    bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    const char *mantissa = p;
    const char *point = NULL;
    while (p < end && (is_digit(*p) || (*p == '.' && point == NULL))) {
        if (*p == '.')
            point = p;
        p++;
    }
    const char *mantissa_end = p;
    if (mantissa_end - mantissa - (point != NULL ? 1 : 0) < 1)
        return false;
    int64_t exponent = 0;
    if (p < end && (*p != 'e' && *p != 'E'))
        return false;
    if (p < end && !read_exponent(p + 1, end, &exponent))
        return false;
    // Place of the last digit that is kept, counted from the point, to the right.
    int64_t place = -(point != NULL ? point - mantissa : mantissa_end - mantissa);
    int64_t value = 0;
    for (const char *c = mantissa; c < mantissa_end; c++) {
        if (c == point)
            continue;
        place++;
        int digit = *c - '0';
        if (place - exponent > scale) {
            if (digit != 0)
                return false;
            continue;
        }
        if (value >= powers_of_ten[17])
            return false;
        value = value * 10 + digit;
    }
    int64_t missing = scale - (place - exponent);
    for (; missing > 0 && value != 0; missing--) {
        if (value >= powers_of_ten[17])
            return false;
        value *= 10;
    }
    if (value >= powers_of_ten[precision])
        return false;
    *ret = negative ? -value : value;
    return true;
}

size_t decimal_write(int64_t value, int scale, char ret[DECIMAL_TEXT_SIZE]) {
    char reversed[DECIMAL_TEXT_SIZE];
    size_t n = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    for (int place = 0; rest != 0 || place <= scale; place++) {
        if (place == scale && scale > 0)
            reversed[n++] = '.';
        reversed[n++] = (char)('0' + rest % 10);
        rest /= 10;
    }
    size_t size = 0;
    if (value < 0)
        ret[size++] = '-';
    while (n > 0)
        ret[size++] = reversed[--n];
    ret[size] = '\0';
    return size;
}
