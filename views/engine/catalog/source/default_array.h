// A literal default of an array, "{a,\"b c\",NULL}". Pure.
#ifndef TIDEMARK_CATALOG_SOURCE_DEFAULT_ARRAY_H
#define TIDEMARK_CATALOG_SOURCE_DEFAULT_ARRAY_H

#include "views/base/buffer.h"

// `take` is told the elements of one dimension, one after another. False: it is no such literal, or one was not taken.
bool default_array_each(const char *literal, bool (*take)(void *self, const char *text, bool is_null),
                        void *self);
// An element more of such a literal; NULL = its null. The first is appended to "{".
void default_array_append(struct buffer *literal, const char *element);

#endif
