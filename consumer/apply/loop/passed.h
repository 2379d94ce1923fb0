// Transactions that are shown in pieces: rows of them were taken without their END, or their END went by
// without all of its rows. Remembers which rows each has, so that it is known when the last of them is in.
// Pure; one thread.
#ifndef TIDEMARK_APPLY_LOOP_PASSED_H
#define TIDEMARK_APPLY_LOOP_PASSED_H

#include "views/base/bounds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PASSED_MAX = BOUND(4096, 8), // transactions: the newest so many are remembered
    // of memory for which rows they have, together; a transaction that finds no room is never known to be whole
    PASSED_BYTES_MAX = 4 << 20,
};

struct passed_txn {
    int64_t txid;
    int64_t lsn;          // of its END, LSN_NONE = it has not come
    int64_t expected;     // rows that its END counts
    int64_t rows;         // distinct ones that were taken
    unsigned char *taken; // one bit a total_order
    size_t size;          // bytes
    bool inexact;         // no room for its bits
    bool reported;        // passed_is_whole was true once
};

struct passed {
    struct passed_txn *txns; // ring, PASSED_MAX
    int next;
    int count;
    int endless; // of them: their END has not come
    size_t bytes;
};

// False when out of memory.
bool passed_init(struct passed *passed);
void passed_free(struct passed *passed);

// NULL = it is not one of them. Lives until the next call of passed_add.
struct passed_txn *passed_find(const struct passed *passed, int64_t txid);
// The one with this txid, added when there is none.
struct passed_txn *passed_add(struct passed *passed, int64_t txid);
// A row of it was taken. Its bits grow as orders do.
void passed_take(struct passed *passed, struct passed_txn *txn, int64_t total_order);
// The rows of which `bits` has one each were taken before: `rows` of them.
void passed_take_all(struct passed *passed, struct passed_txn *txn, const unsigned char *bits, size_t size,
                     int64_t rows);
// Its END has come.
void passed_end(struct passed *passed, struct passed_txn *txn, int64_t lsn, int64_t expected);
// True the first time that its END and all of the rows that it counts are in.
bool passed_is_whole(struct passed_txn *txn);
// Forgets those whose END has not come: it will not.
void passed_drop_endless(struct passed *passed);

#endif
