// A ring of warnings: the oldest gives way, and that is told.
#include "consumer/apply/loop/warnings.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
// clang-format on

static void expect(struct warnings *warnings, int number) {
    char text[32];
    (void)snprintf(text, sizeof text, "warning %d", number);
    const struct warning *warning = warnings_take(warnings);
    assert_non_null(warning);
    assert_string_equal(warning->text, text);
}

static void add(struct warnings *warnings, int first, int count) {
    for (int i = first; i < first + count; i++)
        warnings_add(warnings, "warning %d", i);
}

static void all_are_told_in_their_order(void **state) {
    (void)state;
    struct warnings warnings = {0};
    add(&warnings, 0, WARNINGS_MAX);
    for (int i = 0; i < WARNINGS_MAX; i++)
        expect(&warnings, i);
    assert_null(warnings_take(&warnings));
}

static void those_that_gave_way_are_counted(void **state) {
    (void)state;
    enum { MORE = 5 };
    struct warnings warnings = {0};
    add(&warnings, 0, WARNINGS_MAX + MORE);
    const struct warning *told = warnings_take(&warnings);
    assert_non_null(told);
    assert_string_equal(told->text,
                        "5 warnings came at once before the next 16, and are left out here: /v1/status and "
                        "/v1/quarantine have what they were of");
    for (int i = MORE; i < WARNINGS_MAX + MORE; i++)
        expect(&warnings, i);
    assert_null(warnings_take(&warnings));
    add(&warnings, 7, 1);
    expect(&warnings, 7);
    assert_null(warnings_take(&warnings));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_told_in_their_order),
        cmocka_unit_test(those_that_gave_way_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
