#include "consumer/postgres/same.h"

#include "consumer/postgres/form_interval.h"
#include "consumer/postgres/same_parts.h"
#include "views/base/base64.h"
#include "views/base/cleanup.h"
#include "views/base/iso8601.h"
#include "views/base/real.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// --- numbers

// A decimal without zeros at its ends: digits * 10^exponent.
struct number {
    bool negative;
    struct span digits; // with its point, if it has one
    int64_t exponent;   // of the first digit, above the point
};

static bool same_read_exponent(struct span text, int64_t *ret) {
    if (text.size > 0 && text.data[0] == '+')
        text.data++, text.size--;
    return integer_parse(text, ret) && *ret > -1000000 && *ret < 1000000;
}

static bool same_read_number(struct span text, struct number *ret) {
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
        if (!same_read_exponent((struct span){text.data + at, text.size - at}, &exponent))
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
    if (!same_read_number(a, &left) || !same_read_number(b, &right))
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

static bool same_boolean(struct span a, struct span b) {
    bool left = span_is(a, "true") || span_is(a, "1") || span_is(a, "t");
    bool right = span_is(b, "true") || span_is(b, "1") || span_is(b, "t");
    return left == right && (right || span_is(b, "false") || span_is(b, "0") || span_is(b, "f"));
}

// --- moments

// PostgreSQL's text as ISO 8601 has it: without BC, its year is java.time's.
static bool same_read_moment(struct span text, struct moment *ret) {
    char plain[ISO8601_TEXT_SIZE];
    enum iso8601_zone zone;
    if (text.size > 3 && memcmp(text.data + text.size - 3, " BC", 3) == 0) {
        const char *dash = memchr(text.data, '-', text.size);
        int64_t year = strtoll(text.data, NULL, 10);
        if (dash == NULL || year <= 0)
            return false;
        size_t tail = (size_t)(text.data + text.size - 3 - dash);
        int head = snprintf(plain, sizeof plain, year > 1 ? "-%04lld" : "%04lld",
                            (long long)(year > 1 ? year - 1 : 0));
        if ((size_t)head + tail > sizeof plain)
            return false;
        memcpy(plain + head, dash, tail);
        text = (struct span){plain, (size_t)head + tail};
    }
    int64_t days;
    if (iso8601_read_timestamp(text, ret, &zone))
        return true;
    if (!iso8601_read_date(text, &days))
        return false;
    *ret = (struct moment){days, 0};
    return true;
}

static bool same_moment(struct span a, struct span b) {
    struct moment left, right;
    return same_read_moment(a, &left) && same_read_moment(b, &right) && left.days == right.days &&
           left.nanos == right.nanos;
}

static bool same_time(struct span a, struct span b) {
    int64_t left, right;
    enum iso8601_zone zone;
    return iso8601_read_time(a, &left, &zone) && iso8601_read_time(b, &right, &zone) && left == right;
}

bool same_to_the_millisecond(const struct form *form, struct span source, struct span mirror) {
    struct moment left, right;
    enum iso8601_zone zone;
    if (source.data == NULL || mirror.data == NULL)
        return false;
    if (form->kind == FORM_TIME) {
        left.days = right.days = 0;
        if (!iso8601_read_time(source, &left.nanos, &zone) || !iso8601_read_time(mirror, &right.nanos, &zone))
            return false;
    } else if (form->kind != FORM_TIMESTAMP || !same_read_moment(source, &left) ||
               !same_read_moment(mirror, &right)) {
        return false;
    }
    return left.days == right.days && left.nanos / 1000000 == right.nanos / 1000000 &&
           right.nanos % 1000000 == 0 && left.nanos != right.nanos;
}

// --- intervals

static bool same_interval(struct span source, struct span mirror) {
    struct interval left, right;
    int64_t micros;
    if (!form_interval_read(source, &left))
        return span_equal(source, mirror);
    if (form_interval_read(mirror, &right))
        return left.months == right.months && left.days == right.days && left.micros == right.micros;
    if (!integer_parse(mirror, &micros))
        return false;
    double wanted = form_interval_micros(&left);
    return fabs(wanted - (double)micros) <= 1 + fabs(wanted) * 1e-15;
}

// --- bytes

// include.unknown.datatypes: PostgreSQL's text as base64.
static bool same_as_base64(struct span source, struct span mirror) {
    CLEANUP(buffer_free) struct buffer bytes = {0};
    return base64_read(&bytes, mirror) && !bytes.failed &&
           span_equal(source, (struct span){bytes.data != NULL ? bytes.data : "", bytes.size});
}

static int same_hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool same_hex_is_base64(struct span hex, struct span base64) {
    CLEANUP(buffer_free) struct buffer bytes = {0};
    if (!base64_read(&bytes, base64) || bytes.failed || bytes.size * 2 != hex.size)
        return false;
    for (size_t i = 0; i < bytes.size; i++)
        if (same_hex_digit(hex.data[2 * i]) * 16 + same_hex_digit(hex.data[2 * i + 1]) !=
            (unsigned char)bytes.data[i])
            return false;
    return true;
}

// The element of an array, as its text: `\xdeadbeef`.
static bool same_bytes(struct span source, struct span mirror) {
    if (source.size >= 2 && memcmp(source.data, "\\x", 2) == 0)
        source.data += 2, source.size -= 2;
    if (mirror.size >= 2 && memcmp(mirror.data, "\\x", 2) == 0)
        mirror.data += 2, mirror.size -= 2;
    return span_equal(source, mirror) || same_hex_is_base64(source, mirror);
}

// Bits, or text that is not bits yet: an element of an array.
static bool same_real(enum form_kind kind, struct span source, struct span mirror) {
    CLEANUP(buffer_free) struct buffer left = {0};
    CLEANUP(buffer_free) struct buffer right = {0};
    form_write_text(kind, source, &left);
    form_write_text(kind, mirror, &right);
    return !left.failed &&
           span_equal((struct span){left.data, left.size}, (struct span){right.data, right.size});
}

bool same_scalar(enum form_kind kind, struct span source, struct span mirror) {
    if (span_equal(source, mirror))
        return true;
    switch (kind) {
    case FORM_NUMERIC:
        return same_number(source, mirror);
    case FORM_BOOLEAN:
        return same_boolean(source, mirror);
    case FORM_REAL:
    case FORM_SHORT:
        return same_real(kind, source, mirror);
    case FORM_DATE:
    case FORM_TIMESTAMP:
    case FORM_TIMESTAMPTZ:
        return same_moment(source, mirror);
    case FORM_TIME:
        return same_time(source, mirror);
    case FORM_INTERVAL:
        return same_interval(source, mirror);
    case FORM_BYTES:
        return same_bytes(source, mirror);
    case FORM_JSON:
    case FORM_HSTORE:
        return same_json(source, mirror);
    case FORM_UNKNOWN:
        return same_as_base64(source, mirror);
    default:
        return false;
    }
}

bool same_value(const struct form *form, struct span source, struct span mirror) {
    if (source.data == NULL || mirror.data == NULL)
        return source.data == mirror.data;
    switch (form->kind) {
    case FORM_ARRAY:
        return span_equal(source, mirror) || same_array(form->element, source, mirror);
    case FORM_ZONED_RANGE:
        return same_zoned_range(source, mirror);
    case FORM_POINT:
        return same_point(source, mirror);
    case FORM_GEOMETRY:
        return same_geometry(source, mirror);
    case FORM_VECTOR:
        return same_vector(source, mirror);
    case FORM_SPARSE_VECTOR:
        return same_sparse_vector(source, mirror);
    default:
        return same_scalar(form->kind, source, mirror);
    }
}
