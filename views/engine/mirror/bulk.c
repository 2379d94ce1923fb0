#include "views/engine/mirror/bulk.h"

#include "views/engine/mirror/flush.h"
#include "views/engine/mirror/rows.h"

#include "views/base/bounds.h"

// Rows that one statement deletes: what they were, however long, is kept until the views have seen it.
enum { DELETED_AT_ONCE = BOUND(16384, 4) };

// Runs a statement that deletes up to :limit rows until it finds no more. A full batch is flushed in between.
static int mirror_bulk_delete_all(struct mirror *mirror, struct mirror_table *table, sqlite3_stmt *stmt,
                                  const struct change *change, int64_t *ret_deleted, struct error *error) {
    int changes = 0;
    *ret_deleted = 0;
    do {
        if (delta_is_full(mirror->accepting) && mirror_flush_all(mirror, error) != 0)
            return -1;
        delta_watch(mirror->delta, table->table, change);
        int status = mirror_run(table, stmt, &changes, error);
        if (delta_watch_end(mirror->delta, status == 0 ? error : NULL) != 0 || status != 0)
            return -1;
        *ret_deleted += changes;
    } while (changes == DELETED_AT_ONCE);
    return 0;
}

// A view's trigger may refuse a row after others were deleted and the views have followed: then all of it is
// undone.
static int mirror_bulk_delete_all_or_none(struct mirror *mirror, struct mirror_table *table,
                                          sqlite3_stmt *stmt, const struct change *change,
                                          struct error *error) {
    int64_t deleted;
    if (table->may_defer) // there is nobody to refuse
        return mirror_bulk_delete_all(mirror, table, stmt, change, &deleted, error);
    if (stmt_run(mirror->db, "savepoint truncating", "savepoint", error) != 0)
        return -1;
    int status = mirror_bulk_delete_all(mirror, table, stmt, change, &deleted, error);
    if (status == 0)
        return stmt_run(mirror->db, "release truncating", "release", error);
    delta_reset(mirror->accepting);
    delta_forget(mirror->delta);
    if (stmt_run(mirror->db, "rollback to truncating; release truncating", "rollback", NULL) != 0)
        error->kind = ERROR_STORE;
    return -1;
}

int mirror_bulk_truncate(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                         enum mirror_outcome *ret, struct error *error) {
    *ret = MIRROR_REPEATED;
    if (change->lsn <= table->truncate_lsn)
        return 0;
    sqlite3_stmt *stmt = mirror_table_statement(table, STATEMENT_TRUNCATE, error);
    if (stmt == NULL)
        return -1;
    stmt_bind_integer(stmt, ":lsn", change->lsn);
    stmt_bind_integer(stmt, ":limit", DELETED_AT_ONCE);
    if (mirror_bulk_delete_all_or_none(mirror, table, stmt, change, error) != 0)
        return -1;
    table->truncate_lsn = change->lsn;
    table->dirty = true;
    *ret = MIRROR_APPLIED;
    return 0;
}

void mirror_bulk_mark_snapshot(struct mirror_table *table, const struct change *change) {
    if (change->snapshot != SNAPSHOT_FULL || change->lsn == LSN_NONE || change->lsn < table->snapshot_lsn)
        return;
    if (change->lsn > table->snapshot_lsn) {
        table->snapshot_lsn = change->lsn;
        table->snapshot_open = true;
        table->snapshot_marked = false;
        table->dirty = true;
    }
    if (change->snapshot_table_last && table->snapshot_open && !table->snapshot_marked) {
        table->snapshot_marked = true;
        table->dirty = true;
    }
}

static int mirror_bulk_note_swept(struct mirror *mirror, struct mirror_table *table, struct error *error) {
    sqlite3_stmt *note = mirror_table_statement(table, STATEMENT_NOTE_SWEPT, error);
    if (note == NULL)
        return -1;
    stmt_bind_integer(note, ":snapshot", table->snapshot_lsn);
    stmt_bind_integer(note, ":ts_ms", mirror->newest_ts_ms);
    int noted = 0;
    if (mirror_run(table, note, &noted, error) != 0)
        return -1;
    if (noted > 0 && table->deleted_lsn < table->snapshot_lsn)
        table->deleted_lsn = table->snapshot_lsn;
    return 0;
}

int mirror_bulk_sweep(struct mirror *mirror, const struct table *table, bool keep_open, int64_t *ret_swept,
                      struct error *error) {
    struct mirror_table *state = &mirror->tables[table->index];
    if (mirror_hold(mirror, error) != 0)
        return -1;
    sqlite3_stmt *sweep = mirror_table_statement(state, STATEMENT_SWEEP, error);
    if (sweep == NULL || delta_run_readers(mirror->delta, table, mirror_make_ready, mirror, error) != 0 ||
        mirror_flush(mirror, table, error) != 0 || mirror_bulk_note_swept(mirror, state, error) != 0)
        return -1;
    stmt_bind_integer(sweep, ":snapshot", state->snapshot_lsn);
    stmt_bind_integer(sweep, ":limit", DELETED_AT_ONCE);
    const struct change swept = {.op = CHANGE_DELETE,
                                 .snapshot = SNAPSHOT_FULL,
                                 .table = table,
                                 .lsn = state->snapshot_lsn,
                                 .previous_commit = LSN_NONE,
                                 .txid = -1};
    mirror->current = &swept;
    int status = mirror_bulk_delete_all(mirror, state, sweep, &swept, ret_swept, error);
    mirror->current = NULL;
    if (status != 0)
        return -1;
    state->snapshot_open = state->snapshot_marked = keep_open;
    state->dirty = true;
    return 0;
}
