#include "views/engine/sqlite/numeric_order.h"

#include <strings.h>

enum { EXPONENT_DIGITS_MAX = 9 };

struct numeric {
    enum { NUMERIC_ZERO, NUMERIC_DIGITS, NUMERIC_INFINITY, NUMERIC_NAN } kind;
    bool negative;
    struct span digits; // from the first digit that is not 0 on, a point may stand between them
    int64_t exponent;   // of ten, of the first of them
};

static bool numeric_order_is_word(struct span text, const char *word) {
    return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

static bool numeric_order_read_exponent(struct span text, int64_t *ret) {
    bool negative = text.size > 0 && text.data[0] == '-';
    size_t at = text.size > 0 && (text.data[0] == '-' || text.data[0] == '+') ? 1 : 0;
    if (at == text.size || text.size - at > EXPONENT_DIGITS_MAX)
        return false;
    int64_t value = 0;
    for (; at < text.size; at++) {
        if (text.data[at] < '0' || text.data[at] > '9')
            return false;
        value = value * 10 + (text.data[at] - '0');
    }
    *ret = negative ? -value : value;
    return true;
}

// Digits with at most one point. `ret` has the exponent of the first digit that is not 0.
static bool numeric_order_read_digits(struct span text, struct numeric *ret) {
    int64_t before_point = -1; // digits before it
    int64_t digits = 0;
    int64_t zeros = -1; // digits before the first that is not 0
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '.' && before_point < 0) {
            before_point = digits;
            continue;
        }
        if (c < '0' || c > '9')
            return false;
        if (c != '0' && zeros < 0) {
            zeros = digits;
            ret->digits = (struct span){text.data + i, text.size - i};
        }
        digits++;
    }
    if (digits == 0)
        return false;
    ret->kind = zeros < 0 ? NUMERIC_ZERO : NUMERIC_DIGITS;
    ret->exponent = (before_point < 0 ? digits : before_point) - 1 - zeros;
    return true;
}

static bool numeric_order_read(struct span text, struct numeric *ret) {
    *ret = (struct numeric){.kind = NUMERIC_NAN};
    if (numeric_order_is_word(text, "nan"))
        return true;
    if (text.size > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
        ret->negative = text.data[0] == '-';
        text = (struct span){text.data + 1, text.size - 1};
    }
    ret->kind = NUMERIC_INFINITY;
    if (numeric_order_is_word(text, "infinity") || numeric_order_is_word(text, "inf"))
        return true;
    size_t mantissa = 0;
    while (mantissa < text.size && text.data[mantissa] != 'e' && text.data[mantissa] != 'E')
        mantissa++;
    int64_t exponent = 0;
    if (mantissa < text.size &&
        !numeric_order_read_exponent((struct span){text.data + mantissa + 1, text.size - mantissa - 1},
                                     &exponent))
        return false;
    if (!numeric_order_read_digits((struct span){text.data, mantissa}, ret))
        return false;
    ret->exponent += exponent;
    return true;
}

// The next digit, 0 behind the last.
static char numeric_order_next(struct span *digits) {
    if (digits->size > 0 && digits->data[0] == '.')
        *digits = (struct span){digits->data + 1, digits->size - 1};
    if (digits->size == 0)
        return '0';
    char digit = digits->data[0];
    *digits = (struct span){digits->data + 1, digits->size - 1};
    return digit;
}

bool numeric_is_valid(struct span text) {
    struct numeric number;
    return numeric_order_read(text, &number);
}

// From the least to the greatest: -Infinity, numbers below 0, 0, numbers above 0, Infinity, NaN, and what is no number.
static int numeric_order_rank(const struct numeric *number) {
    switch (number->kind) {
    case NUMERIC_INFINITY:
        return number->negative ? -2 : 2;
    case NUMERIC_DIGITS:
        return number->negative ? -1 : 1;
    case NUMERIC_ZERO:
        return 0;
    case NUMERIC_NAN:
        return 3;
    }
    return 3;
}

static int numeric_order_of_sizes(const struct numeric *x, const struct numeric *y) {
    if (x->exponent != y->exponent)
        return x->exponent < y->exponent ? -1 : 1;
    struct span a = x->digits;
    struct span b = y->digits;
    while (a.size > 0 || b.size > 0) {
        int order = numeric_order_next(&a) - numeric_order_next(&b);
        if (order != 0)
            return order;
    }
    return 0;
}

int numeric_order(struct span a, struct span b) {
    enum { NO_NUMBER = 4 };
    struct numeric x;
    struct numeric y;
    int left = numeric_order_read(a, &x) ? numeric_order_rank(&x) : NO_NUMBER;
    int right = numeric_order_read(b, &y) ? numeric_order_rank(&y) : NO_NUMBER;
    if (left != right)
        return left < right ? -1 : 1;
    if (left == NO_NUMBER)
        return span_order(a, b);
    if (left != 1 && left != -1)
        return 0;
    return left * numeric_order_of_sizes(&x, &y);
}
