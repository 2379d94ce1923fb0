// A followed table's rows as they were, whatever its columns are declared as.
#include "views/engine/sqlite/feed_sql.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

static void run(sqlite3 *db, const char *sql) {
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static void run_made(sqlite3 *db, char *sql) {
    assert_non_null(sql);
    run(db, sql);
    sqlite3_free(sql);
}

// The rows of `sql` as SQLite quotes them.
static void has(sqlite3 *db, const char *sql, const char *wanted) {
    sqlite3_stmt *stmt = NULL;
    char got[512] = "";
    assert_int_equal(SQLITE_OK, sqlite3_prepare_v2(db, sql, -1, &stmt, NULL));
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        (void)strncat(got, (const char *)sqlite3_column_text(stmt, 0), sizeof got - strlen(got) - 1);
        (void)strncat(got, ";", sizeof got - strlen(got) - 1);
    }
    (void)sqlite3_finalize(stmt);
    assert_string_equal(got, wanted);
}

static void test_columns_of_any(void **state) {
    (void)state;
    static const char *const tables[] = {
        "create table t(k any primary key, v any) strict",
        "create table t(k any primary key, v any) strict, without rowid",
        "create table t(k blob primary key, v) without rowid",
        "create table t(k text primary key, v text)",
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct error error = {0};
        struct feed_sql feed;
        sqlite3 *db = NULL;
        assert_int_equal(SQLITE_OK, sqlite3_open(":memory:", &db));
        run(db, tables[i]);
        run(db, "create temp table _feed_now(version); insert into _feed_now values(5);"
                "insert into t values('007', '1.50'), ('8', '1e3')");
        assert_int_equal(1, feed_sql_read(&feed, db, "t", &error));
        run_made(db, feed_sql_create(&feed));
        run_made(db, feed_sql_index(&feed));
        run_made(db, feed_sql_trigger(&feed));
        run(db,
            "update t set v = '2.50' where k = '007'; delete from t where k = '8'; insert into t values('009', '0')");
        run_made(db, feed_sql_past(&feed, 4));
        has(db, "select quote(k) || '=' || quote(v) from main.t order by 1", "'007'='2.50';'009'='0';");
        has(db, "select quote(k) || '=' || quote(v) from temp.t order by 1", "'007'='1.50';'8'='1e3';");
        feed_sql_free(&feed);
        (void)sqlite3_close(db);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_columns_of_any)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
