// Which changes have to do with values that are awaited across a key change (toast_carry.h): those of a row that awaits one,
// and the delete that brings it. By their hashes, so that others are taken for such only where two hashes are the same;
// what is not awaited any more stays until nothing is. The accepting thread's. Errors: ERROR_SYSTEM.
#ifndef TIDEMARK_MIRROR_TOAST_AWAITED_H
#define TIDEMARK_MIRROR_TOAST_AWAITED_H

#include "views/base/bounds.h"
#include "views/base/error.h"
#include "views/engine/change.h"

enum {
    TOAST_AWAITED_MAX = BOUND(1 << 17, 4)
}; // rows and deletes; with more of them every change is taken for one

// All zero: none.
struct toast_awaited {
    uint64_t *slots; // 0 = free
    int size;
    int count;
    bool all;
};

// None is awaited any more; its memory is free.
void toast_awaited_forget(struct toast_awaited *awaited);
// `key`: key_hash of the row that awaits.
int toast_awaited_add_row(struct toast_awaited *awaited, const struct table *table, uint64_t key,
                          struct error *error);
// Where the delete is: its table, transaction and LSN.
int toast_awaited_add_delete(struct toast_awaited *awaited, const struct table *table, int64_t txid,
                             int64_t lsn, struct error *error);
bool toast_awaited_concerns(const struct toast_awaited *awaited, const struct change *change);

#endif
