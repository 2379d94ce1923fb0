#include "views/engine/mirror/state.h"

// Rows that one statement deletes: what they were, however long, is kept until the views have seen it.
enum { DELETED_AT_ONCE = 16384 };

// What deletes left behind is looked at as a whole: not again before this part of it may have grown too old.
enum { DELETED_PURGED_EVERY_MS = MIRROR_DELETED_KEEP_MS / 64 };

// Runs a statement that deletes up to :limit rows until it finds no more, settling in between when much was
// seen.
static int mirror_bulk_delete_all(struct mirror *mirror, struct mirror_table *table, sqlite3_stmt *stmt,
                                  const struct change *change, int64_t *ret_deleted, struct error *error) {
    int changes = 0;
    *ret_deleted = 0;
    do {
        if (delta_is_full(mirror->accepting) && mirror_settle(mirror, error) != 0)
            return -1;
        delta_watch(mirror->delta, table->table, change);
        int status = mirror_run(table, stmt, &changes, error);
        if (delta_watch_end(mirror->delta, status == 0 ? error : NULL) != 0 || status != 0)
            return -1;
        *ret_deleted += changes;
    } while (changes == DELETED_AT_ONCE);
    return 0;
}

// A view's trigger may refuse a row when others have gone already, with what the views made of them: then all
// of it is undone.
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

int mirror_truncate(struct mirror *mirror, struct mirror_table *table, const struct change *change,
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

int mirror_snapshot_sweep(struct mirror *mirror, const struct table *table, bool keep_open,
                          int64_t *ret_swept, struct error *error) {
    struct mirror_table *state = &mirror->tables[table->index];
    if (mirror_hold(mirror, error) != 0)
        return -1;
    sqlite3_stmt *sweep = mirror_table_statement(state, STATEMENT_SWEEP, error);
    if (sweep == NULL || delta_settle_readers(mirror->delta, table, mirror_make_ready, mirror, error) != 0 ||
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

static int mirror_bulk_purge_deleted(struct mirror *mirror, struct error *error) {
    for (int i = 0; i < mirror->catalog->table_count; i++) {
        sqlite3_stmt *stmt = mirror_table_statement(&mirror->tables[i], STATEMENT_PURGE, error);
        if (stmt == NULL)
            return -1;
        stmt_bind_integer(stmt, ":before_ms", mirror->written_ts_ms - MIRROR_DELETED_KEEP_MS);
        if (stmt_step(stmt, "purge", NULL, error) != 0)
            return -1;
    }
    mirror->purged_ts_ms = mirror->written_ts_ms;
    return 0;
}

int mirror_purge(struct mirror *mirror, struct error *error) {
    mirror->deletes = 0;
    if (mirror->written_ts_ms - mirror->purged_ts_ms >= DELETED_PURGED_EVERY_MS &&
        mirror_bulk_purge_deleted(mirror, error) != 0)
        return -1;
    return toast_carry_purge(mirror->carry, mirror->written_ts_ms - MIRROR_CARRY_KEEP_MS, error);
}
