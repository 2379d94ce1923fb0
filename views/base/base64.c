#include "views/base/base64.h"

#include <stdint.h>

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void base64_write_base64(struct buffer *out, struct span bytes, const char *alphabet, bool pad) {
    if (!buffer_reserve(out, bytes.size / 3 * 4 + 4))
        return;
    char *to = out->data + out->size;
    const unsigned char *from = (const unsigned char *)bytes.data;
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        uint32_t three = (uint32_t)from[i] << 16;
        if (left > 1)
            three |= (uint32_t)from[i + 1] << 8;
        if (left > 2)
            three |= from[i + 2];
        *to++ = alphabet[three >> 18];
        *to++ = alphabet[three >> 12 & 63];
        if (left > 1 || pad)
            *to++ = left > 1 ? alphabet[three >> 6 & 63] : '=';
        if (left > 2 || pad)
            *to++ = left > 2 ? alphabet[three & 63] : '=';
    }
    out->size = (size_t)(to - out->data);
}

void base64_write(struct buffer *out, struct span bytes) {
    base64_write_base64(out, bytes, standard, true);
}

void base64_write_url(struct buffer *out, struct span bytes) {
    base64_write_base64(out, bytes, url_safe, false);
}

static int base64_digit(char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool base64_read(struct buffer *out, struct span text) {
    size_t size = text.size;
    if (size % 4 == 0)
        for (int pads = 0; pads < 2 && size > 0 && text.data[size - 1] == '='; pads++)
            size--;
    if (size % 4 == 1 || !buffer_reserve(out, size / 4 * 3 + 3))
        return false;
    char *to = out->data + out->size;
    uint32_t bits = 0;
    for (size_t i = 0; i < size; i++) {
        int value = base64_digit(text.data[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        size_t place = i % 4;
        if (place != 0)
            *to++ = (char)(bits >> (6 - 2 * place) & 0xff);
    }
    // Bits that no byte uses must be zero, so that each value has one text only.
    if ((size % 4 == 2 && (bits & 15) != 0) || (size % 4 == 3 && (bits & 3) != 0))
        return false;
    out->size = (size_t)(to - out->data);
    return true;
}
