// instr and replace answer as SQLite's own, and end. A number in which an empty pattern is replaced stays a number, as SQLite's
// documentation says and 3.40 does; 3.46's own makes a text of it.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/base/random.h"
#include "views/engine/sqlite/text_functions.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { CASES = 20000, VALUE_SIZE = 24, ANSWER_SIZE = 2048 };

static sqlite3 *open_db(bool own) {
    sqlite3 *db = NULL;
    struct error error = {0};
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    if (own)
        assert_int_equal(text_functions_register(db, &error), 0);
    return db;
}

// "type value" of the first column, a blob and a text in hex.
static void answer(sqlite3 *db, const char *sql, char *ret) {
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        (void)snprintf(ret, ANSWER_SIZE, "%s %s", sqlite3_column_text(stmt, 0), sqlite3_column_text(stmt, 1));
    else
        (void)snprintf(ret, ANSWER_SIZE, "%s", sqlite3_errmsg(db));
    (void)sqlite3_finalize(stmt);
}

// Few letters, so that they are found; half characters too, and bytes of none.
static void write_value(uint64_t *random, char *ret, size_t size) {
    static const char *const units[] = {"61", "61", "62", "c3a9", "e282ac", "a9", "c3", "00", "f09f9880"};
    static const char *const others[] = {"null", "1221", "2", "-1.5", "''", "x''", "'1'"};
    if (random_below(random, 6) == 0) {
        (void)snprintf(ret, size, "%s", others[random_below(random, sizeof others / sizeof *others)]);
        return;
    }
    char hex[VALUE_SIZE * 8 + 1] = "";
    int count = (int)random_below(random, random_below(random, 2) == 0 ? 3 : VALUE_SIZE);
    uint64_t kinds = random_below(random, 3) == 0 ? sizeof units / sizeof *units : 3;
    for (int i = 0; i < count; i++)
        (void)strcat(hex, units[random_below(random, kinds)]);
    bool blob = random_below(random, 3) == 0;
    (void)snprintf(ret, size, blob ? "x'%s'" : "cast(x'%s' as text)", hex);
}

static void write_sql(char *ret, size_t size, char (*values)[512], const char *type) {
    (void)snprintf(ret, size,
                   "select %s || instr(a, b), hex(replaced) from (select *, replace(a, b, c) as replaced"
                   " from (select %s as a, %s as b, %s as c))",
                   type, values[0], values[1], values[2]);
}

static void they_answer_as_sqlite_does(void **state) {
    (void)state;
    sqlite3 *theirs = open_db(false);
    sqlite3 *own = open_db(true);
    uint64_t random = 20; // the seed
    static char sql[2048], values[3][512], wanted[ANSWER_SIZE], got[ANSWER_SIZE];
    for (int i = 0; i < CASES; i++) {
        for (int v = 0; v < 3; v++)
            write_value(&random, values[v], sizeof values[v]);
        write_sql(
            sql, sizeof sql, values,
            "iif(b is not null and substr(hex(b), 1, 2) in ('', '00') and typeof(a) in ('integer', 'real'),"
            " typeof(a), typeof(replaced))");
        answer(theirs, sql, wanted);
        write_sql(sql, sizeof sql, values, "typeof(replaced)");
        answer(own, sql, got);
        if (strcmp(wanted, got) != 0)
            fail_msg("case %d: %s: %s, wanted %s", i, sql, got, wanted);
    }
    (void)sqlite3_close(theirs);
    (void)sqlite3_close(own);
}

// SQLite's own take minutes for each.
static void they_end(void **state) {
    (void)state;
    sqlite3 *own = open_db(true);
    char got[ANSWER_SIZE];
    answer(own,
           "select instr(a, b), length(replace(a, b, 'z')) from (select printf('%.*c', 3000000, 'x') as a,"
           " printf('%.*cy', 1500000, 'x') as b)",
           got);
    assert_string_equal(got, "0 3000000");
    (void)sqlite3_limit(own, SQLITE_LIMIT_LENGTH, 1000);
    answer(own, "select 1, replace(printf('%.*c', 900, 'x'), 'x', 'yy')", got);
    assert_string_equal(got, "string or blob too big");
    (void)sqlite3_close(own);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_answer_as_sqlite_does),
        cmocka_unit_test(they_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
