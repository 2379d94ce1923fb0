#include "views/engine/read/pair_counts.h"

#include <stdlib.h>
#include <string.h>

static void pair_counts_free_pair(struct pair_count *pair) {
    free(pair->first);
    free(pair->second);
}

void pair_counts_free(struct pair_counts *counts) {
    for (int i = 0; i < counts->count; i++)
        pair_counts_free_pair(&counts->pairs[i]);
    free(counts->pairs);
    *counts = (struct pair_counts){0};
}

// The pair's place, or the count of pairs.
static int pair_counts_find(const struct pair_counts *counts, const char *first, const char *second,
                            int size) {
    int i = 0;
    while (i < counts->count && (strcmp(counts->pairs[i].first, first) != 0 ||
                                 strncmp(counts->pairs[i].second, second, (size_t)size) != 0 ||
                                 counts->pairs[i].second[size] != '\0'))
        i++;
    return i;
}

void pair_counts_add(struct pair_counts *counts, const char *first, const char *second, int size,
                     int64_t times) {
    int at = pair_counts_find(counts, first, second, size);
    if (at < counts->count) {
        counts->pairs[at].times += times;
        return;
    }
    if (counts->pairs == NULL)
        counts->pairs = calloc(PAIR_COUNTS_MAX, sizeof *counts->pairs);
    if (counts->pairs == NULL || at == PAIR_COUNTS_MAX)
        return;
    struct pair_count added = {strdup(first), strndup(second, (size_t)size), times};
    if (added.first == NULL || added.second == NULL)
        pair_counts_free_pair(&added);
    else
        counts->pairs[counts->count++] = added;
}

void pair_counts_remove(struct pair_counts *counts, const char *first, const char *second, int size) {
    int at = pair_counts_find(counts, first, second, size);
    if (at == counts->count)
        return;
    pair_counts_free_pair(&counts->pairs[at]);
    counts->count--;
    memmove(&counts->pairs[at], &counts->pairs[at + 1], (size_t)(counts->count - at) * sizeof *counts->pairs);
}

void pair_counts_each(const struct pair_counts *counts,
                      void (*visit)(void *self, const char *first, const char *second, int64_t times),
                      void *self) {
    for (int i = 0; i < counts->count; i++)
        visit(self, counts->pairs[i].first, counts->pairs[i].second, counts->pairs[i].times);
}
