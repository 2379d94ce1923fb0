#include "views/engine/mirror/bulk.h"

#include "views/base/bounds.h"
#include "views/engine/mirror/deleted.h"
#include "views/engine/mirror/flush.h"
#include "views/engine/mirror/rows.h"

// What one statement deletes: what the rows were is kept until the views have seen it. One row may be longer.
enum { DELETED_AT_ONCE = BOUND(16384, 4), DELETED_BYTES_AT_ONCE = DELTA_BYTES_MAX };

// Two statements over the first :limit rows of a condition, in the order of their keys: one deletes them, one gives
// the sizes of the columns that views use.
struct bulk_delete {
    sqlite3_stmt *delete;
    sqlite3_stmt *sizes; // NULL = the views use none
};

static int mirror_bulk_prepare(struct mirror_table *table, const struct mirror *mirror,
                               enum mirror_statement delete, enum mirror_statement sizes,
                               struct bulk_delete *ret, struct error *error) {
    *ret = (struct bulk_delete){.delete = mirror_table_statement(table, delete, error)};
    if (ret->delete == NULL)
        return -1;
    if (!delta_uses(mirror->delta, table->table)->has_used)
        return 0;
    ret->sizes = mirror_table_statement(table, sizes, error);
    return ret->sizes != NULL ? 0 : -1;
}

static void mirror_bulk_bind(const struct bulk_delete *bulk, const char *name, int64_t lsn) {
    stmt_bind_integer(bulk->delete, name, lsn);
    if (bulk->sizes != NULL)
        stmt_bind_integer(bulk->sizes, name, lsn);
}

// How many rows may go at once.
static int mirror_bulk_limit(struct mirror_table *table, const struct bulk_delete *bulk, int *ret,
                             struct error *error) {
    *ret = DELETED_AT_ONCE;
    if (bulk->sizes == NULL)
        return 0;
    CLEANUP(stmt_reset) sqlite3_stmt *sizes = bulk->sizes;
    stmt_bind_integer(sizes, ":limit", DELETED_AT_ONCE);
    int64_t bytes = 0;
    int count = 0;
    int row;
    while ((row = stmt_row(sizes, table->table->name, error)) == 1) {
        bytes += sqlite3_column_int64(sizes, 0);
        if (bytes > DELETED_BYTES_AT_ONCE)
            break;
        count++;
    }
    if (row == 1)
        *ret = count > 0 ? count : 1;
    return row < 0 ? -1 : 0;
}

// Runs a statement that deletes up to :limit rows until it finds no more. A full batch is flushed in between.
static int mirror_bulk_delete_all(struct mirror *mirror, struct mirror_table *table,
                                  const struct bulk_delete *bulk, const struct change *change,
                                  int64_t *ret_deleted, struct error *error) {
    int changes = 0;
    int limit = 0;
    *ret_deleted = 0;
    do {
        if (delta_is_full(mirror->accepting) && mirror_flush_all(mirror, error) != 0)
            return -1;
        if (mirror_bulk_limit(table, bulk, &limit, error) != 0)
            return -1;
        stmt_bind_integer(bulk->delete, ":limit", limit);
        delta_watch(mirror->delta, table->table, change);
        int status = mirror_run(table, bulk->delete, &changes, error);
        if (delta_watch_end(mirror->delta, status == 0 ? error : NULL) != 0 || status != 0)
            return -1;
        *ret_deleted += changes;
    } while (changes == limit);
    return 0;
}

// A view's trigger may refuse a row after others were deleted and the views have followed: then all of it is
// undone.
static int mirror_bulk_delete_all_or_none(struct mirror *mirror, struct mirror_table *table,
                                          const struct bulk_delete *bulk, const struct change *change,
                                          struct error *error) {
    int64_t deleted;
    if (table->may_defer) // there is nobody to refuse
        return mirror_bulk_delete_all(mirror, table, bulk, change, &deleted, error);
    if (stmt_run(mirror->db, "savepoint truncating", "savepoint", error) != 0)
        return -1;
    int status = mirror_bulk_delete_all(mirror, table, bulk, change, &deleted, error);
    if (status == 0)
        return stmt_run(mirror->db, "release truncating", "release", error);
    delta_reset(mirror->accepting);
    delta_forget(mirror->delta);
    if (stmt_run(mirror->db, "rollback to truncating; release truncating", "rollback", NULL) != 0 &&
        error != NULL)
        error->kind = ERROR_STORE;
    return -1;
}

static void mirror_bulk_raise_stale(struct mirror_table *table, int64_t ts_ms) {
    if (ts_ms > table->stale_before_ms)
        table->stale_before_ms = ts_ms;
}

int mirror_bulk_truncate(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                         enum mirror_outcome *ret, struct error *error) {
    *ret = MIRROR_REPEATED;
    if (change->lsn <= table->truncate_lsn)
        return 0;
    struct bulk_delete bulk;
    if (mirror_bulk_prepare(table, mirror, STATEMENT_TRUNCATE, STATEMENT_TRUNCATE_SIZES, &bulk, error) != 0)
        return -1;
    mirror_bulk_bind(&bulk, ":lsn", change->lsn);
    // What was streamed behind a snapshot comes after its rows, or is told again up to them.
    mirror_bulk_bind(&bulk, ":named", change->behind_snapshot ? INT64_MAX : change->lsn);
    if (mirror_bulk_delete_all_or_none(mirror, table, &bulk, change, error) != 0)
        return -1;
    table->truncate_lsn = change->lsn;
    mirror_bulk_raise_stale(table, change->ts_ms);
    table->dirty = true;
    *ret = MIRROR_APPLIED;
    return 0;
}

void mirror_bulk_mark_snapshot(struct mirror_table *table, const struct change *change) {
    if (change->snapshot != SNAPSHOT_FULL || change->lsn == LSN_NONE || change->lsn < table->snapshot_lsn)
        return;
    bool is_new = change->lsn > table->snapshot_lsn;
    if (change->ts_ms > 0 && (is_new || change->ts_ms < table->snapshot_ts_ms)) {
        table->snapshot_ts_ms = change->ts_ms;
        table->dirty = true;
    }
    if (is_new) {
        table->snapshot_lsn = change->lsn;
        table->snapshot_open = true;
        table->ghostless = !table->has_rows || change->nothing_before;
        table->snapshot_commit = change->previous_commit;
        table->snapshot_ahead = change->ahead;
        table->snapshot_marked = false;
        table->dirty = true;
    }
    if (change->snapshot_table_last && table->snapshot_open && !table->snapshot_marked) {
        table->snapshot_marked = true;
        table->dirty = true;
    }
}

void mirror_bulk_note_row(struct mirror_table *table, const struct change *change) {
    table->has_rows = true;
    // The sweep takes rows that have neither the snapshot's LSN nor a streamed change from it on, or behind it.
    table->ghostless &=
        change->behind_snapshot || (change->lsn != LSN_NONE && mirror_upsert_of(change) != UPSERT_FORCED &&
                                    change->lsn >= table->snapshot_lsn);
}

bool mirror_bulk_is_stale(const struct mirror_table *table, const struct change *change) {
    return change->ts_ms > 0 && change->ts_ms < table->stale_before_ms;
}

bool mirror_bulk_overtakes(struct mirror_table *table, const struct change *read) {
    if (mirror_upsert_of(read) != UPSERT_SNAPSHOT)
        return mirror_bulk_is_stale(table, read);
    mirror_bulk_mark_snapshot(table, read);
    // One that was taken while its connector streamed may be of some rows only.
    bool overtaken = read->lsn < table->snapshot_lsn && !table->snapshot_ahead && !read->newest_of_source;
    return overtaken || read->lsn < table->truncate_lsn;
}

static int mirror_bulk_note_swept(struct mirror *mirror, struct mirror_table *table, struct error *error) {
    sqlite3_stmt *note = mirror_note_statement(table, STATEMENT_NOTE_SWEPT, error);
    if (note == NULL)
        return -1;
    stmt_bind_integer(note, ":snapshot", table->snapshot_lsn);
    stmt_bind_integer(note, ":ts_ms", mirror_moment(mirror->newest_ts_ms));
    int noted = 0;
    if (mirror_run(table, note, &noted, error) != 0)
        return -1;
    mirror_noted(table, noted, table->snapshot_lsn);
    if (noted > 0 && table->deleted_lsn < table->snapshot_lsn)
        table->deleted_lsn = table->snapshot_lsn;
    return 0;
}

static int mirror_bulk_delete_ghosts(struct mirror *mirror, struct mirror_table *table, int64_t *ret_deleted,
                                     struct error *error) {
    struct bulk_delete sweep;
    if (mirror_begin_write(mirror, error) != 0 ||
        mirror_bulk_prepare(table, mirror, STATEMENT_SWEEP, STATEMENT_SWEEP_SIZES, &sweep, error) != 0 ||
        delta_run_readers(mirror->delta, table->table, mirror_make_ready, mirror, error) != 0 ||
        mirror_flush(mirror, table->table, error) != 0 || mirror_bulk_note_swept(mirror, table, error) != 0)
        return -1;
    mirror_bulk_bind(&sweep, ":snapshot", table->snapshot_lsn);
    const struct change swept = {.op = CHANGE_DELETE,
                                 .snapshot = SNAPSHOT_FULL,
                                 .table = table->table,
                                 .lsn = table->snapshot_lsn,
                                 .previous_commit = LSN_NONE,
                                 .txid = -1};
    mirror->current = &swept;
    int status = mirror_bulk_delete_all(mirror, table, &sweep, &swept, ret_deleted, error);
    mirror->current = NULL;
    return status;
}

int mirror_bulk_sweep(struct mirror *mirror, const struct table *table, bool whole, bool keep_open,
                      int64_t *ret_swept, struct error *error) {
    struct mirror_table *state = &mirror->tables[table->index];
    *ret_swept = 0;
    if (whole && !state->ghostless && mirror_bulk_delete_ghosts(mirror, state, ret_swept, error) != 0)
        return -1;
    if (whole) {
        mirror_bulk_raise_stale(state, state->snapshot_ts_ms);
        state->whole_lsn = state->snapshot_lsn;
    }
    state->snapshot_open = state->snapshot_marked = keep_open;
    state->dirty = true;
    return 0;
}

int mirror_bulk_has_unnamed(struct mirror *mirror, const struct table *table, int64_t snapshot_lsn,
                            int64_t below, bool *ret, struct error *error) {
    struct mirror_table *state = &mirror->tables[table->index];
    *ret = false;
    if (!state->has_rows)
        return 0;
    if (mirror_begin_write(mirror, error) != 0 || mirror_flush(mirror, table, error) != 0)
        return -1;
    CLEANUP(stmt_reset) sqlite3_stmt *unnamed = mirror_table_statement(state, STATEMENT_UNNAMED, error);
    if (unnamed == NULL)
        return -1;
    stmt_bind_integer(unnamed, ":snapshot", snapshot_lsn);
    stmt_bind_integer(unnamed, ":below", below);
    int row = stmt_row(unnamed, table->name, error);
    *ret = row == 1;
    return row < 0 ? -1 : 0;
}
