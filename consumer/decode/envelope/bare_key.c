#include "consumer/decode/envelope/bare_key.h"

#include "consumer/decode/envelope/payload.h"
#include "consumer/decode/guess.h"
#include "views/base/utf8.h"

static const char bare_key_scalar[] = "key (a scalar, as ExtractField$Key makes one)";

// The key's only column. `json` stands before the scalar.
static int bare_key_read_scalar(struct json_reader *json, struct row_reader *row, struct error *error) {
    const struct table *table = row->table;
    if (table->key_count != 1)
        return error_set(error, ERROR_INPUT, "%s: the primary key has %d columns", bare_key_scalar,
                         table->key_count);
    int column = table->keys[0];
    struct value_field field = row->schema != NULL ? row->schema->fields[column] : (struct value_field){0};
    bool converted_twice = payload_is_converted_twice(json);
    row_begin(row);
    if (value_read(json, &table->columns[column], field, row->settings, false, row->arena,
                   &row->values[column], error) != 0 ||
        payload_leave(json, error) != 0)
        return converted_twice ? error_set(error, ERROR_INPUT, "key: %s", payload_converted_twice)
                               : error_prefix(error, bare_key_scalar);
    return 0;
}

// What begins neither as an object, an array nor a string of JSON may be the text that a StringConverter wrote. A Struct's
// text is no column's.
static bool bare_key_may_be_text(const struct table *table, struct span key) {
    const size_t begins = sizeof GUESS_STRUCT - 1;
    if (table->key_count != 1 || key.size == 0 || memchr("{[\"", key.data[0], 3) != NULL ||
        (key.size > begins && memcmp(key.data, GUESS_STRUCT, begins) == 0))
        return false;
    for (size_t at = 0, size; at < key.size; at += size)
        if ((size = utf8_sequence(key.data + at, key.size - at)) == 0 || (unsigned char)key.data[at] < ' ')
            return false;
    return true;
}

// Where texts come bare, `null` is one: StringConverter writes no key for a null.
bool bare_key_is_text(const struct table *table, struct span key) {
    const struct column *column = &table->columns[table->keys[0]];
    bool of_a_form = column->variant == COLUMN_UUID || column->type == COLUMN_OTHER;
    return (column->type == COLUMN_TEXT || of_a_form) && !(of_a_form && span_is(key, "null")) &&
           bare_key_may_be_text(table, key);
}

int bare_key_read_text(struct span key, struct row_reader *row, struct error *error) {
    struct json_reader json;
    char *text = arena_take(row->arena, key.size * 2 + 2), *to = text;
    if (text == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *to++ = '"';
    for (size_t i = 0; i < key.size; i++) {
        if (key.data[i] == '"' || key.data[i] == '\\')
            *to++ = '\\';
        *to++ = key.data[i];
    }
    *to++ = '"';
    json_open(&json, (struct span){text, (size_t)(to - text)});
    row->schema = NULL;
    return bare_key_read_scalar(&json, row, error);
}

int bare_key_read(struct json_reader *json, int kind, struct span key, struct row_reader *row,
                  struct error *error) {
    struct error ignored = {0};
    if (kind == PAYLOAD_SCALAR && bare_key_read_scalar(json, row, error) == 0)
        return 0;
    if (bare_key_may_be_text(row->table, key) && bare_key_read_text(key, row, &ignored) == 0)
        return 0;
    return kind == PAYLOAD_SCALAR ? -1 : error_prefix(error, "key");
}
