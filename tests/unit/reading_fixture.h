// A store file with a few rows in a folder of its own, for the tests of readers and of HTTP.
#ifndef TIDEMARK_READING_FIXTURE_H
#define TIDEMARK_READING_FIXTURE_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/engine/check.h"
#include "views/engine/progress.h"
#include "views/engine/read.h"
#include "views/engine/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIXTURE_RULES = 9, FIXTURE_RULED_ROWS = 13 };

#define TOPIC "shop.public.orders"

struct fixture {
    char folder[64];
    char db[96];
    struct catalog *catalog;
    struct store *store;
    struct progress *progress;
    int64_t lsn;
    int64_t offset;
};

static inline void fixture_check(int status, const struct error *error) {
    if (status < 0)
        fail_msg("%s", error->message);
}

static inline void fixture_write_file(const struct fixture *fixture, const char *path, const char *text) {
    char full[192];
    (void)snprintf(full, sizeof full, "%s/%s", fixture->folder, path);
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

// One query a type that :after can have, over values that fit none, some or any of them.
static inline void fixture_write_ruled_queries(const struct fixture *fixture) {
    static const char *const types[] = {"text",      "integer", "number",      "decimal(12,2)", "date",
                                        "timestamp", "uuid",    "timestamptz", "boolean"};
    for (int i = 0; i < FIXTURE_RULES; i++) {
        char path[64];
        char sql[512];
        (void)snprintf(path, sizeof path, "views/lab/query.ruled_%d.sql", i);
        (void)snprintf(sql, sizeof sql,
                       "-- tidemark: after is %s\nwith t(name) as (values (-9e999), (1), (1.5), (9e999), "
                       "('-infinity'), ('1'), ('1.50'), ('2024-02-29'), ('2024-02-29T10:00:00Z'), "
                       "('ABCDEF00-0000-0000-0000-000000000000'), ('infinity'), ('x'), (x'0a'))"
                       " select name from t where :after is null or name > :after order by name",
                       types[i]);
        fixture_write_file(fixture, path, sql);
    }
    fixture_write_file(fixture, "views/lab/query.amounts.sql",
                       "-- tidemark: after is decimal(12,2)\n"
                       "select total from orders where :after is null or total > :after order by total");
    fixture_write_file(fixture, "views/lab/query.numbers.sql",
                       "-- tidemark: a is number\nselect typeof(:a) as a, :a as va");
    fixture_write_file(fixture, "views/lab/query.of_status.sql",
                       "select id from orders where :status is null or status = :status");
}

// A view of its own beside the built-in ones: queries that those do not have.
static inline void fixture_write_view(const struct fixture *fixture) {
    char folder[128];
    (void)snprintf(folder, sizeof folder, "%s/views", fixture->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    (void)snprintf(folder, sizeof folder, "%s/views/lab", fixture->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    fixture_write_file(
        fixture, "views/lab/schema.sql",
        "create table lab_kinds(id integer primary key, flag boolean, price decimal(12, 3), ratio real,"
        " bytes blob, words text);\n"
        "create trigger lab_fill after insert on orders when NEW.id = 1 begin\n"
        " insert into lab_kinds values"
        " (1, 1, -5, 0.1, x'00ff10', 'a\"b' || char(10)),"
        " (9007199254740993, 0, 1234567, 9e999, x'', ''),"
        " (3, null, null, -9e999, null, null);\n"
        "end;\n");
    fixture_write_file(
        fixture, "views/lab/query.so_far.sql",
        "select id from orders where created_at is null or created_at < datetime('now') order by id");
    fixture_write_file(fixture, "views/lab/query.kinds.sql", "select * from lab_kinds order by id");
    fixture_write_file(fixture, "views/lab/query.pages.sql",
                       "select id, status from orders where id > coalesce(:after, 0) order by id");
    fixture_write_file(
        fixture, "views/lab/query.texts.sql",
        "with t(name) as (values ('a'), ('b' || char(13, 10) || 'x: y'), ('c' || char(0) || 'd'),"
        " ('h\u00e9'), ('i '), ('j'), (' k'), ('42'), ('1.5'), ('Y3Q=')) select name from t"
        " where :after is null or name > :after order by name");
    fixture_write_file(fixture, "views/lab/query.mixed.sql",
                       "with t(name) as (values (-9e999), (1), (1.5), (9e999), ('x'), (x'00ff'), (x'0a'))"
                       " select name from t where :after is null or name > :after order by name");
    fixture_write_file(fixture, "views/lab/query.nameless.sql",
                       "with t(name) as (values (null), (1), (2)) select name from t"
                       " where :after is null or name > :after order by name");
    fixture_write_file(fixture, "views/lab/query.tied.sql",
                       "with t(name) as (values ('a'), ('b'), ('b'), ('b'), ('c')) select name from t"
                       " where :after is null or name > :after order by name");
    fixture_write_file(fixture, "views/lab/query.stuck.sql",
                       "select decimal(total, 2) as total from orders where :after is null or total > :after"
                       " order by orders.total");
    fixture_write_ruled_queries(fixture);
    fixture_write_file(fixture, "views/lab/query.large.sql",
                       "with recursive n(i) as (select 1 union all select i + 1 from n where i < 80)"
                       " select zeroblob(1000000) as b from n");
    fixture_write_file(fixture, "views/lab/query.wide.sql", "select printf('%.*c', 20000, 'x') as t");
    fixture_write_file(fixture, "views/lab/query.twins.sql", "select status, id from orders order by id");
    fixture_write_file(fixture, "views/lab/query.equals.sql", "select status from orders order by id");
    fixture_write_file(fixture, "views/lab/query.limited.sql",
                       "select id from orders order by id limit :limit");
    fixture_write_file(fixture, "views/lab/query.typed.sql",
                       "select typeof(:a) as a, typeof(:b) as b, :a as va, :b as vb");
    fixture_write_file(
        fixture, "views/lab/query.slow.sql",
        "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) as i from n");
    fixture_write_file(fixture, "views/lab/query.fat.sql",
                       "select length(case :by when 'printf' then printf('%.*c', 90000000, 'x')"
                       " when 'zeroblob' then hex(zeroblob(40000000))"
                       " when 'concat' then substr(zeroblob(40000000), 1) || zeroblob(40000000)"
                       " when 'replace' then replace(hex(zeroblob(20000000)), '0', 'xx')"
                       " when 'group_concat' then (select group_concat(hex(zeroblob(5000000)))"
                       " from (values (1), (2), (3), (4), (5), (6), (7))) end) as n");
    fixture_write_file(fixture, "views/lab/query.like.sql",
                       "select 'a' like printf('%.*c', :size, '%') || 'a' as n");
    fixture_write_file(fixture, "views/lab/query.wrong.sql", "select abs(-9223372036854775807 - 1) as x");
}

static inline void fixture_commit(struct fixture *fixture, int64_t txid, bool transactional) {
    struct error error = {0};
    char offsets[128];
    int size = snprintf(offsets, sizeof offsets, "{\"" TOPIC "\":[%lld]}", (long long)fixture->offset);
    if (txid >= 0)
        fixture_check(store_transaction_end(fixture->store, txid, fixture->lsn, &error), &error);
    char topic[] = TOPIC;
    const struct store_offset offset = {.topic = topic, .next_offset = fixture->offset};
    fixture_check(store_set_offset(fixture->store, &offset, &error), &error);
    const struct store_commit commit = {
        .lsn = transactional ? fixture->lsn : LSN_NONE,
        .txid = txid,
        .transactional = transactional,
        .sequence = {.lsn = fixture->lsn, .ts_ms = 1700000000000},
        .applied_total = fixture->offset,
        .offsets = {offsets, (size_t)size},
    };
    fixture_check(store_commit(fixture->store, &commit, &error), &error);
}

static inline void fixture_put_order(struct fixture *fixture, int64_t id, int64_t cents, const char *status) {
    struct error error = {0};
    const struct table *orders = catalog_table(fixture->catalog, "orders", 6);
    const struct value values[] = {
        {.kind = VALUE_INTEGER, .integer = id},
        {.kind = VALUE_INTEGER, .integer = id % 7},
        {.kind = VALUE_TEXT, .bytes = SPAN("anvil")},
        {.kind = VALUE_INTEGER, .integer = 2},
        {.kind = VALUE_INTEGER, .integer = cents},
        {.kind = VALUE_TEXT, .bytes = span_of(status)},
        {.kind = VALUE_TEXT, .bytes = SPAN("2024-02-29")},
        {.kind = VALUE_NULL},
        {.kind = VALUE_TEXT, .bytes = SPAN("{\"gift\":true}")},
        {.kind = VALUE_TEXT, .bytes = SPAN("2024-02-29T10:00:00.000000Z")},
    };
    assert_int_equal(orders->column_count, sizeof values / sizeof *values);
    fixture->lsn += 16;
    fixture->offset++;
    const struct change change = {
        .op = CHANGE_CREATE,
        .table = orders,
        .values = values,
        .lsn = fixture->lsn,
        .previous_commit = LSN_NONE,
        .txid = 700 + id,
        .ts_ms = 1700000000000 + id,
    };
    enum store_outcome outcome;
    fixture_check(store_apply(fixture->store, &change, &outcome, &error), &error);
    assert_int_equal(outcome, STORE_APPLIED);
}

// One order in a transaction of its own.
static inline void fixture_order(struct fixture *fixture, int64_t id, int64_t cents, const char *status) {
    store_begin(fixture->store);
    fixture_put_order(fixture, id, cents, status);
    fixture_commit(fixture, 700 + id, true);
}

static inline void fixture_quarantine(struct fixture *fixture, const char *key, const char *reason) {
    struct error error = {0};
    store_begin(fixture->store);
    const struct store_quarantined event = {
        .topic = TOPIC,
        .offset = fixture->offset++,
        .key = span_of(key),
        .value = SPAN("not json"),
        .reason = reason,
        .at_ms = 1700000000123,
        .lsn = LSN_NONE,
    };
    fixture_check(store_quarantine(fixture->store, &event, &error), &error);
    fixture_commit(fixture, -1, true);
}

// Orders 1 to `orders`, id * 1.05 each, "paid" for even ids and "placed" for odd ones.
static inline void fixture_open(struct fixture *fixture, int orders) {
    struct error error = {0};
    *fixture = (struct fixture){.folder = "/tmp/tidemark-reading-XXXXXX", .lsn = 0x19C0000};
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->db, sizeof fixture->db, "%s/store.db", fixture->folder);
    fixture_write_view(fixture);
    char views[128];
    (void)snprintf(views, sizeof views, "%s/views", fixture->folder);
    fixture_check(catalog_load(views, NULL, &fixture->catalog, &error), &error);
    fixture_check(catalog_check(fixture->catalog, &error), &error);
    struct store_report report;
    fixture_check(store_open(&fixture->store, fixture->db, fixture->catalog, &report, &error), &error);
    fixture_check(progress_new(&fixture->progress, &error), &error);
    store_begin(fixture->store);
    for (int id = 1; id <= orders; id++)
        fixture_put_order(fixture, id, id * 105, id % 2 == 0 ? "paid" : "placed");
    fixture_commit(fixture, 700, true);
}

static inline void fixture_close(struct fixture *fixture) {
    store_close(&fixture->store);
    catalog_free(&fixture->catalog);
    progress_free(&fixture->progress);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", fixture->folder);
    assert_int_equal(system(command), 0);
}

#endif
