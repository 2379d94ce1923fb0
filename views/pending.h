// A table's changes that were accepted and are not yet written: by key the newest of them, so that a row that
// changes often within a commit is written once. The steps themselves are delta_batch.h's. Also an upper
// bound, by key, of the LSNs that streamed changes have reached: what lies above needs no look at the file.
// Inside the mirror only.
#ifndef TIDEMARK_PENDING_H
#define TIDEMARK_PENDING_H

#include "views/base/error.h"
#include "views/change.h"

struct delta_list;

enum {
    PENDING_BOUNDS = 8192, // keys that share one have the higher of their LSNs
};

struct pending_slot {
    int step;     // the key's newest, -1 = free
    uint32_t tag; // of its hash: most other keys are told apart without a look at theirs
};

struct pending {
    const struct table *table;
    struct pending_slot *slots; // open addressing by key; a power of two
    int size;
    int *used; // places of `slots` in the order of their keys' first change
    int count;
};

struct pending_bounds {
    int64_t *lsns; // PENDING_BOUNDS of them, made with the first change
};

void pending_done(struct pending *pending);
// Of the key columns.
uint64_t pending_hash(const struct table *table, const struct value *values);
// The newest step of the key's chain, -1 = none is pending.
int pending_find(const struct pending *pending, const struct delta_list *list, uint64_t hash,
                 const struct value *values);
// Makes `step`, the list's newest, the newest of its key. ERROR_SYSTEM.
int pending_put(struct pending *pending, const struct delta_list *list, uint64_t hash, int step,
                struct error *error);
// The newest step of the key that came i-th, i < count.
int pending_step(const struct pending *pending, int i);
// Nothing is pending any more.
void pending_clear(struct pending *pending);

// The bound for a key; `floor`: of the whole table, when it is asked for the first time. ERROR_SYSTEM: NULL.
int64_t *pending_bound(struct pending_bounds *bounds, uint64_t hash, int64_t floor, struct error *error);
void pending_bounds_done(struct pending_bounds *bounds);

#endif
