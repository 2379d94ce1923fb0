// Documents of jansson that grow by parts: a part for which there is no memory takes the whole with it, which is NULL from
// then on, so that no answer is short of what it should hold. Any thread, each its own documents.
#ifndef TIDEMARK_HTTP_DOCUMENT_H
#define TIDEMARK_HTTP_DOCUMENT_H

#include <jansson.h>

// Takes `value`; NULL = it could not be made.
static inline void document_add(json_t **array, json_t *value) {
    if (json_array_append_new(*array, value) == 0)
        return;
    json_decref(*array);
    *array = NULL;
}

static inline void document_set(json_t **object, const char *name, json_t *value) {
    if (json_object_set_new(*object, name, value) == 0)
        return;
    json_decref(*object);
    *object = NULL;
}

#endif
