#include "views/engine/read/numeric_equal.h"

#include <strings.h>

enum { EXPONENT_DIGITS_MAX = 9 };

struct numeric {
    enum { NUMERIC_ZERO, NUMERIC_DIGITS, NUMERIC_INFINITY, NUMERIC_NAN } kind;
    bool negative;
    struct span digits; // from the first digit that is not 0 on, a point may stand between them
    int64_t exponent;   // of ten, of the first of them
};

static bool numeric_equal_is_word(struct span text, const char *word) {
    return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

static bool numeric_equal_read_exponent(struct span text, int64_t *ret) {
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
static bool numeric_equal_read_digits(struct span text, struct numeric *ret) {
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

static bool numeric_equal_read(struct span text, struct numeric *ret) {
    *ret = (struct numeric){.kind = NUMERIC_NAN};
    if (numeric_equal_is_word(text, "nan"))
        return true;
    if (text.size > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
        ret->negative = text.data[0] == '-';
        text = (struct span){text.data + 1, text.size - 1};
    }
    ret->kind = NUMERIC_INFINITY;
    if (numeric_equal_is_word(text, "infinity") || numeric_equal_is_word(text, "inf"))
        return true;
    size_t mantissa = 0;
    while (mantissa < text.size && text.data[mantissa] != 'e' && text.data[mantissa] != 'E')
        mantissa++;
    int64_t exponent = 0;
    if (mantissa < text.size &&
        !numeric_equal_read_exponent((struct span){text.data + mantissa + 1, text.size - mantissa - 1},
                                     &exponent))
        return false;
    if (!numeric_equal_read_digits((struct span){text.data, mantissa}, ret))
        return false;
    ret->exponent += exponent;
    return true;
}

// The next digit, 0 behind the last.
static char numeric_equal_next(struct span *digits) {
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
    return numeric_equal_read(text, &number);
}

bool numeric_equal(struct span a, struct span b) {
    struct numeric x;
    struct numeric y;
    if (!numeric_equal_read(a, &x) || !numeric_equal_read(b, &y) || x.kind != y.kind)
        return false;
    if (x.kind == NUMERIC_ZERO || x.kind == NUMERIC_NAN)
        return true;
    if (x.negative != y.negative || x.kind == NUMERIC_INFINITY)
        return x.negative == y.negative;
    if (x.exponent != y.exponent)
        return false;
    while (x.digits.size > 0 || y.digits.size > 0)
        if (numeric_equal_next(&x.digits) != numeric_equal_next(&y.digits))
            return false;
    return true;
}

static struct span numeric_equal_text(sqlite3_value *value) {
    const char *text = (const char *)sqlite3_value_text(value);
    return (struct span){text != NULL ? text : "", (size_t)sqlite3_value_bytes(value)};
}

static void numeric_equal_call(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    if (sqlite3_value_type(values[0]) != SQLITE_NULL && sqlite3_value_type(values[1]) != SQLITE_NULL)
        sqlite3_result_int(context,
                           numeric_equal(numeric_equal_text(values[0]), numeric_equal_text(values[1])));
}

int numeric_equal_register(sqlite3 *db, const char *what, struct error *error) {
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    if (sqlite3_create_function_v2(db, "numeric_equal", 2, flags, NULL, numeric_equal_call, NULL, NULL,
                                   NULL) != SQLITE_OK)
        return stmt_error(error, db, what);
    return 0;
}
