// Which texts are one number.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/engine/sqlite/numeric_order.h"

#include <stdlib.h>

static const char *const classes[][8] = {
    {"0", "0.0", "-0", "+0.000", "0e5", "00", ".0", "0."},
    {"100", "100.00", "1e2", "1E+2", "0100", "+100.", "1000e-1", "0.1e3"},
    {"-100", "-1e2", "-100.0"},
    {"0.1", ".1", "1e-1", "0.10"},
    {"0.01", "1e-2"},
    {"1001", "1001.0"},
    {"1.0001", "10001e-4"},
    {"10"},
    {"NaN", "nan"},
    {"Infinity", "infinity", "inf", "+Infinity"},
    {"-Infinity", "-inf"},
    {"123456789012345678901234567890.5", "123456789012345678901234567890.50",
     "1234567890123456789012345678905e-1"},
    {"123456789012345678901234567890.6"},
};
enum { CLASS_COUNT = sizeof classes / sizeof *classes, CLASS_SIZE = 8 };

static void test_classes(void **state) {
    (void)state;
    for (int i = 0; i < CLASS_COUNT * CLASS_SIZE; i++)
        for (int j = 0; j < CLASS_COUNT * CLASS_SIZE; j++) {
            const char *a = classes[i / CLASS_SIZE][i % CLASS_SIZE];
            const char *b = classes[j / CLASS_SIZE][j % CLASS_SIZE];
            if (a == NULL || b == NULL)
                continue;
            bool same = i / CLASS_SIZE == j / CLASS_SIZE;
            if ((numeric_order(span_of(a), span_of(b)) == 0) != same)
                fail_msg("%s and %s", a, b);
        }
}

static void test_order(void **state) {
    (void)state;
    static const char *const rising[] = {"-Infinity", "-1e400",    "-100.5", "-100",  "-99.99", "-0.001",
                                         "0",         "1e-9",      "0.1",    "0.11",  "0.2",    "9.9",
                                         "10",        "10.000001", "100",    "1e400", "inf",    "NaN"};
    int count = sizeof rising / sizeof *rising;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) {
            int order = numeric_order(span_of(rising[i]), span_of(rising[j]));
            if ((order > 0) - (order < 0) != (i > j) - (i < j))
                fail_msg("%s and %s", rising[i], rising[j]);
        }
}

static void test_what_is_none(void **state) {
    (void)state;
    static const char *const none[] = {"",   "-",   ".",   "e5",   "1e",           "1e+",     "1.2.3", "0x10",
                                       "1 ", "1,5", "--1", "-nan", "1e1234567890", "infinit", "1-"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        if (numeric_is_valid(span_of(none[i])))
            fail_msg("\"%s\" is taken for a number", none[i]);
        assert_true(numeric_order(span_of(none[i]), SPAN("NaN")) > 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
