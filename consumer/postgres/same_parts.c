#include "consumer/postgres/same_parts.h"

#include "consumer/json/json.h"
#include "consumer/postgres/form_text.h"
#include "consumer/postgres/same_scalar.h"
#include "views/base/cleanup.h"
#include "views/base/iso8601.h"
#include "views/base/real.h"

#include <stdio.h>

// The text of an element: a string's, or as it is written.
static bool same_parts_text(const struct json_value *value, struct arena *arena, struct span *ret) {
    *ret = value->raw;
    if (value->kind != JSON_STRING)
        return value->kind != JSON_ARRAY_BEGIN;
    *ret = json_between_quotes(value->raw);
    return !value->escaped || json_unescape_text(*ret, arena, ret);
}

// Elements of types with parts are what a column's value would be; their text is JSON's.
static bool same_parts_value(enum form_kind kind, struct span source, struct span mirror) {
    switch (kind) {
    case FORM_POINT:
        return same_point(source, mirror);
    case FORM_GEOMETRY:
        return same_geometry(source, mirror);
    case FORM_ZONED_RANGE:
        return same_zoned_range(source, mirror);
    case FORM_VECTOR:
        return same_vector(source, mirror);
    default:
        return same_scalar(kind, source, mirror);
    }
}

static void same_parts_free(struct buffer (*forms)[2]) {
    buffer_free(&(*forms)[0]);
    buffer_free(&(*forms)[1]);
}

static bool same_parts_element(enum form_kind kind, bool milliseconds, const struct json_value *source,
                               const struct json_value *mirror, struct arena *arena) {
    CLEANUP(same_parts_free) struct buffer forms[2] = {0};
    struct span texts[2];
    if (source->kind == JSON_NULL || mirror->kind == JSON_NULL)
        return source->kind == mirror->kind;
    if (!same_parts_text(source, arena, &texts[0]) || !same_parts_text(mirror, arena, &texts[1]))
        return false;
    // what is a text here is a form of a column's
    for (int i = 0; i < 2 && (kind == FORM_BITS || kind == FORM_PADDED); i++) {
        form_text_write(kind, texts[i], &forms[i]);
        texts[i] = (struct span){forms[i].data != NULL ? forms[i].data : "", forms[i].size};
    }
    return same_parts_value(kind, texts[0], texts[1]) ||
           (milliseconds && same_scalar_is_cut(kind, texts[0], texts[1]));
}

bool same_array(enum form_kind element, bool milliseconds, struct span source, struct span mirror) {
    CLEANUP(arena_free) struct arena arena = {0};
    struct json_reader left, right;
    struct json_value x, y;
    json_open(&left, source);
    json_open(&right, mirror);
    for (;;) {
        struct json_reader ahead = left, beside = right;
        enum json_kind kind = json_next(&ahead), other = json_next(&beside);
        bool structure = kind == JSON_ARRAY_BEGIN || kind == JSON_ARRAY_END || kind == JSON_END;
        if (structure || other == JSON_ARRAY_BEGIN || other == JSON_ARRAY_END || other == JSON_END) {
            if (kind != other || kind == JSON_END)
                return kind == other;
            left = ahead;
            right = beside;
        } else if (!json_take(&left, &x) || !json_take(&right, &y) ||
                   !same_parts_element(element, milliseconds, &x, &y, &arena)) {
            return false;
        }
    }
}

// --- ranges of moments

// Appends the text with each `YYYY-MM-DD HH:MM:SS[.f]+ZZ` in UTC and without quotes.
static void same_parts_write_utc(struct span text, struct buffer *out) {
    static const char of_moment[] = "0123456789-+:. TZ";
    char moment_text[ISO8601_TEXT_SIZE];
    for (size_t at = 0; at < text.size;) {
        size_t end = at;
        struct moment moment;
        enum iso8601_zone zone;
        while (end < text.size && strchr(of_moment, text.data[end]) != NULL && text.data[end] != '\0')
            end++;
        if (end > at && iso8601_read_timestamp((struct span){text.data + at, end - at}, &moment, &zone))
            buffer_append(out, moment_text, iso8601_write_timestamp(moment, true, moment_text));
        else if (end > at)
            buffer_append(out, text.data + at, end - at);
        else if (text.data[end++] != '"')
            buffer_char(out, text.data[end - 1]);
        at = end;
    }
}

bool same_zoned_range(struct span source, struct span mirror) {
    CLEANUP(buffer_free) struct buffer left = {0};
    CLEANUP(buffer_free) struct buffer right = {0};
    same_parts_write_utc(source, &left);
    same_parts_write_utc(mirror, &right);
    return !left.failed && !right.failed &&
           span_equal((struct span){left.data, left.size}, (struct span){right.data, right.size});
}

// --- objects of Debezium's

// The member's value as it is written; of a string what is between its quotes.
static bool same_parts_member(struct span object, const char *name, struct span *ret) {
    struct json_reader json;
    struct json_value value;
    bool there = false;
    json_open(&json, object);
    if (json_next(&json) != JSON_OBJECT_BEGIN)
        return false;
    while (json_next(&json) == JSON_KEY) {
        bool found = json_key_is(&json, name, strlen(name));
        if (!json_take(&json, &value))
            return false;
        if (found) {
            *ret = value.kind == JSON_STRING ? json_between_quotes(value.raw) : value.raw;
            there = value.kind != JSON_NULL;
        }
    }
    return there && json_next(&json) == JSON_END; // nothing stands behind the object
}

// The number that `text` begins with, and what follows.
static bool same_parts_take_number(struct span *text, double *ret) {
    size_t size = 0;
    while (size < text->size && strchr("0123456789+-.eEINaftyn", text->data[size]) != NULL)
        size++;
    if (!real_parse((struct span){text->data, size}, ret))
        return false;
    text->data += size;
    text->size -= size;
    return true;
}

static bool same_parts_take(struct span *text, char c) {
    if (text->size == 0 || text->data[0] != c)
        return false;
    text->data++;
    text->size--;
    return true;
}

bool same_point(struct span source, struct span mirror) {
    struct span x, y;
    double left, right;
    return same_parts_member(mirror, "x", &x) && same_parts_member(mirror, "y", &y) &&
           same_parts_take(&source, '(') && same_parts_take_number(&source, &left) && real_parse(x, &right) &&
           left == right && same_parts_take(&source, ',') && same_parts_take_number(&source, &left) &&
           real_parse(y, &right) && left == right;
}

bool same_geometry(struct span source, struct span mirror) {
    struct span wkb;
    return same_parts_member(mirror, "wkb", &wkb) && same_scalar_hex_is_base64(source, wkb);
}

bool same_vector(struct span source, struct span mirror) {
    double left, right;
    if (!same_parts_take(&source, '[') || !same_parts_take(&mirror, '['))
        return false;
    while (same_parts_take_number(&source, &left)) {
        if (!same_parts_take_number(&mirror, &right) || (float)left != (float)right)
            return false;
        if (same_parts_take(&source, ',') != same_parts_take(&mirror, ','))
            return false;
    }
    return same_parts_take(&source, ']') && same_parts_take(&mirror, ']') && source.size == 0 &&
           mirror.size == 0;
}

bool same_sparse_vector(struct span source, struct span mirror) {
    struct span dimensions, vector;
    struct json_reader json;
    int elements = 0;
    double place, value, other;
    if (!same_parts_member(mirror, "dimensions", &dimensions) ||
        !same_parts_member(mirror, "vector", &vector) || !same_parts_take(&source, '{'))
        return false;
    while (same_parts_take_number(&source, &place)) {
        char name[32];
        struct span text;
        (void)snprintf(name, sizeof name, "%.0f", place);
        if (!same_parts_take(&source, ':') || !same_parts_take_number(&source, &value) ||
            !same_parts_member(vector, name, &text) || !real_parse(text, &other) ||
            (float)value != (float)other)
            return false;
        elements++;
        (void)same_parts_take(&source, ',');
    }
    json_open(&json, vector);
    (void)json_next(&json);
    while (json_next(&json) == JSON_KEY && json_skip(&json))
        elements--;
    return elements == 0 && same_parts_take(&source, '}') && same_parts_take(&source, '/') &&
           span_equal(source, dimensions);
}
