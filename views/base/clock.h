// The two clocks. Any thread.
#ifndef TIDEMARK_BASE_CLOCK_H
#define TIDEMARK_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_read_ms(clockid_t clock) {
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// For durations.
static inline int64_t clock_monotonic_ms(void) {
    return clock_read_ms(CLOCK_MONOTONIC);
}

// For short ones.
static inline int64_t clock_monotonic_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// Since 1970, for people and for comparing with the source's clock.
static inline int64_t clock_wall_ms(void) {
    return clock_read_ms(CLOCK_REALTIME);
}

#endif
