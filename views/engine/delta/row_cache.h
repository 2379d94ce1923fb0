// A cache of rows of one mirrored table as the file has them. It outlives commits: many changes look up the
// same rows of another table (_at_T), and a look at the file costs some ten times as much. A row stays until
// a commit changes it, or another row takes its bucket. Used by delta.c and as_of.c; the connection's thread.
#ifndef TIDEMARK_DELTA_ROW_CACHE_H
#define TIDEMARK_DELTA_ROW_CACHE_H

#include "views/base/bounds.h"
#include "views/engine/delta/step.h"

struct sqlite3_stmt;
struct cached_row;

enum {
    ROW_CACHE_BUCKETS = BOUND(262144, 4),
    ROW_CACHE_BYTES = BOUND(12 << 20, 512),
    ROW_CACHE_EVICTED_BYTES = BOUND(4 << 20, 256), // of evicted rows, which a statement may still show
};

// All zero: empty.
struct row_cache {
    struct cached_row **rows; // by key: the newest of those that share a bucket
    struct cached_row *evicted;
    size_t bytes;
    size_t evicted_bytes;
};

// The row of the key (`key`: by column number), NULL = it is not cached. Lives until the next
// row_cache_invalidate.
const struct packed_row *row_cache_find(const struct row_cache *cache, const struct table *table,
                                        const struct value *key);
// Caches the row that the statement `row` stands on. columns_at[i] is where it has column i, -1 = nowhere; the
// keys are there. NULL: it is not cached, for want of room or memory.
const struct packed_row *row_cache_add(struct row_cache *cache, const struct table *table,
                                       struct sqlite3_stmt *row, const int *columns_at);
// The steps are in the file: their rows are evicted, and what was evicted before is freed. No statement shows
// it any more.
void row_cache_invalidate(struct row_cache *cache, const struct table *table, const struct delta_step *steps,
                          int count);
void row_cache_clear(struct row_cache *cache);

#endif
