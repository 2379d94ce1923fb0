// A bump allocator for what lives as long as one message: values that had to be converted or unescaped.
// One thread. arena_reset frees nothing but keeps the largest block, so a steady stream allocates nothing.
#ifndef TIDEMARK_ARENA_H
#define TIDEMARK_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks;
    char *next;
    size_t left; // bytes
    size_t held; // bytes of all blocks
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
