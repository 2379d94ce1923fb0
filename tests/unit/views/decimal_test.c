// views/decimal: digits to counts and back, never through a double.
#include "views/engine/decimal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct parse_case {
    const char *text;
    int precision;
    int scale;
    bool fits;
    int64_t want;
};

static void texts_become_counts(void **state) {
    (void)state;
    static const struct parse_case cases[] = {
        {"0", 10, 2, true, 0},
        {"-0.00", 10, 2, true, 0},
        {"42", 10, 2, true, 4200},
        {"42.5", 10, 2, true, 4250},
        {"+42.50", 10, 2, true, 4250},
        {"-0.05", 10, 2, true, -5},
        {"0042.00", 10, 2, true, 4200},
        {"42.5000", 10, 2, true, 4250},
        {"42.501", 10, 2, false, 0},
        {"99999999.99", 10, 2, true, 9999999999},
        {"100000000.00", 10, 2, false, 0},
        {"-99999999.99", 10, 2, true, -9999999999},
        {"9", 1, 0, true, 9},
        {"10", 1, 0, false, 0},
        {"0.9", 1, 1, true, 9},
        {"1", 1, 1, false, 0},
        {"999999999999999999", 18, 0, true, 999999999999999999},
        {"1000000000000000000", 18, 0, false, 0},
        {"99999999999999999999999999", 18, 0, false, 0},
        {"0.999999999999999999", 18, 18, true, 999999999999999999},
        {"1", 18, 18, false, 0},
        {"1e2", 10, 2, true, 10000},
        {"1E+2", 10, 2, true, 10000},
        {"125e-1", 10, 2, true, 1250},
        {"1.25e1", 10, 2, true, 1250},
        {"1e-2", 10, 2, true, 1},
        {"1e-3", 10, 2, false, 0},
        {"100e-4", 10, 2, true, 1},
        {"0e999999999999999999999999", 10, 2, true, 0},
        {"0e-999999999999999999999999", 10, 2, true, 0},
        {"1e999999999999999999999999", 10, 2, false, 0},
        {"1e-999999999999999999999999", 10, 2, false, 0},
        {"1e18446744073709551616", 10, 2, false, 0},
        {"0.00000000000000000000000000001e29", 10, 2, true, 100},
        {"100000000000000000000000000000e-29", 10, 2, true, 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t count = -77;
        bool fits = decimal_parse(span_of(cases[i].text), cases[i].precision, cases[i].scale, &count);
        if (fits != cases[i].fits || (fits && count != cases[i].want))
            fail_msg("%s as decimal(%d,%d): %d, %lld", cases[i].text, cases[i].precision, cases[i].scale,
                     fits, (long long)count);
        assert_true(decimal_is_literal(span_of(cases[i].text)));
    }
}

static void other_texts_are_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"",     "-",     "+",   ".",    "1.",  ".5",       "-.5",
                                        "1..2", "1.2.3", "1e",  "1e+",  "1e-", "e1",       "1e1.",
                                        "1 ",   " 1",    "1,5", "0x1",  "NaN", "Infinity", "--1",
                                        "+-1",  "1e--1", "12a", "EGg=", "1_0", "\xD9\xA1"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t count;
        if (decimal_parse(span_of(texts[i]), 18, 2, &count) || decimal_is_literal(span_of(texts[i])))
            fail_msg("%s is taken", texts[i]);
    }
    int64_t count;
    assert_false(decimal_parse((struct span){NULL, 0}, 18, 2, &count));
    assert_false(decimal_parse((struct span){"1\0", 2}, 18, 2, &count));
}

// An exponent is never cut so short that a long mantissa makes up for it.
static void long_mantissas_and_exponents(void **state) {
    (void)state;
    enum { ZEROS = 20000 };
    static char text[ZEROS + 32];
    int64_t count = 0;
    memset(text, '0', sizeof text);
    text[1] = '.';
    snprintf(text + ZEROS + 2, 30, "1e%d", ZEROS + 1);
    assert_true(decimal_parse(span_of(text), 10, 2, &count) && count == 100);
    snprintf(text + 2001, 30, "1e20000");
    assert_false(decimal_parse(span_of(text), 10, 2, &count));
    memset(text, '0', sizeof text);
    text[0] = '1';
    snprintf(text + 1 + ZEROS, 30, "e-%d", ZEROS);
    // The zeros are the number's, and leave with the exponent.
    bool fits = decimal_parse(span_of(text), 10, 2, &count);
    assert_true(fits && count == 100);
}

static void counts_become_texts(void **state) {
    (void)state;
    static const struct {
        int64_t count;
        int scale;
        const char *want;
    } cases[] = {
        {0, 0, "0"},
        {0, 2, "0.00"},
        {5, 2, "0.05"},
        {-5, 2, "-0.05"},
        {4200, 2, "42.00"},
        {-4200, 0, "-4200"},
        {1, 18, "0.000000000000000001"},
        {999999999999999999, 18, "0.999999999999999999"},
        {999999999999999999, 0, "999999999999999999"},
        {INT64_MAX, 2, "92233720368547758.07"},
        {INT64_MIN, 2, "-92233720368547758.08"},
        {INT64_MIN, 18, "-9.223372036854775808"},
        {INT64_MIN, 0, "-9223372036854775808"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[DECIMAL_TEXT_SIZE];
        assert_int_equal(decimal_write(cases[i].count, cases[i].scale, text), strlen(cases[i].want));
        assert_string_equal(text, cases[i].want);
    }
}

static void there_and_back(void **state) {
    (void)state;
    uint64_t random = 20261122;
    print_message("seed %llu\n", (unsigned long long)random);
    for (int i = 0; i < 100000; i++) {
        random = random * 6364136223846793005 + 1442695040888963407;
        int scale = (int)(random >> 32) % 19;
        scale = scale < 0 ? -scale : scale;
        int64_t count = (int64_t)(random % 1000000000000000000) >> (random >> 58), back;
        if (i % 2)
            count = -count;
        char text[DECIMAL_TEXT_SIZE];
        size_t size = decimal_write(count, scale, text);
        assert_true(decimal_parse((struct span){text, size}, 18, scale, &back));
        assert_int_equal(back, count);
    }
}

static void scales_change_exactly(void **state) {
    (void)state;
    static const struct {
        int64_t count;
        int from, precision, scale;
        bool fits;
        int64_t want;
    } cases[] = {
        {4200, 2, 10, 2, true, 4200},
        {42, 0, 10, 2, true, 4200},
        {42, -2, 10, 2, true, 420000},
        {4200, 4, 10, 2, true, 42},
        {4201, 4, 10, 2, false, 0},
        {-4200, 4, 10, 2, true, -42},
        {0, 16383, 10, 2, true, 0},
        {0, -16383, 10, 2, true, 0},
        {1, 16383, 10, 2, false, 0},
        {1, -16383, 10, 2, false, 0},
        {9999999999, 2, 10, 2, true, 9999999999},
        {10000000000, 2, 10, 2, false, 0},
        {-10000000000, 2, 10, 2, false, 0},
        {INT64_MAX, 0, 18, 0, false, 0},
        {INT64_MIN, 0, 18, 0, false, 0},
        {INT64_MAX, 0, 18, 1, false, 0},
        {INT64_MIN, 0, 18, 18, false, 0},
        {9000000000000000000, 18, 18, 0, true, 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t count = -77;
        bool fits =
            decimal_rescale(cases[i].count, cases[i].from, cases[i].precision, cases[i].scale, &count);
        if (fits != cases[i].fits || (fits && count != cases[i].want))
            fail_msg("case %zu: %d, %lld", i, fits, (long long)count);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_become_counts),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(long_mantissas_and_exponents),
        cmocka_unit_test(counts_become_texts),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(scales_change_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
