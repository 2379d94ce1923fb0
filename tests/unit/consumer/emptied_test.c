// A table that the newest full snapshot left out: what was there before stays, and the table is incomplete.
#include "tests/unit/consumer/loop_fixture.h"

enum { OLDER_LSN = 900, SNAPSHOT_LSN = 1000 };

static void send_whole_snapshot(struct fixture *f, int slot, const char *table, int lsn) {
    send_snapshot(f, slot, table, 1, lsn, "last");
    now_ms++;
}

struct two {
    int a, b;
};

// Both have a row; then b alone is in a snapshot.
static struct two empty_a(struct fixture *f) {
    struct two its = {add(f, "s.public.a", 0, 0), add(f, "s.public.b", 0, 0)};
    send_row(f, its.a, "a", 1, 700, OLDER_LSN, 1);
    send_row(f, its.b, "b", 1, 700, OLDER_LSN + 1, 2);
    now_ms++;
    settle(f);
    send_whole_snapshot(f, its.b, "b", SNAPSHOT_LSN);
    return its;
}

static void it_is_told_of_older_rows(void **state) {
    struct fixture *f = *state;
    (void)empty_a(f);
    settle(f);
    expect_incomplete(f, "a ");
    assert_int_equal(query(f, "select count(*) from a"), 1);
    assert_non_null(
        strstr(f->warnings, "table a may have rows too many: the snapshot at LSN 1000 has no row of it"));
}

static void a_restart_before_it_was_looked_loses_nothing(void **state) {
    struct fixture *f = *state;
    (void)empty_a(f);
    rest(f, 0);
    expect_incomplete(f, "");
    reopen(f);
    (void)add(f, "s.public.a", 0, 0);
    int b = add(f, "s.public.b", 0, 0);
    send_row(f, b, "b", 2, 701, SNAPSHOT_LSN + 10, 1); // what is streamed behind it tells that it has ended
    settle(f);
    expect_incomplete(f, "a ");
}

// Behind a restart too: the file knows that a truncate ends it.
static void a_truncate_completes_it(void **state) {
    struct fixture *f = *state;
    for (int restarted = 0; restarted < 2; restarted++) {
        struct two its =
            restarted ? (struct two){add(f, "s.public.a", 0, 0), add(f, "s.public.b", 0, 0)} : empty_a(f);
        settle(f);
        expect_incomplete(f, "a ");
        if (!restarted) {
            reopen(f);
            continue;
        }
        send(
            f, its.a, "{}",
            "{\"before\":null,\"after\":null,\"source\":{\"snapshot\":\"false\",\"ts_ms\":%d,\"table\":\"a\",\"lsn\":%d,"
            "\"txId\":9},\"op\":\"t\"}",
            FIRST_MS, SNAPSHOT_LSN + 20);
        settle(f);
        expect_incomplete(f, "");
        assert_int_equal(query(f, "select count(*) from a"), 0);
    }
}

// What a chunk has read is there, whichever snapshot comes.
static void rows_of_chunks_are_none_of_before(void **state) {
    struct fixture *f = *state;
    int a = add(f, "s.public.a", 0, 0);
    int b = add(f, "s.public.b", 0, 0);
    send_whole_snapshot(f, b, "b", SNAPSHOT_LSN);
    send_snapshot(f, a, "a", 1, SNAPSHOT_LSN + 30, "incremental");
    send_row(f, a, "a", 2, 700, SNAPSHOT_LSN + 40, 1);
    settle(f);
    expect_incomplete(f, "");
    assert_int_equal(query(f, "select count(*) from a"), 2);
}

static void a_table_that_it_has_is_complete(void **state) {
    struct fixture *f = *state;
    struct two its = empty_a(f);
    send_whole_snapshot(f, its.a, "a", SNAPSHOT_LSN);
    settle(f);
    expect_incomplete(f, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_told_of_older_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_restart_before_it_was_looked_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_truncate_completes_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_of_chunks_are_none_of_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_table_that_it_has_is_complete, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
