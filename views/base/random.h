// Numbers from a seed, the same on every machine: splitmix64. For made-up traffic and tests, never for
// secrets. The caller keeps the state; pure otherwise.
#ifndef TIDEMARK_BASE_RANDOM_H
#define TIDEMARK_BASE_RANDOM_H

#include <stdint.h>

// The seed is the first state.
static inline uint64_t random_next(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

// 0 to count - 1; count is small beside 2^64, so no number comes noticeably more often.
static inline uint64_t random_below(uint64_t *state, uint64_t count) {
    return random_next(state) % count;
}

#endif
