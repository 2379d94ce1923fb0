// A strict RFC 8259 pull reader over a message's bytes. No allocation: strings and numbers are spans of the
// input. Pure, any thread; a reader is a value on the caller's stack and borrows the input.
//
// Accepts what jansson 2.14 accepts with JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, one value and nothing
// after it, except: numbers beyond int64 or double are accepted (kept as text); duplicate keys are the
// caller's to refuse, on the keys it looks at; depth is bounded by JSON_DEPTH_MAX; \u0000 in a string is
// accepted (jansson refuses it); a NUL byte right after a number or word is refused (jansson drops it).
// Invalid UTF-8, lone surrogates and control characters in strings are refused, wherever they stand:
// json_next checks every byte it passes, and json_skip is as strict as reading. A document cut short is
// always an error. The first error stays: every later call reports it again.
// Four of the kinds have names that jansson.h uses too: a file includes one of the two headers.
#ifndef TIDEMARK_JSON_JSON_H
#define TIDEMARK_JSON_JSON_H

#include "views/base/arena.h"
#include "views/base/span.h"

#include <stdint.h>

enum { JSON_DEPTH_MAX = 512 };

enum json_kind {
    JSON_ERROR, // `error` says why; sticky
    JSON_END,   // the document is complete and nothing follows
    JSON_OBJECT_BEGIN,
    JSON_OBJECT_END,
    JSON_ARRAY_BEGIN,
    JSON_ARRAY_END,
    JSON_KEY, // text: the raw bytes between the quotes
    JSON_STRING,
    JSON_NUMBER, // text: as written
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

struct json_reader {
    const char *start;
    const char *next;
    const char *end;
    const char *token; // first byte of the newest token
    const char *error; // static text, NULL while all is well
    struct span text;  // of the newest KEY, STRING or NUMBER
    bool escaped;      // the newest KEY or STRING has backslashes: text is raw
    int depth;         // containers open
    // private: what may come next, what may come after the next value, and one bit a level: object or array
    unsigned char expect;
    unsigned char after;
    uint64_t objects[JSON_DEPTH_MAX / 64];
};

// One value, passed over and found valid.
struct json_value {
    enum json_kind kind; // STRING, NUMBER, TRUE, FALSE, NULL, OBJECT_BEGIN, ARRAY_BEGIN
    bool escaped;        // a STRING has backslashes
    struct span raw;     // its bytes: of a string with the quotes, of a container to its end
};

void json_open(struct json_reader *reader, struct span input);
// For one value that stands inside `depth` containers.
void json_open_inside(struct json_reader *reader, struct span input, int depth);
// The next token. Commas and colons are checked and passed over.
enum json_kind json_next(struct json_reader *reader);
// Passes over the value that would come next (after a KEY: its value; in an array: the next element). False
// on error; no value there (the array ends, a key is due) is one too.
bool json_skip(struct json_reader *reader);
// Passes over tokens until only `depth` containers are open: after an OBJECT_BEGIN or ARRAY_BEGIN,
// json_leave(reader, reader->depth - 1) passes over the rest of it. False on error.
bool json_leave(struct json_reader *reader, int depth);
// Like json_skip, and gives the value.
bool json_take(struct json_reader *reader, struct json_value *ret);
// Like json_skip, and gives the bytes of the value, from its first to its last.
bool json_raw(struct json_reader *reader, struct span *ret);
// Where the value that would come next begins; and: that value, which the caller has checked to the last
// byte, ends before `end`.
const char *json_value_at(const struct json_reader *reader);
void json_accept(struct json_reader *reader, const char *end);
// Byte offset of the error, or of where the reader stands, for messages.
size_t json_offset(const struct json_reader *reader);
// The unescaped text of the newest KEY or STRING: `text` itself when nothing is escaped, else written into
// the arena. False only when out of memory.
bool json_unescape(const struct json_reader *reader, struct arena *arena, struct span *ret);
bool json_unescape_text(struct span text, struct arena *arena, struct span *ret);
// The bytes between a STRING's quotes.
static inline struct span json_between_quotes(struct span raw) {
    return (struct span){raw.data + 1, raw.size - 2};
}
// True when the newest KEY or STRING, unescaped, is `text`.
bool json_escaped_is(const struct json_reader *reader, struct span text);
static inline bool json_key_is(const struct json_reader *reader, const char *name, size_t size) {
    if (reader->escaped)
        return json_escaped_is(reader, (struct span){name, size});
    return reader->text.size == size && memcmp(reader->text.data, name, size) == 0;
}
// A NUMBER as an integer: false when it has a fraction or exponent or does not fit. (json_integer is
// jansson's.)
bool json_to_long_integer(struct span number, int64_t *ret); // of eight digits and more, or negative
static inline bool json_to_integer(struct span number, int64_t *ret) {
    enum { SHORT_MAX = 7 };
    if (number.size - 1 >= SHORT_MAX || number.data[0] == '-')
        return json_to_long_integer(number, ret);
    int64_t value = 0;
    for (size_t i = 0; i < number.size; i++) {
        unsigned digit = (unsigned)(unsigned char)number.data[i] - '0';
        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    *ret = value;
    return true;
}

#endif
