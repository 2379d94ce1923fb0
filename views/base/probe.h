// Tables in memory that find by hash: open addressing, linear probing. A power of two of buckets, at most half
// of them taken; each has a number of what the table's owner lists, or is free. The owner walks from
// probe_first by probe_next to the bucket that is free or has what it looks for, and compares. Pure but for
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

static inline size_t probe_next(size_t bucket, size_t size) {
    return (bucket + 1) & (size - 1);
}

// Buckets for `count` numbers, at least `least` (a power of two).
static inline size_t probe_size(size_t count, size_t least) {
    size_t size = least;
    while (size / 2 < count)
        size *= 2;
    return size;
}

static inline void probe_clear(int *buckets, size_t size) {
    memset(buckets, 0xff, size * sizeof *buckets); // PROBE_FREE, bytewise
}

// All free, to be given to free(); NULL = no memory.
static inline int *probe_new(size_t size) {
    int *buckets = malloc(size * sizeof *buckets);
    if (buckets != NULL)
        probe_clear(buckets, size);
    return buckets;
}

#endif
