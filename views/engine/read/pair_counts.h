// How often something happened to a pair of names, such as a table and its column. Bounded: pairs past
// PAIR_COUNTS_MAX are not kept. Plain data without a lock; progress.c guards it.
#ifndef TIDEMARK_READ_PAIR_COUNTS_H
#define TIDEMARK_READ_PAIR_COUNTS_H

#include <stdint.h>

enum { PAIR_COUNTS_MAX = 1024 };

struct pair_count {
    char *first;
    char *second;
    int64_t times;
};

struct pair_counts {
    struct pair_count *pairs; // PAIR_COUNTS_MAX places once there is one
    int count;
};

void pair_counts_free(struct pair_counts *counts);
// `second` has `size` bytes. Out of memory and a full list lose the pair.
void pair_counts_add(struct pair_counts *counts, const char *first, const char *second, int size,
                     int64_t times);
void pair_counts_remove(struct pair_counts *counts, const char *first, const char *second, int size);
void pair_counts_each(const struct pair_counts *counts,
                      void (*visit)(void *self, const char *first, const char *second, int64_t times),
                      void *self);

#endif
