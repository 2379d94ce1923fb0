#include "views/engine/sqlite/trim_function.h"

#include "views/base/cleanup.h"
#include "views/base/span.h"
#include "views/engine/sqlite/bounded.h"

#include <stdlib.h>
#include <string.h>

struct trim_character {
    const char *data;
    size_t size;
    uint32_t place;  // in the set, from 1
    uint32_t longer; // where in trim_set's array those begin that have more bytes
};

// Characters of one byte by that byte; the others in order of size and bytes, those that are there twice by place.
struct trim_set {
    uint32_t single[256]; // place, 0 = not in it
    struct trim_character *longer;
    size_t count;
};

enum trim_side { TRIM_LEFT = 1, TRIM_RIGHT = 2 };

static void trim_function_free_set(struct trim_set *set) {
    sqlite3_free(set->longer);
}

static int trim_function_compare_bytes(const struct trim_character *a, const struct trim_character *b) {
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    return memcmp(a->data, b->data, a->size);
}

static int trim_function_compare(const void *a, const void *b) {
    const struct trim_character *x = a;
    const struct trim_character *y = b;
    int order = trim_function_compare_bytes(x, y);
    return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

// As SQLite has it, of bytes that are no UTF-8 too: a lead and all that goes on.
static size_t trim_function_character_size(const char *at) {
    size_t size = 1;
    while ((unsigned char)at[0] >= 0xc0 && ((unsigned char)at[size] & 0xc0) == 0x80)
        size++;
    return size;
}

// `text` ends with a NUL. False: no memory.
static bool trim_function_read_set(const char *text, struct trim_set *ret) {
    uint32_t place = 1;
    size_t size;
    size_t bytes = strlen(text);
    for (const char *at = text; *at != '\0'; at += size, place++) {
        size = trim_function_character_size(at);
        if (size == 1) {
            uint32_t *first = &ret->single[(unsigned char)*at];
            *first = *first == 0 ? place : *first;
            continue;
        }
        if (ret->longer == NULL && (ret->longer = sqlite3_malloc64(bytes / 2 * sizeof *ret->longer)) == NULL)
            return false;
        ret->longer[ret->count++] = (struct trim_character){.data = at, .size = size, .place = place};
    }
    if (ret->count > 1)
        qsort(ret->longer, ret->count, sizeof *ret->longer, trim_function_compare);
    uint32_t next = (uint32_t)ret->count;
    for (size_t i = ret->count; i > 0; i--) {
        if (i < ret->count && ret->longer[i - 1].size != ret->longer[i].size)
            next = (uint32_t)i;
        ret->longer[i - 1].longer = next;
    }
    return true;
}

// The first of [low, high) that is not before `wanted`; all are of its size.
static size_t trim_function_find(const struct trim_set *set, size_t low, size_t high,
                                 const struct trim_character *wanted) {
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (trim_function_compare_bytes(&set->longer[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// The bytes of the set's first character that `in` begins with, or ends; 0 = of none.
static size_t trim_function_edge(const struct trim_set *set, struct span in, enum trim_side side) {
    uint32_t place = set->single[(unsigned char)in.data[side == TRIM_LEFT ? 0 : in.size - 1]];
    size_t found = place > 0;
    for (size_t i = 0; i < set->count && set->longer[i].size <= in.size; i = set->longer[i].longer) {
        size_t size = set->longer[i].size;
        size_t end = set->longer[i].longer;
        const struct trim_character wanted = {.data = in.data + (side == TRIM_LEFT ? 0 : in.size - size),
                                              .size = size};
        size_t at = trim_function_find(set, i, end, &wanted);
        if (at < end && trim_function_compare_bytes(&set->longer[at], &wanted) == 0 &&
            (found == 0 || set->longer[at].place < place)) {
            place = set->longer[at].place;
            found = size;
        }
    }
    return found;
}

static bool trim_function_cut(sqlite3_context *context, const struct trim_set *set, enum trim_side sides,
                              struct span *in) {
    uint64_t steps = 0;
    size_t size;
    while ((sides & TRIM_LEFT) != 0 && in->size > 0 && (size = trim_function_edge(set, *in, TRIM_LEFT)) > 0) {
        *in = (struct span){in->data + size, in->size - size};
        if (!bounded_step(context, &steps))
            return false;
    }
    while ((sides & TRIM_RIGHT) != 0 && in->size > 0 &&
           (size = trim_function_edge(set, *in, TRIM_RIGHT)) > 0) {
        in->size -= size;
        if (!bounded_step(context, &steps))
            return false;
    }
    return true;
}

static void trim_function_call(sqlite3_context *context, int count, sqlite3_value **values) {
    const enum trim_side *sides = sqlite3_user_data(context);
    const char *set_text = " ";
    const char *text = (const char *)sqlite3_value_text(values[0]);
    struct span in = {text, (size_t)sqlite3_value_bytes(values[0])};
    if (text == NULL || (count == 2 && (set_text = (const char *)sqlite3_value_text(values[1])) == NULL))
        return;
    if (count == 2 && sqlite3_value_bytes(values[1]) > TRIM_SET_BYTES_MAX) {
        sqlite3_result_error(context, "trim(x, y): y has more than 65536 bytes", -1);
        return;
    }
    CLEANUP(trim_function_free_set) struct trim_set set = {.longer = NULL};
    if (!trim_function_read_set(set_text, &set))
        sqlite3_result_error_nomem(context);
    else if (trim_function_cut(context, &set, *sides, &in))
        sqlite3_result_text64(context, in.data, in.size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

int trim_function_register(struct sqlite3 *db) {
    static enum trim_side sides[] = {TRIM_LEFT | TRIM_RIGHT, TRIM_LEFT, TRIM_RIGHT};
    static const char *const names[] = {"trim", "ltrim", "rtrim"};
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int code = SQLITE_OK;
    for (int i = 0; i < 6 && code == SQLITE_OK; i++)
        code = sqlite3_create_function_v2(db, names[i / 2], 1 + i % 2, flags, &sides[i / 2],
                                          trim_function_call, NULL, NULL, NULL);
    return code;
}
