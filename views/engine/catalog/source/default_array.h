// A literal default of an array, "{a,\"b c\",NULL}", as the JSON that its events have. Pure.
#ifndef TIDEMARK_CATALOG_SOURCE_DEFAULT_ARRAY_H
#define TIDEMARK_CATALOG_SOURCE_DEFAULT_ARRAY_H

#include "views/base/buffer.h"
#include "views/engine/table.h"

// `take` is told the elements of one dimension, one after another. False: it is no such literal, or one was not taken.
bool default_array_each(const char *literal, bool (*take)(void *self, const char *text, bool is_null),
                        void *self);
// The elements of one dimension, of integers, booleans or texts. False: it is none of these, and `ret` holds nothing of use.
bool default_array_read(const char *literal, enum column_type element, struct buffer *ret);
// An element more of such a literal; NULL = its null. The first is appended to "{".
void default_array_append(struct buffer *literal, const char *element);

#endif
