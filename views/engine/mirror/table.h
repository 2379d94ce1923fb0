// A mirrored table's prepared statements and positions. Inside the mirror only.
#ifndef TIDEMARK_MIRROR_TABLE_H
#define TIDEMARK_MIRROR_TABLE_H

#include "views/base/clock.h"
#include "views/engine/change.h"
#include "views/engine/delta/newest_by_key.h"
#include "views/engine/mirror/pending_vtab.h"
#include "views/engine/sqlite/sqlite_value.h"
#include "views/engine/sqlite/stmt.h"
#include "views/engine/store_astray.h"

enum mirror_statement {
    STATEMENT_UPSERT_STREAMED,
    STATEMENT_UPSERT_SNAPSHOT,
    STATEMENT_UPSERT_FORCED,
    STATEMENT_MASKED_STREAMED, // the three again, with columns that stay
    STATEMENT_MASKED_SNAPSHOT,
    STATEMENT_MASKED_FORCED,
    STATEMENT_WRITE_STREAMED, // the three again, of many pending rows
    STATEMENT_WRITE_SNAPSHOT,
    STATEMENT_WRITE_FORCED,
    STATEMENT_INSERT_STREAMED, // the three again, of a row that was not there
    STATEMENT_INSERT_SNAPSHOT,
    STATEMENT_INSERT_FORCED,
    STATEMENT_UPDATE_STREAMED, // of one that was there
    STATEMENT_UPDATE_SNAPSHOT,
    STATEMENT_UPDATE_FORCED,
    STATEMENT_BEHIND_STREAMED, // of a row that the newest snapshot need not name
    STATEMENT_BEHIND_FORCED,
    STATEMENT_BEHIND_MASKED_STREAMED,
    STATEMENT_BEHIND_MASKED_FORCED,
    STATEMENT_WRITE_AGAIN,
    STATEMENT_NOTE_PENDING_DELETES,
    STATEMENT_SET_GENERATED,
    STATEMENT_BEYOND,
    STATEMENT_DELETE,
    STATEMENT_DELETE_KEY,
    STATEMENT_LSN,
    STATEMENT_HIGHEST_KEY,
    STATEMENT_RECALL_PENDING,
    STATEMENT_RECALL_DELETED,
    STATEMENT_LOOKED_UP,
    STATEMENT_UNMARKED,
    STATEMENT_NOTE_DELETED,
    STATEMENT_DELETED_LSN,
    STATEMENT_DELETED_LATELY,
    STATEMENT_NEXT_PART,
    STATEMENT_PART,
    STATEMENT_TRUNCATE,
    STATEMENT_TRUNCATE_SIZES,
    STATEMENT_TRUNCATE_KEY,
    STATEMENT_NOTE_SWEPT,
    STATEMENT_SWEEP,
    STATEMENT_SWEEP_SIZES,
    STATEMENT_UNNAMED,
    STATEMENT_PURGE,
    STATEMENT_COUNT,
};

#define DELETED_UNKNOWN INT64_MIN
// What deletes left behind, by part, in the order of their numbers. The newest is filled.
struct deleted_part {
    int64_t number;
    int64_t newest_lsn; // DELETED_UNKNOWN until it was asked for
};
struct deleted_parts {
    struct deleted_part *list;
    int count;
    int size;
    int64_t rows; // of the newest, about
};

struct mirror_table {
    const struct table *table;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT]; // prepared when first needed
    int64_t truncate_lsn;
    int64_t
        stale_before_ms; // the newest truncate's source time, or of the first row of the newest full snapshot that has come whole
    int64_t snapshot_ts_ms; // source time of the first row of snapshot_lsn, 0 = not known
    int64_t snapshot_lsn;
    int64_t snapshot_commit; // that its rows name as the one before them, LSN_NONE = none
    int64_t whole_lsn;       // struct store_snapshot
    int64_t left_out_lsn;    // likewise
    int64_t cut_ms;          // struct store_snapshot
    int64_t deleted_lsn;     // the newest that any delete left behind: what is newer need not be looked up
    bool snapshot_open;
    bool snapshot_marked;
    bool snapshot_ahead; // the stream has snapshot_commit
    bool has_rows;       // the file had some when it was opened, or one was applied since
    bool ghostless;      // none can be a ghost of the newest snapshot: the table was empty when that began
    bool has_chunks;     // rows of incremental snapshots were written
    bool dirty;          // differs from _tables
    bool has_toastable;
    // columns read of a row before its first change, before it is deleted, and before a change that others see
    bool *recalled;
    bool *recalled_deleted;
    const bool *looked_up;
    bool *unmarked; // columns whose unchanged TOAST values come as null
    bool has_unmarked;
    bool may_overtake; // nobody sees a change that another of its row follows before both are written
    bool has_looked_up;
    bool may_defer; // no trigger and no unique index of a view needs to see each change as it is written
    bool in_order;  // one does, and may see them later: one by one, in the order of all such tables
    // Some schema.sql says how a conflict is resolved (or ignore, on conflict replace): a statement that says it too would
    // overrule that in triggers.
    bool has_conflict_clauses;
    bool watched; // while a change is written at once: the views see whatever else it writes of the table
    bool newest_known;
    int64_t newest_lsn; // at least that of any streamed change or delete that the file has
    struct lsn_bounds bounds;
    // While many rows are written: what is above `highest` in its first key column, an integer, is not in the file.
    bool has_highest;
    int64_t highest;
    struct deleted_parts parts;   // of _deleted_T
    struct store_astray accepted; // the accepting thread's, since they were taken: deletes alone
    struct store_astray written;  // the writing thread's
    bool follows_kept;   // the file is to keep that changes were found that do not follow (follows.h)
    bool follows_marked; // it does
    unsigned looked;     // flushes of many rows so far
    int looks; // so many more rows are looked for until the changes that are handed over are written
    struct pending_rows pending; // what _pending_T shows the statement that runs
};

// The statement, prepared now if it was not yet. NULL on error.
sqlite3_stmt *mirror_table_statement(struct mirror_table *table, enum mirror_statement which,
                                     struct error *error);
void mirror_table_finalize(struct mirror_table *table);
// Runs a statement that writes. A constraint of a view or a value too big is the change's fault: ERROR_INPUT.
// A statement that fails so undoes itself alone.
int mirror_run(struct mirror_table *table, sqlite3_stmt *stmt, int *ret_changes, struct error *error);
// Binds :key1.. from the change's values.
void mirror_bind_key(sqlite3_stmt *stmt, const struct table *table, const struct value *values);
// Binds :keep0..: of the columns that `values` lack, what the row has stays.
void mirror_bind_keep_masks(sqlite3_stmt *stmt, const struct table *table, const struct value *values);

// When it was, by the source: an event that names no time counts as one of now.
static inline int64_t mirror_moment(int64_t ts_ms) {
    return ts_ms > 0 ? ts_ms : clock_wall_ms();
}

#endif
