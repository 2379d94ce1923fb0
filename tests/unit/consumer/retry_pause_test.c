// How long a file that cannot be written is left alone (consumer/retry_pause.h).
#include "consumer/retry_pause.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

static void it_grows_until_something_is_written(void **state) {
    (void)state;
    struct retry_pause pause = {0};
    int expected = RETRY_PAUSE_LEAST_MS;
    for (int i = 0; i < 12; i++) {
        assert_int_equal(retry_pause_take(&pause, 7), expected);
        expected = expected * 2 < RETRY_PAUSE_MOST_MS ? expected * 2 : RETRY_PAUSE_MOST_MS;
    }
    assert_int_equal(retry_pause_take(&pause, 7), RETRY_PAUSE_MOST_MS);
    assert_int_equal(retry_pause_take(&pause, 8), RETRY_PAUSE_LEAST_MS);
    assert_int_equal(retry_pause_take(&pause, 8), 2 * RETRY_PAUSE_LEAST_MS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_until_something_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
