// A strict RFC 8259 pull reader over a message's bytes. No allocation: strings and numbers are spans of the
// input. Pure, any thread; a reader is a value on the caller's stack and borrows the input.
//
// Accepts what jansson 2.14 accepts with JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, one value and nothing
// after it, except: numbers beyond int64 or double are accepted (kept as text); duplicate keys are the
// caller's to refuse, on the keys it looks at; depth is bounded by JSON_DEPTH_MAX; \u0000 in a string is
// accepted (jansson refuses it). Invalid UTF-8, lone surrogates and control characters in strings are
// refused, wherever they stand: json_next checks every byte it passes, and json_skip is as strict as reading.
#ifndef TIDEMARK_JSON_H
#define TIDEMARK_JSON_H

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
    const char *error; // static text, NULL while all is well
    struct span text;  // of the newest KEY, STRING or NUMBER
    bool escaped;      // the newest KEY or STRING has backslashes: text is raw
    int depth;
    // private: one bit a level (object or array), and what may come next
    uint64_t objects[JSON_DEPTH_MAX / 64];
    unsigned char expect;
};

void json_open(struct json_reader *reader, struct span input);
// The next token. Commas and colons are checked and passed over.
enum json_kind json_next(struct json_reader *reader);
// Passes over the value that would come next (after a KEY: its value; in an array: the next element). False
// on error.
bool json_skip(struct json_reader *reader);
// Like json_skip, and gives the bytes of the value, from its first to its last.
bool json_raw(struct json_reader *reader, struct span *ret);
// Byte offset of the next token or of the error, for messages.
size_t json_offset(const struct json_reader *reader);
// The unescaped text of the newest KEY or STRING: `text` itself when nothing is escaped, else written into
// the arena. False only when out of memory.
bool json_unescape(const struct json_reader *reader, struct arena *arena, struct span *ret);
// True when the newest KEY, unescaped, is `name`.
bool json_key_is(const struct json_reader *reader, const char *name, size_t size);
// The newest NUMBER as an integer: false when it has a fraction or exponent or does not fit.
bool json_integer(struct span number, int64_t *ret);

#endif
