// The bounds of _quarantine (views/engine/store/quarantine.h): what goes first, and that it is told.
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

#include "views/engine/store/quarantine.h"

struct bounded {
    struct fixture f;
    struct quarantine *quarantine;
};

static struct bounded bounded;

static int setup(void **state) {
    struct fixture *f = &bounded.f;
    fixture_make(f);
    fixture_file(f, "source.sql", "create table orders(id int primary key, note text);\n");
    fixture_open(f);
    store_close(&f->store);
    *state = &bounded;
    return 0;
}

static int teardown(void **state) {
    struct bounded *b = *state;
    quarantine_free(&b->quarantine);
    fixture_remove(&b->f);
    return 0;
}

static void bound(struct bounded *b, int64_t bytes, int64_t rows_max) {
    quarantine_free(&b->quarantine);
    if (quarantine_new(&b->quarantine, b->f.reader, bytes, rows_max, &b->f.error) != 0)
        fail_msg("%s", b->f.error.message);
}

static void add(struct bounded *b, int64_t offset, const char *key, const char *value) {
    const struct store_quarantined event = {.topic = "t",
                                            .partition = 1,
                                            .offset = offset,
                                            .key = span_of(key),
                                            .value = span_of(value),
                                            .reason = "no JSON",
                                            .at_ms = 1000,
                                            .lsn = LSN_NONE};
    if (quarantine_add(b->quarantine, &event, &b->f.error) != 0)
        fail_msg("%s", b->f.error.message);
}

static void the_oldest_values_go_first(void **state) {
    struct bounded *b = *state;
    bound(b, 20, 100);
    for (int i = 1; i <= 5; i++)
        add(b, i, "k", "12345");
    static const char all[] =
        "select \"offset\", cast(key as text), length(value), reason, value_dropped from _quarantine order by id";
    static const char kept[] = "1|k|-|no JSON|1, 2|k|-|no JSON|1, "
                               "3|k|5|no JSON|0, 4|k|5|no JSON|0, 5|k|5|no JSON|0";
    assert_string_equal(rows(&b->f, all), kept);
    bound(b, 20, 100); // another process goes on with the same bounds
    assert_string_equal(rows(&b->f, all), kept);
    add(b, 6, "k", "12");
    assert_string_equal(rows(&b->f, "select group_concat(length(value)) from _quarantine"), "5,5,2");
}

static void then_rows_go_and_are_told(void **state) {
    struct bounded *b = *state;
    bound(b, 1000, 3);
    for (int i = 1; i <= 6; i++)
        add(b, i, "k", "v");
    assert_string_equal(rows(&b->f, "select \"offset\", older_dropped from _quarantine order by id"),
                        "4|3, 5|0, 6|0");
    assert_int_equal(*quarantine_waiting(b->quarantine), 6); // what was dropped is not made up for
    bound(b, 1000, 3);
    assert_int_equal(*quarantine_waiting(b->quarantine), 6);
}

static void what_is_settled_makes_room_first(void **state) {
    struct bounded *b = *state;
    bound(b, 1000, 3);
    for (int i = 1; i <= 3; i++)
        add(b, i, "k", "v");
    assert_int_equal(
        sqlite3_exec(b->f.reader, "update _quarantine set state = 'applied' where id > 1", NULL, NULL, NULL),
        SQLITE_OK);
    bound(b, 1000, 3);
    assert_int_equal(*quarantine_waiting(b->quarantine), 1);
    add(b, 4, "k", "v");
    add(b, 5, "k", "v");
    assert_string_equal(rows(&b->f, "select \"offset\", state from _quarantine order by id"),
                        "1|waiting, 4|waiting, 5|waiting");
    assert_int_equal(*quarantine_waiting(b->quarantine), 3);
    assert_int_equal(
        sqlite3_exec(b->f.reader, "update _quarantine set state = 'applied' where id = 5", NULL, NULL, NULL),
        SQLITE_OK);
    bound(b, 1000, 1); // the newest stays, settled or not: its id is not given again
    add(b, 6, "k", "v");
    assert_string_equal(rows(&b->f, "select id, \"offset\", older_dropped from _quarantine"), "6|6|2");
}

static void keys_alone_may_be_too_long(void **state) {
    struct bounded *b = *state;
    bound(b, 20, 500);
    for (int i = 1; i <= 6; i++)
        add(b, i, "12345678", "v");
    assert_string_equal(rows(&b->f, "select sum(length(key)) from _quarantine"), "16");
    assert_string_equal(rows(&b->f, "select \"offset\" from _quarantine order by id"), "5, 6");
}

static void a_rollback_takes_back_what_was_counted(void **state) {
    struct bounded *b = *state;
    bound(b, 10, 100);
    assert_int_equal(sqlite3_exec(b->f.reader, "begin", NULL, NULL, NULL), SQLITE_OK);
    add(b, 1, "k", "1234567");
    assert_int_equal(sqlite3_exec(b->f.reader, "rollback", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(quarantine_reload(b->quarantine, &b->f.error), 0);
    add(b, 2, "k", "1234567");
    assert_string_equal(rows(&b->f, "select \"offset\", length(value) from _quarantine"), "2|7");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_oldest_values_go_first),
        TEST(then_rows_go_and_are_told),
        TEST(what_is_settled_makes_room_first),
        TEST(keys_alone_may_be_too_long),
        TEST(a_rollback_takes_back_what_was_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
