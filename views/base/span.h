// A borrowed run of bytes: never NUL-terminated, never owned. data == NULL means "none", which differs from
// empty.
#ifndef TIDEMARK_BASE_SPAN_H
#define TIDEMARK_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
    const char *data;
    size_t size;
};

#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})

static inline struct span span_of(const char *text) {
    return (struct span){text, text != NULL ? strlen(text) : 0};
}

static inline bool span_equal(struct span a, struct span b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

// Below 0, 0 or above 0: the order of their bytes.
static inline int span_order(struct span a, struct span b) {
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static inline bool span_is(struct span a, const char *text) {
    return span_equal(a, span_of(text));
}

static inline bool span_ends_with(struct span a, const char *end) {
    size_t size = strlen(end);
    return a.size >= size && span_is((struct span){a.data + a.size - size, size}, end);
}

#endif
