#include "consumer/apply/loop/mixed_keys.h"

#include <stdlib.h>

// Low bits of a hash need not be as good as high ones.
static bool mixed_keys_is_in(const struct mixed_keys *mixed, uint64_t key) {
    return ((key * 0x9e3779b97f4a7c15u) >> 32 & mixed->mask) == 0;
}

// Half of the sample goes, more or less.
static void mixed_keys_halve(struct mixed_keys *mixed) {
    int kept = 0;
    mixed->mask = mixed->mask << 1 | 1;
    for (int i = 0; i < mixed->count; i++)
        if (mixed_keys_is_in(mixed, mixed->keys[i].key))
            mixed->keys[kept++] = mixed->keys[i];
    mixed->count = kept;
}

static void mixed_keys_add(struct mixed_keys *mixed, uint64_t key, uint64_t source) {
    if (mixed->keys == NULL)
        mixed->keys = malloc(MIXED_KEYS_MAX * sizeof *mixed->keys);
    while (mixed->count == MIXED_KEYS_MAX && mixed->mask < UINT32_MAX)
        mixed_keys_halve(mixed);
    if (mixed->keys != NULL && mixed->count < MIXED_KEYS_MAX && mixed_keys_is_in(mixed, key))
        mixed->keys[mixed->count++] = (struct mixed_key){key, source};
}

bool mixed_keys_note(struct mixed_keys *mixed, uint64_t key, uint64_t source, bool gone) {
    if (!mixed_keys_is_in(mixed, key))
        return false;
    for (int i = 0; i < mixed->count; i++) {
        if (mixed->keys[i].key != key)
            continue;
        bool same = mixed->keys[i].source == source;
        if (gone && same)
            mixed->keys[i] = mixed->keys[--mixed->count];
        return !gone && !same;
    }
    if (!gone)
        mixed_keys_add(mixed, key, source);
    return false;
}

void mixed_keys_forget(struct mixed_keys *mixed, uint64_t key) {
    for (int i = 0; i < mixed->count; i++)
        if (mixed->keys[i].key == key)
            mixed->keys[i] = mixed->keys[--mixed->count];
}

void mixed_keys_free(struct mixed_keys *mixed) {
    free(mixed->keys);
    *mixed = (struct mixed_keys){0};
}
