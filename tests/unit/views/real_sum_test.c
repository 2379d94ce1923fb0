// Exact sums of doubles (views/engine/row/real_sum.h): rounded once, whatever the order, and the same again from bytes.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/base/cleanup.h"
#include "views/base/random.h"
#include "views/engine/row/real_sum.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ADDENDS_MAX = 8 };

// Any double but NaN and infinities.
static double next_double(uint64_t *seed) {
    for (;;) {
        uint64_t bits = random_next(seed);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            return value;
    }
}

static void assert_same_double(double a, double b) {
    assert_memory_equal(&a, &b, sizeof a);
}

static void each_sum_is_rounded_once(void **state) {
    (void)state;
    static const struct {
        double addends[ADDENDS_MAX]; // up to a 0
        double sum;
    } sums[] = {
        {{0}, 0},
        {{0.1, 0.2, 0.3, 1e16, 1.0, -1e16}, 1.6},
        {{1e308, 1e308, -1e308, -1e308, 5e-324}, 5e-324},
        {{DBL_MAX, DBL_MAX}, INFINITY},
        {{-DBL_MAX, -DBL_MAX}, -INFINITY},
        {{DBL_MAX, 0x1p969}, DBL_MAX},  // less than half of its last place
        {{DBL_MAX, 0x1p970}, INFINITY}, // half, and the even one is beyond
        {{1, 0x1p-53}, 1},              // ties to even: down
        {{1, 0x1p-53, 5e-324}, 1 + DBL_EPSILON},
        {{1 + DBL_EPSILON, 0x1p-53}, 1 + 2 * DBL_EPSILON}, // up
        {{-1, -0x1p-53, -5e-324}, -1 - DBL_EPSILON},
        {{DBL_MIN, -5e-324}, 0x0.fffffffffffffp-1022},
        {{5e-324, 5e-324}, 1e-323},
        {{-5e-324}, -5e-324},
        {{0x1p63, 0x1p63, -1}, 0x1p64},
        {{0x1p64, -0x1p64}, 0},
    };
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        CLEANUP(real_sum_done) struct real_sum sum = {0};
        for (int a = 0; a < ADDENDS_MAX && sums[i].addends[a] != 0; a++)
            assert_int_equal(real_sum_add(&sum, sums[i].addends[a], 1), 0);
        assert_same_double(real_sum_value(&sum), sums[i].sum);
    }
}

// Integers of 128 bits, times 2^-70, are exact, and the compiler rounds them once.
static void sums_of_many_are_those_of_integers(void **state) {
    (void)state;
    static const uint64_t seed_given = 20261128;
    print_message("seed %llu\n", (unsigned long long)seed_given);
    uint64_t seed = seed_given;
    CLEANUP(real_sum_done) struct real_sum sum = {0};
    __int128 expected = 0;
    for (int i = 0; i < 200000; i++) {
        __int128 count = (int64_t)random_next(&seed) >> (11 + random_next(&seed) % 53);
        count = count * ((__int128)1 << random_next(&seed) % 50);
        int weight = random_next(&seed) % 2 == 0 ? 1 : -1;
        assert_int_equal(real_sum_add(&sum, ldexp((double)count, -70), weight), 0);
        expected += weight * count;
        assert_same_double(real_sum_value(&sum), ldexp((double)expected, -70) + 0.0);
    }
}

static int compare_doubles(const void *a, const void *b) {
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static void write_sum(const double *values, int count, struct buffer *ret) {
    CLEANUP(real_sum_done) struct real_sum sum = {0};
    for (int i = 0; i < count; i++)
        assert_int_equal(real_sum_add(&sum, values[i], 1), 0);
    buffer_clear(ret);
    real_sum_write(&sum, ret);
    assert_false(ret->failed);
}

static void any_doubles_in_any_order_are_the_same_bytes(void **state) {
    (void)state;
    static const uint64_t seed_given = 7;
    print_message("seed %llu\n", (unsigned long long)seed_given);
    uint64_t seed = seed_given;
    enum { COUNT = 300 };
    double values[COUNT];
    CLEANUP(buffer_free) struct buffer first = {0};
    CLEANUP(buffer_free) struct buffer second = {0};
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < COUNT; i++)
            values[i] = next_double(&seed);
        write_sum(values, COUNT, &first);
        qsort(values, COUNT, sizeof *values, compare_doubles);
        write_sum(values, COUNT, &second);
        assert_int_equal(first.size, second.size);
        assert_memory_equal(first.data, second.data, first.size);

        // read back, the rest comes from another sum, and all goes again
        CLEANUP(real_sum_done) struct real_sum whole = {0};
        CLEANUP(real_sum_done) struct real_sum parts = {0};
        bool valid;
        assert_int_equal(real_sum_read((struct span){first.data, first.size}, &whole, &valid), 0);
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(real_sum_add(i % 3 == 0 ? &whole : &parts, values[i], -1), 0);
        assert_int_equal(real_sum_add_sum(&whole, &parts), 0);
        assert_true(real_sum_is_zero(&whole));
        buffer_clear(&first);
        real_sum_write(&whole, &first);
        assert_int_equal(first.size, 3);
    }
}

static void infinities_and_nan_go_again(void **state) {
    (void)state;
    CLEANUP(real_sum_done) struct real_sum sum = {0};
    assert_int_equal(real_sum_add(&sum, 0.5, 1), 0);
    (void)real_sum_add(&sum, INFINITY, 1);
    assert_same_double(real_sum_value(&sum), INFINITY);
    (void)real_sum_add(&sum, -INFINITY, 1);
    assert_true(isnan(real_sum_value(&sum)));
    (void)real_sum_add(&sum, NAN, 1);
    (void)real_sum_add(&sum, INFINITY, -1);
    CLEANUP(buffer_free) struct buffer bytes = {0};
    real_sum_write(&sum, &bytes);
    CLEANUP(real_sum_done) struct real_sum again = {0};
    bool valid;
    assert_int_equal(real_sum_read((struct span){bytes.data, bytes.size}, &again, &valid), 0);
    (void)real_sum_add(&again, NAN, -1);
    assert_same_double(real_sum_value(&again), -INFINITY);
    (void)real_sum_add(&again, -INFINITY, -1);
    assert_same_double(real_sum_value(&again), 0.5);
}

static void bytes_that_are_none_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } damaged[] = {{"", 0},        {"\2\0\0", 3}, {"\0\0", 2},
                   {"\0\0\0x", 4}, {"\1\0\0", 3}, {"\0\377\0\1\1\1\1\1\1\1\1", 11}};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        CLEANUP(real_sum_done) struct real_sum sum = {0};
        bool valid = true;
        assert_int_equal(real_sum_read((struct span){damaged[i].bytes, damaged[i].size}, &sum, &valid), -1);
        assert_false(valid);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sum_is_rounded_once),
        cmocka_unit_test(sums_of_many_are_those_of_integers),
        cmocka_unit_test(any_doubles_in_any_order_are_the_same_bytes),
        cmocka_unit_test(infinities_and_nan_go_again),
        cmocka_unit_test(bytes_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
