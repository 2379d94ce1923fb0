#include "consumer/postgres/source_hash.h"

struct lanes {
    uint32_t a, b, c;
};

static inline uint32_t source_hash_turn(uint32_t x, int bits) {
    return x << bits | x >> (32 - bits);
}

static inline void source_hash_mix(struct lanes *l) {
    static const int turns[] = {4, 6, 8, 16, 19, 4};
    uint32_t *lanes[] = {&l->a, &l->b, &l->c};
    for (int i = 0; i < 6; i++) {
        uint32_t *x = lanes[i % 3], *y = lanes[(i + 1) % 3], *z = lanes[(i + 2) % 3];
        *x -= *z;
        *x ^= source_hash_turn(*z, turns[i]);
        *z += *y;
    }
}

static inline void source_hash_end(struct lanes *l) {
    static const int turns[] = {14, 11, 25, 16, 4, 14, 24};
    uint32_t *lanes[] = {&l->c, &l->a, &l->b};
    for (int i = 0; i < 7; i++) {
        uint32_t *x = lanes[i % 3], y = *lanes[(i + 2) % 3];
        *x ^= y;
        *x -= source_hash_turn(y, turns[i]);
    }
}

static inline uint32_t source_hash_word(const char *bytes) {
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

// Up to 11 bytes. The lowest byte of the third word is the length's.
static inline void source_hash_rest(struct lanes *l, const char *bytes, size_t size) {
    char rest[12] = {0};
    memcpy(rest, bytes, size < 8 ? size : 8);
    if (size > 8)
        memcpy(rest + 9, bytes + 8, size - 8);
    l->a += source_hash_word(rest);
    l->b += source_hash_word(rest + 4);
    l->c += source_hash_word(rest + 8);
}

int64_t source_hash(struct span text, int64_t seed) {
    uint32_t begin = 0x9e3779b9U + (uint32_t)text.size + 3923095U;
    struct lanes lanes = {begin, begin, begin};
    const char *bytes = text.data;
    size_t left = text.size;
    if (seed != 0) {
        lanes.a += (uint32_t)((uint64_t)seed >> 32);
        lanes.b += (uint32_t)seed;
        source_hash_mix(&lanes);
    }
    for (; left >= 12; bytes += 12, left -= 12) {
        lanes.a += source_hash_word(bytes);
        lanes.b += source_hash_word(bytes + 4);
        lanes.c += source_hash_word(bytes + 8);
        source_hash_mix(&lanes);
    }
    source_hash_rest(&lanes, bytes, left);
    source_hash_end(&lanes);
    return (int64_t)((uint64_t)lanes.b << 32 | lanes.c);
}
