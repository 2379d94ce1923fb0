#define _GNU_SOURCE // qsort_r
#include "views/engine/delta/net_changes.h"

#include "views/base/probe.h"
#include "views/engine/delta/vtab.h"
#include "views/engine/row/key.h"
#include "views/engine/row/table_sql.h"
#include "views/engine/row/value_order.h"

#include <inttypes.h>

enum delta_kind {
    KIND_NET,     // _delta_T
    KIND_CHANGES, // _changes_T
    KIND_COUNT,
};

enum {
    NET_FIRST_COLUMN = 1, // after _weight
    CHANGES_STEP_COLUMN = 5,
    CHANGES_FIRST_COLUMN,
    ORDER_MAX = 16, // more columns to order or group by: SQLite sorts
    ROWS_GUESS = 100,
    GROUPS_LEAST = 16,
};

struct net_row {
    const struct packed_row *row;
    int weight;
};

enum { PLAN_SORTED, PLAN_GROUPED };

struct change_order {
    int column;
    bool descending;
};

struct net_cursor {
    struct delta_cursor base;
    int64_t count;
    struct net_row *rows; // KIND_NET
    sqlite3_stmt *fill;   // while a view is filled
    bool filled;          // no row is left
};

static const struct packed_row *net_changes_row_before(const struct delta_list *list,
                                                       const struct delta_step *step) {
    if (step->previous < 0)
        return step->before;
    return list->steps[step->previous].deleted ? NULL : list->steps[step->previous].row;
}

uint64_t net_changes_bit(int column) {
    return delta_vtab_bit(NET_FIRST_COLUMN + column);
}

// Where the mirrored table's columns begin among the virtual table's.
static int net_changes_first_column(enum delta_kind kind) {
    static const int first[] = {[KIND_NET] = NET_FIRST_COLUMN, [KIND_CHANGES] = CHANGES_FIRST_COLUMN};
    return first[kind];
}

static void net_changes_declare(sqlite3_str *sql, const struct delta_vtab *module) {
    if (module->type->kind == KIND_NET)
        sqlite3_str_appendall(sql, "_weight integer,");
    if (module->type->kind == KIND_CHANGES) {
        sqlite3_str_appendall(sql, "_op text,_snapshot integer,_ts_ms integer,_txid integer,_lsn integer,"
                                   "_step integer hidden,"); // not of `select *`: nobody asked for it
        delta_vtab_columns(sql, module->table, "old_");
        sqlite3_str_appendall(sql, ",");
    }
    delta_vtab_columns(sql, module->table, module->type->kind == KIND_CHANGES ? "new_" : "");
}

// The lists keep, from now on, what this statement uses of the rows before a change.
static void net_changes_note_used(const struct delta_vtab *module, uint64_t mask) {
    if (module->input->named != NULL)
        module->input->named[module->table->index] = true;
    if (module->input->netted != NULL && module->type->kind == KIND_NET) {
        module->input->netted[module->table->index] = true;
        module->input->columns[module->table->index] |= mask;
    }
    if (module->input->uses == NULL)
        return;
    struct delta_use *use = &module->input->uses[module->table->index];
    use->has_steps |= module->type->kind == KIND_CHANGES;
    use->has_used = true; // though no column is named: whether there was a row
    for (int i = 0; module->type->kind == KIND_NET && i < module->table->column_count; i++)
        use->used[i] |= module->table->columns[i].key != 0; // which row it is
    int first = net_changes_first_column((enum delta_kind)module->type->kind);
    for (int i = 0; i < module->table->column_count; i++)
        if (delta_vtab_uses(mask, first + i) ||
            (module->type->kind == KIND_CHANGES &&
             delta_vtab_uses(mask, first + module->table->column_count + i))) {
            use->used[i] = true;
            if (module->input->columns != NULL)
                module->input->columns[module->table->index] |= net_changes_bit(i);
        }
}

// The net changes come in any order that is asked for, so that a `group by` needs no sorter.
static int net_changes_best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
    struct delta_vtab *module = (struct delta_vtab *)table;
    uint64_t used = info->colUsed;
    bool ordered = module->type->kind == KIND_NET && info->nOrderBy > 0 && info->nOrderBy <= ORDER_MAX;
    for (int i = 0; ordered && i < info->nOrderBy; i++)
        ordered = info->aOrderBy[i].iColumn >= NET_FIRST_COLUMN;
    sqlite3_str *plan = sqlite3_str_new(module->db);
    for (int i = 0; ordered && i < info->nOrderBy; i++) {
        int column = info->aOrderBy[i].iColumn;
        used |= delta_vtab_bit(column);
        sqlite3_str_appendf(plan, "%c%d", info->aOrderBy[i].desc ? '-' : '+', column - NET_FIRST_COLUMN);
    }
    net_changes_note_used(module, used);
    CLEANUP(stmt_free_text) char *order = sqlite3_str_finish(plan);
    // 1, 2: all that matters is that equal ones come together
    int distinct = sqlite3_vtab_distinct(info);
    info->idxNum = distinct == 1 || distinct == 2 ? PLAN_GROUPED : PLAN_SORTED;
    info->orderByConsumed = ordered;
    return delta_vtab_plan(info, sqlite3_mprintf("%s", order != NULL ? order : ""), ROWS_GUESS, ROWS_GUESS);
}

static int net_changes_read_plan(const char *plan, struct change_order *ret_order) {
    int count = 0;
    while (*plan != '\0' && count < ORDER_MAX) {
        char *end;
        bool descending = *plan == '-';
        ret_order[count++] = (struct change_order){(int)strtol(plan + 1, &end, 10), descending};
        plan = end;
    }
    return count;
}

static void net_changes_clear(struct delta_cursor *base) {
    struct net_cursor *cursor = (struct net_cursor *)base;
    free(cursor->rows);
    stmt_finalize(&cursor->fill);
    *cursor = (struct net_cursor){.base.base = base->base};
}

// --- filling a view: the mirror's rows

static int net_changes_next_filled(struct net_cursor *cursor) {
    int code = sqlite3_step(cursor->fill);
    cursor->base.at++;
    cursor->filled = code != SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int net_changes_begin_fill(const struct delta_vtab *module, struct net_cursor *cursor,
                                  const struct change_order *order, int order_count) {
    sqlite3_str *sql = sqlite3_str_new(module->db);
    table_sql_select(sql, module->table, NULL);
    for (int i = 0; i < order_count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"%s", i > 0 ? "," : " order by ",
                            module->table->columns[order[i].column].name, order[i].descending ? " desc" : "");
    CLEANUP(stmt_free_text) char *text = sqlite3_str_finish(sql);
    if (text == NULL)
        return SQLITE_NOMEM;
    int code = sqlite3_prepare_v2(module->db, text, -1, &cursor->fill, NULL);
    return code == SQLITE_OK ? net_changes_next_filled(cursor) : code;
}

// --- the lists

struct ordering {
    const struct change_order *order;
    int count;
};

static int net_changes_compare_rows(const void *a, const void *b, void *self) {
    const struct ordering *ordering = self;
    const struct net_row *left = a;
    const struct net_row *right = b;
    for (int i = 0; i < ordering->count; i++) {
        struct value left_value = packed_row_value(left->row, ordering->order[i].column);
        struct value right_value = packed_row_value(right->row, ordering->order[i].column);
        int compared = value_compare(&left_value, &right_value);
        if (compared != 0)
            return ordering->order[i].descending ? -compared : compared;
    }
    return 0;
}

// Brings rows that are equal in the columns of the order together: `grouped` gets them.
static int net_changes_group_rows(const struct net_row *rows, int64_t count, struct ordering *ordering,
                                  struct net_row *grouped) {
    size_t size = probe_size((size_t)count, GROUPS_LEAST);
    // the newest row of each group by its hash; each row's next older one
    int *heads = probe_new(size + (size_t)count);
    if (heads == NULL)
        return SQLITE_NOMEM;
    int *older = heads + size;
    for (int64_t i = 0; i < count; i++) {
        uint64_t hash = HASH_SEED;
        for (int c = 0; c < ordering->count; c++) {
            struct value value = packed_row_value(rows[i].row, ordering->order[c].column);
            hash = value_hash(hash, &value);
        }
        size_t place = probe_first(hash, size);
        while (heads[place] != PROBE_FREE &&
               net_changes_compare_rows(&rows[heads[place]], &rows[i], ordering) != 0)
            place = probe_next(place, size);
        older[i] = heads[place];
        heads[place] = (int)i;
    }
    int64_t at = 0;
    for (size_t place = 0; place < size; place++)
        for (int i = heads[place]; i >= 0; i = older[i])
            grouped[at++] = rows[i];
    free(heads);
    return SQLITE_OK;
}

static int net_changes_order_rows(struct net_cursor *cursor, struct ordering *ordering, bool grouped) {
    if (ordering->count == 0 || cursor->count < 2)
        return SQLITE_OK;
    if (!grouped) {
        qsort_r(cursor->rows, (size_t)cursor->count, sizeof *cursor->rows, net_changes_compare_rows,
                ordering);
        return SQLITE_OK;
    }
    struct net_row *rows = malloc((size_t)cursor->count * sizeof *rows);
    int code =
        rows != NULL ? net_changes_group_rows(cursor->rows, cursor->count, ordering, rows) : SQLITE_NOMEM;
    if (code != SQLITE_OK) {
        free(rows);
        return code;
    }
    free(cursor->rows);
    cursor->rows = rows;
    return SQLITE_OK;
}

bool net_changes_is_same(const struct table *table, uint64_t compared, const struct packed_row *a,
                         const struct packed_row *b) {
    if (a == NULL || b == NULL)
        return a == b;
    for (int i = 0; i < table->column_count; i++) {
        if ((compared & net_changes_bit(i)) == 0)
            continue;
        struct value left = packed_row_value(a, i);
        struct value right = packed_row_value(b, i);
        if (left.kind != right.kind || value_compare(&left, &right) != 0)
            return false;
    }
    return true;
}

static void net_changes_add(const struct delta_vtab *module, struct net_cursor *cursor,
                            const struct packed_row *before, const struct packed_row *after) {
    uint64_t compared = module->input->compared[module->table->index];
    if (net_changes_is_same(module->table, compared, before, after))
        return;
    if (before != NULL)
        cursor->rows[cursor->count++] = (struct net_row){before, -1};
    if (after != NULL)
        cursor->rows[cursor->count++] = (struct net_row){after, 1};
}

static const struct packed_row *net_changes_row_after(const struct delta_step *step) {
    return step->deleted ? NULL : step->row;
}

// The chains of one row: what it was before the first is in that one's first step.
struct net_joint {
    int first;
    int last;
};

// The row's joint in `buckets`, with this chain as its last; a new one where it has none.
static void net_changes_join(const struct table *table, const struct delta_list *list, int last, int *buckets,
                             size_t size, struct net_joint *joints, int *count) {
    struct value key[TABLE_COLUMNS_MAX];
    packed_row_key(delta_step_key(&list->steps[last]), table, key);
    size_t place = probe_first(key_hash(table, key), size);
    while (buckets[place] != PROBE_FREE &&
           !key_equal(table, delta_step_key(&list->steps[joints[buckets[place]].last]), key))
        place = probe_next(place, size);
    if (buckets[place] == PROBE_FREE) {
        buckets[place] = *count;
        joints[(*count)++].first = list->steps[last].first;
    }
    joints[buckets[place]].last = last;
}

static int net_changes_add_joined(const struct delta_vtab *module, struct net_cursor *cursor,
                                  const struct delta_list *list, int from) {
    size_t size = probe_size((size_t)(list->count - from), GROUPS_LEAST);
    int *buckets = probe_new(size);
    struct net_joint *joints = malloc((size_t)(list->count - from) * sizeof *joints);
    int count = 0;
    for (int i = from; buckets != NULL && joints != NULL && i < list->count; i++)
        // a delete that found no row tells nothing, and may have no key
        if (list->steps[i].last && delta_step_key(&list->steps[i]) != NULL)
            net_changes_join(module->table, list, i, buckets, size, joints, &count);
    for (int i = 0; i < count; i++)
        net_changes_add(module, cursor, list->steps[joints[i].first].before,
                        net_changes_row_after(&list->steps[joints[i].last]));
    int code = buckets != NULL && joints != NULL ? SQLITE_OK : SQLITE_NOMEM;
    free(buckets);
    free(joints);
    return code;
}

static int net_changes_begin_net(const struct delta_vtab *module, struct net_cursor *cursor,
                                 struct ordering *ordering, bool grouped) {
    const struct delta_list *list = &module->input->lists[module->table->index];
    int from = module->input->from[module->table->index];
    if (from == list->count)
        return SQLITE_OK;
    cursor->rows = malloc(2 * (size_t)(list->count - from) * sizeof *cursor->rows);
    if (cursor->rows == NULL)
        return SQLITE_NOMEM;
    if (list->has_joints && net_changes_add_joined(module, cursor, list, from) != SQLITE_OK)
        return SQLITE_NOMEM;
    for (int i = from; !list->has_joints && i < list->count; i++) {
        const struct delta_step *step = &list->steps[i];
        delta_expect(list, i, true);
        if (step->last)
            net_changes_add(module, cursor, list->steps[step->first].before, net_changes_row_after(step));
    }
    return net_changes_order_rows(cursor, ordering, grouped);
}

// Skips deletes that found no row.
static void net_changes_pass_no_changes(const struct delta_list *list, struct net_cursor *cursor) {
    while (cursor->base.at < cursor->count && list->steps[cursor->base.at].deleted &&
           net_changes_row_before(list, &list->steps[cursor->base.at]) == NULL)
        cursor->base.at++;
}

static int net_changes_filter(sqlite3_vtab_cursor *base, int grouped, const char *plan, int count,
                              sqlite3_value **values) {
    (void)count, (void)values;
    struct net_cursor *cursor = (struct net_cursor *)base;
    struct delta_vtab *module = (struct delta_vtab *)base->pVtab;
    struct change_order order[ORDER_MAX];
    int order_count = net_changes_read_plan(plan, order);
    net_changes_clear(&cursor->base);
    if (module->input->fill)
        return net_changes_begin_fill(module, cursor, order, order_count);
    if (module->input->lists == NULL)
        return SQLITE_OK;
    struct ordering ordering = {order, order_count};
    if (module->type->kind == KIND_NET)
        return net_changes_begin_net(module, cursor, &ordering, grouped == PLAN_GROUPED);
    const struct delta_list *list = &module->input->lists[module->table->index];
    cursor->base.at = module->input->from[module->table->index];
    cursor->count = list->count;
    net_changes_pass_no_changes(list, cursor);
    return SQLITE_OK;
}

static int net_changes_next(sqlite3_vtab_cursor *base) {
    struct net_cursor *cursor = (struct net_cursor *)base;
    if (cursor->fill != NULL)
        return net_changes_next_filled(cursor);
    const struct delta_vtab *module = (const struct delta_vtab *)base->pVtab;
    cursor->base.at++;
    if (module->type->kind != KIND_CHANGES)
        return SQLITE_OK;
    const struct delta_list *list = &module->input->lists[module->table->index];
    delta_expect(list, (int)cursor->base.at, false);
    net_changes_pass_no_changes(list, cursor);
    return SQLITE_OK;
}

static int net_changes_eof(sqlite3_vtab_cursor *base) {
    const struct net_cursor *cursor = (const struct net_cursor *)base;
    return cursor->fill != NULL ? cursor->filled : cursor->base.at >= cursor->count;
}

// --- columns

static void net_changes_result_or_null(sqlite3_context *context, int64_t value, int64_t none) {
    if (value != none)
        sqlite3_result_int64(context, value);
}

static void net_changes_change_column(const struct delta_list *list, const struct delta_step *step,
                                      sqlite3_context *context, int column, int table_columns) {
    static const char ops[] = {[CHANGE_CREATE] = 'c', [CHANGE_UPDATE] = 'u',   [CHANGE_DELETE] = 'd',
                               [CHANGE_READ] = 'r',   [CHANGE_TRUNCATE] = 'd', [CHANGE_TOMBSTONE] = 'd'};
    switch (column) {
    case 0:
        sqlite3_result_text(context, &ops[step->op], 1, SQLITE_STATIC);
        return;
    case 1:
        sqlite3_result_int(context, step->snapshot);
        return;
    case 2:
        net_changes_result_or_null(context, step->ts_ms, 0);
        return;
    case 3:
        net_changes_result_or_null(context, step->txid >= 0 ? step->txid : TXID_NONE, TXID_NONE);
        return;
    case 4:
        net_changes_result_or_null(context, step->lsn, LSN_NONE);
        return;
    case CHANGES_STEP_COLUMN:
        sqlite3_result_int(context, step->number);
        return;
    default:
        break;
    }
    column -= CHANGES_FIRST_COLUMN;
    const struct packed_row *row = NULL;
    if (column >= table_columns) {
        row = step->deleted ? NULL : step->row;
        column -= table_columns;
    } else {
        row = net_changes_row_before(list, step);
    }
    if (row != NULL)
        sqlite_value_result_packed(context, row, column);
}

static void net_changes_fill_column(const struct delta_vtab *module, const struct net_cursor *cursor,
                                    sqlite3_context *context, int column) {
    if (module->type->kind == KIND_NET) {
        if (column == 0)
            sqlite3_result_int(context, 1);
        else
            sqlite3_result_value(context, sqlite3_column_value(cursor->fill, column - NET_FIRST_COLUMN));
        return;
    }
    int first_new = CHANGES_FIRST_COLUMN + module->table->column_count;
    if (column == 0)
        sqlite3_result_text(context, "r", 1, SQLITE_STATIC);
    else if (column == 1)
        sqlite3_result_int(context, 1);
    else if (column == CHANGES_STEP_COLUMN)
        sqlite3_result_int(context, 0);
    else if (column >= first_new)
        sqlite3_result_value(context, sqlite3_column_value(cursor->fill, column - first_new));
}

static int net_changes_column_of(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
    const struct net_cursor *cursor = (const struct net_cursor *)base;
    const struct delta_vtab *module = (const struct delta_vtab *)base->pVtab;
    if (cursor->fill != NULL) {
        net_changes_fill_column(module, cursor, context, column);
    } else if (module->type->kind == KIND_CHANGES) {
        const struct delta_list *list = &module->input->lists[module->table->index];
        net_changes_change_column(list, &list->steps[cursor->base.at], context, column,
                                  module->table->column_count);
    } else if (column == 0) {
        sqlite3_result_int(context, cursor->rows[cursor->base.at].weight);
    } else {
        sqlite_value_result_packed(context, cursor->rows[cursor->base.at].row, column - NET_FIRST_COLUMN);
    }
    return SQLITE_OK;
}

#define METHODS                                                                                              \
    DELTA_VTAB_METHODS(net_changes_best_index, net_changes_filter, net_changes_next, net_changes_eof,        \
                       net_changes_column_of)

int net_changes_register(struct sqlite3 *db, const struct delta_vtab *module, struct error *error) {
    static const struct delta_vtab_type types[KIND_COUNT] = {
#define TYPE(number, format)                                                                                 \
    [number] = {.name = (format),                                                                            \
                .kind = (number),                                                                            \
                .cursor_size = sizeof(struct net_cursor),                                                    \
                .declare = net_changes_declare,                                                              \
                .clear = net_changes_clear,                                                                  \
                .methods = METHODS}
        TYPE(KIND_NET, "_delta_%s"),
        TYPE(KIND_CHANGES, "_changes_%s"),
#undef TYPE
    };
    for (int i = 0; i < KIND_COUNT; i++)
        if (delta_vtab_register(db, &types[i], module, error) != 0)
            return -1;
    return 0;
}
