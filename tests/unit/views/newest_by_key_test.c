// The bounds that spare a look at the file: never below a key's newest LSN, and seldom above it.
#include "views/base/random.h"
#include "views/engine/delta/newest_by_key.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>

enum { SEED = 11, KEYS = 200, BUCKETS = 3, ROUNDS = 200000, FLOOR = 50, LATE = 40 };

static int clean_up(void **state) {
    lsn_bounds_done(*state);
    return 0;
}

static uint64_t hash_at(uint64_t bucket, uint64_t tag) {
    return tag << 32 | bucket;
}

// Many keys in few buckets, in an order that is now and then late.
static void a_bound_is_never_below_the_newest_of_its_key(void **state) {
    static struct lsn_bounds bounds;
    static int64_t newest[KEYS];
    struct error error = {0};
    *state = &bounds;
    (void)printf("seed %d\n", SEED);
    uint64_t random = SEED;
    assert_int_equal(lsn_bounds_prepare(&bounds, FLOOR, &error), 0);
    for (int i = 0; i < KEYS; i++)
        newest[i] = FLOOR;
    for (int64_t lsn = FLOOR + LATE; lsn < ROUNDS; lsn++) {
        uint64_t key = random_below(&random, KEYS);
        int64_t at = lsn - (random_below(&random, 4) == 0 ? (int64_t)random_below(&random, LATE) : 0);
        lsn_bound_raise(&bounds, hash_at(key % BUCKETS, key), at);
        if (at > newest[key])
            newest[key] = at;
        for (uint64_t other = 0; other < 3; other++) {
            uint64_t asked = random_below(&random, KEYS);
            assert_true(lsn_bound(&bounds, hash_at(asked % BUCKETS, asked)) >= newest[asked]);
        }
    }
}

// A transaction's first row has a lower LSN than what committed before it; its key is new.
static void a_late_row_of_a_new_key_is_above_its_bound(void **state) {
    static struct lsn_bounds bounds;
    struct error error = {0};
    *state = &bounds;
    assert_int_equal(lsn_bounds_prepare(&bounds, FLOOR, &error), 0);
    assert_int_equal(lsn_bound(&bounds, hash_at(5, 1)), FLOOR);
    lsn_bound_raise(&bounds, hash_at(5, 1), 1000);
    assert_int_equal(lsn_bound(&bounds, hash_at(5, 1)), 1000);
    assert_int_equal(lsn_bound(&bounds, hash_at(5, 2)), FLOOR); // one neighbour says nothing of it
    lsn_bound_raise(&bounds, hash_at(5, 2), 990);
    assert_int_equal(lsn_bound(&bounds, hash_at(5, 2)), 990);
    assert_int_equal(lsn_bound(&bounds, hash_at(5, 1)), 1000);
    assert_int_equal(lsn_bound(&bounds, hash_at(6, 2)), FLOOR); // nor does another bucket
}

// What was known of a key in few buckets holds in many. A table of few rows keeps few.
static void more_buckets_come_with_more_keys(void **state) {
    static struct lsn_bounds bounds;
    struct error error = {0};
    *state = &bounds;
    assert_int_equal(lsn_bounds_prepare(&bounds, FLOOR, &error), 0);
    int64_t lsn = FLOOR;
    for (uint64_t key = 0; key < 2 * LSN_BOUNDS_MAX; key++) {
        lsn_bound_raise(&bounds, hash_at(key, key + 1), ++lsn);
        if (key + 1 == LSN_BOUNDS_FIRST)
            assert_int_equal(bounds.size, LSN_BOUNDS_FIRST);
    }
    assert_int_equal(bounds.size, LSN_BOUNDS_MAX);
    for (uint64_t key = 0; key < 2 * LSN_BOUNDS_MAX; key++)
        assert_true(lsn_bound(&bounds, hash_at(key, key + 1)) >= FLOOR + 1 + (int64_t)key);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_bound_is_never_below_the_newest_of_its_key, clean_up),
        cmocka_unit_test_teardown(more_buckets_come_with_more_keys, clean_up),
        cmocka_unit_test_teardown(a_late_row_of_a_new_key_is_above_its_bound, clean_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
