#include "views/base/buffer.h"

#include "views/base/bounds.h"
#include "views/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUFFER_FIRST_CAPACITY = BOUND(1024, 4) };

void buffer_free(struct buffer *buffer) {
    free(buffer->data);
    (void)account_change(buffer->account, buffer->capacity, 0);
    *buffer = (struct buffer){.limit = buffer->limit, .account = buffer->account};
}

// Longer, or shorter, to `capacity` bytes.
static bool buffer_resize(struct buffer *buffer, size_t capacity) {
    if (!account_change(buffer->account, buffer->capacity, capacity)) {
        buffer->starved = true;
        return false;
    }
    char *data = realloc(buffer->data, capacity);
    if (data == NULL) {
        (void)account_change(buffer->account, capacity, buffer->capacity);
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void buffer_trim(struct buffer *buffer) {
    enum { WORTH_IT = 64 << 10 };
    if (buffer->size > 0 && buffer->capacity - buffer->size >= WORTH_IT)
        (void)buffer_resize(buffer, buffer->size);
}

bool buffer_grow(struct buffer *buffer, size_t size) {
    size_t limit = buffer->limit != 0 ? buffer->limit : BUFFER_LIMIT_DEFAULT;
    if (size > limit || buffer->size > limit - size) {
        buffer->failed = true;
        buffer->full = true;
        return false;
    }
    size_t capacity = buffer->capacity != 0 ? buffer->capacity : BUFFER_FIRST_CAPACITY;
    while (capacity < buffer->size + size)
        capacity *= 2;
    buffer->failed = !buffer_resize(buffer, capacity);
    return !buffer->failed;
}

void buffer_integer(struct buffer *buffer, int64_t value) {
    char digits[20];
    size_t n = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--n] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0)
        buffer_char(buffer, '-');
    buffer_append(buffer, digits + n, sizeof digits - n);
}

void buffer_format(struct buffer *buffer, const char *format, ...) {
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n >= 0 && buffer_reserve(buffer, (size_t)n + 1)) {
        (void)vsnprintf(buffer->data + buffer->size, (size_t)n + 1, format, again);
        buffer->size += (size_t)n;
    }
    va_end(again);
}

static void buffer_json_escape(struct buffer *buffer, unsigned char c) {
    switch (c) {
    case '"':
        buffer_append(buffer, "\\\"", 2);
        break;
    case '\\':
        buffer_append(buffer, "\\\\", 2);
        break;
    case '\n':
        buffer_append(buffer, "\\n", 2);
        break;
    case '\r':
        buffer_append(buffer, "\\r", 2);
        break;
    case '\t':
        buffer_append(buffer, "\\t", 2);
        break;
    default:
        buffer_format(buffer, "\\u%04x", c);
        break;
    }
}

// High bits of the bytes that are zero; those above the lowest such byte may be wrong.
static uint64_t buffer_zero_bytes(uint64_t word) {
    const uint64_t ones = 0x0101010101010101;
    return (word - ones) & ~word & ones << 7;
}

// How many bytes stand in a string literal as they are, from the first on: printable ASCII, eight at a time.
static size_t buffer_plain_run(const char *text, size_t size) {
    const uint64_t ones = 0x0101010101010101;
    size_t i = 0;
    for (; i + sizeof(uint64_t) <= size; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, text + i, sizeof word);
        uint64_t control = (word - ones * 0x20) & ~word;
        if (((word | control) & ones << 7) != 0 || buffer_zero_bytes(word ^ ones * '"') != 0 ||
            buffer_zero_bytes(word ^ ones * '\\') != 0)
            break;
    }
    for (; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
            break;
    }
    return i;
}

void buffer_json_string(struct buffer *buffer, struct span text) {
    buffer_char(buffer, '"');
    size_t start = 0;
    size_t i = 0;
    while ((i += buffer_plain_run(text.data + i, text.size - i)) < text.size) {
        unsigned char c = (unsigned char)text.data[i];
        size_t run = c < 0x80 ? 0 : utf8_sequence(text.data + i, text.size - i);
        if (run != 0) {
            i += run;
            continue;
        }
        buffer_append(buffer, text.data + start, i - start);
        if (c < 0x80)
            buffer_json_escape(buffer, c);
        else
            buffer_text(buffer, "\xEF\xBF\xBD");
        start = ++i;
    }
    buffer_append(buffer, text.data + start, text.size - start);
    buffer_char(buffer, '"');
}

void buffer_quoted(struct buffer *buffer, struct span text) {
    buffer_char(buffer, '"');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"')
            buffer_char(buffer, '"');
        buffer_char(buffer, text.data[i]);
    }
    buffer_char(buffer, '"');
}
