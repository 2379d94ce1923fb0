// Whether rows of several of the source's tables that are kept as one table's have equal keys: a sample of the keys that are
// there, with which of the source's tables each is of. Of the keys by chance as many as there is room for, so that it is
// seen soon where all shards count from 1, and may not be where a few in a million meet. All zero: none yet. One thread.
#ifndef TIDEMARK_APPLY_LOOP_MIXED_KEYS_H
#define TIDEMARK_APPLY_LOOP_MIXED_KEYS_H

#include "views/base/bounds.h"

#include <stdbool.h>
#include <stdint.h>

enum { MIXED_KEYS_MAX = BOUND(256, 4) };

struct mixed_keys {
    struct mixed_key {
        uint64_t key, source;
    } * keys;
    int count;
    uint64_t mask; // a key is of the sample where its hash has none of these bits
};

// A row of the key was written, of that table, or `gone`. True when there is one of another. Without memory nothing is noted.
bool mixed_keys_note(struct mixed_keys *mixed, uint64_t key, uint64_t source, bool gone);
// The row of the key is gone, whichever table's it was: a tombstone does not say.
void mixed_keys_forget(struct mixed_keys *mixed, uint64_t key);
void mixed_keys_free(struct mixed_keys *mixed);

#endif
