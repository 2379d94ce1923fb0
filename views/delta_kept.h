// Rows of one mirrored table as the file has them, kept over commits: many changes look up the same rows of
// another table (_at_T), and a look at the file costs some ten times as much. A row stays until a commit
// changes it, or another of its place comes. Inside views only (delta.c, delta_at.c); whoever has the
// connection.
#ifndef TIDEMARK_DELTA_KEPT_H
#define TIDEMARK_DELTA_KEPT_H

#include "views/delta_batch.h"

struct sqlite3_stmt;
struct kept_row;

enum {
    DELTA_KEPT_PLACES = 262144,
    DELTA_KEPT_BYTES = 12 << 20,
    DELTA_KEPT_GONE_BYTES = 4 << 20, // of rows that have gone and that a statement may still show
};

// All zero: nothing is kept.
struct delta_kept {
    struct kept_row **rows; // by key: the newest of those that share a place
    struct kept_row *gone;
    size_t bytes;
    size_t gone_bytes;
};

// The row of the key (`key`: by column number), NULL = it is not kept. Lives until the next
// delta_kept_settle.
const struct packed_row *delta_kept_find(const struct delta_kept *kept, const struct table *table,
                                         const struct value *key);
// Keeps the row that `row` stands on: places[i] is where it has column i, -1 = nowhere; the keys are there.
// NULL: it is not kept, for want of room or memory.
const struct packed_row *delta_kept_add(struct delta_kept *kept, const struct table *table,
                                        struct sqlite3_stmt *row, const int *places);
// The list's changes are in the file: what is kept of their rows goes, and what went before is freed. No
// statement shows it any more.
void delta_kept_settle(struct delta_kept *kept, const struct table *table, const struct delta_list *list);
void delta_kept_clear(struct delta_kept *kept);

#endif
