#include "consumer/decode/value/placeholder.h"

#include "consumer/json/json.h"
#include "views/base/base64.h"
#include "views/base/uuid.h"

#include <stdio.h>
#include <strings.h>

enum { MD5_BLOCK = 64, MD5_SIZE = 16 };

// One block of RFC 1321.
static void placeholder_md5_block(uint32_t state[4], const unsigned char block[MD5_BLOCK]) {
    static const uint32_t sines[] = {
        0xD76AA478, 0xE8C7B756, 0x242070DB, 0xC1BDCEEE, 0xF57C0FAF, 0x4787C62A, 0xA8304613, 0xFD469501,
        0x698098D8, 0x8B44F7AF, 0xFFFF5BB1, 0x895CD7BE, 0x6B901122, 0xFD987193, 0xA679438E, 0x49B40821,
        0xF61E2562, 0xC040B340, 0x265E5A51, 0xE9B6C7AA, 0xD62F105D, 0x02441453, 0xD8A1E681, 0xE7D3FBC8,
        0x21E1CDE6, 0xC33707D6, 0xF4D50D87, 0x455A14ED, 0xA9E3E905, 0xFCEFA3F8, 0x676F02D9, 0x8D2A4C8A,
        0xFFFA3942, 0x8771F681, 0x6D9D6122, 0xFDE5380C, 0xA4BEEA44, 0x4BDECFA9, 0xF6BB4B60, 0xBEBFBC70,
        0x289B7EC6, 0xEAA127FA, 0xD4EF3085, 0x04881D05, 0xD9D4D039, 0xE6DB99E5, 0x1FA27CF8, 0xC4AC5665,
        0xF4292244, 0x432AFF97, 0xAB9423A7, 0xFC93A039, 0x655B59C3, 0x8F0CCC92, 0xFFEFF47D, 0x85845DD1,
        0x6FA87E4F, 0xFE2CE6E0, 0xA3014314, 0x4E0811A1, 0xF7537E82, 0xBD3AF235, 0x2AD7D2BB, 0xEB86D391};
    static const unsigned char turns[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (unsigned i = 0; i < 64; i++) {
        uint32_t mix;
        unsigned from;
        if (i < 16)
            mix = (b & c) | (~b & d), from = i;
        else if (i < 32)
            mix = (d & b) | (~d & c), from = (5 * i + 1) % 16;
        else if (i < 48)
            mix = b ^ c ^ d, from = (3 * i + 5) % 16;
        else
            mix = c ^ (b | ~d), from = 7 * i % 16;
        const unsigned char *p = block + (size_t)from * 4;
        uint32_t word = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        uint32_t sum = a + mix + sines[i] + word;
        unsigned turn = turns[i / 16][i % 4];
        a = d;
        d = c;
        c = b;
        b += sum << turn | sum >> (32 - turn);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

static void placeholder_md5(struct span text, unsigned char ret[MD5_SIZE]) {
    uint32_t state[4] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};
    const unsigned char *p = (const unsigned char *)text.data;
    size_t left = text.size;
    for (; left >= MD5_BLOCK; p += MD5_BLOCK, left -= MD5_BLOCK)
        placeholder_md5_block(state, p);
    unsigned char last[MD5_BLOCK] = {0};
    if (left > 0)
        memcpy(last, p, left);
    last[left] = 0x80;
    if (left >= MD5_BLOCK - 8) {
        placeholder_md5_block(state, last);
        memset(last, 0, sizeof last);
    }
    uint64_t bits = (uint64_t)text.size * 8;
    for (int i = 0; i < 8; i++)
        last[MD5_BLOCK - 8 + i] = (unsigned char)(bits >> (8 * i));
    placeholder_md5_block(state, last);
    for (int i = 0; i < MD5_SIZE; i++)
        ret[i] = (unsigned char)(state[i / 4] >> (8 * (i % 4)));
}

// Java's UUID.nameUUIDFromBytes: version 3 without a name space.
static bool placeholder_is_uuid_of(struct span text, struct span placeholder) {
    enum { VERSION_AT = 14 };
    if (text.size != UUID_SIZE || text.data[VERSION_AT] != '3')
        return false;
    unsigned char hash[MD5_SIZE];
    placeholder_md5(placeholder, hash);
    hash[6] = (hash[6] & 0x0F) | 0x30;
    hash[8] = (hash[8] & 0x3F) | 0x80;
    char uuid[UUID_SIZE + 1], *out = uuid;
    for (int i = 0; i < MD5_SIZE; i++)
        out += sprintf(out, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", hash[i]);
    return memcmp(text.data, uuid, UUID_SIZE) == 0;
}

// The six bits of `placeholder` that the base64 character at `place` stands for; 64 for the padding.
static unsigned placeholder_sextet(struct span placeholder, size_t place) {
    size_t byte = place * 6 / 8;
    if (byte >= placeholder.size)
        return 64;
    unsigned two = (unsigned)(unsigned char)placeholder.data[byte] << 8;
    if (byte + 1 < placeholder.size)
        two |= (unsigned char)placeholder.data[byte + 1];
    return two >> (10 - place * 6 % 8) & 63;
}

static bool placeholder_is_base64_of(struct span text, struct span placeholder) {
    static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=";
    if (text.size != (placeholder.size + 2) / 3 * 4)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        unsigned bits = placeholder_sextet(placeholder, i);
        if (text.data[i] != standard[bits] && text.data[i] != url_safe[bits])
            return false;
    }
    return true;
}

static bool placeholder_is_hex_of(struct span text, struct span placeholder) {
    static const char digits[] = "0123456789abcdef";
    if (text.size != placeholder.size * 2)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        unsigned byte = (unsigned char)placeholder.data[i / 2];
        if (text.data[i] != digits[i % 2 == 0 ? byte >> 4 : byte & 15])
            return false;
    }
    return true;
}

static bool placeholder_is_object_of(struct json_reader *json, struct span placeholder) {
    return json_next(json) == JSON_KEY && json_key_is(json, placeholder.data, placeholder.size) &&
           json_next(json) == JSON_STRING && json_key_is(json, placeholder.data, placeholder.size) &&
           json_next(json) == JSON_OBJECT_END;
}

// The first number has been read.
static bool placeholder_is_bytes_of(struct json_reader *json, struct span placeholder) {
    for (size_t i = 0; i < placeholder.size; i++) {
        int64_t number;
        if (!json_to_integer(json->text, &number) || number != (signed char)placeholder.data[i])
            return false;
        if (json_next(json) != (i + 1 < placeholder.size ? JSON_NUMBER : JSON_ARRAY_END))
            return false;
    }
    return true;
}

bool placeholder_is_raw(struct span raw, struct span placeholder) {
    struct json_reader json;
    json_open(&json, raw);
    if (placeholder.size == 0)
        return false;
    if (json_next(&json) == JSON_OBJECT_BEGIN)
        return placeholder_is_object_of(&json, placeholder);
    switch (json_next(&json)) {
    case JSON_STRING:
        return (json_key_is(&json, placeholder.data, placeholder.size) ||
                placeholder_is_base64_of(json.text, placeholder) ||
                placeholder_is_uuid_of(json.text, placeholder)) &&
               json_next(&json) == JSON_ARRAY_END;
    case JSON_NUMBER:
        return placeholder_is_bytes_of(&json, placeholder);
    default:
        return false;
    }
}

// What column.truncate.to.N.chars leaves of it, or of hstore's object of it: its first bytes, `least` or more. Of one that does
// not begin with two underscores they might be anybody's words.
static bool placeholder_is_cut(struct span text, struct span placeholder, size_t least) {
    size_t at = text.size > 2 && memcmp(text.data, "{\"", 2) == 0 ? 2 : 0;
    size_t size = text.size - at;
    return size >= least && size < placeholder.size && memcmp(placeholder.data, "__", 2) == 0 &&
           memcmp(text.data + at, placeholder.data, size) == 0;
}

bool placeholder_is_text(struct span text, enum column_type type, struct span placeholder) {
    enum { CUT_LEAST = 10 }; // "__debezium"
    if (placeholder.size == 0)
        return false;
    if (span_equal(text, placeholder) || placeholder_is_cut(text, placeholder, CUT_LEAST))
        return true;
    if (placeholder_comes_as_bytes(type) &&
        (placeholder_is_base64_of(text, placeholder) || placeholder_is_hex_of(text, placeholder)))
        return true;
    bool hstore = type == COLUMN_TEXT || type == COLUMN_OTHER || type == COLUMN_JSON || type == COLUMN_ARRAY;
    return hstore && text.size > 2 * placeholder.size && text.data[0] == '{' &&
           text.size < 2 * placeholder.size + 16 && placeholder_is_raw(text, placeholder);
}

static bool placeholder_has_word(struct span text) {
    static const char *const words[] = {"unavailable", "toast", "unchanged", "placeholder"};
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        size_t size = strlen(words[w]);
        for (size_t at = 0; at + size <= text.size; at++)
            if (strncasecmp(text.data + at, words[w], size) == 0)
                return true;
    }
    return false;
}

// JSON begins with one of these. A mask of the connector's (asterisks, a hash in hex) is none either, and no placeholder.
static bool placeholder_is_no_json(struct span text) {
    size_t at = 0;
    while (at < text.size && strchr(" \t\r\n", text.data[at]) != NULL)
        at++;
    if (at == text.size || strchr("{[\"-0123456789", text.data[at]) != NULL || text.data[at] == '*')
        return false;
    struct span rest = {text.data + at, text.size - at};
    bool word = rest.data[0] == 't' || rest.data[0] == 'f' || rest.data[0] == 'n';
    if (word && (span_is(rest, "true") || span_is(rest, "false") || span_is(rest, "null")))
        return false;
    while (at < text.size && strchr("0123456789abcdef", text.data[at]) != NULL)
        at++;
    return at < text.size;
}

// base64 of what begins with two underscores.
static bool placeholder_is_likely_bytes(struct span text) {
    enum { BYTES_MAX = 96 };
    char room[BYTES_MAX + 3];
    struct buffer out = {.data = room, .capacity = sizeof room};
    return text.size > 3 && text.size <= BYTES_MAX && memcmp(text.data, "X19", 3) == 0 &&
           base64_read(&out, text) && placeholder_has_word((struct span){room, out.size});
}

// [95, 95, ..]: bytes as numbers, as an array of integers has them.
static bool placeholder_is_likely_numbers(struct span raw) {
    enum { BYTES_MAX = 96 };
    char room[BYTES_MAX];
    size_t size = 0;
    struct json_reader json;
    json_open(&json, raw);
    if (json_next(&json) != JSON_ARRAY_BEGIN)
        return false;
    while (json_next(&json) == JSON_NUMBER && size < BYTES_MAX) {
        int64_t number;
        if (!json_to_integer(json.text, &number) || number < ' ' || number > '~')
            return false;
        room[size++] = (char)number;
    }
    return size > 2 && memcmp(room, "__", 2) == 0 && placeholder_has_word((struct span){room, size});
}

bool placeholder_is_likely(struct span text, enum column_type type, struct span placeholder) {
    enum { LIKELY_LEAST = 4, LIKELY_MAX = 512 };
    bool container =
        text.size > 0 && (text.data[0] == '[' || text.data[0] == '{'); // ["__..."], {"__...":"__..."}
    if (type == COLUMN_JSON && !container)
        return placeholder_is_no_json(text);
    if (text.size < LIKELY_LEAST || text.size > LIKELY_MAX)
        return false;
    if (placeholder_comes_as_bytes(type) &&
        placeholder_is_likely_bytes(text)) // hex mode has it as plain text
        return true;
    if (memcmp(text.data, "[95", 3) == 0)
        return placeholder_is_likely_numbers(text);
    return placeholder_is_cut(text, placeholder, LIKELY_LEAST) ||
           (memcmp(text.data + (container ? 2 : 0), "__", 2) == 0 && placeholder_has_word(text));
}
