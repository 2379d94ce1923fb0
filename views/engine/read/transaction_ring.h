// The newest source transactions that became whole, in the order of their commits. One thread adds, any reads, without a
// lock. All zero is an empty one.
#ifndef TIDEMARK_READ_TRANSACTION_RING_H
#define TIDEMARK_READ_TRANSACTION_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { TRANSACTION_RING = 4096 };

struct transaction_ring {
    _Atomic int64_t end; // how many were ever added
    struct {
        _Atomic int64_t txid;
        _Atomic int64_t lsn;
    } places[TRANSACTION_RING]; // number n at n % TRANSACTION_RING
};

// `txid` -1: nothing but that all up to this commit LSN was whole before.
void transaction_ring_add(struct transaction_ring *ring, int64_t txid, int64_t lsn);
// Those whose commit LSN is above `from` and not above `to`, the newest first, into `ret` as far as there is room. Returns
// how many they are, -1 = not known: some are not kept any more, or `from` was before the first that was added.
int transaction_ring_between(struct transaction_ring *ring, int64_t from, int64_t to, int64_t *ret,
                             int capacity);

#endif
