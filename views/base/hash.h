// Hashes for tables in memory: fast, of no use against an adversary, never written to a file.
#ifndef TIDEMARK_BASE_HASH_H
#define TIDEMARK_BASE_HASH_H

#include "views/base/span.h"

#include <stdint.h>

#define HASH_SEED 0x2545F4914F6CDD1DU

static inline uint64_t hash_mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15U;
    return hash ^ (hash >> 29);
}

static inline uint64_t hash_bytes(uint64_t hash, struct span bytes) {
    uint64_t word = 0;
    size_t at = 0;
    for (; at + sizeof word <= bytes.size; at += sizeof word) {
        memcpy(&word, bytes.data + at, sizeof word);
        hash = hash_mix(hash, word);
    }
    word = 0;
    if (at < bytes.size)
        memcpy(&word, bytes.data + at, bytes.size - at);
    return hash_mix(hash_mix(hash, word), bytes.size);
}

#endif
