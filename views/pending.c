#include "views/pending.h"

#include "views/delta_batch.h"
#include "views/key.h"

#include <stdlib.h>

enum { FIRST_SIZE = 256 };

void pending_done(struct pending *pending) {
    free(pending->slots);
    free(pending->used);
    *pending = (struct pending){0};
}

static uint32_t tag_of(uint64_t hash) {
    return (uint32_t)(hash >> 32);
}

// Where the key's step is or would be.
static int place_of(const struct pending *pending, const struct delta_list *list, uint64_t hash,
                    const struct value *values) {
    int mask = pending->size - 1;
    int place = (int)(hash & (uint64_t)mask);
    for (;; place = (place + 1) & mask) {
        const struct pending_slot *slot = &pending->slots[place];
        if (slot->step < 0 ||
            (slot->tag == tag_of(hash) && key_equal(pending->table, list->steps[slot->step].row, values)))
            return place;
    }
}

int pending_find(const struct pending *pending, const struct delta_list *list, uint64_t hash,
                 const struct value *values) {
    return pending->count == 0 ? -1 : pending->slots[place_of(pending, list, hash, values)].step;
}

int pending_step(const struct pending *pending, int i) {
    return pending->slots[pending->used[i]].step;
}

static int grow(struct pending *pending, const struct delta_list *list, struct error *error) {
    int size = pending->size == 0 ? FIRST_SIZE : pending->size * 2;
    struct pending_slot *slots = malloc((size_t)size * sizeof *slots);
    int *used = malloc((size_t)size / 2 * sizeof *used);
    if (slots == NULL || used == NULL) {
        free(slots);
        free(used);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    memset(slots, 0xff, (size_t)size * sizeof *slots);
    struct pending grown = {.table = pending->table, .slots = slots, .size = size, .used = used};
    for (int i = 0; i < pending->count; i++) {
        int step = pending_step(pending, i);
        struct value values[TABLE_COLUMNS_MAX];
        packed_row_key(list->steps[step].row, pending->table, values);
        uint64_t hash = key_hash(pending->table, values);
        int place = place_of(&grown, list, hash, values);
        slots[place] = (struct pending_slot){step, tag_of(hash)};
        used[grown.count++] = place;
    }
    free(pending->slots);
    free(pending->used);
    *pending = grown;
    return 0;
}

int pending_put(struct pending *pending, const struct delta_list *list, uint64_t hash,
                const struct value *values, int step, struct error *error) {
    if (pending->count >= pending->size / 2 && grow(pending, list, error) != 0)
        return -1;
    int place = place_of(pending, list, hash, values);
    if (pending->slots[place].step < 0)
        pending->used[pending->count++] = place;
    pending->slots[place] = (struct pending_slot){step, tag_of(hash)};
    return 0;
}

void pending_clear(struct pending *pending) {
    for (int i = 0; i < pending->count; i++)
        pending->slots[pending->used[i]].step = -1;
    pending->count = 0;
}

int pending_bounds_prepare(struct pending_bounds *bounds, int64_t floor, struct error *error) {
    if (bounds->places != NULL)
        return 0;
    bounds->places = malloc(PENDING_BOUNDS * sizeof *bounds->places);
    if (bounds->places == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = 0; i < PENDING_BOUNDS; i++)
        bounds->places[i] = (struct pending_bound){.newest = floor, .others = floor};
    return 0;
}

int64_t pending_bound(const struct pending_bounds *bounds, uint64_t hash) {
    const struct pending_bound *bound = &bounds->places[hash % PENDING_BOUNDS];
    return bound->tag == tag_of(hash) ? bound->newest : bound->others;
}

void pending_bound_raise(struct pending_bounds *bounds, uint64_t hash, int64_t lsn) {
    struct pending_bound *bound = &bounds->places[hash % PENDING_BOUNDS];
    // One that comes back may have had any LSN up to that of the others.
    int64_t known = pending_bound(bounds, hash);
    if (bound->tag != tag_of(hash) && bound->newest > bound->others)
        bound->others = bound->newest;
    bound->tag = tag_of(hash);
    bound->newest = lsn > known ? lsn : known;
}

void pending_bounds_done(struct pending_bounds *bounds) {
    free(bounds->places);
    bounds->places = NULL;
}
