// Tables of a view that the mirror cannot rebuild: what is told once stays told, over commits, restarts, what
// is undone and other forms of the view.
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

static const char source[] = "create table orders(id int primary key, status text);\n";

#define TOLD "-- tidemark: keep told\ncreate table told(seq integer primary key, id integer, status text"
static const char schema[] = TOLD ");\n";
static const char schema_before[] = TOLD ", unique(id, status));\n";
#define TELLS                                                                                                \
    "insert into told(id, status) select new_id, new_status from _changes_orders where _snapshot = 0"        \
    " and new_id is not null"
static const char apply[] = TELLS
    " and case when new_status is not old_status then once('told', 'id', 'status', new_id, new_status) end";
static const char apply_before[] = TELLS " on conflict do nothing";
static const char all[] = "select id, status from told order by seq";

static int setup(void **state) {
    static struct fixture f;
    fixture_make(&f);
    fixture_file(&f, "source.sql", source);
    fixture_file(&f, "told/schema.sql", schema);
    fixture_file(&f, "told/apply.orders.sql", apply);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    fixture_remove(*state);
    return 0;
}

static void reopen(struct fixture *f) {
    fixture_close(f);
    fixture_open(f);
}

// --- once

static void told_once_within_a_commit(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    (void)create(f, 10, "orders", "1|paid");
    (void)update(f, 11, "orders", "1|sent");
    (void)create(f, 12, "orders", "2|paid");
    (void)update(f, 13, "orders", "1|paid");
    (void)erase(f, 14, "orders", "2");
    (void)create(f, 15, "orders", "2|paid");
    commit(f);
    assert_string_equal(rows(f, all), "1|paid, 1|sent, 2|paid");
}

static void told_once_over_commits_and_restarts(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    (void)create(f, 10, "orders", "1|paid");
    commit(f);
    (void)update(f, 11, "orders", "1|sent");
    commit(f);
    (void)update(f, 12, "orders", "1|paid");
    (void)create(f, 13, "orders", "2|paid");
    commit(f);
    reopen(f);
    (void)update(f, 14, "orders", "1|sent");
    (void)update(f, 15, "orders", "2|sent");
    commit(f);
    (void)erase(f, 16, "orders", "1");
    commit(f);
    reopen(f);
    (void)create(f, 17, "orders", "1|paid");
    (void)update(f, 18, "orders", "1|lost");
    commit(f);
    assert_string_equal(rows(f, all), "1|paid, 1|sent, 2|paid, 2|sent, 1|lost");
}

static void what_is_undone_was_not_told(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    (void)create(f, 10, "orders", "1|paid");
    commit(f);
    (void)update(f, 11, "orders", "1|sent");
    rollback(f);
    (void)update(f, 11, "orders", "1|sent");
    commit(f);
    assert_string_equal(rows(f, all), "1|paid, 1|sent");
}

// The statement fails after it has asked.
static void a_commit_that_fails_has_told_nothing(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "told/apply.zealous.sql",
                 "insert into zealous select new_id from _changes_orders where new_status = 'bad'");
    fixture_file(f, "told/schema.sql", TOLD ");\ncreate table zealous(id check(id <> 3));\n");
    fixture_open(f);
    (void)create(f, 10, "orders", "1|paid");
    commit(f);
    (void)create(f, 11, "orders", "2|paid");
    (void)create(f, 12, "orders", "3|bad");
    assert_int_equal(fixture_try_commit(f), -1);
    assert_non_null(strstr(f->error.message, "CHECK constraint failed"));
    rollback(f);
    (void)create(f, 11, "orders", "2|paid");
    (void)create(f, 12, "orders", "3|fine");
    commit(f);
    assert_string_equal(rows(f, all), "1|paid, 2|paid, 3|fine");
}

// A trigger refuses a row of a truncate when the statement has asked for others of it.
static void a_truncate_that_is_refused(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "told/schema.sql",
                 TOLD ");\ncreate trigger t after delete on orders when OLD.id = 2"
                      " begin select raise(abort, 'no'); end;\n");
    fixture_file(f, "told/apply.orders.sql",
                 "insert into told(id, status) select old_id, 'gone' from _changes_orders where _op = 'd'"
                 " and once('told', 'id', 'status', old_id, 'gone')");
    fixture_open(f);
    (void)create(f, 10, "orders", "1|paid");
    (void)create(f, 11, "orders", "2|paid");
    enum store_outcome outcome;
    const struct change truncate = {.op = CHANGE_TRUNCATE, .lsn = 20, .txid = 1, .ts_ms = 1020};
    assert_int_equal(fixture_try(f, truncate, "orders", "0", &outcome), -1);
    (void)erase(f, 21, "orders", "1");
    commit(f);
    assert_string_equal(rows(f, all), "1|gone");
}

static void a_view_that_is_filled_may_ask(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    (void)create(f, 10, "orders", "1|paid");
    (void)create(f, 11, "orders", "2|paid");
    commit(f);
    fixture_close(f);
    fixture_file(f, "also/schema.sql", "create table also(id);\n");
    fixture_file(
        f, "also/apply.orders.sql",
        "insert into also(id) select new_id from _changes_orders where once('also', 'id', 'id', new_id, 1)");
    fixture_open(f);
    (void)update(f, 12, "orders", "1|sent");
    (void)create(f, 13, "orders", "3|sent");
    commit(f);
    assert_string_equal(rows(f, "select id from also order by id"), "1, 2, 3");
    // it is no history: made anew it is filled anew
    fixture_close(f);
    fixture_file(f, "also/schema.sql", "create table also(id, more);\n");
    fixture_open(f);
    assert_string_equal(rows(f, "select id from also order by id"), "1, 2, 3");
}

// --- other forms of a view

static void from_a_unique_index_to_once(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "told/schema.sql", schema_before);
    fixture_file(f, "told/apply.orders.sql", apply_before);
    fixture_open(f);
    (void)create(f, 10, "orders", "1|paid");
    (void)update(f, 11, "orders", "1|sent");
    commit(f);
    fixture_close(f);
    fixture_file(f, "told/schema.sql", schema);
    fixture_file(f, "told/apply.orders.sql", apply);
    fixture_open(f);
    assert_string_equal(rows(f, all), "1|paid, 1|sent");
    (void)update(f, 12, "orders", "1|paid");
    (void)update(f, 13, "orders", "1|lost");
    commit(f);
    assert_string_equal(rows(f, all), "1|paid, 1|sent, 1|lost");
    assert_string_equal(rows(f, "select count(*) from pragma_index_list('told')"), "0");
    // and back
    fixture_close(f);
    fixture_file(f, "told/schema.sql", schema_before);
    fixture_file(f, "told/apply.orders.sql", apply_before);
    fixture_open(f);
    (void)update(f, 14, "orders", "1|sent");
    commit(f);
    assert_string_equal(rows(f, all), "1|paid, 1|sent, 1|lost");
}

// The rows that a rebuilt view carries over are all that it knows.
static void a_view_that_is_built_anew(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    (void)create(f, 10, "orders", "1|paid");
    commit(f);
    fixture_close(f);
    fixture_file(f, "told/schema.sql", TOLD ");\ncreate index told_id on told(id);\n");
    fixture_open(f);
    (void)update(f, 11, "orders", "1|sent");
    (void)update(f, 12, "orders", "1|paid");
    commit(f);
    assert_string_equal(rows(f, all), "1|paid, 1|sent");
}

static void one_more_table_that_is_kept(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    (void)create(f, 10, "orders", "1|paid");
    commit(f);
    fixture_close(f);
    fixture_file(f, "told/schema.sql", TOLD ");\n-- tidemark: keep ops\ncreate table ops(op);\n");
    fixture_file(f, "told/apply.ops.sql", "insert into ops select _op from _changes_orders");
    fixture_open(f);
    (void)update(f, 11, "orders", "1|sent");
    commit(f);
    reopen(f);
    assert_string_equal(rows(f, all), "1|paid, 1|sent");
    assert_string_equal(rows(f, "select op from ops"), "r, u");
}

static void refuses(struct fixture *f, const char *text) {
    struct store_report report;
    fixture_file(f, "told/schema.sql", text);
    assert_int_equal(fixture_load(f), 0);
    assert_int_equal(store_open(&f->store, f->db, f->catalog, &report, &f->error), -1);
    assert_int_equal(f->error.kind, ERROR_INPUT);
    if (strstr(f->error.message, "told/schema.sql: table told of view told is history") == NULL)
        fail_msg("%s", f->error.message);
}

static void history_that_would_be_lost(void **state) {
    struct fixture *f = *state;
    fixture_open(f);
    (void)create(f, 10, "orders", "1|paid");
    commit(f);
    fixture_close(f);
    refuses(f, "create table told(seq integer primary key, id integer, status text);\n");
    refuses(f,
            "-- tidemark: keep told\ncreate table told(seq integer primary key, status text, id integer);\n");
    refuses(f, "-- tidemark: keep told\ncreate table told(seq integer primary key, id text, status text);\n");
    refuses(f, TOLD ", more);\n");
    fixture_file(f, "told/schema.sql", schema);
    fixture_open(f);
    assert_string_equal(rows(f, all), "1|paid");
}

// --- where it may be called

static void expect(struct fixture *f, const char *part) {
    const char *complaint = fixture_complaint(f);
    if (strstr(complaint, part) == NULL)
        fail_msg("%s: %s", part, complaint);
}

static void only_apply_statements_ask(void **state) {
    struct fixture *f = *state;
    fixture_file(f, "told/query.all.sql",
                 "select id from told where once('told', 'id', 'status', id, status)");
    expect(f, "told/query.all.sql:1: only an apply.NAME.sql calls once()");
    fixture_file(f, "told/query.all.sql", "select id from told");
    fixture_file(
        f, "told/schema.sql",
        TOLD
        ");\ncreate trigger on_insert after insert on orders begin insert into told(id) select NEW.id where"
        " once('told', 'id', 'status', NEW.id, 'x'); end;\n");
    expect(f, "told/schema.sql:3: only an apply.NAME.sql calls once()");
    fixture_file(f, "told/schema.sql",
                 TOLD ");\ncreate view v as select once('told', 'id', 'status', 1, 'x');\n");
    expect(f, "told/schema.sql:3: in the view v: unsafe use of once()");
    fixture_file(f, "told/schema.sql", schema);
    assert_string_equal(fixture_complaint(f), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(told_once_within_a_commit),   TEST(told_once_over_commits_and_restarts),
        TEST(what_is_undone_was_not_told), TEST(a_commit_that_fails_has_told_nothing),
        TEST(a_truncate_that_is_refused),  TEST(a_view_that_is_filled_may_ask),
        TEST(from_a_unique_index_to_once), TEST(a_view_that_is_built_anew),
        TEST(one_more_table_that_is_kept), TEST(history_that_would_be_lost),
        TEST(only_apply_statements_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
