// A growable run of bytes that its owner reuses: buffer_clear keeps the memory. One thread at a time.
// Appending never fails visibly at the call: out of memory or past `limit` sets `failed`, which the owner
// checks once at the end, before it uses the bytes.
#ifndef TIDEMARK_BASE_BUFFER_H
#define TIDEMARK_BASE_BUFFER_H

#include "views/base/account.h"
#include "views/base/span.h"

#include <stdint.h>

struct buffer {
    char *data;
    size_t size;
    size_t capacity;
    size_t limit; // bytes; 0 = BUFFER_LIMIT_DEFAULT
    bool failed;
    bool full;               // failed because it would be longer than `limit`
    bool starved;            // failed because `account` has no more
    struct account *account; // that counts its memory; NULL = none. Outlives the memory
};

#define BUFFER_LIMIT_DEFAULT ((size_t)256 << 20)

void buffer_free(struct buffer *buffer);
static inline void buffer_clear(struct buffer *buffer) {
    buffer->size = 0;
    buffer->failed = false;
    buffer->full = false;
    buffer->starved = false;
}
// Gives back memory that nothing stands in.
void buffer_trim(struct buffer *buffer);
bool buffer_grow(struct buffer *buffer, size_t size); // buffer_reserve when there is no room yet
// Room for `size` more bytes at data + size, or false (and failed). The caller writes them and adds to
// `size`.
static inline bool buffer_reserve(struct buffer *buffer, size_t size) {
    return !buffer->failed && (size <= buffer->capacity - buffer->size || buffer_grow(buffer, size));
}
static inline void buffer_append(struct buffer *buffer, const void *data, size_t size) {
    if (size == 0 || !buffer_reserve(buffer, size))
        return;
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
}
static inline void buffer_text(struct buffer *buffer, const char *text) {
    buffer_append(buffer, text, strlen(text));
}
static inline void buffer_char(struct buffer *buffer, char c) {
    if (buffer_reserve(buffer, 1))
        buffer->data[buffer->size++] = c;
}
void buffer_integer(struct buffer *buffer, int64_t value);
void buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
// A JSON string literal with its quotes. Bytes that are not UTF-8 become U+FFFD, so that the output is always
// valid.
void buffer_json_string(struct buffer *buffer, struct span text);
// In double quotes, those within doubled: a name of SQL, a field of CSV.
void buffer_quoted(struct buffer *buffer, struct span text);

#endif
