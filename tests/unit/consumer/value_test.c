// Every form that Debezium gives a value, into every declared type.
#include "consumer/decode/value.h"
#include "views/base/iso8601.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define P "__debezium_unavailable_value"
#define P_BASE64 "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="
#define P_BYTES                                                                                              \
    "95,95,100,101,98,101,122,105,117,109,95,117,110,97,118,97,105,108,97,98,108,101,95,118,97,108,117,101"
#define P_UUID "b68a35a7-17ad-35b3-af2a-ae46edb4545a"

// `want`: i:integer, r:real, t:text, b:hex, null, unavailable, or ! and a part of the error.
struct value_case {
    const char *json;
    const char *want;
    enum semantic semantic;
    int scale;
};

static void describe(const struct value *value, char *out, size_t size) {
    int n = 0;
    switch (value->kind) {
    case VALUE_NULL:
        snprintf(out, size, "null");
        break;
    case VALUE_INTEGER:
        snprintf(out, size, "i:%lld", (long long)value->integer);
        break;
    case VALUE_REAL:
        snprintf(out, size, "r:%.17g", value->real);
        break;
    case VALUE_TEXT:
        snprintf(out, size, "t:%.*s", (int)value->bytes.size, value->bytes.data);
        break;
    case VALUE_BLOB:
        assert_non_null(value->bytes.data);
        n = snprintf(out, size, "b:");
        for (size_t i = 0; i < value->bytes.size; i++)
            n += snprintf(out + n, size - (size_t)n, "%02x", (unsigned char)value->bytes.data[i]);
        break;
    case VALUE_UNAVAILABLE:
        snprintf(out, size, "unavailable");
        break;
    case VALUE_ABSENT:
        snprintf(out, size, "absent");
    }
}

static struct column column_of(enum column_type type, const char *declared, int precision, int scale) {
    return (struct column){.name = "col",
                           .declared = (char *)(uintptr_t)declared,
                           .type = type,
                           .precision = precision,
                           .scale = scale};
}

// The value stands in an object, after spaces and before another key: the reader must stand there afterwards.
static void check_one(const struct column *column, const struct value_case *one, bool may_be_unavailable,
                      const struct value_settings *settings) {
    char document[4096], got[4096];
    int size = snprintf(document, sizeof document, "{\"k\": %s ,\"after\":1}", one->json);
    assert_in_range(size, 1, sizeof document - 1);
    struct json_reader json;
    struct arena arena = {0};
    struct value value = {0};
    struct error error = {0};
    json_open(&json, (struct span){document, (size_t)size});
    json_next(&json);
    json_next(&json);
    int rc = value_read(&json, column, (struct value_field){one->semantic, one->scale}, settings,
                        may_be_unavailable, &arena, &value, &error);
    if (rc == 0)
        describe(&value, got, sizeof got);
    else
        snprintf(got, sizeof got, "!%s", error.message);
    bool as_wanted =
        one->want[0] == '!' ? rc != 0 && strstr(got, one->want + 1) != NULL : strcmp(got, one->want) == 0;
    if (!as_wanted)
        fail_msg("%s from %s: %s, not %s", column->declared, one->json, got, one->want);
    if (rc != 0) {
        assert_int_equal(error.kind, ERROR_INPUT);
        assert_non_null(strstr(error.message, "column col (declared "));
        assert_non_null(strstr(error.message, column->declared));
    }
    assert_int_equal(json_next(&json), JSON_KEY);
    assert_true(json_key_is(&json, "after", 5));
    arena_free(&arena);
}

#define CHECK(column, cases) check_all(column, cases, sizeof(cases) / sizeof *(cases))

static void check_all(struct column column, const struct value_case *cases, size_t count) {
    check_one(&column, &(struct value_case){"null", "null", SEMANTIC_NONE, 0}, false,
              &value_settings_default);
    for (size_t i = 0; i < count; i++)
        check_one(&column, &cases[i], false, &value_settings_default);
}

static void integers(void **state) {
    (void)state;
    static const struct value_case cases[] = {
        {"0", "i:0", 0, 0},
        {"-0", "i:0", 0, 0},
        {"5001", "i:5001", SEMANTIC_PLAIN, 0},
        {"9223372036854775807", "i:9223372036854775807", 0, 0},
        {"-9223372036854775808", "i:-9223372036854775808", 0, 0},
        {"9007199254740993", "i:9007199254740993", 0, 0},
        {"\"9223372036854775807\"", "i:9223372036854775807", 0, 0},
        {"\"-12\"", "i:-12", 0, 0},
        {"\"0\"", "i:0", 0, 0},
        {"9223372036854775808", "!not a 64-bit integer", 0, 0},
        {"-9223372036854775809", "!-9223372036854775809: not a 64-bit", 0, 0},
        {"1.0", "i:1", 0, 0},
        {"1e3", "!not a 64-bit integer", 0, 0},
        {"\"012\"", "i:12", 0, 0}, // that was a text, as PostgreSQL's cast reads it
        {"\"+1\"", "i:1", 0, 0},
        {"\"-007\"", "i:-7", 0, 0},
        {"\" 12\\n\"", "i:12", 0, 0},
        {"\"00\"", "i:0", 0, 0},
        {"\"+-1\"", "!not", 0, 0},
        {"\"1 2\"", "!not", 0, 0},
        {"\"-\"", "!not", 0, 0},
        {"\"\"", "!not", 0, 0},
        {"\" \"", "!not", 0, 0},
        {"\"-0\"", "i:0", 0, 0},
        {"true", "i:1", 0, 0}, // a column that was BOOLEAN before
        {"false", "i:0", SEMANTIC_PLAIN, 0},
        {"\"EGg=\"", "i:42", SEMANTIC_CONNECT_DECIMAL, 2}, // that was NUMERIC
        {"\"EGk=\"", "!not a 64-bit integer", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"f/////////8=\"", "i:9223372036854775807", SEMANTIC_CONNECT_DECIMAL, 0},
        {"\"AIAAAAAAAAAA\"", "!not a 64-bit integer", SEMANTIC_CONNECT_DECIMAL, 0},
        {"{\"scale\":0,\"value\":\"Kg==\"}", "i:42", 0, 0}, // Oracle's NUMBER
        {"{\"scale\":0,\"value\":\"Kg==\"}", "i:42", SEMANTIC_VARIABLE_SCALE, 0},
        {"[1,{\"a\":[]}]", "!an array: not", 0, 0},
        {"{\"after\":2}", "!an object: not", 0, 0},
        {"20779", "!the schema says io.debezium.time.Date", SEMANTIC_DATE, 0},
    };
    CHECK(column_of(COLUMN_INTEGER, "bigint", 0, 0), cases);
}

static void booleans(void **state) {
    (void)state;
    static const struct value_case cases[] = {
        {"true", "i:1", 0, 0},
        {"false", "i:0", SEMANTIC_PLAIN, 0},
        {"\"true\"", "i:1", 0, 0},
        {"\"false\"", "i:0", 0, 0},
        {"\"fals\\u0065\"", "i:0", 0, 0},
        {"1", "i:1", 0, 0},
        {"0", "i:0", 0, 0},
        {"\"1\"", "i:1", 0, 0},
        {"2", "i:1", 0, 0}, // a column that was an integer; MariaDB's tinyint(1)
        {"-1", "i:1", 0, 0},
        {"\"t\"", "i:1", 0, 0}, // that was a text
        {"\"TRUE\"", "i:1", 0, 0},
        {"\" Yes \"", "i:1", 0, 0},
        {"\"of\"", "i:0", 0, 0},
        {"\"n\"", "i:0", 0, 0},
        {"\"o\"", "!not true", 0, 0},
        {"\"truex\"", "!not true", 0, 0},
        {"\"\"", "!not true", 0, 0},
        {"1.5", "!not true", 0, 0},
        {"[]", "!not true", 0, 0},
    };
    CHECK(column_of(COLUMN_BOOLEAN, "boolean", 0, 0), cases);
}

static void decimals(void **state) {
    (void)state;
    static const struct value_case cases[] = {
        {"\"42.00\"", "i:4200", 0, 0},
        {"\"-0.05\"", "i:-5", SEMANTIC_PLAIN, 0},
        {"42.0", "i:4200", 0, 0},
        {"0.1", "i:10", 0, 0},
        {"1e3", "i:100000", 0, 0},
        {"4.2E-1", "i:42", 0, 0},
        {"99999999.99", "i:9999999999", 0, 0},
        {"-99999999.990000", "i:-9999999999", 0, 0},
        {"100000000", "!does not fit", 0, 0},
        {"0.001", "!0.001: does not fit", 0, 0},
        {"\"1.999\"", "!does not fit", 0, 0},
        {"\"EGg=\"",
         "!\"EGg=\": not a decimal number; base64 cannot be read without its schema: set "
         "decimal.handling.mode=string, or send schemas",
         0, 0},
        {"\"EGg=\"", "!\"EGg=\": not a decimal number", SEMANTIC_PLAIN, 0},
        {"\"\"", "!not a decimal number", 0, 0},
        {"\"NaN\"", "!declare the column numeric", 0, 0},
        {"\"Infinity\"", "!declare the column numeric", 0, 0},
        {"\"EGg=\"", "i:4200", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"A+c=\"", "i:999", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"A-c=\"", "i:999", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"AA==\"", "i:0", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"+w==\"", "i:-5", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"\\u002bw==\"", "i:-5", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"+w==\"", "i:-500", SEMANTIC_CONNECT_DECIMAL, 0},
        {"\"+w==\"", "i:-50000", SEMANTIC_CONNECT_DECIMAL, -2},
        {"\"ZA==\"", "i:1", SEMANTIC_CONNECT_DECIMAL, 4},
        {"\"ZQ==\"", "!does not fit", SEMANTIC_CONNECT_DECIMAL, 4},
        {"\"AlQL4/8=\"", "i:9999999999", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"AlQL5AA=\"", "!does not fit", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"/av0HAE=\"", "i:-9999999999", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"AAAAAAAAAAAAAAABaA==\"", "i:360", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"BWvHXi1jEAAA\"", "i:10000", SEMANTIC_CONNECT_DECIMAL, 18}, // 10^20
        {"\"BWvHXi1jEAAB\"", "!does not fit", SEMANTIC_CONNECT_DECIMAL, 18},
        {"\"\"", "!no digits", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"42.00\"", "!\"42.00\": not base64", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"EGg=\"", "!the scale is out of range", SEMANTIC_CONNECT_DECIMAL, 20000},
        {"42.5", "i:4250", SEMANTIC_CONNECT_DECIMAL, 2},
        {"{\"scale\":2,\"value\":\"EGg=\"}", "i:4200", SEMANTIC_VARIABLE_SCALE, 0},
        {"{\"value\":\"KQ==\", \"scale\": 1}", "i:410", 0, 0},
        {"{\"scale\":2}", "!scale and value", 0, 0},
        {"{\"scale\":2,\"scale\":2,\"value\":\"EGg=\"}", "!scale and value", 0, 0},
        {"{\"scale\":2,\"value\":\"EGg=\",\"value\":\"EGg=\"}", "!scale and value", 0, 0},
        {"{\"scale\":\"2\",\"value\":\"EGg=\"}", "!scale and value", 0, 0},
        {"{\"scale\":2,\"value\":{\"a\":1}}", "!an object: not a decimal's scale and value", 0, 0},
        {"{}", "!scale and value", 0, 0},
        {"[1]", "!an array: not a decimal", 0, 0},
        {"true", "!true: not a decimal", 0, 0},
    };
    CHECK(column_of(COLUMN_DECIMAL, "decimal(10, 2)", 10, 2), cases);
    static const struct value_case widest[] = {
        {"999999999999999999", "i:999999999999999999", 0, 0},
        {"\"DeC2s6dj//8=\"", "i:999999999999999999", SEMANTIC_CONNECT_DECIMAL, 0},
        {"\"8h9JTFicAAE=\"", "i:-999999999999999999", SEMANTIC_CONNECT_DECIMAL, 0},
        {"\"DeC2s6dkAAA=\"", "!does not fit", SEMANTIC_CONNECT_DECIMAL, 0},
        {"\"gAAAAAAAAAA=\"", "!does not fit", SEMANTIC_CONNECT_DECIMAL, 0},
        {"\"f/////////8=\"", "!does not fit", SEMANTIC_CONNECT_DECIMAL, 0},
    };
    CHECK(column_of(COLUMN_DECIMAL, "decimal(18)", 18, 0), widest);
}

static void numerics(void **state) {
    (void)state;
    static const struct value_case cases[] = {
        {"\"123.40\"", "t:123.40", 0, 0},
        {"123.40", "t:123.40", 0, 0},
        {"-1.5E+400", "t:-1.5E+400", 0, 0}, // no double
        {"1.23456789E7", "t:12345678.9", 0, 0},
        {"-1.0E10", "t:-10000000000", 0, 0},
        {"1.5E-7", "t:0.00000015", SEMANTIC_PLAIN, 0},
        {"0.0012e3", "t:1.2", 0, 0},
        {"0e5", "t:0", 0, 0},
        {"10e-1", "t:1", 0, 0},
        {"\"1.23456789E7\"", "t:12345678.9", 0, 0},
        {"\"-1.5e-7\"", "t:-0.00000015", SEMANTIC_PLAIN, 0},
        {"\"+1.5E3\"", "t:1500", SEMANTIC_PLAIN, 0},
        {"\"POSITIVE_INFINITY\"", "t:Infinity", 0, 0},
        {"\"1E\"", "!not a decimal", SEMANTIC_PLAIN, 0},
        {"\"123456789012345678901234567890.123456789\"", "t:123456789012345678901234567890.123456789", 0, 0},
        {"\"NaN\"", "t:NaN", 0, 0},
        {"\"NAN\"", "t:NaN", 0, 0},
        {"\"Infinity\"", "t:Infinity", 0, 0},
        {"\"-INFINITY\"", "t:-Infinity", SEMANTIC_PLAIN, 0},
        {"\"1.\"", "!not a decimal number", 0, 0},
        {"\"EGg=\"", "!decimal.handling.mode=string", 0, 0},
        {"\"EGg=\"", "t:42.00", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"EGg=\"", "t:0.0004200", SEMANTIC_CONNECT_DECIMAL, 7},
        {"\"EGg=\"", "t:4200", SEMANTIC_CONNECT_DECIMAL, 0},
        {"\"EGg=\"", "t:420000", SEMANTIC_CONNECT_DECIMAL, -2},
        {"\"AA==\"", "t:0", SEMANTIC_CONNECT_DECIMAL, 0},
        {"\"AA==\"", "t:0", SEMANTIC_CONNECT_DECIMAL, -3},
        {"\"AA==\"", "t:0.00", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"+w==\"", "t:-0.05", SEMANTIC_CONNECT_DECIMAL, 2},
        {"\"/w==\"", "t:-1", SEMANTIC_CONNECT_DECIMAL, 0},
        {"\"gA==\"", "t:-128", SEMANTIC_CONNECT_DECIMAL, 0},
        {"\"/wA=\"", "t:-256", SEMANTIC_CONNECT_DECIMAL, 0},
        {"\"/wAAAAA=\"", "t:-4294967296", SEMANTIC_CONNECT_DECIMAL, 0},
        {"\"gAAAAAAAAAA=\"", "t:-9223372036854775808", SEMANTIC_CONNECT_DECIMAL, 0},
        {"\"AIAAAAAAAAAA\"", "t:9223372036854775808", SEMANTIC_CONNECT_DECIMAL, 0},
        {"\"BWvHXi1jEAAA\"", "t:100000000000000000000", SEMANTIC_CONNECT_DECIMAL, 0},
        {"\"+pQ4odKc8AAA\"", "t:-1000.00000000000000000", SEMANTIC_CONNECT_DECIMAL, 17},
        {"{\"scale\":1,\"value\":\"BNI=\"}", "t:123.4", SEMANTIC_VARIABLE_SCALE, 0},
        {"{\"scale\":0,\"value\":\"AQ==\"}", "t:1", 0, 0},
        {"{\"scale\":99999,\"value\":\"AQ==\"}", "!the scale is out of range", 0, 0},
        {"{\"scale\":0,\"value\":\"AQ=\"}", "!not base64", 0, 0},
        {"[]", "!an array", 0, 0},
        {"false", "!false: not", 0, 0},
    };
    CHECK(column_of(COLUMN_NUMERIC, "numeric", 0, 0), cases);
}

// 2^n and -2^n for every n up to the bound, against a doubling of decimal digits.
static void big_numerics_are_exact(void **state) {
    (void)state;
    enum { BYTES = 1280, DIGITS = 3200 };
    static char digits[DIGITS + 1], hex[BYTES], base64[BYTES / 3 * 4 + 64], document[BYTES * 2], got[DIGITS];
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct column column = column_of(COLUMN_NUMERIC, "numeric", 0, 0);
    memset(digits, '0', DIGITS);
    digits[DIGITS - 1] = '1';
    for (size_t power = 0; power < BYTES * 8 - 1; power++) {
        const char *first = digits + strspn(digits, "0");
        for (int negative = 0; negative < 2 && (power % 97 == 0 || power < 200 || power > 6640); negative++) {
            size_t bytes = power / 8 + 1 + (power % 8 == 7);
            if (bytes > BYTES)
                continue;
            memset(hex, 0, sizeof hex);
            hex[bytes - 1 - power / 8] = (char)(1 << power % 8);
            for (size_t i = 0; negative && i < bytes - 1 - power / 8; i++)
                hex[i] = (char)0xFF;
            if (negative)
                hex[bytes - 1 - power / 8] = (char)-(1 << power % 8);
            size_t n = 0;
            for (size_t i = 0; i < bytes; i += 3) {
                unsigned three = (unsigned)(unsigned char)hex[i] << 16;
                three |= i + 1 < bytes ? (unsigned)(unsigned char)hex[i + 1] << 8 : 0;
                three |= i + 2 < bytes ? (unsigned)(unsigned char)hex[i + 2] : 0;
                base64[n++] = alphabet[three >> 18];
                base64[n++] = alphabet[three >> 12 & 63];
                base64[n++] = i + 1 < bytes ? alphabet[three >> 6 & 63] : '=';
                base64[n++] = i + 2 < bytes ? alphabet[three & 63] : '=';
            }
            snprintf(document, sizeof document, "\"%.*s\"", (int)n, base64);
            snprintf(got, sizeof got, "t:%s%s", negative ? "-" : "", first);
            check_one(&column, &(struct value_case){document, got, SEMANTIC_CONNECT_DECIMAL, 0}, false,
                      &value_settings_default);
        }
        int carry = 0;
        for (int i = DIGITS - 1; i >= 0; i--) {
            int twice = (digits[i] - '0') * 2 + carry;
            digits[i] = (char)('0' + twice % 10);
            carry = twice / 10;
        }
    }
    memset(base64, 'A', 1712);
    snprintf(document, sizeof document, "\"%.1712s\"", base64);
    check_one(&column, &(struct value_case){document, "!too many digits", SEMANTIC_CONNECT_DECIMAL, 0}, false,
              &value_settings_default);
}

static void reals(void **state) {
    (void)state;
    static const struct value_case cases[] = {
        {"1.5", "r:1.5", 0, 0},
        {"-0.1", "r:-0.10000000000000001", SEMANTIC_PLAIN, 0},
        {"0", "r:0", 0, 0},
        {"1.7976931348623157e308", "r:1.7976931348623157e+308", 0, 0},
        {"5e-324", "r:4.9406564584124654e-324", 0, 0},
        {"1e-400", "r:0", 0, 0},
        {"9007199254740993", "r:9007199254740992", 0, 0},
        {"1e400", "!1e400: not a double", 0, 0},
        {"\"Infinity\"", "r:inf", 0, 0},
        {"\"-Infinity\"", "r:-inf", 0, 0},
        {"\"NaN\"", "t:NaN", 0, 0},
        {"\"1.5\"", "r:1.5", 0, 0},
        {"\"POSITIVE_INFINITY\"", "r:inf", 0, 0},
        {"\"NEGATIVE_INFINITY\"", "r:-inf", 0, 0},
        {"1e999", "!not a double", 0, 0},
        {"\"\"", "!not a double", 0, 0},
        {"true", "!not a double", 0, 0},
        {"{}", "!not a double", 0, 0},
        {"\"EGg=\"", "r:42", SEMANTIC_CONNECT_DECIMAL, 2},
        {"{\"scale\":1,\"value\":\"Kw==\"}", "r:4.2999999999999998", SEMANTIC_VARIABLE_SCALE, 0},
        {"20779", "!the schema says io.debezium.time.Date", SEMANTIC_DATE, 0},
    };
    CHECK(column_of(COLUMN_REAL, "double precision", 0, 0), cases);
}

static void texts(void **state) {
    (void)state;
    static const struct value_case cases[] = {
        {"\"\"", "t:", 0, 0},
        {"\"pending\"", "t:pending", SEMANTIC_PLAIN, 0},
        {"\"a\\\"b\\\\c\\n\\u00e9\\uD83D\\uDE00\"", "t:a\"b\\c\n\xC3\xA9\xF0\x9F\x98\x80", 0, 0},
        {"\"" P "\"", "t:" P, 0, 0},
        {"\"04:05:11.789Z\"", "t:04:05:11.789+00", SEMANTIC_ZONED_TIME, 0},
        {"\"2026-11-22T22:32:00Z\"", "t:2026-11-22 22:32:00+00", SEMANTIC_ZONED_TIMESTAMP, 0},
        {"\"+10500-01-01T00:00:00Z\"", "t:10500-01-01 00:00:00+00", SEMANTIC_ZONED_TIMESTAMP, 0},
        {"3115519", "t:10500-01-01", SEMANTIC_DATE, 0},
        {"1", "t:1", 0, 0},
        {"-1.50", "t:-1.50", 0, 0},
        {"true", "t:true", 0, 0},
        {"[\"a\"]", "!an array: not a string", 0, 0},
        {"{\"a\":\"b\"}", "!an object: not a string", 0, 0},
        {"1700000000123000", "t:2023-11-14 22:13:20.123", SEMANTIC_TIMESTAMP_US, 0},
        {"1700000000000", "t:2023-11-14 22:13:20", SEMANTIC_TIMESTAMP_MS, 0},
        {"45296000000", "t:12:34:56", SEMANTIC_TIME_US, 0},
        {"19675", "t:2023-11-14", SEMANTIC_DATE, 0},
        {"\"EGg=\"", "t:42.00", SEMANTIC_CONNECT_DECIMAL, 2},
        {"1234567890123456789012345678901234567890123456789012345678901234567890",
         "t:1234567890123456789012345678901234567890123456789012345678901234567890", 0, 0},
    };
    CHECK(column_of(COLUMN_TEXT, "varchar(40)", 0, 0), cases);
}

static void others(void **state) {
    (void)state;
    static const struct value_case cases[] = {
        {"\"paid\"", "t:paid", 0, 0},
        {"5400000000", "t:5400000000", 0, 0},
        {"\"P0Y0M0DT1H30M0S\"", "t:P0Y0M0DT1H30M0S", 0, 0},
        {"[0.25,-1.0]", "t:[0.25,-1.0]", 0, 0},
        {"{\"a\":\"b\"}", "t:{\"a\":\"b\"}", 0, 0},
    };
    CHECK(column_of(COLUMN_OTHER, "interval", 0, 0), cases);
}

static void bits(void **state) {
    (void)state;
    static const struct value_case three[] = {
        {"\"BQ==\"", "t:101", 0, 0},      {"\"AQ==\"", "t:001", 0, 0}, {"\"AA==\"", "t:000", 0, 0},
        {"\"CA==\"", "!more bits", 0, 0}, {"5", "!not bits", 0, 0},
    };
    static const struct value_case twelve[] = {{"\"AQg=\"", "t:100000000001", 0, 0},
                                               {"\"AQ==\"", "t:000000000001", 0, 0}};
    static const struct value_case one[] = {{"true", "t:1", 0, 0}, {"false", "t:0", 0, 0}};
    static const struct value_case varying[] = {{"\"BQ==\"", "t:101", 0, 0},
                                                {"\"AA==\"", "t:0", 0, 0},
                                                {"\"\"", "t:", 0, 0},
                                                {"\"AAE=\"", "t:100000000", 0, 0}};
    CHECK(column_of(COLUMN_BIT, "bit(3)", 3, 0), three);
    CHECK(column_of(COLUMN_BIT, "bit(12)", 12, 0), twelve);
    CHECK(column_of(COLUMN_BIT, "bit(1)", 1, 0), one);
    CHECK(column_of(COLUMN_BIT, "varbit(8)", 0, 0), varying);
}

static void documents(void **state) {
    (void)state;
    static const struct value_case json[] = {
        {"\"{\\\"gift\\\": true}\"", "t:{\"gift\": true}", SEMANTIC_PLAIN, 0},
        {"{\"gift\" : [1, 2]}", "t:{\"gift\" : [1, 2]}", 0, 0},
        {"[ ]", "t:[ ]", 0, 0},
        {"1", "t:1", 0, 0},
        {"true", "t:true", 0, 0},
    };
    CHECK(column_of(COLUMN_JSON, "jsonb", 0, 0), json);
    static const struct value_case arrays[] = {
        {"[1,null, 2]", "t:[1,null, 2]", SEMANTIC_PLAIN, 0}, {"{\"x\":1.50}", "t:{\"x\":1.50}", 0, 0},
        {"\"[1,\\\"a\\\"]\"", "t:[1,\"a\"]", 0, 0},          {"\" {} \"", "t: {} ", 0, 0},
        {"\"{a,b}\"", "!not an array or object", 0, 0},      {"\"[1\"", "!not an array or object", 0, 0},
        {"\"[1] 2\"", "!not an array or object", 0, 0},      {"\"1\"", "!not an array or object", 0, 0},
        {"\"\"", "!not an array or object", 0, 0},           {"1", "!1: not an array or object", 0, 0},
    };
    CHECK(column_of(COLUMN_ARRAY, "text[]", 0, 0), arrays);
    static const struct value_case blobs[] = {
        {"\"\"", "b:", 0, 0},
        {"\"aGVsbG8=\"", "b:68656c6c6f", SEMANTIC_PLAIN, 0},
        {"\"AP/+\"", "b:00fffe", 0, 0},
        {"\"AP_-\"", "b:00fffe", 0, 0},
        {"\"A\"", "!\"A\": not base64", 0, 0},
        {"\"AP/*\"", "!not base64", 0, 0},
        {"\"AA=A\"", "!not base64", 0, 0},
        {"[1]", "!not base64", 0, 0},
    };
    CHECK(column_of(COLUMN_BYTEA, "bytea", 0, 0), blobs);
}

static void dates(void **state) {
    (void)state;
    static const struct value_case cases[] = {
        {"20779", "t:2026-11-22", 0, 0},
        {"0", "t:1970-01-01", SEMANTIC_DATE, 0},
        {"-1", "t:1969-12-31", SEMANTIC_CONNECT_DATE, 0},
        {"11016", "t:2000-02-29", 0, 0},
        {"11017", "t:2000-03-01", 0, 0},
        {"-25509", "t:1900-02-28", 0, 0},
        {"-25508", "t:1900-03-01", 0, 0},
        {"19782", "t:2024-02-29", 0, 0},
        {"2932896", "t:9999-12-31", 0, 0},
        {"2932897", "t:+10000-01-01", 0, 0},
        {"-719162", "t:0001-01-01", 0, 0},
        {"-719163", "t:0000-12-31", 0, 0},
        {"-719528", "t:0000-01-01", 0, 0},
        {"-719529", "t:-0001-12-31", 0, 0},
        {"-719469", "t:0000-02-29", 0, 0},
        {"-2440550", "t:-4712-01-01", 0, 0},      // 4713 BC, PostgreSQL's first year
        {"2145042905", "t:+5874897-12-31", 0, 0}, // its last day
        {"2147483647", "t:infinity", 0, 0},
        {"-622191234", "t:infinity", 0, 0},
        {"-625821272", "t:-infinity", SEMANTIC_DATE, 0},
        {"-2147472692", "t:infinity", 0, 0},
        {"-2147472691", "t:-infinity", 0, 0},
        {"2146033979", "t:infinity", 0, 0},
        {"\"+292278994-08-16Z\"", "t:infinity", SEMANTIC_ISO_DATE, 0},
        {"\"-5877611-06-22Z\"", "t:-infinity", SEMANTIC_ISO_DATE, 0},
        {"-2440588", "t:-4713-11-24", 0, 0},
        {"2145042905", "t:+5874897-12-31", 0, 0},
        {"-2440589", "!not a day that PostgreSQL has", 0, 0},
        {"-2147483648", "t:-infinity", SEMANTIC_DATE, 0},
        {"2147483648", "!not a day", 0, 0},
        {"-2147483649", "!not a day", 0, 0},
        {"1.5", "!not a count of days", 0, 0},
        {"20779", "!names no unit", SEMANTIC_PLAIN, 0},
        {"20779", "!names no unit", SEMANTIC_ISO_DATE, 0},
        {"1700000000123000", "t:2023-11-14", SEMANTIC_TIMESTAMP_US, 0},
        {"\"2017-09-15Z\"", "t:2017-09-15", SEMANTIC_ISO_DATE, 0},
        {"\"2017-09-15\"", "t:2017-09-15", 0, 0},
        {"\"+10000-01-01\"", "t:+10000-01-01", 0, 0},
        {"\"-0001-12-31\"", "t:-0001-12-31", 0, 0},
        {"\"2024-02-29\"", "t:2024-02-29", 0, 0},
        {"\"infinity\"", "t:infinity", SEMANTIC_ISO_DATE, 0},
        {"\"-infinity\"", "t:-infinity", 0, 0},
        {"\"2023-02-29\"", "!\"2023-02-29\": not a date", 0, 0},
        {"\"1900-02-29\"", "!not a date", 0, 0},
        {"\"2017-13-01\"", "!not a date", 0, 0},
        {"\"2017-00-01\"", "!not a date", 0, 0},
        {"\"2017-01-00\"", "!not a date", 0, 0},
        {"\"2017-9-15\"", "!not a date", 0, 0},
        {"\"17-09-15\"", "!not a date", 0, 0},
        {"\"2017-09-15T00:00\"", "!not a date", 0, 0},
        {"\"\"", "!not a date", 0, 0},
        {"true", "!not a date", 0, 0},
    };
    CHECK(column_of(COLUMN_DATE, "date", 0, 0), cases);
}

static void times(void **state) {
    (void)state;
    static const struct value_case cases[] = {
        {"14711789000", "t:04:05:11.789000", 0, 0},
        {"0", "t:00:00:00.000000", 0, 0},
        {"86399999999", "t:23:59:59.999999", SEMANTIC_TIME_US, 0},
        {"86400000000", "t:24:00:00.000000", 0, 0},
        {"86400000001", "!not a time of day", 0, 0},
        {"-1", "!not a time of day", 0, 0},
        {"14711789", "t:04:05:11.789000", SEMANTIC_TIME_MS, 0},
        {"14711789", "t:04:05:11.789000", SEMANTIC_CONNECT_TIME, 0},
        {"14711789123000", "t:04:05:11.789123", SEMANTIC_TIME_NS, 0},
        {"14711789123456", "t:04:05:11.789123456", SEMANTIC_TIME_NS, 0},
        {"14711789123450", "t:04:05:11.78912345", SEMANTIC_TIME_NS, 0},
        {"9223372036854775807", "!not a time of day", SEMANTIC_TIME_MS, 0},
        {"1", "!names no unit", SEMANTIC_PLAIN, 0},
        {"1", "!the schema says io.debezium.time.Timestamp", SEMANTIC_TIMESTAMP_MS, 0},
        {"\"04:05:11.789Z\"", "t:04:05:11.789000", SEMANTIC_ISO_TIME, 0},
        {"\"04:05:11\"", "t:04:05:11.000000", 0, 0},
        {"\"04:05\"", "t:04:05:00.000000", 0, 0},
        {"\"24:00:00\"", "t:24:00:00.000000", 0, 0},
        {"\"04:05:11.789+05:30\"", "t:22:35:11.789000", SEMANTIC_ZONED_TIME, 0},
        {"\"23:05:11-02\"", "t:01:05:11.000000", SEMANTIC_ZONED_TIME, 0},
        {"\"24:00:01\"", "!not a time of day", 0, 0},
        {"\"25:00:00\"", "!not a time of day", 0, 0},
        {"\"04:60:00\"", "!not a time of day", 0, 0},
        {"\"04:05:60\"", "!not a time of day", 0, 0},
        {"\"04:05:11.\"", "!not a time of day", 0, 0},
        {"\"4:05:11\"", "!not a time of day", 0, 0},
        {"\"\"", "!not a time of day", 0, 0},
        {"[]", "!not a time of day", 0, 0},
    };
    CHECK(column_of(COLUMN_TIME, "time", 0, 0), cases);
    static const struct value_case short_times[] = {{"14711789", "t:04:05:11.789000", 0, 0}};
    CHECK(column_of(COLUMN_TIME, "time(3)", 0, 0), short_times);
}

static void timestamps(void **state) {
    (void)state;
    static const struct value_case cases[] = {
        {"1795386720834987", "t:2026-11-22T22:32:00.834987", 0, 0},
        {"0", "t:1970-01-01T00:00:00.000000", SEMANTIC_TIMESTAMP_US, 0},
        {"-1", "t:1969-12-31T23:59:59.999999", 0, 0},
        {"-1", "t:1969-12-31T23:59:59.999000", SEMANTIC_TIMESTAMP_MS, 0},
        {"-1", "t:1969-12-31T23:59:59.999999999", SEMANTIC_TIMESTAMP_NS, 0},
        {"1795386720834", "t:2026-11-22T22:32:00.834000", SEMANTIC_CONNECT_TIMESTAMP, 0},
        {"1795386720834987000", "t:2026-11-22T22:32:00.834987", SEMANTIC_TIMESTAMP_NS, 0},
        {"-86400000000", "t:1969-12-31T00:00:00.000000", 0, 0},
        {"951782400000000", "t:2000-02-29T00:00:00.000000", 0, 0},
        {"253402300799999999", "t:9999-12-31T23:59:59.999999", 0, 0},
        {"253402300800000000", "t:+10000-01-01T00:00:00.000000", 0, 0},
        {"-62167219200000000", "t:0000-01-01T00:00:00.000000", 0, 0},
        {"-62167219200000001", "t:-0001-12-31T23:59:59.999999", 0, 0},
        {"9223372036825200000", "t:infinity", 0, 0},
        {"-9223372036832400000", "t:-infinity", SEMANTIC_TIMESTAMP_US, 0},
        {"9223372036825200", "t:infinity", SEMANTIC_TIMESTAMP_MS, 0},
        {"-9223372036832400", "t:-infinity", SEMANTIC_CONNECT_TIMESTAMP, 0},
        {"9223372036825200", "t:infinity", 0, 0}, // of a timestamp(3) before
        {"-9223372036832400", "t:-infinity", 0, 0},
        {"9223372036825200", "t:2262-04-11T23:47:16.825200", SEMANTIC_TIMESTAMP_US, 0},
        {"9223372036854775807", "t:infinity", 0, 0},
        {"9223372036854775806", "t:+294247-01-10T04:00:54.775806", 0, 0},
        {"-9223372036854775810", "!not a count", 0, 0},
        {"-9222426057709551617", "t:+294276-12-31T23:59:59.999999", 0, 0},
        {"-9222426057709551616", "!not a time that PostgreSQL has", 0, 0},
        {"-210866803200000000", "t:-4713-11-24T00:00:00.000000", 0, 0},
        {"-9223372036854775808", "t:-infinity", 0, 0},
        {"9223372036854775807", "t:infinity", SEMANTIC_TIMESTAMP_NS, 0},
        {"-9223372036854775808", "t:-infinity", SEMANTIC_TIMESTAMP_NS, 0},
        {"9223372036854775000", "t:2262-04-11T23:47:16.854775", SEMANTIC_TIMESTAMP_NS, 0},
        {"9223372036825200000", "t:2262-04-11T23:47:16.825200", SEMANTIC_TIMESTAMP_NS, 0},
        {"9223372036854775807", "t:infinity", SEMANTIC_TIMESTAMP_MS, 0},
        {"9223372036825200", "t:infinity", SEMANTIC_TIMESTAMP_MS, 0},
        {"9223372036854775808", "!not a count", 0, 0},
        {"1.0", "!not a count", 0, 0},
        {"1", "!names no unit", SEMANTIC_PLAIN, 0},
        {"\"x\"", "!the schema says io.debezium.time.ZonedTimestamp", SEMANTIC_ZONED_TIMESTAMP, 0},
        {"\"2019-07-09T02:28:57.123456Z\"", "t:2019-07-09T02:28:57.123456", SEMANTIC_ISO_TIMESTAMP, 0},
        {"\"2019-07-09 02:28:57\"", "t:2019-07-09T02:28:57.000000", 0, 0},
        {"\"2019-07-09T02:28\"", "t:2019-07-09T02:28:00.000000", 0, 0},
        {"\"infinity\"", "t:infinity", 0, 0},
        {"\"-infinity\"", "t:-infinity", 0, 0},
        {"\"2019-07-09\"", "!not a timestamp", 0, 0},
        {"\"2019-07-09T24:00:00\"", "!not a timestamp", 0, 0},
        {"\"now\"", "!not a timestamp", 0, 0},
        {"{\"a\":1}", "!not a timestamp", 0, 0},
    };
    CHECK(column_of(COLUMN_TIMESTAMP, "timestamp", 0, 0), cases);
    static const struct value_case adaptive[] = {{"1795386720834", "t:2026-11-22T22:32:00.834000", 0, 0}};
    CHECK(column_of(COLUMN_TIMESTAMP, "timestamp(3)", 0, 0), adaptive);
    CHECK(column_of(COLUMN_TIMESTAMP, "timestamp ( 0) without time zone", 0, 0), adaptive);
    static const struct value_case micros[] = {{"1795386720834987", "t:2026-11-22T22:32:00.834987", 0, 0}};
    CHECK(column_of(COLUMN_TIMESTAMP, "timestamp(4)", 0, 0), micros);
}

static void units_come_from_the_settings(void **state) {
    (void)state;
    struct value_settings settings = value_settings_default;
    struct column timestamp = column_of(COLUMN_TIMESTAMP, "timestamp(6)", 0, 0);
    struct column time = column_of(COLUMN_TIME, "time(3)", 0, 0);
    settings.timestamp_unit = TIME_UNIT_MS;
    settings.time_unit = TIME_UNIT_US;
    check_one(&timestamp, &(struct value_case){"1795386720834", "t:2026-11-22T22:32:00.834000", 0, 0}, false,
              &settings);
    check_one(&time, &(struct value_case){"14711789000", "t:04:05:11.789000", 0, 0}, false, &settings);
    settings.timestamp_unit = settings.time_unit = TIME_UNIT_NS;
    check_one(&timestamp,
              &(struct value_case){"1795386720834987001", "t:2026-11-22T22:32:00.834987001", 0, 0}, false,
              &settings);
    check_one(&time, &(struct value_case){"14711789000000", "t:04:05:11.789000", 0, 0}, false, &settings);
    // a schema's unit wins
    check_one(&time, &(struct value_case){"14711789", "t:04:05:11.789000", SEMANTIC_TIME_MS, 0}, false,
              &settings);
}

static void timestamps_with_zone(void **state) {
    (void)state;
    static const struct value_case cases[] = {
        {"\"2026-11-22T22:32:00.828342Z\"", "t:2026-11-22T22:32:00.828342Z", 0, 0},
        {"\"2026-11-22T22:32:00.8Z\"", "t:2026-11-22T22:32:00.800000Z", SEMANTIC_ZONED_TIMESTAMP, 0},
        {"\"2026-11-22T22:32:00Z\"", "t:2026-11-22T22:32:00.000000Z", 0, 0},
        {"\"2026-11-22T22:32:00.828342000Z\"", "t:2026-11-22T22:32:00.828342Z", 0, 0},
        {"\"2026-11-22T22:32:00.8283420000000Z\"", "t:2026-11-22T22:32:00.828342Z", 0, 0},
        {"\"2026-11-22T22:32:00.828342001Z\"", "t:2026-11-22T22:32:00.828342001Z", 0, 0},
        {"\"2026-11-22T22:32:00.8283420012Z\"", "!not a timestamp", 0, 0},
        {"\"2026-11-22T22:32:00.5+02:00\"", "t:2026-11-22T20:32:00.500000Z", 0, 0},
        {"\"2026-01-01T00:30:00+0100\"", "t:2025-12-31T23:30:00.000000Z", 0, 0},
        {"\"1999-12-31 23:30:00-01\"", "t:2000-01-01T00:30:00.000000Z", 0, 0},
        {"\"2026-01-01T00:00:00+00:19:32\"", "t:2025-12-31T23:40:28.000000Z", 0, 0},
        {"\"2024-02-29T00:00:00.000000Z\"", "t:2024-02-29T00:00:00.000000Z", 0, 0},
        {"\"2024-03-01T00:00:00+00:01\"", "t:2024-02-29T23:59:00.000000Z", 0, 0},
        {"\"+10000-01-01T00:00:00Z\"", "t:+10000-01-01T00:00:00.000000Z", 0, 0},
        {"\"+294276-12-31T23:59:59.999999Z\"", "t:+294276-12-31T23:59:59.999999Z", 0, 0},
        {"\"-4712-01-01T00:00:00Z\"", "t:-4712-01-01T00:00:00.000000Z", 0, 0},
        {"\"0000-12-31T23:59:59.000000Z\"", "t:0000-12-31T23:59:59.000000Z", 0, 0},
        {"\"1969-12-31T23:59:59.999999Z\"", "t:1969-12-31T23:59:59.999999Z", 0, 0},
        {"\"infinity\"", "t:infinity", SEMANTIC_ZONED_TIMESTAMP, 0},
        {"\"-infinity\"", "t:-infinity", 0, 0},
        {"\"2026-11-22T22:32:00.828342\"", "!without an offset", 0, 0},
        {"\"2023-02-29T00:00:00.000000Z\"", "!not a timestamp", 0, 0},
        {"\"2026-13-22T22:32:00.828342Z\"", "!not a timestamp", 0, 0},
        {"\"2026-00-22T22:32:00.828342Z\"", "!not a timestamp", 0, 0},
        {"\"2026-11-31T22:32:00.828342Z\"", "!not a timestamp", 0, 0},
        {"\"2026-11-00T22:32:00.828342Z\"", "!not a timestamp", 0, 0},
        {"\"2026-11-22T24:00:00.000000Z\"", "!not a timestamp", 0, 0},
        {"\"2026-11-22T22:60:00.828342Z\"", "!not a timestamp", 0, 0},
        {"\"2026-11-22T22:32:60.828342Z\"", "!not a timestamp", 0, 0},
        {"\"2026-11-22T22:32:00.82834xZ\"", "!not a timestamp", 0, 0},
        {"\"2026-11-22T22:32:00.828342ZZ\"", "!not a timestamp", 0, 0},
        {"\"2026-11-22T22:32:00.828342+19:00\"", "!not a timestamp", 0, 0},
        {"\"2026-11-22T22:32:00.828342+1\"", "!not a timestamp", 0, 0},
        {"\"2026-11-22T22:32:00.828342+01:\"", "!not a timestamp", 0, 0},
        {"\"2026-11-22X22:32:00.828342Z\"", "!not a timestamp", 0, 0},
        {"\"" P "\"", "!not a timestamp", 0, 0},
        {"1795386720834987", "!as text", 0, 0},
        {"1795386720834987", "!the schema says io.debezium.time.MicroTimestamp", SEMANTIC_TIMESTAMP_US, 0},
    };
    CHECK(column_of(COLUMN_TIMESTAMPTZ, "timestamptz", 0, 0), cases);
}

// Every day of 10,000 years and more: the text goes back to the day, and days follow each other.
static void days_and_texts_agree(void **state) {
    (void)state;
    char text[ISO8601_TEXT_SIZE], before[ISO8601_TEXT_SIZE] = "0000-00-00";
    for (int64_t day = -719528; day <= 2932896; day += day % 1461 < 1400 ? 7 : 1) {
        int64_t back;
        assert_int_equal(iso8601_write_date(day, text), 10);
        text[10] = '\0';
        assert_true(strcmp(before, text) < 0);
        assert_true(iso8601_read_date(span_of(text), &back));
        assert_int_equal(back, day);
        memcpy(before, text, sizeof before);
    }
    static const int64_t far[] = {-2440550, -100000000, 100000000, 2145042905, 365000000000, -365000000000};
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        int64_t back;
        size_t size = iso8601_write_date(far[i], text);
        assert_true(iso8601_read_date((struct span){text, size}, &back));
        assert_int_equal(back, far[i]);
    }
}

static void the_stored_form_is_not_copied(void **state) {
    (void)state;
    static const char text[] = "[\"2026-11-22T22:32:00.828342Z\"]";
    struct column column = column_of(COLUMN_TIMESTAMPTZ, "timestamptz", 0, 0);
    struct json_reader json;
    struct arena arena = {0};
    struct value value;
    json_open(&json, SPAN(text));
    json_next(&json);
    assert_int_equal(value_read(&json, &column, (struct value_field){0}, &value_settings_default, true,
                                &arena, &value, NULL),
                     0);
    assert_ptr_equal(value.bytes.data, text + 2);
    assert_null(arena.blocks);
}

struct placeholder_case {
    enum column_type type;
    const char *json;
    const char *otherwise; // when the event cannot lack a value
};

static void placeholders_in_every_form(void **state) {
    (void)state;
    static const struct placeholder_case cases[] = {
        {COLUMN_TEXT, "\"" P "\"", "t:" P},
        {COLUMN_TEXT, "\"\\u005f_debezium_unavailable_value\"", "t:" P},
        {COLUMN_TEXT, "\"{\\\"" P "\\\":\\\"" P "\\\"}\"", "t:{\"" P "\":\"" P "\"}"},
        {COLUMN_JSON, "\"" P "\"", "t:" P},
        {COLUMN_JSON, "\"{\\\"" P "\\\":\\\"" P "\\\"}\"", "t:{\"" P "\":\"" P "\"}"},
        {COLUMN_NUMERIC, "\"" P "\"", "!not a decimal number"},
        {COLUMN_BYTEA, "\"" P_BASE64 "\"", "b:5f5f646562657a69756d5f756e617661696c61626c655f76616c7565"},
        {COLUMN_BYTEA, "\"" P "\"", "b:"},
        {COLUMN_ARRAY, "[\"" P "\"]", "t:[\"" P "\"]"},
        {COLUMN_OTHER, "[\"" P "\"]", "t:[\"" P "\"]"},
        {COLUMN_ARRAY, "[ \"" P_BASE64 "\" ]", "t:[ \"" P_BASE64 "\" ]"},
        {COLUMN_ARRAY, "[" P_BYTES "]", "t:[" P_BYTES "]"},
        {COLUMN_ARRAY, "[\"" P_UUID "\"]", "t:[\"" P_UUID "\"]"},
        {COLUMN_ARRAY, "{\"" P "\":\"" P "\"}", "t:{\"" P "\":\"" P "\"}"},
        {COLUMN_ARRAY, "\"{\\\"" P "\\\":\\\"" P "\\\"}\"", "t:{\"" P "\":\"" P "\"}"},
        {COLUMN_ARRAY, "\"" P "\"", "!not an array"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct column column = column_of(cases[i].type, "some type", 0, 0);
        check_one(&column, &(struct value_case){cases[i].json, "unavailable", 0, 0}, true,
                  &value_settings_default);
        if (strcmp(cases[i].otherwise, "b:") != 0)
            check_one(&column, &(struct value_case){cases[i].json, cases[i].otherwise, 0, 0}, false,
                      &value_settings_default);
    }
}

static void what_only_looks_like_a_placeholder(void **state) {
    (void)state;
    static const struct placeholder_case cases[] = {
        {COLUMN_TEXT, "\"" P "x\"", "!it looks like another"},
        {COLUMN_TEXT, "\"" P_BASE64 "\"", "t:" P_BASE64},
        {COLUMN_TEXT, "\"\"", "t:"},
        {COLUMN_TEXT, "\"" P_UUID "\"", "t:" P_UUID},
        {COLUMN_JSON, "{\"" P "\":1}", "!it looks like another"},
        {COLUMN_ARRAY, "[\"" P "\",\"" P "\"]", "!it looks like another"},
        {COLUMN_ARRAY, "[" P_BYTES ",1]", "t:[" P_BYTES ",1]"},
        {COLUMN_ARRAY, "[95,95]", "t:[95,95]"},
        {COLUMN_ARRAY, "[]", "t:[]"},
        {COLUMN_ARRAY, "{}", "t:{}"},
        {COLUMN_ARRAY, "[[\"" P "\"]]", "t:[[\"" P "\"]]"},
        {COLUMN_ARRAY, "[\"b68a35a7-17ad-35b3-af2a-ae46edb4545b\"]",
         "t:[\"b68a35a7-17ad-35b3-af2a-ae46edb4545b\"]"},
        {COLUMN_BYTEA, "\"aGVsbG8=\"", "b:68656c6c6f"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct column column = column_of(cases[i].type, "some type", 0, 0);
        check_one(&column, &(struct value_case){cases[i].json, cases[i].otherwise, 0, 0}, true,
                  &value_settings_default);
    }
}

// column.truncate.to.N.chars cuts it as it cuts any text.
static void a_placeholder_that_was_cut(void **state) {
    (void)state;
    static const struct {
        enum column_type type;
        const char *json, *want;
    } cases[] = {
        {COLUMN_TEXT, "\"__debezium_unavailable_valu\"", "unavailable"},
        {COLUMN_TEXT, "\"__debezium\"", "unavailable"},
        {COLUMN_TEXT, "\"__debeziu\"", "!it looks like another"},
        {COLUMN_TEXT, "\"__de\"", "!it looks like another"},
        {COLUMN_TEXT, "\"__d\"", "t:__d"},
        {COLUMN_TEXT, "\"__dex\"", "t:__dex"},
        {COLUMN_TEXT, "\"__debezium_x\"", "t:__debezium_x"},
        {COLUMN_JSON, "\"__debezium_unav\"", "unavailable"},
        {COLUMN_OTHER, "\"__debezium_unav\"", "unavailable"},
        {COLUMN_OTHER, "\"{\\\"__debezium_unav\"", "unavailable"},
        {COLUMN_TEXT, "\"{\\\"" P "\\\":\\\"__deb\"", "!it looks like another"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct column column = column_of(cases[i].type, "some type", 0, 0);
        check_one(&column, &(struct value_case){cases[i].json, cases[i].want, 0, 0}, true,
                  &value_settings_default);
    }
    struct value_settings settings = value_settings_default;
    struct column text = column_of(COLUMN_TEXT, "text", 0, 0);
    settings.unavailable = SPAN("__nothing_was_sent");
    settings.unavailable_told = true;
    check_one(&text, &(struct value_case){"\"__nothing_was\"", "unavailable", 0, 0}, true, &settings);
    check_one(&text, &(struct value_case){"\"__debezium_un\"", "unavailable", 0, 0}, true, &settings);
    check_one(&text, &(struct value_case){"\"__debeziu\"", "t:__debeziu", 0, 0}, true, &settings);
    settings.unavailable = SPAN("nothing was sent here");
    check_one(&text, &(struct value_case){"\"nothing was\"", "t:nothing was", 0, 0}, true, &settings);
}

static void the_placeholder_is_a_setting(void **state) {
    (void)state;
    struct value_settings settings = value_settings_default;
    settings.unavailable = SPAN("\xC3\xA9?");
    struct column array = column_of(COLUMN_ARRAY, "int[]", 0, 0), text = column_of(COLUMN_TEXT, "text", 0, 0);
    check_one(&array, &(struct value_case){"[-61,-87,63]", "unavailable", 0, 0}, true, &settings);
    check_one(&array, &(struct value_case){"[\"w6k/\"]", "unavailable", 0, 0}, true, &settings);
    check_one(&array, &(struct value_case){"[\"w6k_\"]", "unavailable", 0, 0}, true, &settings);
    check_one(&array, &(struct value_case){"[\"33fe18ca-23d1-3358-a645-5d9531dd9fa8\"]", "unavailable", 0, 0},
              true, &settings);
    check_one(&text, &(struct value_case){"\"\\u00e9?\"", "unavailable", 0, 0}, true, &settings);
    settings.unavailable_told = true; // the default is known beside it
    check_one(&text, &(struct value_case){"\"" P "\"", "unavailable", 0, 0}, true, &settings);
    check_one(&text, &(struct value_case){"\"" P "x\"", "t:" P "x", 0, 0}, true, &settings);
    settings.unavailable = (struct span){NULL, 0};
    check_one(&text, &(struct value_case){"\"\"", "t:", 0, 0}, true, &settings);
}

// What nobody has told of is never stored for a value.
static void a_likely_placeholder_is_refused(void **state) {
    (void)state;
    static const struct {
        enum column_type type;
        const char *json;
        bool likely;
    } cases[] = {
        {COLUMN_TEXT, "\"__toast__\"", true},
        {COLUMN_TEXT, "\"__CDC_UNAVAILABLE\"", true},
        {COLUMN_TEXT, "\"__init__\"", false},
        {COLUMN_TEXT, "\"_unchanged\"", false},
        {COLUMN_TEXT, "\"unavailable\"", false},
        {COLUMN_JSON, "\"N/A\"", true},
        {COLUMN_JSON, "\"nil\"", true},
        {COLUMN_JSON, "\"null\"", false},
        {COLUMN_JSON, "\" 12\"", false},
        {COLUMN_JSON, "\"*****\"", false},              // column.mask.with.5.chars
        {COLUMN_JSON, "\"9f86d081884c7d65\"", false},   // column.mask.hash
        {COLUMN_JSON, "\"{\\\"a\\\":1,\\\"b\"", false}, // column.truncate.to.8.chars
        {COLUMN_BYTEA, "\"X19ub190b2FzdF8=\"", true},
        {COLUMN_BYTEA, "\"__custom_unavailable\"", true}, // in hex mode
        {COLUMN_BYTEA, "\"__customs_available_\"", false},
        {COLUMN_ARRAY, "[\"__no_toast\"]", true},
        {COLUMN_ARRAY, "[95,95,116,111,97,115,116]", true},
        {COLUMN_ARRAY, "[95,96,97]", false},
        {COLUMN_OTHER, "{\"__toast\":\"__toast\"}", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct column column = column_of(cases[i].type, "some type", 0, 0);
        struct arena arena = {0};
        struct value value;
        struct error error = {0};
        struct json_reader json;
        json_open(&json, span_of(cases[i].json));
        int rc = value_read(&json, &column, (struct value_field){0}, &value_settings_default, true, &arena,
                            &value, &error);
        if ((rc != 0) != cases[i].likely)
            fail_msg("%s: %s", cases[i].json, rc != 0 ? error.message : "taken");
        json_open(&json, span_of(cases[i].json));
        assert_int_equal(value_read(&json, &column, (struct value_field){0}, &value_settings_default, false,
                                    &arena, &value, &error),
                         0);
        arena_free(&arena);
    }
}

// A TEXT that was of another type, by the message's schema.
static void texts_that_were_retyped(void **state) {
    (void)state;
    static const struct value_case cases[] = {
        {"\"BQ==\"", "t:00000101", SEMANTIC_BITS, 8},
        {"\"BQ==\"", "t:101", SEMANTIC_BITS, 0},
        {"\"BQ==\"", "!more bits", SEMANTIC_BITS, 2},
        {"\"aGVsbG8=\"", "t:\\x68656c6c6f", SEMANTIC_BYTES, 0},
        {"\"\"", "t:\\x", SEMANTIC_BYTES, 0},
        {"93600000000", "t:26:00:00", SEMANTIC_MICRO_DURATION, 0},
        {"-1500000", "t:-00:00:01.5", SEMANTIC_MICRO_DURATION, 0},
        {"1500000000", "t:00:00:01.5", SEMANTIC_NANO_DURATION, 0},
        {"\"P1Y2M3DT4H5M6.789S\"", "t:1 year 2 mons 3 days 04:05:06.789", SEMANTIC_INTERVAL, 0},
        {"\"P0Y0M0DT0H0M0S\"", "t:00:00:00", SEMANTIC_INTERVAL, 0},
        {"\"P-1Y0M3DT0H0M0S\"", "t:-1 years +3 days", SEMANTIC_INTERVAL, 0},
        {"\"P0Y0M-1DT2H3M0.0S\"", "t:-1 days +02:03:00", SEMANTIC_INTERVAL, 0},
        {"\"P0Y0M1DT0H0M-0.5S\"", "t:1 day -00:00:00.5", SEMANTIC_INTERVAL, 0},
        {"\"P1X\"", "t:P1X", SEMANTIC_INTERVAL, 0},
        {"1.0", "t:1", SEMANTIC_DOUBLE, 0},
        {"-0.0", "t:-0", SEMANTIC_DOUBLE, 0},
        {"0.1", "t:0.1", SEMANTIC_DOUBLE, 0},
        {"1.0E15", "t:1e+15", SEMANTIC_DOUBLE, 0},
        {"1.23456789012345E14", "t:123456789012345", SEMANTIC_DOUBLE, 0},
        {"1.0E-4", "t:0.0001", SEMANTIC_DOUBLE, 0},
        {"1.5E-5", "t:1.5e-05", SEMANTIC_DOUBLE, 0},
        {"1.7976931348623157E308", "t:1.7976931348623157e+308", SEMANTIC_DOUBLE, 0},
        {"\"NaN\"", "t:NaN", SEMANTIC_DOUBLE, 0},
        {"1000000.0", "t:1e+06", SEMANTIC_FLOAT, 0},
        {"123456.0", "t:123456", SEMANTIC_FLOAT, 0},
        {"3.14", "t:3.14", SEMANTIC_FLOAT, 0},
        {"1.0", "t:1", SEMANTIC_NONE, 0},       // only a double comes so
        {"12.50", "t:12.50", SEMANTIC_NONE, 0}, // and this is none
        {"12", "t:12", SEMANTIC_NONE, 0},
        {"\"2023-11-14T22:13:20.5Z\"", "t:2023-11-14 22:13:20.5+00", SEMANTIC_ZONED_TIMESTAMP, 0},
        {"\"infinity\"", "t:infinity", SEMANTIC_ZONED_TIMESTAMP, 0},
    };
    CHECK(column_of(COLUMN_TEXT, "text", 0, 0), cases);
    static const struct value_case bits[] = {
        {"\"101\"", "t:101", SEMANTIC_NONE, 0}, // that was a text
        {"\"BQ==\"", "t:101", SEMANTIC_NONE, 0},
    };
    CHECK(column_of(COLUMN_BIT, "bit(3)", 3, 0), bits);
    static const struct value_case bytes[] = {{"\"\\\\x6869\"", "b:6869", SEMANTIC_NONE, 0},
                                              {"\"\\\\x686\"", "!not hex", SEMANTIC_NONE, 0}};
    CHECK(column_of(COLUMN_BYTEA, "bytea", 0, 0), bytes);
    struct column uuid = column_of(COLUMN_TEXT, "uuid", 0, 0);
    uuid.variant = COLUMN_UUID;
    static const struct value_case uuids[] = {{"\"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11\"",
                                               "t:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", SEMANTIC_NONE, 0}};
    CHECK(uuid, uuids);
}

static void broken_json_is_said_so(void **state) {
    (void)state;
    static const char *const documents[] = {"[\"abc", "[{\"a\":1", "[[1,2", "[tru", "[", "[{\"scale\":01}]"};
    struct column column = column_of(COLUMN_TEXT, "text", 0, 0);
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        struct json_reader json;
        struct arena arena = {0};
        struct value value;
        struct error error = {0};
        json_open(&json, span_of(documents[i]));
        json_next(&json);
        assert_int_equal(value_read(&json, &column, (struct value_field){0}, &value_settings_default, true,
                                    &arena, &value, &error),
                         -1);
        assert_non_null(json.error);
        assert_non_null(strstr(error.message, "column col: broken JSON at byte"));
        arena_free(&arena);
    }
}

static void semantics_have_their_names(void **state) {
    (void)state;
    assert_int_equal(semantic_of(SPAN("io.debezium.time.MicroTimestamp")), SEMANTIC_TIMESTAMP_US);
    assert_int_equal(semantic_of(SPAN("org.apache.kafka.connect.data.Decimal")), SEMANTIC_CONNECT_DECIMAL);
    assert_int_equal(semantic_of(SPAN("io.debezium.time.ZonedTimestamp")), SEMANTIC_ZONED_TIMESTAMP);
    assert_int_equal(semantic_of(SPAN("io.debezium.data.VariableScaleDecimal")), SEMANTIC_VARIABLE_SCALE);
    assert_int_equal(semantic_of(SPAN("io.debezium.data.Json")), SEMANTIC_PLAIN);
    assert_int_equal(semantic_of(SPAN("io.debezium.time.Dat")), SEMANTIC_PLAIN);
    assert_int_equal(semantic_of((struct span){NULL, 0}), SEMANTIC_PLAIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(booleans),
        cmocka_unit_test(decimals),
        cmocka_unit_test(numerics),
        cmocka_unit_test(big_numerics_are_exact),
        cmocka_unit_test(reals),
        cmocka_unit_test(texts),
        cmocka_unit_test(others),
        cmocka_unit_test(bits),
        cmocka_unit_test(documents),
        cmocka_unit_test(dates),
        cmocka_unit_test(times),
        cmocka_unit_test(timestamps),
        cmocka_unit_test(units_come_from_the_settings),
        cmocka_unit_test(timestamps_with_zone),
        cmocka_unit_test(days_and_texts_agree),
        cmocka_unit_test(the_stored_form_is_not_copied),
        cmocka_unit_test(placeholders_in_every_form),
        cmocka_unit_test(what_only_looks_like_a_placeholder),
        cmocka_unit_test(a_placeholder_that_was_cut),
        cmocka_unit_test(the_placeholder_is_a_setting),
        cmocka_unit_test(a_likely_placeholder_is_refused),
        cmocka_unit_test(texts_that_were_retyped),
        cmocka_unit_test(broken_json_is_said_so),
        cmocka_unit_test(semantics_have_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
