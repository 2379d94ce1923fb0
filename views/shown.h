// Which source transactions the file shows whole: remembered for readers that wait for one by its txid. Kept
// as runs of txids in the order of their commits, written at the commit: a file that catches up writes a row
// for many. Of use to the store only; one thread.
#ifndef TIDEMARK_SHOWN_H
#define TIDEMARK_SHOWN_H

#include "views/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct sqlite3;
struct shown;

enum {
    SHOWN_ROWS_KEPT = 100000,  // about: the newest runs by LSN
    SHOWN_PENDING_MAX = 65536, // runs in memory: with more they are written before the commit
};

// `db`: the writer's connection, which outlives it.
int shown_new(struct shown **ret, struct sqlite3 *db, struct error *error);
void shown_free(struct shown **shown);

// Whether the next shown_note may write: within the writer's transaction, then.
bool shown_is_full(const struct shown *shown);
int shown_note(struct shown *shown, int64_t txid, int64_t lsn, struct error *error);
// Before its commit.
int shown_save(struct shown *shown, struct error *error);
// After its rollback.
void shown_drop(struct shown *shown);

#endif
