#include "views/engine/delta/newest_by_key.h"

#include "views/base/bounds.h"
#include "views/base/fetch.h"
#include "views/base/probe.h"
#include "views/engine/row/key.h"

#include <stdlib.h>

enum { FIRST_SIZE = BOUND(256, 2), ALL_FROM = 32 };

void newest_done(struct newest_by_key *pending) {
    free(pending->slots);
    free(pending->used);
    *pending = (struct newest_by_key){0};
}

static uint32_t newest_by_key_tag_of(uint64_t hash) {
    return (uint32_t)(hash >> 32);
}

// Where the key's step is or would be.
static int newest_by_key_bucket_of(const struct newest_by_key *pending, const struct delta_step *steps,
                                   uint64_t hash, const struct change *change) {
    size_t size = (size_t)pending->size;
    for (size_t bucket = probe_first(hash, size);; bucket = probe_next(bucket, size)) {
        const struct newest_slot *slot = &pending->slots[bucket];
        if (slot->step == PROBE_FREE ||
            (slot->tag == newest_by_key_tag_of(hash) && key_equal_change(steps[slot->step].row, change)))
            return (int)bucket;
    }
}

int newest_find(const struct newest_by_key *pending, const struct delta_step *steps, uint64_t hash,
                const struct change *change) {
    return pending->count == 0 ? -1
                               : pending->slots[newest_by_key_bucket_of(pending, steps, hash, change)].step;
}

int newest_step(const struct newest_by_key *pending, int i) {
    return pending->slots[pending->used[i]].step;
}

static int newest_by_key_grow(struct newest_by_key *pending, const struct delta_step *steps,
                              struct error *error) {
    int size = pending->size == 0 ? FIRST_SIZE : pending->size * 2;
    struct newest_slot *slots = malloc((size_t)size * sizeof *slots);
    int *used = malloc((size_t)size / 2 * sizeof *used);
    if (slots == NULL || used == NULL) {
        free(slots);
        free(used);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    memset(slots, 0xff, (size_t)size * sizeof *slots);
    struct newest_by_key grown = {.table = pending->table, .slots = slots, .size = size, .used = used};
    for (int i = 0; i < pending->count; i++) {
        int step = newest_step(pending, i);
        struct value values[TABLE_COLUMNS_MAX];
        packed_row_key(steps[step].row, pending->table, values);
        uint64_t hash = key_hash(pending->table, values);
        const struct change same = {.table = pending->table, .values = values};
        int bucket = newest_by_key_bucket_of(&grown, steps, hash, &same);
        slots[bucket] = (struct newest_slot){step, newest_by_key_tag_of(hash)};
        used[grown.count++] = bucket;
    }
    free(pending->slots);
    free(pending->used);
    *pending = grown;
    return 0;
}

int newest_find_place(struct newest_by_key *pending, const struct delta_step *steps, uint64_t hash,
                      const struct change *change, int *ret_step, int *ret_place, struct error *error) {
    if (pending->count >= pending->size / 2 && newest_by_key_grow(pending, steps, error) != 0)
        return -1;
    *ret_place = newest_by_key_bucket_of(pending, steps, hash, change);
    *ret_step = pending->slots[*ret_place].step;
    return 0;
}

void newest_expect(const struct newest_by_key *pending, uint64_t hash) {
    if (pending->size > 0)
        fetch_soon(&pending->slots[probe_first(hash, (size_t)pending->size)], sizeof *pending->slots);
}

int newest_alike(const struct newest_by_key *pending, uint64_t hash) {
    size_t size = (size_t)pending->size;
    if (size == 0)
        return -1;
    size_t bucket = probe_first(hash, size);
    while (pending->slots[bucket].step != PROBE_FREE &&
           pending->slots[bucket].tag != newest_by_key_tag_of(hash))
        bucket = probe_next(bucket, size);
    return pending->slots[bucket].step;
}

void newest_put(struct newest_by_key *pending, uint64_t hash, int place, int step) {
    if (pending->slots[place].step == PROBE_FREE)
        pending->used[pending->count++] = place;
    pending->slots[place] = (struct newest_slot){step, newest_by_key_tag_of(hash)};
}

void newest_clear(struct newest_by_key *pending) {
    // Many are cleared together sooner than each in its place.
    if (pending->count > pending->size / ALL_FROM)
        memset(pending->slots, 0xff, (size_t)pending->size * sizeof *pending->slots);
    else
        for (int i = 0; i < pending->count; i++)
            pending->slots[pending->used[i]].step = PROBE_FREE;
    pending->count = 0;
}

int lsn_bounds_prepare(struct lsn_bounds *bounds, int64_t floor, struct error *error) {
    if (bounds->buckets != NULL)
        return 0;
    bounds->buckets = malloc(LSN_BOUNDS_FIRST * sizeof *bounds->buckets);
    if (bounds->buckets == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    bounds->size = LSN_BOUNDS_FIRST;
    bounds->taken = 0;
    for (int i = 0; i < bounds->size; i++)
        bounds->buckets[i] = (struct lsn_bound){.newest = floor, .others = floor};
    return 0;
}

static struct lsn_bound *newest_by_key_bound_of(const struct lsn_bounds *bounds, uint64_t hash) {
    return &bounds->buckets[hash & (uint64_t)(bounds->size - 1)];
}

// The keys of a bucket go to it or to its like in the second half, so that what holds of all of them holds in both.
static void newest_by_key_grow_bounds(struct lsn_bounds *bounds) {
    size_t bytes = (size_t)bounds->size * sizeof *bounds->buckets;
    struct lsn_bound *grown = realloc(bounds->buckets, 2 * bytes);
    bounds->taken = 0;
    if (grown == NULL)
        return;
    memcpy(grown + bounds->size, grown, bytes);
    bounds->buckets = grown;
    bounds->size *= 2;
}

int64_t lsn_bound(const struct lsn_bounds *bounds, uint64_t hash) {
    const struct lsn_bound *bound = newest_by_key_bound_of(bounds, hash);
    return bound->tag == newest_by_key_tag_of(hash) ? bound->newest : bound->others;
}

void lsn_bound_expect(const struct lsn_bounds *bounds, uint64_t hash) {
    if (bounds->buckets != NULL)
        fetch_soon(newest_by_key_bound_of(bounds, hash), sizeof *bounds->buckets);
}

void lsn_bound_raise(struct lsn_bounds *bounds, uint64_t hash, int64_t lsn) {
    struct lsn_bound *bound = newest_by_key_bound_of(bounds, hash);
    // One that comes back may have had any LSN up to that of the others.
    int64_t known = lsn_bound(bounds, hash);
    bool other = bound->tag != newest_by_key_tag_of(hash);
    if (other && bound->newest > bound->others)
        bound->others = bound->newest;
    bound->tag = newest_by_key_tag_of(hash);
    bound->newest = lsn > known ? lsn : known;
    bounds->taken += other;
    if (bounds->taken > bounds->size && bounds->size < LSN_BOUNDS_MAX)
        newest_by_key_grow_bounds(bounds);
}

void lsn_bounds_done(struct lsn_bounds *bounds) {
    free(bounds->buckets);
    *bounds = (struct lsn_bounds){0};
}
