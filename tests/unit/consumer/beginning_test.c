// What the beginning of a topic's log says of rows that were there before.
#include "consumer/beginning.h"

#include "views/base/bounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROWS_MAX = BOUND(1024, 8) };

static bool take(struct beginning *beginning, int64_t offset, int64_t row, enum beginning_op op) {
    return beginning_take(beginning, offset, (uint64_t)row + 1, op);
}

static void a_row_that_nothing_made(void **state) {
    (void)state;
    struct beginning beginning = {0};
    assert_false(take(&beginning, 0, 1, BEGINNING_MAKES));
    assert_false(take(&beginning, 1, 1, BEGINNING_CHANGES));
    assert_false(take(&beginning, 2, 2, BEGINNING_OTHER));
    assert_true(take(&beginning, 3, 2, BEGINNING_CHANGES));
    assert_false(take(&beginning, 4, 3, BEGINNING_CHANGES)); // once is enough
    assert_null(beginning.keys);
    struct beginning first = {0};
    assert_true(take(&first, 0, 1, BEGINNING_CHANGES));
}

static void nothing_behind_a_gap_or_without_a_key(void **state) {
    (void)state;
    struct beginning beginning = {0};
    assert_false(take(&beginning, 0, 1, BEGINNING_MAKES));
    assert_false(take(&beginning, 2, 2, BEGINNING_CHANGES));
    struct beginning later = {0};
    assert_false(take(&later, 5, 2, BEGINNING_CHANGES));
    struct beginning keyless = {0};
    assert_false(beginning_take(&keyless, 0, 0, BEGINNING_CHANGES));
    assert_true(keyless.over);
}

static void no_more_rows_than_the_bound(void **state) {
    (void)state;
    struct beginning beginning = {0};
    for (int i = 0; i < ROWS_MAX; i++)
        assert_false(take(&beginning, i, i, BEGINNING_MAKES));
    assert_false(take(&beginning, ROWS_MAX, 0, BEGINNING_CHANGES));
    assert_false(beginning.over);
    assert_false(take(&beginning, ROWS_MAX + 1, ROWS_MAX, BEGINNING_MAKES));
    assert_true(beginning.over);
    assert_null(beginning.keys);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_that_nothing_made),
        cmocka_unit_test(nothing_behind_a_gap_or_without_a_key),
        cmocka_unit_test(no_more_rows_than_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
