// What the files of the mirror share: its state, and the steps that one has for another. Inside the mirror
// only (mirror.c opening, saving and the way in; mirror_rules.c a change written at once by the ordering
// rules; mirror_accept.c changes accepted now and written together; mirror_bulk.c many rows at once).
#ifndef TIDEMARK_MIRROR_STATE_H
#define TIDEMARK_MIRROR_STATE_H

#include "views/engine/delta/delta.h"
#include "views/engine/mirror/mirror.h"
#include "views/engine/mirror/table.h"
#include "views/engine/mirror/toast_carry.h"
#include "views/engine/row/table_sql.h"

// Who works on what while a batch that was handed over is written by another thread: the statements, `carry`
// but for its questions, what the delta shows, `deletes`, `written_ts_ms` and `purged_ts_ms` are the writing
// one's; the tables' positions and bounds, `accepting` and the rest are the accepting one's. mirror_hold ends
// that.
struct mirror {
    sqlite3 *db;
    const struct catalog *catalog;
    struct mirror_owner owner;
    struct mirror_table *tables; // as in the catalog
    struct toast_carry *carry;
    struct delta *delta;
    struct delta_batch *batches[2];
    struct delta_batch *accepting; // one of them
    struct arena arena;            // carried values of the change under way
    struct value *values;          // the change's values with what was carried, TABLE_COLUMNS_MAX
    const struct change *current;  // for the SQL functions
    int64_t newest_ts_ms;          // of the source's clock
    int64_t written_ts_ms;         // newest_ts_ms when the batch was handed over
    int64_t deletes;               // since the newest purge
    int64_t purged_ts_ms;          // written_ts_ms of the newest purge of what they left behind
    sqlite3_stmt *save;
};

// A constraint of a view, a value too big: this change's fault (ERROR_INPUT). A statement that fails so
// undoes itself alone.
int mirror_run(struct mirror_table *table, sqlite3_stmt *stmt, int *ret_changes, struct error *error);

// Before any statement while changes are accepted: what was handed over is written, the transaction open, and
// what is accepted now is what the delta shows.
int mirror_hold(struct mirror *mirror, struct error *error);

// mirror_rules.c: writes the change now, unless the rules say that there is nothing to do.
int mirror_rules_apply(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                       enum mirror_outcome *ret, struct error *error);
// What a statement that reads one LSN by the change's key finds, LSN_NONE = no row.
int mirror_read_lsn(struct mirror_table *table, enum mirror_statement which, const struct change *change,
                    int64_t *ret, struct error *error);
// The LSN that the newest delete of the change's key left behind, LSN_NONE when there was none newer than its
// own - 1.
int mirror_deleted_lsn(struct mirror_table *table, const struct change *change, int64_t *ret,
                       struct error *error);
int mirror_upsert(struct mirror_table *table, enum mirror_upsert kind, const struct value *values,
                  int64_t position, int *ret_changes, struct error *error);
int mirror_delete_row(struct mirror_table *table, const struct change *change, enum mirror_statement which,
                      int *ret_changes, struct error *error);
// Leaves the delete's LSN in the file.
int mirror_note_delete(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                       int *ret_changes, struct error *error);
bool mirror_lacks_values(const struct table *table, const struct value *values);

// mirror_accept.c
// Whether the change may wait for the commit to be written.
bool mirror_may_defer(const struct mirror *mirror, const struct mirror_table *table,
                      const struct change *change);
int mirror_accept(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                  enum mirror_outcome *ret, struct error *error);
// What the row of the change's key holds before it is deleted; NULL = there is none. Lives until delta_reset.
int mirror_recall_deleted(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                          const struct packed_row **ret, struct error *error);
// Whether an update leaves the columns that others look up as they are.
int mirror_looks_same(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                      bool *ret, struct error *error);
// Writes what the shown batch has pending of the change's key, of a table, of all; the last runs the views'
// apply statements too.
int mirror_flush_key(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                     struct error *error);
int mirror_flush(struct mirror *mirror, const struct table *table, struct error *error);
// For delta_settle_readers.
int mirror_make_ready(void *mirror, const struct table *table, bool written, struct error *error);
int mirror_settle(struct mirror *mirror, struct error *error);
// A streamed change at `lsn` of this key was accepted.
int mirror_raise_bound(struct mirror_table *table, const struct value *values, int64_t lsn,
                       struct error *error);

// mirror_bulk.c
int mirror_truncate(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                    enum mirror_outcome *ret, struct error *error);
int mirror_purge(struct mirror *mirror, struct error *error);

#endif
