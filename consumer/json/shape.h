// A document as a machine writes it again and again: the same bytes around values that change. A shape is
// learnt from one document, part by part in order: the bytes up to a value, then what is done with the value.
// Matching compares the bytes and passes over the values, as strictly as json.h: what matches is valid JSON,
// since it is a valid document with values in place of values. What does not match may still be valid: then
// the general reader decides. Owns its memory; one thread learns, matching is pure.
#ifndef TIDEMARK_JSON_SHAPE_H
#define TIDEMARK_JSON_SHAPE_H

#include "consumer/json/json.h"
#include "views/base/buffer.h"

enum {
    JSON_SHAPE_PARTS_MAX = 4096,      // of a row with its before: twice 1600 columns and what is around them
    JSON_SHAPE_BYTES_MAX = 256 << 10, // of one document's bytes around its values
    JSON_SHAPE_DIGITS_MAX = 18,       // any so many are an int64
};

enum json_part_kind {
    JSON_PART_VALUE,       // any value: kept
    JSON_PART_SKIP,        // any value: checked only
    JSON_PART_DIGITS,      // 1 to JSON_SHAPE_DIGITS_MAX digits inside a string: kept as a number
    JSON_PART_SKIP_DIGITS, // the same: checked only
    JSON_PART_OBJECT,      // null, or an object whose parts follow, up to its CLOSE; kept
    JSON_PART_CLOSE,       // no value: the bytes end with the object's }
    JSON_PART_END,         // no value: the document ends
};

struct json_part {
    uint32_t begin; // of its bytes
    uint32_t size;
    uint16_t mask; // a bit a byte, where there are 16 at most
    uint8_t kind;
    uint8_t depth;  // containers that the value stands in
    uint16_t place; // of the value in what json_shape_match gives
    uint16_t close; // OBJECT: its CLOSE part
};

struct json_shape {
    struct json_part *parts;
    int count;
    int capacity;
    int places;
    struct buffer bytes;
    bool ready;
    // May be NULL: a quicker way past arrays of the kind that is expected. NULL from it says nothing of the
    // array.
    const char *(*pass_array)(const char *at, const char *end);
};

void json_shape_free(struct json_shape *shape);
// Forgets what was learnt and keeps the memory.
void json_shape_begin(struct json_shape *shape);
// Adds a part behind `bytes`, the document's from the end of the value before. Returns the place of a VALUE,
// DIGITS or OBJECT, 0 for the other kinds; -1: too large, or out of memory. END makes the shape ready.
int json_shape_add(struct json_shape *shape, enum json_part_kind kind, struct span bytes, int depth);

// True when `document` is of the shape. Then ret[place] has the values kept; an OBJECT's is NULL or
// OBJECT_BEGIN with its bytes. The values inside an object that is null are not set.
bool json_shape_match(const struct json_shape *shape, struct span document, struct json_value *ret);

#endif
