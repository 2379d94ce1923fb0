// Work makes room for answers: only where somebody asked lately, and once in so long. The clock is the test's.
#include "views/base/give_way.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

enum { US_A_MS = 1000, STEP_US = GIVE_WAY_AFTER_US / 10 };

static int64_t now_us = INT64_C(1000000);
static int yields;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret) {
    (void)clock;
    ret->tv_sec = (time_t)(now_us / 1000000);
    ret->tv_nsec = (long)(now_us % 1000000) * 1000;
    return 0;
}

int __wrap_sched_yield(void);
int __wrap_sched_yield(void) {
    yields++;
    return 0;
}

// How often others were let in meanwhile.
static int work(int64_t for_us) {
    int before = yields;
    for (int64_t end = now_us + for_us; now_us < end; now_us += STEP_US)
        give_way();
    return yields - before;
}

static void nobody_asked(void **state) {
    (void)state;
    assert_int_equal(work(100 * GIVE_WAY_AFTER_US), 0);
}

static void others_are_let_in_once_in_so_long(void **state) {
    (void)state;
    give_way_asked();
    assert_int_equal(work(10 * GIVE_WAY_AFTER_US), 10);
}

static void a_question_counts_for_a_while(void **state) {
    (void)state;
    now_us += 10 * GIVE_WAY_FOR_MS * US_A_MS;
    give_way_asked();
    assert_in_range(work(10 * GIVE_WAY_FOR_MS * US_A_MS), 1,
                    (GIVE_WAY_FOR_MS + 1) * US_A_MS / GIVE_WAY_AFTER_US);
    assert_int_equal(work(10 * GIVE_WAY_FOR_MS * US_A_MS), 0);
    give_way_asked();
    assert_int_equal(work(GIVE_WAY_AFTER_US), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_asked),
        cmocka_unit_test(others_are_let_in_once_in_so_long),
        cmocka_unit_test(a_question_counts_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
