// TOAST values on their way across a key change (views/engine/mirror/toast_carry.h): how long one is awaited or kept,
// on a mirror that the test owns itself.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/engine/mirror/mirror.h"
#include "views/engine/mirror/state.h"
#include "views/engine/sqlite/functions.h"
#include "views/engine/store.h"

#include <stdio.h>
#include <unistd.h>

enum {
    PATH_SIZE = 128,
    FEW = 50,
    MANY = 1600,
    STEPS_COUNTED = 16, // of SQLite's virtual machine, at once
};

struct fixture {
    char path[PATH_SIZE];
    struct catalog *catalog;
    const struct table *customers;
    sqlite3 *db;
    struct mirror *mirror;
};

static int begin_write(void *self, struct error *error) {
    struct fixture *f = self;
    return sqlite3_get_autocommit(f->db) == 0 ? 0 : stmt_run(f->db, "begin immediate", "begin", error);
}

static int setup(void **state) {
    static struct fixture f;
    f = (struct fixture){.path = "/tmp/tidemark-carry-XXXXXX"};
    int fd = mkstemp(f.path);
    assert_true(fd >= 0);
    (void)close(fd);
    struct error error = {0};
    struct store_report report;
    struct store *store = NULL;
    if (catalog_load(NULL, NULL, &f.catalog, &error) != 0 ||
        store_open(&store, f.path, f.catalog, &report, &error) != 0)
        fail_msg("%s", error.message);
    store_close(&store);
    f.customers = catalog_table(f.catalog, "customers", 9);
    assert_int_equal(sqlite3_open(f.path, &f.db), SQLITE_OK);
    const struct mirror_owner owner = {.begin_write = begin_write, .self = &f};
    if (functions_register(f.db, NULL, &error) != 0 ||
        mirror_open(&f.mirror, f.db, f.catalog, &owner, &error) != 0 ||
        functions_register(f.db, mirror_current(f.mirror), &error) != 0)
        fail_msg("%s", error.message);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    mirror_close(&f->mirror);
    (void)sqlite3_close(f->db);
    catalog_free(&f->catalog);
    char path[PATH_SIZE + 8];
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s%s", f->path, suffixes[i]);
        (void)unlink(path);
    }
    return 0;
}

static struct value text_or_unavailable(const char *text) {
    return text != NULL ? (struct value){.kind = VALUE_TEXT, .bytes = span_of(text)}
                        : (struct value){.kind = VALUE_UNAVAILABLE};
}

static void apply_named(struct fixture *f, struct change change, int64_t id, const char *name,
                        const char *bio) {
    struct value values[TABLE_COLUMNS_MAX] = {0};
    for (int i = 0; i < f->customers->column_count; i++)
        values[i] = (struct value){.kind = VALUE_NULL};
    values[table_column(f->customers, "id", 2)] = (struct value){.kind = VALUE_INTEGER, .integer = id};
    values[table_column(f->customers, "full_name", 9)] = text_or_unavailable(name);
    values[table_column(f->customers, "bio", 3)] = text_or_unavailable(bio);
    change.table = f->customers;
    change.values = values;
    change.previous_commit = LSN_NONE;
    struct error error = {0};
    enum mirror_outcome outcome;
    if (mirror_apply(f->mirror, &change, &outcome, &error) != 0)
        fail_msg("%s", error.message);
    assert_int_equal(outcome, MIRROR_APPLIED);
}

static void apply(struct fixture *f, struct change change, int64_t id, const char *bio) {
    apply_named(f, change, id, "", bio);
}

static void commit(struct fixture *f) {
    struct error error = {0};
    if (mirror_hand_over(f->mirror, &error) != 0 || mirror_write(f->mirror, &error) != 0 ||
        stmt_run(f->db, "commit", "commit", &error) != 0)
        fail_msg("%s", error.message);
}

static int64_t count(struct fixture *f, const char *sql) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(f->db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    return sqlite3_column_int64(stmt, 0);
}

// The commit at which all of the following begin: 1, with a long text.
static void begin_with_a_long_text(struct fixture *f) {
    apply(
        f, (struct change){.op = CHANGE_CREATE, .lsn = 10, .txid = 1, .ts_ms = 1000}, 1,
        "a text that is long enough to have been moved out of line by PostgreSQL: it has more than the hundred "
        "bytes below which no row is ever looked at for it");
    commit(f);
    assert_false(toast_carry_is_awaiting(f->mirror->carry));
}

static void await_a_text(struct fixture *f) {
    begin_with_a_long_text(f);
    apply(f, (struct change){.op = CHANGE_CREATE, .lsn = 30, .txid = 3, .ts_ms = 2000}, 2, NULL);
    assert_true(toast_carry_is_awaiting(f->mirror->carry));
}

static void awaiting_ends_when_the_value_comes(void **state) {
    struct fixture *f = *state;
    await_a_text(f);
    commit(f);
    apply(f, (struct change){.op = CHANGE_DELETE, .lsn = 30, .txid = 3, .ts_ms = 2000}, 1, "");
    assert_false(toast_carry_is_awaiting(f->mirror->carry));
    assert_false(toast_carry_has_rows(f->mirror->carry));
    commit(f);
    assert_int_equal(count(f, "select bio like 'a text that is long%' from customers where id = 2"), 1);
    assert_int_equal(count(f, "select count(*) from _carry"), 0);
}

static void awaiting_ends_when_the_value_is_overwritten(void **state) {
    struct fixture *f = *state;
    await_a_text(f);
    apply(f, (struct change){.op = CHANGE_UPDATE, .lsn = 40, .txid = 4, .ts_ms = 3000}, 2, "another");
    assert_false(toast_carry_is_awaiting(f->mirror->carry));
    assert_false(toast_carry_has_rows(f->mirror->carry));
    commit(f);
    assert_int_equal(count(f, "select count(*) from _carry"), 0);
}

// The row is gone, and with it the column that somebody waits to fill.
static void awaiting_ends_when_the_row_is_deleted(void **state) {
    struct fixture *f = *state;
    await_a_text(f);
    apply(f, (struct change){.op = CHANGE_DELETE, .lsn = 40, .txid = 4, .ts_ms = 3000}, 2, "");
    assert_false(toast_carry_is_awaiting(f->mirror->carry));
    commit(f);
}

static void awaiting_ends_with_the_transaction(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    await_a_text(f);
    assert_int_equal(mirror_transaction_end(f->mirror, 3, &error), 0);
    assert_false(toast_carry_is_awaiting(f->mirror->carry));
    commit(f);
}

// A row that awaits its text is given another key itself: the row at that key gets that text when it comes, and
// the rest of the row in between.
static void what_is_awaited_is_handed_on_with_the_rest_of_the_row(void **state) {
    static const char name[] =
        "a name that is long enough to have been moved out of line by PostgreSQL as well: it "
        "has more than the hundred bytes too, if only just";
    struct fixture *f = *state;
    begin_with_a_long_text(f);
    apply_named(f, (struct change){.op = CHANGE_CREATE, .lsn = 30, .txid = 3, .ts_ms = 2000}, 2, name, NULL);
    commit(f);
    apply(f, (struct change){.op = CHANGE_DELETE, .lsn = 40, .txid = 4, .ts_ms = 3000}, 2, "");
    commit(f);
    apply(f, (struct change){.op = CHANGE_DELETE, .lsn = 30, .txid = 3, .ts_ms = 2000}, 1, "");
    commit(f);
    apply_named(f, (struct change){.op = CHANGE_CREATE, .lsn = 40, .txid = 4, .ts_ms = 3000}, 3, NULL, NULL);
    commit(f);
    assert_int_equal(count(f, "select count(*) from customers"), 1);
    assert_int_equal(count(f, "select bio like 'a text that is long%' from customers where id = 3"), 1);
    assert_int_equal(count(f, "select full_name like 'a name that is long%' from customers where id = 3"), 1);
    assert_false(toast_carry_is_awaiting(f->mirror->carry));
}

// Without transaction metadata no END comes, and the delete may never come either.
static void an_orphan_is_awaited_for_an_hour_of_the_sources_clock(void **state) {
    struct fixture *f = *state;
    await_a_text(f);
    commit(f);
    apply(f,
          (struct change){.op = CHANGE_CREATE, .lsn = 50, .txid = 5, .ts_ms = 2000 + TOAST_CARRY_KEEP_MS / 2},
          3, "");
    commit(f);
    assert_true(toast_carry_is_awaiting(f->mirror->carry));
    apply(f,
          (struct change){.op = CHANGE_CREATE, .lsn = 60, .txid = 6, .ts_ms = 2000 + 2 * TOAST_CARRY_KEEP_MS},
          4, "");
    commit(f);
    assert_false(toast_carry_is_awaiting(f->mirror->carry));
    assert_int_equal(count(f, "select count(*) from _carry"), 0);
}

static void what_a_delete_keeps_goes_by_the_sources_clock(void **state) {
    struct fixture *f = *state;
    begin_with_a_long_text(f);
    apply(f, (struct change){.op = CHANGE_DELETE, .lsn = 30, .txid = 3, .ts_ms = 2000}, 1, "");
    commit(f);
    assert_true(toast_carry_has_rows(f->mirror->carry));
    apply(f,
          (struct change){.op = CHANGE_CREATE, .lsn = 60, .txid = 6, .ts_ms = 2000 + 2 * TOAST_CARRY_KEEP_MS},
          4, "");
    commit(f);
    assert_false(toast_carry_has_rows(f->mirror->carry));
    assert_int_equal(count(f, "select count(*) from _carry"), 0);
}

// A source that never says a time: what was awaited for an hour of this machine's clock is awaited no more. It was for ever,
// and every change was written as it came.
static void without_times_it_goes_by_this_machines_clock(void **state) {
    struct fixture *f = *state;
    apply(f, (struct change){.op = CHANGE_CREATE, .lsn = 10, .txid = 1}, 1, "");
    commit(f);
    apply(f, (struct change){.op = CHANGE_CREATE, .lsn = 30, .txid = 3}, 2, NULL);
    assert_int_equal(sqlite3_exec(f->db, "update _carry set ts_ms = ts_ms - 2 * 3600000", NULL, NULL, NULL),
                     SQLITE_OK);
    apply(f, (struct change){.op = CHANGE_CREATE, .lsn = 40, .txid = 4}, 3, NULL);
    commit(f);
    assert_int_equal(count(f, "select count(*) from _carry where lsn = 30"), 0);
    assert_int_equal(count(f, "select count(*) from _carry where lsn = 40"), 1);
    assert_true(toast_carry_is_awaiting(f->mirror->carry));
}

static bool is_in_the_file(struct fixture *f, int64_t id) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(f->db, "select 1 from customers where id = ?", -1, &stmt, NULL),
                     SQLITE_OK);
    (void)sqlite3_bind_int64(stmt, 1, id);
    return sqlite3_step(stmt) == SQLITE_ROW;
}

static void reopen(struct fixture *f) {
    struct error error = {0};
    const struct mirror_owner owner = {.begin_write = begin_write, .self = f};
    mirror_close(&f->mirror);
    if (mirror_open(&f->mirror, f->db, f->catalog, &owner, &error) != 0 ||
        functions_register(f->db, mirror_current(f->mirror), &error) != 0)
        fail_msg("%s", error.message);
}

// All changes were written one by one then, for an hour where the delete never came.
static void only_what_has_to_do_with_it_does_not_wait_for_the_commit(struct fixture *f) {
    apply(f, (struct change){.op = CHANGE_CREATE, .lsn = 40, .txid = 4, .ts_ms = 3000}, 7, "");
    apply(f, (struct change){.op = CHANGE_UPDATE, .lsn = 50, .txid = 5, .ts_ms = 3000}, 7, "another");
    assert_false(is_in_the_file(f, 7));
    apply(f, (struct change){.op = CHANGE_DELETE, .lsn = 30, .txid = 3, .ts_ms = 2000}, 1, "");
    assert_false(is_in_the_file(f, 1));
    assert_true(is_in_the_file(f, 7)); // what the table had pending came first
    assert_int_equal(count(f, "select bio like 'a text that is long%' from customers where id = 2"), 1);
    assert_false(toast_carry_is_awaiting(f->mirror->carry));
    commit(f);
    assert_int_equal(count(f, "select bio = 'another' from customers where id = 7"), 1);
}

static void other_rows_wait_for_the_commit_while_one_awaits(void **state) {
    struct fixture *f = *state;
    await_a_text(f);
    only_what_has_to_do_with_it_does_not_wait_for_the_commit(f);
}

static void other_rows_wait_for_the_commit_after_a_restart_too(void **state) {
    struct fixture *f = *state;
    await_a_text(f);
    commit(f);
    reopen(f);
    assert_true(toast_carry_is_awaiting(f->mirror->carry));
    only_what_has_to_do_with_it_does_not_wait_for_the_commit(f);
}

static void a_change_of_the_row_that_awaits_is_written_as_it_comes(void **state) {
    struct fixture *f = *state;
    await_a_text(f);
    commit(f);
    reopen(f);
    apply_named(f, (struct change){.op = CHANGE_UPDATE, .lsn = 40, .txid = 4, .ts_ms = 3000}, 2, "renamed",
                NULL);
    assert_int_equal(count(f, "select full_name = 'renamed' from customers where id = 2"), 1);
    apply(f, (struct change){.op = CHANGE_UPDATE, .lsn = 50, .txid = 5, .ts_ms = 3000}, 2, "another");
    assert_int_equal(count(f, "select bio = 'another' from customers where id = 2"), 1);
    apply(f, (struct change){.op = CHANGE_DELETE, .lsn = 30, .txid = 3, .ts_ms = 2000}, 1, "");
    commit(f);
    assert_int_equal(count(f, "select bio = 'another' from customers where id = 2"), 1);
}

// The rows of one record of the log share its LSN, and so do their key changes. What the second passed on was counted with the
// first's again, and the next row that awaited was taken for one that does not.
static void two_key_changes_at_one_place_pass_on_one_each(void **state) {
    struct fixture *f = *state;
    await_a_text(f);
    apply(f, (struct change){.op = CHANGE_CREATE, .lsn = 31, .txid = 3, .ts_ms = 2000}, 4, NULL);
    apply(f, (struct change){.op = CHANGE_DELETE, .lsn = 40, .txid = 4, .ts_ms = 3000}, 2, "");
    apply(f, (struct change){.op = CHANGE_DELETE, .lsn = 40, .txid = 4, .ts_ms = 3000}, 4, "");
    assert_false(toast_carry_is_awaiting(f->mirror->carry));
    apply(f, (struct change){.op = CHANGE_CREATE, .lsn = 50, .txid = 5, .ts_ms = 3000}, 6, NULL);
    assert_true(toast_carry_is_awaiting(f->mirror->carry));
    struct error error = {0};
    assert_int_equal(mirror_transaction_end(f->mirror, 3, &error), 0);
    assert_true(toast_carry_is_awaiting(f->mirror->carry));
    assert_int_equal(mirror_transaction_end(f->mirror, 5, &error), 0);
    assert_false(toast_carry_is_awaiting(f->mirror->carry));
    assert_false(toast_carry_has_rows(f->mirror->carry));
    commit(f);
}

static int count_steps(void *steps) {
    ++*(int64_t *)steps;
    return 0;
}

// What the next few changes of rows that await, or have awaited, take while `waiting` others await as well, and as many are
// passed on to a key that never comes.
static int64_t steps_with(struct fixture *f, int waiting) {
    for (int i = 0; i < 2 * waiting; i++)
        apply(f, (struct change){.op = CHANGE_CREATE, .lsn = 1000 + i, .txid = i, .ts_ms = 2000}, 1000 + i,
              NULL);
    for (int i = 0; i < waiting; i++)
        apply(f, (struct change){.op = CHANGE_DELETE, .lsn = 100000 + i, .txid = 10000 + i, .ts_ms = 2000},
              1000 + i, "");
    int64_t steps = 0;
    sqlite3_progress_handler(f->db, STEPS_COUNTED, count_steps, &steps);
    struct error error = {0};
    apply(f, (struct change){.op = CHANGE_CREATE, .lsn = 200000, .txid = 20000, .ts_ms = 2000}, 1, NULL);
    apply(f, (struct change){.op = CHANGE_DELETE, .lsn = 200001, .txid = 20001, .ts_ms = 2000}, 1, "");
    apply(f, (struct change){.op = CHANGE_CREATE, .lsn = 200001, .txid = 20001, .ts_ms = 2000}, 2, NULL);
    assert_int_equal(mirror_transaction_end(f->mirror, 20000, &error), 0);
    sqlite3_progress_handler(f->db, 0, NULL, NULL);
    commit(f);
    return steps;
}

// Each looked through all of them: 80,000 changes took twenty seconds.
static void what_awaits_is_found_however_much_does(void **state) {
    int64_t with_few = steps_with(*state, FEW);
    teardown(state);
    setup(state);
    int64_t with_many = steps_with(*state, MANY);
    if (with_many > 2 * with_few)
        fail_msg("%lld times %d steps with %d that await, %lld with %d", (long long)with_few, STEPS_COUNTED,
                 FEW, (long long)with_many, MANY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(awaiting_ends_when_the_value_comes),
        TEST(awaiting_ends_when_the_value_is_overwritten),
        TEST(awaiting_ends_when_the_row_is_deleted),
        TEST(awaiting_ends_with_the_transaction),
        TEST(what_is_awaited_is_handed_on_with_the_rest_of_the_row),
        TEST(an_orphan_is_awaited_for_an_hour_of_the_sources_clock),
        TEST(what_a_delete_keeps_goes_by_the_sources_clock),
        TEST(without_times_it_goes_by_this_machines_clock),
        TEST(other_rows_wait_for_the_commit_while_one_awaits),
        TEST(other_rows_wait_for_the_commit_after_a_restart_too),
        TEST(a_change_of_the_row_that_awaits_is_written_as_it_comes),
        TEST(two_key_changes_at_one_place_pass_on_one_each),
        TEST(what_awaits_is_found_however_much_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
