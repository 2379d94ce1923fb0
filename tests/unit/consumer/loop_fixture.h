// The loop over a log in memory whose topics are at their ends, in virtual time. For tests of what is waited for, passed and told.
#ifndef TIDEMARK_LOOP_FIXTURE_H
#define TIDEMARK_LOOP_FIXTURE_H

#include "consumer/apply/apply.h"
#include "views/engine/read.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MESSAGES_MAX = 64,
    PARTITIONS_MAX = 8,
    WAIT_MS = 5000,
    HOUR_MS = 3600 * 1000,
    FIRST_MS = 1700000000,
    LOST_AFTER_BEATS = 30, // a second apart: six waits
};

static const char source_sql[] = "create table a(id int primary key, v int);\n"
                                 "create table b(id int primary key, v int);\n"
                                 "create table c(id int primary key, v int);\n"
                                 "-- tidemark: topic c = /routed[.].*/\n"
                                 "create table d(id int primary key, v int);\n"
                                 "create table e(id int primary key, v int);\n"
                                 "-- tidemark: topic d = s.shared\n"
                                 "-- tidemark: topic e = s.shared\n";

static int64_t now_ms;

static inline int64_t clock_now(void) {
    return now_ms;
}

struct log {
    char topic[64];
    int32_t partition;
    struct message messages[MESSAGES_MAX];
    int64_t first; // offset
    int count;
    int next;
    bool slow; // the broker has more of it than it has delivered
};

struct fixture {
    char folder[64];
    char path[80];
    struct catalog *catalog;
    struct store *store;
    struct progress *progress;
    struct apply *apply;
    struct log logs[PARTITIONS_MAX]; // by slot
    int log_count;
    int delivered_max; // of one slot at once
    enum apply_timeline on_timeline;
    char warnings[4096];
};

static inline const struct message *peek(void *self, int slot) {
    struct log *log = &((struct fixture *)self)->logs[slot];
    return log->next < log->count ? &log->messages[log->next] : NULL;
}

static inline void release(void *self, int slot) {
    ((struct fixture *)self)->logs[slot].next++;
}

static inline int delivered(void *self, int slot) {
    const struct fixture *f = self;
    const struct log *log = &f->logs[slot];
    int count = log->count - log->next;
    return count < f->delivered_max ? count : f->delivered_max;
}

static inline void peek_at(void *self, int slot, int index, struct message *ret) {
    const struct log *log = &((struct fixture *)self)->logs[slot];
    *ret = log->messages[log->next + index];
}

static inline bool at_end(void *self, int slot) {
    return peek(self, slot) == NULL && !((struct fixture *)self)->logs[slot].slow;
}

static inline void write_source(const struct fixture *f) {
    char path[96];
    (void)snprintf(path, sizeof path, "%s/source.sql", f->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(source_sql, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline void new_apply(struct fixture *f) {
    struct error error = {0};
    const struct apply_config config = {
        .catalog = f->catalog,
        .store = f->store,
        .progress = f->progress,
        .source = {f, peek, release, delivered, peek_at, at_end},
        .prefix = "s",
        .settings = &value_settings_default,
        .commit_messages = APPLY_COMMIT_MESSAGES,
        .transaction_wait_ms = WAIT_MS,
        .on_timeline = f->on_timeline,
        .monotonic_ms = clock_now,
        .wall_ms = clock_now,
    };
    assert_int_equal(apply_new(&f->apply, &config, &error), 0);
}

static inline void open_apply(struct fixture *f) {
    struct error error = {0};
    struct store_report report;
    assert_int_equal(progress_new(&f->progress, &error), 0);
    assert_int_equal(store_open(&f->store, f->path, f->catalog, &report, &error), 0);
    new_apply(f);
}

static inline int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    now_ms = FIRST_MS;
    f->delivered_max = MESSAGES_MAX;
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/loop-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->path, sizeof f->path, "%s/s.db", f->folder);
    write_source(f);
    struct error error = {0};
    assert_int_equal(catalog_load(f->folder, NULL, &f->catalog, &error), 0);
    open_apply(f);
    *state = f;
    return 0;
}

static inline int tear_down(void **state) {
    struct fixture *f = *state;
    apply_free(&f->apply);
    store_close(&f->store);
    progress_free(&f->progress);
    catalog_free(&f->catalog);
    for (int i = 0; i < f->log_count; i++)
        for (int m = 0; m < f->logs[i].count; m++) {
            free((char *)f->logs[i].messages[m].key.data);
            free((char *)f->logs[i].messages[m].value.data);
        }
    static const char *const names[] = {"s.db", "s.db-wal", "s.db-shm", "source.sql"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "%s/%s", f->folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(f->folder);
    free(f);
    return 0;
}

// A partition whose log had offsets from `low` up to `high` when it was found. Its slot.
static inline int add_between(struct fixture *f, const char *topic, int32_t partition, int64_t low,
                              int64_t high) {
    struct error error = {0};
    int slot;
    int64_t next;
    assert_int_equal(apply_add_partition(f->apply, topic, partition, &slot, &next, &error), 0);
    assert_in_range(slot, 0, PARTITIONS_MAX - 1);
    f->logs[slot].first = low;
    f->log_count = slot + 1 > f->log_count ? slot + 1 : f->log_count;
    assert_int_equal(apply_start_at(f->apply, slot, low, high, &error), 0);
    return slot;
}

// A partition whose log begins at `first`. Its slot.
static inline int add(struct fixture *f, const char *topic, int32_t partition, int64_t first) {
    return add_between(f, topic, partition, first, first);
}

__attribute__((format(printf, 4, 5))) static inline void send(struct fixture *f, int slot, const char *key,
                                                              const char *format, ...) {
    struct log *log = &f->logs[slot];
    char value[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(value, sizeof value, format, args);
    va_end(args);
    assert_in_range(log->count, 0, MESSAGES_MAX - 1);
    char *key_copy = strdup(key), *value_copy = strdup(value);
    assert_non_null(key_copy);
    assert_non_null(value_copy);
    log->messages[log->count] = (struct message){.slot = slot,
                                                 .offset = log->first + log->count,
                                                 .ts_ms = now_ms,
                                                 .key = span_of(key_copy),
                                                 .value = span_of(value_copy)};
    log->count++;
    progress_set_high(f->progress, slot, log->first + log->count, now_ms);
}

static inline void send_begin(struct fixture *f, int slot, int txid, int lsn) {
    send(f, slot, "{}", "{\"status\":\"BEGIN\",\"id\":\"%d:%d\",\"ts_ms\":%d}", txid, lsn, FIRST_MS);
}

// `a`, `b`: the rows that it counts of each.
static inline void send_end(struct fixture *f, int slot, int txid, int lsn, int a, int b) {
    send(f, slot, "{}",
         "{\"status\":\"END\",\"id\":\"%d:%d\",\"event_count\":%d,\"data_collections\":["
         "{\"data_collection\":\"public.a\",\"event_count\":%d},"
         "{\"data_collection\":\"public.b\",\"event_count\":%d}],\"ts_ms\":%d}",
         txid, lsn, a + b, a, b, FIRST_MS);
}

static inline void send_row(struct fixture *f, int slot, const char *table, int id, int txid, int lsn,
                            int order) {
    char key[32];
    (void)snprintf(key, sizeof key, "{\"id\":%d}", id);
    send(f, slot, key,
         "{\"before\":null,\"after\":{\"id\":%d,\"v\":%d},\"source\":{\"snapshot\":\"false\",\"ts_ms\":%d,"
         "\"table\":\"%s\",\"lsn\":%d,\"sequence\":\"[null,\\\"%d\\\"]\",\"txId\":%d},"
         "\"transaction\":{\"id\":\"%d:%d\",\"total_order\":%d,\"data_collection_order\":1},\"op\":\"c\"}",
         id, txid, FIRST_MS, table, lsn, lsn, txid, txid, lsn, order);
}

static inline void send_snapshot(struct fixture *f, int slot, const char *table, int id, int lsn,
                                 const char *mark) {
    char key[32];
    (void)snprintf(key, sizeof key, "{\"id\":%d}", id);
    send(f, slot, key,
         "{\"before\":null,\"after\":{\"id\":%d,\"v\":0},\"source\":{\"snapshot\":\"%s\",\"ts_ms\":%d,"
         "\"table\":\"%s\",\"lsn\":%d,\"sequence\":\"[null,\\\"%d\\\"]\",\"txId\":1},"
         "\"transaction\":null,\"op\":\"r\"}",
         id, mark, FIRST_MS, table, lsn, lsn);
}

// The loop comes to rest, as tidemark run does it, and time passes by `ms`.
static inline void rest(struct fixture *f, int64_t ms) {
    struct error error = {0};
    for (int i = 0; i < 3; i++) { // what a commit made way for, or what was passed, is taken too
        int64_t taken = 1;
        while (taken > 0)
            assert_int_equal(apply_step(f->apply, &taken, &error), 0);
        if (apply_pass_lost(f->apply, &error) != 0 || apply_sweep(f->apply, at_end, f, false, &error) != 0 ||
            apply_commit(f->apply, &error) != 0)
            fail_msg("%s", error.message);
    }
    for (const char *text = apply_warning(f->apply); text != NULL; text = apply_warning(f->apply)) {
        size_t size = strlen(f->warnings);
        (void)snprintf(f->warnings + size, sizeof f->warnings - size, "%s\n", text);
    }
    now_ms += ms;
}

static inline void rest_long(struct fixture *f) {
    for (int i = 0; i < 20; i++)
        rest(f, WAIT_MS);
}

static inline int64_t query(const struct fixture *f, const char *sql) {
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return value;
}

static inline int64_t rows(const struct fixture *f) {
    return query(f, "select (select count(*) from a) + (select count(*) from b)");
}

// As after a kill.
static inline void reopen(struct fixture *f) {
    apply_free(&f->apply);
    store_close(&f->store);
    progress_free(&f->progress);
    open_apply(f);
}

// Long enough for a sweep.
static inline void settle(struct fixture *f) {
    rest(f, WAIT_MS);
    rest(f, WAIT_MS);
}

static inline void name_incomplete(void *self, const char *table, const char *reason) {
    (void)reason;
    char *names = self;
    (void)strcat(strcat(names, table), " ");
}

// `expected`: the tables' names, a space behind each.
static inline void expect_incomplete(const struct fixture *f, const char *expected) {
    char names[64] = "";
    struct error error = {0};
    assert_int_equal(read_incomplete(f->path, name_incomplete, names, &error), 0);
    assert_string_equal(names, expected);
}

#endif
