// One value of a row, as the mirror stores it. Plain data; bytes borrow from whoever made it.
#ifndef TIDEMARK_VALUE_H
#define TIDEMARK_VALUE_H

#include "views/base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum value_kind {
    VALUE_ABSENT, // the event does not have the column
    VALUE_NULL,
    VALUE_INTEGER,
    VALUE_REAL,
    VALUE_TEXT,
    VALUE_BLOB,
    VALUE_UNAVAILABLE, // an unchanged TOAST value that the log does not carry
};

struct value {
    enum value_kind kind;
    union {
        int64_t integer;
        double real;
        struct span bytes;
    };
};

static inline bool value_has_bytes(const struct value *value) {
    return value->kind == VALUE_TEXT || value->kind == VALUE_BLOB;
}

// Whether they are of one kind, and the same number or the same bytes.
static inline bool value_same(const struct value *a, const struct value *b) {
    if (a->kind != b->kind)
        return false;
    if (a->kind == VALUE_INTEGER)
        return a->integer == b->integer;
    if (a->kind == VALUE_REAL)
        return a->real == b->real || (a->real != a->real && b->real != b->real); // NaN
    return !value_has_bytes(a) || span_equal(a->bytes, b->bytes);
}

#endif
