#include "consumer/postgres/same_json.h"

#include "consumer/json/json.h"
#include "consumer/postgres/same_number.h"
#include "views/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

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

struct same_json_member {
    struct span name;
    struct span value;
};

struct same_json_members {
    struct same_json_member *list;
    size_t count;
};

static int same_json_order(const void *a, const void *b) {
    const struct same_json_member *left = a, *right = b;
    size_t size = left->name.size < right->name.size ? left->name.size : right->name.size;
    int order = memcmp(left->name.data, right->name.data, size);
    if (order == 0)
        order = (left->name.size > right->name.size) - (left->name.size < right->name.size);
    if (order == 0) // members of one name in their order
        order = (left->value.data > right->value.data) - (left->value.data < right->value.data);
    return order;
}

static bool same_json_add(struct same_json_members *members, size_t *capacity, struct arena *arena,
                          const struct same_json_member *member) {
    enum { MEMBERS_FIRST = 8 };
    if (members->count == *capacity) {
        size_t grown = *capacity > 0 ? *capacity * 2 : MEMBERS_FIRST;
        struct same_json_member *list = arena_take(arena, grown * sizeof *list);
        if (list == NULL)
            return false;
        if (members->count > 0)
            memcpy(list, members->list, members->count * sizeof *list);
        members->list = list;
        *capacity = grown;
    }
    members->list[members->count++] = *member;
    return true;
}

// The object's members by their names; false when memory is out.
static bool same_json_sort(struct span object, struct arena *arena, struct same_json_members *ret) {
    struct json_reader json;
    struct same_json_member member;
    size_t capacity = 0;
    *ret = (struct same_json_members){0};
    json_open(&json, object);
    (void)json_next(&json);
    while (json_next(&json) == JSON_KEY)
        if (!json_unescape(&json, arena, &member.name) || !json_raw(&json, &member.value) ||
            !same_json_add(ret, &capacity, arena, &member))
            return false;
    if (ret->count > 0)
        qsort(ret->list, ret->count, sizeof *ret->list, same_json_order);
    return true;
}

// The newest of several members of one name in `b` counts, as jsonb takes it.
static bool same_json_objects(struct span a, struct span b, struct arena *arena, int depth) {
    struct same_json_members left, right;
    if (!same_json_sort(a, arena, &left) || !same_json_sort(b, arena, &right) || left.count != right.count)
        return false;
    size_t at = 0; // of `right`: behind the members of the name that was looked at
    const struct same_json_member *newest = NULL;
    for (size_t i = 0; i < left.count; i++) {
        if (i == 0 || !span_equal(left.list[i].name, left.list[i - 1].name))
            for (newest = NULL; at < right.count && span_equal(right.list[at].name, left.list[i].name); at++)
                newest = &right.list[at];
        if (newest == NULL || !same_json_values(left.list[i].value, newest->value, arena, depth + 1))
            return false;
    }
    return at == right.count;
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
