#include "consumer/json_flat.h"

#include "consumer/json_scan.h"

// Past the closing quote of the string whose opening quote is at `p`; NULL when it is not plain ASCII with
// short escapes.
static inline const char *flat_string(const char *p, const char *end) {
    p = pass_plain(p + 1, end);
    while (p < end && *p == '\\') {
        if (end - p < 2 || p[1] == '\0' || strchr("\"\\/bfnrt", p[1]) == NULL)
            return NULL;
        p = pass_plain(p + 2, end);
    }
    return p < end && *p == '"' ? p + 1 : NULL;
}

// Past an integer or plain decimal; NULL when it is neither (an exponent is for the general reader).
static inline const char *flat_number(const char *p, const char *end) {
    p += *p == '-';
    const char *digits = p;
    while (p < end && is_digit(*p))
        p++;
    if (p == digits || (*digits == '0' && p - digits > 1))
        return NULL;
    if (p < end && *p == '.') {
        digits = ++p;
        while (p < end && is_digit(*p))
            p++;
        if (p == digits)
            return NULL;
    }
    return p < end && (*p == 'e' || *p == 'E') ? NULL : p;
}

static inline const char *flat_word(const char *p, const char *end, struct span word) {
    return (size_t)(end - p) >= word.size && memcmp(p, word.data, word.size) == 0 ? p + word.size : NULL;
}

static inline const char *flat_scalar(const char *p, const char *end, struct json_scalar *ret) {
    const char *start = p;
    if (p == end)
        return NULL;
    switch (*p) {
    case '"':
        p = flat_string(p, end);
        if (p != NULL)
            *ret = (struct json_scalar){JSON_STRING, {start + 1, (size_t)(p - start) - 2}};
        return p;
    case 'n':
        ret->kind = JSON_NULL;
        return flat_word(p, end, SPAN("null"));
    case 't':
        ret->kind = JSON_TRUE;
        return flat_word(p, end, SPAN("true"));
    case 'f':
        ret->kind = JSON_FALSE;
        return flat_word(p, end, SPAN("false"));
    default:
        if (!is_digit(*p) && *p != '-')
            return NULL;
        p = flat_number(p, end);
        if (p != NULL)
            *ret = (struct json_scalar){JSON_NUMBER, {start, (size_t)(p - start)}};
        return p;
    }
}

// Past `"key":`.
static inline const char *flat_key(const char *p, const char *end) {
    if (p == end || *p != '"')
        return NULL;
    p = flat_string(p, end);
    return p != NULL && p < end && *p == ':' ? p + 1 : NULL;
}

const char *json_flat_end(const char *at, const char *end) {
    struct json_scalar scalar;
    if (at == end)
        return NULL;
    if (*at != '{')
        return flat_scalar(at, end, &scalar);
    const char *p = at + 1;
    if (p < end && *p == '}')
        return p + 1;
    for (;;) {
        p = flat_key(p, end);
        p = p != NULL ? flat_scalar(p, end, &scalar) : NULL;
        if (p == NULL || p == end)
            return NULL;
        if (*p == '}')
            return p + 1;
        if (*p++ != ',')
            return NULL;
    }
}

bool json_read_shape(struct json_reader *reader, const struct json_shape *shape, struct json_scalar *ret) {
    const char *end = reader->end;
    const char *p = json_value_at(reader);
    if (shape->count == 0 || p == end || *p != '{')
        return false;
    size_t begin = 0;
    for (int i = 0; i < shape->count; i++) {
        size_t size = shape->ends[i] - begin;
        p++; // the { or the comma before this key
        if ((size_t)(end - p) < size || memcmp(p, shape->keys + begin, size) != 0)
            return false;
        p = flat_scalar(p + size, end, &ret[i]);
        if (p == NULL || p == end || *p != (i + 1 < shape->count ? ',' : '}'))
            return false;
        begin = shape->ends[i];
    }
    json_accept(reader, p + 1);
    return true;
}

void json_learn_shape(struct json_shape *shape, struct span object) {
    shape->count = 0;
    const char *end = object.data + object.size;
    if (object.size == 0 || *object.data != '{' || json_flat_end(object.data, end) != end)
        return;
    int count = 0;
    size_t used = 0;
    for (const char *p = object.data; *p != '}' && p + 1 < end;) {
        struct json_scalar scalar;
        const char *key = p + 1;
        const char *value = flat_key(key, end);
        if (value == NULL || count == JSON_SHAPE_KEYS_MAX ||
            used + (size_t)(value - key) > JSON_SHAPE_BYTES_MAX)
            return;
        memcpy(shape->keys + used, key, (size_t)(value - key));
        used += (size_t)(value - key);
        shape->ends[count++] = (uint16_t)used;
        p = flat_scalar(value, end, &scalar);
    }
    shape->count = count;
}

int json_shape_find(const struct json_shape *shape, const char *key) {
    size_t size = strlen(key);
    size_t begin = 0;
    for (int i = 0; i < shape->count; i++) {
        if (shape->ends[i] - begin == size + 3 && memcmp(shape->keys + begin + 1, key, size) == 0)
            return i;
        begin = shape->ends[i];
    }
    return -1;
}
