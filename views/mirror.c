#include "views/mirror.h"

#include "views/carry.h"
#include "views/column_type.h"
#include "views/mirror_sql.h"
#include "views/mirror_table.h"

#include <assert.h>

// Deletes between two purges of what they left behind.
enum { PURGE_EVERY_DELETES = 100000 };

struct mirror {
    sqlite3 *db;
    const struct catalog *catalog;
    struct mirror_table *tables; // as in the catalog
    struct carry *carry;
    struct arena arena;           // carried values of the change under way
    struct value *values;         // the change's values with what was carried, TABLE_COLUMNS_MAX
    const struct change *current; // for the SQL functions
    int64_t newest_ts_ms;         // of the source's clock
    int64_t deletes;              // since the newest purge
    sqlite3_stmt *save;
};

static int load_tables(struct mirror *mirror, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *load = NULL;
    if (stmt_prepare(
            mirror->db,
            "select name, truncate_lsn, snapshot_lsn, snapshot_open, snapshot_marked, deleted_lsn from _tables",
            "_tables", &load, error) != 0)
        return -1;
    int row;
    while ((row = stmt_row(load, "_tables", error)) == 1) {
        const char *name = (const char *)sqlite3_column_text(load, 0);
        const struct table *table = catalog_table(mirror->catalog, name, strlen(name));
        if (table == NULL)
            continue;
        struct mirror_table *state = &mirror->tables[table->index];
        state->truncate_lsn = sqlite3_column_int64(load, 1);
        state->snapshot_lsn = sqlite3_column_int64(load, 2);
        state->snapshot_open = sqlite3_column_int(load, 3) != 0;
        state->snapshot_marked = sqlite3_column_int(load, 4) != 0;
        state->deleted_lsn = sqlite3_column_int64(load, 5);
        state->dirty = false;
    }
    return row;
}

static void init_tables(struct mirror *mirror) {
    for (int i = 0; i < mirror->catalog->table_count; i++) {
        struct mirror_table *state = &mirror->tables[i];
        state->table = &mirror->catalog->tables[i];
        state->db = mirror->db;
        state->truncate_lsn = state->snapshot_lsn = state->deleted_lsn = LSN_NONE;
        state->snapshot_open = state->snapshot_marked = state->dirty = false;
        state->has_toastable = false;
        for (int c = 0; c < state->table->column_count; c++)
            state->has_toastable |= column_type_toastable(state->table->columns[c].type);
    }
}

int mirror_open(struct mirror **ret, sqlite3 *db, const struct catalog *catalog, struct error *error) {
    CLEANUP(mirror_close) struct mirror *mirror = calloc(1, sizeof *mirror);
    if (mirror != NULL) {
        mirror->db = db;
        mirror->catalog = catalog;
        mirror->tables = calloc((size_t)catalog->table_count, sizeof *mirror->tables);
        mirror->values = calloc(TABLE_COLUMNS_MAX, sizeof *mirror->values);
    }
    if (mirror == NULL || mirror->tables == NULL || mirror->values == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    init_tables(mirror);
    if (load_tables(mirror, error) != 0 || carry_open(&mirror->carry, db, error) != 0)
        return -1;
    if (stmt_prepare(
            db,
            "insert into _tables(name, truncate_lsn, snapshot_lsn, snapshot_open, snapshot_marked, deleted_lsn)"
            " values(:name, :truncate, :snapshot, :open, :marked, :deleted)"
            " on conflict(name) do update set truncate_lsn=excluded.truncate_lsn,"
            " snapshot_lsn=excluded.snapshot_lsn, snapshot_open=excluded.snapshot_open,"
            " snapshot_marked=excluded.snapshot_marked, deleted_lsn=excluded.deleted_lsn",
            "_tables", &mirror->save, error) != 0)
        return -1;
    *ret = mirror;
    mirror = NULL;
    return 0;
}

void mirror_close(struct mirror **mirror) {
    struct mirror *m = *mirror;
    if (m == NULL)
        return;
    if (m->tables != NULL)
        for (int i = 0; i < m->catalog->table_count; i++)
            mirror_table_finalize(&m->tables[i]);
    stmt_finalize(&m->save);
    carry_close(&m->carry);
    arena_free(&m->arena);
    free(m->tables);
    free(m->values);
    free(m);
    *mirror = NULL;
}

const struct change *const *mirror_current(const struct mirror *mirror) {
    return &mirror->current;
}

// A constraint of a view, a value too big: this change's fault. A statement that fails so undoes itself
// alone.
static int run(struct mirror_table *table, sqlite3_stmt *stmt, int *ret_changes, struct error *error) {
    int status = stmt_step(stmt, table->table->name, ret_changes, error);
    int code = status != 0 ? sqlite3_errcode(table->db) & 0xff : SQLITE_OK;
    if (code == SQLITE_CONSTRAINT || code == SQLITE_MISMATCH || code == SQLITE_TOOBIG)
        error->kind = ERROR_INPUT;
    return status;
}

// The LSN that the newest delete of the key left behind, LSN_NONE when there was none newer than `lsn` - 1.
static int deleted_lsn(struct mirror_table *table, const struct change *change, int64_t *ret,
                       struct error *error) {
    *ret = LSN_NONE;
    if (change->lsn > table->deleted_lsn)
        return 0;
    sqlite3_stmt *stmt = mirror_table_statement(table, STATEMENT_DELETED_LSN, error);
    if (stmt == NULL)
        return -1;
    mirror_bind_key(stmt, table->table, change->values);
    int row = stmt_row(stmt, table->table->name, error);
    if (row == 1) {
        *ret = sqlite3_column_int64(stmt, 0);
        (void)sqlite3_reset(stmt);
    }
    return row < 0 ? -1 : 0;
}

static bool has_missing(const struct table *table, const struct value *values) {
    for (int i = 0; i < table->column_count; i++)
        if (values[i].kind == VALUE_ABSENT || values[i].kind == VALUE_UNAVAILABLE)
            return true;
    return false;
}

static bool has_unavailable(const struct table *table, const struct value *values) {
    for (int i = 0; i < table->column_count; i++)
        if (values[i].kind == VALUE_UNAVAILABLE)
            return true;
    return false;
}

static void bind_keep_masks(sqlite3_stmt *stmt, const struct table *table, const struct value *values) {
    static const char *const names[] = {":keep0", ":keep1", ":keep2", ":keep3", ":keep4"};
    static_assert(sizeof names / sizeof *names * MIRROR_KEEP_BITS >= TABLE_COLUMNS_MAX,
                  "a mask for every column");
    for (int first = 0; first < table->column_count; first += MIRROR_KEEP_BITS) {
        int64_t mask = 0;
        for (int i = first; i < table->column_count && i < first + MIRROR_KEEP_BITS; i++)
            if (values[i].kind == VALUE_ABSENT || values[i].kind == VALUE_UNAVAILABLE)
                mask |= (int64_t)1 << (i - first);
        int index = sqlite3_bind_parameter_index(stmt, names[first / MIRROR_KEEP_BITS]);
        if (index > 0) // a group of key columns only has no mask in the statement
            (void)sqlite3_bind_int64(stmt, index, mask);
    }
}

static int upsert(struct mirror_table *table, enum mirror_upsert kind, const struct value *values,
                  int64_t position, int *ret_changes, struct error *error) {
    bool masked = has_missing(table->table, values);
    enum mirror_statement which = (enum mirror_statement)(
        (masked ? (int)STATEMENT_MASKED_STREAMED : (int)STATEMENT_UPSERT_STREAMED) + (int)kind);
    sqlite3_stmt *stmt = mirror_table_statement(table, which, error);
    if (stmt == NULL)
        return -1;
    for (int i = 0; i < table->table->column_count; i++)
        mirror_bind_value(stmt, i + 1, &values[i]);
    if (kind == UPSERT_STREAMED)
        (void)sqlite3_bind_int64(stmt, table->table->column_count + 1, position);
    if (kind == UPSERT_SNAPSHOT)
        (void)sqlite3_bind_int64(stmt, table->table->column_count + 1, position);
    if (masked)
        bind_keep_masks(stmt, table->table, values);
    return run(table, stmt, ret_changes, error);
}

// A change that a truncate had already outlived, when nothing told which would come first: its effects
// happen, its row does not stay.
static int bury(struct mirror_table *table, const struct change *change, struct error *error) {
    sqlite3_stmt *stmt = mirror_table_statement(table, STATEMENT_TRUNCATE_KEY, error);
    if (stmt == NULL)
        return -1;
    mirror_bind_key(stmt, table->table, change->values);
    stmt_bind_integer(stmt, ":lsn", table->truncate_lsn);
    return run(table, stmt, NULL, error);
}

static int apply_row(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                     int *ret_changes, struct error *error) {
    const struct value *values = change->values;
    bool unavailable = change->op == CHANGE_CREATE && has_unavailable(table->table, values);
    if (unavailable) {
        memcpy(mirror->values, values, (size_t)table->table->column_count * sizeof *values);
        arena_reset(&mirror->arena);
        if (carry_create(mirror->carry, change, mirror->values, &mirror->arena, error) != 0)
            return -1;
        values = mirror->values;
    }
    enum mirror_upsert kind = change->lsn == LSN_NONE ? UPSERT_FORCED : UPSERT_STREAMED;
    if (upsert(table, kind, values, change->lsn, ret_changes, error) != 0)
        return -1;
    if (*ret_changes == 0)
        return 0;
    if (unavailable && carry_await(mirror->carry, change, values, error) != 0)
        return -1;
    return carry_written(mirror->carry, change, values, error);
}

static int apply_streamed(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                          enum mirror_outcome *ret, struct error *error) {
    int64_t deleted;
    if (deleted_lsn(table, change, &deleted, error) != 0)
        return -1;
    bool dead = change->lsn != LSN_NONE && change->lsn < table->truncate_lsn;
    *ret = MIRROR_REPEATED;
    if (change->lsn != LSN_NONE && (change->lsn <= deleted || (dead && !change->unordered)))
        return 0;
    int changes = 0;
    if (apply_row(mirror, table, change, &changes, error) != 0)
        return -1;
    if (changes > 0)
        *ret = MIRROR_APPLIED;
    return changes > 0 && dead ? bury(table, change, error) : 0;
}

void mirror_mark_snapshot(struct mirror *mirror, const struct change *change) {
    struct mirror_table *table = &mirror->tables[change->table->index];
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

static int apply_snapshot(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                          enum mirror_outcome *ret, struct error *error) {
    bool full = change->snapshot == SNAPSHOT_FULL && change->lsn != LSN_NONE;
    *ret = MIRROR_REPEATED;
    if (full) {
        mirror_mark_snapshot(mirror, change);
        if (change->lsn < table->snapshot_lsn || change->lsn < table->truncate_lsn)
            return 0;
        int64_t deleted;
        if (deleted_lsn(table, change, &deleted, error) != 0)
            return -1;
        if (change->lsn < deleted)
            return 0;
    }
    int changes = 0;
    if (upsert(table, full ? UPSERT_SNAPSHOT : UPSERT_FORCED, change->values, change->lsn, &changes, error) !=
        0)
        return -1;
    if (changes == 0)
        return 0;
    *ret = MIRROR_APPLIED;
    return carry_written(mirror->carry, change, change->values, error);
}

static int note_deleted(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                        int *ret_changes, struct error *error) {
    sqlite3_stmt *note = mirror_table_statement(table, STATEMENT_NOTE_DELETED, error);
    if (note == NULL)
        return -1;
    mirror_bind_key(note, table->table, change->values);
    stmt_bind_integer(note, ":lsn", change->lsn);
    stmt_bind_integer(note, ":ts_ms", change->ts_ms);
    if (run(table, note, ret_changes, error) != 0)
        return -1;
    if (change->lsn > table->deleted_lsn) {
        table->deleted_lsn = change->lsn;
        table->dirty = true;
    }
    mirror->deletes++;
    return 0;
}

static int delete_row(struct mirror_table *table, const struct change *change, enum mirror_statement which,
                      int *ret_changes, struct error *error) {
    sqlite3_stmt *stmt = mirror_table_statement(table, which, error);
    if (stmt == NULL)
        return -1;
    mirror_bind_key(stmt, table->table, change->values);
    if (which == STATEMENT_DELETE)
        stmt_bind_integer(stmt, ":lsn", change->lsn);
    return run(table, stmt, ret_changes, error);
}

// Without a position (a tombstone alone, an event without lsn) the log's order is all there is.
static int apply_delete(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                        enum mirror_outcome *ret, struct error *error) {
    int deleted = 0;
    int noted = 0;
    if (change->op == CHANGE_TOMBSTONE || change->lsn == LSN_NONE) {
        if (delete_row(table, change, STATEMENT_DELETE_KEY, &deleted, error) != 0)
            return -1;
    } else if (change->lsn >= table->truncate_lsn) {
        if (carry_delete(mirror->carry, table, change, error) != 0 ||
            delete_row(table, change, STATEMENT_DELETE, &deleted, error) != 0 ||
            note_deleted(mirror, table, change, &noted, error) != 0)
            return -1;
    }
    *ret = deleted > 0 || noted > 0 ? MIRROR_APPLIED : MIRROR_REPEATED;
    return 0;
}

static int apply_truncate(struct mirror_table *table, const struct change *change, enum mirror_outcome *ret,
                          struct error *error) {
    *ret = MIRROR_REPEATED;
    if (change->lsn <= table->truncate_lsn)
        return 0;
    sqlite3_stmt *stmt = mirror_table_statement(table, STATEMENT_TRUNCATE, error);
    if (stmt == NULL)
        return -1;
    stmt_bind_integer(stmt, ":lsn", change->lsn);
    if (run(table, stmt, NULL, error) != 0)
        return -1;
    table->truncate_lsn = change->lsn;
    table->dirty = true;
    *ret = MIRROR_APPLIED;
    return 0;
}

// INTEGER PRIMARY KEY would invent a key for NULL: so it never gets one.
static int check_key(const struct change *change, struct error *error) {
    if (change->op == CHANGE_TRUNCATE)
        return 0;
    for (int i = 0; i < change->table->key_count; i++) {
        const struct column *column = &change->table->columns[change->table->keys[i]];
        enum value_kind kind = change->values[change->table->keys[i]].kind;
        if (kind == VALUE_ABSENT || kind == VALUE_NULL || kind == VALUE_UNAVAILABLE)
            return error_set(error, ERROR_INPUT, "table %s: key column %s has no value", change->table->name,
                             column->name);
    }
    return 0;
}

static int dispatch(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                    enum mirror_outcome *ret, struct error *error) {
    switch (change->op) {
    case CHANGE_CREATE:
    case CHANGE_UPDATE:
        return apply_streamed(mirror, table, change, ret, error);
    case CHANGE_READ:
        return apply_snapshot(mirror, table, change, ret, error);
    case CHANGE_DELETE:
    case CHANGE_TOMBSTONE:
        return apply_delete(mirror, table, change, ret, error);
    case CHANGE_TRUNCATE:
        return apply_truncate(table, change, ret, error);
    }
    return error_set(error, ERROR_INPUT, "unknown operation");
}

int mirror_apply(struct mirror *mirror, const struct change *change, enum mirror_outcome *ret,
                 struct error *error) {
    if (check_key(change, error) != 0)
        return -1;
    if (change->ts_ms > mirror->newest_ts_ms)
        mirror->newest_ts_ms = change->ts_ms;
    mirror->current = change;
    int status = dispatch(mirror, &mirror->tables[change->table->index], change, ret, error);
    mirror->current = NULL;
    return status;
}

int mirror_transaction_end(struct mirror *mirror, int64_t txid, struct error *error) {
    return carry_transaction_end(mirror->carry, txid, error);
}

int64_t mirror_snapshot_lsn(const struct mirror *mirror, const struct table *table) {
    return mirror->tables[table->index].snapshot_lsn;
}

int64_t mirror_snapshot_open(const struct mirror *mirror, const struct table *table, bool *ret_marked) {
    const struct mirror_table *state = &mirror->tables[table->index];
    *ret_marked = state->snapshot_marked;
    return state->snapshot_open ? state->snapshot_lsn : LSN_NONE;
}

int mirror_snapshot_sweep(struct mirror *mirror, const struct table *table, bool keep_open,
                          int64_t *ret_swept, struct error *error) {
    struct mirror_table *state = &mirror->tables[table->index];
    sqlite3_stmt *note = mirror_table_statement(state, STATEMENT_NOTE_SWEPT, error);
    sqlite3_stmt *sweep = mirror_table_statement(state, STATEMENT_SWEEP, error);
    if (note == NULL || sweep == NULL)
        return -1;
    stmt_bind_integer(note, ":snapshot", state->snapshot_lsn);
    stmt_bind_integer(note, ":ts_ms", mirror->newest_ts_ms);
    stmt_bind_integer(sweep, ":snapshot", state->snapshot_lsn);
    struct change swept = {.op = CHANGE_DELETE,
                           .snapshot = SNAPSHOT_FULL,
                           .table = table,
                           .lsn = state->snapshot_lsn,
                           .previous_commit = LSN_NONE,
                           .txid = -1};
    int noted = 0;
    int changes = 0;
    mirror->current = &swept;
    int status = run(state, note, &noted, error) != 0 || run(state, sweep, &changes, error) != 0 ? -1 : 0;
    mirror->current = NULL;
    if (status != 0)
        return -1;
    if (noted > 0 && state->deleted_lsn < state->snapshot_lsn)
        state->deleted_lsn = state->snapshot_lsn;
    state->snapshot_open = state->snapshot_marked = keep_open;
    state->dirty = true;
    *ret_swept = changes;
    return 0;
}

static int purge(struct mirror *mirror, struct error *error) {
    for (int i = 0; i < mirror->catalog->table_count; i++) {
        sqlite3_stmt *stmt = mirror_table_statement(&mirror->tables[i], STATEMENT_PURGE, error);
        if (stmt == NULL)
            return -1;
        stmt_bind_integer(stmt, ":before_ms", mirror->newest_ts_ms - MIRROR_DELETED_KEEP_MS);
        if (stmt_step(stmt, "purge", NULL, error) != 0)
            return -1;
    }
    mirror->deletes = 0;
    return carry_purge(mirror->carry, mirror->newest_ts_ms - MIRROR_CARRY_KEEP_MS, error);
}

int mirror_save(struct mirror *mirror, struct error *error) {
    for (int i = 0; i < mirror->catalog->table_count; i++) {
        struct mirror_table *state = &mirror->tables[i];
        if (!state->dirty)
            continue;
        stmt_bind_text(mirror->save, ":name", span_of(state->table->name));
        stmt_bind_integer(mirror->save, ":truncate", state->truncate_lsn);
        stmt_bind_integer(mirror->save, ":snapshot", state->snapshot_lsn);
        stmt_bind_integer(mirror->save, ":open", state->snapshot_open);
        stmt_bind_integer(mirror->save, ":marked", state->snapshot_marked);
        stmt_bind_integer(mirror->save, ":deleted", state->deleted_lsn);
        if (stmt_step(mirror->save, "_tables", NULL, error) != 0)
            return -1;
        state->dirty = false;
    }
    return mirror->deletes >= PURGE_EVERY_DELETES ? purge(mirror, error) : 0;
}

int mirror_reload(struct mirror *mirror, struct error *error) {
    init_tables(mirror);
    if (load_tables(mirror, error) != 0)
        return -1;
    return carry_reload(mirror->carry, error);
}
