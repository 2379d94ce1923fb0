#include "views/base/buffer.h"

#include "views/base/bounds.h"
#include "views/base/utf8.h"
#include "views/base/word.h"

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

// Two digits at a time.
void buffer_integer(struct buffer *buffer, int64_t value) {
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    char digits[20];
    size_t n = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    for (; rest >= 100; rest /= 100)
        memcpy(digits + (n -= 2), pairs + rest % 100 * 2, 2);
    if (rest >= 10)
        memcpy(digits + (n -= 2), pairs + rest * 2, 2);
    else
        digits[--n] = (char)('0' + rest);
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

// Whether eight bytes stand in a string literal as they are: printable ASCII.
static bool buffer_is_plain(uint64_t word) {
    uint64_t control = (word - WORD_ONES * 0x20) & ~word;
    return (((word | control) & WORD_HIGH_BITS) | word_bytes_of(word, '"') | word_bytes_of(word, '\\')) == 0;
}

// How many bytes do, from the first on, eight at a time: the last eight may be looked at twice.
static size_t buffer_plain_run(const char *text, size_t size) {
    size_t i = 0;
    for (; i + sizeof(uint64_t) <= size; i += sizeof(uint64_t))
        if (!buffer_is_plain(word_at(text + i)))
            break;
    bool whole = i + sizeof(uint64_t) > size;
    if (whole && size >= sizeof(uint32_t) &&
        buffer_is_plain(i > 0 ? word_at(text + size - sizeof(uint64_t)) : word_of_short(text, size)))
        return size;
    for (; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
            break;
    }
    return i;
}

void buffer_json_string(struct buffer *buffer, struct span text) {
    size_t start = 0;
    size_t i = buffer_plain_run(text.data, text.size);
    if (i == text.size && buffer_reserve(buffer, text.size + 2)) {
        char *at = buffer->data + buffer->size;
        *at++ = '"';
        if (text.size > 0)
            memcpy(at, text.data, text.size);
        at[text.size] = '"';
        buffer->size += text.size + 2;
        return;
    }
    buffer_char(buffer, '"');
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
