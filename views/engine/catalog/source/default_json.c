#include "views/engine/catalog/source/default_json.h"

#include "views/base/cleanup.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MEMBERS_MAX = 1024 }; // of an object

struct default_json_member {
    const char *name;
    size_t size;
    const json_t *value;
};

static bool default_json_write(const json_t *value, struct buffer *ret);

static int default_json_compare(const void *left, const void *right) {
    const struct default_json_member *a = left, *b = right;
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    return memcmp(a->name, b->name, a->size);
}

static bool default_json_write_array(const json_t *array, struct buffer *ret) {
    const json_t *element;
    size_t i;
    buffer_char(ret, '[');
    json_array_foreach(array, i, element) {
        if (i > 0)
            buffer_text(ret, ", ");
        if (!default_json_write(element, ret))
            return false;
    }
    buffer_char(ret, ']');
    return true;
}

static bool default_json_write_members(const struct default_json_member *members, size_t count,
                                       struct buffer *ret) {
    buffer_char(ret, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_text(ret, ", ");
        buffer_json_string(ret, (struct span){members[i].name, members[i].size});
        buffer_text(ret, ": ");
        if (!default_json_write(members[i].value, ret))
            return false;
    }
    buffer_char(ret, '}');
    return true;
}

static bool default_json_write_object(const json_t *object, struct buffer *ret) {
    size_t count = json_object_size(object), i = 0;
    if (count > MEMBERS_MAX)
        return false;
    CLEANUP(free_any) struct default_json_member *members = calloc(count + 1, sizeof *members);
    if (members == NULL) {
        ret->failed = true;
        return false;
    }
    // jansson's own loop takes no const object.
    for (void *at = json_object_iter((json_t *)object); at != NULL;
         at = json_object_iter_next((json_t *)object, at))
        members[i++] = (struct default_json_member){json_object_iter_key(at), json_object_iter_key_len(at),
                                                    json_object_iter_value(at)};
    qsort(members, count, sizeof *members, default_json_compare);
    return default_json_write_members(members, count, ret);
}

// jansson's reader bounds how deep it goes.
static bool default_json_write(const json_t *value, struct buffer *ret) {
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return default_json_write_object(value, ret);
    case JSON_ARRAY:
        return default_json_write_array(value, ret);
    case JSON_STRING:
        buffer_json_string(ret, (struct span){json_string_value(value), json_string_length(value)});
        return true;
    case JSON_INTEGER:
        buffer_format(ret, "%lld", (long long)json_integer_value(value));
        return true;
    case JSON_REAL:
        return false;
    case JSON_TRUE:
    case JSON_FALSE:
        buffer_text(ret, json_is_true(value) ? "true" : "false");
        return true;
    case JSON_NULL:
        buffer_text(ret, "null");
        return true;
    }
    return false;
}

bool default_json_binary(const char *literal, struct buffer *ret) {
    json_t *value = json_loads(literal, JSON_DECODE_ANY, NULL);
    bool written = value != NULL && default_json_write(value, ret);
    json_decref(value);
    return written && !ret->failed;
}

// --- hstore

static const char *default_json_skip(const char *at) {
    return at + strspn(at, " \t\n\v\f\r");
}

// A name or a value, within double quotes or up to what ends it. Returns what stands behind it, NULL = it is neither.
static const char *default_json_word(const char *at, struct buffer *ret, bool *ret_quoted) {
    buffer_clear(ret);
    at = default_json_skip(at);
    *ret_quoted = *at == '"';
    if (!*ret_quoted) {
        size_t size = strcspn(at, "\\\"=>, \t\n\v\f\r");
        buffer_append(ret, at, size);
        return size > 0 ? default_json_skip(at + size) : NULL;
    }
    for (at++; *at != '"'; at++) {
        at += *at == '\\';
        if (*at == '\0')
            return NULL;
        buffer_char(ret, *at);
    }
    return default_json_skip(at + 1);
}

static struct span default_json_span(const struct buffer *word) {
    return (struct span){word->data != NULL ? word->data : "", word->size};
}

// PostgreSQL keeps the first of one name; here such a list is none.
static bool default_json_has_twice(const char *written) {
    json_t *object = json_loads(written, JSON_REJECT_DUPLICATES, NULL);
    bool twice = object == NULL;
    json_decref(object);
    return twice;
}

bool default_json_pairs(const char *literal, struct buffer *ret) {
    CLEANUP(buffer_free) struct buffer word = {0};
    const char *at = default_json_skip(literal);
    bool quoted;
    buffer_char(ret, '{');
    while (*at != '\0') {
        if (ret->size > 1)
            buffer_char(ret, ',');
        at = default_json_word(at, &word, &quoted);
        if (at == NULL || at[0] != '=' || at[1] != '>')
            return false;
        buffer_json_string(ret, default_json_span(&word));
        buffer_char(ret, ':');
        at = default_json_word(at + 2, &word, &quoted);
        if (at == NULL || (*at != ',' && *at != '\0'))
            return false;
        struct span value = default_json_span(&word);
        bool is_null = !quoted && value.size == 4 && strncasecmp(value.data, "null", 4) == 0;
        if (is_null)
            buffer_text(ret, "null");
        else
            buffer_json_string(ret, value);
        if (*at == ',' && *(at = default_json_skip(at + 1)) == '\0')
            return false;
    }
    buffer_append(ret, "}", 2);
    if (ret->failed || word.failed)
        return false;
    ret->size--; // its end
    return !default_json_has_twice(ret->data);
}
