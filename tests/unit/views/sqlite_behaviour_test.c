// What the house takes of SQLite beyond its documentation (views/engine/sqlite/versions.h), each by itself: a
// version that fails here must not be added there. The write-ahead log's part is wal_batch_test.c; the words
// of a table without its arguments are in delta_test.c and as_of_test.c.
#define SQLITE_ENABLE_PREUPDATE_HOOK
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/engine/sqlite/read_only.h"
#include "views/engine/sqlite/wal_index.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fixture {
    char folder[64];
    char path[96];
    sqlite3 *db;
    sqlite3 *other;
    char called[64]; // a letter a call
    int call_count;
    int hook_calls;
    int real_type; // as the hook showed it
};

static void run_sql(sqlite3 *db, const char *sql) {
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
}

static int64_t integer(sqlite3 *db, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return value;
}

static int set_up(void **state) {
    static struct fixture f;
    f = (struct fixture){.folder = "/tmp/tidemark-sqlite-XXXXXX"};
    assert_non_null(mkdtemp(f.folder));
    (void)snprintf(f.path, sizeof f.path, "%s/a.db", f.folder);
    assert_int_equal(sqlite3_open(f.path, &f.db), SQLITE_OK);
    run_sql(f.db, "pragma journal_mode = wal; create table t(id integer primary key, x text, r real)");
    assert_int_equal(sqlite3_open_v2(f.path, &f.other, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    static const char *const suffixes[] = {"-shm", "-wal", ""};
    assert_int_equal(sqlite3_close(f->other), SQLITE_OK);
    assert_int_equal(sqlite3_close(f->db), SQLITE_OK);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", f->path, suffixes[i]);
        (void)unlink(path);
    }
    (void)rmdir(f->folder);
    return 0;
}

static void note_call(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    struct fixture *f = sqlite3_user_data(context);
    f->called[f->call_count++] = *(const char *)sqlite3_value_text(values[0]);
    sqlite3_result_int(context, 1);
}

// read_only.c: SQLite 3.47 and later would prepare it again for each LIMIT that is bound.
static void a_kept_statement_is_prepared_once(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    sqlite3 *db = NULL;
    bool immutable = true;
    assert_int_equal(read_only_open(f->path, &db, &immutable, &error), 0);
    int on = 0;
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_QPSG, -1, &on), SQLITE_OK);
    assert_true(on);
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, "select x from t limit ?1", -1, &stmt, NULL), SQLITE_OK);
    for (int run = 1; run <= 3; run++) {
        assert_int_equal(sqlite3_bind_int(stmt, 1, run), SQLITE_OK);
        assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
        (void)sqlite3_reset(stmt);
    }
    assert_int_equal(sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_REPREPARE, 0), 0);
    (void)sqlite3_finalize(stmt);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

// dedup.c: once() notes what it is asked.
static void a_function_is_called_once_a_row_in_order(void **state) {
    struct fixture *f = *state;
    assert_int_equal(sqlite3_create_function_v2(f->db, "note_call", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY, f,
                                                note_call, NULL, NULL, NULL),
                     SQLITE_OK);
    run_sql(f->db, "create table told(id integer primary key, x text)");
    run_sql(f->db, "insert into told(x) select v from"
                   " (select column1 as v from (values ('a'), ('b'), ('-'), ('c'), ('a')))"
                   " where v <> '-' and case when v <> 'd' then note_call(v) end");
    assert_string_equal(f->called, "abca");
    assert_int_equal(integer(f->db, "select count(*) from told"), 4);
}

// reader.c: the statement that begins a snapshot.
static void a_pragma_on_its_row_holds_the_snapshot(void **state) {
    struct fixture *f = *state;
    run_sql(f->db, "insert into t values(1, 'a', 0)");
    sqlite3_stmt *version = NULL;
    assert_int_equal(sqlite3_prepare_v2(f->other, "pragma data_version", -1, &version, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(version), SQLITE_ROW);
    int before = sqlite3_column_int(version, 0);
    run_sql(f->db, "insert into t values(2, 'b', 0)");
    assert_int_equal(integer(f->other, "select count(*) from t"), 1);
    (void)sqlite3_reset(version);
    assert_int_equal(sqlite3_step(version), SQLITE_ROW);
    assert_int_not_equal(sqlite3_column_int(version, 0), before);
    assert_int_equal(integer(f->other, "select count(*) from t"), 2);
    (void)sqlite3_finalize(version);
}

// wal_index.c: what is committed, by another connection or the log's beginning anew, is seen without a call of the system.
static void the_head_of_the_wal_index_tells_of_a_commit(void **state) {
    struct fixture *f = *state;
    struct wal_index index;
    assert_int_equal(integer(f->other, "select count(*) from t"), 0);
    assert_true(wal_index_open(&index, f->other));
    for (int i = 1; i <= 5; i++) {
        wal_index_note(&index);
        assert_true(wal_index_is_same(&index));
        run_sql(f->db, "begin; insert into t(x) values('a')");
        assert_true(wal_index_is_same(&index));
        run_sql(f->db, "commit");
        assert_false(wal_index_is_same(&index));
        assert_int_equal(integer(f->other, "select count(*) from t"), i);
        if (i % 2 == 0) // the next one begins the log anew
            run_sql(f->db, "pragma wal_checkpoint(restart)");
    }
    wal_index_note(&index);
    assert_int_equal(integer(f->other, "select count(*) from t"), 5);
    run_sql(f->db, "select count(*) from t; begin immediate; rollback");
    assert_true(wal_index_is_same(&index));
}

static void on_preupdate(void *self, sqlite3 *db, int op, const char *database, const char *table,
                         sqlite3_int64 old_rowid, sqlite3_int64 new_rowid) {
    (void)op, (void)database, (void)table, (void)old_rowid, (void)new_rowid;
    struct fixture *f = self;
    sqlite3_value *value = NULL;
    f->hook_calls++;
    if (sqlite3_preupdate_new(db, 2, &value) == SQLITE_OK)
        f->real_type = sqlite3_value_type(value);
}

// delta.c: every row that a statement writes, whole numbers of a REAL column as either kind.
static void the_preupdate_hook_sees_every_row(void **state) {
    struct fixture *f = *state;
    (void)sqlite3_preupdate_hook(f->db, on_preupdate, f);
    run_sql(f->db, "insert into t values(1, 'a', 4), (2, 'b', 5)");
    assert_int_equal(f->hook_calls, 2);
    assert_true(f->real_type == SQLITE_INTEGER || f->real_type == SQLITE_FLOAT);
    run_sql(f->db, "update t set x = 'c'; delete from t"); // not truncated at once: the hook must see each
    assert_int_equal(f->hook_calls, 6);
    (void)sqlite3_preupdate_hook(f->db, NULL, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_kept_statement_is_prepared_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_function_is_called_once_a_row_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pragma_on_its_row_holds_the_snapshot, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_head_of_the_wal_index_tells_of_a_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_preupdate_hook_sees_every_row, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
