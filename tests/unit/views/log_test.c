// The newest lines of the log, as they are kept.
#include "views/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct log_kept lines[LOG_KEPT_LINES + 1];

static void the_newest_are_kept_in_order(void **state) {
    (void)state;
    char event[8];
    assert_int_equal(log_kept(lines, LOG_KEPT_LINES), 0);
    log_error("%s", "first");
    assert_int_equal(log_kept(lines, LOG_KEPT_LINES), 1);
    assert_string_equal(lines[0].event, "note");
    assert_string_equal(lines[0].message, "first");
    assert_string_equal(log_level_name(lines[0].level), "error");
    // each of another kind, so that none is left out as a repeat
    for (int i = 0; i < LOG_KEPT_LINES; i++) {
        (void)snprintf(event, sizeof event, "e%d", i);
        log_event(LEVEL_ERROR, event, NULL, "line %d", i);
    }
    assert_int_equal(log_kept(lines, LOG_KEPT_LINES + 1), LOG_KEPT_LINES);
    assert_string_equal(lines[0].message, "line 0");
    assert_int_equal(log_kept(lines, 2), 2);
    assert_string_equal(lines[0].message, "line 98");
    assert_string_equal(lines[1].event, "e99");
}

static void what_is_not_written_is_not_kept(void **state) {
    (void)state;
    log_event(LEVEL_DEBUG, "debug", NULL, "of no interest");
    log_event(LEVEL_ERROR, "a_name_that_is_longer_than_the_room_that_it_has", NULL, "same");
    log_event(LEVEL_ERROR, "a_name_that_is_longer_than_the_room_that_it_has", NULL, "same");
    assert_int_equal(log_kept(lines, 1), 1);
    assert_int_equal(strlen(lines[0].event), sizeof lines[0].event - 1);
    assert_int_equal(log_kept(lines, 2), 2);
    assert_string_equal(lines[0].event, "e99");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_are_kept_in_order),
        cmocka_unit_test(what_is_not_written_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
