// UTF-8 as RFC 3629 has it: shortest forms only, no surrogates, nothing above U+10FFFF. Pure.
#ifndef TIDEMARK_BASE_UTF8_H
#define TIDEMARK_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// How a file is made UTF-8 whose first bytes say that it is UTF-16.
#define UTF8_NOT_16 "it is UTF-16, as PowerShell's `>` writes: save it as UTF-8"

// Bytes of the byte order mark that a text begins with: 0 or 3.
static inline size_t utf8_mark(const char *data, size_t size) {
    return size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

// Whether it begins as UTF-16 does, of either byte order: bytes that UTF-8 has nowhere.
static inline bool utf8_is_16(const char *data, size_t size) {
    return size >= 2 && (memcmp(data, "\xFF\xFE", 2) == 0 || memcmp(data, "\xFE\xFF", 2) == 0);
}

// Bytes (1 to 4) of the well-formed sequence at `data`, or 0 when there is none within `size`.
static inline size_t utf8_sequence(const char *data, size_t size) {
    const unsigned char *p = (const unsigned char *)data;
    if (size == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4)
        return 0;
    size_t n = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (size < n)
        return 0;
    unsigned char low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

// Bytes that `data` begins with and that are well-formed: `size` of a text that is UTF-8 throughout.
static inline size_t utf8_valid(const char *data, size_t size) {
    size_t at = 0;
    for (size_t n = 1; n > 0; at += n)
        n = utf8_sequence(data + at, size - at);
    return at;
}

// How many characters a text has that is UTF-8 throughout.
static inline size_t utf8_count(const char *data, size_t size) {
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)data[i] & 0xC0) != 0x80;
    return count;
}

// Writes a code point up to U+10FFFF; how many bytes it took.
static inline size_t utf8_write(uint32_t code, char out[4]) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)((0xF00U >> size & 0xFFU) | code);
    return size;
}

// How many bytes of a text to show: `most` at most, cut where a character begins.
static inline size_t utf8_fit(const char *data, size_t size, size_t most) {
    if (size <= most)
        return size;
    while (most > 0 && ((unsigned char)data[most] & 0xC0) == 0x80)
        most--;
    return most;
}

#endif
