#include "consumer/postgres/form_array.h"

#include "consumer/json/json.h"
#include "consumer/postgres/form_text.h"
#include "views/base/cleanup.h"

// As PostgreSQL's escape_json.
static void form_array_write_string(struct span text, struct buffer *out) {
    static const char escaped[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
    buffer_char(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        const char *found = c != '\0' ? strchr(escaped, c) : NULL;
        if (found != NULL) {
            buffer_char(out, '\\');
            buffer_char(out, letters[found - escaped]);
        } else if ((unsigned char)c < ' ') {
            buffer_format(out, "\\u%04x", (unsigned char)c);
        } else {
            buffer_char(out, c);
        }
    }
    buffer_char(out, '"');
}

static bool form_array_write_element(enum form_kind kind, const struct json_value *value, struct arena *arena,
                                     struct buffer *out) {
    CLEANUP(buffer_free) struct buffer form = {0};
    struct span text = value->raw;
    if (value->kind == JSON_NULL) {
        buffer_text(out, "null");
        return true;
    }
    if (value->kind == JSON_OBJECT_BEGIN)
        return false;
    if (value->kind == JSON_STRING) {
        text = json_between_quotes(value->raw);
        if (value->escaped && !json_unescape_text(text, arena, &text))
            return false;
    }
    // the texts of floating numbers are many: same.h reads them
    if (kind != FORM_REAL && kind != FORM_SHORT) {
        form_text_write(kind, text, &form);
        text = (struct span){form.data != NULL ? form.data : "", form.size};
    }
    form_array_write_string(text, out);
    return !form.failed;
}

static bool form_array_write_elements(enum form_kind kind, struct json_reader *json, struct arena *arena,
                                      struct buffer *out) {
    buffer_char(out, '[');
    bool first = true; // of the array that it is in
    for (int depth = json->depth; json->depth >= depth && !out->failed;) {
        struct json_reader ahead = *json;
        enum json_kind next = json_next(&ahead);
        if (!first && next != JSON_ARRAY_END)
            buffer_char(out, ',');
        first = next == JSON_ARRAY_BEGIN;
        if (next == JSON_ARRAY_BEGIN || next == JSON_ARRAY_END) {
            *json = ahead;
            buffer_char(out, next == JSON_ARRAY_BEGIN ? '[' : ']');
            continue;
        }
        struct json_value value;
        if (!json_take(json, &value) || !form_array_write_element(kind, &value, arena, out))
            return false;
    }
    return true;
}

void form_array_write(enum form_kind element, struct span text, struct buffer *out) {
    CLEANUP(arena_free) struct arena arena = {0};
    struct json_reader json;
    size_t begin = out->size;
    json_open(&json, text);
    if (json_next(&json) == JSON_ARRAY_BEGIN && form_array_write_elements(element, &json, &arena, out) &&
        json_next(&json) == JSON_END)
        return;
    out->size = begin;
    buffer_append(out, text.data, text.size);
}
