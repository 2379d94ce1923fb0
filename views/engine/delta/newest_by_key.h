// A table's changes that were accepted and are not yet written: by key the newest of them, so that a row that
// changes often within a commit is written once. The steps themselves are batch.h's; `steps` are
// those of the table's list, of which `pending` keeps the numbers. Also an upper
// bound, by key, of the LSNs that streamed changes have reached: what lies above needs no look at the file.
// Used by batch.c and the mirror.
#ifndef TIDEMARK_DELTA_NEWEST_BY_KEY_H
#define TIDEMARK_DELTA_NEWEST_BY_KEY_H

#include "views/base/bounds.h"
#include "views/base/error.h"
#include "views/engine/delta/step.h"

enum {
    LSN_BOUNDS_FIRST = BOUND(1024, 2), // buckets for bounds; twice as many when as many keys have shared them
    LSN_BOUNDS_MAX = BOUND(32768, 4),
};

struct newest_slot {
    int step;     // the key's newest, PROBE_FREE = none
    uint32_t tag; // of its hash: most other keys are told apart without a look at theirs
};

struct newest_by_key {
    const struct table *table;
    struct newest_slot *slots; // by key (probe.h)
    int size;
    int *used; // buckets of `slots` in the order of their keys' first change
    int count;
};

// Several keys share a bucket; the newest of them has a bound of its own. So a row whose LSN is a little lower
// than those before it (a transaction's first, written before others committed) is taken for a possible
// repeat only when two other keys of its bucket came meanwhile.
struct lsn_bound {
    int64_t newest; // the LSN of the key that has `tag`
    int64_t others; // the highest of all the others
    uint32_t tag;
};

struct lsn_bounds {
    struct lsn_bound *buckets; // made with the first change
    int size;
    int taken; // buckets that were taken over from another key since they became so many
};

void newest_done(struct newest_by_key *pending);
// The newest step of the chain of the change's key, -1 = none is pending. `hash`: key_hash_of_change.
int newest_find(const struct newest_by_key *pending, const struct delta_step *steps, uint64_t hash,
                const struct change *change);
// The same, and the place that newest_put takes: made if the key has none. It holds until another key gets one.
// ERROR_SYSTEM.
int newest_find_place(struct newest_by_key *pending, const struct delta_step *steps, uint64_t hash,
                      const struct change *change, int *ret_step, int *ret_place, struct error *error);
// The key is looked for soon: asks the processor for where it would be.
void newest_expect(const struct newest_by_key *pending, uint64_t hash);
// A step that is the key's unless another's hash begins alike, -1 = the key has none. Touches no step.
int newest_alike(const struct newest_by_key *pending, uint64_t hash);
// Makes `step`, the list's newest, the newest of its key.
void newest_put(struct newest_by_key *pending, uint64_t hash, int place, int step);
// The newest step of the key that came i-th, i < count.
int newest_step(const struct newest_by_key *pending, int i);
// Nothing is pending any more.
void newest_clear(struct newest_by_key *pending);

// Before the others; `floor`: the bound of every key until then. ERROR_SYSTEM.
int lsn_bounds_prepare(struct lsn_bounds *bounds, int64_t floor, struct error *error);
// No streamed change of the key has a higher LSN.
int64_t lsn_bound(const struct lsn_bounds *bounds, uint64_t hash);
// The key's bound is asked for soon.
void lsn_bound_expect(const struct lsn_bounds *bounds, uint64_t hash);
// A change of the key has this LSN. Where there is no memory for more buckets it is kept all the same.
void lsn_bound_raise(struct lsn_bounds *bounds, uint64_t hash, int64_t lsn);
void lsn_bounds_done(struct lsn_bounds *bounds);

#endif
