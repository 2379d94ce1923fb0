// What followers may go on from after they were away, or after a restart: for each table that somebody follows, the rows
// as they were before each of the newest commits, in the file (_feed_T), and which commits those were (_feed_commits).
// Tables that nobody has followed for longer than the window are let go. Within the store's transaction; the thread that
// has it calls all but feed_want. Without a follower it does nothing.
#ifndef TIDEMARK_STORE_FEED_H
#define TIDEMARK_STORE_FEED_H

#include "views/base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct sqlite3;
struct feed;

enum {
    FEED_TABLES_MAX = 64,
    FEED_NAME_SIZE = 128,      // of a table that can be followed so, and NUL
    FEED_BYTES_MAX = 64 << 20, // of all tables; the oldest commits go
};

// At the end of the transaction that brings the file in step: tables that were made anew or filled again are not what the
// feeds know of them. `schema_before`: pragma schema_version at its beginning.
int feed_check(struct sqlite3 *db, int64_t schema_before, bool refilled, struct error *error);
// Goes on where the file's feeds are whole: what was written without them makes them anew. Outside of a transaction. NULL
// in *ret without a window; all that follow do nothing with it.
int feed_new(struct feed **ret, struct sqlite3 *db, const char *store_id, int64_t window_ms,
             struct error *error);
void feed_free(struct feed **feed);

// The table is followed at this moment. The accepting thread.
void feed_want(struct feed *feed, const char *table, int64_t now_ms);
// Right after the transaction was opened, before anything else is written.
int feed_begin(struct feed *feed, int64_t now_ms, struct error *error);
// Once the position was saved.
int feed_note(struct feed *feed, int64_t now_ms, struct error *error);
// Right before the transaction is committed: keeps the bounds.
int feed_finish(struct feed *feed, int64_t now_ms, struct error *error);
// After a rollback.
int feed_reload(struct feed *feed, struct error *error);

#endif
