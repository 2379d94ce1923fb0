#include "consumer/json/json.h"

#include "consumer/json/flat.h"
#include "consumer/json/scan.h"
#include "views/base/hex.h"
#include "views/base/utf8.h"

// What may come next. The last three also are what may come after a value, by what it stands in.
enum {
    EXPECT_FAILED,
    EXPECT_VALUE,
    EXPECT_FIRST_KEY,     // or }
    EXPECT_FIRST_ELEMENT, // or ]
    EXPECT_NEXT_KEY,      // a comma and a key, or }
    EXPECT_NEXT_ELEMENT,  // a comma and a value, or ]
    EXPECT_END,
};

static const char ends_early[] = "the document ends too early";

void json_open(struct json_reader *reader, struct span input) {
    const char *data = input.data != NULL ? input.data : "";
    reader->start = reader->next = reader->token = data;
    reader->end = data + input.size;
    reader->error = NULL;
    reader->text = (struct span){data, 0};
    reader->escaped = false;
    reader->depth = 0;
    reader->expect = EXPECT_VALUE;
    reader->after = EXPECT_END;
}

void json_open_inside(struct json_reader *reader, struct span input, int depth) {
    json_open(reader, input);
    memset(reader->objects, 0, sizeof reader->objects);
    reader->depth = depth;
}

static __attribute__((cold, noinline)) enum json_kind json_fail(struct json_reader *reader, const char *at,
                                                                const char *why) {
    if (reader->error == NULL) {
        reader->next = reader->token = at;
        reader->error = at == reader->end ? ends_early : why;
        reader->expect = EXPECT_FAILED;
    }
    return JSON_ERROR;
}

// The four hexadecimal digits at `p`, or -1.
static int json_read_hex(const char *p, const char *end) {
    if (end - p < 4)
        return -1;
    int code = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0)
            return -1;
        code = code << 4 | digit;
    }
    return code;
}

// What a backslash and the byte mean, 0 = nothing, or more bytes follow.
static const char json_short_escapes[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                             ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};

// The escape sequence at `p`, a backslash: its size, 0 when it is not one. A pair of surrogates is one
// sequence.
static size_t json_read_escape(const char *p, const char *end, uint32_t *ret) {
    if (end - p < 2)
        return 0;
    if (p[1] != 'u') {
        *ret = (uint32_t)json_short_escapes[(unsigned char)p[1]];
        return *ret != 0 ? 2 : 0;
    }
    int code = json_read_hex(p + 2, end);
    if (code < 0 || (code >= 0xDC00 && code <= 0xDFFF))
        return 0;
    *ret = (uint32_t)code;
    if (code < 0xD800 || code > 0xDBFF)
        return 6;
    if (end - p < 12 || p[6] != '\\' || p[7] != 'u')
        return 0;
    int low = json_read_hex(p + 8, end);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0;
    *ret = 0x10000 + ((uint32_t)(code - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
    return 12;
}

// Past the odd byte at `p`, which is not a quote; NULL when the string is broken there.
static const char *json_pass_odd(struct json_reader *reader, const char *p) {
    uint32_t code;
    size_t size;
    if (*p == '\\') {
        reader->escaped = true;
        size = json_read_escape(p, reader->end, &code);
        if (size == 0)
            json_fail(reader, p, "not an escape sequence");
        return size != 0 ? p + size : NULL;
    }
    if ((unsigned char)*p < 0x20) {
        json_fail(reader, p, "a control character in a string");
        return NULL;
    }
    while (p < reader->end && (unsigned char)*p >= 0x80) {
        size = utf8_sequence(p, (size_t)(reader->end - p));
        if (size == 0) {
            json_fail(reader, p, "not UTF-8");
            return NULL;
        }
        p += size;
    }
    return p;
}

// Sets `text` and `escaped`; returns the byte past the closing quote, NULL on error.
static inline const char *json_read_string(struct json_reader *reader, const char *quote) {
    const char *end = reader->end;
    reader->token = quote;
    reader->escaped = false;
    const char *p = pass_plain(quote + 1, end);
    while (p < end && *p != '"') {
        if (end - p >= 2 && *p == '\\' && json_short_escapes[(unsigned char)p[1]] != 0) {
            reader->escaped = true;
            p += 2;
        } else if ((p = json_pass_odd(reader, p)) == NULL) {
            return NULL;
        }
        p = pass_plain(p, end);
    }
    if (p == end) {
        json_fail(reader, p, ends_early);
        return NULL;
    }
    reader->text = (struct span){quote + 1, (size_t)(p - quote - 1)};
    return p + 1;
}

static inline enum json_kind json_read_key(struct json_reader *reader, const char *p) {
    if (p == reader->end || *p != '"')
        return json_fail(reader, p, "a key was expected");
    p = json_read_string(reader, p);
    if (p == NULL)
        return JSON_ERROR;
    p = pass_space(p, reader->end);
    if (p == reader->end || *p != ':')
        return json_fail(reader, p, "a colon was expected");
    reader->next = p + 1;
    reader->expect = EXPECT_VALUE;
    return JSON_KEY;
}

static inline enum json_kind json_read_number(struct json_reader *reader, const char *start) {
    const char *end = reader->end, *p = start + (*start == '-');
    const char *digits = p;
    p = pass_digits(p, end);
    if (p == digits)
        return json_fail(reader, p, "a digit was expected");
    if (*digits == '0' && p - digits > 1)
        return json_fail(reader, digits, "a number with a leading zero");
    if (p < end && *p == '.') {
        digits = ++p;
        p = pass_digits(p, end);
        if (p == digits)
            return json_fail(reader, p, "a digit was expected");
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        digits = p;
        p = pass_digits(p, end);
        if (p == digits)
            return json_fail(reader, p, "a digit was expected");
    }
    reader->token = start;
    reader->text = (struct span){start, (size_t)(p - start)};
    reader->next = p;
    reader->expect = reader->after;
    return JSON_NUMBER;
}

static inline enum json_kind json_read_word(struct json_reader *reader, const char *p, struct span word,
                                            enum json_kind kind) {
    size_t left = (size_t)(reader->end - p), size = left < word.size ? left : word.size;
    if (memcmp(p, word.data, size) != 0)
        return json_fail(reader, p, "a value was expected");
    if (size < word.size)
        return json_fail(reader, reader->end, ends_early);
    reader->token = p;
    reader->next = p + size;
    reader->expect = reader->after;
    return kind;
}

static inline enum json_kind json_read_begin(struct json_reader *reader, const char *p, bool object) {
    if (reader->depth == JSON_DEPTH_MAX)
        return json_fail(reader, p, "nested too deeply");
    uint64_t bit = (uint64_t)1 << (reader->depth % 64), *word = &reader->objects[reader->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    reader->depth++;
    reader->token = p;
    reader->next = p + 1;
    reader->expect = object ? EXPECT_FIRST_KEY : EXPECT_FIRST_ELEMENT;
    reader->after = object ? EXPECT_NEXT_KEY : EXPECT_NEXT_ELEMENT;
    return object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN;
}

static inline enum json_kind json_read_end(struct json_reader *reader, const char *p, bool object) {
    if (p == reader->end || *p != (object ? '}' : ']'))
        return json_fail(reader, p, object ? "a comma or } was expected" : "a comma or ] was expected");
    int outer = --reader->depth - 1;
    if (outer < 0)
        reader->after = EXPECT_END;
    else
        reader->after =
            reader->objects[outer / 64] >> (outer % 64) & 1 ? EXPECT_NEXT_KEY : EXPECT_NEXT_ELEMENT;
    reader->token = p;
    reader->next = p + 1;
    reader->expect = reader->after;
    return object ? JSON_OBJECT_END : JSON_ARRAY_END;
}

static inline enum json_kind json_read_value(struct json_reader *reader, const char *p) {
    if (p == reader->end)
        return json_fail(reader, p, ends_early);
    if (*p == '"') {
        p = json_read_string(reader, p);
        if (p == NULL)
            return JSON_ERROR;
        reader->next = p;
        reader->expect = reader->after;
        return JSON_STRING;
    }
    if (is_digit(*p) || *p == '-')
        return json_read_number(reader, p);
    switch (*p) {
    case '{':
        return json_read_begin(reader, p, true);
    case '[':
        return json_read_begin(reader, p, false);
    case 't':
        return json_read_word(reader, p, SPAN("true"), JSON_TRUE);
    case 'f':
        return json_read_word(reader, p, SPAN("false"), JSON_FALSE);
    case 'n':
        return json_read_word(reader, p, SPAN("null"), JSON_NULL);
    default:
        return json_fail(reader, p, "a value was expected");
    }
}

// The states in order of their frequency: as comparisons they are predicted better than as a jump.
static inline __attribute__((always_inline)) enum json_kind json_read_token(struct json_reader *reader) {
    const char *end = reader->end, *p = pass_space(reader->next, end);
    char c = p < end ? *p : '\0';
    unsigned char expect = reader->expect;
    if (expect == EXPECT_VALUE)
        return json_read_value(reader, p);
    if (expect == EXPECT_NEXT_KEY)
        return likely(c == ',') ? json_read_key(reader, pass_space(p + 1, end))
                                : json_read_end(reader, p, true);
    if (expect == EXPECT_FIRST_KEY)
        return c == '}' ? json_read_end(reader, p, true) : json_read_key(reader, p);
    if (expect == EXPECT_NEXT_ELEMENT)
        return likely(c == ',') ? json_read_value(reader, pass_space(p + 1, end))
                                : json_read_end(reader, p, false);
    if (expect == EXPECT_FIRST_ELEMENT)
        return c == ']' ? json_read_end(reader, p, false) : json_read_value(reader, p);
    if (expect != EXPECT_END)
        return JSON_ERROR;
    reader->next = reader->token = p;
    return p == end ? JSON_END : json_fail(reader, p, "something follows the value");
}

enum json_kind json_next(struct json_reader *reader) {
    return json_read_token(reader);
}

bool json_leave(struct json_reader *reader, int depth) {
    while (reader->depth > depth)
        if (json_read_token(reader) == JSON_ERROR)
            return false;
    return reader->error == NULL;
}

bool json_skip(struct json_reader *reader) {
    if (reader->expect != EXPECT_VALUE && reader->expect != EXPECT_NEXT_ELEMENT &&
        reader->expect != EXPECT_FIRST_ELEMENT) {
        json_fail(reader, reader->next, "a value was expected");
        return false;
    }
    const char *flat = reader->depth + JSON_FLAT_DEPTH <= JSON_DEPTH_MAX
                           ? json_flat_end(json_value_at(reader), reader->end)
                           : NULL;
    if (flat != NULL) {
        json_accept(reader, flat);
        return true;
    }
    int depth = reader->depth;
    if (json_read_token(reader) == JSON_ERROR)
        return false;
    if (reader->depth < depth) {
        json_fail(reader, reader->token, "a value was expected");
        return false;
    }
    return json_leave(reader, depth);
}

const char *json_value_at(const struct json_reader *reader) {
    const char *at = pass_space(reader->next, reader->end);
    if (reader->expect == EXPECT_NEXT_ELEMENT && at < reader->end && *at == ',')
        at = pass_space(at + 1, reader->end);
    return at;
}

void json_accept(struct json_reader *reader, const char *end) {
    reader->next = end;
    reader->expect = reader->after;
}

bool json_take(struct json_reader *reader, struct json_value *ret) {
    int depth = reader->depth;
    ret->kind = json_read_token(reader);
    const char *at = reader->token;
    if (ret->kind < JSON_OBJECT_BEGIN || reader->depth < depth || ret->kind == JSON_KEY) {
        json_fail(reader, at, "a value was expected");
        return false;
    }
    ret->escaped = ret->kind == JSON_STRING && reader->escaped;
    if (!json_leave(reader, depth))
        return false;
    ret->raw = (struct span){at, (size_t)(reader->next - at)};
    return true;
}

bool json_raw(struct json_reader *reader, struct span *ret) {
    const char *at = json_value_at(reader);
    if (!json_skip(reader))
        return false;
    *ret = (struct span){at, (size_t)(reader->next - at)};
    return true;
}

size_t json_offset(const struct json_reader *reader) {
    return (size_t)(reader->next - reader->start);
}

bool json_unescape(const struct json_reader *reader, struct arena *arena, struct span *ret) {
    *ret = reader->text;
    return !reader->escaped || json_unescape_text(reader->text, arena, ret);
}

bool json_unescape_text(struct span text, struct arena *arena, struct span *ret) {
    // No escape sequence is shorter than what it stands for.
    char *out = arena_take(arena, text.size);
    if (out == NULL)
        return false;
    const char *p = text.data, *end = p + text.size;
    size_t size = 0;
    while (p < end) {
        const char *backslash = memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((backslash != NULL ? backslash : end) - p);
        memcpy(out + size, p, plain);
        size += plain;
        p += plain;
        // Documents in a text have one escape behind another.
        while (end - p >= 2 && *p == '\\') {
            char meant = json_short_escapes[(unsigned char)p[1]];
            if (meant != 0) {
                out[size++] = meant;
                p += 2;
                continue;
            }
            uint32_t code = 0;
            p += json_read_escape(p, end, &code);
            size += utf8_write(code, out + size);
        }
    }
    arena_return(arena, text.size - size);
    *ret = (struct span){out, size};
    return true;
}

bool json_escaped_is(const struct json_reader *reader, struct span text) {
    const char *p = reader->text.data, *end = p + reader->text.size;
    while (p < end) {
        char bytes[4] = {*p};
        size_t size = 1, raw = 1;
        if (*p == '\\') {
            uint32_t code = 0;
            raw = json_read_escape(p, end, &code);
            size = utf8_write(code, bytes);
        }
        if (text.size < size || memcmp(text.data, bytes, size) != 0)
            return false;
        text.data += size;
        text.size -= size;
        p += raw;
    }
    return text.size == 0;
}

static inline uint64_t json_load_eight(const char *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

// Eight digits as a number, the first in the lowest byte.
static inline uint64_t json_eight_digits(uint64_t word) {
    const uint64_t every_fourth = 0x000000FF000000FF;
    word -= 0x3030303030303030;
    word = word * 10 + (word >> 8); // pairs, in every other byte
    return ((word & every_fourth) * 0x000F424000000064 + (word >> 16 & every_fourth) * 0x0000271000000001) >>
           32;
}

static bool json_short_negative(const char *digits, size_t size, int64_t *ret) {
    if (*digits == '-' || !json_to_integer((struct span){digits, size}, ret))
        return false;
    *ret = -*ret;
    return true;
}

// 8 to 19 digits: the last eight, the up to eight before them, the up to three before those.
bool json_to_long_integer(struct span number, int64_t *ret) {
    enum { DIGITS_LEAST = 8, DIGITS_MAX = 19, EIGHT = 100000000 }; // of int64; any so many fit uint64
    const uint64_t zeros = 0x3030303030303030;
    bool negative = number.size > 0 && number.data[0] == '-';
    const char *p = number.data + negative;
    size_t size = number.size - negative, middle = size <= 16 ? size - DIGITS_LEAST : 8;
    uint64_t value = 0;
    if (size - DIGITS_LEAST > DIGITS_MAX - DIGITS_LEAST) // less wraps around
        return negative && size < DIGITS_LEAST && size > 0 && json_short_negative(p, size, ret);
    for (; size > 16; size--, p++) {
        if (!is_digit(*p))
            return false;
        value = value * 10 + (uint64_t)(*p - '0');
    }
    uint64_t last = json_load_eight(p + middle);
    if (middle > 0) {
        uint64_t word = json_load_eight(p) << (64 - 8 * middle) | (middle < 8 ? zeros >> (8 * middle) : 0);
        if (!eight_are_digits((const char *)&word))
            return false;
        value = value * EIGHT + json_eight_digits(word);
    }
    if (!eight_are_digits(p + middle))
        return false;
    value = value * EIGHT + json_eight_digits(last);
    if (value > (uint64_t)INT64_MAX + negative)
        return false;
    *ret = (int64_t)(negative ? 0 - value : value);
    return true;
}
