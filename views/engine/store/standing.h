// Where a store file stands, as it was when it was loaded: offsets, sequence, the source's timelines. Of use to the store only,
// on its thread.
#ifndef TIDEMARK_STORE_STANDING_H
#define TIDEMARK_STORE_STANDING_H

#include "views/base/error.h"
#include "views/engine/store_offset.h"

struct sqlite3;
struct sqlite3_stmt;

// In _position.torn; above these, where a transaction is torn, torn_ms + 1, 0 = not known.
enum { STANDING_TORN = 1, STANDING_NAMELESS = 2, STANDING_MARKS_BITS = 2 };

struct standing {
    struct store_offset *offsets;
    int offset_count;
    struct store_sequence sequence;
    struct store_before before;
    int64_t saved_unjudged_lsn; // what the file, or its open transaction, has of it
    int64_t *timelines;
    int timeline_count;
};

// All of it; in place of what was loaded before.
int standing_load(struct standing *standing, struct sqlite3 *db, struct error *error);
int standing_load_offsets(struct standing *standing, struct sqlite3 *db, struct error *error);
// The parameters of offsets_set.
void standing_bind_offset(struct sqlite3_stmt *stmt, const struct store_offset *offset);
// See store_note_others.
int standing_note_others(struct sqlite3 *db, const char *topic, struct error *error);
// Within a transaction; LSN_NONE = there is none.
int standing_save_unjudged(struct standing *standing, struct sqlite3 *db, int64_t lsn, struct error *error);
// After a rollback: what was saved since is not there.
int standing_recall(struct standing *standing, struct sqlite3 *db, struct error *error);
int standing_load_timelines(struct standing *standing, struct sqlite3 *db, struct error *error);
void standing_free(struct standing *standing);

#endif
