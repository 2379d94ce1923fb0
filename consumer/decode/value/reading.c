#include "consumer/decode/value/reading.h"

#include "views/base/base64.h"
#include "views/base/utf8.h"

enum { VISIBLE_MAX = 60 }; // of a message's bytes in an error: enough to know the value by

int reading_refuse(const struct reading *reading, const char *why) {
    const struct column *column = reading->column;
    bool container = reading->kind == JSON_OBJECT_BEGIN || reading->kind == JSON_ARRAY_BEGIN;
    if (container)
        return error_set(reading->error, ERROR_INPUT, "column %s (declared %s): %s: %s", column->name,
                         column->declared, reading->kind == JSON_OBJECT_BEGIN ? "an object" : "an array",
                         why);
    int size = (int)utf8_fit(reading->raw.data, reading->raw.size, VISIBLE_MAX);
    return error_set(reading->error, ERROR_INPUT, "column %s (declared %s): %.*s%s: %s", column->name,
                     column->declared, size, reading->raw.data, (size_t)size < reading->raw.size ? "..." : "",
                     why);
}

int reading_no_memory(const struct reading *reading) {
    return error_set(reading->error, ERROR_SYSTEM, "column %s: out of memory", reading->column->name);
}

int reading_base64(const struct reading *reading, struct span text, struct span *ret) {
    size_t capacity = text.size / 4 * 3 + 3;
    struct buffer out = {.data = arena_take(reading->arena, capacity), .capacity = capacity};
    if (out.data == NULL)
        return reading_no_memory(reading);
    // The room suffices, so that the buffer never reallocates what the arena owns.
    if (!base64_read(&out, text))
        return reading_refuse(reading, "not base64");
    arena_return(reading->arena, capacity - out.size);
    *ret = (struct span){out.data, out.size};
    return 0;
}
