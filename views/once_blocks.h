// Sets of (key, number) pairs that only grow, in the file and in memory: for each key some bits, for 256
// neighbouring keys one row of _once_blocks, so that a set of many keys is small and a commit that adds to it
// everywhere touches few pages. For a key that has no neighbours a row of its own. Used by once.c only;
// whoever has the connection.
#ifndef TIDEMARK_ONCE_BLOCKS_H
#define TIDEMARK_ONCE_BLOCKS_H

#include "views/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct sqlite3;
struct sqlite3_stmt;
struct once_block;

enum {
    ONCE_BLOCK_KEYS = 256,
    ONCE_PART_BITS = 8,      // numbers of one row; larger numbers have rows of their own
    ONCE_BLOCKS_MAX = 16384, // in memory, 4.5 MB; when they are full they are written and begun anew
};

// All zero, but for `db`: nothing is known of the file.
struct once_blocks {
    struct sqlite3 *db; // outlives it
    struct sqlite3_stmt *read;
    struct sqlite3_stmt *write;
    struct once_block *list;
    int count;
    int size;
    int *places; // open addressing: of `list`, -1 = free
    int dirty;   // how many are not written
};

void once_blocks_done(struct once_blocks *blocks);

// Adds a number, 0 or more, to a key's; *ret_new: it was not there. Within a transaction: it may read the
// file and write to it. ERROR_STORE, ERROR_SYSTEM.
int once_blocks_add(struct once_blocks *blocks, int64_t set, int64_t key, int number, bool *ret_new,
                    struct error *error);
// Writes what was added.
int once_blocks_write(struct once_blocks *blocks, struct error *error);
// What was added and not written was not, and the file may be another.
void once_blocks_forget(struct once_blocks *blocks);

#endif
