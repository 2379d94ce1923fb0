// One row of the mirror: read, written, deleted, by the statements of its table. Inside the mirror only.
#ifndef TIDEMARK_MIRROR_ROWS_H
#define TIDEMARK_MIRROR_ROWS_H

#include "views/engine/mirror/state.h"

// Before any statement while changes are accepted. Waits until the batch that was handed over is written, opens
// the transaction, and makes the accepting batch the one that the delta shows.
int mirror_begin_write(struct mirror *mirror, struct error *error);

// Writes the row's values again, where it has others and this position.
int mirror_write_again(struct mirror_table *table, const struct value *values, int64_t lsn, int *ret_changes,
                       struct error *error);

int mirror_has_row(struct mirror_table *table, const struct change *change, bool *ret, struct error *error);
// What a statement that reads one LSN by the change's key finds, LSN_NONE = no row.
int mirror_read_lsn(struct mirror_table *table, enum mirror_statement which, const struct change *change,
                    int64_t *ret, struct error *error);
// The columns that are set, from column `at` of the statement's row on, the others VALUE_ABSENT: in the shown
// batch's memory. NULL = out of memory.
const struct packed_row *mirror_copy_row(struct mirror *mirror, const struct table *table, sqlite3_stmt *row,
                                         int at, const bool *columns);
// The same of the row of the change's key, by a statement that selects them. *ret NULL: there is none.
int mirror_read_columns(struct mirror *mirror, struct mirror_table *table, enum mirror_statement which,
                        const bool *columns, const struct change *change, const struct packed_row **ret,
                        struct error *error);
// What the row of the change's key holds before it is deleted; NULL = there is none. Lives until delta_reset.
int mirror_recall_deleted(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                          const struct packed_row **ret, struct error *error);

// How a change writes its row.
enum mirror_upsert mirror_upsert_of(const struct change *change);
// Whether the row has a null that may stand for an unchanged TOAST value.
bool mirror_may_be_unchanged(const struct change *change);
// Such nulls become VALUE_UNAVAILABLE where the file has a value that is long enough (no generated column reads one of these
// types). What the key has pending must be in the file. `values`: a copy of the change's.
int mirror_keep_unchanged(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                          struct value *values, struct error *error);
bool mirror_lacks_values(const struct table *table, const struct value *values);
int mirror_upsert(struct mirror_table *table, enum mirror_upsert kind, const struct value *values,
                  int64_t position, int *ret_changes, struct error *error);
// Whether the sweep that the table awaits would take the change's row for a ghost, and it is none.
bool mirror_outlives_sweep(const struct mirror_table *table, const struct change *change);
// The change's own upsert, with values that may have been carried over. A row that outlives the sweep is marked for it.
int mirror_upsert_change(struct mirror_table *table, const struct change *change, const struct value *values,
                         int *ret_changes, struct error *error);
// The same of a row that lacks no column, where a failure undoes the whole transaction: SQLite then need not keep what the
// pages were before, and there are two statements, of which `update_first` is tried first or last.
int mirror_write_row(struct mirror_table *table, enum mirror_upsert kind, bool update_first,
                     const struct value *values, int64_t position, int *ret_changes, struct error *error);
int mirror_delete_row(struct mirror_table *table, const struct change *change, enum mirror_statement which,
                      int *ret_changes, struct error *error);
// A streamed change at `lsn` of this key was accepted.
int mirror_raise_bound(struct mirror_table *table, const struct value *values, int64_t lsn,
                       struct error *error);

#endif
