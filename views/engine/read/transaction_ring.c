#include "views/engine/read/transaction_ring.h"

void transaction_ring_add(struct transaction_ring *ring, int64_t txid, int64_t lsn) {
    int64_t end = atomic_load_explicit(&ring->end, memory_order_relaxed);
    atomic_store_explicit(&ring->places[end % TRANSACTION_RING].txid, txid, memory_order_release);
    atomic_store_explicit(&ring->places[end % TRANSACTION_RING].lsn, lsn, memory_order_release);
    atomic_store_explicit(&ring->end, end + 1, memory_order_release);
}

// A reader that sees a place written anew also sees the end that was told before that was begun.
static bool transaction_ring_keeps(struct transaction_ring *ring, int64_t number) {
    return number > atomic_load_explicit(&ring->end, memory_order_acquire) - TRANSACTION_RING;
}

int transaction_ring_between(struct transaction_ring *ring, int64_t from, int64_t to, int64_t *ret,
                             int capacity) {
    int count = 0;
    // What was undone is added once more: only what is older than all so far counts.
    int64_t oldest = to == INT64_MAX ? to : to + 1;
    int64_t number = atomic_load_explicit(&ring->end, memory_order_acquire) - 1;
    for (; number >= 0; number--) {
        int64_t txid =
            atomic_load_explicit(&ring->places[number % TRANSACTION_RING].txid, memory_order_acquire);
        int64_t lsn =
            atomic_load_explicit(&ring->places[number % TRANSACTION_RING].lsn, memory_order_acquire);
        if (!transaction_ring_keeps(ring, number))
            return -1;
        if (lsn <= from)
            return count;
        if (lsn >= oldest)
            continue;
        oldest = txid < 0 ? lsn + 1 : lsn;
        if (txid < 0)
            continue;
        if (count < capacity)
            ret[count] = txid;
        count++;
    }
    return -1;
}
