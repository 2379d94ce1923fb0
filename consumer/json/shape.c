#include "consumer/json/shape.h"

#include "consumer/json/flat.h"
#include "consumer/json/scan.h"

#include <stdlib.h>

enum {
    PARTS_FIRST = 64,
    PADDING = 16, // bytes behind the shape's own that may be read
    SHORT_MAX = 64,
};

void json_shape_free(struct json_shape *shape) {
    free(shape->parts);
    buffer_free(&shape->bytes);
    *shape = (struct json_shape){0};
}

void json_shape_begin(struct json_shape *shape) {
    shape->count = shape->places = 0;
    shape->ready = false;
    buffer_clear(&shape->bytes);
    shape->bytes.limit = JSON_SHAPE_BYTES_MAX;
}

static struct json_part *json_shape_add_part(struct json_shape *shape) {
    if (shape->count == shape->capacity) {
        int capacity = shape->capacity > 0 ? shape->capacity * 2 : PARTS_FIRST;
        struct json_part *grown =
            capacity <= JSON_SHAPE_PARTS_MAX ? realloc(shape->parts, (size_t)capacity * sizeof *grown) : NULL;
        if (grown == NULL)
            return NULL;
        shape->parts = grown;
        shape->capacity = capacity;
    }
    return &shape->parts[shape->count++];
}

// The newest OBJECT that is still open is closed by the newest part.
static void json_shape_close_object(struct json_shape *shape) {
    int last = shape->count - 1, i = last - 1;
    while (i >= 0 && (shape->parts[i].kind != JSON_PART_OBJECT || shape->parts[i].close != 0))
        i--;
    if (i < 0)
        return;
    shape->parts[i].close = (uint16_t)last;
    shape->parts[last].place = shape->parts[i].place;
}

int json_shape_add(struct json_shape *shape, enum json_part_kind kind, struct span bytes, int depth) {
    bool kept = kind == JSON_PART_VALUE || kind == JSON_PART_DIGITS || kind == JSON_PART_OBJECT;
    struct json_part *part = json_shape_add_part(shape);
    if (part == NULL)
        return -1;
    *part = (struct json_part){.begin = (uint32_t)shape->bytes.size,
                               .size = (uint32_t)bytes.size,
                               .mask = (uint16_t)(bytes.size <= 16 ? (1U << bytes.size) - 1 : 0),
                               .kind = (uint8_t)kind,
                               .depth = (uint8_t)depth,
                               .place = (uint16_t)(kept ? shape->places++ : 0)};
    buffer_append(&shape->bytes, bytes.data, bytes.size);
    if (kind == JSON_PART_CLOSE)
        json_shape_close_object(shape);
    if (kind == JSON_PART_END) {
        static const char padding[PADDING] = {0};
        buffer_append(&shape->bytes, padding, sizeof padding);
        shape->ready = !shape->bytes.failed;
    }
    return shape->bytes.failed ? -1 : part->place;
}

#ifdef JSON_SSE2
static inline bool json_shape_sixteen_equal(const char *a, const char *b, unsigned wanted) {
    __m128i equal = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)a),
                                   _mm_loadu_si128((const __m128i *)(const void *)b));
    return (~(unsigned)_mm_movemask_epi8(equal) & wanted) == 0;
}
#endif

// The part's bytes stand at `theirs`, which has `left` bytes; behind `ours` there are PADDING more.
static inline bool json_shape_begins_with(const char *theirs, size_t left, const char *ours,
                                          const struct json_part *part) {
    size_t size = part->size;
#ifdef JSON_SSE2
    enum { ALL = 0xFFFF };
    if (likely(size <= 16 && left >= 16))
        return json_shape_sixteen_equal(theirs, ours, part->mask);
    if (size > left)
        return false;
    if (size == 1)
        return *theirs == *ours;
    if (size > 16 && size <= SHORT_MAX) {
        for (size_t at = 0; at + 16 < size; at += 16)
            if (!json_shape_sixteen_equal(theirs + at, ours + at, ALL))
                return false;
        return json_shape_sixteen_equal(theirs + size - 16, ours + size - 16, ALL);
    }
#endif
    return size <= left && memcmp(theirs, ours, size) == 0;
}

// What the quick way leaves: containers, exponents, bytes beyond ASCII.
static __attribute__((noinline)) const char *json_shape_pass_generally(const struct json_shape *shape,
                                                                       const char *p, const char *end,
                                                                       int depth, struct json_value *ret) {
    if (*p == '{' || *p == '[') {
        const char *past = *p == '[' && shape->pass_array != NULL ? shape->pass_array(p, end) : NULL;
        if (past == NULL)
            past = json_flat_end(p, end);
        *ret = (struct json_value){*p == '{' ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN,
                                   false,
                                   {p, past != NULL ? (size_t)(past - p) : 0}};
        if (past != NULL)
            return past;
    }
    struct json_reader json;
    json_open_inside(&json, (struct span){p, (size_t)(end - p)}, depth);
    // The value must begin here: spaces before it are not the shape's.
    return json_take(&json, ret) && ret->raw.data == p ? p + ret->raw.size : NULL;
}

static inline const char *json_shape_pass_value(const struct json_shape *shape, const char *p,
                                                const char *end, int depth, struct json_value *ret) {
    const char *past = NULL;
    ret->escaped = false;
    if (p == end)
        return NULL;
    if (*p == '"') {
        ret->kind = JSON_STRING;
        past = pass_short_string(p, end);
        if (past == NULL)
            past = pass_plain_string(p, end, &ret->escaped);
    } else if (is_digit(*p) || *p == '-') {
        ret->kind = JSON_NUMBER;
        past = pass_plain_number(p, end);
    } else if (*p == 'n') {
        ret->kind = JSON_NULL;
        past = pass_word(p, end, SPAN("null"));
    } else if (*p == 't' || *p == 'f') {
        ret->kind = *p == 't' ? JSON_TRUE : JSON_FALSE;
        past = *p == 't' ? pass_word(p, end, SPAN("true")) : pass_word(p, end, SPAN("false"));
    }
    if (past == NULL)
        return json_shape_pass_generally(shape, p, end, depth, ret);
    ret->raw = (struct span){p, (size_t)(past - p)};
    return past;
}

bool json_shape_match(const struct json_shape *shape, struct span document, struct json_value *ret) {
    const char *p = document.data, *end = p + document.size, *bytes = shape->bytes.data;
    if (!shape->ready)
        return false;
    struct json_value ignored;
    for (const struct json_part *part = shape->parts;; part++) {
        if (!json_shape_begins_with(p, (size_t)(end - p), bytes + part->begin, part))
            return false;
        p += part->size;
        if (likely(part->kind <= JSON_PART_SKIP)) {
            p = json_shape_pass_value(shape, p, end, part->depth,
                                      part->kind == JSON_PART_SKIP ? &ignored : &ret[part->place]);
            if (p == NULL)
                return false;
        } else if (part->kind <= JSON_PART_SKIP_DIGITS) {
            const char *past = pass_digits(p, end);
            if (past == p || past - p > JSON_SHAPE_DIGITS_MAX)
                return false;
            if (part->kind == JSON_PART_DIGITS)
                ret[part->place] = (struct json_value){JSON_NUMBER, false, {p, (size_t)(past - p)}};
            p = past;
        } else if (part->kind == JSON_PART_OBJECT) {
            struct json_value *object = &ret[part->place];
            const char *null = pass_word(p, end, SPAN("null"));
            *object = (struct json_value){null != NULL ? JSON_NULL : JSON_OBJECT_BEGIN, false, {p, 4}};
            if (null != NULL) {
                p = null;
                part = &shape->parts[part->close];
            }
        } else if (part->kind == JSON_PART_CLOSE) {
            ret[part->place].raw.size = (size_t)(p - ret[part->place].raw.data);
        } else {
            return p == end;
        }
    }
}
