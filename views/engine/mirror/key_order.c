#define _GNU_SOURCE // qsort_r
#include "views/engine/mirror/key_order.h"

#include "views/base/bounds.h"
#include "views/engine/row/value_order.h"

#include <stdlib.h>

enum {
    DIGIT_BITS = 8,
    DIGITS = 1 << DIGIT_BITS,
    PREFIX_BITS = 64,
    COMPARED_MAX = BOUND(64, 2), // so few are compared: a digit's counts cost more
};

struct key_order {
    const struct table *table;
    const struct delta_step *steps;
};

static uint64_t key_order_prefix_of(const struct value *key) {
    if (key->kind == VALUE_INTEGER)
        return (uint64_t)key->integer ^ (uint64_t)1 << 63;
    uint64_t prefix = 0;
    for (size_t i = 0; i < sizeof prefix; i++)
        prefix = prefix << 8 | (i < key->bytes.size ? (unsigned char)key->bytes.data[i] : 0);
    return prefix;
}

struct key_place key_place_of(const struct table *table, const struct delta_step *steps, int step) {
    struct value key = packed_row_value(steps[step].row, table->keys[0]);
    return (struct key_place){key_order_prefix_of(&key), step};
}

static int key_order_compare(const void *a, const void *b, void *self) {
    const struct key_order *order = self;
    const struct key_place *left = a;
    const struct key_place *right = b;
    if (left->prefix != right->prefix)
        return left->prefix < right->prefix ? -1 : 1;
    for (int i = 0; i < order->table->key_count; i++) {
        int column = order->table->keys[i];
        struct value left_value = packed_row_value(order->steps[left->step].row, column);
        struct value right_value = packed_row_value(order->steps[right->step].row, column);
        int compared = value_compare(&left_value, &right_value);
        if (compared != 0)
            return compared;
    }
    return 0;
}

// By one digit; those that have the same stay in their order.
static void key_order_deal(const struct key_place *from, struct key_place *to, int count, int shift) {
    int next[DIGITS] = {0};
    for (int i = 0; i < count; i++)
        next[from[i].prefix >> shift & (DIGITS - 1)]++;
    int at = 0;
    for (int digit = 0; digit < DIGITS; digit++) {
        int had = next[digit];
        next[digit] = at;
        at += had;
    }
    for (int i = 0; i < count; i++)
        to[next[from[i].prefix >> shift & (DIGITS - 1)]++] = from[i];
}

static void key_order_sort_prefixes(struct key_place *places, int count) {
    uint64_t differ = 0;
    for (int i = 1; i < count; i++)
        differ |= places[i].prefix ^ places[0].prefix;
    struct key_place *from = places, *to = places + count;
    for (int shift = 0; shift < PREFIX_BITS; shift += DIGIT_BITS) {
        if ((differ >> shift & (DIGITS - 1)) == 0)
            continue;
        key_order_deal(from, to, count, shift);
        struct key_place *dealt = to;
        to = from;
        from = dealt;
    }
    if (from != places)
        memcpy(places, from, (size_t)count * sizeof *places);
}

void key_order_sort(const struct table *table, const struct delta_step *steps, struct key_place *places,
                    int count) {
    struct key_order order = {table, steps};
    if (count <= COMPARED_MAX) {
        qsort_r(places, (size_t)count, sizeof *places, key_order_compare, &order);
        return;
    }
    key_order_sort_prefixes(places, count);
    for (int i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && places[end].prefix == places[i].prefix;)
            end++;
        if (end - i > 1)
            qsort_r(places + i, (size_t)(end - i), sizeof *places, key_order_compare, &order);
    }
}
