#include "views/engine/read/shown_key.h"

#include "views/base/base64.h"
#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/base/hex.h"
#include "views/base/real.h"
#include "views/engine/decimal.h"
#include "views/engine/sqlite/stmt.h"

#include <math.h>

// Integers beyond it have neighbours that the same double stands for.
#define SHOWN_KEY_EXACT_MAX ((int64_t)1 << 53)

static const struct column *shown_key_column(const struct catalog *catalog, struct span name, int number) {
    const struct table *table = name.data != NULL ? catalog_table(catalog, name.data, name.size) : NULL;
    return table != NULL && number >= 0 && number < table->key_count ? &table->columns[table->keys[number]]
                                                                     : NULL;
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

static struct span shown_key_text(sqlite3_value *value) {
    const char *text = (const char *)sqlite3_value_text(value);
    return (struct span){text, text != NULL ? (size_t)sqlite3_value_bytes(value) : 0};
}

static void shown_key_write(struct buffer *out, const struct column *column, sqlite3_value *value) {
    static const struct column unknown = {.type = COLUMN_OTHER};
    if (column == NULL)
        column = &unknown;
    int type = sqlite3_value_type(value);
    if (type == SQLITE_INTEGER)
        shown_key_write_integer(out, column, sqlite3_value_int64(value));
    else if (type == SQLITE_FLOAT)
        shown_key_write_real(out, sqlite3_value_double(value));
    else if (column->type == COLUMN_BYTEA)
        shown_key_write_bytes(out, shown_key_text(value));
    else
        buffer_json_string(out, shown_key_text(value));
}

static void shown_key_call(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    CLEANUP(buffer_free) struct buffer out = {0};
    struct span name = shown_key_text(values[0]);
    shown_key_write(&out, shown_key_column(sqlite3_user_data(context), name, sqlite3_value_int(values[1])),
                    values[2]);
    if (out.failed)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_text64(context, out.data, out.size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

int shown_key_register(struct sqlite3 *db, const struct catalog *catalog) {
    // SQLite hands the pointer back as it is and never writes through it.
    union {
        const struct catalog *borrowed;
        void *user_data;
    } pass = {.borrowed = catalog};
    return sqlite3_create_function_v2(db, "shown_key", 3, SQLITE_UTF8 | SQLITE_DETERMINISTIC, pass.user_data,
                                      shown_key_call, NULL, NULL, NULL);
}
