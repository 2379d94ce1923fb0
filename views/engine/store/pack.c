#include "views/base/arena.h"
#include "views/engine/mirror/mirror.h"
#include "views/engine/row/key.h"
#include "views/engine/store.h"

uint64_t store_hash_key(const struct change *change) {
    return mirror_has_key(change) ? hash_mix(key_hash_of_change(change), (uint64_t)change->table->index) | 1
                                  : 0;
}

void store_pack(struct change *change, struct arena *arena) {
    if (!mirror_is_plain(change))
        return;
    size_t size = packed_row_size(change->values, change->table->column_count);
    struct packed_row *packed = size != SIZE_MAX ? arena_take(arena, size) : NULL;
    if (packed == NULL)
        return;
    packed_row_put(packed, size, change->values, change->table->column_count);
    change->packed = (struct change_packed){packed, size, key_hash(change->table, change->values)};
}
