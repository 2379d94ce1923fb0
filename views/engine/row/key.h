// A row's key among its table's: equal keys have equal hashes. A key column has one kind of value. Pure.
#ifndef TIDEMARK_ROW_KEY_H
#define TIDEMARK_ROW_KEY_H

#include "views/engine/row/packed_row.h"
#include "views/engine/row/value_order.h"

// `values`: by column number; only the key columns are looked at.
static inline uint64_t key_hash(const struct table *table, const struct value *values) {
    uint64_t hash = HASH_SEED;
    for (int i = 0; i < table->key_count; i++) {
        const struct value *value = &values[table->keys[i]];
        hash = value->kind == VALUE_INTEGER ? hash_mix(hash, (uint64_t)value->integer)
               : value->kind == VALUE_REAL  ? value_hash(hash, value)
                                            : hash_bytes(hash, value->bytes);
    }
    return hash_mix(hash, hash >> 32);
}

static inline uint64_t key_hash_of_change(const struct change *change) {
    return change->packed.row != NULL ? change->packed.key_hash : key_hash(change->table, change->values);
}

static inline bool key_equal_column(const struct value *left, const struct value *right) {
    if (left->kind != right->kind)
        return false;
    return left->kind == VALUE_INTEGER ? left->integer == right->integer
           : left->kind == VALUE_REAL  ? left->real == right->real
                                       : span_equal(left->bytes, right->bytes);
}

static inline bool key_equal(const struct table *table, const struct packed_row *row,
                             const struct value *values) {
    for (int i = 0; i < table->key_count; i++) {
        const struct value left = packed_row_value(row, table->keys[i]);
        if (!key_equal_column(&left, &values[table->keys[i]]))
            return false;
    }
    return true;
}

// As of the change's values. What is packed is there with it; a message's bytes are another core's (store_pack).
static inline bool key_equal_change(const struct packed_row *row, const struct change *change) {
    if (change->packed.row == NULL)
        return key_equal(change->table, row, change->values);
    for (int i = 0; i < change->table->key_count; i++) {
        const struct value left = packed_row_value(row, change->table->keys[i]);
        const struct value right = packed_row_value(change->packed.row, change->table->keys[i]);
        if (!key_equal_column(&left, &right))
            return false;
    }
    return true;
}

#endif
