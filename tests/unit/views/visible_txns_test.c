// Which transactions the file shows: as runs, whatever the order of their commits.
#include "views/engine/change.h"
#include "views/engine/sqlite/stmt.h"
#include "views/engine/store/visible_txns.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>

enum {
    SEED = 7,
    TXIDS = VISIBLE_TXNS_ROWS_KEPT < 5000 ? VISIBLE_TXNS_ROWS_KEPT : 5000,
    DISORDER = TXIDS < 16 ? TXIDS / 2 : 8,
};

struct fixture {
    sqlite3 *db;
    struct visible_txns *shown;
};

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error error = {0};
    assert_int_equal(sqlite3_open(":memory:", &fixture->db), SQLITE_OK);
    assert_int_equal(
        stmt_run(fixture->db,
                 "create table _transactions(txid integer primary key, lsn integer not null, last integer)",
                 "table", &error),
        0);
    assert_int_equal(visible_txns_new(&fixture->shown, fixture->db, &error), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    visible_txns_free(&fixture->shown);
    stmt_close(&fixture->db);
    free(fixture);
    return 0;
}

static int64_t integer(struct fixture *fixture, const char *sql) {
    struct error error = {0};
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    assert_int_equal(stmt_prepare(fixture->db, sql, sql, &stmt, &error), 0);
    assert_int_equal(stmt_row(stmt, sql, &error), 1);
    return sqlite3_column_int64(stmt, 0);
}

// As a reader asks.
static bool is_shown(struct fixture *fixture, int64_t txid) {
    char sql[256];
    (void)snprintf(
        sql, sizeof sql,
        "select count(*) from (select txid, last from _transactions where txid <= %lld order by txid desc"
        " limit 1) where %lld <= ifnull(last, txid)",
        (long long)txid, (long long)txid);
    return integer(fixture, sql) == 1;
}

static void note(struct fixture *fixture, int64_t txid, int64_t lsn) {
    struct error error = {0};
    if (visible_txns_note(fixture->shown, txid, lsn, &error) != 0)
        fail_msg("%s", error.message);
}

static void reload(struct fixture *fixture) {
    struct error error = {0};
    if (visible_txns_reload(fixture->shown, &error) != 0)
        fail_msg("%s", error.message);
}

static void save(struct fixture *fixture) {
    struct error error = {0};
    if (visible_txns_save(fixture->shown, &error) != 0)
        fail_msg("%s", error.message);
}

static void a_run_is_a_row(void **state) {
    struct fixture *fixture = *state;
    for (int i = 700; i < 1700; i++)
        note(fixture, i, 10 * i);
    note(fixture, ((int64_t)5 << 32) + 1700, 17000); // known by its low 32 bits
    save(fixture);
    assert_int_equal(integer(fixture, "select count(*) from _transactions"), 1);
    assert_int_equal(integer(fixture, "select lsn from _transactions"), 17000);
    assert_true(is_shown(fixture, 700) && is_shown(fixture, 1000) && is_shown(fixture, 1700));
    assert_false(is_shown(fixture, 699) || is_shown(fixture, 1701));
}

static void any_order_shows_the_same(void **state) {
    struct fixture *fixture = *state;
    unsigned seed = SEED;
    static bool noted[TXIDS];
    static int order[TXIDS];
    for (int i = 0; i < TXIDS; i++)
        order[i] = i;
    for (int i = 0; i < TXIDS - DISORDER; i++) { // commits come a little out of order
        int other = i + rand_r(&seed) % DISORDER;
        int swap = order[i];
        order[i] = order[other];
        order[other] = swap;
    }
    for (int i = 0; i < TXIDS; i++) {
        if (rand_r(&seed) % 5 == 0)
            continue;
        noted[order[i]] = true;
        note(fixture, order[i], i);
        if (rand_r(&seed) % 200 == 0)
            save(fixture);
    }
    save(fixture);
    for (int i = 0; i < TXIDS; i++)
        assert_int_equal(is_shown(fixture, i), noted[i]);
}

static void more_than_fit_are_written_before(void **state) {
    struct fixture *fixture = *state;
    for (int i = 0; i < VISIBLE_TXNS_PENDING_MAX + VISIBLE_TXNS_PENDING_MAX / 2; i++)
        note(fixture, 2 * i, i);
    assert_int_equal(integer(fixture, "select count(*) from _transactions"), VISIBLE_TXNS_PENDING_MAX);
    reload(fixture); // as a rollback would
    save(fixture);
    assert_int_equal(integer(fixture, "select count(*) from _transactions"), VISIBLE_TXNS_PENDING_MAX);
}

static void the_oldest_are_forgotten(void **state) {
    struct fixture *fixture = *state;
    assert_int_equal(sqlite3_exec(fixture->db, "begin", NULL, NULL, NULL), SQLITE_OK);
    int runs = 2 * VISIBLE_TXNS_ROWS_KEPT + VISIBLE_TXNS_PENDING_MAX;
    for (int i = 0; i < runs; i++)
        note(fixture, 2 * i, i);
    save(fixture);
    assert_int_equal(sqlite3_exec(fixture->db, "commit", NULL, NULL, NULL), SQLITE_OK);
    int64_t left = integer(fixture, "select count(*) from _transactions");
    assert_true(left >= VISIBLE_TXNS_ROWS_KEPT && left <= 2 * VISIBLE_TXNS_ROWS_KEPT);
    assert_true(is_shown(fixture, 2 * (runs - VISIBLE_TXNS_ROWS_KEPT)));
    assert_false(is_shown(fixture, 0));
}

// Few at a time, the process started anew in between: they do not pile up.
static void what_an_earlier_process_left_is_forgotten_too(void **state) {
    struct fixture *fixture = *state;
    enum { STARTS = 5, RUNS = VISIBLE_TXNS_ROWS_KEPT * 3 / 4 };
    struct error error = {0};
    for (int start = 0; start < STARTS; start++) {
        visible_txns_free(&fixture->shown);
        assert_int_equal(visible_txns_new(&fixture->shown, fixture->db, &error), 0);
        assert_int_equal(sqlite3_exec(fixture->db, "begin", NULL, NULL, NULL), SQLITE_OK);
        for (int i = start * RUNS; i < (start + 1) * RUNS; i++)
            note(fixture, 2 * i, i);
        save(fixture);
        assert_int_equal(sqlite3_exec(fixture->db, "commit", NULL, NULL, NULL), SQLITE_OK);
        int64_t left = integer(fixture, "select count(*) from _transactions");
        int64_t all = (int64_t)(start + 1) * RUNS;
        assert_true(left >= (all < VISIBLE_TXNS_ROWS_KEPT ? all : VISIBLE_TXNS_ROWS_KEPT));
        assert_true(left <= 2 * VISIBLE_TXNS_ROWS_KEPT + RUNS);
    }
    assert_true(is_shown(fixture, 2 * (STARTS * RUNS - VISIBLE_TXNS_ROWS_KEPT)));
    assert_false(is_shown(fixture, 0));
}

static void a_txid_that_ends_again_is_repeated(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    const int64_t wrapped = (INT64_C(1) << 32) + 3;
    for (int start = 0; start < 2; start++) {
        if (start == 0) {
            note(fixture, 3, 90);
            note(fixture, 4, 100);
            note(fixture, 2, 110); // was begun before these
            note(fixture, wrapped + 2, 120);
        } else { // the same is known of the file
            save(fixture);
            visible_txns_free(&fixture->shown);
            assert_int_equal(visible_txns_new(&fixture->shown, fixture->db, &error), 0);
        }
        assert_true(visible_txns_repeats(fixture->shown, 3, 130));
        assert_true(visible_txns_repeats(fixture->shown, wrapped, 130)); // as an xid8
        assert_true(visible_txns_repeats(fixture->shown, 5, 130));
        assert_false(visible_txns_repeats(fixture->shown, 4, 100)); // sent again
        assert_false(visible_txns_repeats(fixture->shown, 6, 130));
        assert_false(visible_txns_repeats(fixture->shown, 0, 130));
        assert_false(visible_txns_repeats(fixture->shown, 4, 130 | INT64_C(1) << LSN_BITS)); // a new timeline
    }
    note(fixture, 4 + VISIBLE_TXNS_RECENT, 140);
    assert_false(visible_txns_repeats(fixture->shown, 4, 150)); // too old to be known
}

// One that ended again is told, and what was noted of that goes with the rollback: it is told again when it comes again.
static void what_was_rolled_back_is_repeated_again(void **state) {
    struct fixture *fixture = *state;
    note(fixture, 3, 90);
    note(fixture, 7, 95);
    save(fixture);
    note(fixture, 3, 130);
    note(fixture, 8, 140);
    reload(fixture);
    assert_true(visible_txns_repeats(fixture->shown, 3, 130));
    assert_true(visible_txns_repeats(fixture->shown, 7, 130));
    assert_false(visible_txns_repeats(fixture->shown, 8, 150)); // never ended, as far as the file knows
}

int main(void) {
    (void)printf("seed %d\n", SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_is_a_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_order_shows_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_than_fit_are_written_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_are_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_an_earlier_process_left_is_forgotten_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_txid_that_ends_again_is_repeated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_rolled_back_is_repeated_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
