// Any JSON into any column: nothing is read out of bounds, the reader stands after the value, and what is
// stored for a number or a time reads back as itself.
#include "consumer/decode/value.h"
#include "views/engine/decimal.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const declared[] = {
    "bigint",      "boolean", "decimal(18, 3)", "numeric", "double precision",
    "text",        "jsonb",   "date",           "time(3)", "timestamp",
    "timestamptz", "bytea",   "int[]",          "bit(18)", "interval"};

static bool reads_back(enum column_type type) {
    return type == COLUMN_DECIMAL || type == COLUMN_NUMERIC || type == COLUMN_DATE || type == COLUMN_TIME ||
           type == COLUMN_TIMESTAMP || type == COLUMN_TIMESTAMPTZ;
}

static bool equal(const struct value *a, const struct value *b) {
    return a->kind == b->kind &&
           (a->kind == VALUE_INTEGER ? a->integer == b->integer : span_equal(a->bytes, b->bytes));
}

// The stored value as a string, read again.
static void check_again(const struct column *column, const struct value *value, struct arena *arena) {
    char count[DECIMAL_TEXT_SIZE];
    struct span text = value->bytes;
    if (value->kind == VALUE_INTEGER)
        text = (struct span){count, decimal_write(value->integer, column->scale, count)};
    char *quoted = arena_take(arena, text.size + 2);
    if (quoted == NULL)
        return;
    quoted[0] = quoted[text.size + 1] = '"';
    memcpy(quoted + 1, text.data, text.size);
    struct json_reader json;
    struct value again = {0};
    json_open(&json, (struct span){quoted, text.size + 2});
    if (value_read(&json, column, (struct value_field){0}, &value_settings_default, false, arena, &again,
                   NULL) != 0 ||
        !equal(value, &again)) {
        fprintf(stderr, "%s does not read back: %.*s\n", column->declared, (int)text.size, text.data);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { HEADER = 4 };
    if (size < HEADER)
        return 0;
    enum column_type type = (enum column_type)(data[0] % (sizeof declared / sizeof *declared));
    struct column column = {.name = (char *)(uintptr_t) "c",
                            .declared = (char *)(uintptr_t)declared[type],
                            .type = type,
                            .element = (enum column_type)(data[2] % (sizeof declared / sizeof *declared)),
                            .precision = 18,
                            .scale = 3};
    struct value_field field = {(enum semantic)(data[1] % (SEMANTIC_ISO_TIMESTAMP + 1)), (int8_t)data[2]};
    if (field.semantic == SEMANTIC_BITS && field.scale < 0) // how many there are
        field.scale = 0;
    struct json_reader json;
    struct arena arena = {0};
    struct value value = {0};
    struct error error = {0};
    json_open(&json, (struct span){(const char *)data + HEADER, size - HEADER});
    if (value_read(&json, &column, field, &value_settings_default, data[3] & 1, &arena, &value, &error) ==
        0) {
        if (value.kind != VALUE_NULL && value.kind != VALUE_UNAVAILABLE && reads_back(type))
            check_again(&column, &value, &arena);
    } else if (error.kind != ERROR_INPUT || error.message[0] == '\0') {
        abort();
    }
    if (json.error == NULL && json.depth != 0)
        abort();
    arena_free(&arena);
    return 0;
}
