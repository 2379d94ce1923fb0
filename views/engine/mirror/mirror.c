#include "views/engine/mirror/mirror.h"

#include "views/engine/mirror/accept.h"
#include "views/engine/mirror/bulk.h"
#include "views/engine/mirror/deferral.h"
#include "views/engine/mirror/deleted.h"
#include "views/engine/mirror/flush.h"
#include "views/engine/mirror/follows.h"
#include "views/engine/mirror/purge.h"
#include "views/engine/mirror/rows.h"
#include "views/engine/mirror/rules.h"
#include "views/engine/mirror/step_check.h"
#include "views/engine/row/column_type.h"
#include "views/engine/sqlite/engine_sql.h"

static int mirror_load_tables(struct mirror *mirror, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *load = NULL;
    if (engine_sql_prepare(mirror->db, "tables_load", &load, error) != 0)
        return -1;
    int row;
    while ((row = stmt_row(load, "_tables", error)) == 1) {
        const char *name = (const char *)sqlite3_column_text(load, 0);
        if (name == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        const struct table *table = catalog_table(mirror->catalog, name, strlen(name));
        if (table == NULL)
            continue;
        struct mirror_table *state = &mirror->tables[table->index];
        state->truncate_lsn = sqlite3_column_int64(load, 1);
        state->snapshot_lsn = sqlite3_column_int64(load, 2);
        state->snapshot_open = sqlite3_column_int(load, 3) != 0;
        state->snapshot_marked = sqlite3_column_int(load, 4) != 0;
        state->deleted_lsn = sqlite3_column_int64(load, 5);
        state->newest_known = sqlite3_column_type(load, 6) != SQLITE_NULL;
        state->newest_lsn = sqlite3_column_int64(load, 6);
        state->stale_before_ms = sqlite3_column_int64(load, 7);
        state->snapshot_ts_ms = sqlite3_column_int64(load, 8);
        state->has_chunks = sqlite3_column_int(load, 9) != 0;
        state->snapshot_commit = sqlite3_column_int64(load, 10);
        state->snapshot_ahead = sqlite3_column_int(load, 11) != 0;
        state->cut_ms = sqlite3_column_int64(load, 12);
        state->whole_lsn = sqlite3_column_int64(load, 13);
        state->left_out_lsn = sqlite3_column_int64(load, 14);
        state->dirty = false;
    }
    return row == 0 ? mirror_follows_load(mirror, error) : -1;
}

// `sql` is freed, NULL = out of memory.
static int mirror_read_integer(const struct mirror_table *table, char *sql, int64_t *ret,
                               struct error *error) {
    CLEANUP(stmt_free_text) char *text = sql;
    return text == NULL ? error_set(error, ERROR_SYSTEM, "out of memory")
                        : stmt_read_integer(table->db, text, table->table->name, ret, error);
}

// A file that did not keep it yet.
static int mirror_find_newest(struct mirror_table *table, struct error *error) {
    return mirror_read_integer(table, table_sql_newest_lsn(table->table), &table->newest_lsn, error);
}

static int mirror_find_rows(struct mirror_table *table, struct error *error) {
    int64_t has_rows = 0;
    int status = mirror_read_integer(table, table_sql_has_rows(table->table), &has_rows, error);
    table->has_rows = has_rows != 0;
    table->ghostless = false;
    return status;
}

static int mirror_choose_columns(struct mirror *mirror, struct mirror_table *table, struct error *error) {
    const struct delta_use *use = delta_uses(mirror->delta, table->table);
    size_t columns = (size_t)table->table->column_count;
    table->recalled = calloc(columns, sizeof *table->recalled);
    table->recalled_deleted = calloc(columns, sizeof *table->recalled_deleted);
    table->unmarked = calloc(columns, sizeof *table->unmarked);
    if (table->recalled == NULL || table->recalled_deleted == NULL || table->unmarked == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (size_t c = 0; c < columns; c++) {
        table->recalled[c] = use->used[c];
        table->has_looked_up |= use->looked_up[c];
        table->unmarked[c] = table->table->columns[c].unmarked && table->table->columns[c].generated == NULL;
        table->has_unmarked |= table->unmarked[c];
        table->recalled_deleted[c] = use->used[c] || column_type_toastable(table->table->columns[c].type);
    }
    table->looked_up = use->looked_up;
    table->may_overtake = !use->has_steps;
    return 0;
}

static int mirror_learn_tables(struct mirror *mirror, struct error *error) {
    bool resolves;
    mirror->in_order_count = 0;
    if (mirror_deferral_resolves(mirror->db, &resolves, error) != 0)
        return -1;
    for (int i = 0; i < mirror->catalog->table_count; i++) {
        struct mirror_table *table = &mirror->tables[i];
        if ((!table->newest_known && mirror_find_newest(table, error) != 0) ||
            mirror_find_rows(table, error) != 0 || mirror_deleted_load(table, error) != 0 ||
            mirror_deferral_find(table, error) != 0)
            return -1;
        table->has_conflict_clauses = resolves;
        if (table->in_order)
            mirror->in_order[mirror->in_order_count++] = table;
        if (table->recalled == NULL && mirror_choose_columns(mirror, table, error) != 0)
            return -1;
    }
    return 0;
}

static void mirror_init_tables(struct mirror *mirror) {
    for (int i = 0; i < mirror->catalog->table_count; i++) {
        struct mirror_table *state = &mirror->tables[i];
        state->table = &mirror->catalog->tables[i];
        state->db = mirror->db;
        lsn_bounds_done(&state->bounds);
        state->stale_before_ms = state->snapshot_ts_ms = state->cut_ms = 0;
        state->truncate_lsn = state->snapshot_lsn = state->deleted_lsn = state->newest_lsn = LSN_NONE;
        state->snapshot_commit = state->whole_lsn = state->left_out_lsn = LSN_NONE;
        state->newest_known = false;
        state->snapshot_open = state->snapshot_marked = state->snapshot_ahead = false;
        state->has_chunks = state->dirty = false;
        state->has_toastable = false;
        for (int c = 0; c < state->table->column_count; c++)
            state->has_toastable |= column_type_toastable(state->table->columns[c].type);
    }
}

static int mirror_register_pending(struct mirror *mirror, struct error *error) {
    for (int i = 0; i < mirror->catalog->table_count; i++)
        if (pending_vtab_register(mirror->db, &mirror->catalog->tables[i], &mirror->tables[i].pending,
                                  error) != 0)
            return -1;
    return 0;
}

static int mirror_make_batches(struct mirror *mirror, struct error *error) {
    int statements = delta_statements(mirror->delta);
    for (int i = 0; i < 2; i++)
        if (delta_batch_new(&mirror->batches[i], mirror->catalog, statements, error) != 0)
            return -1;
    mirror->accepting = mirror->batches[0];
    delta_set_batch(mirror->delta, mirror->accepting);
    return 0;
}

int mirror_open(struct mirror **ret, sqlite3 *db, const struct catalog *catalog,
                const struct mirror_owner *owner, struct error *error) {
    CLEANUP(mirror_close) struct mirror *mirror = calloc(1, sizeof *mirror);
    if (mirror != NULL) {
        mirror->db = db;
        mirror->catalog = catalog;
        mirror->owner = *owner;
        mirror->tables = calloc((size_t)catalog->table_count, sizeof *mirror->tables);
        mirror->in_order = calloc((size_t)catalog->table_count, sizeof(struct mirror_table *));
        mirror->values = calloc(TABLE_COLUMNS_MAX, sizeof *mirror->values);
    }
    if (mirror == NULL || mirror->tables == NULL || mirror->in_order == NULL || mirror->values == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (generated_open(&mirror->generated, catalog, error) != 0)
        return -1;
    mirror_init_tables(mirror);
    if (mirror_register_pending(mirror, error) != 0 || mirror_load_tables(mirror, error) != 0 ||
        toast_carry_open(&mirror->carry, db, catalog, error) != 0 ||
        delta_open(&mirror->delta, db, catalog, error) != 0 || mirror_make_batches(mirror, error) != 0 ||
        mirror_learn_tables(mirror, error) != 0 || mirror_purge_load(mirror, error) != 0)
        return -1;
    if (engine_sql_prepare(db, "tables_set", &mirror->save, error) != 0 ||
        engine_sql_prepare(db, "quarantine_discarded", &mirror->discarded, error) != 0)
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
    stmt_finalize(&m->discarded);
    toast_carry_close(&m->carry);
    delta_close(&m->delta);
    for (int i = 0; i < 2; i++)
        delta_batch_free(&m->batches[i]);
    arena_free(&m->arena);
    free(m->tables);
    free(m->in_order);
    generated_close(&m->generated);
    free(m->values);
    free(m);
    *mirror = NULL;
}

const struct change *const *mirror_current(const struct mirror *mirror) {
    return &mirror->current;
}

void mirror_mark_snapshot(struct mirror *mirror, const struct change *change) {
    mirror_bulk_mark_snapshot(&mirror->tables[change->table->index], change);
}

// INTEGER PRIMARY KEY would invent a key for NULL: so it never gets one.
static int mirror_check_key(const struct change *change, struct error *error) {
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

// Statements that look up rows of this table see it as it was before the change. They run now, unless the
// change leaves what they look up as it is.
static int mirror_run_readers(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                              struct error *error) {
    bool same = false;
    if (mirror_begin_write(mirror, error) != 0)
        return -1;
    if (change->op == CHANGE_UPDATE && mirror_looks_same(mirror, table, change, &same, error) != 0)
        return -1;
    return same ? 0 : delta_run_readers(mirror->delta, table->table, mirror_make_ready, mirror, error);
}

void mirror_set_writing(struct mirror *mirror, enum writing writing) {
    mirror->writing = writing;
}

static int mirror_write_now(struct mirror *mirror, struct error *error) {
    return mirror_begin_write(mirror, error) != 0 ? -1 : mirror_flush_all(mirror, error);
}

static void mirror_note_chunk(struct mirror_table *table, const struct change *read) {
    if (table->has_chunks || mirror_upsert_of(read) != UPSERT_FORCED)
        return;
    table->has_chunks = true;
    table->dirty = true;
}

static int mirror_apply_checked(struct mirror *mirror, const struct change *change, enum mirror_outcome *ret,
                                struct error *error) {
    mirror_purge_note_time(mirror, change->ts_ms);
    struct mirror_table *table = &mirror->tables[change->table->index];
    if ((delta_awaits(mirror->delta, mirror->accepting, change->table) &&
         mirror_run_readers(mirror, table, change, error) != 0) ||
        (delta_is_full(mirror->accepting) && mirror_write_now(mirror, error) != 0))
        return -1;
    int status = mirror_may_defer(mirror, table, change)
                     ? mirror_accept(mirror, table, change, ret, error)
                     : mirror_rules_apply(mirror, table, change, ret, error);
    if (status == 0 && table->has_chunks && *ret == MIRROR_REPEATED)
        status = mirror_rules_write_again(mirror, table, change, error);
    if (change->op == CHANGE_READ)
        mirror_note_chunk(table, change);
    if (status == 0 && change_is_row(change) && *ret == MIRROR_APPLIED &&
        (table->ghostless || !table->has_rows))
        mirror_bulk_note_row(table, change);
    return status == 0 && mirror->writing == WRITING_SINGLY ? mirror_write_now(mirror, error) : status;
}

int mirror_apply(struct mirror *mirror, const struct change *change, enum mirror_outcome *ret,
                 struct error *error) {
    if (change->packed.row != NULL) {
        mirror->unsure = mirror->lacked = mirror->made = false;
        return mirror_apply_checked(mirror, change, ret, error);
    }
    if (mirror_check_key(change, error) != 0)
        return -1;
    bool row = change_is_row(change);
    struct change computed;
    if (row && change->table->has_generated) {
        computed = *change;
        if (generated_compute(mirror->generated, change, &computed.values, error) != 0)
            return -1;
        change = &computed;
    }
    mirror->made = false;
    mirror->unsure = mirror->tables[change->table->index].has_unmarked && mirror_may_be_unchanged(change);
    mirror->lacked = row && (mirror->unsure || mirror_lacks_values(change->table, change->values));
    return mirror_apply_checked(mirror, change, ret, error);
}

bool mirror_has_key(const struct change *change) {
    return change->op != CHANGE_TRUNCATE && mirror_check_key(change, NULL) == 0;
}

bool mirror_is_plain(const struct change *change) {
    return change_is_row(change) && !change->table->has_generated && mirror_check_key(change, NULL) == 0 &&
           !mirror_may_be_unchanged(change) && !mirror_lacks_values(change->table, change->values);
}

bool mirror_lacked(const struct mirror *mirror) {
    return mirror->lacked;
}

bool mirror_made(const struct mirror *mirror) {
    return mirror->made;
}

struct store_astray mirror_take_astray(struct mirror *mirror, const struct table *table) {
    struct mirror_table *state = &mirror->tables[table->index];
    struct store_astray astray = mirror_follows_take(mirror, state);
    astray.deletes += state->accepted.deletes;
    astray.deletes_again += state->accepted.deletes_again;
    state->accepted = (struct store_astray){0};
    return astray;
}

void mirror_keep_astray(struct mirror *mirror, const struct table *table, bool keep) {
    mirror->tables[table->index].follows_kept = keep;
}

const struct table *mirror_take_lost(struct mirror *mirror) {
    const char *name = toast_carry_take_lost(mirror->carry);
    return name != NULL ? catalog_table(mirror->catalog, name, strlen(name)) : NULL;
}

int mirror_transaction_end(struct mirror *mirror, int64_t txid, struct error *error) {
    for (int i = 0; i < mirror->catalog->table_count; i++) {
        if (!mirror->tables[i].has_toastable)
            continue;
        // A transaction's rows come together, so they are the newest of their lists.
        struct delta_list *list = delta_list(mirror->accepting, &mirror->catalog->tables[i]);
        for (int s = list->count - 1; s >= 0 && list->steps[s].txid == txid; s--)
            list->steps[s].ended = true;
    }
    if (!toast_carry_has_rows(mirror->carry))
        return 0;
    return mirror_begin_write(mirror, error) != 0 ? -1
                                                  : toast_carry_transaction_end(mirror->carry, txid, error);
}

static void mirror_raise(int64_t *position, int64_t to) {
    if (to > *position)
        *position = to;
}

int mirror_take_guards(struct mirror *mirror, const struct table *table, const struct mirror_guards *guards,
                       struct error *error) {
    struct mirror_table *state = &mirror->tables[table->index];
    if (mirror_deleted_load(state, error) != 0)
        return -1;
    mirror_raise(&state->deleted_lsn, guards->deleted_lsn);
    mirror_raise(&state->newest_lsn, guards->deleted_lsn);
    mirror_raise(&state->truncate_lsn, guards->truncate_lsn);
    mirror_raise(&state->stale_before_ms, guards->stale_before_ms);
    state->has_chunks |= guards->has_chunks;
    lsn_bounds_done(&state->bounds); // each key may have as new a one
    state->dirty = true;
    return 0;
}

int mirror_reload_carried(struct mirror *mirror, struct error *error) {
    return mirror_begin_write(mirror, error) != 0 ? -1
                                                  : toast_carry_reload(mirror->carry, mirror->catalog, error);
}

struct store_snapshot mirror_snapshot(const struct mirror *mirror, const struct table *table) {
    const struct mirror_table *state = &mirror->tables[table->index];
    return (struct store_snapshot){.lsn = state->snapshot_lsn,
                                   .open = state->snapshot_open,
                                   .marked = state->snapshot_marked,
                                   .ahead = state->snapshot_ahead,
                                   .whole_lsn = state->whole_lsn,
                                   .cut_ms = state->cut_ms,
                                   .left_out_lsn = state->left_out_lsn};
}

bool mirror_note_streamed(struct mirror *mirror, int64_t commit, bool *ret_more) {
    bool some = false;
    *ret_more = false;
    for (int i = 0; i < mirror->catalog->table_count; i++) {
        struct mirror_table *state = &mirror->tables[i];
        if (!state->snapshot_open || state->snapshot_ahead || state->snapshot_commit == LSN_NONE)
            continue;
        if (state->snapshot_commit == commit)
            some = state->snapshot_ahead = state->dirty = true;
        else
            *ret_more = true;
    }
    return some;
}

void mirror_raise_cut(struct mirror *mirror, const struct table *table, int64_t ms) {
    struct mirror_table *state = &mirror->tables[table->index];
    if (ms <= state->cut_ms)
        return;
    state->cut_ms = ms;
    state->dirty = true;
}

int mirror_has_unnamed(struct mirror *mirror, const struct table *table, int64_t snapshot_lsn, int64_t below,
                       bool *ret, struct error *error) {
    return mirror_bulk_has_unnamed(mirror, table, snapshot_lsn, below, ret, error);
}

void mirror_set_left_out(struct mirror *mirror, const struct table *table, int64_t lsn) {
    struct mirror_table *state = &mirror->tables[table->index];
    state->dirty |= state->left_out_lsn != lsn;
    state->left_out_lsn = lsn;
}

int mirror_snapshot_sweep(struct mirror *mirror, const struct table *table, bool whole, bool keep_open,
                          int64_t *ret_swept, struct error *error) {
    int status = mirror_bulk_sweep(mirror, table, whole, keep_open, ret_swept, error);
    return status == 0 && mirror->writing == WRITING_SINGLY ? mirror_write_now(mirror, error) : status;
}

void mirror_expect(const struct mirror *mirror, const struct change *change, int ahead) {
    mirror_accept_expect(mirror, &mirror->tables[change->table->index], change, ahead);
}

bool mirror_has_enough(const struct mirror *mirror) {
    return delta_has_enough(mirror->accepting);
}

static int mirror_save_tables(struct mirror *mirror, struct error *error) {
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
        stmt_bind_integer(mirror->save, ":newest", state->newest_lsn);
        stmt_bind_integer(mirror->save, ":stale_before_ms", state->stale_before_ms);
        stmt_bind_integer(mirror->save, ":snapshot_ts_ms", state->snapshot_ts_ms);
        stmt_bind_integer(mirror->save, ":has_chunks", state->has_chunks);
        stmt_bind_integer(mirror->save, ":snapshot_commit", state->snapshot_commit);
        stmt_bind_integer(mirror->save, ":snapshot_ahead", state->snapshot_ahead);
        stmt_bind_integer(mirror->save, ":cut_ms", state->cut_ms);
        stmt_bind_integer(mirror->save, ":whole", state->whole_lsn);
        stmt_bind_integer(mirror->save, ":left_out", state->left_out_lsn);
        if (stmt_step(mirror->save, "_tables", NULL, error) != 0)
            return -1;
        state->dirty = false;
    }
    return 0;
}

int mirror_hand_over(struct mirror *mirror, struct error *error) {
    if (mirror_begin_write(mirror, error) != 0 || mirror_save_tables(mirror, error) != 0)
        return -1;
    for (int i = 0; i < mirror->catalog->table_count; i++)
        step_check(delta_list(mirror->accepting, &mirror->catalog->tables[i]));
    mirror->written_ts_ms = mirror->newest_ts_ms;
    mirror->written_untimed = mirror->untimed;
    mirror->accepting = mirror->batches[mirror->accepting == mirror->batches[0]];
    return 0;
}

int mirror_write(struct mirror *mirror, struct error *error) {
    return mirror_flush_all(mirror, error) != 0 || mirror_follows_keep(mirror, error) != 0
               ? -1
               : mirror_purge(mirror, error);
}

int mirror_reload(struct mirror *mirror, struct error *error) {
    for (int i = 0; i < 2; i++)
        delta_reset(mirror->batches[i]);
    delta_forget(mirror->delta);
    mirror_init_tables(mirror);
    if (mirror_load_tables(mirror, error) != 0 || mirror_learn_tables(mirror, error) != 0 ||
        mirror_purge_load(mirror, error) != 0)
        return -1;
    return toast_carry_reload(mirror->carry, mirror->catalog, error);
}
