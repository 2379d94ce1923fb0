#include "views/engine/watched_file.h"

#include "views/engine/sqlite/wal_batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    char folder[64];
    char path[96];
    char log[104];
    int descriptor;
    sqlite3 *db;
    struct watched_file file;
};

static void run_sql(sqlite3 *db, const char *sql) {
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static int set_up(void **state) {
    static struct fixture f;
    f = (struct fixture){.folder = "/tmp/tidemark-watched-XXXXXX"};
    assert_non_null(mkdtemp(f.folder));
    (void)snprintf(f.path, sizeof f.path, "%s/a.db", f.folder);
    (void)snprintf(f.log, sizeof f.log, "%s-wal", f.path);
    f.descriptor = open(f.path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    assert_true(f.descriptor >= 0);
    assert_int_equal(sqlite3_open(f.path, &f.db), SQLITE_OK);
    run_sql(f.db, "pragma journal_mode = wal; create table t(x); insert into t values (zeroblob(100000));"
                  "pragma wal_checkpoint");
    watched_file_begin(&f.file, f.path, f.descriptor);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    static const char *const suffixes[] = {"-shm", "-wal", ".aside", ""};
    (void)sqlite3_close(f->db);
    (void)close(f->descriptor);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", f->path, suffixes[i]);
        (void)unlink(path);
    }
    (void)rmdir(f->folder);
    return 0;
}

static void expect_halt(struct fixture *f, const char *words) {
    struct error error = {0};
    assert_int_equal(watched_file_check(&f->file, &error), -1);
    assert_int_equal(error.kind, ERROR_HALT);
    if (strstr(error.message, words) == NULL)
        fail_msg("%s", error.message);
}

static void is_content_with_its_own_file(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(watched_file_check(&f->file, &error), 0);
        run_sql(f->db, "insert into t values (zeroblob(100000)); pragma wal_checkpoint");
    }
}

// The file becomes smaller, and says so.
static void lets_a_vacuum_pass(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    run_sql(f->db, "insert into t values (zeroblob(1000000)); pragma wal_checkpoint");
    assert_int_equal(watched_file_check(&f->file, &error), 0);
    int64_t before = f->file.largest;
    run_sql(f->db, "delete from t; vacuum; pragma wal_checkpoint(truncate)");
    assert_int_equal(watched_file_check(&f->file, &error), 0);
    assert_true(f->file.largest < before);
}

static void tells_a_truncated_file(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    assert_int_equal(watched_file_check(&f->file, &error), 0);
    assert_int_equal(truncate(f->path, 8192), 0);
    expect_halt(f, "was truncated");
}

static void tells_a_log_that_is_gone(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    assert_int_equal(watched_file_check(&f->file, &error), 0);
    assert_int_equal(unlink(f->log), 0);
    expect_halt(f, "a.db-wal was deleted");
    assert_int_equal(close(open(f->log, O_RDWR | O_CREAT | O_CLOEXEC, 0644)), 0);
    expect_halt(f, "another file stands at");
}

static void tells_a_log_that_was_truncated(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    run_sql(f->db, "insert into t values (zeroblob(100000))");
    f->file.index = wal_batch_index(f->db);
    assert_non_null(f->file.index);
    assert_int_equal(watched_file_check(&f->file, &error), 0);
    assert_int_equal(truncate(f->log, 50000), 0);
    expect_halt(f, "a.db-wal was truncated while it was open: it has 50000 bytes");
}

// Begun anew, cut down and given up by SQLite itself, at every step.
static void lets_a_log_begin_anew(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    f->file.index = wal_batch_index(f->db);
    assert_non_null(f->file.index);
    static const char *const steps[] = {"insert into t values (zeroblob(300000))",
                                        "pragma wal_checkpoint(restart)",
                                        "insert into t values (1)",
                                        "pragma wal_checkpoint(truncate)",
                                        "pragma journal_size_limit = 20000",
                                        "insert into t values (zeroblob(300000))",
                                        "pragma wal_checkpoint(restart)",
                                        "insert into t values (2)",
                                        "begin; insert into t values (zeroblob(300000)); rollback"};
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            run_sql(f->db, steps[i]);
            assert_int_equal(watched_file_check(&f->file, &error), 0);
        }
}

static void tells_a_file_that_is_gone(void **state) {
    struct fixture *f = *state;
    char aside[128];
    (void)snprintf(aside, sizeof aside, "%s.aside", f->path);
    assert_int_equal(rename(f->path, aside), 0);
    expect_halt(f, "a.db was deleted or moved away");
    assert_int_equal(close(open(f->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644)), 0);
    expect_halt(f, "another file stands at");
    assert_int_equal(rename(aside, f->path), 0);
    struct error error = {0};
    assert_int_equal(watched_file_check(&f->file, &error), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_content_with_its_own_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lets_a_vacuum_pass, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_a_truncated_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_a_log_that_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_a_log_that_was_truncated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lets_a_log_begin_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_a_file_that_is_gone, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
