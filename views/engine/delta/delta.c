#define SQLITE_ENABLE_PREUPDATE_HOOK // declares what the library has: CMakeLists.txt checks that it does
#include "views/engine/delta/delta.h"

#include "views/engine/delta/as_of.h"
#include "views/engine/delta/dedup.h"
#include "views/engine/delta/exact_sums.h"
#include "views/engine/delta/net_changes.h"
#include "views/engine/delta/row_cache.h"
#include "views/engine/delta/sums.h"
#include "views/engine/delta/vtab.h"
#include "views/engine/row/table_sql.h"
#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/sqlite/sqlite_value.h"
#include "views/engine/sqlite/stmt.h"

enum { APPLY_STATEMENTS_MAX = 4096 };

struct delta_apply {
    char *view;
    char *name;
    char *file; // for messages: "analytics/apply.orders_by_status.sql"
    sqlite3_stmt *stmt;
    bool *uses;         // by table number: it sees changes of these
    bool *nets;         // by table number: net ones, of whole chains
    bool *past;         // by table number: it sees rows of these as they were at a change
    bool *reads;        // by table number: it looks up rows of these
    uint64_t *columns;  // by table number: net_changes_bit of those that it names, of T or of its changes
    uint64_t *compared; // by table number: of those that its view's statements name
};

struct delta_fired {
    const struct table *table;
    const char *trigger;
    uint64_t columns; // net_changes_bit of those of the table that the trigger sees
};

struct delta {
    sqlite3 *db;
    const struct catalog *catalog;
    struct delta_use *uses; // by table number
    struct delta_input input;
    struct row_cache *caches; // by table number
    struct dedup *once;
    struct exact_sums *exact;
    struct delta_batch *batch; // the current one
    struct delta_apply *applies;
    int apply_count;
    struct delta_apply *preparing;
    const struct table *watched; // by the hook
    const struct change *change; // that the watched writes belong to
    bool failed;                 // out of memory in the hook
};

int delta_statements(const struct delta *delta) {
    return delta->apply_count;
}

const struct delta_use *delta_uses(const struct delta *delta, const struct table *table) {
    return &delta->uses[table->index];
}

void delta_set_batch(struct delta *delta, struct delta_batch *batch) {
    delta->batch = batch;
    delta->input.lists = delta_lists(batch);
}

struct delta_batch *delta_current_batch(const struct delta *delta) {
    return delta->batch;
}

// --- what the rows were: SQLite's preupdate hook

typedef int (*preupdate_value)(sqlite3 *db, int column, sqlite3_value **ret);

// One row's columns that are used, the others VALUE_ABSENT. NULL = out of memory.
static struct packed_row *delta_keep_row(struct delta *delta, preupdate_value read) {
    const struct table *table = delta->watched;
    const struct delta_use *use = &delta->uses[table->index];
    struct value row[TABLE_COLUMNS_MAX];
    for (int i = 0; i < table->column_count; i++) {
        row[i] = (struct value){.kind = VALUE_ABSENT};
        sqlite3_value *value = NULL;
        if (use->used[i] && (read(delta->db, use->places[i], &value) != SQLITE_OK ||
                             sqlite_value_borrow(value, &row[i]) != SQLITE_OK))
            return NULL;
        // The hook shows whole numbers of a new row as they are stored, which is shorter.
        if (table->columns[i].type == COLUMN_REAL && row[i].kind == VALUE_INTEGER)
            row[i] = (struct value){.kind = VALUE_REAL, .real = (double)row[i].integer};
    }
    return delta_pack(delta->batch, table, row);
}

// A change may write other rows than its own. A delete gives its values to the other row of a key change. A
// row that an earlier truncate had deleted is written and deleted at once.
static enum change_op delta_op_of(const struct change *change, int op) {
    if (op == SQLITE_DELETE)
        return CHANGE_DELETE;
    return change->op == CHANGE_DELETE ? CHANGE_UPDATE : change->op;
}

static int delta_list_row(struct delta *delta, int op) {
    const struct packed_row *before = NULL;
    struct packed_row *after = NULL;
    if ((op != SQLITE_INSERT && (before = delta_keep_row(delta, sqlite3_preupdate_old)) == NULL) ||
        (op != SQLITE_DELETE && (after = delta_keep_row(delta, sqlite3_preupdate_new)) == NULL))
        return -1;
    struct delta_step *step = delta_add(delta->batch, delta->watched);
    if (step == NULL)
        return -1;
    delta_list(delta->batch, delta->watched)->has_joints = true;
    const struct change *change = delta->change;
    step->before = before;
    step->row = after;
    step->deleted = op == SQLITE_DELETE;
    step->ended = true;
    step->snapshot = change_is_snapshot(change);
    step->op = (uint8_t)delta_op_of(change, op);
    step->lsn = change->lsn;
    step->txid = change->txid;
    step->ts_ms = change->ts_ms;
    return 0;
}

static void delta_on_preupdate(void *self, sqlite3 *db, int op, const char *database, const char *name,
                               sqlite3_int64 old_rowid, sqlite3_int64 new_rowid) {
    (void)db, (void)database, (void)old_rowid, (void)new_rowid;
    struct delta *delta = self;
    // A user's triggers write tables of their own meanwhile.
    if (!delta->failed && strcmp(name, delta->watched->name) == 0)
        delta->failed = delta_list_row(delta, op) != 0;
}

void delta_watch(struct delta *delta, const struct table *table, const struct change *change) {
    delta->watched = table;
    delta->change = change;
    if (delta->uses[table->index].has_used)
        (void)sqlite3_preupdate_hook(delta->db, delta_on_preupdate, delta);
}

int delta_watch_end(struct delta *delta, struct error *error) {
    (void)sqlite3_preupdate_hook(delta->db, NULL, NULL);
    delta->watched = NULL;
    delta->change = NULL;
    return delta->failed ? error_set(error, ERROR_SYSTEM, "out of memory") : 0;
}

// --- the statements

// SQLite tells the name as the statement writes it, in any case, when no column of the table is read.
static const struct table *delta_find_table(const struct catalog *catalog, const char *name) {
    for (int i = 0; i < catalog->table_count; i++)
        if (sqlite3_stricmp(catalog->tables[i].name, name) == 0)
            return &catalog->tables[i];
    return NULL;
}

static int delta_note_read(void *self, int action, const char *name, const char *column, const char *database,
                           const char *trigger) {
    (void)database, (void)trigger;
    struct delta *delta = self;
    const struct table *table = action == SQLITE_READ ? delta_find_table(delta->catalog, name) : NULL;
    if (table == NULL)
        return SQLITE_OK;
    delta->preparing->reads[table->index] = true;
    int number = table_column(table, column, strlen(column));
    if (number >= 0) {
        delta->uses[table->index].looked_up[number] = true;
        delta->preparing->columns[table->index] |= net_changes_bit(number);
    }
    return SQLITE_OK;
}

static int delta_prepare_apply(struct delta *delta, struct delta_apply *apply, const char *sql,
                               struct error *error) {
    size_t tables = (size_t)delta->catalog->table_count;
    apply->uses = calloc(tables, sizeof *apply->uses);
    apply->nets = calloc(tables, sizeof *apply->nets);
    apply->past = calloc(tables, sizeof *apply->past);
    apply->reads = calloc(tables, sizeof *apply->reads);
    apply->columns = calloc(tables, sizeof *apply->columns);
    apply->compared = calloc(tables, sizeof *apply->compared);
    if (apply->uses == NULL || apply->nets == NULL || apply->past == NULL || apply->reads == NULL ||
        apply->columns == NULL || apply->compared == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    delta->preparing = apply;
    delta->input.named = apply->uses;
    delta->input.netted = apply->nets;
    delta->input.past = apply->past;
    delta->input.columns = apply->columns;
    (void)sqlite3_set_authorizer(delta->db, delta_note_read, delta);
    int status = stmt_prepare(delta->db, sql, apply->file, &apply->stmt, error);
    (void)sqlite3_set_authorizer(delta->db, NULL, NULL);
    delta->input.named = delta->input.netted = delta->input.past = NULL;
    delta->input.columns = NULL;
    delta->preparing = NULL;
    // A statement that sees the changes of a table finds their rows written when it runs, so looking up rows
    // of that table needs no earlier run.
    for (size_t i = 0; i < tables; i++)
        delta->uses[i].is_looked_up |= apply->reads[i] && !apply->uses[i];
    return status;
}

static int delta_load_applies(struct delta *delta, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(
            delta->db,
            "select view, name, view || '/apply.' || name || '.sql', sql from _applies order by view, name",
            "_applies", &stmt, error) != 0)
        return -1;
    int row;
    while ((row = stmt_row(stmt, "_applies", error)) == 1) {
        if (delta->apply_count == APPLY_STATEMENTS_MAX)
            return error_set(error, ERROR_INPUT, "more than %d apply statements", APPLY_STATEMENTS_MAX);
        struct delta_apply *grown = realloc(delta->applies, ((size_t)delta->apply_count + 1) * sizeof *grown);
        if (grown == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        delta->applies = grown;
        struct delta_apply *apply = &delta->applies[delta->apply_count++];
        *apply = (struct delta_apply){.view = stmt_copy_text(stmt, 0),
                                      .name = stmt_copy_text(stmt, 1),
                                      .file = stmt_copy_text(stmt, 2)};
        const char *sql = (const char *)sqlite3_column_text(stmt, 3);
        if (apply->view == NULL || apply->name == NULL || apply->file == NULL || sql == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        if (delta_prepare_apply(delta, apply, sql, error) != 0)
            return -1;
    }
    return row;
}

// A trigger's name is told with what it reads.
static int delta_note_fired(void *self, int action, const char *name, const char *column,
                            const char *database, const char *trigger) {
    (void)database;
    struct delta_fired *fired = self;
    if (action != SQLITE_READ || trigger == NULL || sqlite3_stricmp(trigger, fired->trigger) != 0 ||
        sqlite3_stricmp(name, fired->table->name) != 0)
        return SQLITE_OK;
    const int number = table_column(fired->table, column, strlen(column));
    if (number >= 0)
        fired->columns |= net_changes_bit(number);
    return SQLITE_OK;
}

// Which columns of the table the view's own triggers on it see. What does not prepare, the mirror tells, whose writes these are.
static int delta_find_fired(struct delta *delta, const char *view, const struct table *table, uint64_t *ret,
                            struct error *error) {
    struct delta_fired fired = {.table = table};
    CLEANUP(stmt_free_text) char *upsert = table_sql_upsert(table, UPSERT_STREAMED, false);
    CLEANUP(stmt_free_text) char *delete = table_sql_delete(table);
    CLEANUP(stmt_finalize) sqlite3_stmt *triggers = NULL;
    if (upsert == NULL || delete == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (engine_sql_prepare(delta->db, "triggers_of_view", &triggers, error) != 0)
        return -1;
    stmt_bind_text(triggers, ":view", span_of(view));
    stmt_bind_text(triggers, ":table", span_of(table->name));
    int row;
    while ((row = stmt_row(triggers, view, error)) == 1) {
        CLEANUP(stmt_finalize) sqlite3_stmt *writes = NULL;
        CLEANUP(stmt_finalize) sqlite3_stmt *deletes = NULL;
        fired.trigger = (const char *)sqlite3_column_text(triggers, 0);
        if (fired.trigger == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        (void)sqlite3_set_authorizer(delta->db, delta_note_fired, &fired);
        (void)sqlite3_prepare_v2(delta->db, upsert, -1, &writes, NULL);
        (void)sqlite3_prepare_v2(delta->db, delete, -1, &deletes, NULL);
        (void)sqlite3_set_authorizer(delta->db, NULL, NULL);
    }
    *ret = fired.columns;
    return row;
}

// The statement behind the last one of the view that `first` belongs to.
static int delta_view_end(const struct delta *delta, int first) {
    int end = first + 1;
    while (end < delta->apply_count && strcmp(delta->applies[end].view, delta->applies[first].view) == 0)
        end++;
    return end;
}

// All statements of a view see the same net changes, also by what one of them looks up in the table itself, adds up of it or is told
// of it one by one, and by what a trigger of the view sees: one deletes the rows that went and another inserts those that came, or finds which groups changed and computes
// them anew, of T or of what a statement before it, or a trigger, has made.
static int delta_compare_columns(struct delta *delta, int first, int end, int table, struct error *error) {
    uint64_t columns = 0, fired = 0;
    bool nets = false;
    for (int a = first; a < end; a++) {
        nets |= delta->applies[a].nets[table];
        if (delta->applies[a].uses[table])
            columns |= delta->applies[a].columns[table];
    }
    if (!nets)
        return 0;
    if (delta_find_fired(delta, delta->applies[first].view, &delta->catalog->tables[table], &fired, error) !=
        0)
        return -1;
    columns |= fired;
    for (int a = first; a < end; a++)
        delta->applies[a].compared[table] = columns;
    for (int c = 0; c < delta->catalog->tables[table].column_count; c++)
        delta->uses[table].used[c] |= (columns & net_changes_bit(c)) != 0;
    return 0;
}

static int delta_set_compared(struct delta *delta, struct error *error) {
    int end;
    for (int first = 0; first < delta->apply_count; first = end) {
        end = delta_view_end(delta, first);
        for (int i = 0; i < delta->catalog->table_count; i++)
            if (delta_compare_columns(delta, first, end, i, error) != 0)
                return -1;
    }
    return 0;
}

static int delta_make_uses(struct delta *delta, struct error *error) {
    size_t tables = (size_t)delta->catalog->table_count;
    delta->uses = calloc(tables, sizeof *delta->uses);
    delta->caches = calloc(tables, sizeof *delta->caches);
    if (delta->uses == NULL || delta->caches == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (size_t i = 0; i < tables; i++) {
        size_t columns = (size_t)delta->catalog->tables[i].column_count;
        delta->uses[i].used = calloc(columns, sizeof(bool));
        delta->uses[i].looked_up = calloc(columns, sizeof(bool));
        delta->uses[i].places = calloc(columns, sizeof(int));
        if (delta->uses[i].used == NULL || delta->uses[i].looked_up == NULL || delta->uses[i].places == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    delta->input.uses = delta->uses;
    delta->input.caches = delta->caches;
    return 0;
}

// Whether what SQLite says now is the statement's own fault, and neither the file's nor the machine's.
static bool delta_is_at_fault(sqlite3 *db, enum error_kind kind) {
    switch (sqlite3_errcode(db) & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_ERROR: // an overflow, what is no JSON: a function's complaint
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
        return true;
    case SQLITE_INTERRUPT: // it ran for longer than it may
        return kind != ERROR_RETRY;
    case SQLITE_CORRUPT: // of the index behind a table for searching, of which the file's own pages are well
        return sqlite3_extended_errcode(db) == SQLITE_CORRUPT_VTAB;
    default:
        return false;
    }
}

static int delta_blame(sqlite3 *db, const char *view, const char *file, const char *sql,
                       struct error *error) {
    enum error_kind kind;
    const char *says = stmt_says(db, &kind);
    if (!delta_is_at_fault(db, kind))
        return -1;
    (void)error_set(error, ERROR_VIEW, "view %s: %s:%d: %s", view, file,
                    stmt_line(sql, (size_t)(stmt_skip_blank(sql) - sql)), says);
    return error_blame(error, ERROR_VIEW, view);
}

// Every virtual table that a connection has; `module` says what they show.
static int delta_register_tables(sqlite3 *db, const struct catalog *catalog, struct delta_vtab module,
                                 struct error *error) {
    for (int i = 0; i < catalog->table_count; i++) {
        module.table = &catalog->tables[i];
        if (net_changes_register(db, &module, error) != 0 || delta_sums_register(db, &module, error) != 0 ||
            delta_as_of_register(db, &module, error) != 0)
            return -1;
    }
    return 0;
}

int delta_register(struct sqlite3 *db, const struct catalog *catalog, struct error *error) {
    const struct delta_vtab empty = {0};
    return delta_register_tables(db, catalog, empty, error) != 0 ? -1 : dedup_declare(db, error);
}

// Runs one apply statement over the whole mirror.
static int delta_fill_by(struct sqlite3 *db, const struct view *view, const struct apply_statement *apply,
                         struct dedup *once, struct exact_sums *exact, struct error *error) {
    exact_sums_begin(exact, view->name, apply->name, true);
    if (stmt_run(db, apply->sql, apply->file, error) != 0)
        return delta_blame(db, view->name, apply->file, apply->sql, error);
    return dedup_write(once, error) != 0 ? -1 : exact_sums_write(exact, error);
}

int delta_fill(struct sqlite3 *db, const struct catalog *catalog, const bool *views,
               bool (*passed)(const void *self, int view, const struct apply_statement *apply),
               const void *self, struct error *error) {
    CLEANUP(dedup_close) struct dedup *once = NULL;
    CLEANUP(exact_sums_close) struct exact_sums *exact = NULL;
    if (exact_sums_open(&exact, db, error) != 0)
        return -1;
    // Once for all: tables of fts5 and rtree keep statements open within a transaction, and then no function is defined.
    const struct delta_vtab everything = {.own = {.fill = true, .exact = exact}};
    if (delta_register_tables(db, catalog, everything, error) != 0 || dedup_open(&once, db, error) != 0)
        return -1;
    for (int v = 0; v < catalog->view_count; v++)
        for (int a = 0; views[v] && a < catalog->views[v].apply_count; a++)
            if (!passed(self, v, &catalog->views[v].applies[a]) &&
                delta_fill_by(db, &catalog->views[v], &catalog->views[v].applies[a], once, exact, error) != 0)
                return -1;
    return 0;
}

// A column that was added later stands behind the engine's own.
static int delta_find_places(struct delta *delta, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(delta->db, "table_columns", &stmt, error) != 0)
        return -1;
    for (int i = 0; i < delta->catalog->table_count; i++) {
        const struct table *table = &delta->catalog->tables[i];
        int row;
        stmt_bind_text(stmt, ":table", span_of(table->name));
        while ((row = stmt_row(stmt, table->name, error)) == 1) {
            const char *name = (const char *)sqlite3_column_text(stmt, 1);
            int column = name != NULL ? table_column(table, name, strlen(name)) : -1;
            if (column >= 0)
                delta->uses[i].places[column] = sqlite3_column_int(stmt, 0);
        }
        if (row < 0)
            return -1;
    }
    return 0;
}

int delta_open(struct delta **ret, struct sqlite3 *db, const struct catalog *catalog, struct error *error) {
    CLEANUP(delta_close) struct delta *delta = calloc(1, sizeof *delta);
    if (delta == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    delta->db = db;
    delta->catalog = catalog;
    const struct delta_vtab batches = {.input = &delta->input};
    if (delta_make_uses(delta, error) != 0 || delta_find_places(delta, error) != 0 ||
        delta_register_tables(db, catalog, batches, error) != 0 || dedup_open(&delta->once, db, error) != 0 ||
        exact_sums_open(&delta->exact, db, error) != 0 || delta_load_applies(delta, error) != 0 ||
        delta_set_compared(delta, error) != 0)
        return -1;
    delta->input.exact = delta->exact;
    *ret = delta;
    delta = NULL;
    return 0;
}

void delta_close(struct delta **delta) {
    struct delta *d = *delta;
    if (d == NULL)
        return;
    for (int i = 0; i < d->apply_count; i++) {
        stmt_finalize(&d->applies[i].stmt);
        free(d->applies[i].view);
        free(d->applies[i].name);
        free(d->applies[i].file);
        free(d->applies[i].uses);
        free(d->applies[i].nets);
        free(d->applies[i].past);
        free(d->applies[i].reads);
        free(d->applies[i].columns);
        free(d->applies[i].compared);
    }
    for (int i = 0; d->uses != NULL && i < d->catalog->table_count; i++) {
        free(d->uses[i].used);
        free(d->uses[i].looked_up);
        free(d->uses[i].places);
    }
    delta_forget(d);
    dedup_close(&d->once);
    exact_sums_close(&d->exact);
    free(d->caches);
    free(d->applies);
    free(d->uses);
    free(d);
    *delta = NULL;
}

// --- running the statements

static bool delta_has_news(const struct delta *delta, struct delta_batch *batch, int number) {
    const struct delta_list *lists = delta_lists(batch);
    const int *seen = delta_seen(batch, number);
    for (int i = 0; i < delta->catalog->table_count; i++)
        if (delta->applies[number].uses[i] && lists[i].count > seen[i])
            return true;
    return false;
}

static int delta_run_apply(struct delta *delta, int number, struct error *error) {
    const struct delta_apply *apply = &delta->applies[number];
    int *seen = delta_seen(delta->batch, number);
    delta->input.from = seen;
    delta->input.compared = apply->compared;
    exact_sums_begin(delta->exact, apply->view, apply->name, false);
    if (stmt_step(apply->stmt, apply->file, NULL, error) != 0)
        return delta_blame(delta->db, apply->view, apply->file, sqlite3_sql(apply->stmt), error);
    if (dedup_write(delta->once, error) != 0 || exact_sums_write(delta->exact, error) != 0)
        return -1;
    for (int i = 0; i < delta->catalog->table_count; i++)
        seen[i] = delta->input.lists[i].count;
    return 0;
}

static bool delta_looks_up(const struct delta_apply *apply, const struct table *table) {
    return apply->reads[table->index] && !apply->uses[table->index];
}

static bool delta_apply_awaits(const struct delta *delta, struct delta_batch *batch, int number,
                               const struct table *table) {
    return delta_looks_up(&delta->applies[number], table) && delta_has_news(delta, batch, number);
}

bool delta_awaits(const struct delta *delta, struct delta_batch *batch, const struct table *table) {
    if (!delta->uses[table->index].is_looked_up)
        return false;
    for (int a = 0; a < delta->apply_count; a++)
        if (delta_apply_awaits(delta, batch, a, table))
            return true;
    return false;
}

// Runs the statement now, before the commit.
static int delta_run_early(struct delta *delta, int number, delta_ready ready, void *self,
                           struct error *error) {
    const struct delta_apply *apply = &delta->applies[number];
    // A statement has seen the net of a chain: from then on the chain must not grow.
    for (int i = 0; i < delta->catalog->table_count; i++) {
        bool written = apply->nets[i] || apply->reads[i];
        if ((written || apply->uses[i] || apply->past[i]) &&
            ready(self, &delta->catalog->tables[i], written, error) != 0)
            return -1;
    }
    return delta_run_apply(delta, number, error);
}

int delta_run_readers(struct delta *delta, const struct table *table, delta_ready ready, void *self,
                      struct error *error) {
    int end;
    for (int first = 0; first < delta->apply_count; first = end) {
        bool awaits = false;
        end = delta_view_end(delta, first);
        for (int a = first; a < end; a++)
            awaits |= delta_apply_awaits(delta, delta->batch, a, table);
        for (int a = first; awaits && a < end; a++)
            if (delta_has_news(delta, delta->batch, a) && delta_run_early(delta, a, ready, self, error) != 0)
                return -1;
    }
    return 0;
}

int delta_run(struct delta *delta, struct error *error) {
    for (int a = 0; a < delta->apply_count; a++)
        if (delta_has_news(delta, delta->batch, a) && delta_run_apply(delta, a, error) != 0)
            return -1;
    for (int i = 0; i < delta->catalog->table_count; i++) {
        const struct delta_list *list = &delta->input.lists[i];
        row_cache_invalidate(&delta->caches[i], &delta->catalog->tables[i], list->steps, list->count);
    }
    delta_reset(delta->batch);
    return 0;
}

void delta_forget(struct delta *delta) {
    for (int i = 0; delta->caches != NULL && i < delta->catalog->table_count; i++)
        row_cache_clear(&delta->caches[i]);
    if (delta->once != NULL)
        dedup_forget(delta->once);
    if (delta->exact != NULL)
        exact_sums_forget(delta->exact);
}
