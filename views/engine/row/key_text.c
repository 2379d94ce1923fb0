#include "views/engine/row/key_text.h"

#include <math.h>

static void key_text_write_hex(struct buffer *out, struct span bytes) {
    static const char digits[] = "0123456789ABCDEF";
    buffer_char(out, '"');
    for (size_t i = 0; i < bytes.size; i++) {
        buffer_char(out, digits[(unsigned char)bytes.data[i] >> 4]);
        buffer_char(out, digits[(unsigned char)bytes.data[i] & 15]);
    }
    buffer_char(out, '"');
}

// JSON has no infinity, and SQLite reads one in a number that is too large. NaN is a text.
static void key_text_write_real(struct buffer *out, double real) {
    if (isinf(real))
        buffer_text(out, real > 0 ? "9e999" : "-9e999");
    else
        buffer_format(out, "%.17g", real);
}

static bool key_text_is_there(const struct value *value) {
    return value->kind == VALUE_INTEGER || value->kind == VALUE_REAL || value_has_bytes(value);
}

bool key_text_write(struct buffer *out, const struct table *table, const struct value *values) {
    for (int i = 0; i < table->key_count; i++)
        if (!key_text_is_there(&values[table->keys[i]]))
            return false;
    for (int i = 0; i < table->key_count; i++) {
        const struct value *value = &values[table->keys[i]];
        buffer_char(out, i == 0 ? '[' : ',');
        if (value->kind == VALUE_INTEGER)
            buffer_integer(out, value->integer);
        else if (value->kind == VALUE_REAL)
            key_text_write_real(out, value->real);
        else if (value->kind == VALUE_TEXT)
            buffer_json_string(out, value->bytes);
        else
            key_text_write_hex(out, value->bytes);
    }
    buffer_char(out, ']');
    return true;
}
