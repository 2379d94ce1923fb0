// A commit that goes through few writes is seen wholly or not at all, whichever of them fails or is the last
// before the process ends; and no more and no less reaches the disk than with synchronous=normal.
#include "views/engine/sqlite/stmt.h"
#include "views/engine/sqlite/wal_batch.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ROWS = 80, // a page each: more than twice WAL_BATCH_BYTES
    KILLS = 15,
    KILL_WRITES = 250, // a process is killed in one of so many
    FRAME = 24 + 4096,
    SEED = 20240607,
    // Whatever SQLite this runs with: it is what says whether a version may be added to versions.h.
    TRIED_SQLITE = 3040001,
};

// --- a default VFS whose log's writes and syncs can fail

enum fault { NONE, NOTHING_WRITTEN, HALF_WRITTEN, INPUT_OUTPUT, KILLED, KINDS };

static struct {
    sqlite3_vfs *real;
    sqlite3_vfs vfs;
    const sqlite3_io_methods *real_log;
    const sqlite3_io_methods *real_main;
    sqlite3_io_methods log;
    sqlite3_io_methods main;
    enum fault fault;
    int at;        // the fault's write or sync, from 1
    bool lasts;    // and all after it
    bool happened; // since it was set
    int calls;     // since it was set
    int log_writes;
    int log_syncs;
    int main_syncs;
    int64_t largest;
} below;

static enum fault next_call(void) {
    below.calls++;
    bool now = below.fault != NONE && (below.calls == below.at || (below.lasts && below.calls > below.at));
    below.happened |= now;
    return now ? below.fault : NONE;
}

static int below_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset) {
    below.log_writes++;
    if (size > below.largest)
        below.largest = size;
    enum fault fault = next_call();
    if ((fault == HALF_WRITTEN || fault == KILLED) && size > 1)
        assert_int_equal(below.real_log->xWrite(file, data, size / 2, offset), SQLITE_OK);
    if (fault == KILLED)
        (void)raise(SIGKILL);
    if (fault != NONE)
        return fault == INPUT_OUTPUT ? SQLITE_IOERR_WRITE : SQLITE_FULL;
    return below.real_log->xWrite(file, data, size, offset);
}

static int below_log_sync(sqlite3_file *file, int flags) {
    below.log_syncs++;
    enum fault fault = next_call();
    if (fault == KILLED)
        (void)raise(SIGKILL);
    return fault != NONE ? SQLITE_IOERR_FSYNC : below.real_log->xSync(file, flags);
}

static int below_main_sync(sqlite3_file *file, int flags) {
    below.main_syncs++;
    return below.real_main->xSync(file, flags);
}

static int below_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *ret_flags) {
    (void)self;
    int code = below.real->xOpen(below.real, name, file, flags, ret_flags);
    if (code == SQLITE_OK && (flags & SQLITE_OPEN_WAL) != 0) {
        below.real_log = file->pMethods;
        below.log = *file->pMethods;
        below.log.xWrite = below_write;
        below.log.xSync = below_log_sync;
        file->pMethods = &below.log;
    } else if (code == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB) != 0) {
        below.real_main = file->pMethods;
        below.main = *file->pMethods;
        below.main.xSync = below_main_sync;
        file->pMethods = &below.main;
    }
    return code;
}

static void set_fault(enum fault fault, int at, bool lasts) {
    below.fault = fault;
    below.at = at;
    below.lasts = lasts;
    below.happened = false;
    below.calls = 0;
}

static int set_up_below(void **state) {
    (void)state;
    below.real = sqlite3_vfs_find("unix");
    assert_non_null(below.real);
    below.vfs = *below.real;
    below.vfs.pNext = NULL;
    below.vfs.zName = "below";
    below.vfs.xOpen = below_open;
    assert_int_equal(sqlite3_vfs_register(&below.vfs, 1), SQLITE_OK);
    assert_string_equal(wal_batch_vfs(TRIED_SQLITE), "gather");
    return 0;
}

// --- a file with one table, whose rows all have the newest transaction's number

struct fixture {
    char folder[64];
    char path[96];
    sqlite3 *writer;
    sqlite3 *reader; // on the VFS "unix", as the checkpoint's and HTTP's connections
    int committed;
};

static void run_sql(sqlite3 *db, const char *sql) {
    struct error error = {0};
    if (stmt_run(db, sql, sql, &error) != 0)
        fail_msg("%s", error.message);
}

static int64_t integer(sqlite3 *db, const char *sql) {
    struct error error = {0};
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    assert_int_equal(stmt_prepare(db, sql, sql, &stmt, &error), 0);
    if (stmt_row(stmt, sql, &error) != 1)
        fail_msg("%s: %s", sql, error.message);
    return sqlite3_column_int64(stmt, 0);
}

static sqlite3 *open_at(const char *path, const char *vfs) {
    sqlite3 *db = NULL;
    assert_int_equal(
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, vfs),
        SQLITE_OK);
    run_sql(db, "pragma journal_mode = wal; pragma wal_autocheckpoint = 0");
    return db;
}

static sqlite3 *open_writer(const char *path) {
    struct error error = {0};
    sqlite3 *db = open_at(path, wal_batch_vfs(TRIED_SQLITE));
    assert_int_equal(wal_batch_start(db, &error), 0);
    assert_int_equal(integer(db, "pragma synchronous"), 2);
    return db;
}

static void fill_table(sqlite3 *db) {
    run_sql(db, "create table pages(id integer primary key, round integer, filler text);"
                "with recursive n(i) as (select 1 union all select i + 1 from n where i < 80)"
                " insert into pages select i, 0, printf('%.*c', 3000, 'x') from n");
}

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    set_fault(NONE, 0, false);
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/wal-gather-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/shop.db", fixture->folder);
    fixture->writer = open_writer(fixture->path);
    fill_table(fixture->writer);
    fixture->reader = open_at(fixture->path, "unix");
    *state = fixture;
    return 0;
}

static void remove_files(const char *path) {
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char name[128];
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    set_fault(NONE, 0, false);
    stmt_close(&fixture->reader);
    stmt_close(&fixture->writer);
    remove_files(fixture->path);
    (void)rmdir(fixture->folder);
    free(fixture);
    return 0;
}

static void check_rows(sqlite3 *db, int round) {
    assert_int_equal(integer(db, "select count(*) from pages"), ROWS);
    assert_int_equal(integer(db, "select min(round) from pages"), round);
    assert_int_equal(integer(db, "select max(round) from pages"), round);
}

static void check_whole(sqlite3 *db) {
    assert_int_equal(integer(db, "select count(*) from pragma_integrity_check where integrity_check = 'ok'"),
                     1);
}

static void copy_file(const char *from, const char *to) {
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    char bytes[65536];
    size_t count;
    while ((count = fread(bytes, 1, sizeof bytes, in)) > 0)
        assert_int_equal(fwrite(bytes, 1, count, out), count);
    (void)fclose(in);
    assert_int_equal(fclose(out), 0);
}

// What a process finds that opens the files as they are now, its wal-index lost.
static void check_reopened(const struct fixture *fixture) {
    char copy[128];
    char from[128];
    char to[160];
    (void)snprintf(copy, sizeof copy, "%s/copy.db", fixture->folder);
    copy_file(fixture->path, copy);
    (void)snprintf(from, sizeof from, "%s-wal", fixture->path);
    (void)snprintf(to, sizeof to, "%s-wal", copy);
    copy_file(from, to);
    sqlite3 *db = open_at(copy, "unix");
    run_sql(db, "pragma synchronous = off"); // it is read and removed
    check_rows(db, fixture->committed);
    check_whole(db);
    stmt_close(&db);
    remove_files(copy);
}

static int try_sql(sqlite3 *db, const char *sql) {
    return stmt_run(db, sql, sql, NULL);
}

// 0 = committed. A statement of every second row after one of all: with a small cache frames are written
// again.
static int try_round(sqlite3 *db, int round) {
    char sql[256];
    (void)snprintf(
        sql, sizeof sql,
        "begin immediate; update pages set round = %d, filler = printf('%%.*c', 3000, char(65 + %d %% 26));"
        "update pages set filler = printf('%%.*c', 3000, 'y') where id %% 2 = 0; commit",
        round, round);
    if (try_sql(db, sql) == 0)
        return 0;
    if (sqlite3_get_autocommit(db) == 0)
        (void)try_sql(db, "rollback");
    return -1;
}

static void commit_round(struct fixture *fixture) {
    assert_int_equal(try_round(fixture->writer, fixture->committed + 1), 0);
    fixture->committed++;
}

// --- tests

// Each write and sync of a commit in turn.
static void check_faults(struct fixture *fixture, enum fault fault, bool lasts) {
    bool happened = true;
    for (int at = 1; happened; at++) {
        set_fault(fault, at, lasts);
        int status = try_round(fixture->writer, fixture->committed + 1);
        happened = below.happened;
        set_fault(NONE, 0, false);
        assert_true(happened ? status != 0 : status == 0);
        fixture->committed += status == 0;
        check_rows(fixture->reader, fixture->committed);
        check_reopened(fixture);
        if (at % 3 == 0) // so that the next finds other bytes where it failed, or none
            commit_round(fixture);
        if (at % 8 == 0) // or begins the log anew
            run_sql(fixture->reader, "pragma wal_checkpoint");
        check_rows(fixture->writer, fixture->committed);
    }
    check_whole(fixture->reader);
}

static void a_commit_fails_wholly(void **state) {
    struct fixture *fixture = *state;
    for (enum fault fault = NOTHING_WRITTEN; fault < KILLED; fault++)
        for (int lasts = 0; lasts < 2; lasts++)
            check_faults(fixture, fault, lasts);
}

static void a_spilled_commit_fails_wholly(void **state) {
    struct fixture *fixture = *state;
    run_sql(fixture->writer, "pragma cache_size = 10");
    for (enum fault fault = NOTHING_WRITTEN; fault < KILLED; fault++)
        check_faults(fixture, fault, fault == NOTHING_WRITTEN);
}

static void it_reads_what_it_spilled(void **state) {
    struct fixture *fixture = *state;
    run_sql(fixture->writer, "pragma cache_size = 10; begin immediate; update pages set round = 7");
    check_rows(fixture->writer, 7);
    check_rows(fixture->reader, 0);
    run_sql(fixture->writer, "savepoint s; update pages set round = 8");
    check_rows(fixture->writer, 8);
    run_sql(fixture->writer, "rollback to s");
    check_rows(fixture->writer, 7);
    run_sql(fixture->writer, "update pages set filler = printf('%.*c', 3000, 'z') where id > 40; commit");
    fixture->committed = 7;
    check_rows(fixture->writer, 7);
    check_rows(fixture->reader, 7);
    check_reopened(fixture);
}

// Its frames may be in the buffer while another connection writes its own in their place.
static void what_was_rolled_back_is_never_written(void **state) {
    struct fixture *fixture = *state;
    run_sql(fixture->writer, "pragma cache_size = 10");
    for (int i = 0; i < 10; i++) {
        run_sql(fixture->writer, "begin immediate; update pages set round = -1, filler = ''; rollback");
        fixture->committed++;
        assert_int_equal(try_round(fixture->reader, fixture->committed), 0);
        check_reopened(fixture);
        commit_round(fixture);
        check_rows(fixture->reader, fixture->committed);
        check_reopened(fixture);
    }
    run_sql(fixture->writer, "begin immediate; update pages set round = -1, filler = ''; rollback");
    fixture->committed++;
    assert_int_equal(try_round(fixture->reader, fixture->committed), 0);
    stmt_close(&fixture->writer);
    check_rows(fixture->reader, fixture->committed);
    check_reopened(fixture);
}

// Log begun, checkpointed, begun anew, rolled back and checkpointed, by the one connection.
static void count_work(const char *path, bool gathers) {
    sqlite3 *db = gathers ? open_writer(path) : open_at(path, "gather");
    if (!gathers)
        run_sql(db, "pragma synchronous = normal");
    fill_table(db);
    below.log_syncs = below.main_syncs = below.log_writes = 0;
    below.largest = 0;
    for (int round = 1; round <= 30; round++) {
        assert_int_equal(try_round(db, round), 0);
        if (round % 7 == 0)
            run_sql(db, "begin immediate; update pages set round = -1; rollback");
        if (round % 5 == 0)
            run_sql(db, "pragma wal_checkpoint");
    }
    stmt_close(&db);
}

static void it_syncs_as_normal_does(void **state) {
    struct fixture *fixture = *state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/other.db", fixture->folder);
    count_work(path, false);
    remove_files(path);
    int log_syncs = below.log_syncs;
    int main_syncs = below.main_syncs;
    int writes = below.log_writes;
    assert_true(log_syncs >= 6 && main_syncs >= 6);
    count_work(path, true);
    remove_files(path);
    assert_int_equal(below.log_syncs, log_syncs);
    assert_int_equal(below.main_syncs, main_syncs);
    // all but as many as one batch holds
    assert_true(below.log_writes * (WAL_BATCH_BYTES / FRAME - 1) < writes);
    assert_int_equal(below.largest, WAL_BATCH_BYTES);
    assert_int_equal(WAL_BATCH_BYTES % FRAME, 0);
}

// Before it is seen; and what the log had before.
static void a_durable_commit_is_synced(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    commit_round(fixture);
    below.log_syncs = 0;
    commit_round(fixture);
    assert_int_equal(below.log_syncs, 0);
    assert_int_equal(wal_batch_set_durable(fixture->writer, &error), 0);
    assert_int_equal(below.log_syncs, 1);
    for (int round = 1; round <= 5; round++) {
        commit_round(fixture);
        assert_int_equal(below.log_syncs, 1 + round);
    }
    // A commit whose sync fails is seen by nobody, unless the process ends before the next one.
    bool happened = true;
    for (int at = 1; happened; at++) {
        set_fault(INPUT_OUTPUT, at, false);
        int status = try_round(fixture->writer, fixture->committed + 1);
        happened = below.happened;
        set_fault(NONE, 0, false);
        assert_true(happened ? status != 0 : status == 0);
        fixture->committed += status == 0;
        check_rows(fixture->reader, fixture->committed);
        commit_round(fixture);
        check_reopened(fixture);
    }
}

// What another connection has committed, too; an error is told.
static void the_log_is_synced_when_asked(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    commit_round(fixture);
    below.log_syncs = 0;
    check_rows(fixture->reader, fixture->committed);
    assert_int_equal(wal_batch_sync(fixture->reader, &error), 0);
    assert_int_equal(below.log_syncs, 0); // its file is of the VFS "unix"
    assert_int_equal(wal_batch_sync(fixture->writer, &error), 0);
    assert_int_equal(below.log_syncs, 1);
    set_fault(INPUT_OUTPUT, 1, false);
    assert_int_not_equal(wal_batch_sync(fixture->writer, &error), 0);
    assert_int_equal(error.kind, ERROR_RETRY);
}

// A commit's last frame would be padded behind its sync: nothing is gathered.
static void without_powersafe_overwrite_it_stays_out(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    char path[160];
    (void)snprintf(path, sizeof path, "file:%s?psow=0", fixture->path);
    sqlite3 *db = open_at(path, wal_batch_vfs(TRIED_SQLITE));
    assert_int_equal(wal_batch_start(db, &error), 0);
    assert_int_equal(integer(db, "pragma synchronous"), 1);
    assert_int_equal(try_round(db, 1), 0);
    check_rows(fixture->reader, 1);
    stmt_close(&db);
}

// Its private ways may be others: the writer is a plain connection.
static void an_sqlite_that_was_not_tried_is_left_alone(void **state) {
    struct fixture *fixture = *state;
    static const int untried[] = {0, 3040000, 3040002, 3041000, 3046000, 3054000, 4000000};
    for (size_t i = 0; i < sizeof untried / sizeof *untried; i++)
        assert_null(wal_batch_vfs(untried[i]));
    struct error error = {0};
    sqlite3 *db = open_at(fixture->path, wal_batch_vfs(3041000));
    assert_int_equal(wal_batch_start(db, &error), 0);
    assert_int_equal(integer(db, "pragma synchronous"), 1);
    int writes = below.log_writes;
    assert_int_equal(try_round(db, 1), 0);
    assert_true(below.log_writes - writes >= 2 * ROWS); // a header and a page each
    assert_int_equal(wal_batch_set_durable(db, &error), 0);
    assert_int_equal(integer(db, "pragma synchronous"), 2);
    fixture->committed = 1;
    check_rows(fixture->reader, 1);
    stmt_close(&db);
}

static void be_killed(const char *path, int at, int report) {
    sqlite3 *db = open_writer(path);
    int round = (int)integer(db, "select max(round) from pages");
    if (at % 2 == 0)
        run_sql(db, "pragma cache_size = 10");
    set_fault(KILLED, at, false);
    for (int i = 0; i < KILL_WRITES; i++) {
        if (try_round(db, ++round) != 0 || write(report, &round, sizeof round) != (ssize_t)sizeof round)
            _exit(1);
        if (i % 5 == 4)
            run_sql(db, "pragma wal_checkpoint");
    }
    _exit(1);
}

// In the middle of a write; the newest commit that was reported is there, and nothing of the next, unless
// all.
static void a_killed_process_loses_no_commit(void **state) {
    struct fixture *fixture = *state;
    uint64_t random = SEED;
    print_message("seed %d\n", SEED);
    stmt_close(&fixture->reader);
    stmt_close(&fixture->writer);
    for (int kill = 0; kill < KILLS; kill++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        int at = 1 + (int)((random >> 33) % KILL_WRITES);
        int report[2];
        assert_int_equal(pipe(report), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            be_killed(fixture->path, at, report[1]);
        (void)close(report[1]);
        int round;
        while (read(report[0], &round, sizeof round) == (ssize_t)sizeof round)
            fixture->committed = round;
        (void)close(report[0]);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        check_reopened(fixture);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_commit_fails_wholly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_spilled_commit_fails_wholly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_reads_what_it_spilled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_rolled_back_is_never_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_syncs_as_normal_does, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_durable_commit_is_synced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_log_is_synced_when_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_powersafe_overwrite_it_stays_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_sqlite_that_was_not_tried_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_killed_process_loses_no_commit, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, set_up_below, NULL);
}
