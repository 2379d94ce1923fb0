// Eight bytes of a text looked at in one go. Pure.
#ifndef TIDEMARK_BASE_WORD_H
#define TIDEMARK_BASE_WORD_H

#include <stdint.h>
#include <string.h>

#define WORD_ONES UINT64_C(0x0101010101010101)
#define WORD_HIGH_BITS (WORD_ONES << 7)

static inline uint64_t word_at(const char *text) {
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

// A text of 4 to 8 bytes: its first four and its last four.
static inline uint64_t word_of_short(const char *text, size_t size) {
    uint32_t first;
    uint32_t last;
    memcpy(&first, text, sizeof first);
    memcpy(&last, text + size - sizeof last, sizeof last);
    return first | (uint64_t)last << 32;
}

// High bits of the bytes that are `c`, 0 when none is; those above the lowest such byte may be wrong.
static inline uint64_t word_bytes_of(uint64_t word, char c) {
    uint64_t other = word ^ WORD_ONES * (unsigned char)c;
    return (other - WORD_ONES) & ~other & WORD_HIGH_BITS;
}

#endif
