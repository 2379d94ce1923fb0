#include "views/base/arena.h"

#include "views/base/bounds.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum { ARENA_FIRST_BLOCK = BOUND(4096, 64) };

struct arena_block {
    struct arena_block *older;
    size_t size;
    alignas(max_align_t) char bytes[];
};

static struct arena_block *arena_new_block(const struct arena *arena, size_t size) {
    size_t capacity = arena->blocks != NULL ? arena->blocks->size * 2 : ARENA_FIRST_BLOCK;
    if (capacity > ARENA_BLOCK_MAX)
        capacity = ARENA_BLOCK_MAX;
    if (capacity < size)
        capacity = size;
    if (capacity > SIZE_MAX - sizeof(struct arena_block))
        return NULL;
    struct arena_block *block = malloc(sizeof *block + capacity);
    if (block != NULL)
        block->size = capacity;
    return block;
}

// The first spare block, or a new one if that is too small.
static struct arena_block *arena_next_block(struct arena *arena, size_t size) {
    struct arena_block *block = arena->spare;
    if (block == NULL || block->size < size)
        return arena_new_block(arena, size);
    arena->spare = block->older;
    return block;
}

void *arena_take(struct arena *arena, size_t size) {
    size_t skip = (size_t)(-(uintptr_t)arena->next) & (alignof(max_align_t) - 1);
    if (arena->next != NULL && size <= arena->left && skip <= arena->left - size) {
        char *taken = arena->next + skip;
        arena->next = taken + size;
        arena->left -= skip + size;
        return taken;
    }
    struct arena_block *block = arena_next_block(arena, size);
    if (block == NULL)
        return NULL;
    block->older = arena->blocks;
    arena->blocks = block;
    arena->next = block->bytes + size;
    arena->left = block->size - size;
    arena->held += block->size;
    return block->bytes;
}

void arena_return(struct arena *arena, size_t unused) {
    arena->next -= unused;
    arena->left += unused;
}

void arena_reset(struct arena *arena) {
    struct arena_block *older;
    for (struct arena_block *block = arena->blocks; block != NULL; block = older) {
        older = block->older;
        if (block->size > ARENA_BLOCK_MAX) {
            free(block);
            continue;
        }
        block->older = arena->spare;
        arena->spare = block;
    }
    *arena = (struct arena){.spare = arena->spare};
}

size_t arena_used(const struct arena *arena) {
    return arena->held - arena->left;
}

static void arena_free_blocks(struct arena_block *block) {
    while (block != NULL) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
}

void arena_free(struct arena *arena) {
    arena_free_blocks(arena->blocks);
    arena_free_blocks(arena->spare);
    *arena = (struct arena){0};
}
