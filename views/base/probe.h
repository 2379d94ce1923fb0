// Tables in memory that find by hash: open addressing, linear probing. A power of two of places, at most half
// of them taken; each has a number of what the table's owner lists, or is free. The owner walks from
// probe_first by probe_next to the place that is free or has what it looks for, and compares. Pure but for
// probe_new; the owner's thread.
#ifndef TIDEMARK_BASE_PROBE_H
#define TIDEMARK_BASE_PROBE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PROBE_FREE = -1 };

static inline size_t probe_first(uint64_t hash, size_t size) {
    return (size_t)(hash ^ hash >> 32) & (size - 1);
}

static inline size_t probe_next(size_t place, size_t size) {
    return (place + 1) & (size - 1);
}

// Places for `count` numbers, at least `least` (a power of two).
static inline size_t probe_size(size_t count, size_t least) {
    size_t size = least;
    while (size / 2 < count)
        size *= 2;
    return size;
}

static inline void probe_clear(int *places, size_t size) {
    memset(places, 0xff, size * sizeof *places); // PROBE_FREE, bytewise
}

// All free, to be given to free(); NULL = no memory.
static inline int *probe_new(size_t size) {
    int *places = malloc(size * sizeof *places);
    if (places != NULL)
        probe_clear(places, size);
    return places;
}

#endif
