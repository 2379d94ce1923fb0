// A bump allocator for what lives as long as one message or one commit: values that had to be converted or
// unescaped, rows. One thread. Its blocks grow up to ARENA_BLOCK_MAX; arena_reset keeps them, so a steady
// stream allocates nothing and what is held is what was once needed at a time. A larger piece has a block of
// its own, which goes with the reset.
#ifndef TIDEMARK_BASE_ARENA_H
#define TIDEMARK_BASE_ARENA_H

#include "views/base/bounds.h"

#include <stddef.h>

struct arena_block;

enum { ARENA_BLOCK_MAX = BOUND(1 << 20, 256) };

struct arena {
    struct arena_block *blocks; // in use, the newest first
    struct arena_block *spare;  // kept by a reset, in the order of their first use
    char *next;
    size_t left; // bytes
    size_t held; // bytes of the blocks in use
};

// `size` bytes, not zeroed, aligned for any scalar; NULL when out of memory.
void *arena_take(struct arena *arena, size_t size);
// Gives back the last `unused` bytes of the newest arena_take.
void arena_return(struct arena *arena, size_t unused);
void arena_reset(struct arena *arena);
// Bytes taken since the newest reset, what alignment and block ends cost included.
size_t arena_used(const struct arena *arena);
void arena_free(struct arena *arena);

#endif
