// Values of a mirror beside PostgreSQL's texts of the same values (consumer/postgres/form.h, same.h).
#include "consumer/postgres/form.h"
#include "consumer/postgres/same.h"
#include "consumer/postgres/same_json.h"
#include "views/base/buffer.h"

// clang-format off
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
// clang-format on

static struct form form_by(const char *type, const char *element, struct column *column) {
    const struct source_type source = {
        .name = span_of(type), .element = span_of(element), .array = element != NULL, .kind = 'b'};
    *column = (struct column){.name = (char *)"c", .declared = (char *)type};
    return form_of(column, &source, false);
}

// What the mirror stores as text: its form, and whether that is the same value as PostgreSQL's form.
static const struct {
    const char *type;
    const char *element;
    const char *stored;
    const char *form; // NULL = not looked at
    const char *source;
    bool same;
} texts[] = {
    {"text", NULL, "a ", "a ", "a ", true},
    {"text", NULL, "YQ==", "YQ==", "a", false},
    {"bpchar", NULL, "ab   ", "ab", "ab", true},
    {"numeric", NULL, "1.500", "1.5", "1.5", true},
    {"numeric", NULL, "1E+2", "1E+2", "100", true},
    {"numeric", NULL, "-0.010", "-0.01", "-1e-2", true},
    {"numeric", NULL, "0.00", "0", "0", true},
    {"numeric", NULL, "12345678901234567890.1", NULL, "12345678901234567890.2", false},
    {"numeric", NULL, "1.05", NULL, "10.5", false},
    {"numeric", NULL, "NaN", "NaN", "NaN", true},
    {"numeric", NULL, "NaN", NULL, "0", false},
    {"numeric", NULL, "Infinity", NULL, "-Infinity", false},
    {"money", NULL, "1234.50", "1234.5", "1234.5", true},
    {"float8", NULL, "NaN", "7ff8000000000000", "7ff8000000000000", true},
    {"date", NULL, "2026-11-23", "2026-11-23", "2026-11-23", true},
    {"date", NULL, "-0043-03-15", "0044-03-15 BC", "0044-03-15 BC", true},
    {"date", NULL, "0000-01-01", "0001-01-01 BC", "0001-01-01 BC", true},
    {"date", NULL, "+12345-06-07", "12345-06-07", "12345-06-07", true},
    {"date", NULL, "infinity", "infinity", "infinity", true},
    {"date", NULL, "infinity", NULL, "-infinity", false},
    {"time", NULL, "09:00:00.500000", "09:00:00.5", "09:00:00.5", true},
    {"time", NULL, "24:00:00.000000", "24:00:00", "24:00:00", true},
    {"timetz", NULL, "08:00:00.500000", "08:00:00.5", "08:00:00.5", true},
    {"timestamp", NULL, "2026-11-23T09:00:00.000000", "2026-11-23 09:00:00", "2026-11-23 09:00:00", true},
    {"timestamp", NULL, "2026-11-23T09:00:00.000001", NULL, "2026-11-23 09:00:00", false},
    {"timestamp", NULL, "-0001-12-31T23:59:59.999999", "0002-12-31 23:59:59.999999 BC",
     "0002-12-31 23:59:59.999999 BC", true},
    {"timestamptz", NULL, "2026-11-23T09:00:00.250000Z", "2026-11-23 09:00:00.25+00",
     "2026-11-23 09:00:00.25+00", true},
    {"timestamptz", NULL, "-0043-03-15T00:00:00.000000Z", "0044-03-15 00:00:00+00 BC",
     "0044-03-15 00:00:00+00 BC", true},
    {"interval", NULL, "P1Y2M3DT4H5M6.789S", "14 3 14706789000", "14 3 14706789000", true},
    {"interval", NULL, "P0Y0M0DT0H0M-0.000001S", "0 0 -1", "0 0 -1", true},
    {"interval", NULL, "-2629800000000", NULL, "-1 0 0", true},
    {"interval", NULL, "37091106789000", NULL, "14 3 14706789000", true},
    {"interval", NULL, "37091106789002", NULL, "14 3 14706789000", false},
    {"interval", NULL, "P0Y1M0DT0H0M0S", NULL, "0 30 0", false},
    {"bit", NULL, "0101", "101", "101", true},
    {"varbit", NULL, "1", "1", "1", true},
    {"json", NULL, "{\"a\":1,\"b\":[1.0,null]}", NULL, "{ \"b\" : [1, null], \"a\" : 1.00 }", true},
    {"jsonb", NULL, "{\"a\":\"\\u00e4\"}", NULL, "{\"a\": \"\xc3\xa4\"}", true},
    {"jsonb", NULL, "{\"a\":1,\"b\":2}", NULL, "{\"a\": 1}", false},
    {"json", NULL, "{\"a\":1,\"a\":1}", NULL, "{\"a\": 1, \"b\": 2}", false},
    {"json", NULL, "{\"a\":1,\"b\":2,\"ab\":3}", NULL, "{\"ab\": 3, \"a\": 1, \"b\": 2}", true},
    {"json", NULL, "{\"a\":1,\"b\":2}", NULL, "{\"b\": 1, \"a\": 2}", false},
    {"jsonb", NULL, "{\"a\":1}", NULL, "{\"a\": 1, \"b\": 2}", false},
    {"jsonb", NULL, "{\"a\":12345678901234567890}", NULL, "{\"a\": 12345678901234567891}", false},
    {"jsonb", NULL, "[1,2]", NULL, "[2, 1]", false},
    {"jsonb", NULL, "[]", NULL, "{}", false},
    {"jsonb", NULL, "{\"a\":1}x", NULL, "{\"a\": 1}", false},
    {"jsonb", NULL, "{\"a\":1} ", NULL, "{\"a\": 1}", true},
    {"hstore", NULL, "{\"a\":\"1\"}x", NULL, "{\"a\": \"1\"}", false},
    {"point", NULL, "{\"x\":1.5,\"y\":-2.0}x", NULL, "(1.5,-2)", false},
    {"geometry", NULL, "{\"wkb\":\"AQEAAA==\",\"srid\":4326}x", NULL, "01010000", false},
    {"vector", NULL, "[0.25]x", NULL, "[0.25]", false},
    {"sparsevec", NULL, "{\"dimensions\":5,\"vector\":{\"1\":0.25}}x", NULL, "{1:0.25}/5", false},
    {"_int4", "int4", "[1]x", NULL, "[\"1\"]", false},
    {"_float8", "float8", "[1.5]x", NULL, "[\"1.5\"]", false},
    {"_text", "text", "[\"a\"]x", NULL, "[\"a\"]", false},
    {"_bytea", "bytea", "[\"3q0=\"]x", NULL, "[\"\\\\xdead\"]", false},
    {"jsonb", NULL, "\"1\"", NULL, "1", false},
    {"hstore", NULL, "{\"b\":null,\"a\":\"1\"}", NULL, "{\"a\": \"1\", \"b\": null}", true},
    {"hstore", NULL, "{\"a\":\"1\"}", NULL, "{\"a\": null}", false},
    {"tstzrange", NULL, "[\"2026-01-01 02:00:00+02\",\"2026-02-01 00:00:00+00\")", NULL,
     "[\"2026-01-01 00:00:00+00\",\"2026-02-01 00:00:00+00\")", true},
    {"tstzrange", NULL, "[\"2026-01-01 02:00:00+02\",)", NULL, "[\"2026-01-01 02:00:00+00\",)", false},
    {"tstzrange", NULL, "empty", NULL, "empty", true},
    {"point", NULL, "{\"x\":1.5,\"y\":-2.0,\"wkb\":\"AQE=\",\"srid\":null}", NULL, "(1.5,-2)", true},
    {"point", NULL, "{\"x\":1.5,\"y\":-2.0}", NULL, "(1.5,2)", false},
    {"geometry", NULL, "{\"wkb\":\"AQEAAA==\",\"srid\":4326}", NULL, "01010000", true},
    {"geometry", NULL, "{\"wkb\":\"AQEAAA==\",\"srid\":4326}", NULL, "01010001", false},
    {"geography", NULL, "{\"wkb\":\"q80=\",\"srid\":4326}", NULL, "ABCD", true},
    {"vector", NULL, "[0.25,0.5,-1.0]", NULL, "[0.25,0.5,-1]", true},
    {"vector", NULL, "[0.25,0.5]", NULL, "[0.25,0.5,-1]", false},
    {"vector", NULL, "[0.10000000149011612]", NULL, "[0.1]", true},
    {"halfvec", NULL, "[0.5,1.0]", NULL, "[0.5,1]", true},
    {"sparsevec", NULL, "{\"dimensions\":5,\"vector\":{\"1\":0.25,\"3\":-1.5}}", NULL, "{1:0.25,3:-1.5}/5",
     true},
    {"sparsevec", NULL, "{\"dimensions\":5,\"vector\":{\"1\":0.25,\"3\":-1.5}}", NULL, "{1:0.25}/5", false},
    {"sparsevec", NULL, "{\"dimensions\":5,\"vector\":{}}", NULL, "{}/5", true},
    {"box", NULL, "KDEsMSksKDAsMCk=", NULL, "(1,1),(0,0)", true},
    {"box", NULL, "(1,1),(0,0)", NULL, "(1,1),(0,0)", true},
    {"_int4", "int4", "[1,null,-2]", "[\"1\",null,\"-2\"]", "[\"1\",null,\"-2\"]", true},
    {"_int4", "int4", "[1]", NULL, "[\"1\",\"2\"]", false},
    {"_int4", "int4", "[]", "[]", "[]", true},
    {"_int4", "int4", "[null]", NULL, "[\"null\"]", false},
    {"_numeric", "numeric", "[\"1.50\",\"NaN\"]", "[\"1.5\",\"NaN\"]", "[\"1.50\",\"NaN\"]", true},
    {"_text", "text", "[\"a\\\"b\",\"\\u00e4\",\"\\n\"]", "[\"a\\\"b\",\"\xc3\xa4\",\"\\n\"]",
     "[\"a\\\"b\",\"\xc3\xa4\",\"\\n\"]", true},
    {"_bool", "bool", "[true,false]", "[\"true\",\"false\"]", "[\"true\",\"false\"]", true},
    {"_float8", "float8", "[1.0,1e300,\"NaN\"]", NULL, "[\"1\",\"1e+300\",\"NaN\"]", true},
    {"_float8", "float8", "[1.5]", NULL, "[\"1.25\"]", false},
    {"_timestamp", "timestamp", "[\"2026-01-01T00:00:00.500000\"]", "[\"2026-01-01 00:00:00.5\"]",
     "[\"2026-01-01 00:00:00.5\"]", true},
    {"_bytea", "bytea", "[\"3q0=\"]", NULL, "[\"\\\\xdead\"]", true},
    {"_hstore", "hstore", "[{\"a\":\"1\",\"b\":null},null]", NULL, "[{\"b\": null, \"a\": \"1\"},null]",
     true},
    {"_hstore", "hstore", "[\"{\\\"c\\\":\\\"x\\\\\\\"y\\\"}\"]", NULL, "[{\"c\": \"x\\\"y\"}]", true},
    {"_hstore", "hstore", "[{\"a\":\"1\"}]", NULL, "[{\"a\": \"2\"}]", false},
    {"jsonpath", NULL, "JC4iYSI=", NULL, "$.\"a\"", true},
    {"jsonpath", NULL, "242e226122", NULL, "$.\"a\"", true},
    {"jsonpath", NULL, "242e226123", NULL, "$.\"a\"", false},
    {"_bytea", "bytea", "[\"3q0=\"]", NULL, "[\"\\\\xdeae\"]", false},
    {"_int4", "int4", "[[1,2],[3,4]]", "[[\"1\",\"2\"],[\"3\",\"4\"]]", "[[\"1\",\"2\"],[\"3\",\"4\"]]",
     true},
    {"_int4", "int4", "[1,2,3,4]", NULL, "[[\"1\",\"2\"],[\"3\",\"4\"]]", false},
};

static void each_text_has_its_form(void **state) {
    (void)state;
    struct buffer scratch = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct column column;
        const struct form form = form_by(texts[i].type, texts[i].element, &column);
        const struct cell cell = {.kind = CELL_TEXT, .bytes = span_of(texts[i].stored)};
        struct span mirror = form_of_cell(&form, &cell, &scratch);
        if (texts[i].form != NULL && !span_is(mirror, texts[i].form))
            fail_msg("%s %s: the form is %.*s", texts[i].type, texts[i].stored, (int)mirror.size,
                     mirror.data);
        if (same_value(&form, span_of(texts[i].source), mirror) != texts[i].same)
            fail_msg("%s %s beside %s: %s", texts[i].type, texts[i].stored, texts[i].source,
                     texts[i].same ? "not the same" : "the same");
    }
    buffer_free(&scratch);
}

// What an INTERVAL of a key is compared as is the connector's count, whichever mode it comes in: jshell with Debezium 3.6.1's
// MicroDuration and pgjdbc 42.7.11's PGInterval.
static void an_interval_of_a_key_is_its_microseconds(void **state) {
    (void)state;
    static const struct {
        const char *stored;
        const char *form;
    } keys[] = {
        {"2629800000000", "2629800000000"},
        {"P0Y1M0DT0H0M0S", "2629800000000"},
        {"P11Y5M33DT-30H-51M-16.169963S", "363022723830037"},
        {"P-2Y-3M15DT31H51M23.159491S", "-69593916840509"},
        {"P-2Y-8M-34DT1H12M36.82281S", "-87086843177190"},
        {"P0Y0M0DT0H0M-0.1S", "-100000"},
        {"P178000000Y0M0DT0H0M0S", "9223372036854774784"},
        {"infinity", "infinity"},
    };
    const struct source_type type = {.name = SPAN("interval"), .kind = 'b'};
    const struct column column = {.name = (char *)"c", .declared = (char *)"interval", .key = 1};
    struct buffer scratch = {0};
    const struct form form = form_of(&column, &type, false);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct cell cell = {.kind = CELL_TEXT, .bytes = span_of(keys[i].stored)};
        struct span mirror = form_of_cell(&form, &cell, &scratch);
        if (!span_is(mirror, keys[i].form))
            fail_msg("%s: the form is %.*s", keys[i].stored, (int)mirror.size, mirror.data);
    }
    buffer_free(&scratch);
}

static void check_cell(const char *type, struct cell cell, const char *expected) {
    struct buffer scratch = {0};
    struct column column;
    const struct form form = form_by(type, NULL, &column);
    struct span mirror = form_of_cell(&form, &cell, &scratch);
    if (!span_is(mirror, expected))
        fail_msg("%s: the form is %.*s, not %s", type, (int)mirror.size, mirror.data, expected);
    buffer_free(&scratch);
}

static void numbers_and_bytes_have_theirs(void **state) {
    (void)state;
    check_cell("int4", (struct cell){.kind = CELL_INTEGER, .integer = -7}, "-7");
    check_cell("numeric", (struct cell){.kind = CELL_DECIMAL, .integer = 4200, .scale = 2}, "42");
    check_cell("numeric", (struct cell){.kind = CELL_DECIMAL, .integer = -5, .scale = 2}, "-0.05");
    check_cell("numeric", (struct cell){.kind = CELL_DECIMAL, .integer = 100, .scale = 0}, "100");
    check_cell("bool", (struct cell){.kind = CELL_BOOLEAN, .integer = 1}, "true");
    check_cell("bool", (struct cell){.kind = CELL_INTEGER, .integer = 0}, "false");
    check_cell("int4", (struct cell){.kind = CELL_REAL, .real = 2.5}, "2.5");
    check_cell("float8", (struct cell){.kind = CELL_REAL, .real = 0.1}, "3fb999999999999a");
    check_cell("float8", (struct cell){.kind = CELL_REAL, .real = -0.0}, "0000000000000000");
    check_cell("float8", (struct cell){.kind = CELL_INTEGER, .integer = 1}, "3ff0000000000000");
    check_cell("float8", (struct cell){.kind = CELL_REAL, .real = -INFINITY}, "fff0000000000000");
    check_cell("float4", (struct cell){.kind = CELL_REAL, .real = 0.1}, "3dcccccd");
    check_cell("bytea", (struct cell){.kind = CELL_BLOB, .bytes = SPAN("\0\xff")}, "00ff");
    check_cell("bytea", (struct cell){.kind = CELL_BLOB, .bytes = {"", 0}}, "");
}

static void null_is_itself_alone(void **state) {
    (void)state;
    struct column column;
    struct buffer scratch = {0};
    const struct form form = form_by("text", NULL, &column);
    const struct cell null = {.kind = CELL_NULL};
    const struct span none = form_of_cell(&form, &null, &scratch);
    assert_null(none.data);
    assert_true(same_value(&form, none, none));
    assert_false(same_value(&form, SPAN(""), none));
    assert_false(same_value(&form, none, SPAN("")));
}

// What a connector that cuts milliseconds leaves is known for what it is.
static void a_cut_moment_is_known(void **state) {
    (void)state;
    struct column column;
    const struct form form = form_by("timestamp", NULL, &column);
    assert_true(
        same_to_the_millisecond(&form, SPAN("2026-01-01 00:00:00.123456"), SPAN("2026-01-01 00:00:00.123")));
    assert_false(
        same_to_the_millisecond(&form, SPAN("2026-01-01 00:00:00.123456"), SPAN("2026-01-01 00:00:00.124")));
    assert_false(
        same_to_the_millisecond(&form, SPAN("2026-01-01 00:00:00.123"), SPAN("2026-01-01 00:00:00.123456")));
}

// With the line that says so they are equal, an array's too.
static void a_cut_moment_in_an_array_is_equal(void **state) {
    (void)state;
    const struct span source = SPAN("[\"2026-01-01 00:00:00.123456\",null]"),
                      mirror = SPAN("[\"2026-01-01 00:00:00.123\",null]"),
                      other = SPAN("[\"2026-01-01 00:00:00.124\",null]");
    const struct source_type type = {.name = SPAN("_timestamp"), .element = SPAN("timestamp"), .array = true};
    const struct column column = {.name = (char *)"c", .declared = (char *)"timestamp[]"};
    const struct form micros = form_of(&column, &type, false), millis = form_of(&column, &type, true);
    assert_false(same_value(&micros, source, mirror));
    assert_true(same_value(&millis, source, mirror));
    assert_false(same_value(&millis, source, other));
    assert_non_null(form_caveat(&millis));
}

// A type that is not known is compared as text, and that is said.
static void what_is_not_known_is_told(void **state) {
    (void)state;
    struct column column;
    const struct form unknown = form_by("box", NULL, &column), array = form_by("_box", "box", &column),
                      known = form_by("uuid", NULL, &column);
    assert_non_null(form_caveat(&unknown));
    assert_non_null(form_caveat(&array));
    assert_null(form_caveat(&known));
}

// A cast of inet to text writes 10.0.0.1/32, of elements too.
static void addresses_are_asked_for_as_they_are_written(void **state) {
    (void)state;
    struct column column;
    const struct form addresses = form_by("_inet", "inet", &column),
                      words = form_by("_text", "text", &column);
    assert_null(strstr(addresses.sql, "text[]"));
    assert_non_null(strstr(words.sql, "text[]"));
}

// A key that source.sql declares otherwise finds none of the source's rows.
static void a_key_of_another_type_is_known(void **state) {
    (void)state;
    static const struct {
        enum column_type declared;
        const char *source;
        bool suits;
    } keys[] = {
        {COLUMN_INTEGER, "int8", true},
        {COLUMN_INTEGER, "date", false},
        {COLUMN_INTEGER, "text", false},
        {COLUMN_DECIMAL, "float8", true},
        {COLUMN_NUMERIC, "numeric", true},
        {COLUMN_DATE, "date", true},
        {COLUMN_DATE, "timestamp", false},
        {COLUMN_TIME, "timetz", true},
        {COLUMN_TIMESTAMP, "timestamptz", false},
        {COLUMN_TIMESTAMPTZ, "timestamptz", true},
        {COLUMN_BYTEA, "bytea", true},
        {COLUMN_BYTEA, "text", false},
        {COLUMN_BOOLEAN, "bool", true},
        {COLUMN_BOOLEAN, "int4", false},
        {COLUMN_TEXT, "date", true},
        {COLUMN_TEXT, "uuid", true},
        {COLUMN_TEXT, "int4", true},
        {COLUMN_TEXT, "numeric", false},
        {COLUMN_TEXT, "float8", false},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct column column;
        const struct form form = form_by(keys[i].source, NULL, &column);
        column.type = keys[i].declared;
        assert_int_equal(form_suits_key(&form, span_of(keys[i].source)), keys[i].suits);
    }
    struct column column;
    const struct form text = form_by("text", NULL, &column);
    column.type = COLUMN_TEXT;
    column.variant = COLUMN_UUID;
    assert_false(form_suits_key(&text, SPAN("text")));
    assert_true(form_suits_key(&text, SPAN("uuid")));
    const struct form padded = form_by("bpchar", NULL, &column);
    column.type = COLUMN_TEXT;
    column.variant = COLUMN_COMMON;
    assert_false(form_suits_key(&padded, SPAN("character(5)")));
    column.variant = COLUMN_PADDED;
    assert_true(form_suits_key(&padded, SPAN("character(5)")));
}

// In either order: looking for each member in the other object would take minutes.
static void a_wide_object_is_compared_in_time(void **state) {
    enum { MEMBERS = 200000 };
    (void)state;
    struct buffer up = {0}, down = {0};
    for (int i = 0; i < MEMBERS; i++) {
        buffer_format(&up, "%c\"k%d\":%d", i == 0 ? '{' : ',', i, i);
        buffer_format(&down, "%c\"k%d\":%d", i == 0 ? '{' : ',', MEMBERS - 1 - i, MEMBERS - 1 - i);
    }
    buffer_char(&up, '}');
    buffer_char(&down, '}');
    assert_false(up.failed || down.failed);
    assert_true(same_json((struct span){up.data, up.size}, (struct span){down.data, down.size}));
    down.data[down.size - 2] = '1'; // of k0
    assert_false(same_json((struct span){up.data, up.size}, (struct span){down.data, down.size}));
    buffer_free(&up);
    buffer_free(&down);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text_has_its_form),
        cmocka_unit_test(numbers_and_bytes_have_theirs),
        cmocka_unit_test(null_is_itself_alone),
        cmocka_unit_test(a_cut_moment_is_known),
        cmocka_unit_test(a_cut_moment_in_an_array_is_equal),
        cmocka_unit_test(an_interval_of_a_key_is_its_microseconds),
        cmocka_unit_test(what_is_not_known_is_told),
        cmocka_unit_test(a_wide_object_is_compared_in_time),
        cmocka_unit_test(a_key_of_another_type_is_known),
        cmocka_unit_test(addresses_are_asked_for_as_they_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
