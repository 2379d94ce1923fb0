// The SQL functions that count exactly (views/engine/sqlite/exact_functions.h), by table: what an expression answers, or
// refuses.
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

enum { ANSWER_SIZE = 512 };

static void ask(sqlite3 *db, const char *sql, char ret[ANSWER_SIZE]) {
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    size_t at = 0;
    ret[0] = '\0';
    while (code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        at += (size_t)snprintf(ret + at, ANSWER_SIZE - at, "%s%s", at > 0 ? " " : "",
                               text != NULL ? text : "-");
        code = SQLITE_OK;
    }
    if (code != SQLITE_DONE)
        (void)snprintf(ret, ANSWER_SIZE, "error: %s", sqlite3_errmsg(db));
    (void)sqlite3_finalize(stmt);
}

static void each_expression_answers(void **state) {
    (void)state;
    static const struct {
        const char *sql;
        const char *answer; // a prefix of it when it is an error
    } questions[] = {
        {"select decimal_add('0.1', '0.2')", "0.3"},
        {"select decimal_add('99999999999999999999', 1)", "100000000000000000000"},
        {"select decimal_add(9223372036854775807, 1)", "9223372036854775808"},
        {"select decimal_add(-9223372036854775807 - 1, '-0.5')", "-9223372036854775808.5"},
        {"select decimal_sub('1', '0.999999999999999999999999999999')", "0.000000000000000000000000000001"},
        {"select decimal_add(null, '1')", "-"},
        {"select decimal_sub('1', null)", "-"},
        {"select decimal_add('NaN', '1')", "NaN"},
        {"select decimal_sub('Infinity', 'Infinity')", "NaN"},
        {"select decimal_sub('1', 'Infinity')", "-Infinity"},
        {"select decimal_add('1', 0.5)", "error: decimal_add(): 0.5 is a REAL"},
        {"select decimal_add('1', 'one')", "error: decimal_add(): 'one' is no NUMERIC"},
        {"select decimal_add('1', x'31')", "error: decimal_add()"},
        {"select decimal_cmp('100', '100.00'), 1", "0"},
        {"select decimal_cmp('9', '10')", "-1"},
        {"select decimal_cmp(10, '9.99')", "1"},
        {"select decimal_cmp('NaN', 'Infinity')", "1"},
        {"select decimal_cmp('NaN', 'nan')", "0"},
        {"select decimal_cmp('-Infinity', '-1e1000')", "-1"},
        {"select decimal_cmp('Infinity', 'Infinity')", "0"},
        {"select decimal_cmp(null, 1)", "-"},
        {"select decimal('2', 2)", "2.00"},
        {"select decimal('-0.125', 2)", "-0.125"},
        {"select decimal('0.50', 1)", "0.5"},
        {"select decimal('7', 0)", "7"},
        {"select decimal('NaN', 2)", "NaN"},
        {"select decimal('x', 2)", "error: decimal(): 'x'"},
        {"select decimal(4200, 2)", "42.00"},
        {"select decimal(4200, 19)", "error: decimal(value, scale) takes"},
        {"select decimal_sum(value) from json_each('[\"0.10\", \"0.20\", 3, null]')", "3.3"},
        {"select decimal_sum(value) from json_each('[]')", "-"},
        {"select decimal_sum(value) from json_each('[null]')", "-"},
        {"select decimal_sum(value, -2) from json_each('[\"0.25\", 1]')", "-2.5"},
        {"select decimal_sum(value, null) from json_each('[1]')", "-"},
        {"select decimal_sum(value, 3000000000) from json_each('[1]')", "error: decimal_sum(x, weight)"},
        {"select decimal_sum(value) from json_each('[1, 0.5]')", "error: decimal_sum(): 0.5 is a REAL"},
        {"select decimal_sum(value) from json_each('[\"NaN\", 1]')", "NaN"},
        {"select decimal_sum(value) over (rows between 1 preceding and current row)"
         " from json_each('[\"0.5\", \"NaN\", \"1.25\", 2, null, null]')",
         "0.5 NaN NaN 3.25 2 -"},
        {"select real_sum(value) from json_each('[1e16, 1.0, -1e16]')", "1.0"},
        {"select real_sum(value) from json_each('[-1e16, 1e16, 1]')", "1.0"},
        {"select real_sum(value) from json_each('[]')", "-"},
        {"select real_sum(value) from json_each('[\"NaN\", 1]')", "-"},
        {"select real_sum(value) from json_each('[9e999, 1]')", "Inf"},
        // not 1e16: how that is written is the library's affair
        {"select real_sum(value) over (rows between 1 preceding and current row)"
         " from json_each('[1e14, 1, 9e999, 0.5, 0.25]')",
         "100000000000000.0 100000000000001.0 Inf Inf 0.75"},
    };
    sqlite3 *db = NULL;
    struct error error;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(functions_register(db, NULL, &error), 0);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        char answer[ANSWER_SIZE];
        ask(db, questions[i].sql, answer);
        if (strncmp(answer, "error", 5) == 0 && strncmp(questions[i].answer, "error", 5) == 0)
            answer[strlen(questions[i].answer)] = '\0';
        if (strcmp(answer, questions[i].answer) != 0)
            fail_msg("%s: %s, not %s", questions[i].sql, answer, questions[i].answer);
    }
    (void)sqlite3_close(db);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_expression_answers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
