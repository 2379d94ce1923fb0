// Hashes for tables in memory: fast, of no use against an adversary, never written to a file
// but for FNV-1a.
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

// FNV-1a: the same in every process, for what is handed from one to another.
#define HASH_FNV_BASIS 0xcbf29ce484222325U

static inline uint64_t hash_fnv(uint64_t hash, struct span bytes) {
    const uint64_t prime = 0x100000001b3U;
    for (size_t i = 0; i < bytes.size; i++)
        hash = (hash ^ (unsigned char)bytes.data[i]) * prime;
    return hash;
}

// A file's position, beside its version, since a restored file counts its versions again: the file's id and the offsets.
static inline uint64_t hash_position(struct span store_id, struct span offsets) {
    return hash_fnv(hash_fnv(HASH_FNV_BASIS, store_id), offsets);
}

#endif
