// Timelines of the source (consumer/apply/loop/timeline.h): LSNs of two of them compare as their commits follow each
// other.
#include "consumer/apply/loop/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FIRST_MS = 1000, SECOND_MS = 5000 };

static const struct timelines two = {.since_ts_ms = {FIRST_MS, SECOND_MS}, .count = 2};

static void the_first_timeline_keeps_its_lsns(void **state) {
    (void)state;
    const struct timelines none = {.count = 0};
    assert_int_equal(timeline_lsn(&none, 4711, SECOND_MS), 4711);
    assert_int_equal(timeline_lsn(&two, 4711, FIRST_MS - 1), 4711);
    assert_int_equal(timeline_lsn(&two, LSN_NONE, SECOND_MS), LSN_NONE);
}

static void a_later_timelines_lsn_is_higher_and_can_be_undone(void **state) {
    (void)state;
    int64_t highest = ((int64_t)1 << TIMELINE_LSN_BITS) - 1;
    int64_t last_of_first = timeline_lsn(&two, highest, FIRST_MS - 1);
    int64_t first_of_second = timeline_lsn(&two, 0, FIRST_MS);
    int64_t last_of_second = timeline_lsn(&two, highest, SECOND_MS - 1);
    int64_t first_of_third = timeline_lsn(&two, 0, SECOND_MS);
    assert_true(last_of_first < first_of_second);
    assert_true(last_of_second < first_of_third);
    assert_int_equal(timeline_source_lsn(last_of_second), highest);
    assert_int_equal(timeline_source_lsn(first_of_third), 0);
    assert_int_equal(timeline_source_lsn(LSN_NONE), LSN_NONE);
}

static void every_timeline_fits(void **state) {
    (void)state;
    struct timelines many = {.count = TIMELINES_MAX};
    for (int i = 0; i < TIMELINES_MAX; i++)
        many.since_ts_ms[i] = i + 1;
    int64_t newest = timeline_lsn(&many, 5, TIMELINES_MAX);
    assert_true(newest > 0);
    assert_true(newest > timeline_lsn(&many, 5, TIMELINES_MAX - 1));
    assert_int_equal(timeline_source_lsn(newest), 5);
}

static void new_is_what_is_lower_and_yet_later(void **state) {
    (void)state;
    const struct store_sequence newest = {.lsn = 900, .ts_ms = FIRST_MS};
    int64_t late = FIRST_MS + TIMELINE_MARGIN_MS + 1;
    assert_true(timeline_is_new(newest, 899, late));
    assert_false(timeline_is_new(newest, 900, late));     // the same commit
    assert_false(timeline_is_new(newest, 901, late));     // goes on
    assert_false(timeline_is_new(newest, 899, late - 1)); // clocks are not that exact
    assert_false(timeline_is_new(newest, 899, FIRST_MS)); // a repeat
    assert_false(timeline_is_new(newest, LSN_NONE, late));
    assert_false(timeline_is_new((struct store_sequence){LSN_NONE, 0}, 899, late));
    assert_false(timeline_is_new((struct store_sequence){900, 0}, 899, late)); // nobody knows when
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_timeline_keeps_its_lsns),
        cmocka_unit_test(a_later_timelines_lsn_is_higher_and_can_be_undone),
        cmocka_unit_test(every_timeline_fits),
        cmocka_unit_test(new_is_what_is_lower_and_yet_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
