// Which names are near another, and which are not.
#include "views/base/nearest.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

static void one_letter_is_near(void **state) {
    (void)state;
    static const char *const near[] = {"wath", "atch", "watc", "wwatch", "watvh", "WATCHH"};
    for (size_t i = 0; i < sizeof near / sizeof *near; i++)
        assert_true(nearest_is(near[i], "watch"));
    assert_true(nearest_is("only", "onyl"));
    assert_true(nearest_is("a", ""));
}

static void two_are_near_in_a_long_name(void **state) {
    (void)state;
    assert_true(nearest_is("comit-mesages", "commit-messages"));
    assert_true(nearest_is("borkesr", "brokers"));
    assert_false(nearest_is("wtahc", "watch"));
    assert_false(nearest_is("comit-mesage", "commit-messages"));
}

static void the_same_and_others_are_not(void **state) {
    (void)state;
    assert_false(nearest_is("watch", "watch"));
    assert_false(nearest_is("WATCH", "watch"));
    assert_false(nearest_is("rate", "watch"));
    assert_false(nearest_is("", "watch"));
}

static void a_very_long_name_is_near_none(void **state) {
    (void)state;
    char name[NEAREST_SIZE_MAX + 2];
    char known[NEAREST_SIZE_MAX + 2];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    memcpy(known, name, sizeof known);
    known[NEAREST_SIZE_MAX] = '\0';
    assert_false(nearest_is(name, known));
    name[NEAREST_SIZE_MAX - 1] = '\0';
    assert_true(nearest_is(name, known));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_letter_is_near),
        cmocka_unit_test(two_are_near_in_a_long_name),
        cmocka_unit_test(the_same_and_others_are_not),
        cmocka_unit_test(a_very_long_name_is_near_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
