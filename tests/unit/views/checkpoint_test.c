// The log is moved into the file beside a writer that never rests, and begins anew; nothing is lost, whenever
// it ends.
#include "tests/unit/shop_file.h"
#include "views/base/clock.h"
#include "views/engine/snapshots.h"
#include "views/engine/sqlite/stmt.h"
#include "views/engine/store/checkpoint.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAGE = 4096,
    TRANSACTION_PAGES = CHECKPOINT_PAGES < 16000 ? 4 : 1000,
    ROWS = TRANSACTION_PAGES / 2,
    BIG_FILE_PAGES = CHECKPOINT_PAGES * 2,
    LOG_PAGES_MAX = BOUND(65000, 64), // the bound, of the tests of big files
    SMALL_LOG_PAGES = CHECKPOINT_PAGES + CHECKPOINT_COMMIT_PAGES,
    BIG_ROWS = 20,
    ROUNDS_MAX = 4 * SMALL_LOG_PAGES / TRANSACTION_PAGES,
};

struct fixture {
    struct shop_file file;
    int descriptor;
    sqlite3 *db;
    sqlite3_stmt *insert;
    struct checkpoint *checkpoint;
};

static void run_sql(struct fixture *fixture, const char *sql) {
    struct error error = {0};
    if (stmt_run(fixture->db, sql, sql, &error) != 0)
        fail_msg("%s", error.message);
}

static void start(struct fixture *fixture, int log_pages, struct snapshots *snapshots) {
    struct error error = {0};
    const struct checkpoint_config config = {
        .path = fixture->file.path,
        .descriptor = fixture->descriptor,
        .log_bytes_max = log_pages * (int64_t)(PAGE + CHECKPOINT_FRAME_HEADER),
        .snapshots = snapshots,
    };
    assert_int_equal(checkpoint_new(&fixture->checkpoint, fixture->db, &config, &error), 0);
}

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error error = {0};
    shop_file_make(&fixture->file, "checkpoint");
    fixture->descriptor = open(fixture->file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fixture->descriptor >= 0);
    assert_int_equal(sqlite3_open(fixture->file.path, &fixture->db), SQLITE_OK);
    run_sql(fixture, "pragma journal_mode = wal; pragma synchronous = normal;"
                     "create table pages(id integer primary key, round integer, filler blob)");
    assert_int_equal(stmt_prepare(fixture->db,
                                  "insert or replace into pages values(:id, :round, zeroblob(8000))",
                                  "insert", &fixture->insert, &error),
                     0);
    start(fixture, LOG_PAGES_MAX, NULL);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    checkpoint_free(&fixture->checkpoint);
    stmt_finalize(&fixture->insert);
    stmt_close(&fixture->db);
    (void)close(fixture->descriptor);
    shop_file_remove(&fixture->file);
    free(fixture);
    return 0;
}

// At least TRANSACTION_PAGES pages of log.
static void write_round(struct fixture *fixture, int round) {
    struct error error = {0};
    checkpoint_enter(fixture->checkpoint);
    run_sql(fixture, "begin immediate");
    for (int i = 0; i < ROWS; i++) {
        stmt_bind_integer(fixture->insert, ":id", i);
        stmt_bind_integer(fixture->insert, ":round", round);
        assert_int_equal(stmt_step(fixture->insert, "insert", NULL, &error), 0);
    }
    run_sql(fixture, "commit");
    checkpoint_leave(fixture->checkpoint);
}

static int64_t log_bytes(const struct fixture *fixture) {
    char path[96];
    struct stat found;
    (void)snprintf(path, sizeof path, "%s-wal", fixture->file.path);
    return stat(path, &found) == 0 ? (int64_t)found.st_size : 0;
}

static int64_t file_bytes(const struct fixture *fixture) {
    struct stat found;
    assert_int_equal(fstat(fixture->descriptor, &found), 0);
    return (int64_t)found.st_size;
}

static int64_t integer(struct fixture *fixture, const char *sql) {
    struct error error = {0};
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    assert_int_equal(stmt_prepare(fixture->db, sql, sql, &stmt, &error), 0);
    assert_int_equal(stmt_row(stmt, sql, &error), 1);
    return sqlite3_column_int64(stmt, 0);
}

static void check_rows(struct fixture *fixture, int round) {
    assert_int_equal(integer(fixture, "select count(*) from pages"), ROWS);
    assert_int_equal(integer(fixture, "select min(round) from pages"), round);
    assert_int_equal(
        integer(fixture, "select count(*) from pragma_integrity_check where integrity_check = 'ok'"), 1);
}

static void a_restless_writer_has_a_bounded_log(void **state) {
    struct fixture *fixture = *state;
    int rounds = LOG_PAGES_MAX * 5 / 4 / TRANSACTION_PAGES;
    for (int round = 0; round < rounds; round++)
        write_round(fixture, round);
    // one transaction may pass the bound before the writer waits
    assert_true(log_bytes(fixture) < (LOG_PAGES_MAX + 2 * TRANSACTION_PAGES) * (int64_t)(PAGE + 64));
    check_rows(fixture, rounds - 1);
}

// As long as its file, not only CHECKPOINT_PAGES.
static void a_big_file_has_a_longer_log(void **state) {
    struct fixture *fixture = *state;
    checkpoint_free(&fixture->checkpoint);
    run_sql(fixture, "create table other(filler blob)");
    char sql[64];
    (void)snprintf(sql, sizeof sql, "insert into other values(zeroblob(%d))",
                   BIG_FILE_PAGES * PAGE / BIG_ROWS);
    for (int i = 0; i < BIG_ROWS; i++)
        run_sql(fixture, sql);
    run_sql(fixture, "pragma wal_checkpoint(truncate)");
    assert_int_equal(log_bytes(fixture), 0);
    assert_true(file_bytes(fixture) >= BIG_FILE_PAGES * (int64_t)PAGE); // else the thread is asked earlier
    start(fixture, LOG_PAGES_MAX, NULL);
    int rounds = 0;
    int64_t grown = -1;
    while (log_bytes(fixture) > grown) { // until it begins anew
        grown = log_bytes(fixture);
        write_round(fixture, rounds++);
    }
    assert_true(grown >= BIG_FILE_PAGES * (int64_t)PAGE);
    assert_true(grown < (LOG_PAGES_MAX + 2 * TRANSACTION_PAGES) * (int64_t)(PAGE + 64));
    check_rows(fixture, rounds - 1);
}

// A reader keeps the log from beginning anew: the writer goes on all the same.
static void a_reader_stops_nobody(void **state) {
    struct fixture *fixture = *state;
    write_round(fixture, 0);
    sqlite3 *reader = NULL;
    struct error error = {0};
    assert_int_equal(sqlite3_open(fixture->file.path, &reader), SQLITE_OK);
    assert_int_equal(stmt_run(reader, "begin; select count(*) from pages", "reader", &error), 0);
    int rounds = 2 * CHECKPOINT_PAGES / TRANSACTION_PAGES;
    for (int round = 1; round <= rounds; round++)
        write_round(fixture, round);
    assert_true(log_bytes(fixture) >= 2 * CHECKPOINT_PAGES * (int64_t)PAGE);
    stmt_close(&reader);
    check_rows(fixture, rounds);
}

struct holding {
    const char *path;
    struct snapshots *snapshots;
    _Atomic bool stop;
    _Atomic int given_up;
};

// Holds a snapshot for as long as it may, and another one at once.
static void *hold_snapshots(void *self) {
    struct holding *holding = self;
    struct snapshot_holder holder = {0};
    sqlite3 *db = NULL;
    if (sqlite3_open(holding->path, &db) != SQLITE_OK)
        return NULL;
    snapshots_join(holding->snapshots, &holder);
    while (!holding->stop) {
        snapshot_begin(&holder, clock_monotonic_ms());
        (void)sqlite3_exec(db, "begin", NULL, NULL, NULL);
        while (!snapshot_is_asked(&holder) && !holding->stop)
            (void)sqlite3_exec(db, "select count(*) from pages", NULL, NULL, NULL);
        (void)sqlite3_exec(db, "commit", NULL, NULL, NULL);
        snapshot_end(&holder);
        holding->given_up += snapshot_is_asked(&holder);
    }
    snapshots_leave(holding->snapshots, &holder);
    (void)sqlite3_close(db);
    return NULL;
}

static void readers_of_this_process_let_the_log_begin_anew(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    struct holding holding = {.path = fixture->file.path};
    assert_int_equal(snapshots_new(&holding.snapshots, &error), 0);
    checkpoint_free(&fixture->checkpoint);
    start(fixture, SMALL_LOG_PAGES, holding.snapshots);
    write_round(fixture, 0);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hold_snapshots, &holding), 0);
    int rounds = 2 * SMALL_LOG_PAGES / TRANSACTION_PAGES;
    for (int round = 1; round <= rounds; round++)
        write_round(fixture, round);
    holding.stop = true;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(holding.given_up > 0);
    assert_true(log_bytes(fixture) < (SMALL_LOG_PAGES + 2 * TRANSACTION_PAGES) * (int64_t)(PAGE + 64));
    assert_int_equal(checkpoint_bytes_over(fixture->checkpoint), 0);
    check_rows(fixture, rounds);
    checkpoint_free(&fixture->checkpoint);
    snapshots_free(&holding.snapshots);
    start(fixture, LOG_PAGES_MAX, NULL);
}

// It cannot be asked: the log grows, which is told, and is cut down when that reader has gone.
static void a_reader_elsewhere_is_told(void **state) {
    struct fixture *fixture = *state;
    checkpoint_free(&fixture->checkpoint);
    start(fixture, SMALL_LOG_PAGES, NULL);
    write_round(fixture, 0);
    sqlite3 *reader = NULL;
    struct error error = {0};
    assert_int_equal(sqlite3_open(fixture->file.path, &reader), SQLITE_OK);
    assert_int_equal(stmt_run(reader, "begin; select count(*) from pages", "reader", &error), 0);
    int round = 1;
    for (; round < ROUNDS_MAX && checkpoint_bytes_over(fixture->checkpoint) == 0; round++)
        write_round(fixture, round);
    assert_true(checkpoint_bytes_over(fixture->checkpoint) > 0);
    while (log_bytes(fixture) <= SMALL_LOG_PAGES * (int64_t)(PAGE + CHECKPOINT_FRAME_HEADER))
        write_round(fixture, round++);
    stmt_close(&reader);
    for (int i = 0; i < ROUNDS_MAX && checkpoint_bytes_over(fixture->checkpoint) > 0; i++)
        write_round(fixture, round++);
    assert_int_equal(checkpoint_bytes_over(fixture->checkpoint), 0);
    assert_true(log_bytes(fixture) < (SMALL_LOG_PAGES + 2 * TRANSACTION_PAGES) * (int64_t)(PAGE + 64));
    check_rows(fixture, round - 1);
}

// Moved into, the file would be as long as before, and nobody would see that the rest of it is holes.
static void nothing_is_moved_into_a_file_that_was_cut(void **state) {
    struct fixture *fixture = *state;
    run_sql(fixture, "pragma cache_size = 10000"); // the writer itself misses nothing
    int round = 0;
    while (file_bytes(fixture) < ROWS * (int64_t)PAGE) { // until it was moved once
        assert_true(round < ROUNDS_MAX);
        write_round(fixture, round++);
    }
    checkpoint_free(&fixture->checkpoint); // no pass is under way
    start(fixture, LOG_PAGES_MAX, NULL);
    assert_int_equal(ftruncate(fixture->descriptor, PAGE), 0);
    for (int i = 0; i < 2 * CHECKPOINT_PAGES / TRANSACTION_PAGES; i++)
        write_round(fixture, round++);
    checkpoint_free(&fixture->checkpoint);
    assert_int_equal(file_bytes(fixture), PAGE);
    start(fixture, LOG_PAGES_MAX, NULL);
}

// No file more may be opened, so the thread has no connection. The first log that it would move has reached the bound, too.
static void without_a_thread_sqlite_moves_the_log(void **state) {
    struct fixture *fixture = *state;
    checkpoint_free(&fixture->checkpoint);
    start(fixture, SMALL_LOG_PAGES, NULL);
    struct rlimit files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = files.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int rounds = 5 * CHECKPOINT_PAGES / TRANSACTION_PAGES;
    for (int round = 0; round <= rounds; round++)
        write_round(fixture, round);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_true(log_bytes(fixture) < 2 * SMALL_LOG_PAGES * (int64_t)(PAGE + 64));
    check_rows(fixture, rounds);
}

// While the thread moves, or waits for its turn, or before it has begun.
static void it_ends_at_any_time(void **state) {
    struct fixture *fixture = *state;
    int round = 0;
    for (int times = 0; times < 3; times++) {
        for (int i = 0; i < CHECKPOINT_PAGES / TRANSACTION_PAGES + times; i++)
            write_round(fixture, round++);
        checkpoint_free(&fixture->checkpoint);
        check_rows(fixture, round - 1);
        start(fixture, LOG_PAGES_MAX, NULL);
    }
}

// By the thread inside; there is nothing to sync when nothing was committed since.
static void it_syncs_when_asked(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    for (int round = 0; round < 3; round++) {
        write_round(fixture, round);
        for (int again = 0; again < 2; again++) {
            checkpoint_ask_sync(fixture->checkpoint);
            int synced;
            while ((synced = checkpoint_is_synced(fixture->checkpoint, &error)) == 0)
                (void)sched_yield();
            assert_int_equal(synced, 1);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_syncs_when_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_restless_writer_has_a_bounded_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_big_file_has_a_longer_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reader_stops_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(readers_of_this_process_let_the_log_begin_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reader_elsewhere_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_thread_sqlite_moves_the_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_ends_at_any_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_moved_into_a_file_that_was_cut, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
