// How stored values compare: as SQLite orders them without a collation (NULL, numbers, text, blobs). Pure.
#ifndef TIDEMARK_ROW_VALUE_ORDER_H
#define TIDEMARK_ROW_VALUE_ORDER_H

#include "views/base/hash.h"
#include "views/engine/change.h"

// SQLite's order of values without collation: NULL, numbers, text, blobs.
static inline int value_rank(const struct value *value) {
    switch (value->kind) {
    case VALUE_INTEGER:
    case VALUE_REAL:
        return 1;
    case VALUE_TEXT:
        return 2;
    case VALUE_BLOB:
        return 3;
    case VALUE_ABSENT:
    case VALUE_NULL:
    case VALUE_UNAVAILABLE:
        break;
    }
    return 0;
}

// A column has one kind of number, so integers meet reals only where both were stored as they came.
static inline double value_number(const struct value *value) {
    return value->kind == VALUE_INTEGER ? (double)value->integer : value->real;
}

static inline int value_compare(const struct value *a, const struct value *b) {
    int ranks = value_rank(a) - value_rank(b);
    if (ranks != 0 || value_rank(a) == 0)
        return ranks;
    if (a->kind == VALUE_INTEGER && b->kind == VALUE_INTEGER)
        return (a->integer > b->integer) - (a->integer < b->integer);
    if (value_rank(a) == 1)
        return (value_number(a) > value_number(b)) - (value_number(a) < value_number(b));
    size_t common = a->bytes.size < b->bytes.size ? a->bytes.size : b->bytes.size;
    int bytes = common > 0 ? memcmp(a->bytes.data, b->bytes.data, common) : 0;
    return bytes != 0 ? bytes : (a->bytes.size > b->bytes.size) - (a->bytes.size < b->bytes.size);
}

// Equal values have equal hashes.
static inline uint64_t value_hash(uint64_t hash, const struct value *value) {
    if (value_rank(value) == 1) {
        double real = value_number(value);
        uint64_t bits = 0;
        memcpy(&bits, &real, sizeof bits);
        hash = hash_mix(hash, real == 0 ? 0 : bits); // -0.0 is 0
        // Doubles of small whole numbers differ in their upper bits alone: one product leaves the lower ones alike.
        return hash_mix(hash, hash >> 32);
    }
    return value_rank(value) == 0 ? hash_mix(hash, 1) : hash_bytes(hash, value->bytes);
}

#endif
