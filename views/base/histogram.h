// How long things took, counted in fixed buckets as Prometheus has them. Any thread counts and reads; no lock. All zero is
// an empty one.
#ifndef TIDEMARK_BASE_HISTOGRAM_H
#define TIDEMARK_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 16 };

struct histogram {
    _Atomic uint64_t counts[HISTOGRAM_BOUNDS + 1]; // the last is beyond all bounds
    _Atomic uint64_t sum_us;
};

// The upper bounds of the buckets, 500 us to a minute.
static const int64_t histogram_bounds_us[HISTOGRAM_BOUNDS] = {
    500,    1000,   2500,    5000,    10000,   25000,    50000,    100000,
    250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000,
};

// Less than nothing, which two clocks may give, is nothing.
static inline void histogram_observe(struct histogram *histogram, int64_t us) {
    int bucket = 0;
    while (bucket < HISTOGRAM_BOUNDS && us > histogram_bounds_us[bucket])
        bucket++;
    (void)atomic_fetch_add_explicit(&histogram->counts[bucket], 1, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&histogram->sum_us, us > 0 ? (uint64_t)us : 0, memory_order_relaxed);
}

#endif
