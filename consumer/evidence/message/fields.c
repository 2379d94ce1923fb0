#include "consumer/evidence/message/fields.h"

#include "views/base/hash.h"

#include <string.h>

enum { FIELDS_FIRST = 16 };

static bool fields_add(struct fields *fields, int *capacity, struct arena *arena, const struct field *field) {
    if (fields->count == *capacity) {
        int grown = *capacity > 0 ? *capacity * 2 : FIELDS_FIRST;
        struct field *list = arena_take(arena, (size_t)grown * sizeof *list);
        if (list == NULL)
            return false;
        if (fields->count > 0)
            memcpy(list, fields->list, (size_t)fields->count * sizeof *list);
        fields->list = list;
        *capacity = grown;
    }
    fields->list[fields->count++] = *field;
    return true;
}

bool fields_read(struct span bytes, struct arena *arena, struct fields *ret) {
    struct json_reader json;
    int capacity = 0;
    *ret = (struct fields){0};
    if (bytes.data == NULL)
        return false;
    json_open(&json, bytes);
    if (json_next(&json) != JSON_OBJECT_BEGIN)
        return false;
    enum json_kind kind;
    while ((kind = json_next(&json)) == JSON_KEY) {
        struct field field;
        if (!json_unescape(&json, arena, &field.name) || !json_take(&json, &field.value) ||
            (ret->count < FIELDS_MAX && !fields_add(ret, &capacity, arena, &field)))
            return false;
    }
    return kind == JSON_OBJECT_END && json_next(&json) == JSON_END;
}

const struct json_value *fields_find(const struct fields *fields, struct span name) {
    for (int i = 0; i < fields->count; i++)
        if (span_equal(fields->list[i].name, name))
            return &fields->list[i].value;
    return NULL;
}

const struct json_value *fields_get(const struct fields *fields, const char *name) {
    return fields_find(fields, span_of(name));
}

bool fields_inside(const struct fields *fields, const char *name, struct arena *arena, struct fields *ret) {
    const struct json_value *value = fields_get(fields, name);
    *ret = (struct fields){0};
    return value != NULL && value->kind == JSON_OBJECT_BEGIN && fields_read(value->raw, arena, ret);
}

struct span fields_text_of(const struct json_value *value, struct arena *arena) {
    struct span text = {0};
    if (value == NULL || value->kind != JSON_STRING)
        return text;
    struct span raw = json_between_quotes(value->raw);
    if (!value->escaped)
        return raw;
    return json_unescape_text(raw, arena, &text) ? text : (struct span){0};
}

struct span fields_text(const struct fields *fields, const char *name, struct arena *arena) {
    return fields_text_of(fields_get(fields, name), arena);
}

uint64_t fields_hash(const struct fields *fields) {
    uint64_t hash = HASH_SEED;
    for (int i = 0; i < fields->count; i++)
        hash = hash_bytes(hash_bytes(hash, fields->list[i].name), fields->list[i].value.raw);
    return hash | 1;
}
