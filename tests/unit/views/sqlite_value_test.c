// Values as SQLite shows them, and that it says NULL when it had no memory to show one.
#include "views/engine/sqlite/sqlite_value.h"
#include "views/engine/sqlite/stmt.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

// What was borrowed of the newest call's argument.
static struct {
    bool starved; // SQLite gets no memory while it is asked
    bool as_text;
    int code;
    struct value value;
} borrowed;

static void borrow(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)context, (void)count;
    if (borrowed.starved)
        (void)sqlite3_hard_heap_limit64(1);
    borrowed.code = borrowed.as_text ? sqlite_value_borrow_text(values[0], &borrowed.value)
                                     : sqlite_value_borrow(values[0], &borrowed.value);
    (void)sqlite3_hard_heap_limit64(0);
}

static int set_up(void **state) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    // so that a text has to be converted before it can be shown
    assert_int_equal(sqlite3_exec(db, "pragma encoding = 'UTF-16'; create table t(x)", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(
        sqlite3_create_function_v2(db, "borrow", 1, SQLITE_UTF16, NULL, borrow, NULL, NULL, NULL), SQLITE_OK);
    memset(&borrowed, 0, sizeof borrowed);
    *state = db;
    return 0;
}

static int tear_down(void **state) {
    assert_int_equal(sqlite3_close(*state), SQLITE_OK);
    return 0;
}

static void ask(sqlite3 *db, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), borrowed.starved ? SQLITE_NOMEM : SQLITE_ROW);
    (void)sqlite3_finalize(stmt);
}

static void each_kind_is_shown(void **state) {
    ask(*state, "select borrow(7)");
    assert_true(borrowed.code == SQLITE_OK && borrowed.value.kind == VALUE_INTEGER);
    ask(*state, "select borrow(7.5)");
    assert_true(borrowed.code == SQLITE_OK && borrowed.value.kind == VALUE_REAL);
    ask(*state, "select borrow(null)");
    assert_true(borrowed.code == SQLITE_OK && borrowed.value.kind == VALUE_NULL);
    ask(*state, "select borrow('')");
    assert_true(borrowed.code == SQLITE_OK && borrowed.value.kind == VALUE_TEXT &&
                borrowed.value.bytes.size == 0);
    ask(*state, "select borrow('abc')");
    assert_true(borrowed.value.kind == VALUE_TEXT && borrowed.value.bytes.size == 3);
    ask(*state, "select borrow(x'')");
    assert_true(borrowed.code == SQLITE_OK && borrowed.value.kind == VALUE_BLOB);
    assert_non_null(borrowed.value.bytes.data); // NULL would be bound as NULL
    borrowed.as_text = true;
    ask(*state, "select borrow(7.5)");
    assert_true(borrowed.value.kind == VALUE_TEXT && borrowed.value.bytes.size == 3);
}

static void what_cannot_be_shown_is_no_value(void **state) {
    borrowed.starved = true;
    ask(*state, "select borrow(printf('%.5000c', 'x'))");
    assert_int_equal(borrowed.code, SQLITE_NOMEM);
    assert_int_equal(borrowed.value.kind, VALUE_NULL);
    ask(*state, "select borrow(zeroblob(100000))");
    assert_int_equal(borrowed.code, SQLITE_NOMEM);
    borrowed.starved = false;
    ask(*state, "select borrow(printf('%.5000c', 'x'))");
    assert_true(borrowed.code == SQLITE_OK && borrowed.value.bytes.size == 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_kind_is_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_shown_is_no_value, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
