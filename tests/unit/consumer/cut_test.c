// A log that began later than its topic: which tables are incomplete, and which snapshot has what they lack.
#include "tests/unit/consumer/loop_fixture.h"

enum { STREAMED_LSN = 900, SNAPSHOT_LSN = 1000, NEXT_LSN = 2000 };

static void send_row_of(struct fixture *f, int slot, int id, int lsn) {
    send_row(f, slot, "a", id, 700, lsn, 1);
    now_ms++;
}

static void send_whole_snapshot(struct fixture *f, int slot, int lsn) {
    send_snapshot(f, slot, "a", 1, lsn, "true");
    now_ms++;
    send_snapshot(f, slot, "a", 2, lsn, "last");
    now_ms++;
}

static void a_snapshot_whose_first_rows_are_gone_completes_nothing(void **state) {
    struct fixture *f = *state;
    int slot = add_between(f, "s.public.a", 0, 40, 42);
    send_whole_snapshot(f, slot, SNAPSHOT_LSN);
    settle(f);
    assert_int_equal(rows(f), 2);
    expect_incomplete(f, "a ");
    send_row_of(f, slot, 3, SNAPSHOT_LSN + 10);
    send_whole_snapshot(f, slot, NEXT_LSN);
    settle(f);
    expect_incomplete(f, "");
    assert_int_equal(rows(f), 2); // the third was a ghost
}

static void a_snapshot_behind_the_first_message_completes(void **state) {
    struct fixture *f = *state;
    int slot = add_between(f, "s.public.a", 0, 40, 43);
    send_row_of(f, slot, 1, STREAMED_LSN);
    send_whole_snapshot(f, slot, SNAPSHOT_LSN);
    settle(f);
    expect_incomplete(f, "");
}

// Its rows of the other partition are there, and were sent before what this one still has.
static void a_snapshot_of_which_a_partition_has_nothing_completes_nothing(void **state) {
    struct fixture *f = *state;
    int whole = add(f, "s.public.a", 0, 0);
    int slot = add_between(f, "s.public.a", 1, 40, 41);
    send_whole_snapshot(f, whole, SNAPSHOT_LSN);
    send_row_of(f, slot, 3, SNAPSHOT_LSN + 10);
    settle(f);
    expect_incomplete(f, "a ");
}

static void an_empty_partition_lacks_what_was_sent_before_the_start(void **state) {
    struct fixture *f = *state;
    int whole = add(f, "s.public.a", 0, 0);
    send_whole_snapshot(f, whole, SNAPSHOT_LSN);
    (void)add_between(f, "s.public.a", 1, 40, 40);
    settle(f);
    expect_incomplete(f, "a ");
    send_whole_snapshot(f, whole, NEXT_LSN);
    settle(f);
    expect_incomplete(f, "");
}

// What it had lost was sent before, so that the snapshot that puts it right may be the first that comes.
static void a_snapshot_into_an_empty_partition_completes(void **state) {
    struct fixture *f = *state;
    int slot = add_between(f, "s.public.a", 0, 40, 40);
    int other = add(f, "s.public.b", 0, 0);
    send_row(f, other, "b", 1, 700, STREAMED_LSN, 1);
    settle(f);
    expect_incomplete(f, "a ");
    reopen(f);
    assert_int_equal(add_between(f, "s.public.a", 0, 40, 40), slot);
    send_whole_snapshot(f, slot, SNAPSHOT_LSN);
    settle(f);
    expect_incomplete(f, "");
}

// What the file says is complete stays so, and what may be cut stays known.
static void a_restart_tells_nothing_again(void **state) {
    struct fixture *f = *state;
    int whole = add(f, "s.public.a", 0, 0);
    int slot = add_between(f, "s.public.a", 1, 40, 40);
    now_ms++;
    send_whole_snapshot(f, whole, SNAPSHOT_LSN);
    settle(f);
    expect_incomplete(f, "");
    reopen(f);
    assert_int_equal(add(f, "s.public.a", 0, 0), whole);
    f->logs[whole].first = 0;
    assert_int_equal(add_between(f, "s.public.a", 1, 40, 40), slot);
    send_row_of(f, slot, 3, SNAPSHOT_LSN + 10);
    settle(f);
    expect_incomplete(f, "");
}

static void a_log_that_lost_more_since_is_told(void **state) {
    struct fixture *f = *state;
    int whole = add(f, "s.public.a", 0, 0);
    int slot = add_between(f, "s.public.a", 1, 40, 40);
    now_ms++;
    send_whole_snapshot(f, whole, SNAPSHOT_LSN);
    settle(f);
    reopen(f);
    (void)add(f, "s.public.a", 0, 0);
    assert_int_equal(add_between(f, "s.public.a", 1, 55, 60), slot);
    send_row_of(f, whole, 4, SNAPSHOT_LSN + 10);
    settle(f);
    expect_incomplete(f, "a ");
}

// An account that may not read yet, or a partition that was empty when it was found.
static void what_is_lost_before_the_first_message_is_told(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    int slot = add_between(f, "s.public.a", 0, 0, 0);
    rest(f, WAIT_MS);
    f->logs[slot].first = 12;
    assert_int_equal(apply_start_at(f->apply, slot, 12, 13, &error), 0);
    send_row_of(f, slot, 1, STREAMED_LSN);
    settle(f);
    expect_incomplete(f, "a ");
}

// The tables of a topic have keys of their own, and what is known of one ends the watch for no other.
static void a_beginning_is_each_tables_own(void **state) {
    struct fixture *f = *state;
    int slot = add(f, "s.shared", 0, 0);
    send_snapshot(f, slot, "d", 1, SNAPSHOT_LSN, "last");
    send_row(f, slot, "d", 2, 700, SNAPSHOT_LSN + 1, 1);
    send(
        f, slot, "{\"id\":1}",
        "{\"before\":null,\"after\":{\"id\":1,\"v\":1},\"source\":{\"snapshot\":\"false\",\"ts_ms\":%d,\"table\":\"e\","
        "\"lsn\":%d,\"txId\":7},\"op\":\"u\"}",
        FIRST_MS, SNAPSHOT_LSN + 2);
    settle(f);
    expect_incomplete(f, "e ");
}

static void every_table_of_the_topic_is_incomplete(void **state) {
    struct fixture *f = *state;
    int slot = add_between(f, "s.shared", 0, 40, 41);
    send_row(f, slot, "d", 1, 700, STREAMED_LSN, 1);
    settle(f);
    expect_incomplete(f, "d e ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_snapshot_whose_first_rows_are_gone_completes_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_snapshot_behind_the_first_message_completes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_snapshot_of_which_a_partition_has_nothing_completes_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_empty_partition_lacks_what_was_sent_before_the_start, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_snapshot_into_an_empty_partition_completes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_restart_tells_nothing_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_log_that_lost_more_since_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_lost_before_the_first_message_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_beginning_is_each_tables_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_table_of_the_topic_is_incomplete, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
