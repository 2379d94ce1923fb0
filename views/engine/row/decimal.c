#include "views/engine/decimal.h"

#include <stdlib.h>
#include <strings.h>

static bool decimal_is_digit(char c) {
    return c >= '0' && c <= '9';
}

enum { DECIMAL_DIGITS_MAX = 18 };

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

// Beyond any text's length, so that no digits of the mantissa outweigh what is cut off; the bound keeps the
// sum from overflowing.
static const int64_t exponent_max = (int64_t)1 << 50;

struct literal {
    bool negative;
    const char *mantissa; // digits with at most one point among them
    const char *mantissa_end;
    int64_t whole; // digits before the point
    int64_t exponent;
};

// [+-]digits after the e. False when there are none.
static bool decimal_read_exponent(const char *p, const char *end, int64_t *ret) {
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return false;
    int64_t exponent = 0;
    for (; p < end; p++) {
        if (!decimal_is_digit(*p))
            return false;
        if (exponent < exponent_max)
            exponent = exponent * 10 + (*p - '0');
    }
    *ret = negative ? -exponent : exponent;
    return true;
}

static bool decimal_read_literal(struct span text, struct literal *ret) {
    const char *p = text.data, *end = p + text.size;
    *ret = (struct literal){.negative = p < end && *p == '-'};
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    ret->mantissa = p;
    while (p < end && decimal_is_digit(*p))
        p++;
    ret->whole = p - ret->mantissa;
    if (ret->whole == 0)
        return false;
    if (p < end && *p == '.') {
        const char *fraction = ++p;
        while (p < end && decimal_is_digit(*p))
            p++;
        if (p == fraction)
            return false;
    }
    ret->mantissa_end = p;
    if (p == end)
        return true;
    return (*p == 'e' || *p == 'E') && decimal_read_exponent(p + 1, end, &ret->exponent);
}

bool decimal_is_literal(struct span text) {
    struct literal literal;
    return decimal_read_literal(text, &literal);
}

bool decimal_parse(struct span digits, int precision, int scale, int64_t *ret) {
    struct literal literal;
    if (!decimal_read_literal(digits, &literal))
        return false;
    // Place of the newest digit, counted from the point to the right once the exponent has moved it.
    int64_t place = -literal.whole - literal.exponent, value = 0;
    for (const char *c = literal.mantissa; c < literal.mantissa_end; c++) {
        if (*c == '.')
            continue;
        int digit = *c - '0';
        if (++place > scale) {
            if (digit != 0)
                return false;
            continue;
        }
        if (value >= powers_of_ten[DECIMAL_DIGITS_MAX - 1])
            return false;
        value = value * 10 + digit;
    }
    for (; place < scale && value != 0; place++) {
        if (value >= powers_of_ten[DECIMAL_DIGITS_MAX - 1])
            return false;
        value *= 10;
    }
    if (value >= powers_of_ten[precision])
        return false;
    *ret = literal.negative ? -value : value;
    return true;
}

bool decimal_rescale(int64_t value, int from, int precision, int scale, int64_t *ret) {
    for (; from < scale && value != 0; from++)
        if (__builtin_mul_overflow(value, 10, &value))
            return false;
    for (; from > scale && value != 0; from--) {
        if (value % 10 != 0)
            return false;
        value /= 10;
    }
    if (value >= powers_of_ten[precision] || value <= -powers_of_ten[precision])
        return false;
    *ret = value;
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

int decimal_declared_scale(const char *declared) {
    if (declared == NULL || strncasecmp(declared, "decimal", 7) != 0)
        return -1;
    const char *comma = strchr(declared, ',');
    long scale = comma != NULL ? strtol(comma + 1, NULL, 10) : 0;
    return scale >= 0 && scale <= DECIMAL_DIGITS_MAX ? (int)scale : -1;
}
