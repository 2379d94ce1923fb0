// The mirror's state, which its files share, each for its part of the work: rows.c reads and writes one row,
// deleted.c what a delete leaves behind, follows.c looks whether a change finds what the log has told, flush.c writes
// what was accepted, bulk.c truncates and sweeps, accept.c accepts a change to be written with others, rules.c writes
// a change at once by the ordering rules, mirror.c is the way in. Each calls those before it only. Inside the mirror only.
#ifndef TIDEMARK_MIRROR_STATE_H
#define TIDEMARK_MIRROR_STATE_H

#include "views/engine/delta/delta.h"
#include "views/engine/mirror/generated.h"
#include "views/engine/mirror/owner.h"
#include "views/engine/mirror/table.h"
#include "views/engine/mirror/toast_carry.h"
#include "views/engine/row/table_sql.h"
#include "views/engine/writing.h"

// Who works on what while a batch that was handed over is written by another thread: the statements, `carry`
// but for its questions, what the delta shows, `written_ts_ms` and what is below it are the writing
// one's; the tables' positions and bounds, `accepting` and the rest are the accepting one's.
// mirror_begin_write ends that.
struct mirror {
    sqlite3 *db;
    const struct catalog *catalog;
    struct mirror_owner owner;
    struct mirror_table *tables;    // as in the catalog
    struct mirror_table **in_order; // those of them whose changes views see one by one
    int in_order_count;
    struct toast_carry *carry;
    struct delta *delta;
    struct delta_batch *batches[2];
    struct delta_batch *accepting; // one of them
    struct arena arena;            // carried values of the change under way
    struct generated *generated;   // NULL = no table has such columns
    struct value *values;          // the change's values with what was carried, TABLE_COLUMNS_MAX
    enum writing writing;
    bool lacked;                  // the newest row had columns without a value, or may have
    bool made;                    // it is an update that lacked some, and no row was there
    bool unsure;                  // it has nulls that may be unchanged TOAST values
    const struct change *current; // for the SQL functions
    int64_t newest_ts_ms;         // of the source's clock, as far as it is believed
    int64_t believed_ts_ms;       // up to here without another look at this machine's clock
    bool untimed;                 // a change came without a time of the source
    int64_t written_ts_ms;        // newest_ts_ms when the batch was handed over
    bool written_untimed;         // untimed, likewise
    int64_t purged_ts_ms;         // written_ts_ms of the newest purge of what deletes left behind
    int64_t purged_wall_ms;       // of the newest purge by this machine's clock
    bool timeless;                // the file was never purged by the source's clock
    sqlite3_stmt *save;
    sqlite3_stmt *discarded; // whether a person has discarded a message of the table
};

#endif
