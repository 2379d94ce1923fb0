#include "consumer/postgres/same_number.h"

#include "views/base/real.h"

// A decimal without zeros at its ends: digits * 10^exponent.
struct number {
    bool negative;
    struct span digits; // with its point, if it has one
    int64_t exponent;   // of the first digit, above the point
};

static bool same_number_read_exponent(struct span text, int64_t *ret) {
    if (text.size > 0 && text.data[0] == '+')
        text.data++, text.size--;
    return integer_parse(text, ret) && *ret > -1000000 && *ret < 1000000;
}

static bool same_number_read(struct span text, struct number *ret) {
    *ret = (struct number){0};
    size_t at = 0;
    int64_t exponent = 0;
    if (text.size > 0 && (text.data[0] == '-' || text.data[0] == '+'))
        ret->negative = text.data[at++] == '-';
    size_t begin = at;
    int64_t whole = 0, digits = 0;
    bool point = false;
    for (; at < text.size && (text.data[at] == '.' || (text.data[at] >= '0' && text.data[at] <= '9')); at++) {
        if (text.data[at] == '.' && point)
            return false;
        point = point || text.data[at] == '.';
        digits += text.data[at] != '.';
        whole += !point;
    }
    size_t end = at;
    if (digits == 0)
        return false;
    if (at < text.size) {
        if (text.data[at] != 'e' && text.data[at] != 'E')
            return false;
        at++;
        if (!same_number_read_exponent((struct span){text.data + at, text.size - at}, &exponent))
            return false;
    }
    for (; begin < end && (text.data[begin] == '0' || text.data[begin] == '.'); begin++)
        whole -= text.data[begin] == '0';
    while (end > begin && (text.data[end - 1] == '0' || text.data[end - 1] == '.'))
        end--;
    ret->digits = (struct span){text.data + begin, end - begin};
    ret->exponent = ret->digits.size > 0 ? whole + exponent : 0;
    ret->negative = ret->negative && ret->digits.size > 0;
    return true;
}

bool same_number(struct span a, struct span b) {
    struct number left, right;
    if (!same_number_read(a, &left) || !same_number_read(b, &right))
        return span_equal(a, b);
    if (left.negative != right.negative || left.exponent != right.exponent)
        return false;
    size_t i = 0, k = 0;
    for (;; i++, k++) {
        i += i < left.digits.size && left.digits.data[i] == '.';
        k += k < right.digits.size && right.digits.data[k] == '.';
        if (i >= left.digits.size || k >= right.digits.size)
            return i >= left.digits.size && k >= right.digits.size;
        if (left.digits.data[i] != right.digits.data[k])
            return false;
    }
}
