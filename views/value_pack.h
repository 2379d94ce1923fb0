// A row's values and their bytes in one piece of memory. Pure.
#ifndef TIDEMARK_VALUE_PACK_H
#define TIDEMARK_VALUE_PACK_H

#include "views/change.h"

static inline bool value_has_bytes(const struct value *value) {
    return value->kind == VALUE_TEXT || value->kind == VALUE_BLOB;
}

// Of the value itself: what it is beside a struct value.
static inline size_t value_bytes(const struct value *value) {
    return value_has_bytes(value) ? value->bytes.size : 0;
}

// What values_pack needs.
static inline size_t values_packed_size(const struct value *values, int count) {
    size_t size = (size_t)count * sizeof *values;
    for (int i = 0; i < count; i++)
        size += value_bytes(&values[i]);
    return size;
}

// Copies them to `ret`, their bytes behind them.
static inline void values_pack(struct value *ret, const struct value *values, int count) {
    char *at = (char *)(ret + count);
    for (int i = 0; i < count; i++) {
        size_t size = value_bytes(&values[i]);
        ret[i] = values[i];
        if (!value_has_bytes(&values[i]))
            continue;
        if (size > 0)
            memcpy(at, values[i].bytes.data, size);
        ret[i].bytes.data = at;
        at += size;
    }
}

#endif
