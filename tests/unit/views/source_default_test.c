// A literal default of source.sql is what PostgreSQL makes of it, or it is none: the values are PostgreSQL 15's.
#include "views/engine/catalog/source_sql.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>

#define ABSENT NULL

static void write_value(const struct value *value, char ret[128]) {
    if (value->kind == VALUE_INTEGER)
        (void)snprintf(ret, 128, "%lld", (long long)value->integer);
    else if (value->kind == VALUE_REAL)
        (void)snprintf(ret, 128, "%.17g", value->real);
    else if (value->kind == VALUE_TEXT)
        (void)snprintf(ret, 128, "%.*s", (int)value->bytes.size, value->bytes.data);
    else
        (void)snprintf(ret, 128, "kind %d", (int)value->kind);
}

static void is(const char *type, const char *expression, const char *wanted) {
    char sql[512];
    char got[128];
    struct error error = {0};
    struct table *tables;
    int count;
    (void)snprintf(sql, sizeof sql,
                   "create type mood as enum('sad', 'ok'); create domain short as varchar(3); "
                   "create type span as range(subtype = float8);\n"
                   "create table t(id int primary key, c %s default %s);",
                   type, expression);
    if (source_sql_read(sql, &tables, &count, &error) != 0)
        fail_msg("%s: %s", sql, error.message);
    const struct column *column = &tables[0].columns[1];
    write_value(&column->fallback, got);
    if (wanted == ABSENT ? column->fallback.kind != VALUE_ABSENT || !column->source_default
                         : strcmp(got, wanted) != 0)
        fail_msg("%s default %s: %s, not %s", type, expression, got, wanted != ABSENT ? wanted : "none");
    source_sql_free(&tables, &count);
}

static void test_casts_that_change_nothing(void **state) {
    (void)state;
    is("int", "'12'::int", "12");
    is("int", "(-1)", "-1");
    is("int", "'-1'::integer", "-1");
    is("int", "1::bigint", "1");
    is("numeric(10,2)", "(0)::numeric", "0");
    is("numeric(10,2)", "0::double precision", "0");
    is("numeric", "1.50::numeric(10,2)", "1.50");
    is("numeric", "'7'::smallint", "7");
    is("double precision", "(0)::numeric", "0");
    is("double precision", "'1.5'::double precision", "1.5");
    is("text", "'a'::text", "a");
    is("text", "'a'::varchar::text", "a");
    is("varchar(3)", "'abc'::varchar(3)", "abc");
    is("varchar(3)", "('N'::bpchar)::varchar", "N");
    is("text", "'N'::character(3)", "N");
    is("text", "'ok'::mood", "ok");
    is("mood", "'ok'::public.mood", "ok");
    is("short", "'abc'::short", "abc");
    is("boolean", "(1)::boolean", "1");
    is("timestamp", "'2020-01-01'::date", "2020-01-01T00:00:00.000000");
    is("timestamp(3)", "'2020-01-01 10:00:00.125'::timestamp without time zone",
       "2020-01-01T10:00:00.125000");
    is("text[]", "'{}'::text[]", "[]");
    is("text[]", "ARRAY[]::text[]", "[]");
    is("varchar(3)[]", "'{abc,NULL}'::varchar(3)[]", "[\"abc\",null]");
    is("text[]", "array['abc'::varchar(3), 'a']::varchar[]", "[\"abc\",\"a\"]");
    is("bigint[]", "'{1,-2}'::int[]", "[1,-2]");
    is("bigint[]", "(array[1, 2]::int[])::bigint[]", "[1,2]");
    is("mood[]", "array['ok'::mood, null]", "[\"ok\",null]");
    is("bit(3)", "'101'::bit(3)", "101");
    is("inet", "'10.0.0.1'::inet", "10.0.0.1");
    is("jsonb", "'{}'::json", "{}");
    is("json", "'{\"b\":1}'::json", "{\"b\":1}");
}

static void test_casts_that_make_another_value(void **state) {
    (void)state;
    is("numeric", "3.14159::numeric(5,2)", ABSENT);      // 3.14
    is("numeric", "5.5::numeric(5,2)", ABSENT);          // 5.50
    is("numeric", "1.9::int", ABSENT);                   // 2
    is("numeric(10,4)", "1.005::numeric(10,2)", ABSENT); // 1.0100
    is("numeric", "1.50::double precision", ABSENT);     // 1.5
    is("double precision", "0.1::real", ABSENT);         // 0.10000000149011612
    is("double precision", "16777217::real", ABSENT);    // 16777216
    is("text", "'abcdef'::varchar(3)", ABSENT);          // abc
    is("varchar(3)", "'abcdef'::varchar(3)", ABSENT);    // abc
    is("short", "'abcdef'::short", ABSENT);              // abc
    is("text", "'abc'::\"char\"", ABSENT);               // a
    is("text", "'ab   '::character(5)", ABSENT);         // ab
    is("text", "'1.500'::double precision", ABSENT);     // 1.5
    is("text", "007::numeric", "7");
    is("timestamp", "'2020-01-01 10:00:00'::date", ABSENT); // midnight
    is("json", "'{\"b\":1}'::jsonb", ABSENT);               // {"b": 1}
    is("bigint", "1.7::numeric(10,0)", ABSENT);             // 2
    is("text[]", "'{abcdef}'::varchar(3)[]", ABSENT);       // {abc}
    is("varchar(3)[]", "array['abcdef']::varchar(3)[]", ABSENT);
    is("text[]", "array['abcdef'::varchar(3)]", ABSENT);
    is("text[]", "'{007}'::int[]", ABSENT);      // {7}
    is("text[]", "array['007']::int[]", ABSENT); // {7}
    is("int[]", "array[1.7]::int[]", ABSENT);    // {2}
    is("int[]", "(array['1.7']::numeric[])::int[]", ABSENT);
    is("bit(3)", "b'0101'::bit(3)", ABSENT); // 010
}

static void test_what_the_type_makes_of_it(void **state) {
    (void)state;
    is("char(4)", "'\xC3\xA9'", "\xC3\xA9   ");
    is("char(2)", "'\xC3\xA9\xC3\xA9'", "\xC3\xA9\xC3\xA9");
    is("char", "'x'", "x");
    is("char(2)", "'\xC3\xA9\xC3\xA9  '", ABSENT); // its last blanks are cut
    is("real", "3.14159265358979", "3.1415926999999999");
    is("real", "0.1", "0.10000000000000001");
    is("real", "16777217", "16777216");
    is("double precision", "3.14159265358979", "3.14159265358979");
    is("numeric", "00012.5", ABSENT); // 12.5
    is("numeric(5,2)", "1", "100");
    is("numeric(20,2)", "1.5", "1.50");
    is("time(0)", "'10:00:00.7'", ABSENT); // 10:00:01
    is("time", "'10:00:60'", ABSENT);      // 10:01:00
    is("time(3)", "'10:00:00.125'", "10:00:00.125000");
    is("uuid", "'{A0EEBC999C0B4EF8BB6D6BB9BD380A11}'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    is("uuid", "'a0eebc99-9c0b'", ABSENT); // refused
    is("timestamp(0)", "'2020-01-01 10:00:00.7'", ABSENT);
    is("timestamptz(3)", "'2020-01-01 10:00:00.7+00'", "2020-01-01T10:00:00.700000Z");
}

static void test_literals_that_postgresql_writes_otherwise(void **state) {
    (void)state;
    is("text[]", "E'{a,\\n  b ,\\tc}'", "[\"a\",\"b\",\"c\"]");
    is("text[]", "E'{ \\n}'", "[]");
    is("int[]", "E'{1,\\n 2\\n}'", "[1,2]");
    is("timestamp", "'2020-01-01 24:00:00'", ABSENT);
    is("timestamptz", "'2020-01-01 24:00:00+00'", ABSENT);
    is("time", "'24:00:00'", "24:00:00.000000");
    is("text", "'01/02/2020'::date", ABSENT);
    is("text", "'2020-01-02'::date", "2020-01-02");
    is("numeric", "'-0'", ABSENT);
    is("numeric(5,2)", "'-0.00'", "0");
    is("numeric(5,2)", "'-0.01'", "-1");
    is("span", "'[1.0, 2)'", ABSENT);
    is("mood", "'ok'::mood", "ok");
    is("text", "'ok'::mood", "ok");
    is("mood[]", "'{ok}'::mood[]", "[\"ok\"]");
    is("text", "1e2", ABSENT);
    is("varchar", "1e2::text", ABSENT);
    is("text", "-0.00", ABSENT);
    is("text", "1.50", "1.50");
    is("int", "b'101'::int", ABSENT);
    is("text", "b'101'::bigint", ABSENT);
    is("money", "10", "10.00");
    is("money", "1.555", ABSENT);
    is("bpchar", "''", "");
    is("bpchar", "'ab'", "ab");
    is("char", "''", " ");
}

static void test_types_whose_form_is_known(void **state) {
    (void)state;
    is("\"char\"", "'x'::\"char\"", "x");
    is("\"char\"", "'xy'::\"char\"", ABSENT); // x
    is("cidr", "'10.0.0.0/8'::cidr", "10.0.0.0/8");
    is("cidr", "'10.0.0.1'::cidr", ABSENT); // 10.0.0.1/32
    is("cidr", "'10/8'::cidr", ABSENT);     // 10.0.0.0/8
    is("inet", "'10.0.0.1/8'::inet", "10.0.0.1/8");
    is("inet", "'10.0.0.1/32'::inet", ABSENT); // 10.0.0.1
    is("inet", "'2001:DB8::1'::inet", ABSENT); // 2001:db8::1
    is("cidr", "'2001:db8::/32'::cidr", "2001:db8::/32");
    is("macaddr", "'08:00:2b:01:02:03'::macaddr", "08:00:2b:01:02:03");
    is("macaddr", "'08002b:010203'::macaddr", ABSENT);
    is("macaddr8", "'08:00:2b:01:02:03:04:05'", "08:00:2b:01:02:03:04:05");
    is("ltree", "'a.b_c.D'::ltree", "a.b_c.D");
    is("ltree", "''", "");
    is("ltree", "'a..b'", ABSENT); // refused
    is("xml", "'<a/>'::xml", "<a/>");
    is("xml", "'<?xml version=\"1.0\"?><a/>'::xml", ABSENT); // its declaration goes
    is("timetz", "'10:00:00+00'::time with time zone", "10:00:00.000000");
    is("timetz", "'10:00:00'", ABSENT); // the server's zone
}

static void test_json_as_postgresql_writes_it(void **state) {
    (void)state;
    is("jsonb", "'{\"a\": 1}'::jsonb", "{\"a\": 1}");
    is("jsonb", "'{\"bb\":[1,2,{}],\"c\":null,\"a\":\"x\",\"a\":true}'",
       "{\"a\": true, \"c\": null, \"bb\": [1, 2, {}]}");
    is("jsonb", "'\"s\"'", "\"s\"");
    is("jsonb", "' [ ] '", "[]");
    is("jsonb", "'{\"a\":1.50}'", ABSENT);
    is("jsonb", "'{'", ABSENT); // refused
    is("jsonb[]", "array['{\"a\":1}'::jsonb]", "[\"{\\\"a\\\": 1}\"]");
    is("hstore", "'a=>1, \"b c\" => NULL'", "{\"a\":\"1\",\"b c\":null}");
    is("hstore", "'\"a\"=>\"NULL\"'::hstore", "{\"a\":\"NULL\"}");
    is("hstore", "''", "{}");
    is("hstore", "'a=>1, a=>2'", ABSENT); // the first
    is("hstore", "'a=>1,'", ABSENT);
    is("hstore", "'a'", ABSENT);
}

static void test_arrays_of_what_has_a_form(void **state) {
    (void)state;
    is("numeric(10,2)[]", "'{1.5,NULL}'::numeric[]", "[\"1.50\",null]");
    is("numeric(10,2)[]", "'{1.555}'", ABSENT); // 1.56
    is("numeric(30,2)[]", "array[1.5]", "[\"1.50\"]");
    is("double precision[]", "'{0.1,2}'::double precision[]", "[0.1,2.0]");
    is("double precision[]", "'{1e300}'", ABSENT); // 1.0E300
    is("date[]", "'{2026-01-01}'::date[]", "[\"2026-01-01\"]");
    is("timestamp(3)[]", "'{\"2026-01-01 10:00:00.125\"}'", "[\"2026-01-01T10:00:00.125000\"]");
    is("uuid[]", "'{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}'", "[\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"]");
    is("inet[]", "'{10.0.0.1}'", "[\"10.0.0.1\"]");
    is("char(3)[]", "'{a}'", "[\"a  \"]");
    is("int[]", "'{007}'", "[7]");
    is("boolean[]", "'{t,off}'", "[true,false]");
    is("interval[]", "'{1 day}'", ABSENT);
    is("interval[]", "'{}'", "[]");
    is("bit(3)[]", "'{101}'", ABSENT);
    is("int[]", "'{{1},{2}}'", ABSENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_literals_that_postgresql_writes_otherwise),
        cmocka_unit_test(test_casts_that_change_nothing),
        cmocka_unit_test(test_casts_that_make_another_value),
        cmocka_unit_test(test_what_the_type_makes_of_it),
        cmocka_unit_test(test_types_whose_form_is_known),
        cmocka_unit_test(test_json_as_postgresql_writes_it),
        cmocka_unit_test(test_arrays_of_what_has_a_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
