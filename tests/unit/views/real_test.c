// Doubles from text (views/base/real.h): to the last bit what strtod makes of it, and nothing that is no JSON number.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/base/random.h"
#include "views/base/real.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWN = 400000, DIGITS_MAX = 21, TEXT_SIZE = 64 };

static void assert_as_strtod(const char *text) {
    double wanted = strtod(text, NULL);
    double got;
    if (!real_parse(span_of(text), &got))
        fail_msg("\"%s\" is no number", text);
    if (memcmp(&wanted, &got, sizeof got) != 0)
        fail_msg("\"%s\" is %a, not %a", text, wanted, got);
}

static size_t draw_digits(uint64_t *random, char *text, size_t size) {
    size_t digits = (size_t)random_below(random, DIGITS_MAX / 2 + 1) + 1;
    for (size_t i = 0; i < digits; i++)
        text[size++] = (char)('0' + random_below(random, 10));
    return size;
}

static void drawn_ones_are_as_strtod_has_them(void **state) {
    (void)state;
    uint64_t random = 7;
    for (int i = 0; i < DRAWN; i++) {
        char text[TEXT_SIZE];
        size_t size = 0;
        if (random_below(&random, 3) == 0)
            text[size++] = '-';
        size = draw_digits(&random, text, size);
        if (random_below(&random, 4) != 0) {
            text[size++] = '.';
            size = draw_digits(&random, text, size);
        }
        text[size] = '\0';
        assert_as_strtod(text);
    }
}

static void the_ends_of_the_short_way(void **state) {
    (void)state;
    static const char *const texts[] = {"0",
                                        "-0",
                                        "-0.0",
                                        "0.000000000000000001",
                                        "9007199254740992",
                                        "9007199254740993",
                                        "9999999999999999999", // beyond 64 bits with a sign
                                        "-9223372036854775809",
                                        "9007199254740993.0",
                                        "900719925474099.3",
                                        "999999999999999999",
                                        "99999999999999999.9",
                                        "0.1",
                                        "0.30000000000000004",
                                        "1234567890123456.75",
                                        "1e22",
                                        "1e23",
                                        "4.94065645841247e-324"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_as_strtod(texts[i]);
}

static void what_is_no_number_is_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"",      "-",  ".",  "-.",  "1.",  ".5", "-.5", "1..2",
                                        "1.2.3", "+1", "1 ", "1,5", "--1", "1-", "0x1"};
    double ignored;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (real_parse(span_of(texts[i]), &ignored))
            fail_msg("\"%s\" is a number", texts[i]);
}

static void assert_range(float single) {
    double least;
    double most;
    assert_true(real_single_range((double)single, &least, &most));
    assert_true((float)least == single && (float)most == single);
    assert_true((float)nextafter(least, -INFINITY) < single && (float)nextafter(most, INFINITY) > single);
}

static void the_doubles_that_are_one_float(void **state) {
    (void)state;
    static const float ends[] = {0, 1, 16777216, FLT_MAX, FLT_MIN, FLT_TRUE_MIN, 0.1f};
    uint64_t random = 11;
    double least;
    double most;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        assert_range(ends[i]);
        assert_range(-ends[i]);
    }
    for (int i = 0; i < DRAWN; i++) {
        const uint32_t bits = (uint32_t)random_next(&random);
        float single;
        memcpy(&single, &bits, sizeof single);
        if (isfinite(single))
            assert_range(single);
    }
    assert_true(real_single_range(INFINITY, &least, &most) && least == most && isinf(most));
    assert_false(real_single_range(1e39, &least, &most) || least != 1e39 || most != 1e39);
    assert_false(real_single_range(-1e-60, &least, &most) || least != -1e-60);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_ones_are_as_strtod_has_them),
        cmocka_unit_test(the_ends_of_the_short_way),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(the_doubles_that_are_one_float),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
