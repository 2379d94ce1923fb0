// A JSON object's members as a list, for looking at a few messages in whatever form they come: the decoder proper reads
// the forms that it knows only. One thread; the list and unescaped names live in the arena.
#ifndef TIDEMARK_EVIDENCE_FIELDS_H
#define TIDEMARK_EVIDENCE_FIELDS_H

#include "consumer/json/json.h"
#include "views/base/arena.h"

#include <stdint.h>

struct field {
    struct span name;
    struct json_value value;
};

struct fields {
    struct field *list;
    int count;
};

enum { FIELDS_MAX = 2048 }; // members beyond it are passed over

// False when `bytes` is no JSON object, or memory is out.
bool fields_read(struct span bytes, struct arena *arena, struct fields *ret);
// NULL when there is none.
const struct json_value *fields_find(const struct fields *fields, struct span name);
const struct json_value *fields_get(const struct fields *fields, const char *name);
// The member's members; false when it is no object.
bool fields_inside(const struct fields *fields, const char *name, struct arena *arena, struct fields *ret);
// A string's text; data NULL when the member is none.
struct span fields_text(const struct fields *fields, const char *name, struct arena *arena);
struct span fields_text_of(const struct json_value *value, struct arena *arena);
// The hash of all names and values as they are written; never 0.
uint64_t fields_hash(const struct fields *fields);

#endif
