// Rows of equal keys that come from several of the source's tables.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "consumer/apply/loop/mixed_keys.h"

static void test_a_key_of_two_tables(void **state) {
    (void)state;
    struct mixed_keys mixed = {0};
    assert_false(mixed_keys_note(&mixed, 1, 7, false));
    assert_false(mixed_keys_note(&mixed, 1, 7, false));
    assert_false(mixed_keys_note(&mixed, 2, 8, false));
    assert_false(mixed_keys_note(&mixed, 1, 8, true)); // a delete says nothing of the other's row
    assert_true(mixed_keys_note(&mixed, 1, 8, false));
    mixed_keys_free(&mixed);
}

static void test_a_row_that_moves(void **state) {
    (void)state;
    struct mixed_keys mixed = {0};
    assert_false(mixed_keys_note(&mixed, 1, 7, false));
    assert_false(mixed_keys_note(&mixed, 1, 7, true));
    assert_false(mixed_keys_note(&mixed, 1, 8, false));
    mixed_keys_forget(&mixed, 2);
    mixed_keys_forget(&mixed, 1); // a tombstone does not say whose it was
    assert_false(mixed_keys_note(&mixed, 1, 7, false));
    assert_true(mixed_keys_note(&mixed, 1, 8, false));
    mixed_keys_free(&mixed);
}

// Some of any number of keys are known, and never more than there is room for.
static void test_more_keys_than_there_is_room_for(void **state) {
    (void)state;
    enum { KEYS = 100 * MIXED_KEYS_MAX };
    struct mixed_keys mixed = {0};
    int met = 0;
    for (uint64_t key = 1; key <= KEYS; key++) {
        assert_false(mixed_keys_note(&mixed, key, 7, false));
        assert_true(mixed.count <= MIXED_KEYS_MAX);
    }
    for (uint64_t key = 1; key <= KEYS; key++)
        met += mixed_keys_note(&mixed, key, 8, false);
    assert_true(met > 0 && met <= MIXED_KEYS_MAX);
    mixed_keys_free(&mixed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_key_of_two_tables),
        cmocka_unit_test(test_a_row_that_moves),
        cmocka_unit_test(test_more_keys_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
