// Objects of scalars as a machine writes them, read at one go: {"key":scalar,...} without white space, nested
// containers or bytes beyond ASCII. What is accepted here is valid JSON, as strictly as json.h has it; what
// is not may still be: then the general reader decides. Most of a Debezium envelope is such objects, the same
// keys in the same order each time. Pure, any thread.
#ifndef TIDEMARK_JSON_FLAT_H
#define TIDEMARK_JSON_FLAT_H

#include "consumer/json.h"

enum { JSON_SHAPE_KEYS_MAX = 32, JSON_SHAPE_BYTES_MAX = 1024 };

// The keys of an object, in order.
struct json_shape {
    int count; // 0 = nothing learnt
    uint16_t ends[JSON_SHAPE_KEYS_MAX];
    char keys[JSON_SHAPE_BYTES_MAX]; // "key": one after the other, with quotes and colon
};

struct json_scalar {
    enum json_kind kind; // JSON_STRING (raw, as between its quotes), NUMBER, TRUE, FALSE, NULL
    struct span text;    // of a string or number
};

// The byte past the flat object or scalar that begins at `at`, or NULL when it is anything else.
const char *json_flat_end(const char *at, const char *end);

// Reads the value that would come next as an object of this shape: `ret` has its values by the shape's order.
// False: nothing was read.
bool json_read_shape(struct json_reader *reader, const struct json_shape *shape, struct json_scalar *ret);
// Learns the shape of a flat object. count is 0 when `object` is not flat or too large.
void json_learn_shape(struct json_shape *shape, struct span object);
// Place of a key in the shape, or -1.
int json_shape_find(const struct json_shape *shape, const char *key);

#endif
