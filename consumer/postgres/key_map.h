// Keys, each as a run of bytes, to numbers from 0 on. One thread.
#ifndef TIDEMARK_POSTGRES_KEY_MAP_H
#define TIDEMARK_POSTGRES_KEY_MAP_H

#include "views/base/arena.h"
#include "views/base/span.h"

#include <stdint.h>

struct key_map {
    struct span *keys;
    int count;
    int32_t *places; // number + 1, 0 = free
    uint32_t place_count;
    struct arena arena;
};

void key_map_free(struct key_map *map);
// -1 = it is not there.
int key_map_find(const struct key_map *map, struct span key);
// Its number, new or not; -1 = out of memory.
int key_map_add(struct key_map *map, struct span key);

#endif
