// Changes that find another state of their row than the log has told: the table is told as incomplete, whatever ends the process that
// has found it.
#include "consumer/loading.h"
#include "tests/unit/consumer/loop_fixture.h"

enum { FIRST_LSN = 1000, FIRST_ID_OF_NONE = 100, GAP = 5 };

struct topics {
    int transactions, a;
};

// The table's is partition 1: what the beginning of a log tells is told of partition 0.
static struct topics add_all(struct fixture *f) {
    struct topics t = {add(f, "s.transaction", 0, 0), add(f, "s.public.a", 1, 0)};
    apply_set_sequenced(f->apply, true);
    apply_note_discovery(f->apply);
    return t;
}

static void send_made(struct fixture *f, const struct topics *t, int number) {
    int txid = 700 + number;
    int lsn = FIRST_LSN + 100 * number;
    send_begin(f, t->transactions, txid, lsn);
    send_row(f, t->a, "a", number, txid, lsn, 1);
    send_end(f, t->transactions, txid, lsn + 10, 1, 0);
}

// A change of a row that nothing has made: an update, or a delete.
static void send_of_none(struct fixture *f, const struct topics *t, int number, bool deletes) {
    int txid = 700 + number;
    int lsn = FIRST_LSN + 100 * number;
    char key[32];
    (void)snprintf(key, sizeof key, "{\"id\":%d}", FIRST_ID_OF_NONE + number);
    send_begin(f, t->transactions, txid, lsn);
    send(f, t->a, key,
         "{\"%s\":null,\"%s\":{\"id\":%d,\"v\":1},\"source\":{\"snapshot\":\"false\",\"ts_ms\":%d,"
         "\"table\":\"a\",\"lsn\":%d,\"sequence\":\"[null,\\\"%d\\\"]\",\"txId\":%d},"
         "\"transaction\":{\"id\":\"%d:%d\",\"total_order\":1,\"data_collection_order\":1},\"op\":\"%s\"}",
         deletes ? "after" : "before", deletes ? "before" : "after", FIRST_ID_OF_NONE + number, FIRST_MS, lsn,
         lsn, txid, txid, lsn, deletes ? "d" : "u");
    send_end(f, t->transactions, txid, lsn + 10, 1, 0);
}

static void run_sql(const struct fixture *f, const char *sql) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int64_t marks(const struct fixture *f) {
    return query(f, "select count(*) from _meta where name glob 'astray:*'");
}

// The commit that would tell it fails, as on a disk that is full by then.
static void find_and_fail_to_tell(struct fixture *f) {
    const struct topics t = add_all(f);
    send_made(f, &t, 1);
    rest(f, 1000);
    run_sql(f, "create trigger full before insert on _meta when NEW.name glob 'incomplete:*'"
               " begin select raise(abort, 'full'); end");
    send_of_none(f, &t, 2, false);
    struct error error = {0};
    int64_t taken = 1;
    while (taken > 0)
        assert_int_equal(apply_step(f->apply, &taken, &error), 0);
    assert_int_equal(apply_commit(f->apply, &error), -1);
}

static void what_was_found_is_told_by_the_next_process(void **state) {
    struct fixture *f = *state;
    find_and_fail_to_tell(f);
    reopen(f);
    run_sql(f, "drop trigger full");
    expect_incomplete(f, "");
    assert_int_equal(query(f, "select count(*) from a"), 2);
    add_all(f);
    rest(f, 1000); // nothing more comes
    expect_incomplete(f, "a ");
    assert_non_null(strstr(f->warnings, "an update or a delete came of a row that is not here"));
    assert_int_equal(marks(f), 0);
}

// The process goes on with what it shows of the tables, and has shown it as told.
static void what_was_found_is_told_by_the_same_process(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    find_and_fail_to_tell(f);
    apply_free(&f->apply);
    struct store_report report;
    assert_int_equal(store_reopen(f->store, &report, &error), 0);
    run_sql(f, "drop trigger full");
    assert_true(progress_table_is_incomplete(f->progress, 0));
    assert_int_equal(loading_recall(f->path, f->catalog, f->progress, &error), 0);
    new_apply(f);
    add_all(f);
    rest(f, 1000);
    expect_incomplete(f, "a ");
    assert_true(progress_table_is_incomplete(f->progress, 0));
}

// What compaction takes is behind no row that comes after the log's end was read.
static void a_compacted_log_that_was_read_to_its_end_is_judged(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    for (int number = 1; number < 6; number += 2) {
        f->logs[t.a].first += GAP; // at the start, and while this process was away
        send_of_none(f, &t, number, false);
        send_made(f, &t, number + 1);
        rest(f, 1000);
        expect_incomplete(f, "");
    }
    send_of_none(f, &t, 7, true);
    rest(f, 1000);
    expect_incomplete(f, "a ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_found_is_told_by_the_next_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_found_is_told_by_the_same_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_compacted_log_that_was_read_to_its_end_is_judged, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
