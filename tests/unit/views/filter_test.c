// The filters' grammar, the SQL that it becomes, and what compares its values: without a file.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/base/json_same.h"
#include "views/base/json_text.h"
#include "views/engine/read/filter/filter.h"
#include "views/engine/read/filter/functions.h"
#include "views/engine/read/filter/ordering.h"
#include "views/engine/read/filter/selection.h"
#include "views/engine/sqlite/collations.h"
#include "views/engine/sqlite/like.h"
#include "views/engine/sqlite/time_order.h"

#include <stdio.h>
#include <stdlib.h>

static char *const names[] = {"id",   "name", "total", "amount", "paid", "at",    "mail",
                              "code", "meta", "a.b",   "flags",  "mood", "single"};
static const struct {
    enum column_type type;
    enum column_variant variant;
    char *declared;
} types[] = {
    {COLUMN_INTEGER, COLUMN_BIGINT, "bigint"},
    {COLUMN_TEXT, COLUMN_COMMON, "text"},
    {COLUMN_DECIMAL, COLUMN_COMMON, "decimal(8,2)"},
    {COLUMN_NUMERIC, COLUMN_COMMON, "numeric"},
    {COLUMN_BOOLEAN, COLUMN_COMMON, "boolean"},
    {COLUMN_TIMESTAMPTZ, COLUMN_COMMON, "timestamptz"},
    {COLUMN_TEXT, COLUMN_CITEXT, "citext"},
    {COLUMN_TEXT, COLUMN_PADDED, "char(4)"},
    {COLUMN_JSON, COLUMN_COMMON, "jsonb"},
    {COLUMN_TEXT, COLUMN_COMMON, "text"},
    {COLUMN_BIT, COLUMN_COMMON, "bit varying"},
    {COLUMN_TEXT, COLUMN_ENUM, "mood"},
    {COLUMN_REAL, COLUMN_COMMON, "real"},
};
enum { COLUMNS = sizeof types / sizeof *types };

static struct column columns[COLUMNS];
static const struct table table = {
    .name = "t", .columns = columns, .column_count = COLUMNS, .keys = {0}, .key_count = 1};

static int set_up(void **state) {
    (void)state;
    for (int i = 0; i < COLUMNS; i++)
        columns[i] = (struct column){.name = names[i],
                                     .declared = types[i].declared,
                                     .type = types[i].type,
                                     .variant = types[i].variant,
                                     .key = i == 0};
    columns[2].precision = 8;
    columns[2].scale = 2;
    columns[7].padded_to = 4;
    return 0;
}

static int read_one(struct filter *filter, const char *name, const char *value, struct error *error) {
    const struct parameter parameter = {.name = span_of(name), .value = span_of(value)};
    return filter_read(filter, &table, &parameter, 1, error);
}

static void expect_sql(const char *name, const char *value, const char *expected) {
    static struct filter filter;
    struct error error = {0};
    if (read_one(&filter, name, value, &error) != 0)
        fail_msg("%s=%s: %s", name, value, error.message);
    sqlite3_str *made = sqlite3_str_new(NULL);
    filter_write(&filter, made);
    CLEANUP(stmt_free_text) char *sql = sqlite3_str_finish(made);
    if (strcmp(sql, expected) != 0)
        fail_msg("%s=%s: %s", name, value, sql);
    filter_free(&filter);
    filter = (struct filter){0};
}

static void test_sql(void **state) {
    (void)state;
    expect_sql("id", "7", "\"id\"=?1");
    expect_sql("id", "eq.7", "\"id\"=?1");
    expect_sql("id", "not.eq.7", "not(\"id\"=?1)");
    expect_sql("name", "eq.eq.x", "\"name\"=?1");
    expect_sql("name", "equal.x", "\"name\"=?1");
    expect_sql("total", "gte.42.00", "\"total\">=?1");
    expect_sql("total", "lt.42.005", "decimal(\"total\",2) collate numeric<?1");
    expect_sql("amount", "neq.1e2", "\"amount\" collate numeric<>?1");
    expect_sql("mail", "in.(a,B)", "\"mail\" collate citext in (?1,?2)");
    expect_sql("code", "ab", "\"code\" in (?1,?2)");
    expect_sql("code", "neq.ab", "\"code\" not in (?1,?2)");
    expect_sql("code", "gt.ab", "\"code\" collate rtrim>?1");
    expect_sql("at", "gt.2026-01-01",
               "(\"at\">rtrim(?1,'Z') and \"at\"<>?1 or (\"at\">='+' and \"at\"<','))");
    expect_sql("at", "lt.2026-01-01T00:00:00+02:00",
               "(\"at\"<rtrim(?1,'Z') and not(\"at\">='+' and \"at\"<','))");
    expect_sql("at", "lt.2026-01-01T00:00:00.1234567Z", "\"at\" collate stored_time<?1");
    expect_sql("at", "lt.infinity", "\"at\" collate stored_time<?1");
    expect_sql("at", "2026-01-01", "\"at\"=?1");
    expect_sql("flags", "in.(1010,)", "\"flags\" in (?1,?2)");
    expect_sql("single", "in.(1,2)", "(\"single\" between ?1 and ?2 or \"single\" between ?3 and ?4)");
    expect_sql("single", "neq.1", "not(\"single\" between ?1 and ?2)");
    expect_sql("single", "isdistinct.1", "(\"single\" between ?1 and ?2) is not 1");
    expect_sql("single", "lt.1", "\"single\"<?1");
    expect_sql("single", "lt.1e39", "\"single\"<?1");
    expect_sql("single", "in.()", "\"single\" in ()");
    expect_sql("name", "like.a*", "filter_like(\"name\",?1)");
    expect_sql("mail", "like.a*", "filter_ilike(\"mail\",?1)");
    expect_sql("name", "is.null", "\"name\" is null");
    expect_sql("name", "not.is.NULL", "not(\"name\" is null)");
    expect_sql("name", "is.not_null", "\"name\" is not null");
    expect_sql("paid", "is.true", "\"paid\" is 1");
    expect_sql("paid", "is.unknown", "\"paid\" is null");
    expect_sql("name", "isdistinct.x", "\"name\" is not ?1");
    expect_sql("mood", "in.(sad,ok)", "\"mood\" in (?1,?2)");
    expect_sql("mood", "neq.sad", "\"mood\"<>?1");
    expect_sql("name", "in.()", "\"name\" in ()");
    expect_sql("meta", "eq.{\"a\": 1}", "filter_json(\"meta\")=filter_json(?1)");
    expect_sql("or", "(id.eq.1,name.is.null)", "(\"id\"=?1 or \"name\" is null)");
    expect_sql("not.and", "(id.eq.1,or(name.eq.a,name.eq.\"b,)\"),paid.is.false)",
               "not(\"id\"=?1 and (\"name\"=?2 or \"name\"=?3) and \"paid\" is 0)");
    expect_sql("and", "(not.or(id.gt.1,id.lt.0),\"a.b\".not.in.(x,\"y z\"))",
               "(not(\"id\">?1 or \"id\"<?2) and not(\"a.b\" in (?3,?4)))");
    expect_sql("or", "(and(and(id.eq.1)))", "(((\"id\"=?1)))");
}

static void test_values(void **state) {
    (void)state;
    static const struct {
        const char *name;
        const char *value;
        const char *bound;
    } cases[] = {
        {"at", "gt.2026-01-01", "2026-01-01T00:00:00.000000Z"},
        {"at", "gt.2026-01-01 10:00", "2026-01-01T10:00:00.000000Z"},
        {"at", "gt.2026-01-01T01:00:00.5+02:00", "2025-12-31T23:00:00.500000Z"},
        {"name", "in.(\"a\\\"b\\\\\",c)", "a\"b\\"},
        {"name", "eq.\"a\"", "\"a\""}, // only within parentheses do quotes quote
        {"name", "like.*b_*", "%b_%"},
        {"or", "(name.eq.{a,b},id.eq.1)", "{a,b}"},
        {"code", "eq.ab  ", "ab  "},
        {"name", "eq.", ""},
    };
    static struct filter filter;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        if (read_one(&filter, cases[i].name, cases[i].value, &error) != 0)
            fail_msg("%s: %s", cases[i].value, error.message);
        struct span bytes = filter.values[0].bytes;
        if (!span_is(bytes, cases[i].bound))
            fail_msg("%s: %.*s", cases[i].value, (int)bytes.size, bytes.data);
    }
    filter_free(&filter);
    filter = (struct filter){0};
}

static void test_what_is_no_filter(void **state) {
    (void)state;
    static const struct {
        const char *name;
        const char *value;
        enum error_kind kind;
        const char *names;
    } cases[] = {
        {"colour", "eq.1", ERROR_NOTFOUND, "id, name, total"},
        {"or", "(colour.eq.1)", ERROR_NOTFOUND, "id, name, total"},
        {"id", "gte.x", ERROR_USAGE, "bigint"},
        {"id", "eq.9223372036854775808", ERROR_USAGE, "bigint"},
        {"total", "eq.1.005", ERROR_USAGE, "decimal(8,2)"},
        {"total", "in.(1,2.001)", ERROR_USAGE, "decimal(8,2)"},
        {"total", "gt.x", ERROR_USAGE, "decimal(8,2)"},
        {"at", "2026-13-01", ERROR_USAGE, "timestamptz"},
        {"at", "gt.2026-02-30", ERROR_USAGE, "timestamptz"},
        {"at", "gt.yesterday", ERROR_USAGE, "timestamptz"},
        {"paid", "eq.yes", ERROR_USAGE, "boolean"},
        {"flags", "eq.102", ERROR_USAGE, "bit varying"},
        {"meta", "eq.{", ERROR_USAGE, "jsonb"},
        {"meta", "gt.1", ERROR_USAGE, "no order"},
        {"mood", "gt.sad", ERROR_USAGE,
         "the column \"mood\" is mood, which is an enum, whose declared order is not kept"},
        {"mood", "not.lte.sad", ERROR_USAGE, "declared order"},
        {"id", "like.1*", ERROR_USAGE, "no text"},
        {"name", "fts.cat", ERROR_USAGE, "fts is not served"},
        {"name", "like(any).{a,b}", ERROR_USAGE, "(any) and (all) are not served"},
        {"name", "not.applicable", ERROR_USAGE, "eq.VALUE"},
        {"name", "not.not.eq.a", ERROR_USAGE, "operator"},
        {"name", "in.a", ERROR_USAGE, "(a,b"},
        {"name", "in.(a", ERROR_USAGE, "closed"},
        {"name", "in.(\"a)", ERROR_USAGE, "closed"},
        {"name", "in.(a)b", ERROR_USAGE, "behind"},
        {"name", "is.nul", ERROR_USAGE, "not_null"},
        {"name", "is.true", ERROR_USAGE, "boolean"},
        {"name", "like.a\\", ERROR_USAGE, "backslash"},
        {"or", "id.eq.1", ERROR_USAGE, "(condition"},
        {"or", "(id.eq.1", ERROR_USAGE, "comma or )"},
        {"or", "(id.eq.1))", ERROR_USAGE, "behind"},
        {"or", "()", ERROR_USAGE, "COLUMN.OP.VALUE"},
        {"or", "(id)", ERROR_USAGE, "COLUMN.OP.VALUE"},
        {"or", "(id.1)", ERROR_USAGE, "operator"},
        {"or", "(meta.eq.{a)", ERROR_USAGE, "not closed"},
    };
    static struct filter filter;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        if (read_one(&filter, cases[i].name, cases[i].value, &error) == 0)
            fail_msg("%s=%s is taken", cases[i].name, cases[i].value);
        if (error.kind != cases[i].kind || strstr(error.message, cases[i].names) == NULL)
            fail_msg("%s=%s: %s", cases[i].name, cases[i].value, error.message);
    }
    filter_free(&filter);
    filter = (struct filter){0};
}

static void expect_too_much(const char *name, const char *begin, const char *each, const char *end,
                            int times) {
    static struct filter filter;
    CLEANUP(buffer_free) struct buffer text = {0};
    struct error error = {0};
    buffer_text(&text, begin);
    for (int i = 0; i < times; i++)
        buffer_text(&text, each);
    buffer_text(&text, end);
    buffer_char(&text, '\0');
    assert_int_equal(read_one(&filter, name, text.data, &error), -1);
    assert_int_equal(error.kind, ERROR_USAGE);
    filter_free(&filter);
    filter = (struct filter){0};
}

static void test_bounds(void **state) {
    (void)state;
    expect_too_much("id", "in.(1", ",1", ")", FILTER_VALUES_MAX);
    expect_too_much("or", "(id.eq.1", ",id.is.null", ")", FILTER_TERMS_MAX);
    expect_too_much("or", "(", "and(", "id.eq.1))", FILTER_DEPTH_MAX);
}

static void test_order_and_selection(void **state) {
    (void)state;
    static struct ordering ordering;
    static struct selection selection;
    struct arena arena = {0};
    struct error error = {0};
    assert_int_equal(
        ordering_read(&ordering, &table, SPAN("total.desc,name.asc.nullsfirst,\"a.b\"..."), &arena, &error),
        -1);
    assert_int_equal(ordering_read(&ordering, &table, SPAN("total.desc,name.nullsfirst,at"), &arena, &error),
                     0);
    sqlite3_str *made = sqlite3_str_new(NULL);
    ordering_write(&ordering, &table, made);
    const struct cell cells[] = {
        {.kind = CELL_NULL}, {.kind = CELL_NULL}, {.kind = CELL_TEXT}, {.kind = CELL_INTEGER}};
    sqlite3_str_appendall(made, " / ");
    ordering_write_after(&ordering, &table, cells, 5, made);
    CLEANUP(stmt_free_text) char *sql = sqlite3_str_finish(made);
    assert_string_equal(
        sql, " order by \"total\" desc nulls first,\"name\" nulls first,\"at\" collate stored_time nulls last"
             ",\"id\" / ((\"total\" is not null) or (\"total\" is ?5 and \"name\" is not null) or "
             "(\"total\" is ?5 and \"name\" is ?6 and (\"at\" collate stored_time>?7 or \"at\" is null)) "
             "or (\"total\" is ?5 and \"name\" is ?6 and \"at\" collate stored_time is ?7 and (\"id\">?8)))");
    static const char *const bad_orders[] = {"meta", "id.down", "id.asc.asc",        "id,\"name",
                                             "id,",  "",        "id.nullslast.desc", "colour"};
    for (size_t i = 0; i < sizeof bad_orders / sizeof *bad_orders; i++)
        if (*bad_orders[i] != '\0' &&
            ordering_read(&ordering, &table, span_of(bad_orders[i]), &arena, &error) == 0)
            fail_msg("order=%s is taken", bad_orders[i]);
    assert_int_equal(selection_read(&selection, &table, SPAN("id,sum:total,\"x y\":\"a.b\""), &arena, &error),
                     0);
    assert_int_equal(selection.count, 3);
    assert_true(span_is(selection.names[1], "sum") && selection.columns[1] == 2);
    assert_true(span_is(selection.names[2], "x y") && selection.columns[2] == 9);
    assert_int_equal(selection_read(&selection, &table, SPAN("*,more:id"), &arena, &error), 0);
    assert_int_equal(selection.count, COLUMNS + 1);
    static const char *const bad[] = {"id,id",         "id,",       "colour",     "id::text",
                                      "meta->a",       "orders(*)", "id,id:name", "count()",
                                      "id:total:name", ",",         "\"id",       "*id"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (selection_read(&selection, &table, span_of(bad[i]), &arena, &error) == 0)
            fail_msg("select=%s is taken", bad[i]);
    arena_free(&arena);
}

static bool likes(const char *text, const char *pattern, bool any_case) {
    locale_t letters = like_letters();
    const struct like like = {.pattern = span_of(pattern), .any_case = any_case, .letters = letters};
    int found = like_match(&like, span_of(text));
    like_letters_free(&letters);
    return found == 1;
}

static int give_up(void *self) {
    (void)self;
    return 1;
}

static void test_like(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *pattern;
        bool like;
        bool ilike;
    } cases[] = {
        {"", "", true, true},
        {"", "%", true, true},
        {"a", "", false, false},
        {"abc", "a%c", true, true},
        {"abc", "A%C", false, true},
        {"abcbc", "a%bc", true, true},
        {"abcbd", "a%bc", false, false},
        {"abc", "a_c", true, true},
        {"a\xC3\xA9"
         "c",
         "a_c", true, true},
        {"a\xC3\x89", "a\xC3\xA9", false, true},
        {"100%", "100\\%", true, true},
        {"1000", "100\\%", false, false},
        {"a_b", "a\\_b", true, true},
        {"axb", "a\\_b", false, false},
        {"a\\b", "a\\\\b", true, true},
        {"aaa", "%a%a%a%", true, true},
        {"aa", "%a%a%a%", false, false},
        {"ab", "%%b", true, true},
        {"abc", "%b", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (likes(cases[i].text, cases[i].pattern, false) != cases[i].like ||
            likes(cases[i].text, cases[i].pattern, true) != cases[i].ilike)
            fail_msg("%s like %s", cases[i].text, cases[i].pattern);
    CLEANUP(buffer_free) struct buffer text = {0};
    for (int i = 0; i < 2 * LIKE_STEPS; i++)
        buffer_char(&text, 'a');
    const struct like like = {.pattern = SPAN("%a%a%b"), .interrupted = give_up};
    assert_int_equal(like_match(&like, (struct span){text.data, text.size}), -1);
    locale_t letters = like_letters();
    assert_int_equal(like_order(letters, SPAN("\xC3\x89t\xC3\xA9"), SPAN("\xC3\xA9T\xC3\x89")), 0);
    assert_true(like_order(letters, SPAN("a"), SPAN("B")) < 0 &&
                like_order(letters, SPAN("ab"), SPAN("A")) > 0);
    like_letters_free(&letters);
}

static void test_times(void **state) {
    (void)state;
    static const char *const rising[] = {"-infinity",     "-4713-11-24",  "-0044-03-15",  "-0044-03-16",
                                         "-0043-01-01",   "0000-01-01",   "0099-12-31",   "2026-01-01",
                                         "9999-12-31",    "+10000-01-01", "+10000-01-02", "+20000-01-01",
                                         "+100000-01-01", "infinity"};
    static const char *const seconds[] = {"2026-01-01T00:00:00.123455Z",   "2026-01-01T00:00:00.1234559Z",
                                          "2026-01-01T00:00:00.123456Z",   "2026-01-01T00:00:00.1234561Z",
                                          "2026-01-01T00:00:00.12345612Z", "2026-01-01T00:00:00.123457Z",
                                          "+10000-01-01T00:00:00.123456Z", "+10000-01-01T00:00:00.1234561Z"};
    for (size_t i = 1; i < sizeof seconds / sizeof *seconds; i++)
        assert_true(time_order(span_of(seconds[i - 1]), span_of(seconds[i])) < 0);
    int count = sizeof rising / sizeof *rising;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) {
            int order = time_order(span_of(rising[i]), span_of(rising[j]));
            if ((order > 0) - (order < 0) != (i > j) - (i < j))
                fail_msg("%s and %s", rising[i], rising[j]);
        }
}

// The same order within SQL.
static void test_times_in_sql(void **state) {
    (void)state;
    struct error error = {0};
    CLEANUP(stmt_close) sqlite3 *db = NULL;
    CLEANUP(filter_functions_free) struct filter_functions functions = {0};
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(filter_functions_register(&functions, db, "filters", &error), 0);
    assert_int_equal(collations_register(db, &error), 0);
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    assert_int_equal(
        stmt_prepare(db,
                     "select group_concat(at, ' ') from (select column1 as at from (values ('2026-01-01'),"
                     " ('infinity'), ('-0044-03-15'), ('+10000-01-01'), ('-infinity'), ('0099-12-31'))"
                     " order by at collate stored_time)",
                     "times", &stmt, &error),
        0);
    assert_int_equal(stmt_row(stmt, "times", &error), 1);
    assert_string_equal((const char *)sqlite3_column_text(stmt, 0),
                        "-infinity -0044-03-15 0099-12-31 2026-01-01 +10000-01-01 infinity");
}

static void test_json_text(void **state) {
    (void)state;
    static const char *const valid[] = {"null",
                                        " true ",
                                        "0",
                                        "-1.5e+3",
                                        "\"\"",
                                        "\"\\u00e9\\n\xC3\xA9\"",
                                        "[]",
                                        "[ ]",
                                        "{}",
                                        "[1,[2,{\"a\":[]}],{}]",
                                        "{\"a\":1,\"b\":{\"c\":[{}]}}",
                                        "1E5",
                                        "[{}]\n"};
    static const char *const invalid[] = {"",
                                          " ",
                                          "nul",
                                          "01",
                                          "1.",
                                          "-",
                                          "+1",
                                          "\"a",
                                          "[",
                                          "[1",
                                          "[1,]",
                                          "[,1]",
                                          "{",
                                          "{\"a\"}",
                                          "{\"a\":1,}",
                                          "{a:1}",
                                          "[1}",
                                          "{]",
                                          "1 2",
                                          "[] []",
                                          "\"\\x\"",
                                          "\"\\u12g4\"",
                                          "\"\t\"",
                                          "\"\xff\"",
                                          "NaN",
                                          "{\"a\":}",
                                          "{\"a\":1 \"b\":2}",
                                          "]",
                                          "__debezium_unavailable_value"};
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
        if (!json_text_is_valid(span_of(valid[i])))
            fail_msg("%s is refused", valid[i]);
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++)
        if (json_text_is_valid(span_of(invalid[i])))
            fail_msg("%s is taken", invalid[i]);
    CLEANUP(buffer_free) struct buffer deep = {0};
    for (int i = 0; i < JSON_TEXT_DEPTH_MAX; i++)
        buffer_char(&deep, '[');
    for (int i = 0; i < JSON_TEXT_DEPTH_MAX; i++)
        buffer_char(&deep, ']');
    assert_true(json_text_is_valid((struct span){deep.data, deep.size}));
    buffer_char(&deep, ']');
    memmove(deep.data + 1, deep.data, deep.size - 1);
    buffer_char(&deep, ']');
    deep.data[0] = '[';
    assert_false(json_text_is_valid((struct span){deep.data, deep.size}));
}

static void test_json_same(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {" { \"a\" : [ 1 , true ] }\n", "{\"a\":[1e0,true]}"},
        {"\"\\u00e9\\u20ac\\ud83d\\ude00\"", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""},
        {"\"a\\/b\\\"\\\\\\n\\u000a\\u0041 \"", "\"a/b\\\"\\\\\\u000a\\u000aA \""},
        {"\"\\ud83d\\u0041\\uDE00\"", "\"\\ud83dA\\ude00\""},
        {"[1.50,150e-2,0.15E+1,15e-1]", "[15e-1,15e-1,15e-1,15e-1]"},
        {"[0,-0,0.00,0e5,100,1e2,-10.0,0.050]", "[0,0,0,0,1e2,1e2,-1e1,5e-2]"},
        {"12345678901234567890.10", "123456789012345678901e-1"},
        {"1e9999999999", "1e9999999999"},
        // members as jsonb has them: by length, then bytes, the last of one name
        {"{\"bb\":1,\"b\":2,\"a\":3}", "{\"a\":3e0,\"b\":2e0,\"bb\":1e0}"},
        {"{\"a\":1,\"\\u0061\":2,\"a\":[3,4]}", "{\"a\":[3e0,4e0]}"},
        {"[{\"b\":{\"d\":[],\"c\":{}},\"a\":\"},{\\\"\"},{}]",
         "[{\"a\":\"},{\\\"\",\"b\":{\"c\":{},\"d\":[]}},{}]"},
        {"{\"b\":[{\"y\":1,\"x\":2},3],\"a\":0}", "{\"a\":0,\"b\":[{\"x\":2e0,\"y\":1e0},3e0]}"},
        {" { \"b\" : \"a\" , \"c\" : [ \"z\" , \"a\" ] } ", "{\"b\":\"a\",\"c\":[\"z\",\"a\"]}"},
        {"{\"b\":{\"z\":\"\",\"y\":\"\"},\"c\":1,\"a\":{}}",
         "{\"a\":{},\"b\":{\"y\":\"\",\"z\":\"\"},\"c\":1e0}"},
        {"{\"a\":1,\"b\":2,\"b\":3}", "{\"a\":1e0,\"b\":3e0}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CLEANUP(buffer_free) struct buffer same = {0};
        assert_true(json_text_is_valid(span_of(cases[i][0])));
        json_same_write(&same, span_of(cases[i][0]));
        buffer_char(&same, '\0');
        assert_string_equal(same.data, cases[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_same),    cmocka_unit_test(test_sql),
        cmocka_unit_test(test_values),       cmocka_unit_test(test_what_is_no_filter),
        cmocka_unit_test(test_bounds),       cmocka_unit_test(test_order_and_selection),
        cmocka_unit_test(test_like),         cmocka_unit_test(test_times),
        cmocka_unit_test(test_times_in_sql), cmocka_unit_test(test_json_text),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
