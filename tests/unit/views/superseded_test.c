// What a later change of its row does to a message that waits in quarantine (views/engine/store/quarantined_rows.h).
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

static struct fixture shop;

static int setup(void **state) {
    struct fixture *f = &shop;
    fixture_make(f);
    fixture_file(f, "source.sql",
                 "create table orders(id int primary key, note text);\n"
                 "create table pairs(a int, b text, c text, primary key(b, a));\n");
    fixture_open(f);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    fixture_remove(*state);
    return 0;
}

// A message that could not be applied, of the row with this key ("" = not known).
static void put_aside(struct fixture *f, int64_t lsn, const char *table, const char *key) {
    struct value values[TABLE_COLUMNS_MAX] = {0};
    CLEANUP(free_charp) char *copy = strdup(key);
    assert_non_null(copy);
    char *at = copy;
    struct store_quarantined event = {
        .topic = "t", .reason = "x", .key = SPAN("k"), .value = SPAN("v"), .lsn = lsn};
    event.table = catalog_table(f->catalog, table, strlen(table));
    assert_non_null(event.table);
    for (int i = 0; at != NULL && i < event.table->column_count; i++)
        values[i] = fixture_value(&event.table->columns[i], strsep(&at, "|"));
    event.row_values = key[0] != '\0' ? values : NULL;
    fixture_begin(f);
    if (store_quarantine(f->store, &event, &f->error) != 0)
        fail_msg("%s", f->error.message);
}

// "lsn:state" of each; and what the position says.
static const char *states(struct fixture *f) {
    commit(f);
    return rows(f,
                "select group_concat(x, ' ') || ' ' || (select quarantined from _position)"
                " from (select ifnull(lsn, '-') || ':' || substr(state, 1, 1) || iif(overtaken, '!', '') as x"
                " from _quarantine order by id)");
}

static void a_later_change_of_the_row(void **state) {
    struct fixture *f = *state;
    put_aside(f, 10, "orders", "1");
    put_aside(f, 30, "orders", "1");
    put_aside(f, 10, "orders", "2");
    assert_string_equal(states(f), "10:w 30:w 10:w 3");
    assert_true(create(f, 5, "orders", "1|old"));
    assert_true(update(f, 20, "orders", "3|other"));
    assert_string_equal(states(f), "10:w 30:w 10:w 3");
    assert_true(update(f, 20, "orders", "1|new"));
    assert_string_equal(states(f), "10:s 30:w 10:w 2");
    assert_true(erase(f, 40, "orders", "1"));
    assert_true(erase(f, 40, "orders", "2"));
    assert_string_equal(states(f), "10:s 30:s 10:s 0");
}

static void a_repeated_change_tells_too(void **state) {
    struct fixture *f = *state;
    assert_true(create(f, 20, "orders", "1|new"));
    put_aside(f, 10, "orders", "1"); // sent again
    assert_false(create(f, 20, "orders", "1|new"));
    assert_string_equal(states(f), "10:s 0");
    put_aside(f, 10, "orders", "1");
    assert_false(create(f, 10, "orders", "1|older"));
    assert_string_equal(states(f), "10:s 10:w 1");
    put_aside(f, 10, "orders", "1"); // the same once more: it waits once
    assert_string_equal(states(f), "10:s 10:s 10:w 1");
}

static void a_value_that_the_later_change_lacks(void **state) {
    struct fixture *f = *state;
    assert_true(create(f, 5, "orders", "1|old"));
    put_aside(f, 10, "orders", "1");
    assert_true(update(f, 20, "orders", "1|?"));
    assert_string_equal(states(f), "10:w! 1");
    assert_true(update(f, 30, "orders", "1|new"));
    assert_string_equal(states(f), "10:s! 0");
}

static void keys_of_several_columns(void **state) {
    struct fixture *f = *state;
    put_aside(f, 10, "pairs", "1|x\"y|");
    put_aside(f, 10, "pairs", "2|x\"y|");
    put_aside(f, 10, "pairs", "");
    assert_true(create(f, 20, "pairs", "1|x\"y|z"));
    assert_string_equal(states(f), "10:s 10:w 10:w 2");
    assert_string_equal(rows(f, "select row_key from _quarantine"), "[\"x\\\"y\",1], [\"x\\\"y\",2], -");
}

// What its end says of messages is written by the thread that writes, with the commit: another one may be under way.
static void the_end_of_a_first_snapshot_waits_for_the_commit(void **state) {
    struct fixture *f = *state;
    put_aside(f, 10, "orders", "1");
    assert_string_equal(states(f), "10:w 1");
    assert_true(snapshot(f, 20, "orders", "5|read"));
    assert_int_equal(sweep(f, "orders"), 0);
    assert_string_equal(rows(f, "select state from _quarantine"), "waiting");
    assert_string_equal(states(f), "10:s 0");
}

static void without_positions_the_order_of_the_log(void **state) {
    struct fixture *f = *state;
    put_aside(f, LSN_NONE, "orders", "1");
    assert_true(create(f, 20, "orders", "1|new"));
    assert_string_equal(states(f), "-:s 0");
    put_aside(f, LSN_NONE, "orders", "1");
    assert_false(create(f, 20, "orders", "1|new")); // the log may be sent again from before it
    assert_string_equal(states(f), "-:s -:w 1");
    put_aside(f, 10, "orders", "1");
    assert_true(erase(f, LSN_NONE, "orders", "1"));
    assert_string_equal(states(f), "-:s -:s 10:s 0");
}

static void whole_tables(void **state) {
    struct fixture *f = *state;
    put_aside(f, 10, "orders", "1");
    put_aside(f, 30, "orders", "");
    put_aside(f, 10, "pairs", "1|x|");
    assert_true(truncate_table(f, 20, "orders"));
    assert_string_equal(states(f), "10:s 30:w 10:w 2");
    assert_true(snapshot(f, 40, "orders", "5|x"));
    put_aside(f, 40, "orders", "6");
    assert_string_equal(states(f), "10:s 30:w 10:w 40:w 3");
    assert_int_equal(sweep(f, "orders"), 0);
    assert_string_equal(states(f), "10:s 30:s 10:w 40:w 2");
}

static void over_a_rollback_and_a_new_start(void **state) {
    struct fixture *f = *state;
    put_aside(f, 10, "orders", "1");
    assert_string_equal(states(f), "10:w 1");
    put_aside(f, 10, "orders", "2");
    assert_true(update(f, 20, "orders", "1|new"));
    rollback(f);
    assert_string_equal(states(f), "10:w 1");
    fixture_close(f);
    fixture_open(f);
    assert_true(update(f, 20, "orders", "2|new"));
    assert_string_equal(states(f), "10:w 1");
    assert_true(update(f, 20, "orders", "1|new"));
    assert_string_equal(states(f), "10:s 0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_later_change_of_the_row),
        TEST(a_repeated_change_tells_too),
        TEST(a_value_that_the_later_change_lacks),
        TEST(keys_of_several_columns),
        TEST(the_end_of_a_first_snapshot_waits_for_the_commit),
        TEST(without_positions_the_order_of_the_log),
        TEST(whole_tables),
        TEST(over_a_rollback_and_a_new_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
