#include "views/base/arena.h"
#include "views/engine/row/key.h"
#include "views/engine/store.h"

// A row that store_apply would accept as it is: it has its key, lacks no value, and none of its columns is computed or may be
// an unchanged TOAST value.
static bool pack_is_plain(const struct change *change) {
    const struct table *table = change->table;
    unsigned kinds = 0; // a bit each: looked at once, at the end
    unsigned keys = 0;
    bool unsure = false;
    if (table->has_generated)
        return false;
    for (int i = 0; i < table->column_count; i++) {
        kinds |= 1U << change->values[i].kind;
        unsure |= table->columns[i].unmarked && change->values[i].kind == VALUE_NULL;
    }
    for (int i = 0; i < table->key_count; i++)
        keys |= 1U << change->values[table->keys[i]].kind;
    return (kinds & (1U << VALUE_ABSENT | 1U << VALUE_UNAVAILABLE)) == 0 && (keys & 1U << VALUE_NULL) == 0 &&
           !(unsure && change->nulls_unsure);
}

void store_pack(struct change *change, struct arena *arena) {
    bool row = change->op == CHANGE_CREATE || change->op == CHANGE_UPDATE || change->op == CHANGE_READ;
    if (!row || !pack_is_plain(change))
        return;
    size_t size = packed_row_size(change->values, change->table->column_count);
    struct packed_row *packed = size != SIZE_MAX ? arena_take(arena, size) : NULL;
    if (packed == NULL)
        return;
    packed_row_put(packed, size, change->values, change->table->column_count);
    change->packed = (struct change_packed){packed, size, key_hash(change->table, change->values)};
}
