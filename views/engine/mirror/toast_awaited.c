#include "views/engine/mirror/toast_awaited.h"

#include "views/base/hash.h"
#include "views/base/probe.h"
#include "views/engine/row/key.h"

enum { SIZE_FIRST = BOUND(256, 2) };

void toast_awaited_forget(struct toast_awaited *awaited) {
    free(awaited->slots);
    *awaited = (struct toast_awaited){0};
}

static uint64_t *toast_awaited_slot_of(uint64_t *slots, int size, uint64_t hash) {
    size_t slot = probe_first(hash, (size_t)size);
    while (slots[slot] != 0 && slots[slot] != hash)
        slot = probe_next(slot, (size_t)size);
    return &slots[slot];
}

static int toast_awaited_grow(struct toast_awaited *awaited) {
    int size = awaited->size == 0 ? SIZE_FIRST : awaited->size * 2;
    uint64_t *slots = calloc((size_t)size, sizeof *slots);
    if (slots == NULL)
        return -1;
    for (int i = 0; i < awaited->size; i++)
        if (awaited->slots[i] != 0)
            *toast_awaited_slot_of(slots, size, awaited->slots[i]) = awaited->slots[i];
    free(awaited->slots);
    awaited->slots = slots;
    awaited->size = size;
    return 0;
}

static int toast_awaited_add(struct toast_awaited *awaited, uint64_t hash, struct error *error) {
    if (awaited->all || awaited->count == TOAST_AWAITED_MAX) {
        awaited->all = true;
        return 0;
    }
    if (awaited->count >= awaited->size / 2 && toast_awaited_grow(awaited) != 0)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    uint64_t *slot = toast_awaited_slot_of(awaited->slots, awaited->size, hash);
    awaited->count += *slot == 0;
    *slot = hash;
    return 0;
}

static bool toast_awaited_has(const struct toast_awaited *awaited, uint64_t hash) {
    return awaited->count > 0 && *toast_awaited_slot_of(awaited->slots, awaited->size, hash) != 0;
}

// None is 0, which is a free slot's.
static uint64_t toast_awaited_row_hash(const struct table *table, uint64_t key) {
    return hash_mix(key, (uint64_t)table->index) | 1;
}

static uint64_t toast_awaited_delete_hash(const struct table *table, int64_t txid, int64_t lsn) {
    uint64_t place = hash_mix(hash_mix(HASH_SEED, (uint64_t)txid), (uint64_t)lsn);
    return hash_mix(place, ~(uint64_t)table->index) | 1;
}

int toast_awaited_add_row(struct toast_awaited *awaited, const struct table *table, uint64_t key,
                          struct error *error) {
    return toast_awaited_add(awaited, toast_awaited_row_hash(table, key), error);
}

int toast_awaited_add_delete(struct toast_awaited *awaited, const struct table *table, int64_t txid,
                             int64_t lsn, struct error *error) {
    return toast_awaited_add(awaited, toast_awaited_delete_hash(table, txid, lsn), error);
}

bool toast_awaited_concerns(const struct toast_awaited *awaited, const struct change *change) {
    return awaited->all ||
           toast_awaited_has(awaited, toast_awaited_row_hash(change->table, key_hash_of_change(change))) ||
           (change->op == CHANGE_DELETE &&
            toast_awaited_has(awaited, toast_awaited_delete_hash(change->table, change->txid, change->lsn)));
}
