// A store with views of a test's own, in a folder of its own: files, changes written as rows of text, and
// what a reader sees. For the tests of how views are kept.
#ifndef TIDEMARK_DELTA_FIXTURE_H
#define TIDEMARK_DELTA_FIXTURE_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/base/arena.h"
#include "views/base/cleanup.h"
#include "views/engine/check.h"
#include "views/engine/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FIXTURE_FILES_MAX = 32,
    FIXTURE_PATH_SIZE = 256,
    FIXTURE_ROW_SIZE = 8192,
    FIXTURE_BUSY_MS = 5000,
};

struct fixture {
    char folder[64];
    char db[FIXTURE_PATH_SIZE];
    char files[FIXTURE_FILES_MAX][FIXTURE_PATH_SIZE]; // below the folder, to be removed
    int file_count;
    struct catalog *catalog;
    struct store *store;
    sqlite3 *reader;
    struct error error; // of the change that was refused
    int64_t txid;       // of the changes to come
    int tried;          // changes so far
    char answer[FIXTURE_ROW_SIZE];
};

static inline void fixture_file(struct fixture *f, const char *path, const char *text) {
    char full[FIXTURE_PATH_SIZE];
    (void)snprintf(full, sizeof full, "%s/views/%s", f->folder, path);
    char *slash = strrchr(full, '/');
    *slash = '\0';
    (void)mkdir(full, 0700);
    *slash = '/';
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    for (int i = 0; i < f->file_count; i++)
        if (strcmp(f->files[i], full) == 0)
            return;
    assert_true(f->file_count < FIXTURE_FILES_MAX);
    (void)snprintf(f->files[f->file_count++], FIXTURE_PATH_SIZE, "%s", full);
}

static inline void fixture_make(struct fixture *f) {
    *f = (struct fixture){.folder = "/tmp/tidemark-delta-XXXXXX", .txid = 1};
    assert_non_null(mkdtemp(f->folder));
    char views[FIXTURE_PATH_SIZE];
    (void)snprintf(views, sizeof views, "%s/views", f->folder);
    assert_int_equal(mkdir(views, 0700), 0);
    (void)snprintf(f->db, sizeof f->db, "%s/delta.db", f->folder);
}

static inline int fixture_load(struct fixture *f) {
    char views[FIXTURE_PATH_SIZE];
    (void)snprintf(views, sizeof views, "%s/views", f->folder);
    catalog_free(&f->catalog);
    const char *own = f->file_count > 0 ? views : NULL; // none: the built-in ones
    if (catalog_load(own, NULL, &f->catalog, &f->error) != 0)
        return -1;
    return catalog_check(f->catalog, &f->error);
}

// What `check` says of the files, "" when nothing.
static inline const char *fixture_complaint(struct fixture *f) {
    f->error.message[0] = '\0';
    return fixture_load(f) != 0 ? f->error.message : "";
}

static inline void fixture_open(struct fixture *f) {
    struct store_report report;
    if (fixture_load(f) != 0 || store_open(&f->store, f->db, f->catalog, &report, &f->error) != 0)
        fail_msg("%s", f->error.message);
    assert_int_equal(sqlite3_open_v2(f->db, &f->reader, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    (void)sqlite3_busy_timeout(f->reader, FIXTURE_BUSY_MS); // the log may be begun anew just now
}

static inline void fixture_close(struct fixture *f) {
    (void)sqlite3_close(f->reader);
    f->reader = NULL;
    store_close(&f->store);
}

static inline void fixture_remove(struct fixture *f) {
    fixture_close(f);
    catalog_free(&f->catalog);
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char path[FIXTURE_PATH_SIZE + 8];
    for (int i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s%s", f->db, suffixes[i]);
        (void)unlink(path);
    }
    for (int i = 0; i < f->file_count; i++) {
        (void)unlink(f->files[i]);
        *strrchr(f->files[i], '/') = '\0';
        (void)rmdir(f->files[i]);
    }
    (void)snprintf(path, sizeof path, "%s/views", f->folder);
    (void)rmdir(path);
    (void)rmdir(f->folder);
}

static inline struct value fixture_value(const struct column *column, char *text) {
    if (strcmp(text, "null") == 0)
        return (struct value){.kind = VALUE_NULL};
    if (strcmp(text, "?") == 0)
        return (struct value){.kind = VALUE_UNAVAILABLE};
    switch (column->type) {
    case COLUMN_INTEGER:
    case COLUMN_BOOLEAN:
    case COLUMN_DECIMAL:
        return (struct value){.kind = VALUE_INTEGER, .integer = strtoll(text, NULL, 10)};
    case COLUMN_REAL:
        return (struct value){.kind = VALUE_REAL, .real = strtod(text, NULL)};
    default:
        return (struct value){.kind = VALUE_TEXT, .bytes = span_of(text)};
    }
}

static inline void fixture_begin(struct fixture *f) {
    if (!store_in_transaction(f->store))
        store_begin(f->store);
}

// 0 or -1 with f->error. `row`: its values in the table's order between `|`, as integers and decimals are
// stored; `null`, `?` = an unavailable TOAST value; columns at the end that are left out the event does not
// have.
static inline int fixture_try(struct fixture *f, struct change change, const char *table, const char *row,
                              enum store_outcome *ret) {
    struct value values[TABLE_COLUMNS_MAX] = {0};
    CLEANUP(free_charp) char *copy = strdup(row);
    assert_non_null(copy);
    change.table = catalog_table(f->catalog, table, strlen(table));
    assert_non_null(change.table);
    char *at = copy;
    for (int i = 0; at != NULL && i < change.table->column_count; i++)
        values[i] = fixture_value(&change.table->columns[i], strsep(&at, "|"));
    assert_null(at);
    change.values = values;
    change.previous_commit = LSN_NONE;
    CLEANUP(arena_free) struct arena arena = {0};
    if (f->tried++ % 2 != 0) // as a message that was decoded ahead
        store_pack(&change, &arena);
    fixture_begin(f);
    return store_apply(f->store, &change, ret, &f->error);
}

static inline bool fixture_change(struct fixture *f, enum change_op op, int64_t lsn, const char *table,
                                  const char *row) {
    enum store_outcome outcome = STORE_REPEATED;
    const struct change change = {.op = op, .lsn = lsn, .txid = f->txid, .ts_ms = 1000 + lsn};
    if (fixture_try(f, change, table, row, &outcome) != 0)
        fail_msg("%s", f->error.message);
    return outcome == STORE_APPLIED;
}

// Whether each was applied; false: the rules said that there is nothing to do.
static inline bool create(struct fixture *f, int64_t lsn, const char *table, const char *row) {
    return fixture_change(f, CHANGE_CREATE, lsn, table, row);
}
static inline bool update(struct fixture *f, int64_t lsn, const char *table, const char *row) {
    return fixture_change(f, CHANGE_UPDATE, lsn, table, row);
}
static inline bool erase(struct fixture *f, int64_t lsn, const char *table, const char *key) {
    return fixture_change(f, CHANGE_DELETE, lsn, table, key);
}
static inline bool truncate_table(struct fixture *f, int64_t lsn, const char *table) {
    return fixture_change(f, CHANGE_TRUNCATE, lsn, table, "0");
}

static inline bool snapshot(struct fixture *f, int64_t lsn, const char *table, const char *row) {
    enum store_outcome outcome = STORE_REPEATED;
    const struct change change = {
        .op = CHANGE_READ, .snapshot = SNAPSHOT_FULL, .lsn = lsn, .txid = -1, .ts_ms = 1000 + lsn};
    if (fixture_try(f, change, table, row, &outcome) != 0)
        fail_msg("%s", f->error.message);
    return outcome == STORE_APPLIED;
}

static inline int64_t sweep(struct fixture *f, const char *table) {
    int64_t swept = -1;
    fixture_begin(f);
    if (store_snapshot_sweep(f->store, catalog_table(f->catalog, table, strlen(table)), true, false, &swept,
                             &f->error) != 0)
        fail_msg("%s", f->error.message);
    return swept;
}

static inline int fixture_try_commit(struct fixture *f) {
    struct store_commit commit = {
        .lsn = LSN_NONE, .txid = -1, .sequence = {.lsn = LSN_NONE}, .offsets = SPAN("{}")};
    return store_commit(f->store, &commit, &f->error);
}

static inline void commit(struct fixture *f) {
    fixture_begin(f);
    if (fixture_try_commit(f) != 0)
        fail_msg("%s", f->error.message);
}

static inline void rollback(struct fixture *f) {
    if (store_rollback(f->store, &f->error) != 0)
        fail_msg("%s", f->error.message);
}

static inline void fixture_transaction_end(struct fixture *f, int64_t lsn) {
    fixture_begin(f);
    if (store_transaction_end(f->store, f->txid++, lsn, &f->error) != 0)
        fail_msg("%s", f->error.message);
}

// What the last commit shows: "a|b, a|b"; NULL is "-".
static inline const char *rows(struct fixture *f, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(f->reader, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(f->reader));
    size_t at = 0;
    f->answer[0] = '\0';
    while (sqlite3_step(stmt) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(stmt) && at < sizeof f->answer; i++) {
            // a REAL by 15 digits, whatever the library's own text has
            char *real = sqlite3_column_type(stmt, i) == SQLITE_FLOAT
                             ? sqlite3_mprintf("%!.15g", sqlite3_column_double(stmt, i))
                             : NULL;
            const char *text = real != NULL ? real : (const char *)sqlite3_column_text(stmt, i);
            at += (size_t)snprintf(f->answer + at, sizeof f->answer - at, "%s%s",
                                   i > 0    ? "|"
                                   : at > 0 ? ", "
                                            : "",
                                   text != NULL ? text : "-");
            sqlite3_free(real);
        }
    (void)sqlite3_finalize(stmt);
    return f->answer;
}

// Sums of orders(.., customer_id, amount, ..) by customer, kept by a statement over _delta_orders and by one over _sums_orders.
static inline void fixture_sums(struct fixture *f) {
    fixture_file(f, "sums/schema.sql",
                 "create table sums_t(customer_id integer primary key, orders, amount);\n"
                 "create table sums_c(customer_id integer primary key, orders, amount);\n");
    fixture_file(
        f, "sums/apply.delta.sql",
        "insert into sums_t select customer_id, sum(_weight), sum(_weight * amount) from _delta_orders"
        " group by customer_id having count(*) > 0 on conflict(customer_id) do update set"
        " orders = orders + excluded.orders, amount = amount + excluded.amount");
    fixture_file(
        f, "sums/apply.sums.sql",
        "insert into sums_c select customer_id, _weight, amount from _sums_orders('customer_id') where true"
        " on conflict(customer_id) do update set orders = orders + excluded.orders,"
        " amount = amount + excluded.amount");
}

// Those kept by both statements are those that the mirror has.
static inline void assert_sums(struct fixture *f) {
    char computed[FIXTURE_ROW_SIZE];
    (void)snprintf(computed, sizeof computed, "%s",
                   rows(f, "select customer_id, count(*), sum(amount) from orders group by 1 order by 1"));
    assert_string_equal(rows(f, "select * from sums_t where orders <> 0 order by 1"), computed);
    assert_string_equal(rows(f, "select * from sums_c where orders <> 0 order by 1"), computed);
}

// Those of a table that a test's statements write down what they see in; then they are gone.
static inline const char *seen(struct fixture *f, const char *table) {
    char sql[128];
    (void)snprintf(sql, sizeof sql, "select * from %s order by rowid", table);
    const char *answer = rows(f, sql);
    (void)snprintf(sql, sizeof sql, "delete from %s", table);
    assert_int_equal(sqlite3_exec(f->reader, sql, NULL, NULL, NULL), SQLITE_OK);
    return answer;
}

#endif
