// The file knows its tables as they were, as long as the window is.
#include "tests/unit/reading_fixture.h"

#include "views/base/cleanup.h"
#include "views/base/hash.h"
#include "views/engine/store/feed.h"

#include <sqlite3.h>

enum { WINDOW_MS = 3600000, COMMITS = 150, IDS = 12, TEXT_SIZE = 1 << 14 };

struct state {
    struct fixture fixture;
    struct reader *reader; // of now
};

struct moment {
    int64_t version;
    uint64_t hash;
    char orders[TEXT_SIZE];
    char totals[TEXT_SIZE];
};

static int setup(void **state) {
    static struct state s;
    struct error error = {0};
    s = (struct state){0};
    fixture_open(&s.fixture, 5);
    fixture_check(reader_open(&s.reader, s.fixture.db, s.fixture.catalog, &error), &error);
    fixture_check(store_set_feed_window(s.fixture.store, WINDOW_MS, &error), &error);
    *state = &s;
    return 0;
}

static int teardown(void **state) {
    struct state *s = *state;
    reader_free(&s->reader);
    fixture_close(&s->fixture);
    return 0;
}

static void want(struct state *s) {
    store_want_feed(s->fixture.store, "orders");
    store_want_feed(s->fixture.store, "analytics_orders_by_status");
}

static void begin(struct reader *reader, struct position *position) {
    struct error error;
    fixture_check(reader_begin(reader, position, &error), &error);
}

// False when the question cannot be put.
static bool read_rows(struct reader *reader, struct rows *rows, char ret[TEXT_SIZE]) {
    struct error error;
    size_t used = 0;
    int row;
    (void)reader;
    ret[0] = '\0';
    while ((row = rows_next(rows, &error)) == 1) {
        for (int i = 0; i < rows_column_count(rows); i++) {
            struct cell cell;
            rows_cell(rows, i, &cell);
            used += (size_t)snprintf(
                ret + used, TEXT_SIZE - used, "%d:%lld:%.*s|", (int)cell.kind,
                cell.kind == CELL_TEXT || cell.kind == CELL_NULL ? 0 : (long long)cell.integer,
                cell.kind == CELL_TEXT ? (int)cell.bytes.size : 0,
                cell.kind == CELL_TEXT ? cell.bytes.data : "");
            assert_true(used < TEXT_SIZE);
        }
    }
    return row == 0;
}

static bool read_orders(struct state *s, struct reader *reader, char ret[TEXT_SIZE]) {
    struct error error;
    struct rows *rows;
    const struct table *orders = catalog_table(s->fixture.catalog, "orders", 6);
    return reader_table(reader, orders, &(struct table_question){.limit = 1000}, &rows, &error) == 0 &&
           read_rows(reader, rows, ret);
}

static bool read_totals(struct state *s, struct reader *reader, char ret[TEXT_SIZE]) {
    struct error error;
    struct rows *rows;
    const struct query *query = view_query(catalog_view(s->fixture.catalog, "analytics"), "orders_by_status");
    return reader_query(reader, query, NULL, 0, 1000, (struct span){0}, &rows, &error) == 0 &&
           read_rows(reader, rows, ret);
}

static void note(struct state *s, struct moment *ret) {
    struct position position;
    begin(s->reader, &position);
    ret->version = position.version;
    ret->hash = hash_position(span_of(position.store_id), position.offsets);
    assert_true(read_orders(s, s->reader, ret->orders));
    assert_true(read_totals(s, s->reader, ret->totals));
    reader_end(s->reader);
}

static bool is_known(struct state *s, const struct moment *moment) {
    struct error error;
    struct position position;
    bool known;
    CLEANUP(reader_free) struct reader *past = NULL;
    fixture_check(reader_open_past(&past, s->fixture.db, s->fixture.catalog, moment->version, &error),
                  &error);
    if (past == NULL)
        return false;
    begin(past, &position);
    fixture_check(reader_knows_past(past, moment->version, moment->hash, &known, &error), &error);
    if (known) {
        static char rows[TEXT_SIZE];
        assert_true(read_orders(s, past, rows));
        assert_string_equal(rows, moment->orders);
        assert_true(read_totals(s, past, rows));
        assert_string_equal(rows, moment->totals);
    }
    reader_end(past);
    return known;
}

static void change_order(struct state *s, enum change_op op, int64_t id, const char *status) {
    struct error error = {0};
    const struct table *orders = catalog_table(s->fixture.catalog, "orders", 6);
    if (op == CHANGE_CREATE) {
        fixture_put_order(&s->fixture, id, 100 * id, status);
        return;
    }
    struct value values[10];
    for (int i = 0; i < 10; i++)
        values[i] = (struct value){.kind = VALUE_ABSENT};
    values[0] = (struct value){.kind = VALUE_INTEGER, .integer = id};
    s->fixture.lsn += 16;
    s->fixture.offset++;
    const struct change change = {.op = op,
                                  .table = orders,
                                  .values = op == CHANGE_TRUNCATE ? NULL : values,
                                  .lsn = s->fixture.lsn,
                                  .previous_commit = LSN_NONE,
                                  .txid = 700 + id,
                                  .ts_ms = 1700000000000 + id};
    enum store_outcome outcome;
    fixture_check(store_apply(s->fixture.store, &change, &outcome, &error), &error);
}

static void commit_some(struct state *s, unsigned *seed) {
    static const char *const statuses[] = {"paid", "placed", "shipped", "lost"};
    store_begin(s->fixture.store);
    int changes = rand_r(seed) % 9;
    for (int i = 0; i < changes; i++) {
        int64_t id = 2 + rand_r(seed) % IDS; // what the first one fills is filled once
        int which = rand_r(seed) % 40;
        change_order(s,
                     which == 0   ? CHANGE_TRUNCATE
                     : which < 12 ? CHANGE_DELETE
                                  : CHANGE_CREATE,
                     id, statuses[rand_r(seed) % 4]);
    }
    s->fixture.offset++;
    fixture_commit(&s->fixture, -1, true);
}

static void test_every_moment_is_known(void **state) {
    struct state *s = *state;
    static struct moment moments[COMMITS];
    unsigned seed = 20240302;
    printf("seed %u\n", seed);
    want(s);
    note(s, &moments[0]);
    for (int i = 1; i < COMMITS; i++) {
        commit_some(s, &seed);
        note(s, &moments[i]);
    }
    for (int i = 0; i < COMMITS; i++)
        if (!is_known(s, &moments[i]))
            fail_msg("moment %d is not known", i);
    struct moment other = moments[COMMITS - 1];
    other.hash++;
    assert_false(is_known(s, &other));
}

// What was not committed was not.
static void test_rollback(void **state) {
    struct state *s = *state;
    static struct moment before;
    struct error error = {0};
    want(s);
    note(s, &before);
    store_begin(s->fixture.store);
    for (int id = 1; id <= IDS; id++)
        change_order(s, CHANGE_CREATE, id, "lost");
    change_order(s, CHANGE_TRUNCATE, 0, "");
    fixture_check(store_rollback(s->fixture.store, &error), &error);
    assert_false(is_known(s, &before)); // the feed went with it
    want(s);
    fixture_order(&s->fixture, 3, 100, "lost");
    static struct moment after;
    note(s, &after);
    store_begin(s->fixture.store);
    change_order(s, CHANGE_TRUNCATE, 0, "");
    fixture_check(store_rollback(s->fixture.store, &error), &error);
    fixture_order(&s->fixture, 4, 100, "lost");
    assert_true(is_known(s, &before));
    assert_true(is_known(s, &after));
}

// The first number of what it answers, 0 of what answers nothing.
static int64_t count(struct state *s, const char *sql) {
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open(s->fixture.db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(db, 60000), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    int64_t number = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    assert_true(sqlite3_errcode(db) == SQLITE_ROW || sqlite3_errcode(db) == SQLITE_DONE);
    (void)sqlite3_finalize(stmt);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return number;
}

// Opened again: the feed goes on, unless somebody wrote without it. Without a window nothing is kept.
static void test_opened_again(void **state) {
    struct state *s = *state;
    static struct moment first;
    static struct moment second;
    struct error error = {0};
    struct store_report report;
    want(s);
    fixture_order(&s->fixture, 6, 100, "paid");
    note(s, &first);
    store_close(&s->fixture.store);
    fixture_check(store_open(&s->fixture.store, s->fixture.db, s->fixture.catalog, &report, &error), &error);
    fixture_check(store_set_feed_window(s->fixture.store, WINDOW_MS, &error), &error);
    fixture_order(&s->fixture, 6, 100, "shipped");
    note(s, &second);
    assert_true(is_known(s, &first));
    // Views that are filled anew are others.
    struct catalog *less = NULL;
    char views[128];
    (void)snprintf(views, sizeof views, "%s/views", s->fixture.folder);
    fixture_check(catalog_load(views, "warehouse,lab", &less, &error), &error);
    store_close(&s->fixture.store);
    fixture_check(store_open(&s->fixture.store, s->fixture.db, less, &report, &error), &error);
    store_close(&s->fixture.store);
    catalog_free(&less);
    fixture_check(store_open(&s->fixture.store, s->fixture.db, s->fixture.catalog, &report, &error), &error);
    fixture_check(store_set_feed_window(s->fixture.store, WINDOW_MS, &error), &error);
    assert_false(is_known(s, &first));
    want(s);
    fixture_order(&s->fixture, 6, 100, "paid");
    note(s, &first);
    fixture_order(&s->fixture, 6, 100, "shipped");
    note(s, &second);
    assert_true(is_known(s, &first));
    fixture_check(store_set_feed_window(s->fixture.store, 0, &error), &error);
    fixture_order(&s->fixture, 6, 100, "lost");
    assert_false(is_known(s, &first));
    assert_false(is_known(s, &second));
    fixture_check(store_set_feed_window(s->fixture.store, WINDOW_MS, &error), &error);
    assert_int_equal(count(s, "select count(*) from _feed"), 0);
    assert_int_equal(
        count(s, "select count(*) from sqlite_schema where name like '\\_feed\\_%orders%' escape '\\'"), 0);
}

// What is older than the window goes, and the feed of what nobody has followed for so long.
static void test_window(void **state) {
    struct state *s = *state;
    static struct moment moment;
    struct error error = {0};
    want(s);
    fixture_order(&s->fixture, 6, 100, "paid");
    note(s, &moment);
    assert_true(is_known(s, &moment));
    // In so small a window nothing stays.
    fixture_check(store_set_feed_window(s->fixture.store, 1, &error), &error);
    while (count(s, "select count(*) from _feed") > 0)
        fixture_order(&s->fixture, 6, 100, "shipped");
    assert_false(is_known(s, &moment));
    fixture_order(&s->fixture, 6, 100, "paid");
    assert_int_equal(
        count(s, "select count(*) from sqlite_schema where name like '\\_feed\\_%orders%' escape '\\'"), 0);
}

// What is older than the window goes, and no more, while the table is followed all the time.
static void test_what_is_old_goes(void **state) {
    struct state *s = *state;
    static struct moment old;
    static struct moment newer;
    char sql[128];
    want(s);
    fixture_order(&s->fixture, 6, 100, "paid");
    note(s, &old);
    fixture_order(&s->fixture, 6, 100, "shipped");
    note(s, &newer);
    (void)snprintf(sql, sizeof sql, "update _feed_commits set at_ms = at_ms - %d where version <= %lld",
                   2 * WINDOW_MS, (long long)old.version);
    (void)count(s, sql);
    assert_true(is_known(s, &old)); // until a commit looks
    while (is_known(s, &old))
        fixture_order(&s->fixture, 6, 100, "lost");
    assert_true(is_known(s, &newer));
    (void)snprintf(sql, sizeof sql, "select count(*) from _feed_commits where version <= %lld",
                   (long long)old.version);
    assert_int_equal(count(s, sql), 0);
    (void)snprintf(sql, sizeof sql, "select count(*) from _feed_orders where _version <= %lld",
                   (long long)old.version);
    assert_int_equal(count(s, sql), 0);
    assert_true(count(s, "select count(*) from _feed_orders") > 0);
}

// A wish that cannot be fulfilled costs nothing else.
static void test_refused(void **state) {
    struct state *s = *state;
    static struct moment moment;
    store_want_feed(s->fixture.store, "nothing of that name");
    store_want_feed(s->fixture.store, "sqlite_schema");
    store_want_feed(s->fixture.store, "x\"y");
    want(s);
    note(s, &moment);
    fixture_order(&s->fixture, 6, 100, "paid");
    assert_true(is_known(s, &moment));
    assert_int_equal(count(s, "select count(*) from _feed"), 2);
}

static void quarantine_order(struct state *s, int64_t id) {
    struct error error = {0};
    struct value values[10] = {{.kind = VALUE_INTEGER, .integer = id}};
    const struct store_quarantined event = {
        .topic = TOPIC,
        .offset = s->fixture.offset++,
        .key = SPAN("{}"),
        .value = SPAN("not json"),
        .reason = "reason",
        .at_ms = 1700000000123,
        .lsn = LSN_NONE,
        .table = catalog_table(s->fixture.catalog, "orders", 6),
        .row_values = values,
    };
    store_begin(s->fixture.store);
    fixture_check(store_quarantine(s->fixture.store, &event, &error), &error);
    fixture_commit(&s->fixture, -1, true);
}

// The ids of the orders in quarantine at that moment, as far as the file knows; -1 = it does not.
static int64_t quarantined_then(struct state *s, const struct moment *moment) {
    struct error error;
    struct position position;
    struct rows *rows;
    bool known;
    int64_t ids = 0;
    CLEANUP(reader_free) struct reader *past = NULL;
    fixture_check(reader_open_past(&past, s->fixture.db, s->fixture.catalog, moment->version, &error),
                  &error);
    assert_non_null(past);
    begin(past, &position);
    fixture_check(reader_knows_past(past, moment->version, moment->hash, &known, &error), &error);
    assert_true(known);
    const struct table *orders = catalog_table(s->fixture.catalog, "orders", 6);
    const struct table_question question = {.limit = 1000, .quarantined = QUARANTINED_ONLY};
    int row = reader_table(past, orders, &question, &rows, &error) == 0 ? 1 : -1;
    while (row == 1 && (row = rows_next(rows, &error)) == 1) {
        struct cell cell;
        rows_cell(rows, 0, &cell);
        ids = 10 * ids + cell.integer;
    }
    reader_end(past);
    return row == 0 ? ids : -1;
}

// What was in quarantine is known with a feed of its own, which may begin later than the table's or be refused. What is there now
// is not what was there then.
static void test_rows_in_quarantine(void **state) {
    struct state *s = *state;
    static struct moment without;
    static struct moment with;
    want(s);
    quarantine_order(s, 2);
    note(s, &without);
    quarantine_order(s, 5);
    store_want_feed(s->fixture.store, "_quarantine");
    quarantine_order(s, 3);
    note(s, &with);
    quarantine_order(s, 4);
    assert_int_equal(quarantined_then(s, &with), 235);
    assert_int_equal(quarantined_then(s, &without), -1);
}

// Tables that were followed once take no other's place.
static void test_many_tables_one_after_the_other(void **state) {
    struct state *s = *state;
    static struct moment moment;
    char name[32];
    for (int i = 0; i < FEED_TABLES_MAX; i++) {
        (void)snprintf(name, sizeof name, "nothing %d", i);
        store_want_feed(s->fixture.store, name);
    }
    fixture_order(&s->fixture, 6, 100, "paid");
    want(s);
    note(s, &moment);
    fixture_order(&s->fixture, 6, 100, "shipped");
    assert_true(is_known(s, &moment));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_moment_is_known, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rollback, setup, teardown),
        cmocka_unit_test_setup_teardown(test_opened_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_window, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_old_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows_in_quarantine, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_tables_one_after_the_other, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
