// How long missing events are waited for, one line a moment.
#include "consumer/consume/patience.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { WAIT = 5000, SINCE = 100000 };

static struct patience patience;

#define AT(now, ...)                                                                                         \
    patience_is_over(&patience, &(struct patience_facts){                                                    \
                                    .now_ms = SINCE + (now), .waiting_since_ms = SINCE, __VA_ARGS__})
#define WAITS .connected = true, .waiting = true

static int set_up(void **state) {
    (void)state;
    patience = (struct patience){.wait_ms = WAIT};
    return 0;
}

static void without_heartbeats_time_tells(void **state) {
    (void)state;
    assert_false(AT(99 * WAIT, .connected = true));
    assert_false(AT(WAIT - 1, WAITS));
    assert_true(AT(WAIT, WAITS));
}

static void a_newer_heartbeat_tells(void **state) {
    (void)state;
    assert_false(AT(WAIT, WAITS, .has_heartbeats = true, .newest_heartbeat_ms = 7, .waits_for_ts_ms = 7));
    assert_true(AT(WAIT, WAITS, .has_heartbeats = true, .newest_heartbeat_ms = 8, .waits_for_ts_ms = 7));
    assert_true(AT(PATIENCE_TIMES * WAIT, WAITS, .has_heartbeats = true));
}

static void what_may_be_under_way_is_waited_for(void **state) {
    (void)state;
    assert_false(AT(4000, WAITS, .under_way = true));
    assert_false(AT(WAIT + 3999, WAITS));
    assert_true(AT(WAIT + 4000, WAITS));
}

static void without_a_broker_no_time_passes(void **state) {
    (void)state;
    assert_false(AT(20000, .waiting = true));
    assert_false(AT(20000 + WAIT - 1, WAITS));
    assert_true(AT(20000 + WAIT, WAITS));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_heartbeats_time_tells, set_up),
        cmocka_unit_test_setup(a_newer_heartbeat_tells, set_up),
        cmocka_unit_test_setup(what_may_be_under_way_is_waited_for, set_up),
        cmocka_unit_test_setup(without_a_broker_no_time_passes, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
