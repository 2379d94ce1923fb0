// The ordering rules of the mirror (views/engine/mirror/mirror.h), each with its counter-example, through the store's
// public face.
#include "views/base/cleanup.h"
#include "views/engine/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <sqlite3.h>

enum { PATH_SIZE = 128 };

struct fixture {
    char path[PATH_SIZE];
    struct catalog *catalog;
    struct store *store;
    const struct table *customers;
};

static void open_store(struct fixture *f) {
    struct store_report report;
    struct error error = {0};
    if (store_open(&f->store, f->path, f->catalog, &report, &error) != 0)
        fail_msg("%s", error.message);
}

static int setup(void **state) {
    static struct fixture f;
    f = (struct fixture){.path = "/tmp/tidemark-mirror-XXXXXX"};
    int fd = mkstemp(f.path);
    assert_true(fd >= 0);
    (void)close(fd);
    struct error error = {0};
    if (catalog_load(NULL, NULL, &f.catalog, &error) != 0)
        fail_msg("%s", error.message);
    f.customers = catalog_table(f.catalog, "customers", 9);
    open_store(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    store_close(&f->store);
    catalog_free(&f->catalog);
    char path[PATH_SIZE + 8];
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s%s", f->path, suffixes[i]);
        (void)unlink(path);
    }
    return 0;
}

static int commit(struct fixture *f, struct error *error) {
    const struct store_commit commit = {
        .lsn = LSN_NONE, .txid = -1, .sequence = {.lsn = LSN_NONE}, .offsets = SPAN("{}")};
    return store_commit(f->store, &commit, error);
}

// A change of the customer `id` whose name is `name` (NULL = the event does not have it) and whose bio is
// `bio` (NULL = an unchanged TOAST value). Committed at once.
static enum store_outcome apply(struct fixture *f, struct change change, int64_t id, const char *name,
                                const char *bio) {
    static struct value values[TABLE_COLUMNS_MAX];
    memset(values, 0, sizeof values);
    values[table_column(f->customers, "id", 2)] = (struct value){.kind = VALUE_INTEGER, .integer = id};
    if (name != NULL)
        values[table_column(f->customers, "full_name", 9)] =
            (struct value){.kind = VALUE_TEXT, .bytes = span_of(name)};
    struct value *its_bio = &values[table_column(f->customers, "bio", 3)];
    *its_bio = bio != NULL ? (struct value){.kind = VALUE_TEXT, .bytes = span_of(bio)}
                           : (struct value){.kind = VALUE_UNAVAILABLE};
    change.table = f->customers;
    change.values = values;
    change.previous_commit = LSN_NONE;
    struct error error = {0};
    enum store_outcome outcome = STORE_REPEATED;
    store_begin(f->store);
    if (store_apply(f->store, &change, &outcome, &error) != 0 || commit(f, &error) != 0)
        fail_msg("%s", error.message);
    return outcome;
}

static enum store_outcome streamed(struct fixture *f, enum change_op op, int64_t lsn, int64_t id,
                                   const char *name) {
    return apply(f, (struct change){.op = op, .lsn = lsn, .txid = lsn}, id, name, "");
}

static enum store_outcome snapshot(struct fixture *f, int64_t lsn, int64_t id, const char *name, bool last) {
    const struct change change = {
        .op = CHANGE_READ, .snapshot = SNAPSHOT_FULL, .snapshot_table_last = last, .lsn = lsn, .txid = -1};
    return apply(f, change, id, name, "");
}

static int64_t sweep(struct fixture *f, bool keep_open) {
    struct error error = {0};
    int64_t swept = -1;
    store_begin(f->store);
    if (store_snapshot_sweep(f->store, f->customers, true, keep_open, &swept, &error) != 0 ||
        commit(f, &error) != 0)
        fail_msg("%s", error.message);
    return swept;
}

// "1=a 2=b", by id; a reader's own connection.
static const char *rows(struct fixture *f, const char *column) {
    static char text[1024];
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    char *sql = sqlite3_mprintf(
        "select coalesce(group_concat(id || '=' || coalesce(substr(\"%w\",1,8), 'null'), ' '), '')"
        " from (select * from customers order by id)",
        column);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    (void)snprintf(text, sizeof text, "%s", (const char *)sqlite3_column_text(stmt, 0));
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    sqlite3_free(sql);
    return text;
}
#define ASSERT_NAMES(f, wanted) assert_string_equal(rows(f, "full_name"), wanted)
#define ASSERT_BIOS(f, wanted) assert_string_equal(rows(f, "bio"), wanted)

static void a_repeat_changes_nothing(void **state) {
    struct fixture *f = *state;
    assert_int_equal(streamed(f, CHANGE_CREATE, 10, 1, "a"), STORE_APPLIED);
    assert_int_equal(streamed(f, CHANGE_UPDATE, 20, 1, "b"), STORE_APPLIED);
    assert_int_equal(streamed(f, CHANGE_CREATE, 10, 1, "a"), STORE_REPEATED);
    assert_int_equal(streamed(f, CHANGE_UPDATE, 20, 1, "x"), STORE_REPEATED);
    ASSERT_NAMES(f, "1=b");
}

static void lsns_are_ordered_by_key_only(void **state) {
    struct fixture *f = *state;
    assert_int_equal(streamed(f, CHANGE_CREATE, 90, 1, "a"), STORE_APPLIED);
    assert_int_equal(streamed(f, CHANGE_CREATE, 10, 2, "long transaction"), STORE_APPLIED);
    ASSERT_NAMES(f, "1=a 2=long tra");
}

static void a_delete_leaves_its_position(void **state) {
    struct fixture *f = *state;
    (void)streamed(f, CHANGE_CREATE, 10, 1, "a");
    assert_int_equal(streamed(f, CHANGE_DELETE, 20, 1, NULL), STORE_APPLIED);
    assert_int_equal(streamed(f, CHANGE_CREATE, 10, 1, "a"), STORE_REPEATED);
    assert_int_equal(streamed(f, CHANGE_DELETE, 20, 1, NULL), STORE_REPEATED);
    ASSERT_NAMES(f, "");
    assert_int_equal(streamed(f, CHANGE_CREATE, 30, 1, "again"), STORE_APPLIED);
    assert_int_equal(streamed(f, CHANGE_DELETE, 20, 1, NULL), STORE_REPEATED);
    ASSERT_NAMES(f, "1=again");
}

static void a_delete_outlives_a_restart(void **state) {
    struct fixture *f = *state;
    (void)streamed(f, CHANGE_CREATE, 10, 1, "a");
    (void)streamed(f, CHANGE_DELETE, 20, 1, NULL);
    store_close(&f->store);
    open_store(f);
    assert_int_equal(streamed(f, CHANGE_CREATE, 10, 1, "a"), STORE_REPEATED);
    ASSERT_NAMES(f, "");
}

static void reopen_store(struct fixture *f) {
    store_close(&f->store);
    open_store(f);
}

static void streamed_at(struct fixture *f, enum change_op op, int64_t lsn, int64_t id, int64_t ts_ms) {
    assert_int_equal(
        apply(f, (struct change){.op = op, .lsn = lsn, .txid = lsn, .ts_ms = ts_ms}, id, "a", ""),
        STORE_APPLIED);
}

static int64_t number(struct fixture *f, const char *sql) {
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t found = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return found;
}

static int64_t deletes_kept(struct fixture *f) {
    return number(f, "select count(*) from _deleted_customers");
}

// However few deletes a process sees, and however often it is started again.
static void what_a_delete_leaves_is_forgotten_by_the_sources_clock(void **state) {
    struct fixture *f = *state;
    static const int64_t begin = 1700000000000;
    static const int64_t day = 24 * 3600 * 1000;
    streamed_at(f, CHANGE_CREATE, 10, 1, begin);
    streamed_at(f, CHANGE_DELETE, 20, 1, begin);
    assert_int_equal(deletes_kept(f), 1);
    for (int i = 1; i <= 7; i++) {
        reopen_store(f);
        streamed_at(f, CHANGE_CREATE, 100 + i, 100 + i, begin + i * day);
        assert_int_equal(deletes_kept(f), 1);
    }
    reopen_store(f);
    streamed_at(f, CHANGE_CREATE, 200, 200, begin + 9 * day);
    assert_int_equal(deletes_kept(f), 0);
}

// A process that is not started again looks as often.
static void what_a_delete_leaves_is_forgotten_without_a_restart(void **state) {
    struct fixture *f = *state;
    static const int64_t begin = 1700000000000;
    static const int64_t day = 24 * 3600 * 1000;
    for (int i = 0; i < 30; i++) {
        streamed_at(f, CHANGE_CREATE, 10 + 2 * i, 1 + i, begin + i * day);
        streamed_at(f, CHANGE_DELETE, 11 + 2 * i, 1 + i, begin + i * day);
        int64_t kept = deletes_kept(f);
        assert_true(kept >= (i < 7 ? i + 1 : 7) && kept <= 9);
    }
}

static void execute(struct fixture *f, const char *sql) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

// Whatever one message says that the time is: guards stay, and are forgotten when it is time.
static void a_time_that_is_far_ahead_is_not_believed(void **state) {
    struct fixture *f = *state;
    static const int64_t begin = 1700000000000;
    static const int64_t day = 24 * 3600 * 1000;
    static const int64_t wild[] = {INT64_MAX, 4000000000000, INT64_MIN};
    streamed_at(f, CHANGE_CREATE, 10, 1, begin);
    streamed_at(f, CHANGE_DELETE, 20, 1, begin);
    for (int i = 0; i < 3; i++)
        streamed_at(f, CHANGE_CREATE, 30 + i, 10 + i, wild[i]);
    assert_int_equal(deletes_kept(f), 1);
    assert_int_equal(streamed(f, CHANGE_CREATE, 10, 1, "older"), STORE_REPEATED);
    streamed_at(f, CHANGE_CREATE, 100, 100, begin + 6 * day);
    assert_int_equal(deletes_kept(f), 1);
    streamed_at(f, CHANGE_CREATE, 101, 101, begin + 9 * day);
    assert_int_equal(deletes_kept(f), 0);
}

// Whichever part of what is kept it lies in, and whatever other parts say of its key.
static void a_delete_guards_its_key_from_every_part(void **state) {
    struct fixture *f = *state;
    streamed_at(f, CHANGE_CREATE, 10, 1, 1700000000000);
    streamed_at(f, CHANGE_DELETE, 20, 1, 1700000000000);
    for (int part = 1; part <= 2; part++) {
        store_close(&f->store);
        execute(
            f,
            "insert into _deleted_customers with n(i) as (select 1 union all select i + 1 from n where i < 40000)"
            " select p._part, 1000 + i, 5, 1700000000000 from n, (select max(_part) as _part from _deleted_customers) p");
        open_store(f);
        streamed_at(f, CHANGE_CREATE, 30 * part, 1 + part, 1700000000000);
        streamed_at(f, CHANGE_DELETE, 30 * part + 10, 1 + part, 1700000000000);
        assert_true(number(f, "select max(_part) from _deleted_customers") >= part);
    }
    reopen_store(f);
    assert_int_equal(streamed(f, CHANGE_CREATE, 15, 1, "older"), STORE_REPEATED);
    assert_int_equal(streamed(f, CHANGE_CREATE, 35, 2, "older"), STORE_REPEATED);
    assert_int_equal(streamed(f, CHANGE_CREATE, 65, 3, "older"), STORE_REPEATED);
    streamed_at(f, CHANGE_CREATE, 80, 1, 1700000000000);
    streamed_at(f, CHANGE_DELETE, 90, 1, 1700000000000);
    reopen_store(f);
    assert_int_equal(streamed(f, CHANGE_CREATE, 85, 1, "older"), STORE_REPEATED);
    assert_int_equal(streamed(f, CHANGE_DELETE, 20, 1, "older"), STORE_REPEATED);
    assert_int_equal(streamed(f, CHANGE_CREATE, 100, 1, "newer"), STORE_APPLIED);
    assert_string_equal(rows(f, "full_name"), "1=newer");
}

// It is kept as long as any other.
static void a_delete_without_a_time_leaves_its_guard(void **state) {
    struct fixture *f = *state;
    static const int64_t begin = 1700000000000;
    static const int64_t day = 24 * 3600 * 1000;
    streamed_at(f, CHANGE_CREATE, 10, 1, begin);
    streamed_at(f, CHANGE_DELETE, 20, 1, 0);
    streamed_at(f, CHANGE_CREATE, 30, 2, begin + 2 * day);
    assert_int_equal(deletes_kept(f), 1);
    assert_int_equal(streamed(f, CHANGE_CREATE, 10, 1, "older"), STORE_REPEATED);
}

// Then this machine's clock is all there is: what is left is forgotten by it, and grew for ever.
static void a_source_that_never_says_a_time_has_this_machines(void **state) {
    struct fixture *f = *state;
    streamed_at(f, CHANGE_CREATE, 10, 1, 0);
    streamed_at(f, CHANGE_DELETE, 20, 1, 0);
    store_close(&f->store);
    execute(f, "update _deleted_customers set _ts_ms = _ts_ms - 6 * 86400000");
    open_store(f);
    streamed_at(f, CHANGE_CREATE, 30, 2, 0);
    assert_int_equal(deletes_kept(f), 1);
    store_close(&f->store);
    execute(f, "update _deleted_customers set _ts_ms = _ts_ms - 2 * 86400000");
    open_store(f);
    streamed_at(f, CHANGE_CREATE, 40, 3, 0);
    assert_int_equal(deletes_kept(f), 0);
}

// A source that says times goes by them alone: its log may be read years later.
static void what_has_a_time_is_not_forgotten_by_this_machines_clock(void **state) {
    struct fixture *f = *state;
    static const int64_t begin = 1700000000000;
    streamed_at(f, CHANGE_CREATE, 10, 1, begin);
    streamed_at(f, CHANGE_DELETE, 20, 1, begin);
    reopen_store(f);
    streamed_at(f, CHANGE_CREATE, 30, 2, 0);
    assert_int_equal(deletes_kept(f), 1);
}

// As a file has it that was written while such a time was believed.
static void a_purge_in_the_future_is_not_waited_for(void **state) {
    struct fixture *f = *state;
    static const int64_t begin = 1700000000000;
    static const int64_t day = 24 * 3600 * 1000;
    streamed_at(f, CHANGE_CREATE, 10, 1, begin);
    streamed_at(f, CHANGE_DELETE, 20, 1, begin);
    store_close(&f->store);
    execute(f, "update _meta set value = '9223372036854775807' where name = 'purged_ts_ms'");
    open_store(f);
    streamed_at(f, CHANGE_CREATE, 100, 100, begin + 6 * day);
    assert_int_equal(deletes_kept(f), 1);
    streamed_at(f, CHANGE_CREATE, 101, 101, begin + 9 * day);
    assert_int_equal(deletes_kept(f), 0);
}

static void a_truncate_kills_what_came_before_it_whenever_it_arrives(void **state) {
    struct fixture *f = *state;
    (void)streamed(f, CHANGE_CREATE, 10, 1, "before");
    (void)streamed(f, CHANGE_CREATE, 40, 2, "after");
    assert_int_equal(streamed(f, CHANGE_TRUNCATE, 30, 0, NULL), STORE_APPLIED);
    ASSERT_NAMES(f, "2=after");
    (void)streamed(f, CHANGE_CREATE, 20, 3, "late");
    ASSERT_NAMES(f, "2=after");
    assert_int_equal(streamed(f, CHANGE_TRUNCATE, 30, 0, NULL), STORE_REPEATED);
    assert_int_equal(snapshot(f, 25, 4, "old snapshot", false), STORE_REPEATED);
    assert_int_equal(streamed(f, CHANGE_CREATE, 50, 3, "new"), STORE_APPLIED);
    ASSERT_NAMES(f, "2=after 3=new");
}

static void a_snapshot_yields_to_newer_changes_only(void **state) {
    struct fixture *f = *state;
    (void)streamed(f, CHANGE_CREATE, 10, 1, "old");
    (void)streamed(f, CHANGE_CREATE, 90, 2, "newer");
    (void)streamed(f, CHANGE_CREATE, 20, 3, "x");
    (void)streamed(f, CHANGE_DELETE, 95, 3, NULL);
    assert_int_equal(snapshot(f, 50, 1, "snap", false), STORE_APPLIED);
    assert_int_equal(snapshot(f, 50, 2, "snap", false), STORE_REPEATED);
    assert_int_equal(snapshot(f, 50, 3, "snap", false), STORE_REPEATED);
    ASSERT_NAMES(f, "1=snap 2=newer");
    // it never vetoes a streamed change, not even one with a lower LSN: a long transaction
    assert_int_equal(streamed(f, CHANGE_UPDATE, 45, 1, "long"), STORE_APPLIED);
    assert_int_equal(snapshot(f, 40, 4, "older snapshot", false), STORE_REPEATED);
    ASSERT_NAMES(f, "1=long 2=newer");
}

static void ghosts_go_when_the_snapshot_is_complete(void **state) {
    struct fixture *f = *state;
    (void)streamed(f, CHANGE_CREATE, 10, 1, "ghost");
    (void)streamed(f, CHANGE_CREATE, 11, 2, "kept");
    (void)streamed(f, CHANGE_CREATE, 90, 3, "after it");
    (void)snapshot(f, 50, 2, "kept", true);
    const struct store_snapshot its = store_snapshot(f->store, f->customers);
    assert_int_equal(its.lsn, 50);
    assert_true(its.open && its.marked);
    assert_int_equal(sweep(f, false), 1);
    ASSERT_NAMES(f, "2=kept 3=after it");
    assert_int_equal(streamed(f, CHANGE_CREATE, 10, 1, "ghost"), STORE_REPEATED);
    assert_false(store_snapshot(f->store, f->customers).open);
}

static enum store_outcome behind(struct fixture *f, enum change_op op, int64_t lsn, int64_t id,
                                 const char *name) {
    const struct change change = {.op = op,
                                  .snapshot = op == CHANGE_READ ? SNAPSHOT_INCREMENTAL : SNAPSHOT_NONE,
                                  .lsn = lsn,
                                  .txid = lsn,
                                  .behind_snapshot = true};
    return apply(f, change, id, name, "");
}

// Its transaction was open while the snapshot was read, or the connector tells of it again, or reads it in chunks.
static void what_comes_behind_a_snapshot_is_no_ghost(void **state) {
    struct fixture *f = *state;
    (void)streamed(f, CHANGE_CREATE, 10, 1, "ghost");
    (void)streamed(f, CHANGE_CREATE, 11, 7, "ghost");
    (void)snapshot(f, 50, 2, "two", false);
    (void)snapshot(f, 50, 3, "three", true);
    assert_int_equal(behind(f, CHANGE_CREATE, 45, 5, "five"), STORE_APPLIED);
    assert_int_equal(behind(f, CHANGE_READ, LSN_NONE, 6, "six"), STORE_APPLIED);
    assert_int_equal(behind(f, CHANGE_UPDATE, 46, 7, "seven"), STORE_APPLIED);
    assert_int_equal(behind(f, CHANGE_DELETE, 40, 2, NULL), STORE_APPLIED);
    assert_int_equal(behind(f, CHANGE_CREATE, 42, 2, "again"), STORE_APPLIED);
    assert_int_equal(behind(f, CHANGE_UPDATE, 44, 3, "told"), STORE_APPLIED);
    assert_int_equal(behind(f, CHANGE_CREATE, 45, 5, "five"), STORE_REPEATED);
    assert_int_equal(sweep(f, false), 1);
    ASSERT_NAMES(f, "2=again 3=told 5=five 6=six 7=seven");
    (void)snapshot(f, 90, 2, "again", true); // the next one has its own
    assert_int_equal(sweep(f, false), 4);
    ASSERT_NAMES(f, "2=again");
}

static void a_truncate_behind_a_snapshot_takes_its_rows(void **state) {
    struct fixture *f = *state;
    (void)snapshot(f, 50, 2, "two", true);
    assert_int_equal(behind(f, CHANGE_CREATE, 44, 4, "four"), STORE_APPLIED);
    assert_int_equal(behind(f, CHANGE_CREATE, 48, 5, "five"), STORE_APPLIED);
    assert_int_equal(behind(f, CHANGE_TRUNCATE, 47, 0, NULL), STORE_APPLIED);
    ASSERT_NAMES(f, "5=five");
    assert_int_equal(sweep(f, false), 0);
    ASSERT_NAMES(f, "5=five");
}

static void a_lower_snapshot_of_another_source_counts(void **state) {
    struct fixture *f = *state;
    struct change row = {.op = CHANGE_READ, .snapshot = SNAPSHOT_FULL, .lsn = 30, .txid = -1};
    (void)snapshot(f, 50, 2, "two", true);
    assert_int_equal(apply(f, row, 3, "three", ""), STORE_REPEATED);
    row.newest_of_source = true;
    assert_int_equal(apply(f, row, 3, "three", ""), STORE_APPLIED);
    ASSERT_NAMES(f, "2=two 3=three");
}

static void a_table_that_may_get_more_is_swept_again(void **state) {
    struct fixture *f = *state;
    (void)snapshot(f, 50, 2, "kept", true);
    assert_int_equal(sweep(f, true), 0);
    (void)streamed(f, CHANGE_CREATE, 10, 1, "late ghost");
    (void)snapshot(f, 50, 3, "late row", false);
    assert_true(store_snapshot(f->store, f->customers).open);
    assert_int_equal(sweep(f, false), 1);
    ASSERT_NAMES(f, "2=kept 3=late row");
}

static void an_incremental_snapshot_is_right_in_log_order(void **state) {
    struct fixture *f = *state;
    (void)streamed(f, CHANGE_CREATE, 10, 1, "a");
    const struct change incremental = {
        .op = CHANGE_READ, .snapshot = SNAPSHOT_INCREMENTAL, .lsn = LSN_NONE, .txid = -1};
    assert_int_equal(apply(f, incremental, 1, "read", ""), STORE_APPLIED);
    ASSERT_NAMES(f, "1=read");
    assert_int_equal(streamed(f, CHANGE_UPDATE, 10, 1, "a"), STORE_REPEATED);
    assert_int_equal(streamed(f, CHANGE_UPDATE, 20, 1, "b"), STORE_APPLIED);
    ASSERT_NAMES(f, "1=b");
}

// A producer that is not idempotent writes a batch twice: [chunk, change] and the same once more. By what is written at
// once and by what is accepted, over commits and a restart.
static void a_batch_that_was_written_twice(void **state) {
    struct fixture *f = *state;
    const struct change chunk = {
        .op = CHANGE_READ, .snapshot = SNAPSHOT_INCREMENTAL, .lsn = LSN_NONE, .txid = -1};
    (void)streamed(f, CHANGE_CREATE, 10, 1, "a");
    for (int time = 0; time < 3; time++) {
        enum store_outcome outcome = time == 0 ? STORE_APPLIED : STORE_REPEATED;
        assert_int_equal(apply(f, chunk, 1, "a", ""), STORE_APPLIED);
        if (time == 1)
            reopen_store(f);
        assert_int_equal(streamed(f, CHANGE_UPDATE, 20, 1, "b"), outcome);
        ASSERT_NAMES(f, "1=b");
        assert_int_equal(streamed(f, CHANGE_UPDATE, 20, 1, "b"), STORE_REPEATED);
        assert_int_equal(streamed(f, CHANGE_CREATE, 10, 1, "a"), STORE_REPEATED);
        ASSERT_NAMES(f, "1=b");
    }
    for (int time = 0; time < 3; time++) {
        assert_int_equal(apply(f, chunk, 1, "b", ""), STORE_APPLIED);
        if (time == 1)
            reopen_store(f);
        assert_int_equal(streamed(f, CHANGE_UPDATE, 20, 1, "b"), STORE_REPEATED);
        ASSERT_NAMES(f, "1=b");
        enum store_outcome outcome = time == 0 ? STORE_APPLIED : STORE_REPEATED;
        assert_int_equal(streamed(f, CHANGE_DELETE, 30, 1, NULL), outcome);
        ASSERT_NAMES(f, "");
    }
    assert_int_equal(snapshot(f, 40, 1, "inserted again", true), STORE_APPLIED);
    assert_int_equal(streamed(f, CHANGE_DELETE, 30, 1, NULL), STORE_REPEATED);
    ASSERT_NAMES(f, "1=inserted");
}

// What a repeat does not have it does not take back.
static void a_repeat_after_a_chunk_without_an_unchanged_value(void **state) {
    struct fixture *f = *state;
    const struct change chunk = {
        .op = CHANGE_READ, .snapshot = SNAPSHOT_INCREMENTAL, .lsn = LSN_NONE, .txid = -1};
    const struct change update = {.op = CHANGE_UPDATE, .lsn = 20, .txid = 20};
    assert_int_equal(apply(f, chunk, 1, "a", "long"), STORE_APPLIED);
    assert_int_equal(apply(f, update, 1, "b", NULL), STORE_APPLIED);
    assert_int_equal(apply(f, chunk, 1, "a", "long"), STORE_APPLIED);
    assert_int_equal(apply(f, update, 1, "b", NULL), STORE_REPEATED);
    ASSERT_NAMES(f, "1=b");
    assert_string_equal(rows(f, "bio"), "1=long");
}

// Read before the truncate, and delivered behind it by another partition.
static void a_chunk_that_was_read_before_a_truncate_brings_no_row_back(void **state) {
    struct fixture *f = *state;
    const struct change truncate = {.op = CHANGE_TRUNCATE, .lsn = 30, .txid = 30, .ts_ms = 2000};
    struct change chunk = {
        .op = CHANGE_READ, .snapshot = SNAPSHOT_INCREMENTAL, .lsn = LSN_NONE, .txid = -1, .ts_ms = 1999};
    (void)streamed(f, CHANGE_CREATE, 10, 1, "a");
    assert_int_equal(apply(f, truncate, 0, NULL, NULL), STORE_APPLIED);
    assert_int_equal(apply(f, chunk, 1, "old", ""), STORE_REPEATED);
    ASSERT_NAMES(f, "");
    chunk.ts_ms = 2001; // a repair
    assert_int_equal(apply(f, chunk, 1, "new", ""), STORE_APPLIED);
    ASSERT_NAMES(f, "1=new");
}

// The times outlive the process; a message that waited in quarantine may come as late.
static void a_chunk_is_judged_by_times_that_the_file_keeps(void **state) {
    struct fixture *f = *state;
    const struct change truncate = {.op = CHANGE_TRUNCATE, .lsn = 30, .txid = 30, .ts_ms = 2000};
    struct change chunk = {
        .op = CHANGE_READ, .snapshot = SNAPSHOT_INCREMENTAL, .lsn = LSN_NONE, .txid = -1, .ts_ms = 1999};
    struct change placeless = {.op = CHANGE_UPDATE, .lsn = LSN_NONE, .txid = -1, .ts_ms = 1999};
    struct change read = {.op = CHANGE_READ, .snapshot = SNAPSHOT_FULL, .lsn = 50, .txid = -1, .ts_ms = 4000};
    assert_int_equal(apply(f, truncate, 0, NULL, NULL), STORE_APPLIED);
    reopen_store(f);
    assert_int_equal(apply(f, chunk, 1, "old", ""), STORE_REPEATED);
    assert_int_equal(apply(f, placeless, 1, "old", ""), STORE_REPEATED);
    chunk.ts_ms = placeless.ts_ms = 3999;
    assert_int_equal(apply(f, chunk, 1, "ghost", ""), STORE_APPLIED);
    assert_int_equal(apply(f, placeless, 2, "ghost too", ""), STORE_APPLIED);
    read.ts_ms = 4001;
    (void)apply(f, read, 3, "kept", "");
    read.ts_ms = 4000; // an earlier one, by another partition
    (void)apply(f, read, 4, "kept too", "");
    reopen_store(f);
    assert_int_equal(sweep(f, false), 2);
    reopen_store(f);
    assert_int_equal(apply(f, chunk, 1, "ghost", ""), STORE_REPEATED);
    chunk.ts_ms = 4000;
    assert_int_equal(apply(f, chunk, 1, "new", ""), STORE_APPLIED);
    ASSERT_NAMES(f, "1=new 3=kept 4=kept too");
}

static const char long_bio[] =
    "a text that is long enough to be moved out of line by PostgreSQL: more than the hundred "
    "bytes below which no row is ever looked at for it";

static enum store_outcome in_transaction(struct fixture *f, enum change_op op, int64_t lsn, int64_t txid,
                                         int64_t id, const char *bio) {
    return apply(f, (struct change){.op = op, .lsn = lsn, .txid = txid}, id, op == CHANGE_DELETE ? NULL : "n",
                 bio);
}

static void unchanged_toast_stays(void **state) {
    struct fixture *f = *state;
    (void)in_transaction(f, CHANGE_CREATE, 10, 1, 1, long_bio);
    (void)in_transaction(f, CHANGE_UPDATE, 20, 2, 1, NULL);
    ASSERT_BIOS(f, "1=a text t");
}

static void toast_is_carried_across_a_key_change_in_both_orders(void **state) {
    struct fixture *f = *state;
    (void)in_transaction(f, CHANGE_CREATE, 10, 1, 1, long_bio);
    (void)in_transaction(f, CHANGE_CREATE, 11, 1, 2, long_bio);
    (void)in_transaction(f, CHANGE_DELETE, 20, 2, 1, "");
    (void)in_transaction(f, CHANGE_CREATE, 20, 2, 101, NULL);
    (void)in_transaction(f, CHANGE_CREATE, 30, 3, 102, NULL);
    ASSERT_BIOS(f, "2=a text t 101=a text t 102=null");
    (void)in_transaction(f, CHANGE_DELETE, 30, 3, 2, "");
    ASSERT_BIOS(f, "101=a text t 102=a text t");
}

static void toast_is_carried_along_a_chain(void **state) {
    struct fixture *f = *state;
    (void)in_transaction(f, CHANGE_CREATE, 10, 1, 1, long_bio);
    (void)in_transaction(f, CHANGE_DELETE, 20, 2, 1, "");
    (void)in_transaction(f, CHANGE_CREATE, 20, 2, 2, NULL);
    (void)in_transaction(f, CHANGE_DELETE, 21, 2, 2, "");
    (void)in_transaction(f, CHANGE_CREATE, 21, 2, 3, NULL);
    ASSERT_BIOS(f, "3=a text t");
}

static void a_real_value_is_not_overwritten_by_a_carried_one(void **state) {
    struct fixture *f = *state;
    (void)in_transaction(f, CHANGE_CREATE, 10, 1, 1, long_bio);
    (void)in_transaction(f, CHANGE_CREATE, 20, 2, 2, NULL);
    (void)in_transaction(f, CHANGE_UPDATE, 25, 2, 2, "written since");
    (void)in_transaction(f, CHANGE_DELETE, 20, 2, 1, "");
    ASSERT_BIOS(f, "2=written ");
}

// Another process has written the row 1, which the commit finds.
static void begin_a_commit_that_fails(struct fixture *f) {
    struct error error = {0};
    enum store_outcome outcome;
    sqlite3 *db = NULL;
    static struct value values[TABLE_COLUMNS_MAX];
    for (int i = 0; i < f->customers->column_count; i++)
        values[i] = (struct value){.kind = VALUE_NULL}; // whole, so that it can wait for the commit
    values[table_column(f->customers, "id", 2)] = (struct value){.kind = VALUE_INTEGER, .integer = 1};
    const struct change change = {.op = CHANGE_UPDATE,
                                  .table = f->customers,
                                  .values = values,
                                  .lsn = 20,
                                  .previous_commit = LSN_NONE,
                                  .txid = 20};
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "update customers set _lsn = 1000", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    store_begin(f->store);
    assert_int_equal(store_apply(f->store, &change, &outcome, &error), 0);
    assert_int_equal(outcome, STORE_APPLIED);
}

static int commit_unjudged(struct fixture *f, int64_t lsn) {
    struct error error = {0};
    const struct store_commit commit = {.lsn = LSN_NONE,
                                        .txid = -1,
                                        .sequence = {.lsn = LSN_NONE},
                                        .offsets = SPAN("{}"),
                                        .unjudged_lsn = lsn};
    return store_commit(f->store, &commit, &error);
}

// What a commit that was undone had taken out of the file the next one takes out.
static void a_rollback_forgets_what_was_saved(void **state) {
    static const char unjudged[] = "select count(*) from _meta where name = 'snapshot_unjudged'";
    struct fixture *f = *state;
    struct error error = {0};
    int count;
    assert_int_equal(streamed(f, CHANGE_CREATE, 10, 1, "a"), STORE_APPLIED);
    store_begin(f->store);
    assert_int_equal(commit_unjudged(f, 77), 0);
    assert_int_equal(number(f, unjudged), 1);
    begin_a_commit_that_fails(f);
    assert_int_equal(store_add_timeline(f->store, 1000, &error), 0);
    assert_int_equal(commit_unjudged(f, LSN_NONE), -1);
    assert_int_equal(store_rollback(f->store, &error), 0);
    assert_int_equal(number(f, unjudged), 1);
    (void)store_timelines(f->store, &count);
    assert_int_equal(count, 0);
    store_begin(f->store);
    assert_int_equal(commit_unjudged(f, LSN_NONE), 0);
    assert_int_equal(number(f, unjudged), 0);
}

// Another program has made a row newer than any change that this one has seen: a change that is not as new as the file's
// row is neither written nor passed over.
static void a_row_that_another_program_made_newer_is_told(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    assert_int_equal(streamed(f, CHANGE_CREATE, 10, 1, "a"), STORE_APPLIED);
    begin_a_commit_that_fails(f);
    assert_int_equal(commit(f, &error), -1);
    assert_int_equal(error.kind, ERROR_STORE);
    assert_string_equal(error.message,
                        "table customers: a change was accepted, and the row that it is for is newer");
    (void)store_rollback(f->store, &error);
    ASSERT_NAMES(f, "1=a");
}

static void a_rollback_forgets_what_was_learnt(void **state) {
    struct fixture *f = *state;
    struct value values[TABLE_COLUMNS_MAX] = {0};
    const struct change truncate = {
        .op = CHANGE_TRUNCATE, .table = f->customers, .values = values, .lsn = 30, .txid = 1};
    struct error error = {0};
    enum store_outcome outcome;
    (void)streamed(f, CHANGE_CREATE, 10, 1, "a");
    store_begin(f->store);
    assert_int_equal(store_apply(f->store, &truncate, &outcome, &error), 0);
    assert_int_equal(outcome, STORE_APPLIED);
    assert_int_equal(store_rollback(f->store, &error), 0);
    ASSERT_NAMES(f, "1=a");
    assert_int_equal(streamed(f, CHANGE_UPDATE, 20, 1, "b"), STORE_APPLIED);
    ASSERT_NAMES(f, "1=b");
}

static void a_row_without_its_key_is_refused_alone(void **state) {
    struct fixture *f = *state;
    struct value values[TABLE_COLUMNS_MAX] = {0};
    const struct change change = {
        .op = CHANGE_CREATE, .table = f->customers, .values = values, .lsn = 10, .txid = 1};
    struct error error = {0};
    enum store_outcome outcome;
    store_begin(f->store);
    assert_int_equal(store_apply(f->store, &change, &outcome, &error), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_non_null(strstr(error.message, "customers"));
    assert_non_null(strstr(error.message, "id"));
    assert_int_equal(store_rollback(f->store, &error), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_repeat_changes_nothing),
        TEST(lsns_are_ordered_by_key_only),
        TEST(a_delete_leaves_its_position),
        TEST(a_delete_outlives_a_restart),
        TEST(what_a_delete_leaves_is_forgotten_by_the_sources_clock),
        TEST(what_a_delete_leaves_is_forgotten_without_a_restart),
        TEST(a_time_that_is_far_ahead_is_not_believed),
        TEST(a_delete_guards_its_key_from_every_part),
        TEST(a_delete_without_a_time_leaves_its_guard),
        TEST(a_source_that_never_says_a_time_has_this_machines),
        TEST(what_has_a_time_is_not_forgotten_by_this_machines_clock),
        TEST(a_purge_in_the_future_is_not_waited_for),
        TEST(a_truncate_kills_what_came_before_it_whenever_it_arrives),
        TEST(a_snapshot_yields_to_newer_changes_only),
        TEST(ghosts_go_when_the_snapshot_is_complete),
        TEST(what_comes_behind_a_snapshot_is_no_ghost),
        TEST(a_truncate_behind_a_snapshot_takes_its_rows),
        TEST(a_lower_snapshot_of_another_source_counts),
        TEST(a_table_that_may_get_more_is_swept_again),
        TEST(an_incremental_snapshot_is_right_in_log_order),
        TEST(a_batch_that_was_written_twice),
        TEST(a_repeat_after_a_chunk_without_an_unchanged_value),
        TEST(a_chunk_that_was_read_before_a_truncate_brings_no_row_back),
        TEST(a_chunk_is_judged_by_times_that_the_file_keeps),
        TEST(unchanged_toast_stays),
        TEST(toast_is_carried_across_a_key_change_in_both_orders),
        TEST(toast_is_carried_along_a_chain),
        TEST(a_real_value_is_not_overwritten_by_a_carried_one),
        TEST(a_row_that_another_program_made_newer_is_told),
        TEST(a_rollback_forgets_what_was_saved),
        TEST(a_rollback_forgets_what_was_learnt),
        TEST(a_row_without_its_key_is_refused_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
