// Bytes that many buffers have together, and how many they may have. Any thread; what it counts belongs to its holders.
//
// The first bytes of each holder are not counted, so that a short answer costs no counting and is never refused. Who has
// much may fill a part of the whole only: what is left serves those who want little.
#ifndef TIDEMARK_BASE_ACCOUNT_H
#define TIDEMARK_BASE_ACCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    ACCOUNT_FREE = 4096,           // bytes of each holder that are not counted
    ACCOUNT_MIDDLE_FROM = 1 << 16, // holders of more may fill seven eighths of the whole
    ACCOUNT_LARGE_FROM = 1 << 20,  // and of more than this, three quarters
};

struct account {
    _Atomic size_t bytes;
    size_t max; // 0 = no bound
};

// What a holder of `size` bytes counts for.
static inline size_t account_counted(size_t size) {
    return size > ACCOUNT_FREE ? size : 0;
}
bool account_change_counted(struct account *account, size_t from, size_t to);
// A holder that had `from` bytes is to have `to`. False, and nothing is changed, when that is more than there may be.
// NULL = nobody counts.
static inline bool account_change(struct account *account, size_t from, size_t to) {
    return (from <= ACCOUNT_FREE && to <= ACCOUNT_FREE) || account == NULL ||
           account_change_counted(account, from, to);
}

#endif
