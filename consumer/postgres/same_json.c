#include "consumer/postgres/same_json.h"

#include "consumer/json/json.h"
#include "consumer/postgres/same_number.h"
#include "views/base/cleanup.h"

enum { SAME_DEPTH_MAX = 128 }; // of JSON within JSON; deeper is not the same

static bool same_json_values(struct span a, struct span b, struct arena *arena, int depth);

static bool same_json_string(const struct json_value *value, struct arena *arena, struct span *ret) {
    *ret = json_between_quotes(value->raw);
    return !value->escaped || json_unescape_text(*ret, arena, ret);
}

static bool same_json_arrays(struct span a, struct span b, struct arena *arena, int depth) {
    struct json_reader left, right;
    json_open(&left, a);
    json_open(&right, b);
    (void)json_next(&left);
    (void)json_next(&right);
    for (;;) {
        struct json_reader ahead = left, beside = right;
        bool ends = json_next(&ahead) == JSON_ARRAY_END;
        if (ends != (json_next(&beside) == JSON_ARRAY_END))
            return false;
        struct span x, y;
        if (ends)
            return true;
        if (!json_raw(&left, &x) || !json_raw(&right, &y) || !same_json_values(x, y, arena, depth + 1))
            return false;
    }
}

// The newest member of that name, as jsonb takes it; data NULL = there is none. Counts the members.
static struct span same_json_member(struct span object, struct span name, struct arena *arena,
                                    int *ret_count) {
    struct json_reader json;
    struct span found = {0}, value, key;
    json_open(&json, object);
    (void)json_next(&json);
    *ret_count = 0;
    while (json_next(&json) == JSON_KEY) {
        if (!json_unescape(&json, arena, &key) || !json_raw(&json, &value))
            return (struct span){0};
        (*ret_count)++;
        if (span_equal(key, name))
            found = value;
    }
    return found;
}

static bool same_json_objects(struct span a, struct span b, struct arena *arena, int depth) {
    struct json_reader json;
    struct span key, value;
    int members = 0, others = 0;
    json_open(&json, a);
    (void)json_next(&json);
    while (json_next(&json) == JSON_KEY) {
        if (!json_unescape(&json, arena, &key) || !json_raw(&json, &value))
            return false;
        struct span other = same_json_member(b, key, arena, &others);
        if (other.data == NULL || !same_json_values(value, other, arena, depth + 1))
            return false;
        members++;
    }
    if (members == 0)
        (void)same_json_member(b, key = SPAN(""), arena, &others);
    return members == others;
}

static bool same_json_values(struct span a, struct span b, struct arena *arena, int depth) {
    struct json_reader json;
    struct json_value left, right;
    struct span x, y;
    json_open(&json, a);
    if (depth > SAME_DEPTH_MAX || !json_take(&json, &left))
        return false;
    json_open(&json, b);
    if (!json_take(&json, &right) || left.kind != right.kind)
        return false;
    switch (left.kind) {
    case JSON_OBJECT_BEGIN:
        return same_json_objects(left.raw, right.raw, arena, depth);
    case JSON_ARRAY_BEGIN:
        return same_json_arrays(left.raw, right.raw, arena, depth);
    case JSON_NUMBER:
        return same_number(left.raw, right.raw);
    case JSON_STRING:
        return same_json_string(&left, arena, &x) && same_json_string(&right, arena, &y) && span_equal(x, y);
    default:
        return true;
    }
}

// One value, and nothing behind it.
static bool same_json_is_whole(struct span text) {
    struct json_reader json;
    json_open(&json, text);
    return json_skip(&json) && json_next(&json) == JSON_END;
}

bool same_json(struct span a, struct span b) {
    CLEANUP(arena_free) struct arena arena = {0};
    return span_equal(a, b) ||
           (same_json_is_whole(a) && same_json_is_whole(b) && same_json_values(a, b, &arena, 0));
}
