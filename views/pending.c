#include "views/pending.h"

#include "views/base/hash.h"

#include <stdlib.h>

enum { FIRST_SIZE = 256 };

void pending_done(struct pending *pending) {
    free(pending->steps);
    free(pending->used);
    free(pending->bounds);
    *pending = (struct pending){0};
}

uint64_t pending_hash(const struct table *table, const struct value *values) {
    uint64_t hash = HASH_SEED;
    for (int i = 0; i < table->key_count; i++) {
        const struct value *value = &values[table->keys[i]];
        if (value->kind == VALUE_INTEGER)
            hash = hash_mix(hash, (uint64_t)value->integer);
        else
            hash = hash_bytes(hash, value->bytes);
    }
    return hash_mix(hash, hash >> 32);
}

static bool is_key(const struct table *table, const struct value *a, const struct value *b) {
    for (int i = 0; i < table->key_count; i++) {
        const struct value *left = &a[table->keys[i]];
        const struct value *right = &b[table->keys[i]];
        if (left->kind != right->kind)
            return false;
        if (left->kind == VALUE_INTEGER ? left->integer != right->integer
                                        : !span_equal(left->bytes, right->bytes))
            return false;
    }
    return true;
}

// Where the key's step is or would be.
static int place_of(const struct pending *pending, const struct delta_list *list, uint64_t hash,
                    const struct value *values) {
    int mask = pending->size - 1;
    int place = (int)(hash & (uint64_t)mask);
    while (pending->steps[place] >= 0 &&
           !is_key(pending->table, list->steps[pending->steps[place]].values, values))
        place = (place + 1) & mask;
    return place;
}

int pending_find(const struct pending *pending, const struct delta_list *list, uint64_t hash,
                 const struct value *values) {
    if (pending->count == 0)
        return -1;
    return pending->steps[place_of(pending, list, hash, values)];
}

static int grow(struct pending *pending, const struct delta_list *list, struct error *error) {
    int size = pending->size == 0 ? FIRST_SIZE : pending->size * 2;
    int *steps = malloc((size_t)size * sizeof *steps);
    int *used = malloc((size_t)size / 2 * sizeof *used);
    if (steps == NULL || used == NULL) {
        free(steps);
        free(used);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    memset(steps, 0xff, (size_t)size * sizeof *steps);
    struct pending grown = {.table = pending->table, .steps = steps, .size = size, .used = used};
    for (int i = 0; i < pending->count; i++) {
        int step = pending->steps[pending->used[i]];
        const struct value *values = list->steps[step].values;
        int place = place_of(&grown, list, pending_hash(pending->table, values), values);
        steps[place] = step;
        used[grown.count++] = place;
    }
    grown.bounds = pending->bounds;
    free(pending->steps);
    free(pending->used);
    *pending = grown;
    return 0;
}

int pending_put(struct pending *pending, const struct delta_list *list, uint64_t hash, int step,
                struct error *error) {
    if (pending->count >= pending->size / 2 && grow(pending, list, error) != 0)
        return -1;
    int place = place_of(pending, list, hash, list->steps[step].values);
    if (pending->steps[place] < 0)
        pending->used[pending->count++] = place;
    pending->steps[place] = step;
    return 0;
}

void pending_clear(struct pending *pending) {
    for (int i = 0; i < pending->count; i++)
        pending->steps[pending->used[i]] = -1;
    pending->count = 0;
}

int64_t *pending_bound(struct pending *pending, uint64_t hash, int64_t floor, struct error *error) {
    if (pending->bounds == NULL) {
        pending->bounds = malloc(PENDING_BOUNDS * sizeof *pending->bounds);
        if (pending->bounds == NULL) {
            (void)error_set(error, ERROR_SYSTEM, "out of memory");
            return NULL;
        }
        for (int i = 0; i < PENDING_BOUNDS; i++)
            pending->bounds[i] = floor;
    }
    return &pending->bounds[hash % PENDING_BOUNDS];
}
