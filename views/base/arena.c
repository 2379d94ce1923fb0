#include "views/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum { ARENA_FIRST_BLOCK = 4096 };

struct arena_block {
    struct arena_block *older;
    size_t size;
    alignas(max_align_t) char bytes[];
};

void *arena_take(struct arena *arena, size_t size) {
    size_t skip = (size_t)(-(uintptr_t)arena->next) & (alignof(max_align_t) - 1);
    if (arena->next != NULL && size <= arena->left && skip <= arena->left - size) {
        char *taken = arena->next + skip;
        arena->next = taken + size;
        arena->left -= skip + size;
        return taken;
    }
    size_t capacity = arena->blocks != NULL ? arena->blocks->size * 2 : ARENA_FIRST_BLOCK;
    if (capacity < size)
        capacity = size;
    if (capacity > SIZE_MAX - sizeof(struct arena_block))
        return NULL;
    struct arena_block *block = malloc(sizeof *block + capacity);
    if (block == NULL)
        return NULL;
    *block = (struct arena_block){.older = arena->blocks, .size = capacity};
    arena->blocks = block;
    arena->next = block->bytes + size;
    arena->left = capacity - size;
    arena->held += capacity;
    return block->bytes;
}

void arena_return(struct arena *arena, size_t unused) {
    arena->next -= unused;
    arena->left += unused;
}

static void free_blocks(struct arena_block *block) {
    while (block != NULL) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
}

void arena_reset(struct arena *arena) {
    if (arena->blocks == NULL)
        return;
    free_blocks(arena->blocks->older);
    arena->blocks->older = NULL;
    arena->next = arena->blocks->bytes;
    arena->left = arena->held = arena->blocks->size;
}

size_t arena_used(const struct arena *arena) {
    return arena->held - arena->left;
}

void arena_free(struct arena *arena) {
    free_blocks(arena->blocks);
    *arena = (struct arena){0};
}
