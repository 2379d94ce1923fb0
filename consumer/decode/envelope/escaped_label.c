#include "consumer/decode/envelope/escaped_label.h"

static bool escaped_label_is_one(const struct column *column, struct span text) {
    bool found = false;
    for (int i = 0; i < column->label_count && !found; i++)
        found = span_is(text, column->labels[i]);
    return found;
}

int escaped_label_mend(const struct column *column, struct value *value, struct arena *arena,
                       struct error *error) {
    if (value->kind != VALUE_TEXT || memchr(value->bytes.data, '\\', value->bytes.size) == NULL ||
        escaped_label_is_one(column, value->bytes))
        return 0;
    char *plain = arena_take(arena, value->bytes.size);
    if (plain == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    struct span text = {plain, 0};
    for (size_t i = 0; i < value->bytes.size; i++) {
        i += value->bytes.data[i] == '\\' && i + 1 < value->bytes.size;
        plain[text.size++] = value->bytes.data[i];
    }
    if (escaped_label_is_one(column, text))
        value->bytes = text;
    return 0;
}
