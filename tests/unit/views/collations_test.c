// The collations that views' SQL may name (views/engine/sqlite/collations.h): PostgreSQL's order and equality.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/engine/sqlite/functions.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define NUMBERS                                                                                              \
    "with t(n) as (values ('10'), ('9'), ('NaN'), ('-Infinity'), ('1.5'), ('Infinity'), ('-2'), ('1.50'), ('0'))"
#define NAMES "with t(e) as (values ('b@x'), ('A@x'), ('B@X'), ('\xc3\x84'), ('\xc3\xa4'))"
#define TIMES                                                                                                               \
    "with t(d) as (values ('+10000-01-01'), ('2026-11-30'), ('-0043-03-15'), ('infinity'), ('0001-01-01'), ('-infinity'), " \
    "('-0100-01-01'), ('+294276-12-31'))"
#define CODES "with t(c) as (values ('ab   '), ('b'), ('ab'))"

static void each_question_is_answered(void **state) {
    (void)state;
    static const struct {
        const char *sql;
        const char *answer;
    } questions[] = {
        {NUMBERS
         " select group_concat(n, ' ') from (select n from t where n <> '1.50' order by n collate numeric)",
         "-Infinity -2 0 1.5 9 10 Infinity NaN"},
        {NUMBERS " select max(n collate numeric) || min(n collate numeric) from t", "NaN-Infinity"},
        {NUMBERS " select count(*) from t where n >= '9' collate numeric", "4"},
        {NUMBERS " select count(*) from t where n collate numeric between '-2' and '9.0'", "5"},
        {NUMBERS " select count(*) from t where n collate numeric in ('nan', '9.00')", "2"},
        {NUMBERS " select max(n) from (select count(*) as n from t group by n collate numeric)", "2"},
        {NUMBERS " select count(distinct n collate numeric) from t", "8"},
        {NUMBERS " select count(*) from t a join t b on a.n = b.n collate numeric", "11"},
        {NUMBERS " select count(*) from t a join t b on a.n = b.n", "9"},
        {NAMES " select count(*) from t where e = 'B@x' collate citext", "2"},
        {NAMES " select count(*) from (select 1 from t group by e collate citext)", "3"},
        {TIMES " select group_concat(d, ' ') from (select d from t order by d collate stored_time)",
         "-infinity -0100-01-01 -0043-03-15 0001-01-01 2026-11-30 +10000-01-01 +294276-12-31 infinity"},
        {TIMES " select count(*) from t where d collate stored_time > '2026-11-30'", "3"},
        {CODES " select count(*) from t where c = 'ab' collate rtrim", "2"},
    };
    struct error error = {0};
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(functions_register(db, NULL, &error), 0);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        sqlite3_stmt *stmt = NULL;
        if (sqlite3_prepare_v2(db, questions[i].sql, -1, &stmt, NULL) != SQLITE_OK ||
            sqlite3_step(stmt) != SQLITE_ROW)
            fail_msg("%s: %s", questions[i].sql, sqlite3_errmsg(db));
        const char *answer = (const char *)sqlite3_column_text(stmt, 0);
        if (answer == NULL || strcmp(answer, questions[i].answer) != 0)
            fail_msg("%s: %s, not %s", questions[i].sql, answer, questions[i].answer);
        (void)sqlite3_finalize(stmt);
    }
    (void)sqlite3_close(db);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_question_is_answered)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
