// instr, replace, trim, like, glob and json_patch answer as SQLite's own, and end. A number in which an empty pattern is replaced stays a number, as SQLite's
// documentation says and 3.40 does; 3.46's own makes a text of it.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/base/random.h"
#include "views/engine/sqlite/functions.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// A sanitized build is some times slower and looks for other mistakes than wrong answers.
#ifdef __SANITIZE_ADDRESS__
enum { CASES = 4000, LESS_CASES = 600, LONG_CASES = 12 };
#else
enum { CASES = 20000, LESS_CASES = 3000, LONG_CASES = 60 };
#endif
enum { VALUE_SIZE = 24, ANSWER_SIZE = 2048 };

static sqlite3 *open_db(bool own) {
    sqlite3 *db = NULL;
    struct error error = {0};
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    if (own)
        assert_int_equal(functions_register(db, NULL, &error), 0);
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
static const char *const bytes[] = {"61", "61", "62", "c3a9", "e282ac", "a9", "c3", "00", "f09f9880"};
static const char *const of_patterns[] = {"61", "41", "25", "c3a9", "e282ac", "5f", "78", "25", "f09f9880"};

static const char *const of_globs[] = {"61", "63", "2a", "c3a9", "3f", "5b", "5d", "2d", "5e"};

static void write_value(uint64_t *random, const char *const units[9], char *ret, size_t size) {
    static const char *const others[] = {"null", "1221", "2", "-1.5", "''", "x''", "'1'"};
    if (random_below(random, 6) == 0) {
        (void)snprintf(ret, size, "%s", others[random_below(random, sizeof others / sizeof *others)]);
        return;
    }
    char hex[VALUE_SIZE * 8 + 1] = "";
    int count = (int)random_below(random, random_below(random, 2) == 0 ? 3 : VALUE_SIZE);
    uint64_t kinds = random_below(random, 3) == 0 ? 9 : 3;
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
            write_value(&random, bytes, values[v], sizeof values[v]);
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

// Each answer, of our functions and of SQLite's.
static void compare(const char *sql_of_three, const char *const units[9], int cases) {
    sqlite3 *theirs = open_db(false);
    sqlite3 *own = open_db(true);
    uint64_t random = 21; // the seed
    static char sql[4096], values[3][512], wanted[ANSWER_SIZE], got[ANSWER_SIZE];
    for (int i = 0; i < cases; i++) {
        for (int v = 0; v < 3; v++)
            write_value(&random, units, values[v], sizeof values[v]);
        (void)snprintf(sql, sizeof sql, "%s from (select %s as a, %s as b, %s as c)", sql_of_three, values[0],
                       values[1], values[2]);
        answer(theirs, sql, wanted);
        answer(own, sql, got);
        if (strcmp(wanted, got) != 0)
            fail_msg("case %d: %s: %s, wanted %s", i, sql, got, wanted);
    }
    (void)sqlite3_close(theirs);
    (void)sqlite3_close(own);
}

static void compare_all(const char *sql_of_three, const char *const units[9]) {
    compare(sql_of_three, units, LESS_CASES);
}

static void trim_answers_as_sqlite_does(void **state) {
    (void)state;
    compare_all("select typeof(trim(a, b)) || hex(trim(a, b)) || '/' || hex(trim(a)),"
                " quote(hex(ltrim(a, b))) || '/' || quote(hex(rtrim(a, b)))",
                bytes);
}

static void like_answers_as_sqlite_does(void **state) {
    (void)state;
    compare_all("select quote(a like b), quote(a like b escape 'x')", of_patterns);
    compare_all("select quote(a like b escape '%'), quote(a like b escape '_')", of_patterns);
    compare_all("select quote(a like b escape 'a'), quote(a like b escape 'é')", of_patterns);
    compare_all("select quote(a like b escape c), 0", of_patterns);
    // longer than what SQLite's own is asked for
    compare_all("select 0, quote((a || replace(hex(zeroblob(2100)), '0', a) || c) like "
                "(b || replace(hex(zeroblob(20)), '0', '%a') || '%' || c))",
                of_patterns);
}

static void glob_answers_as_sqlite_does(void **state) {
    (void)state;
    compare_all("select quote(a glob b), quote(c glob ('[' || b || ']*'))", of_globs);
    compare_all("select quote(a glob b), quote(a glob c)", bytes);
    // longer than what SQLite's own is asked for
    compare(
        "select quote((replace(hex(zeroblob(90000)), '0', 'e') || a) glob ('*' || b || a)),"
        " quote((a || replace(hex(zeroblob(90000)), '0', c) || c) glob ('*' || b || '*[' || c || a || ']' || '*' || a))",
        of_globs, LONG_CASES);
    compare(
        "select quote((a || replace(hex(zeroblob(90000)), '0', 'e') || b) glob (c || '*' || b || replace(hex(zeroblob(12)), '0', '?'))), 0",
        bytes, LONG_CASES);
}

static void patch_answers_as_sqlite_does(void **state) {
    (void)state;
    static const char *const cases[] = {
        "json_patch('{\"a\":1,\"b\":2}', '{\"b\":null,\"c\":{\"d\":[1,2]}}')",
        "json_array(json_patch('{\"a\":1}', '{\"b\":2}'))",
        "json_patch('{\"a\":1', '{}')",
        "json_patch(null, '{}')",
        "json_patch('{}', null)",
        "json_patch('[1]', '7')",
    };
    sqlite3 *theirs = open_db(false);
    sqlite3 *own = open_db(true);
    char sql[256], wanted[ANSWER_SIZE], got[ANSWER_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)snprintf(sql, sizeof sql, "select 1, quote(%s)", cases[i]);
        for (int again = 0; again < 2; again++) {
            answer(theirs, sql, wanted);
            answer(own, sql, got);
            assert_string_equal(got, wanted);
        }
    }
    (void)sqlite3_close(theirs);
    (void)sqlite3_close(own);
}

static int end_it(void *self) {
    ++*(int *)self;
    return 1;
}

// At the length of a value that there may be, with what is worst for each.
static void the_handler_ends_them(void **state) {
    (void)state;
    static const char *const cases[] = {
        "select 1, a like '%' || printf('%.*c', 900, 'x') || 'y' from (select printf('%.*c', 8000000, 'x') as a)",
        "select 1, a like '%' || printf('%.*c', 900, '_') || 'y' from (select printf('%.*c', 8000000, 'x') as a)",
        "select 1, a glob '*' || replace(printf('%.*c', 240, 'x'), 'x', '[xz]') || 'y' from (select printf('%.*c', 8000000, 'x') as a)",
        "select 1, length(trim(printf('%.*c', 20000000, 'x'), 'éx'))",
        "select 1, length(rtrim(printf('%.*c', 20000000, 'x'), 'xé'))",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sqlite3 *own = open_db(true);
        char got[ANSWER_SIZE];
        int asked = 0;
        sqlite3_progress_handler(own, 20000, end_it, &asked); // later than any statement here by itself
        answer(own, cases[i], got);
        assert_string_equal(got, "interrupted");
        assert_int_equal(asked, 1);
        (void)sqlite3_close(own);
    }
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
    answer(
        own,
        "select length(trim(printf('%.*c', 3000000, 'x') || 'y', a)), length(trim(printf('%.*c', 1500000, 'é'), a))"
        " from (select 'xé' || replace(printf('%.*c', 10000, 'z'), 'z', 'ß') as a)",
        got);
    assert_string_equal(got, "1 0");
    answer(own, "select 1, trim('x', printf('%.*c', 65537, 'x'))", got);
    assert_string_equal(got, "trim(x, y): y has more than 65536 bytes");
    answer(
        own,
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 9000),"
        " x(a) as (select json_group_object('k' || i, i) from n),"
        " y(b) as (select json_group_object('l' || i, i) from n) select 1, length(json_patch(a, b)) from x, y",
        got);
    assert_non_null(strstr(got, "json_patch(x, y): x and y are too long"));
    (void)sqlite3_limit(own, SQLITE_LIMIT_LENGTH, 1000);
    answer(own, "select 1, replace(printf('%.*c', 900, 'x'), 'x', 'yy')", got);
    assert_string_equal(got, "string or blob too big");
    (void)sqlite3_close(own);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_answer_as_sqlite_does),
        cmocka_unit_test(trim_answers_as_sqlite_does),
        cmocka_unit_test(like_answers_as_sqlite_does),
        cmocka_unit_test(glob_answers_as_sqlite_does),
        cmocka_unit_test(patch_answers_as_sqlite_does),
        cmocka_unit_test(the_handler_ends_them),
        cmocka_unit_test(they_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
