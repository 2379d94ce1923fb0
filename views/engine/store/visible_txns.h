// Which source transactions the file shows whole: remembered for readers that wait for one by its txid. Kept
// as runs of txids in the order of their commits, written at the commit: a file that catches up writes a row
// for many. Of use to the store only; one thread.
#ifndef TIDEMARK_STORE_VISIBLE_TXNS_H
#define TIDEMARK_STORE_VISIBLE_TXNS_H

#include "views/base/bounds.h"
#include "views/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct sqlite3;
struct visible_txns;

enum {
    VISIBLE_TXNS_ROWS_KEPT = BOUND(100000, 8),  // about: the newest runs by LSN
    VISIBLE_TXNS_PENDING_MAX = BOUND(65536, 4), // runs in memory: more are written before the commit
    VISIBLE_TXNS_RECENT = BOUND(4096, 8),       // txids that are known to be repeated when they come again
};

// `db`: the writer's connection, which outlives it.
int visible_txns_new(struct visible_txns **ret, struct sqlite3 *db, struct error *error);
void visible_txns_free(struct visible_txns **txns);

// Whether the next visible_txns_note may write: within the writer's transaction, then.
bool visible_txns_is_full(const struct visible_txns *txns);
int visible_txns_note(struct visible_txns *txns, int64_t txid, int64_t lsn, struct error *error);
// Whether one of this txid was noted at a lower LSN of the same timeline. PostgreSQL gives a txid to one transaction, until
// 2^32 later.
bool visible_txns_repeats(const struct visible_txns *txns, int64_t txid, int64_t lsn);
// Before its commit.
int visible_txns_save(struct visible_txns *txns, struct error *error);
// After its rollback: what the file has is known, and nothing else.
int visible_txns_reload(struct visible_txns *txns, struct error *error);

#endif
