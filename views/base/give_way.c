#include "views/base/give_way.h"

#include "views/base/clock.h"

#include <sched.h>
#include <stdatomic.h>

static _Atomic int64_t give_way_asked_ms; // the newest time; 0 = never
static _Thread_local int64_t give_way_given_us;

// As exact as the tick, and a tenth of the price: each question and each batch of messages asks.
static int64_t give_way_now_ms(void) {
    return clock_read_ms(CLOCK_MONOTONIC_COARSE);
}

// The threads that answer would take the line from each other if each wrote it.
void give_way_asked(void) {
    int64_t now = give_way_now_ms();
    if (atomic_load_explicit(&give_way_asked_ms, memory_order_relaxed) != now)
        atomic_store_explicit(&give_way_asked_ms, now, memory_order_relaxed);
}

void give_way(void) {
    int64_t asked = atomic_load_explicit(&give_way_asked_ms, memory_order_relaxed);
    if (asked == 0 || give_way_now_ms() - asked > GIVE_WAY_FOR_MS)
        return;
    int64_t now = clock_monotonic_us();
    if (now - give_way_given_us < GIVE_WAY_AFTER_US)
        return;
    give_way_given_us = now;
    (void)sched_yield();
}
