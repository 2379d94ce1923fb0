// A row's key as text, and back.
#include "views/engine/row/key_text.h"

#include "views/base/cleanup.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct column columns[] = {{.name = "i", .type = COLUMN_INTEGER, .key = 1},
                                  {.name = "v", .type = COLUMN_TEXT},
                                  {.name = "r", .type = COLUMN_REAL, .key = 2},
                                  {.name = "t", .type = COLUMN_TEXT, .key = 3},
                                  {.name = "b", .type = COLUMN_BYTEA, .key = 4}};
static struct table table = {
    .name = "t", .columns = columns, .column_count = 5, .keys = {0, 2, 3, 4}, .key_count = 4};

static struct value text_of(const char *bytes, size_t size) {
    return (struct value){.kind = VALUE_TEXT, .bytes = {bytes, size}};
}

static void expect_same(int64_t integer, struct value real, struct value text, struct span bytes,
                        const char *written) {
    CLEANUP(buffer_free) struct buffer out = {0};
    CLEANUP(arena_free) struct arena arena = {0};
    struct value values[] = {{.kind = VALUE_INTEGER, .integer = integer},
                             {.kind = VALUE_ABSENT},
                             real,
                             text,
                             {.kind = VALUE_BLOB, .bytes = bytes}};
    struct value read[5] = {{0}};
    assert_true(key_text_write(&out, &table, values));
    assert_int_equal(out.size, strlen(written));
    assert_memory_equal(out.data, written, out.size);
    assert_true(key_text_read((struct span){out.data, out.size}, &table, &arena, read));
    for (int i = 0; i < 5; i++)
        assert_true(i == 1 || value_same(&values[i], &read[i]));
}

static struct value real_of(double real) {
    return (struct value){.kind = VALUE_REAL, .real = real};
}

static void what_is_written_is_read(void **state) {
    (void)state;
    expect_same(INT64_MIN, real_of(0.1), text_of("", 0), SPAN(""),
                "[-9223372036854775808,0.10000000000000001,\"\",\"\"]");
    expect_same(INT64_MAX, real_of(INFINITY), text_of("a\0b\"\\\b\f\n\x1f/", 10), SPAN("\xff"),
                "[9223372036854775807,9e999,\"a\\u0000b\\\"\\\\\\u0008\\u000c\\n\\u001f/\",\"FF\"]");
    expect_same(0, real_of(-INFINITY), text_of("\xC3\xA9\xF0\x9F\x98\x80", 6), (struct span){"\0", 1},
                "[0,-9e999,\"\xC3\xA9\xF0\x9F\x98\x80\",\"00\"]");
    expect_same(7, real_of(-0.0), text_of("x", 1), SPAN("ab"), "[7,0,\"x\",\"6162\"]");
    expect_same(7, text_of("NaN", 3), text_of("x", 1), SPAN("ab"), "[7,\"NaN\",\"x\",\"6162\"]");
    expect_same(7, real_of(5e-324), text_of("x", 1), SPAN("ab"),
                "[7,4.9406564584124654e-324,\"x\",\"6162\"]");
}

static void what_was_written_otherwise_is_read_or_refused(void **state) {
    (void)state;
    CLEANUP(arena_free) struct arena arena = {0};
    struct value read[TABLE_KEYS_MAX + 5];
    static const char *const none[] = {"",
                                       "[]",
                                       "7",
                                       "[1,inf,\"x\",\"00\"]",
                                       "[1,2,\"x\"]",
                                       "[1,2,\"x\",\"00\",1]",
                                       "[1,2,\"x\",\"0\"]",
                                       "[1,2,\"x\",\"0g\"]",
                                       "[1,2,\"x\",0]",
                                       "[1,2,null,\"00\"]",
                                       "[1,2,[3],\"00\"]",
                                       "[1,2,true,\"00\"]",
                                       "{\"a\":1}",
                                       "[1,2,\"x\",\"00\"",
                                       "[1,2,\"x\",\"00\"]]"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(key_text_read(span_of(none[i]), &table, &arena, read));
    // as SQLite's json_array() wrote it, and as a person may
    assert_true(
        key_text_read(SPAN(" [ 1 , 1.0e+300 , \"\\b\\f\\/\\u00e9\" , \"aB\" ] "), &table, &arena, read));
    assert_true(read[2].kind == VALUE_REAL && read[2].real == 1e300);
    assert_true(span_is(read[3].bytes, "\b\f/\xC3\xA9") && span_is(read[4].bytes, "\xAB"));
    assert_int_equal(key_text_parts(SPAN("[1,\"aB\"]"), &arena, read), 2);
    assert_true(read[1].kind == VALUE_TEXT && span_is(read[1].bytes, "aB"));
    CLEANUP(buffer_free) struct buffer many = {0};
    for (int i = 0; i <= TABLE_KEYS_MAX; i++)
        buffer_text(&many, i == 0 ? "[1" : ",1");
    buffer_char(&many, ']');
    assert_int_equal(key_text_parts((struct span){many.data, many.size}, &arena, read), -1);
}

static void what_json_array_wrote_is_written_anew(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"[5.0,0.1,1.0e+300]", "[5,0.10000000000000001,1.0000000000000001e+300]"},
        {"[5,-7]", "[5,-7]"},
        {"[\"\\b\\f\\n\"]", "[\"\\u0008\\u000c\\n\"]"},
        {"[9e999]", "[9e999]"},
        {"[-0.0]", "[0]"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        CLEANUP(arena_free) struct arena arena = {0};
        CLEANUP(buffer_free) struct buffer once = {0};
        CLEANUP(buffer_free) struct buffer twice = {0};
        assert_true(key_text_write_anew(&once, span_of(pairs[i][0]), &arena));
        assert_true(span_is((struct span){once.data, once.size}, pairs[i][1]));
        assert_true(key_text_write_anew(&twice, (struct span){once.data, once.size}, &arena));
        assert_true(span_is((struct span){twice.data, twice.size}, pairs[i][1]));
    }
    CLEANUP(arena_free) struct arena arena = {0};
    CLEANUP(buffer_free) struct buffer none = {0};
    assert_false(key_text_write_anew(&none, SPAN("[Inf]"), &arena));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_written_is_read),
                                       cmocka_unit_test(what_was_written_otherwise_is_read_or_refused),
                                       cmocka_unit_test(what_json_array_wrote_is_written_anew)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
