// What the client tells in words: however many errors come at once, none is forgotten in silence, and none takes the place of what
// becomes of connections.
#include "consumer/broker/client/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { MANY = 3 * KAFKA_EVENTS_MAX };

static void errors_that_are_left_out_are_counted(void **state) {
    (void)state;
    struct kafka_events events = {0};
    struct kafka_event event;
    kafka_events_record(&events, KAFKA_EVENT_DISCONNECTED, -1, "gone");
    for (int i = 0; i < MANY; i++)
        kafka_events_record(&events, i % 2 == 0 ? KAFKA_EVENT_PARTITION_ERROR : KAFKA_EVENT_ERROR, i,
                            "error %d", i);
    assert_true(kafka_events_take(&events, &event));
    assert_int_equal(event.kind, KAFKA_EVENT_DISCONNECTED);
    for (int i = 0; i < KAFKA_EVENTS_ERROR_MAX; i++) {
        assert_true(kafka_events_take(&events, &event));
        assert_int_equal(event.slot, i);
    }
    assert_true(kafka_events_take(&events, &event));
    assert_int_equal(event.kind, KAFKA_EVENT_ERROR);
    assert_int_equal(event.slot, MANY - 1);
    assert_string_equal(event.message, "error 191 (and 159 errors before it, at once)");
    assert_false(kafka_events_take(&events, &event));
    assert_int_equal(event.kind, KAFKA_EVENT_NONE);
    for (int i = 0; i <= KAFKA_EVENTS_ERROR_MAX; i++)
        kafka_events_record(&events, KAFKA_EVENT_ERROR, -1, "again %d", i);
    for (int i = 0; i <= KAFKA_EVENTS_ERROR_MAX; i++)
        assert_true(kafka_events_take(&events, &event));
    assert_string_equal(event.message, "again 32");
    assert_false(kafka_events_take(&events, &event));
}

static void the_newest_state_of_connections_is_told(void **state) {
    (void)state;
    struct kafka_events events = {0};
    struct kafka_event event;
    kafka_events_record(&events, KAFKA_EVENT_ERROR, -1, "first");
    for (int i = 0; i < MANY; i++)
        kafka_events_record(&events, i % 2 == 0 ? KAFKA_EVENT_DISCONNECTED : KAFKA_EVENT_CONNECTED, -1, "%d",
                            i);
    for (int i = 0; i < KAFKA_EVENTS_MAX; i++)
        assert_true(kafka_events_take(&events, &event));
    assert_int_equal(event.kind, KAFKA_EVENT_CONNECTED);
    assert_true(kafka_events_take(&events, &event));
    assert_string_equal(event.message, "first");
    assert_false(kafka_events_take(&events, &event));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_that_are_left_out_are_counted),
        cmocka_unit_test(the_newest_state_of_connections_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
