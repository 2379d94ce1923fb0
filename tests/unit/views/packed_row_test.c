// A row that was packed is the row that it was, in as many bytes as were asked for.
#include "views/base/random.h"
#include "views/engine/row/packed_row.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>

enum { SEED = 5, ROUNDS = 20000, LONG = 300 };

static char text[LONG];

static struct value random_value(uint64_t *random) {
    switch (random_below(random, 7)) {
    case 0:
        return (struct value){.kind = VALUE_ABSENT};
    case 1:
        return (struct value){.kind = VALUE_NULL};
    case 2:
        return (struct value){.kind = VALUE_UNAVAILABLE};
    case 3:
        return (struct value){.kind = VALUE_INTEGER, .integer = INT64_MIN + (int64_t)random_below(random, 9)};
    case 4:
        return (struct value){.kind = VALUE_REAL, .real = -1.5 * (double)random_below(random, 9)};
    case 5: // none at all, as an empty string may come
        return (struct value){.kind = VALUE_TEXT, .bytes = {NULL, 0}};
    default:
        break;
    }
    size_t from = random_below(random, LONG);
    return (struct value){.kind = random_below(random, 2) == 0 ? VALUE_TEXT : VALUE_BLOB,
                          .bytes = {text + from, random_below(random, LONG - from)}};
}

static void assert_same(const struct value *was, const struct value *is) {
    assert_int_equal(is->kind, was->kind);
    if (was->kind == VALUE_INTEGER)
        assert_int_equal(is->integer, was->integer);
    if (was->kind == VALUE_REAL)
        assert_true(is->real == was->real);
    if (value_has_bytes(was)) {
        assert_non_null(is->bytes.data);
        assert_true(span_equal(is->bytes, was->bytes));
    }
}

// Memory of exactly the size, so that a sanitizer sees a byte more.
static struct packed_row *pack(const struct value *values, int count) {
    size_t size = packed_row_size(values, count);
    assert_true(size <= UINT32_MAX);
    struct packed_row *row = malloc(size & UINT32_MAX);
    assert_non_null(row);
    packed_row_put(row, size, values, count);
    return row;
}

static void a_row_comes_back(void **state) {
    (void)state;
    (void)printf("seed %d\n", SEED);
    uint64_t random = SEED;
    for (size_t i = 0; i < LONG; i++)
        text[i] = (char)random_below(&random, 256);
    for (int round = 0; round < ROUNDS; round++) {
        static struct value values[TABLE_COLUMNS_MAX];
        int count = round % 100 == 0 ? TABLE_COLUMNS_MAX : 1 + (int)random_below(&random, 20);
        for (int i = 0; i < count; i++)
            values[i] = random_value(&random);
        struct packed_row *row = pack(values, count);
        static struct value all[TABLE_COLUMNS_MAX];
        packed_row_values(row, count, all);
        for (int i = 0; i < count; i++) {
            assert_same(&values[i], &all[i]);
            struct value value = packed_row_value(row, i);
            assert_same(&values[i], &value);
        }
        free(row);
    }
}

static void a_key_is_read_alone(void **state) {
    (void)state;
    static const struct table table = {.name = "t", .column_count = 3, .keys = {2, 0}, .key_count = 2};
    const struct value values[] = {{.kind = VALUE_INTEGER, .integer = 7},
                                   {.kind = VALUE_TEXT, .bytes = SPAN("note")},
                                   {.kind = VALUE_TEXT, .bytes = SPAN("sku")}};
    struct value key[3] = {0};
    struct packed_row *row = pack(values, 3);
    packed_row_key(row, &table, key);
    assert_same(&values[0], &key[0]);
    assert_int_equal(key[1].kind, VALUE_ABSENT);
    assert_same(&values[2], &key[2]);
    free(row);
}

// What a column without a value costs decides how many changes a commit may have.
static void a_column_without_a_value_takes_two_bytes(void **state) {
    (void)state;
    const struct value values[] = {{.kind = VALUE_NULL},
                                   {.kind = VALUE_ABSENT},
                                   {.kind = VALUE_UNAVAILABLE},
                                   {.kind = VALUE_TEXT, .bytes = SPAN("four")}};
    assert_int_equal(packed_row_size(values, 3), 8);
    assert_int_equal(packed_row_size(values, 4), 8 + 8 + 4);
    const struct value too_long = {.kind = VALUE_BLOB, .bytes = {text, UINT32_MAX}};
    assert_true(packed_row_size(&too_long, 1) == SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_comes_back),
        cmocka_unit_test(a_key_is_read_alone),
        cmocka_unit_test(a_column_without_a_value_takes_two_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
