#include "views/engine/mirror/flush.h"

#include "views/base/bounds.h"
#include "views/base/fetch.h"
#include "views/engine/mirror/deleted.h"
#include "views/engine/mirror/follows.h"
#include "views/engine/mirror/key_order.h"
#include "views/engine/mirror/rows.h"
#include "views/engine/mirror/step_check.h"
#include "views/engine/row/key.h"

#include <limits.h>

// Fewer rows than this are written one by one: a statement over a virtual table has its own cost.
enum {
    TOGETHER_MIN = BOUND(4, 2),
    // As many pages at most, in a large file: below what the page cache (connection.sql) has of clean ones. SQLite lets
    // nine tenths of it be dirty before it writes any out.
    FLUSH_KEYS = BOUND(64, 4),
    WRITTEN_OUT_FROM = BOUND(2048, 8),
    EXPECTED_STEPS = 8, // places ahead, of which the step is asked for
    EXPECTED_ROWS = 4,  // and of which the row's first bytes, where its keys are
};

// --- what the rows were before their chains

// What the rows were before the chains whose first steps _pending_T shows, while that is still in the file.
static int mirror_flush_recall_shown(struct mirror *mirror, struct mirror_table *table,
                                     struct delta_list *list, struct error *error) {
    sqlite3_stmt *stmt = mirror_table_statement(table, STATEMENT_RECALL_PENDING, error);
    if (stmt == NULL)
        return -1;
    CLEANUP(stmt_reset) sqlite3_stmt *rows = stmt;
    int row;
    while ((row = stmt_row(rows, table->table->name, error)) == 1) {
        const struct packed_row *before = mirror_copy_row(mirror, table->table, rows, 1, table->recalled);
        if (before == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        list->steps[sqlite3_column_int(rows, 0)].before = before;
    }
    return row;
}

// Recalls the chains that began since the last time, without writing them.
static int mirror_flush_recall(struct mirror *mirror, struct mirror_table *table, struct error *error) {
    struct delta_list *list = delta_list(delta_current_batch(mirror->delta), table->table);
    int from = list->recalled;
    list->recalled = list->count;
    if (!delta_uses(mirror->delta, table->table)->has_used || from == list->count)
        return 0;
    if (pending_rows_begin(&table->pending, list->steps, list->count - from, error) != 0)
        return -1;
    for (int i = from; i < list->count; i++)
        if (list->steps[i].previous < 0 && list->steps[i].accepted)
            pending_rows_add(&table->pending, i);
    return mirror_flush_recall_shown(mirror, table, list, error);
}

// --- rows that the file cannot have

// New rows mostly have the highest keys, so that one look at the file answers for all of them.
static int mirror_flush_find_highest(struct mirror_table *table, struct error *error) {
    table->has_highest = false;
    if (table->table->columns[table->table->keys[0]].type != COLUMN_INTEGER)
        return 0;
    sqlite3_stmt *stmt = mirror_table_statement(table, STATEMENT_HIGHEST_KEY, error);
    if (stmt == NULL || stmt_row(stmt, table->table->name, error) != 1)
        return -1;
    CLEANUP(stmt_reset) sqlite3_stmt *row = stmt;
    int type = sqlite3_column_type(row, 0);
    table->has_highest = type == SQLITE_INTEGER || type == SQLITE_NULL;
    table->highest = type == SQLITE_INTEGER ? sqlite3_column_int64(row, 0) : INT64_MIN;
    return 0;
}

static bool mirror_flush_is_new(const struct mirror_table *table, const struct delta_step *step) {
    if (!table->has_highest)
        return false;
    struct value key = packed_row_value(step->row, table->table->keys[0]);
    return key.kind == VALUE_INTEGER && key.integer > table->highest;
}

// --- one step

// The change of a step that deletes. `values` gets the keys.
static struct change mirror_flush_delete_of(const struct table *table, const struct delta_step *step,
                                            struct value *values) {
    packed_row_key(step->row, table, values);
    return (struct change){.op = CHANGE_DELETE,
                           .table = table,
                           .values = values,
                           .lsn = step->lsn,
                           .previous_commit = LSN_NONE,
                           .txid = step->txid,
                           .ts_ms = step->ts_ms};
}

static int mirror_flush_error_not_newer(const struct mirror_table *table, struct error *error) {
    return error_set(error, ERROR_STORE,
                     "table %s: a change was accepted, and the row that it is for is newer",
                     table->table->name);
}

// A key change may carry the deleted row's values to another row: *ret is that row as it was before the step,
// NULL = nothing may be carried.
static int mirror_flush_find_carried(struct mirror *mirror, struct mirror_table *table,
                                     const struct delta_list *list, const struct delta_step *step,
                                     const struct change *change, const struct packed_row **ret,
                                     struct error *error) {
    *ret = NULL;
    if (step->ended || !table->has_toastable || (step->previous < 0 && mirror_flush_is_new(table, step)))
        return 0;
    if (step->previous < 0)
        return mirror_recall_deleted(mirror, table, change, ret, error);
    const struct delta_step *previous = &list->steps[step->previous];
    *ret = previous->deleted ? NULL : previous->row;
    return 0;
}

// The row only: what the delete leaves behind is noted by the caller.
static int mirror_flush_delete_pending(struct mirror *mirror, struct mirror_table *table,
                                       const struct delta_list *list, const struct delta_step *step,
                                       struct error *error) {
    struct value key[TABLE_COLUMNS_MAX];
    const struct change change = mirror_flush_delete_of(table->table, step, key);
    const struct packed_row *old;
    int deleted = 0;
    if (mirror_flush_find_carried(mirror, table, list, step, &change, &old, error) != 0 ||
        (!mirror_flush_is_new(table, step) &&
         mirror_delete_row(table, &change, STATEMENT_DELETE, &deleted, error) != 0))
        return -1;
    // Where a chain is written step by step, acceptance has counted each delete of nothing but the first.
    bool found_none = table->in_order ? step->previous < 0 : list->steps[step->first].deleted;
    if (deleted == 0 && found_none && mirror_count_astray(table, &change, error) != 0)
        return -1;
    return old != NULL ? toast_carry_delete(mirror->carry, table, &change, old, error) : 0;
}

static int mirror_flush_write_deleted(struct mirror *mirror, struct mirror_table *table,
                                      const struct delta_list *list, const struct delta_step *step,
                                      struct error *error) {
    struct value key[TABLE_COLUMNS_MAX];
    const struct change change = mirror_flush_delete_of(table->table, step, key);
    if (mirror_flush_delete_pending(mirror, table, list, step, error) != 0)
        return -1;
    return mirror_note_delete(table, &change, NULL, error);
}

static int mirror_flush_write_row(struct mirror_table *table, const struct delta_step *step,
                                  struct error *error) {
    struct value values[TABLE_COLUMNS_MAX];
    packed_row_values(step->row, table->table->column_count, values);
    enum mirror_upsert kind = (enum mirror_upsert)step->upsert;
    int changes = 0;
    int status =
        table->in_order && !table->has_conflict_clauses
            ? mirror_write_row(table, kind, step->op == CHANGE_UPDATE, values, step->lsn, &changes, error)
            : mirror_upsert(table, kind, values, step->lsn, &changes, error);
    if (status != 0)
        return -1;
    return changes == 0 ? mirror_flush_error_not_newer(table, error) : 0;
}

// Writes the newest step of a chain: the row as all of it left it.
static int mirror_flush_write_chain(struct mirror *mirror, struct mirror_table *table,
                                    struct delta_list *list, int number, struct error *error) {
    struct delta_step *step = &list->steps[number];
    bool whole = !table->in_order || step->previous < 0; // else its first step was written before
    if (whole && mirror_follows_look_step(table, &list->steps[step->first], step, error) != 0)
        return -1;
    int status = step->deleted ? mirror_flush_write_deleted(mirror, table, list, step, error)
                               : mirror_flush_write_row(table, step, error);
    step->pending = false;
    return status;
}

// No single event is at fault for what was accepted.
static int mirror_flush_blame_none(int status, struct error *error) {
    if (status != 0 && error != NULL && error->kind == ERROR_INPUT)
        error->kind = ERROR_STORE;
    return status;
}

// --- one by one, in their order

// A view refuses a change that was accepted long ago: only a caller that goes back can say which. SQLite may have undone
// the transaction already.
static int mirror_flush_blame_table(int status, const struct mirror_table *table, struct error *error) {
    if (status == 0 || error == NULL)
        return status;
    bool undone = sqlite3_get_autocommit(table->db) != 0;
    bool refused =
        error->kind == ERROR_INPUT || (undone && (sqlite3_errcode(table->db) & 0xff) == SQLITE_CONSTRAINT);
    return refused ? error_blame(error, ERROR_REFUSED, table->table->name) : status;
}

static int mirror_flush_write_step(struct mirror *mirror, struct mirror_table *table, struct delta_list *list,
                                   int number, struct error *error) {
    const struct delta_step *step = &list->steps[number];
    const struct change change = {.op = (enum change_op)step->op,
                                  .table = table->table,
                                  .lsn = step->lsn,
                                  .previous_commit = LSN_NONE,
                                  .txid = step->txid,
                                  .ts_ms = step->ts_ms};
    mirror->current = &change; // for the triggers
    int status = mirror_flush_write_chain(mirror, table, list, number, error);
    mirror->current = NULL;
    return mirror_flush_blame_table(status, table, error);
}

// The list's first step that is pending, NULL = none is.
static const struct delta_step *mirror_flush_next(struct delta_list *list) {
    for (; list->pending.count > 0 && list->written < list->count; list->written++)
        if (list->steps[list->written].pending)
            return &list->steps[list->written];
    return NULL;
}

// The table whose next step was accepted before those of all others, NULL = none has any. *ret_until: the number of the
// next step of another.
static struct mirror_table *mirror_flush_first_of_all(struct mirror *mirror, int *ret_until) {
    struct mirror_table *first = NULL;
    int least = INT_MAX;
    *ret_until = INT_MAX;
    for (int i = 0; i < mirror->in_order_count; i++) {
        struct mirror_table *table = mirror->in_order[i];
        const struct delta_step *next =
            mirror_flush_next(delta_list(delta_current_batch(mirror->delta), table->table));
        if (next == NULL)
            continue;
        if (next->number < least) {
            *ret_until = least;
            least = next->number;
            first = table;
        } else if (next->number < *ret_until) {
            *ret_until = next->number;
        }
    }
    return first;
}

// Those of the table's steps that were accepted before the one of number `until`.
static int mirror_flush_run(struct mirror *mirror, struct mirror_table *table, int until,
                            struct error *error) {
    struct delta_list *list = delta_list(delta_current_batch(mirror->delta), table->table);
    const struct delta_step *step;
    while ((step = mirror_flush_next(list)) != NULL && step->number < until)
        if (mirror_flush_write_step(mirror, table, list, list->written, error) != 0)
            return -1;
    return 0;
}

static void mirror_flush_end(struct delta_list *list) {
    newest_clear(&list->pending);
    list->written = list->count;
    list->has_reads = false;
    step_check(list);
}

// Everything that is pending of the tables whose changes views see one by one. What the rows were is read before.
static int mirror_flush_in_order(struct mirror *mirror, struct error *error) {
    struct delta_batch *batch = delta_current_batch(mirror->delta);
    for (int i = 0; i < mirror->in_order_count; i++)
        if (delta_list(batch, mirror->in_order[i]->table)->pending.count > 0 &&
            mirror_flush_recall(mirror, mirror->in_order[i], error) != 0)
            return -1;
    for (int i = 0; i < mirror->in_order_count; i++)
        mirror_follows_begin(mirror->in_order[i]);
    struct mirror_table *table;
    int until;
    while ((table = mirror_flush_first_of_all(mirror, &until)) != NULL)
        if (mirror_flush_run(mirror, table, until, error) != 0)
            return -1;
    for (int i = 0; i < mirror->in_order_count; i++)
        if (delta_list(batch, mirror->in_order[i]->table)->pending.count > 0)
            mirror_flush_end(delta_list(batch, mirror->in_order[i]->table));
    return 0;
}

// --- one key

int64_t mirror_flush_pending_lsn(const struct mirror *mirror, const struct mirror_table *table,
                                 const struct change *change) {
    const struct delta_list *list = delta_list(mirror->accepting, table->table);
    int step = newest_find(&list->pending, list->steps, key_hash_of_change(change), change);
    return step >= 0 && list->steps[step].pending ? list->steps[step].lsn : LSN_NONE;
}

int mirror_flush_key(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                     struct error *error) {
    if (table->in_order)
        return mirror_flush_in_order(mirror, error);
    struct delta_list *list = delta_list(delta_current_batch(mirror->delta), table->table);
    int step = newest_find(&list->pending, list->steps, key_hash(table->table, change->values), change);
    if (step < 0 || !list->steps[step].pending)
        return 0;
    if (mirror_flush_recall(mirror, table, error) != 0)
        return -1;
    list->has_joints = true; // what is accepted of the key from now on begins another chain
    return mirror_flush_blame_none(mirror_flush_write_chain(mirror, table, list, step, error), error);
}

// --- many at once

// The pending steps in the order of their keys; returns how many. `places` has room for twice as many. The list is read from
// its beginning, as it lies in memory.
static int mirror_flush_sort_pending(const struct mirror_table *table, const struct delta_list *list,
                                     struct key_place *places) {
    int count = 0;
    for (int number = list->written; number < list->count; number++) {
        const struct delta_step *step = &list->steps[number];
        if (number + EXPECTED_ROWS < list->count && step[EXPECTED_ROWS].last)
            fetch_soon(step[EXPECTED_ROWS].row, 1);
        if (!step->pending || !step->last)
            continue;
        places[count++] = key_place_of(table->table, list->steps, number);
    }
    key_order_sort(table->table, list->steps, places, count);
    return count;
}

// Recalls those of the keys' chains that began since the last time.
static int mirror_flush_recall_keys(struct mirror *mirror, struct mirror_table *table,
                                    struct delta_list *list, const struct key_place *places, int count,
                                    struct error *error) {
    if (!delta_uses(mirror->delta, table->table)->has_used)
        return 0;
    if (pending_rows_begin(&table->pending, list->steps, count, error) != 0)
        return -1;
    for (int i = 0; i < count; i++) {
        if (i + EXPECTED_STEPS < count)
            fetch_soon(&list->steps[places[i + EXPECTED_STEPS].step], sizeof *list->steps);
        if (i + EXPECTED_ROWS < count)
            fetch_soon(list->steps[places[i + EXPECTED_ROWS].step].row, 1);
        int first = list->steps[places[i].step].first;
        if (first >= list->recalled && !mirror_flush_is_new(table, &list->steps[places[i].step]))
            pending_rows_add(&table->pending, first);
    }
    return table->pending.count > 0 ? mirror_flush_recall_shown(mirror, table, list, error) : 0;
}

// _pending_T then shows those of the keys whose row is deleted, or those whose row is written in this way.
static int mirror_flush_show(struct mirror_table *table, const struct delta_list *list,
                             const struct key_place *places, int count, bool deleted, int kind,
                             struct error *error) {
    if (pending_rows_begin(&table->pending, list->steps, count, error) != 0)
        return -1;
    for (int i = 0; i < count; i++) {
        const struct delta_step *step = &list->steps[places[i].step];
        if (step->deleted == deleted && step->upsert == kind)
            pending_rows_add(&table->pending, places[i].step);
    }
    return 0;
}

static int mirror_flush_write_shown(struct mirror_table *table, int kind, struct error *error) {
    if (table->pending.count == 0)
        return 0;
    enum mirror_statement which = (enum mirror_statement)((int)STATEMENT_WRITE_STREAMED + kind);
    sqlite3_stmt *stmt = mirror_table_statement(table, which, error);
    if (stmt == NULL)
        return -1;
    int changes = 0;
    if (stmt_step(stmt, table->table->name, &changes, error) != 0)
        return -1;
    return changes == table->pending.count ? 0 : mirror_flush_error_not_newer(table, error);
}

static int mirror_flush_delete_shown(struct mirror *mirror, struct mirror_table *table,
                                     const struct delta_list *list, struct error *error) {
    const struct pending_rows *rows = &table->pending;
    int64_t newest = LSN_NONE;
    if (rows->count == 0)
        return 0;
    for (int i = 0; i < rows->count; i++) {
        const struct delta_step *step = &list->steps[rows->numbers[i]];
        if (mirror_flush_delete_pending(mirror, table, list, step, error) != 0)
            return -1;
        if (step->lsn > newest)
            newest = step->lsn;
    }
    sqlite3_stmt *note = mirror_note_statement(table, STATEMENT_NOTE_PENDING_DELETES, error);
    int noted = 0;
    if (note == NULL || stmt_step(note, table->table->name, &noted, error) != 0)
        return -1;
    mirror_noted(table, noted, newest);
    return 0;
}

static int mirror_flush_keys(struct mirror *mirror, struct mirror_table *table, struct delta_list *list,
                             const struct key_place *places, int count, struct error *error) {
    if (mirror_flush_recall_keys(mirror, table, list, places, count, error) != 0)
        return -1;
    for (int kind = UPSERT_STREAMED; kind < (list->has_reads ? UPSERT_KINDS : UPSERT_STREAMED + 1); kind++)
        if (mirror_flush_show(table, list, places, count, false, kind, error) != 0 ||
            mirror_flush_write_shown(table, kind, error) != 0)
            return -1;
    return mirror_flush_show(table, list, places, count, true, UPSERT_STREAMED, error) != 0
               ? -1
               : mirror_flush_delete_shown(mirror, table, list, error);
}

// Some keys at a time: a page that was read to recall its rows is still cached when they are written.
static int mirror_flush_together(struct mirror *mirror, struct mirror_table *table, struct delta_list *list,
                                 struct error *error) {
    CLEANUP(free_any)
    struct key_place *places = malloc(((size_t)list->pending.count + 1) * 2 * sizeof *places);
    if (places == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    int count = mirror_flush_sort_pending(table, list, places);
    int status = mirror_flush_find_highest(table, error);
    int look;
    int every = mirror_follows_every(table, count, &look);
    for (; look < count && status == 0; look += every) {
        const struct delta_step *last = &list->steps[places[look].step];
        status = mirror_follows_look_step(table, &list->steps[last->first], last, error);
    }
    for (int i = 0; i < count && status == 0; i += FLUSH_KEYS) {
        int some = count - i < FLUSH_KEYS ? count - i : FLUSH_KEYS;
        status = mirror_flush_keys(mirror, table, list, places + i, some, error);
    }
    table->has_highest = false;
    list->recalled = list->count;
    // The commit does not come back to most of these pages. Dirty, they would hold nearly all of the cache,
    // and each page that the statements look at would force one of them out. Written now, they make room.
    int code = status == 0 && count > WRITTEN_OUT_FROM ? sqlite3_db_cacheflush(mirror->db) : SQLITE_OK;
    return code == SQLITE_OK ? status : stmt_error_of(error, mirror->db, code, table->table->name);
}

static int mirror_flush_singly(struct mirror *mirror, struct mirror_table *table, struct delta_list *list,
                               struct error *error) {
    if (mirror_flush_recall(mirror, table, error) != 0)
        return -1;
    for (int i = 0; i < list->pending.count; i++) {
        int step = newest_step(&list->pending, i);
        if (list->steps[step].pending && mirror_flush_write_chain(mirror, table, list, step, error) != 0)
            return -1;
    }
    return 0;
}

int mirror_flush(struct mirror *mirror, const struct table *of, struct error *error) {
    struct mirror_table *table = &mirror->tables[of->index];
    struct delta_list *list = delta_list(delta_current_batch(mirror->delta), of);
    if (table->in_order)
        return mirror_flush_in_order(mirror, error);
    step_check(list);
    mirror_follows_begin(table);
    int status = list->pending.count < TOGETHER_MIN ? mirror_flush_singly(mirror, table, list, error)
                                                    : mirror_flush_together(mirror, table, list, error);
    if (status == 0)
        mirror_flush_end(list);
    return mirror_flush_blame_none(status, error);
}

int mirror_make_ready(void *self, const struct table *of, bool written, struct error *error) {
    struct mirror *mirror = self;
    return written ? mirror_flush(mirror, of, error)
                   : mirror_flush_recall(mirror, &mirror->tables[of->index], error);
}

// Triggers see the rows of all other tables as they are after them.
int mirror_flush_all(struct mirror *mirror, struct error *error) {
    for (int i = 0; i < mirror->catalog->table_count; i++)
        if (!mirror->tables[i].in_order && mirror_flush(mirror, &mirror->catalog->tables[i], error) != 0)
            return -1;
    if (mirror_flush_in_order(mirror, error) != 0)
        return -1;
    return delta_run(mirror->delta, error);
}
