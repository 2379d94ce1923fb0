#include "consumer/evidence/message/counted.h"

#include <stdlib.h>
#include <string.h>

static void counted_add(struct evidence_collections *collections, struct span name) {
    for (int i = 0; i < collections->count; i++)
        if (span_is(name, collections->names[i]))
            return;
    char *copy =
        name.size > 0 && collections->count < EVIDENCE_COLLECTIONS_MAX ? strndup(name.data, name.size) : NULL;
    if (copy != NULL)
        collections->names[collections->count++] = copy;
}

void counted_take(struct evidence_collections *collections, const struct fields *boundary,
                  struct arena *arena) {
    const struct json_value *list = fields_get(boundary, "data_collections");
    struct json_reader json;
    struct json_value element;
    if (list == NULL || list->kind != JSON_ARRAY_BEGIN)
        return;
    json_open(&json, list->raw);
    (void)json_next(&json);
    while (json_take(&json, &element)) {
        struct fields counted;
        if (fields_read(element.raw, arena, &counted))
            counted_add(collections, fields_text(&counted, "data_collection", arena));
    }
}

void counted_free(struct evidence_collections *collections) {
    for (int i = 0; i < collections->count; i++)
        free(collections->names[i]);
    collections->count = 0;
}
