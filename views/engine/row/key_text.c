#include "views/engine/row/key_text.h"

#include "views/base/hex.h"
#include "views/base/json_text.h"
#include "views/base/real.h"
#include "views/base/utf8.h"

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

// JSON has no infinity, and SQLite reads one in a number that is too large. NaN is a text. -0.0 and 0 are one key.
static void key_text_write_real(struct buffer *out, double real) {
    if (isinf(real))
        buffer_text(out, real > 0 ? "9e999" : "-9e999");
    else
        buffer_format(out, "%.17g", real == 0 ? 0 : real);
}

static bool key_text_is_there(const struct value *value) {
    return value->kind == VALUE_INTEGER || value->kind == VALUE_REAL || value_has_bytes(value);
}

static void key_text_write_value(struct buffer *out, const struct value *value) {
    if (value->kind == VALUE_INTEGER)
        buffer_integer(out, value->integer);
    else if (value->kind == VALUE_REAL)
        key_text_write_real(out, value->real);
    else if (value->kind == VALUE_TEXT)
        buffer_json_string(out, value->bytes);
    else
        key_text_write_hex(out, value->bytes);
}

bool key_text_write(struct buffer *out, const struct table *table, const struct value *values) {
    for (int i = 0; i < table->key_count; i++)
        if (!key_text_is_there(&values[table->keys[i]]))
            return false;
    for (int i = 0; i < table->key_count; i++) {
        buffer_char(out, i == 0 ? '[' : ',');
        key_text_write_value(out, &values[table->keys[i]]);
    }
    buffer_char(out, ']');
    return true;
}

// --- and back

// JSON that is valid, from which one part after the other is taken.
struct key_text_reading {
    struct span rest;
    struct arena *arena;
};

static bool key_text_take(struct key_text_reading *reading, char c) {
    struct span *rest = &reading->rest;
    while (rest->size > 0 && strchr(" \t\r\n", rest->data[0]) != NULL)
        *rest = (struct span){rest->data + 1, rest->size - 1};
    if (rest->size == 0 || rest->data[0] != c)
        return false;
    *rest = (struct span){rest->data + 1, rest->size - 1};
    return true;
}

static uint32_t key_text_code(const char *digits) {
    uint32_t code = 0;
    for (int i = 0; i < 4; i++)
        code = code << 4 | (uint32_t)hex_digit(digits[i]);
    return code;
}

// What an escape stands for, from behind its backslash; returns how many characters it has. What was written is UTF-8, so it has
// no halves of characters.
static size_t key_text_unescape(struct span text, char **at) {
    static const char letters[] = "bfnrt\"\\/";
    static const char meant[] = "\b\f\n\r\t\"\\/";
    if (text.data[0] != 'u') {
        *(*at)++ = meant[strchr(letters, text.data[0]) - letters];
        return 1;
    }
    *at += utf8_write(key_text_code(text.data + 1), *at);
    return 5;
}

static bool key_text_take_string(struct key_text_reading *reading, struct value *ret) {
    struct span *rest = &reading->rest;
    size_t size = rest->size;
    char *bytes = arena_take(reading->arena, size);
    char *end = bytes;
    if (bytes == NULL)
        return false;
    while (rest->data[0] != '"') {
        size_t taken = 1;
        if (rest->data[0] == '\\')
            taken += key_text_unescape((struct span){rest->data + 1, rest->size - 1}, &end);
        else
            *end++ = rest->data[0];
        *rest = (struct span){rest->data + taken, rest->size - taken};
    }
    *rest = (struct span){rest->data + 1, rest->size - 1};
    arena_return(reading->arena, (size_t)(bytes + size - end));
    *ret = (struct value){.kind = VALUE_TEXT, .bytes = {bytes, (size_t)(end - bytes)}};
    return true;
}

static bool key_text_take_number(struct key_text_reading *reading, struct value *ret) {
    struct span *rest = &reading->rest;
    size_t size = 0;
    while (size < rest->size && strchr("+-.0123456789eE", rest->data[size]) != NULL)
        size++;
    struct span number = {rest->data, size};
    *rest = (struct span){rest->data + size, rest->size - size};
    ret->kind = VALUE_INTEGER;
    if (integer_parse(number, &ret->integer))
        return true;
    ret->kind = VALUE_REAL;
    return real_parse(number, &ret->real);
}

static bool key_text_take_value(struct key_text_reading *reading, struct value *ret) {
    return key_text_take(reading, '"') ? key_text_take_string(reading, ret)
                                       : key_text_take_number(reading, ret);
}

int key_text_parts(struct span text, struct arena *arena, struct value ret[TABLE_KEYS_MAX]) {
    struct key_text_reading reading = {text, arena};
    int count = 0;
    if (!json_text_is_valid(text) || !key_text_take(&reading, '['))
        return -1;
    do {
        if (count == TABLE_KEYS_MAX || !key_text_take_value(&reading, &ret[count++]))
            return -1;
    } while (key_text_take(&reading, ','));
    return key_text_take(&reading, ']') ? count : -1;
}

bool key_text_write_anew(struct buffer *out, struct span text, struct arena *arena) {
    struct value parts[TABLE_KEYS_MAX];
    int count = key_text_parts(text, arena, parts);
    for (int i = 0; i < count; i++) {
        buffer_char(out, i == 0 ? '[' : ',');
        key_text_write_value(out, &parts[i]);
    }
    buffer_char(out, ']');
    return count > 0;
}

static bool key_text_take_bytes(struct arena *arena, struct value *value) {
    struct span hex = value->bytes;
    char *bytes = value->kind == VALUE_TEXT && hex.size % 2 == 0 ? arena_take(arena, hex.size / 2 + 1) : NULL;
    for (size_t i = 0; bytes != NULL && i < hex.size; i += 2) {
        int high = hex_digit(hex.data[i]);
        int low = hex_digit(hex.data[i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (char)(high << 4 | low);
    }
    *value = (struct value){.kind = VALUE_BLOB, .bytes = {bytes, hex.size / 2}};
    return bytes != NULL;
}

bool key_text_read(struct span text, const struct table *table, struct arena *arena, struct value *ret) {
    struct value parts[TABLE_KEYS_MAX];
    if (key_text_parts(text, arena, parts) != table->key_count)
        return false;
    for (int i = 0; i < table->key_count; i++) {
        const struct column *column = &table->columns[table->keys[i]];
        if (column->type == COLUMN_BYTEA && !key_text_take_bytes(arena, &parts[i]))
            return false;
        if (column->type == COLUMN_REAL && parts[i].kind == VALUE_INTEGER)
            parts[i] = (struct value){.kind = VALUE_REAL, .real = (double)parts[i].integer};
        ret[table->keys[i]] = parts[i];
    }
    return true;
}
