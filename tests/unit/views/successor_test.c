// Other views of the same file, built while it is read and held as it is: not seen before they are taken, undone when they
// are not.
#include "tests/unit/views/delta_fixture.h"

static const char source[] = "create table orders(id int primary key, status text);\n";
static const char schema[] = "create table own(status text primary key, orders integer not null);\n";
static const char apply[] = "insert into own select status, sum(_weight) from _delta_orders group by status"
                            " on conflict(status) do update set orders = orders + excluded.orders";
static const char twice[] =
    "insert into own select status, 2 * sum(_weight) from _delta_orders group by status"
    " on conflict(status) do update set orders = orders + excluded.orders";
static const char endless[] =
    "insert into own select status, (with recursive n(i) as (select 1 union all select i + 1 from n"
    " where i < 4000000000) select count(*) from n) from _delta_orders where true"
    " on conflict(status) do nothing";
static const char all[] = "select status, orders from own where orders > 0 order by status";

struct next {
    struct catalog *catalog;
    struct store *store;
    struct store_report report;
};

static int given_way;

void __wrap_give_way(void);
void __wrap_give_way(void) {
    given_way++;
}

static int setup(void **state) {
    static struct fixture f;
    fixture_make(&f);
    fixture_file(&f, "source.sql", source);
    fixture_file(&f, "own/schema.sql", schema);
    fixture_file(&f, "own/apply.orders.sql", apply);
    fixture_open(&f);
    (void)create(&f, 10, "orders", "1|paid");
    (void)create(&f, 11, "orders", "2|sent");
    commit(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    fixture_remove(*state);
    return 0;
}

// The files as they are by now.
static struct next begin(struct fixture *f) {
    struct next next = {0};
    char views[FIXTURE_PATH_SIZE];
    (void)snprintf(views, sizeof views, "%s/views", f->folder);
    if (catalog_load(views, NULL, &next.catalog, &f->error) != 0 ||
        catalog_check(next.catalog, &f->error) != 0 ||
        store_successor(&next.store, f->store, next.catalog, &f->error) != 0)
        fail_msg("%s", f->error.message);
    return next;
}

static void done(struct next *next) {
    store_close(&next->store);
    catalog_free(&next->catalog);
}

static void is_seen_when_it_has_succeeded(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    struct store_report report;
    struct store *other = NULL;
    fixture_file(f, "own/apply.orders.sql", twice);
    struct next next = begin(f);
    assert_int_equal(store_build(next.store, &next.report, &error), 0);
    assert_int_equal(next.report.views_built, 1);
    assert_string_equal(rows(f, all), "paid|1, sent|1");
    assert_int_equal(store_succeed(next.store, &f->store, &error), 0);
    assert_null(f->store);
    assert_string_equal(rows(f, all), "paid|2, sent|2");
    f->store = next.store;
    assert_int_equal(store_open(&other, f->db, next.catalog, &report, &error), -1);
    assert_int_equal(error.kind, ERROR_BUSY); // the lock has gone over
    catalog_free(&f->catalog);
    f->catalog = next.catalog;
    (void)update(f, 12, "orders", "1|sent");
    commit(f);
    assert_string_equal(rows(f, all), "sent|4");
}

static void its_log_is_watched_too(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    char log[FIXTURE_PATH_SIZE + 8];
    struct next next = begin(f);
    assert_int_equal(store_build(next.store, &next.report, &error), 0);
    assert_int_equal(store_succeed(next.store, &f->store, &error), 0);
    f->store = next.store;
    catalog_free(&f->catalog);
    f->catalog = next.catalog;
    (void)update(f, 12, "orders", "1|sent");
    commit(f);
    assert_int_equal(store_check_file(f->store, &error), 0);
    (void)snprintf(log, sizeof log, "%s-wal", f->db);
    assert_int_equal(truncate(log, 0), 0);
    assert_int_equal(store_check_file(f->store, &error), -1);
    assert_non_null(strstr(error.message, "was truncated while it was open"));
}

static void what_is_interrupted_leaves_the_file_as_it_was(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    fixture_file(f, "own/apply.orders.sql", endless);
    struct next next = begin(f);
    store_interrupt(next.store);
    given_way = 0;
    assert_int_equal(store_build(next.store, &next.report, &error), -1);
    assert_true(given_way > 0); // within a statement too
    done(&next);
    (void)update(f, 12, "orders", "1|sent");
    commit(f);
    assert_string_equal(rows(f, all), "sent|2");
}

static void what_is_not_taken_is_undone(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    fixture_file(f, "source.sql", "create table orders(id int primary key, status text, note text);\n");
    fixture_file(f, "own/apply.orders.sql", twice);
    struct next next = begin(f);
    assert_int_equal(store_build(next.store, &next.report, &error), 0);
    done(&next);
    assert_string_equal(rows(f, all), "paid|1, sent|1");
    (void)update(f, 12, "orders", "1|sent");
    commit(f);
    assert_string_equal(rows(f, all), "sent|2");
    assert_string_equal(rows(f, "select count(*) from pragma_table_info('orders') where name = 'note'"), "0");
}

static void what_the_rows_break_is_told(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    fixture_file(f, "own/schema.sql",
                 "create table own(status text primary key, orders integer not null check(orders > 1));\n");
    struct next next = begin(f);
    assert_int_equal(store_build(next.store, &next.report, &error), -1);
    assert_int_equal(error.kind, ERROR_VIEW);
    assert_non_null(strstr(error.message, "CHECK constraint failed: orders > 1"));
    done(&next);
    (void)update(f, 12, "orders", "1|sent");
    commit(f);
    assert_string_equal(rows(f, all), "sent|2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_seen_when_it_has_succeeded, setup, teardown),
        cmocka_unit_test_setup_teardown(its_log_is_watched_too, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_interrupted_leaves_the_file_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_taken_is_undone, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_rows_break_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
