// Nulls that may be unchanged TOAST values, of types that Debezium for PostgreSQL has no placeholder for (views/engine/table.h,
// `unmarked`): in place of a long value they leave it as it is.
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"
#include "views/engine/row/column_type.h"

static const char values[] =
    "[0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5]";

static int setup(void **state) {
    static struct fixture f;
    fixture_make(&f);
    fixture_file(
        &f, "source.sql",
        "create domain tags as text[];\n"
        "create table t(id int primary key, f float8[], note text, twice text generated always as (note || note) stored);\n"
        "create table types(id int primary key, a float8[], b int[], c text[], d numeric(9, 2)[], e numeric, f bit varying,"
        " g jsonb, h text, i bytea, j smallint[], k uuid[], l numeric(9, 2), m timestamptz[], n date[], o varchar(9)[],"
        " p vector(3), q hstore, r tags, s bytea[], u text[]);\n");
    fixture_file(&f, "sums/schema.sql", "create table sums_t(id integer primary key, rows, letters);\n");
    fixture_file(
        &f, "sums/apply.t.sql",
        "insert into sums_t select 1, sum(_weight), total(_weight * length(f)) from _delta_t having count(*) > 0"
        " on conflict(id) do update set rows = rows + excluded.rows, letters = letters + excluded.letters");
    fixture_open(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    fixture_remove(*state);
    return 0;
}

static bool update_unsure(struct fixture *f, int64_t lsn, const char *row) {
    enum store_outcome outcome = STORE_REPEATED;
    const struct change change = {
        .op = CHANGE_UPDATE, .lsn = lsn, .txid = f->txid, .ts_ms = 1000 + lsn, .nulls_unsure = true};
    if (fixture_try(f, change, "t", row, &outcome) != 0)
        fail_msg("%s", f->error.message);
    return outcome == STORE_APPLIED;
}

static void create_long(struct fixture *f, int64_t lsn) {
    char row[256];
    (void)snprintf(row, sizeof row, "1|%s|first", values);
    assert_true(create(f, lsn, "t", row));
}

static void assert_row(struct fixture *f, const char *array, const char *note) {
    char expected[256];
    (void)snprintf(expected, sizeof expected, "1|%s|%s|%s%s", array, note, note, note);
    assert_string_equal(rows(f, "select id, f, note, twice from t"), expected);
    (void)snprintf(expected, sizeof expected, "1|%s", rows(f, "select total(length(f)) from t"));
    assert_string_equal(rows(f, "select rows, letters from sums_t"), expected);
}

static void a_long_value_stays(void **state) {
    struct fixture *f = *state;
    create_long(f, 10);
    commit(f);
    assert_true(update_unsure(f, 20, "1|null|second"));
    assert_true(update(f, 21, "t", "1|?|third"));
    assert_true(update_unsure(f, 22, "1|null|fourth"));
    commit(f);
    assert_row(f, values, "fourth");
    assert_false(update_unsure(f, 15, "1|null|old"));
    commit(f);
    assert_row(f, values, "fourth");
}

static void so_does_one_that_is_not_written_yet(void **state) {
    struct fixture *f = *state;
    create_long(f, 10);
    assert_true(update_unsure(f, 20, "1|null|second"));
    commit(f);
    assert_row(f, values, "second");
}

static void a_null_beside_the_row_before_is_one(void **state) {
    struct fixture *f = *state;
    create_long(f, 10);
    commit(f);
    assert_true(update(f, 20, "t", "1|null|second"));
    commit(f);
    assert_row(f, "-", "second");
}

static void a_short_value_goes(void **state) {
    struct fixture *f = *state;
    assert_true(create(f, 10, "t", "1|[0.5]|first"));
    commit(f);
    assert_true(update_unsure(f, 20, "1|null|second"));
    commit(f);
    assert_row(f, "-", "second");
}

// The shortest that may have been moved out of line.
static void the_shortest_long_value_stays(void **state) {
    struct fixture *f = *state;
    char digits[COLUMN_TOAST_ROW_MIN];
    char row[2 * COLUMN_TOAST_ROW_MIN];
    memset(digits, '1', sizeof digits);
    for (int bytes = COLUMN_TOAST_ROW_MIN; bytes >= COLUMN_TOAST_ROW_MIN - 1; bytes--) {
        char array[COLUMN_TOAST_ROW_MIN + 1];
        int64_t lsn = 100 * (COLUMN_TOAST_ROW_MIN - bytes);
        (void)snprintf(array, sizeof array, "[%.*s]", bytes - 2, digits);
        (void)snprintf(row, sizeof row, "1|%s|first", array);
        assert_true(update(f, lsn + 10, "t", row));
        commit(f);
        assert_true(update_unsure(f, lsn + 20, "1|null|second"));
        commit(f);
        assert_row(f, bytes == COLUMN_TOAST_ROW_MIN ? array : "-", "second");
    }
}

static void a_null_stays_one(void **state) {
    struct fixture *f = *state;
    assert_true(create(f, 10, "t", "1|null|first"));
    assert_true(update_unsure(f, 20, "1|null|second"));
    commit(f);
    assert_row(f, "-", "second");
    assert_true(update_unsure(f, 30, "1|[1]|third"));
    commit(f);
    assert_row(f, "[1]", "third");
}

static void types_without_a_placeholder(void **state) {
    struct fixture *f = *state;
    const struct table *types = catalog_table(f->catalog, "types", strlen("types"));
    char unmarked[32] = "";
    for (int i = 0; i < types->column_count; i++)
        if (types->columns[i].unmarked)
            (void)strncat(unmarked, types->columns[i].name, sizeof unmarked - strlen(unmarked) - 1);
    assert_string_equal(unmarked, "adefijmnprs");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_long_value_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(so_does_one_that_is_not_written_yet, setup, teardown),
        cmocka_unit_test_setup_teardown(a_null_beside_the_row_before_is_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_short_value_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(the_shortest_long_value_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(a_null_stays_one, setup, teardown),
        cmocka_unit_test_setup_teardown(types_without_a_placeholder, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
