#include "consumer/postgres/key_map.h"

#include "views/base/hash.h"

#include <stdlib.h>

enum { KEY_MAP_LEAST = 64 };

void key_map_free(struct key_map *map) {
    free(map->keys);
    free(map->places);
    arena_free(&map->arena);
    *map = (struct key_map){0};
}

// Where the key is, or would be.
static uint32_t key_map_place(const struct key_map *map, struct span key) {
    uint32_t place = (uint32_t)hash_bytes(HASH_SEED, key) & (map->place_count - 1);
    while (map->places[place] != 0 && !span_equal(map->keys[map->places[place] - 1], key))
        place = (place + 1) & (map->place_count - 1);
    return place;
}

int key_map_find(const struct key_map *map, struct span key) {
    return map->place_count == 0 ? -1 : map->places[key_map_place(map, key)] - 1;
}

static bool key_map_grow(struct key_map *map) {
    uint32_t count = map->place_count == 0 ? KEY_MAP_LEAST : map->place_count * 2;
    int32_t *places = calloc(count, sizeof *places);
    struct span *keys = realloc(map->keys, count / 2 * sizeof *keys);
    if (keys != NULL)
        map->keys = keys;
    if (places == NULL || keys == NULL) {
        free(places);
        return false;
    }
    free(map->places);
    map->places = places;
    map->place_count = count;
    for (int i = 0; i < map->count; i++)
        places[key_map_place(map, map->keys[i])] = i + 1;
    return true;
}

int key_map_add(struct key_map *map, struct span key) {
    if ((uint32_t)map->count >= map->place_count / 2 && !key_map_grow(map))
        return -1;
    uint32_t place = key_map_place(map, key);
    if (map->places[place] != 0)
        return map->places[place] - 1;
    char *copy = arena_take(&map->arena, key.size + 1);
    if (copy == NULL)
        return -1;
    memcpy(copy, key.data, key.size);
    map->keys[map->count] = (struct span){copy, key.size};
    map->places[place] = ++map->count;
    return map->count - 1;
}
