#define _GNU_SOURCE // qsort_r
#include "views/engine/mirror/state.h"

#include "views/engine/row/key.h"
#include "views/engine/row/value_order.h"

// Fewer rows than this are written one by one: a statement over a virtual table has its own cost.
enum { TOGETHER_MIN = 4, FLUSH_KEYS = 2048, WRITTEN_OUT_FROM = 2048 };

int mirror_raise_bound(struct mirror_table *table, const struct value *values, int64_t lsn,
                       struct error *error) {
    uint64_t hash = key_hash(table->table, values);
    if (lsn_bounds_prepare(&table->bounds, table->newest_lsn, error) != 0)
        return -1;
    lsn_bound_raise(&table->bounds, hash, lsn);
    if (lsn > table->newest_lsn) {
        table->newest_lsn = lsn;
        table->dirty = true;
    }
    return 0;
}

bool mirror_may_defer(const struct mirror *mirror, const struct mirror_table *table,
                      const struct change *change) {
    bool streamed = change->op == CHANGE_CREATE || change->op == CHANGE_UPDATE || change->op == CHANGE_DELETE;
    return table->may_defer && streamed && change->lsn != LSN_NONE && change->lsn >= table->truncate_lsn &&
           !toast_carry_is_awaiting(mirror->carry) &&
           (change->op == CHANGE_DELETE || !mirror_lacks_values(table->table, change->values));
}

// Whether the file holds this change already, or a later one of its key.
static int mirror_accept_is_stored(struct mirror *mirror, struct mirror_table *table,
                                   const struct change *change, bool *ret, struct error *error) {
    int64_t stored;
    if (mirror_hold(mirror, error) != 0 || mirror_deleted_lsn(table, change, &stored, error) != 0)
        return -1;
    if (change->lsn > stored && mirror_read_lsn(table, STATEMENT_LSN, change, &stored, error) != 0)
        return -1;
    *ret = change->lsn <= stored;
    return 0;
}

// --- what the file holds of a row

// The columns that are set, from column `at` of the statement's row on, the others VALUE_ABSENT. NULL = out
// of memory.
static const struct packed_row *mirror_accept_copy_row(struct mirror *mirror, const struct table *table,
                                                       sqlite3_stmt *row, int at, const bool *columns) {
    struct value values[TABLE_COLUMNS_MAX];
    for (int i = 0; i < table->column_count; i++)
        values[i] = columns[i] ? sqlite_value_borrow(sqlite3_column_value(row, at++))
                               : (struct value){.kind = VALUE_ABSENT};
    return delta_pack(delta_shown(mirror->delta), table, values);
}

// *ret NULL: there is no row of the change's key.
static int mirror_accept_read_columns(struct mirror *mirror, struct mirror_table *table,
                                      enum mirror_statement which, const bool *columns,
                                      const struct change *change, const struct packed_row **ret,
                                      struct error *error) {
    *ret = NULL;
    sqlite3_stmt *stmt = mirror_table_statement(table, which, error);
    if (stmt == NULL)
        return -1;
    mirror_bind_key(stmt, table->table, change->values);
    int found = stmt_row(stmt, table->table->name, error);
    if (found != 1)
        return found;
    CLEANUP(stmt_reset) sqlite3_stmt *row = stmt;
    *ret = mirror_accept_copy_row(mirror, table->table, row, 0, columns);
    return *ret != NULL ? 0 : error_set(error, ERROR_SYSTEM, "out of memory");
}

int mirror_recall_deleted(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                          const struct packed_row **ret, struct error *error) {
    return mirror_accept_read_columns(mirror, table, STATEMENT_RECALL_DELETED, table->recalled_deleted,
                                      change, ret, error);
}

static int mirror_accept_make_room(struct delta_list *list, int count, struct error *error) {
    if (count <= list->writing_size)
        return 0;
    int *grown = realloc(list->writing, (size_t)count * 2 * sizeof *grown);
    if (grown == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    list->writing = grown;
    list->writing_size = count * 2;
    return 0;
}

// What the rows were before the chains whose first steps are in list->writing, while that is still in the
// file.
static int mirror_accept_recall_writing(struct mirror *mirror, struct mirror_table *table,
                                        struct delta_list *list, struct error *error) {
    sqlite3_stmt *stmt = mirror_table_statement(table, STATEMENT_RECALL_PENDING, error);
    if (stmt == NULL)
        return -1;
    CLEANUP(stmt_reset) sqlite3_stmt *rows = stmt;
    int row;
    while ((row = stmt_row(rows, table->table->name, error)) == 1) {
        const struct packed_row *before =
            mirror_accept_copy_row(mirror, table->table, rows, 1, table->recalled);
        if (before == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        list->steps[sqlite3_column_int(rows, 0)].before = before;
    }
    return row;
}

// Of the chains that began since the last time, without writing them.
static int mirror_accept_recall(struct mirror *mirror, struct mirror_table *table, struct error *error) {
    struct delta_list *list = delta_list(delta_shown(mirror->delta), table->table);
    int from = list->recalled;
    list->recalled = list->count;
    if (!delta_uses(mirror->delta, table->table)->has_used || from == list->count)
        return 0;
    if (mirror_accept_make_room(list, list->count - from, error) != 0)
        return -1;
    list->writing_count = 0;
    for (int i = from; i < list->count; i++)
        if (list->steps[i].previous < 0 && list->steps[i].accepted)
            list->writing[list->writing_count++] = i;
    return mirror_accept_recall_writing(mirror, table, list, error);
}

int mirror_looks_same(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                      bool *ret, struct error *error) {
    *ret = !table->has_looked_up;
    if (*ret)
        return 0;
    const struct delta_list *list = delta_list(mirror->accepting, table->table);
    uint64_t hash = key_hash(table->table, change->values);
    int pending = newest_find(&list->pending, list, hash, change->values);
    const struct packed_row *now = NULL;
    if (pending >= 0 && list->steps[pending].pending)
        now = list->steps[pending].gone ? NULL : list->steps[pending].row;
    else if (mirror_accept_read_columns(mirror, table, STATEMENT_LOOKED_UP, table->looked_up, change, &now,
                                        error) != 0)
        return -1;
    if (now == NULL)
        return 0;
    for (int i = 0; i < table->table->column_count; i++) {
        enum value_kind kind = change->values[i].kind;
        if (!table->looked_up[i] || kind == VALUE_ABSENT || kind == VALUE_UNAVAILABLE)
            continue;
        struct value value = packed_row_value(now, i);
        if (kind != value.kind || value_compare(&change->values[i], &value) != 0)
            return 0;
    }
    *ret = true;
    return 0;
}

// --- accepting

static int mirror_accept_list_change(struct mirror *mirror, struct mirror_table *table,
                                     const struct change *change, uint64_t hash, int previous,
                                     struct error *error) {
    struct delta_list *list = delta_list(mirror->accepting, table->table);
    const struct packed_row *row = delta_pack(mirror->accepting, table->table, change->values);
    struct delta_step *step = row != NULL ? delta_add(mirror->accepting, table->table) : NULL;
    if (step == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (previous >= 0) {
        list->steps[previous].last = false;
        step->first = list->steps[previous].first;
        step->previous = previous;
    }
    step->row = row;
    step->accepted = step->pending = true;
    step->gone = change->op == CHANGE_DELETE;
    step->op = (uint8_t)change->op;
    step->lsn = change->lsn;
    step->txid = change->txid;
    step->ts_ms = change->ts_ms;
    return newest_put(&list->pending, list, hash, change->values, list->count - 1, error);
}

int mirror_accept(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                  enum mirror_outcome *ret, struct error *error) {
    *ret = MIRROR_REPEATED;
    const struct delta_list *list = delta_list(mirror->accepting, table->table);
    uint64_t hash = key_hash(table->table, change->values);
    if (lsn_bounds_prepare(&table->bounds, table->newest_lsn, error) != 0)
        return -1;
    int previous = newest_find(&list->pending, list, hash, change->values);
    if (previous >= 0 && !list->steps[previous].pending)
        previous = -1;
    if (previous >= 0 && change->lsn <= list->steps[previous].lsn)
        return 0;
    // What a key change may still carry away is kept by the delete's own writing.
    if (previous >= 0 && list->steps[previous].gone && !list->steps[previous].ended && table->has_toastable) {
        if (mirror_hold(mirror, error) != 0 || mirror_flush_key(mirror, table, change, error) != 0)
            return -1;
        previous = -1;
    } else if (previous < 0 && change->lsn <= lsn_bound(&table->bounds, hash)) {
        bool stored = false;
        if (mirror_accept_is_stored(mirror, table, change, &stored, error) != 0)
            return -1;
        if (stored)
            return 0;
    }
    if (mirror_accept_list_change(mirror, table, change, hash, previous, error) != 0)
        return -1;
    lsn_bound_raise(&table->bounds, hash, change->lsn);
    if (change->lsn > table->newest_lsn)
        table->newest_lsn = change->lsn;
    if (change->op == CHANGE_DELETE && change->lsn > table->deleted_lsn)
        table->deleted_lsn = change->lsn;
    table->dirty = true;
    *ret = MIRROR_APPLIED;
    return 0;
}

// --- writing what is pending

// The change of a step that deletes: of the values the keys, which `values` gets.
static struct change mirror_accept_delete_of(const struct table *table, const struct delta_step *step,
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

static int mirror_accept_error_not_newer(const struct mirror_table *table, struct error *error) {
    return error_set(error, ERROR_STORE,
                     "table %s: a change was accepted, and the row that it is for is newer",
                     table->table->name);
}

// What the row was that a step deletes, as far as a key change may carry it to another row. NULL = nothing
// may.
static int mirror_accept_find_carried(struct mirror *mirror, struct mirror_table *table,
                                      const struct delta_list *list, const struct delta_step *step,
                                      const struct change *change, const struct packed_row **ret,
                                      struct error *error) {
    *ret = NULL;
    if (step->ended || !table->has_toastable)
        return 0;
    if (step->previous < 0)
        return mirror_recall_deleted(mirror, table, change, ret, error);
    const struct delta_step *previous = &list->steps[step->previous];
    *ret = previous->gone ? NULL : previous->row;
    return 0;
}

// The row only: what the delete leaves behind is noted by the caller.
static int mirror_accept_delete_pending(struct mirror *mirror, struct mirror_table *table,
                                        const struct delta_list *list, const struct delta_step *step,
                                        struct error *error) {
    struct value key[TABLE_COLUMNS_MAX];
    const struct change change = mirror_accept_delete_of(table->table, step, key);
    const struct packed_row *old;
    if (mirror_accept_find_carried(mirror, table, list, step, &change, &old, error) != 0 ||
        mirror_delete_row(table, &change, STATEMENT_DELETE, NULL, error) != 0)
        return -1;
    return old != NULL ? toast_carry_delete(mirror->carry, table, &change, old, error) : 0;
}

static int mirror_accept_write_deleted(struct mirror *mirror, struct mirror_table *table,
                                       const struct delta_list *list, const struct delta_step *step,
                                       struct error *error) {
    struct value key[TABLE_COLUMNS_MAX];
    const struct change change = mirror_accept_delete_of(table->table, step, key);
    if (mirror_accept_delete_pending(mirror, table, list, step, error) != 0)
        return -1;
    return mirror_note_delete(mirror, table, &change, NULL, error);
}

static int mirror_accept_write_row(struct mirror_table *table, const struct delta_step *step,
                                   struct error *error) {
    struct value values[TABLE_COLUMNS_MAX];
    packed_row_values(step->row, table->table->column_count, values);
    int changes = 0;
    if (mirror_upsert(table, UPSERT_STREAMED, values, step->lsn, &changes, error) != 0)
        return -1;
    return changes == 0 ? mirror_accept_error_not_newer(table, error) : 0;
}

// Writes the newest step of a chain: the row as all of it left it.
static int mirror_accept_write_chain(struct mirror *mirror, struct mirror_table *table,
                                     struct delta_list *list, int number, struct error *error) {
    struct delta_step *step = &list->steps[number];
    int status = step->gone ? mirror_accept_write_deleted(mirror, table, list, step, error)
                            : mirror_accept_write_row(table, step, error);
    step->pending = false;
    return status;
}

// No single event is at fault for what was accepted.
static int mirror_accept_blame_none(int status, struct error *error) {
    if (status != 0 && error != NULL && error->kind == ERROR_INPUT)
        error->kind = ERROR_STORE;
    return status;
}

int mirror_flush_key(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                     struct error *error) {
    struct delta_list *list = delta_list(delta_shown(mirror->delta), table->table);
    int step = newest_find(&list->pending, list, key_hash(table->table, change->values), change->values);
    if (step < 0 || !list->steps[step].pending)
        return 0;
    if (mirror_accept_recall(mirror, table, error) != 0)
        return -1;
    return mirror_accept_blame_none(mirror_accept_write_chain(mirror, table, list, step, error), error);
}

// --- many at once

// A step and the beginning of its key, as a number in the keys' order: most are told apart without a look at
// them.
struct key_place {
    uint64_t prefix;
    int step;
};

struct key_order {
    const struct table *table;
    const struct delta_list *list;
};

static uint64_t mirror_accept_prefix_of(const struct value *key) {
    if (key->kind == VALUE_INTEGER)
        return (uint64_t)key->integer ^ (uint64_t)1 << 63;
    uint64_t prefix = 0;
    for (size_t i = 0; i < sizeof prefix; i++)
        prefix = prefix << 8 | (i < key->bytes.size ? (unsigned char)key->bytes.data[i] : 0);
    return prefix;
}

// In the order of the keys neighbours in the file are written together.
static int mirror_accept_compare_keys(const void *a, const void *b, void *self) {
    const struct key_order *order = self;
    const struct key_place *left = a;
    const struct key_place *right = b;
    if (left->prefix != right->prefix)
        return left->prefix < right->prefix ? -1 : 1;
    for (int i = 0; i < order->table->key_count; i++) {
        int column = order->table->keys[i];
        struct value left_value = packed_row_value(order->list->steps[left->step].row, column);
        struct value right_value = packed_row_value(order->list->steps[right->step].row, column);
        int compared = value_compare(&left_value, &right_value);
        if (compared != 0)
            return compared;
    }
    return 0;
}

// The pending steps in the order of their keys; returns how many. `places` has room for all.
static int mirror_accept_sort_pending(const struct mirror_table *table, const struct delta_list *list,
                                      struct key_place *places) {
    int count = 0;
    for (int i = 0; i < list->pending.count; i++) {
        int number = newest_step(&list->pending, i);
        const struct delta_step *step = &list->steps[number];
        if (!step->pending)
            continue;
        struct value key = packed_row_value(step->row, table->table->keys[0]);
        places[count++] = (struct key_place){mirror_accept_prefix_of(&key), number};
    }
    struct key_order order = {table->table, list};
    qsort_r(places, (size_t)count, sizeof *places, mirror_accept_compare_keys, &order);
    return count;
}

// Of the keys' chains, those that began since the last time.
static int mirror_accept_recall_keys(struct mirror *mirror, struct mirror_table *table,
                                     struct delta_list *list, const struct key_place *places, int count,
                                     struct error *error) {
    if (!delta_uses(mirror->delta, table->table)->has_used)
        return 0;
    list->writing_count = 0;
    for (int i = 0; i < count; i++) {
        int first = list->steps[places[i].step].first;
        if (first >= list->recalled)
            list->writing[list->writing_count++] = first;
    }
    return list->writing_count > 0 ? mirror_accept_recall_writing(mirror, table, list, error) : 0;
}

// What _pending_T or _gone_T shows.
static void mirror_accept_collect(struct delta_list *list, const struct key_place *places, int count,
                                  bool gone) {
    list->writing_count = 0;
    for (int i = 0; i < count; i++)
        if (list->steps[places[i].step].gone == gone)
            list->writing[list->writing_count++] = places[i].step;
}

static int mirror_accept_write_rows(struct mirror_table *table, struct delta_list *list,
                                    struct error *error) {
    if (list->writing_count == 0)
        return 0;
    sqlite3_stmt *stmt = mirror_table_statement(table, STATEMENT_WRITE_PENDING, error);
    if (stmt == NULL)
        return -1;
    int changes = 0;
    if (stmt_step(stmt, table->table->name, &changes, error) != 0)
        return -1;
    return changes == list->writing_count ? 0 : mirror_accept_error_not_newer(table, error);
}

static int mirror_accept_delete_rows(struct mirror *mirror, struct mirror_table *table,
                                     struct delta_list *list, struct error *error) {
    if (list->writing_count == 0)
        return 0;
    for (int i = 0; i < list->writing_count; i++)
        if (mirror_accept_delete_pending(mirror, table, list, &list->steps[list->writing[i]], error) != 0)
            return -1;
    sqlite3_stmt *note = mirror_table_statement(table, STATEMENT_NOTE_GONE, error);
    if (note == NULL)
        return -1;
    mirror->deletes += list->writing_count;
    return stmt_step(note, table->table->name, NULL, error);
}

static int mirror_accept_flush_keys(struct mirror *mirror, struct mirror_table *table,
                                    struct delta_list *list, const struct key_place *places, int count,
                                    struct error *error) {
    if (mirror_accept_recall_keys(mirror, table, list, places, count, error) != 0)
        return -1;
    mirror_accept_collect(list, places, count, false);
    if (mirror_accept_write_rows(table, list, error) != 0)
        return -1;
    mirror_accept_collect(list, places, count, true);
    return mirror_accept_delete_rows(mirror, table, list, error);
}

// Some keys at a time, so that a page that was read for what its rows were is still there when they are
// written.
static int mirror_accept_flush_together(struct mirror *mirror, struct mirror_table *table,
                                        struct delta_list *list, struct error *error) {
    CLEANUP(free_charp) char *memory = malloc(((size_t)list->pending.count + 1) * sizeof(struct key_place));
    if (memory == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (mirror_accept_make_room(list, FLUSH_KEYS, error) != 0)
        return -1;
    struct key_place *places = (struct key_place *)(void *)memory;
    int count = mirror_accept_sort_pending(table, list, places);
    int status = 0;
    for (int i = 0; i < count && status == 0; i += FLUSH_KEYS) {
        int some = count - i < FLUSH_KEYS ? count - i : FLUSH_KEYS;
        status = mirror_accept_flush_keys(mirror, table, list, places + i, some, error);
    }
    list->recalled = list->count;
    // The commit does not come back to most of these pages: written out now, they make room for those that
    // the statements look at, where dirty ones would hold nearly all of the cache until they are written
    // anyway, one for each page that is needed.
    if (status == 0 && count > WRITTEN_OUT_FROM && sqlite3_db_cacheflush(mirror->db) != SQLITE_OK)
        return stmt_error(error, mirror->db, table->table->name);
    return status;
}

static int mirror_accept_flush_singly(struct mirror *mirror, struct mirror_table *table,
                                      struct delta_list *list, struct error *error) {
    if (mirror_accept_recall(mirror, table, error) != 0)
        return -1;
    for (int i = 0; i < list->pending.count; i++) {
        int step = newest_step(&list->pending, i);
        if (list->steps[step].pending && mirror_accept_write_chain(mirror, table, list, step, error) != 0)
            return -1;
    }
    return 0;
}

int mirror_flush(struct mirror *mirror, const struct table *of, struct error *error) {
    struct mirror_table *table = &mirror->tables[of->index];
    struct delta_list *list = delta_list(delta_shown(mirror->delta), of);
    int status = list->pending.count < TOGETHER_MIN
                     ? mirror_accept_flush_singly(mirror, table, list, error)
                     : mirror_accept_flush_together(mirror, table, list, error);
    if (status == 0)
        newest_clear(&list->pending);
    return mirror_accept_blame_none(status, error);
}

int mirror_make_ready(void *self, const struct table *of, bool written, struct error *error) {
    struct mirror *mirror = self;
    return written ? mirror_flush(mirror, of, error)
                   : mirror_accept_recall(mirror, &mirror->tables[of->index], error);
}

int mirror_settle(struct mirror *mirror, struct error *error) {
    for (int i = 0; i < mirror->catalog->table_count; i++)
        if (mirror_flush(mirror, &mirror->catalog->tables[i], error) != 0)
            return -1;
    return delta_settle(mirror->delta, error);
}
