// Sets of (key, number) pairs that only grow, in the file and in memory. A block is 256 neighbouring keys
// with a bit for each of 8 numbers, so that a set of many keys is small and a commit that adds to it
// everywhere touches few pages. Used by dedup.c only; the connection's thread.
//
// A row of _once_blocks is a block: `once` the set, `part` the numbers divided by 8, `block` the keys divided
// by 256, `told` two bytes for each key that has bits, the key within the block (ascending) and its bits. So
// the pairs (7, 0), (7, 2) and (10, 9) of set 1 are (1, 0, 0, x'0705') and (1, 1, 0, x'0A02').
//
// A bit is set in memory before its row is written. That is right because whatever fails in between rolls the
// transaction back, and dedup_blocks_forget is called then.
#ifndef TIDEMARK_DELTA_DEDUP_BLOCKS_H
#define TIDEMARK_DELTA_DEDUP_BLOCKS_H

#include "views/base/bounds.h"
#include "views/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct sqlite3;
struct sqlite3_stmt;
struct dedup_block;

enum {
    DEDUP_BLOCK_KEYS = 256,
    DEDUP_PART_BITS = 8, // numbers of one row; larger numbers have rows of their own
    // In memory, 4.5 MB; when they are full they are written and begun anew.
    DEDUP_BLOCKS_MAX = BOUND(16384, 4),
};

// All zero, but for `db`: nothing is known of the file.
struct dedup_blocks {
    struct sqlite3 *db; // outlives it
    struct sqlite3_stmt *read;
    struct sqlite3_stmt *write;
    struct dedup_block *list;
    int count;
    int size;
    int *buckets; // of `list` (probe.h)
    int dirty;    // how many are not written
};

void dedup_blocks_done(struct dedup_blocks *blocks);

// Adds a number, 0 or more, to a key's; *ret_new: it was not there. Within a transaction: it may read the
// file and write to it. ERROR_STORE, ERROR_SYSTEM.
int dedup_blocks_add(struct dedup_blocks *blocks, int64_t set, int64_t key, int number, bool *ret_new,
                     struct error *error);
// Writes what was added.
int dedup_blocks_write(struct dedup_blocks *blocks, struct error *error);
// What was added and not written was not, and the file may be another.
void dedup_blocks_forget(struct dedup_blocks *blocks);

#endif
