#include "views/engine/read/shown_key.h"

#include "views/base/base64.h"
#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/base/hex.h"
#include "views/base/real.h"
#include "views/engine/decimal.h"
#include "views/engine/row/key_text.h"
#include "views/engine/sqlite/sqlite_value.h"
#include "views/engine/sqlite/stmt.h"

#include <math.h>

// Integers beyond it have neighbours that the same double stands for.
#define SHOWN_KEY_EXACT_MAX ((int64_t)1 << 53)

// NULL = the catalog does not know it.
static const struct table *shown_key_table(sqlite3_context *context, sqlite3_value *name) {
    const char *text = (const char *)sqlite3_value_text(name);
    return text != NULL ? catalog_table(sqlite3_user_data(context), text, (size_t)sqlite3_value_bytes(name))
                        : NULL;
}

static struct span shown_key_text(sqlite3_value *value) {
    const char *text = (const char *)sqlite3_value_text(value);
    return (struct span){text, text != NULL ? (size_t)sqlite3_value_bytes(value) : 0};
}

static void shown_key_write_real(struct buffer *out, double real) {
    char text[REAL_TEXT_SIZE];
    struct span written = {text, real_write(real, text)};
    if (isfinite(real))
        buffer_append(out, written.data, written.size);
    else
        buffer_json_string(out, written);
}

static void shown_key_write_integer(struct buffer *out, const struct column *column, int64_t integer) {
    char text[DECIMAL_TEXT_SIZE];
    if (column->type == COLUMN_DECIMAL)
        buffer_json_string(out, (struct span){text, decimal_write(integer, column->scale, text)});
    else if (column->type == COLUMN_BOOLEAN)
        buffer_text(out, integer != 0 ? "true" : "false");
    else if (column->type == COLUMN_REAL)
        shown_key_write_real(out, (double)integer);
    else if (integer < -SHOWN_KEY_EXACT_MAX || integer > SHOWN_KEY_EXACT_MAX)
        buffer_format(out, "\"%lld\"", (long long)integer);
    else
        buffer_integer(out, integer);
}

static void shown_key_write_bytes(struct buffer *out, struct span hex) {
    CLEANUP(buffer_free) struct buffer bytes = {0};
    for (size_t i = 0; i + 1 < hex.size; i += 2)
        buffer_char(&bytes, (char)(hex_digit(hex.data[i]) << 4 | hex_digit(hex.data[i + 1])));
    buffer_char(out, '"');
    base64_write(out, (struct span){bytes.data, bytes.size});
    buffer_char(out, '"');
    out->failed |= bytes.failed;
}

static void shown_key_write(struct buffer *out, const struct column *column, const struct value *value) {
    static const struct column unknown = {.type = COLUMN_OTHER};
    if (column == NULL)
        column = &unknown;
    if (value->kind == VALUE_INTEGER)
        shown_key_write_integer(out, column, value->integer);
    else if (value->kind == VALUE_REAL)
        shown_key_write_real(out, value->real);
    else if (column->type == COLUMN_BYTEA)
        shown_key_write_bytes(out, value->bytes);
    else
        buffer_json_string(out, value->bytes);
}

// Nothing is known of what is no such text, as infinities once were written.
static void shown_key_call(sqlite3_context *context, int count, sqlite3_value **values) {
    CLEANUP(buffer_free) struct buffer out = {0};
    CLEANUP(arena_free) struct arena arena = {0};
    struct value parts[TABLE_KEYS_MAX];
    const struct table *table = shown_key_table(context, values[0]);
    count = key_text_parts(shown_key_text(values[1]), &arena, parts);
    for (int i = 0; i < count; i++) {
        buffer_char(&out, i == 0 ? '[' : ',');
        shown_key_write(&out, table != NULL && i < table->key_count ? &table->columns[table->keys[i]] : NULL,
                        &parts[i]);
    }
    buffer_char(&out, ']');
    if (out.failed)
        sqlite3_result_error_nomem(context);
    else if (count > 0)
        sqlite3_result_text64(context, out.data, out.size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

// The value goes with its arena.
static void shown_key_give(sqlite3_context *context, const struct value *value) {
    if (value->kind == VALUE_TEXT)
        sqlite3_result_text64(context, value->bytes.data, value->bytes.size, SQLITE_TRANSIENT, SQLITE_UTF8);
    else if (value->kind == VALUE_BLOB)
        sqlite3_result_blob64(context, value->bytes.data, value->bytes.size, SQLITE_TRANSIENT);
    else
        sqlite_value_result(context, value);
}

static void shown_key_part_call(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    CLEANUP(arena_free) struct arena arena = {0};
    struct value key[TABLE_COLUMNS_MAX];
    const struct table *table = shown_key_table(context, values[0]);
    int part = sqlite3_value_int(values[2]);
    if (table != NULL && part >= 0 && part < table->key_count &&
        key_text_read(shown_key_text(values[1]), table, &arena, key))
        shown_key_give(context, &key[table->keys[part]]);
}

int shown_key_register(struct sqlite3 *db, const struct catalog *catalog) {
    // SQLite hands the pointer back as it is and never writes through it.
    union {
        const struct catalog *borrowed;
        void *user_data;
    } pass = {.borrowed = catalog};
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    int code = sqlite3_create_function_v2(db, "shown_key", 2, flags, pass.user_data, shown_key_call, NULL,
                                          NULL, NULL);
    return code != SQLITE_OK ? code
                             : sqlite3_create_function_v2(db, "key_part", 3, flags, pass.user_data,
                                                          shown_key_part_call, NULL, NULL, NULL);
}
