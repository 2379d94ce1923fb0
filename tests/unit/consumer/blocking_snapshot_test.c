// A snapshot that its connector takes while it streams, as a signal asks for: it names the commit before it (Debezium 3.6.1), and
// may be of some rows only. So no row goes for it, and nothing is whole by it.
#include "tests/unit/consumer/loop_fixture.h"

enum { STREAMED_LSN = 900, FIRST_LSN = 1000, SECOND_LSN = 2000 };

static void send_blocking(struct fixture *f, int slot, const char *table, int id, int lsn, const char *mark) {
    char key[32];
    (void)snprintf(key, sizeof key, "{\"id\":%d}", id);
    send(
        f, slot, key,
        "{\"before\":null,\"after\":{\"id\":%d,\"v\":0},\"source\":{\"snapshot\":\"%s\",\"ts_ms\":%d,\"table\":\"%s\","
        "\"lsn\":%d,\"sequence\":\"[\\\"%d\\\",\\\"%d\\\"]\",\"txId\":1},\"transaction\":null,\"op\":\"r\"}",
        id, mark, FIRST_MS, table, lsn, lsn, lsn);
    now_ms++;
}

static void send_streamed(struct fixture *f, int slot, const char *table, int id) {
    send_row(f, slot, table, id, 700, STREAMED_LSN - 10 + id, 1);
    now_ms++;
}

static void it_completes_nothing(void **state) {
    struct fixture *f = *state;
    int slot = add_between(f, "s.public.a", 0, 40, 42);
    send_streamed(f, slot, "a", 1);
    send_blocking(f, slot, "a", 2, FIRST_LSN, "last");
    settle(f);
    assert_int_equal(rows(f), 2);
    expect_incomplete(f, "a ");
}

// The first has ended when the second begins, and its table is not looked at yet.
static void another_behind_it_takes_no_rows_either(void **state) {
    struct fixture *f = *state;
    int a = add(f, "s.public.a", 0, 0);
    int b = add(f, "s.public.b", 0, 0);
    send_streamed(f, a, "a", 1);
    send_streamed(f, b, "b", 1);
    send_blocking(f, a, "a", 2, FIRST_LSN, "last");
    send_blocking(f, b, "b", 2, SECOND_LSN, "last");
    settle(f);
    assert_int_equal(rows(f), 4);
}

static void nor_does_it_after_a_restart(void **state) {
    struct fixture *f = *state;
    int slot = add(f, "s.public.a", 0, 0);
    send_streamed(f, slot, "a", 1);
    send_blocking(f, slot, "a", 2, FIRST_LSN, "last");
    rest(f, 0);
    assert_int_equal(query(f, "select snapshot_open from _tables where name = 'a'"), 1);
    reopen(f);
    assert_int_equal(add(f, "s.public.a", 0, 0), slot);
    settle(f);
    assert_int_equal(query(f, "select snapshot_open from _tables where name = 'a'"), 0);
    assert_int_equal(rows(f), 2);
}

// One of a connector that begins does.
static void one_that_names_no_commit_is_whole(void **state) {
    struct fixture *f = *state;
    int slot = add_between(f, "s.public.a", 0, 40, 42);
    send_streamed(f, slot, "a", 1);
    send_snapshot(f, slot, "a", 2, FIRST_LSN, "last");
    settle(f);
    assert_int_equal(rows(f), 1);
    expect_incomplete(f, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_completes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_behind_it_takes_no_rows_either, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nor_does_it_after_a_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_names_no_commit_is_whole, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
