#include "consumer/postgres/same_scalar.h"

#include "consumer/postgres/form_interval.h"
#include "consumer/postgres/form_text.h"
#include "consumer/postgres/same_json.h"
#include "consumer/postgres/same_number.h"
#include "views/base/base64.h"
#include "views/base/cleanup.h"
#include "views/base/hex.h"
#include "views/base/iso8601.h"
#include "views/base/real.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool same_scalar_boolean(struct span a, struct span b) {
    bool left = span_is(a, "true") || span_is(a, "1") || span_is(a, "t");
    bool right = span_is(b, "true") || span_is(b, "1") || span_is(b, "t");
    return left == right && (right || span_is(b, "false") || span_is(b, "0") || span_is(b, "f"));
}

// --- moments

// PostgreSQL's text as ISO 8601 has it: without BC, its year is java.time's.
bool same_scalar_read_moment(struct span text, struct moment *ret) {
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

static bool same_scalar_moment(struct span a, struct span b) {
    struct moment left, right;
    return same_scalar_read_moment(a, &left) && same_scalar_read_moment(b, &right) &&
           left.days == right.days && left.nanos == right.nanos;
}

static bool same_scalar_time(struct span a, struct span b) {
    int64_t left, right;
    enum iso8601_zone zone;
    return iso8601_read_time(a, &left, &zone) && iso8601_read_time(b, &right, &zone) && left == right;
}

bool same_scalar_is_cut(enum form_kind kind, struct span source, struct span mirror) {
    struct moment left = {0}, right = {0};
    enum iso8601_zone zone;
    if (kind == FORM_TIME) {
        if (!iso8601_read_time(source, &left.nanos, &zone) || !iso8601_read_time(mirror, &right.nanos, &zone))
            return false;
    } else if (kind != FORM_TIMESTAMP || !same_scalar_read_moment(source, &left) ||
               !same_scalar_read_moment(mirror, &right)) {
        return false;
    }
    return left.days == right.days && left.nanos / 1000000 == right.nanos / 1000000 &&
           right.nanos % 1000000 == 0 && left.nanos != right.nanos;
}

// --- intervals

static bool same_scalar_interval(struct span source, struct span mirror) {
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

static bool same_scalar_is_hex(struct span hex, struct span bytes) {
    if (hex.size != 2 * bytes.size)
        return false;
    for (size_t i = 0; i < bytes.size; i++)
        if (hex_digit(hex.data[2 * i]) * 16 + hex_digit(hex.data[2 * i + 1]) != (unsigned char)bytes.data[i])
            return false;
    return true;
}

// include.unknown.datatypes: PostgreSQL's text as bytes, in the connector's binary.handling.mode.
static bool same_scalar_as_bytes(struct span source, struct span mirror) {
    CLEANUP(buffer_free) struct buffer bytes = {0};
    if (same_scalar_is_hex(mirror, source))
        return true;
    return base64_read(&bytes, mirror) && !bytes.failed &&
           span_equal(source, (struct span){bytes.data != NULL ? bytes.data : "", bytes.size});
}

bool same_scalar_hex_is_base64(struct span hex, struct span base64) {
    CLEANUP(buffer_free) struct buffer bytes = {0};
    return base64_read(&bytes, base64) && !bytes.failed &&
           same_scalar_is_hex(hex, (struct span){bytes.data, bytes.size});
}

// The element of an array, as its text: `\xdeadbeef`.
static bool same_scalar_bytes(struct span source, struct span mirror) {
    if (source.size >= 2 && memcmp(source.data, "\\x", 2) == 0)
        source.data += 2, source.size -= 2;
    if (mirror.size >= 2 && memcmp(mirror.data, "\\x", 2) == 0)
        mirror.data += 2, mirror.size -= 2;
    return span_equal(source, mirror) || same_scalar_hex_is_base64(source, mirror);
}

// Bits, or text that is not bits yet: an element of an array.
static bool same_scalar_real(enum form_kind kind, struct span source, struct span mirror) {
    CLEANUP(buffer_free) struct buffer left = {0};
    CLEANUP(buffer_free) struct buffer right = {0};
    form_text_write(kind, source, &left);
    form_text_write(kind, mirror, &right);
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
        return same_scalar_boolean(source, mirror);
    case FORM_REAL:
    case FORM_SHORT:
        return same_scalar_real(kind, source, mirror);
    case FORM_DATE:
    case FORM_TIMESTAMP:
    case FORM_TIMESTAMPTZ:
        return same_scalar_moment(source, mirror);
    case FORM_TIME:
        return same_scalar_time(source, mirror);
    case FORM_INTERVAL:
        return same_scalar_interval(source, mirror);
    case FORM_BYTES:
        return same_scalar_bytes(source, mirror);
    case FORM_JSON:
    case FORM_HSTORE:
        return same_json(source, mirror);
    case FORM_UNKNOWN:
        return same_scalar_as_bytes(source, mirror);
    default:
        return false;
    }
}
