#include "views/engine/mirror/pending_vtab.h"

#include "views/base/fetch.h"
#include "views/engine/delta/vtab.h"

#include <assert.h>

enum {
    EXPECTED_STEPS = 8, // rows ahead, of which the step is asked for
    EXPECTED_ROWS = 4,  // and of which the row
};

static const struct pending_rows *pending_vtab_rows(const sqlite3_vtab_cursor *cursor) {
    return ((const struct delta_vtab *)cursor->pVtab)->rows;
}

static void pending_vtab_declare(sqlite3_str *sql, const struct delta_vtab *module) {
    delta_vtab_columns(sql, module->table, "");
    sqlite3_str_appendall(sql, ",_lsn integer,_ts_ms integer,_step integer");
}

static void pending_vtab_clear(struct delta_cursor *cursor) {
    (void)cursor; // it holds nothing
}

// There is one plan: all rows, in their order.
static int pending_vtab_best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
    (void)table, (void)info;
    return SQLITE_OK;
}

static int pending_vtab_filter(sqlite3_vtab_cursor *base, int plan, const char *plan_text, int count,
                               sqlite3_value **values) {
    (void)plan, (void)plan_text, (void)count, (void)values;
    ((struct delta_cursor *)base)->at = 0;
    return SQLITE_OK;
}

// Keys' order is not the order in which their rows lie in memory.
static int pending_vtab_next(sqlite3_vtab_cursor *base) {
    const struct pending_rows *rows = pending_vtab_rows(base);
    int64_t at = ++((struct delta_cursor *)base)->at;
    if (at + EXPECTED_STEPS < rows->count)
        fetch_soon(&rows->steps[rows->numbers[at + EXPECTED_STEPS]], sizeof *rows->steps);
    if (at + EXPECTED_ROWS < rows->count)
        delta_step_fetch_row(rows->steps[rows->numbers[at + EXPECTED_ROWS]].row);
    return SQLITE_OK;
}

static int pending_vtab_eof(sqlite3_vtab_cursor *base) {
    return ((const struct delta_cursor *)base)->at >= pending_vtab_rows(base)->count;
}

static int pending_vtab_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
    const struct pending_rows *rows = pending_vtab_rows(base);
    int number = rows->numbers[((const struct delta_cursor *)base)->at];
    const struct delta_step *step = &rows->steps[number];
    int after = column - ((const struct delta_vtab *)base->pVtab)->table->column_count;
    if (after < 0)
        sqlite_value_result_packed(context, step->row, column);
    else if (after == 0)
        sqlite3_result_int64(context, step->lsn);
    else
        sqlite3_result_int64(context, after == 1 ? step->ts_ms : number);
    return SQLITE_OK;
}

int pending_vtab_register(struct sqlite3 *db, const struct table *table, const struct pending_rows *rows,
                          struct error *error) {
    static const struct delta_vtab_type type = {
        .name = "_pending_%s",
        .cursor_size = sizeof(struct delta_cursor),
        .declare = pending_vtab_declare,
        .clear = pending_vtab_clear,
        .methods = DELTA_VTAB_METHODS(pending_vtab_best_index, pending_vtab_filter, pending_vtab_next,
                                      pending_vtab_eof, pending_vtab_column),
    };
    const struct delta_vtab module = {.table = table, .rows = rows};
    return delta_vtab_register(db, &type, &module, error);
}

int pending_rows_begin(struct pending_rows *rows, const struct delta_step *steps, int count,
                       struct error *error) {
    rows->steps = steps;
    rows->count = 0;
    if (count <= rows->capacity)
        return 0;
    int *grown = realloc(rows->numbers, (size_t)count * 2 * sizeof *grown);
    if (grown == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    rows->numbers = grown;
    rows->capacity = count * 2;
    return 0;
}

void pending_rows_add(struct pending_rows *rows, int number) {
    assert(rows->count < rows->capacity);
    rows->numbers[rows->count++] = number;
}

void pending_rows_free(struct pending_rows *rows) {
    free(rows->numbers);
    *rows = (struct pending_rows){0};
}
