// Exact sums of NUMERIC (views/engine/row/numeric_sum.h), against sums that were made by hand and against integers of 128
// bits.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/base/cleanup.h"
#include "views/base/random.h"
#include "views/engine/row/numeric_sum.h"

#include <stdio.h>
#include <string.h>

enum { ADDENDS_MAX = 8 };

static void each_sum_is_exact_and_has_one_text(void **state) {
    (void)state;
    static const struct {
        const char *addends[ADDENDS_MAX];
        const char *sum;
    } sums[] = {
        {{NULL}, "0"},
        {{"0.1", "0.2", "100.00"}, "100.3"},
        {{"1.50", "0.5"}, "2"},
        {{"1.50", "-1.5"}, "0"},
        {{"-0"}, "0"},
        {{"0.000"}, "0"},
        {{"999999999", "1"}, "1000000000"},
        {{"0.999999999", "0.000000001"}, "1"},
        {{"-0.000000001"}, "-0.000000001"},
        {{"1000000000", "-1"}, "999999999"},
        {{"1", "-1000000000.5"}, "-999999999.5"},
        {{"-999999999999999999999999999999999999", "-1"}, "-1000000000000000000000000000000000000"},
        {{"123456789012345678901234567890123456789012345678901234567890", "0.1"},
         "123456789012345678901234567890123456789012345678901234567890.1"},
        {{"0.00000000000000000000000000000000000000000000000000000001", "1"},
         "1.00000000000000000000000000000000000000000000000000000001"},
        {{"1e3", "1E-3", "+2.5e0"}, "1002.501"},
        {{".5", "5."}, "5.5"},
        {{"0012.3400"}, "12.34"},
        {{"12e-40"}, "0.0000000000000000000000000000000000000012"},
        {{"1e40", "-1e40", "7"}, "7"},
        {{"NaN", "1"}, "NaN"},
        {{"infinity", "1"}, "Infinity"},
        {{"-Inf", "1"}, "-Infinity"},
        {{"Infinity", "-Infinity"}, "NaN"},
    };
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        CLEANUP(numeric_sum_done) struct numeric_sum sum = {0};
        for (int a = 0; a < ADDENDS_MAX && sums[i].addends[a] != NULL; a++)
            assert_int_equal(numeric_sum_add(&sum, span_of(sums[i].addends[a]), 1), NUMERIC_OK);
        CLEANUP(free_charp) char *text = numeric_sum_text(&sum);
        assert_string_equal(text, sums[i].sum);
        CLEANUP(free_charp) char *again = numeric_sum_text(&sum);
        assert_string_equal(again, sums[i].sum);
    }
}

static void what_is_no_number_is_not_added(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",    "-",     ".",    "1x",   "1e",      "1e+",  "x",        "1 ",        " 1",
        "--1", "1.2.3", "0x10", "1e5.", "infinit", "+nan", "1e300000", "1e-300000", "1e99999999999999999999"};
    CLEANUP(numeric_sum_done) struct numeric_sum sum = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(numeric_sum_add(&sum, span_of(texts[i]), 1), NUMERIC_INVALID);
    assert_true(numeric_sum_is_zero(&sum));
}

static void infinities_and_nan_go_again(void **state) {
    (void)state;
    CLEANUP(numeric_sum_done) struct numeric_sum sum = {0};
    static const char *const texts[] = {"1.25", "NaN", "Infinity", "-Infinity"};
    for (int i = 0; i < 4; i++)
        (void)numeric_sum_add(&sum, span_of(texts[i]), 1);
    (void)numeric_sum_add(&sum, SPAN("NaN"), -1);
    assert_int_equal(numeric_sum_rank(&sum), 2);
    (void)numeric_sum_add(&sum, SPAN("Infinity"), -1);
    CLEANUP(free_charp) char *minus = numeric_sum_text(&sum);
    assert_string_equal(minus, "-Infinity");
    (void)numeric_sum_add(&sum, SPAN("-Infinity"), -1);
    CLEANUP(free_charp) char *left = numeric_sum_text(&sum);
    assert_string_equal(left, "1.25");
}

// A count of 10^-12 as text.
static void write_count(__int128 count, char *ret) {
    char digits[64];
    int size = 0;
    bool negative = count < 0;
    unsigned __int128 rest = negative ? -(unsigned __int128)count : (unsigned __int128)count;
    do {
        if (size == 12)
            digits[size++] = '.';
        digits[size++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest != 0 || size <= 13);
    char *at = ret;
    if (negative)
        *at++ = '-';
    while (size > 0)
        *at++ = digits[--size];
    *at = '\0';
}

static void sums_of_many_are_those_of_integers(void **state) {
    (void)state;
    static const uint64_t seed_given = 20261128;
    print_message("seed %llu\n", (unsigned long long)seed_given);
    uint64_t seed = seed_given;
    CLEANUP(numeric_sum_done) struct numeric_sum sum = {0};
    __int128 expected = 0;
    for (int i = 0; i < 20000; i++) {
        __int128 count = (int64_t)random_next(&seed) >> random_next(&seed) % 64;
        int64_t weight = (int64_t)(random_next(&seed) % 3) - 1;
        if (i % 100 == 0)
            weight = i % 200 == 0 ? NUMERIC_WEIGHT_MAX : -NUMERIC_WEIGHT_MAX;
        char text[80];
        write_count(count, text);
        assert_int_equal(numeric_sum_add(&sum, span_of(text), weight), NUMERIC_OK);
        expected += count * weight;
        if (i % 97 != 0)
            continue;
        write_count(expected, text);
        CLEANUP(free_charp) char *got = numeric_sum_text(&sum);
        // the expected one as the sum writes it
        CLEANUP(numeric_sum_done) struct numeric_sum one = {0};
        assert_int_equal(numeric_sum_add(&one, span_of(text), 1), NUMERIC_OK);
        CLEANUP(free_charp) char *want = numeric_sum_text(&one);
        assert_string_equal(got, want);
        assert_int_equal(numeric_sum_sign(&sum), (expected > 0) - (expected < 0));
    }
}

// The most that goes between two carries does not leave 64 bits.
static void the_largest_weights_stay_exact(void **state) {
    (void)state;
    CLEANUP(numeric_sum_done) struct numeric_sum sum = {0};
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numeric_sum_add(&sum, SPAN("-999999999.999999999"), NUMERIC_WEIGHT_MAX), NUMERIC_OK);
    CLEANUP(free_charp) char *text = numeric_sum_text(&sum);
    // 2147483647000 * 999999999.999999999
    assert_string_equal(text, "-2147483646999999997852.516353");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sum_is_exact_and_has_one_text),
        cmocka_unit_test(what_is_no_number_is_not_added),
        cmocka_unit_test(infinities_and_nan_go_again),
        cmocka_unit_test(sums_of_many_are_those_of_integers),
        cmocka_unit_test(the_largest_weights_stay_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
