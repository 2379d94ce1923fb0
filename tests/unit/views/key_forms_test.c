// Keys of older files that are read in another form now are refused by name, once and for all.
#include "views/engine/store/key_forms.h"

#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/sqlite/stmt.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct column columns[] = {
    {.name = "id", .declared = "numeric", .type = COLUMN_NUMERIC, .key = 1},
    {.name = "u", .declared = "uuid", .type = COLUMN_TEXT, .variant = COLUMN_UUID, .key = 2},
    {.name = "n", .declared = "numeric(20, 2)", .type = COLUMN_NUMERIC, .key = 3}};
static struct table table = {
    .name = "t", .columns = columns, .column_count = 3, .keys = {0, 1, 2}, .key_count = 3};

static int check(const char *id, const char *u, const char *n, struct error *error) {
    CLEANUP(stmt_close) sqlite3 *db = NULL;
    const struct catalog catalog = {.tables = &table, .table_count = 1};
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(engine_sql_run(db, "engine", error), 0);
    CLEANUP(stmt_free_text)
    char *sql = sqlite3_mprintf("create table t(id text, u text, n text); insert into t values(%Q, %Q, %Q)",
                                id, u, n);
    assert_int_equal(stmt_run(db, sql, "t", error), 0);
    int status = key_forms_check(db, &catalog, error);
    if (status == 0) // what comes later is read in the one form
        assert_int_equal(stmt_run(db, "insert into t values('2.50', 'A', '1')", "t", error) +
                             key_forms_check(db, &catalog, error),
                         0);
    return status;
}

static void other_forms_are_refused(void **state) {
    (void)state;
    struct error error = {0};
    assert_int_equal(check("1.5", "a0ee-1", "1.50", &error), 0);
    assert_int_equal(check("100", "a0ee-1", "1.50", &error), 0);
    assert_int_equal(check("1.50", "a0ee-1", "1.50", &error), -1);
    assert_non_null(strstr(error.message, "table t: this file has keys as they were written (id is 1.50)"));
    assert_int_equal(check("1.5", "A0EE-1", "1.50", &error), -1);
    assert_non_null(strstr(error.message, "u is A0EE-1"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(other_forms_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
