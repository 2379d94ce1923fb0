#include "views/engine/delta/as_of.h"

#include "views/engine/delta/row_cache.h"
#include "views/engine/delta/vtab.h"
#include "views/engine/row/table_sql.h"

// Columns: _step (hidden), then those of T. The arguments of filter(): _step and the keys in their order.
enum { STEP_COLUMN, FIRST_COLUMN };
enum {
    ARGUMENT_STEP,
    ARGUMENT_KEYS,
    ARGUMENTS_MAX = ARGUMENT_KEYS + TABLE_KEYS_MAX,
};
enum { COST_GUESS = 10 };

struct at_cursor {
    struct delta_cursor base;
    int64_t step;
    const struct packed_row *row; // of the lists
    bool is_read;                 // the row is the file's
    sqlite3_stmt *read;           // prepared when first needed
    struct value *key;            // by column number; made with the first question, as `places` is
    int *places;                  // by column number: in the row of `read`, -1 = it is not
};

// --- the plan

static void as_of_declare(sqlite3_str *sql, const struct delta_vtab *module) {
    sqlite3_str_appendall(sql, "_step integer hidden,");
    delta_vtab_columns(sql, module->table, "");
}

// The lists keep, from now on, the keys and what this statement uses of the rows before a change.
static void as_of_note_used(const struct delta_vtab *module, uint64_t mask) {
    const struct table *table = module->table;
    if (module->input->past != NULL)
        module->input->past[table->index] = true;
    if (module->input->uses == NULL)
        return;
    struct delta_use *use = &module->input->uses[table->index];
    use->has_used = use->has_steps = true;
    for (int i = 0; i < table->column_count; i++)
        use->used[i] |= table->columns[i].key != 0 || delta_vtab_uses(mask, FIRST_COLUMN + i);
}

static int as_of_argument_of(const struct table *table, int column) {
    if (column == STEP_COLUMN)
        return ARGUMENT_STEP;
    int key = column >= FIRST_COLUMN ? table->columns[column - FIRST_COLUMN].key : 0;
    return key > 0 ? ARGUMENT_KEYS + key - 1 : -1;
}

// Whether filter() compares the column as SQLite would. SQLite compares again where a number may meet a text.
static bool as_of_is_found_exactly(const struct table *table, int column) {
    return column == STEP_COLUMN || table->columns[column - FIRST_COLUMN].type == COLUMN_INTEGER;
}

// The row is found by all of the arguments, or not at all.
static int as_of_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
    struct delta_vtab *module = (struct delta_vtab *)base;
    bool given[ARGUMENTS_MAX] = {false};
    for (int i = 0; i < info->nConstraint; i++) {
        int argument = as_of_argument_of(module->table, info->aConstraint[i].iColumn);
        if (argument < 0 || given[argument] || !info->aConstraint[i].usable ||
            info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ ||
            sqlite3_stricmp(sqlite3_vtab_collation(info, i), "binary") != 0)
            continue;
        given[argument] = true;
        info->aConstraintUsage[i].argvIndex = argument + 1;
        info->aConstraintUsage[i].omit = as_of_is_found_exactly(module->table, info->aConstraint[i].iColumn);
    }
    for (int i = 0; i < ARGUMENT_KEYS + module->table->key_count; i++)
        if (!given[i])
            return SQLITE_CONSTRAINT;
    as_of_note_used(module, info->colUsed);
    info->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    return delta_vtab_plan(info, sqlite3_mprintf("%llx", (unsigned long long)info->colUsed), COST_GUESS, 1);
}

// --- keys

static bool as_of_as_integer(struct value *value) {
    // from 2^63 on no int64_t is equal
    if (value->kind == VALUE_REAL && value->real >= -0x1p63 && value->real < 0x1p63 &&
        value->real == (double)(int64_t)value->real)
        *value = (struct value){.kind = VALUE_INTEGER, .integer = (int64_t)value->real};
    return value->kind == VALUE_INTEGER;
}

// The value as the column would store it, so that values that SQLite compares equal are of one kind.
// SQLITE_NOMEM.
static int as_of_read_key(const struct column *column, sqlite3_value *value, struct value *ret) {
    bool is_number = column->type == COLUMN_INTEGER || column->type == COLUMN_BOOLEAN ||
                     column->type == COLUMN_DECIMAL || column->type == COLUMN_REAL;
    if (is_number)
        (void)sqlite3_value_numeric_type(value); // '1' is 1
    int code = sqlite_value_borrow(value, ret);
    bool has_number = ret->kind == VALUE_INTEGER || ret->kind == VALUE_REAL;
    if (!is_number)
        return has_number && column->type != COLUMN_BYTEA ? sqlite_value_borrow_text(value, ret) : code;
    if (column->type != COLUMN_REAL)
        (void)as_of_as_integer(ret);
    else if (ret->kind == VALUE_INTEGER)
        *ret = (struct value){.kind = VALUE_REAL, .real = (double)ret->integer};
    return code;
}

// *ret false: there can be no row. SQLITE_NOMEM.
static int as_of_read_arguments(const struct table *table, struct at_cursor *cursor, sqlite3_value **values,
                                bool *ret) {
    (void)sqlite3_value_numeric_type(values[ARGUMENT_STEP]);
    struct value step;
    int code = sqlite_value_borrow(values[ARGUMENT_STEP], &step);
    *ret = as_of_as_integer(&step);
    cursor->step = *ret ? step.integer : 0;
    for (int i = 0; code == SQLITE_OK && i < table->key_count; i++) {
        struct value *key = &cursor->key[table->keys[i]];
        code = as_of_read_key(&table->columns[table->keys[i]], values[ARGUMENT_KEYS + i], key);
        *ret &= key->kind != VALUE_NULL;
    }
    return code;
}

// --- the cursor

static int as_of_make_room(struct at_cursor *cursor, const struct table *table) {
    if (cursor->key == NULL)
        cursor->key = calloc((size_t)table->column_count, sizeof *cursor->key);
    if (cursor->places == NULL)
        cursor->places = calloc((size_t)table->column_count, sizeof *cursor->places);
    return cursor->key != NULL && cursor->places != NULL ? SQLITE_OK : SQLITE_NOMEM;
}

static void as_of_clear(struct delta_cursor *base) {
    struct at_cursor *cursor = (struct at_cursor *)base;
    stmt_finalize(&cursor->read);
    free(cursor->key);
    free(cursor->places);
    *cursor = (struct at_cursor){.base.base = base->base};
}

static void as_of_let_go(struct at_cursor *cursor) {
    if (cursor->is_read)
        (void)sqlite3_reset(cursor->read);
    cursor->is_read = false;
    cursor->row = NULL;
}

// The row cache serves every statement, so a row has all columns that any of them uses.
static int as_of_prepare_read(const struct delta_vtab *module, struct at_cursor *cursor, uint64_t used) {
    const struct table *table = module->table;
    bool columns[TABLE_COLUMNS_MAX];
    int place = 0;
    for (int i = 0; i < table->column_count; i++) {
        columns[i] = module->input->fill ? delta_vtab_uses(used, FIRST_COLUMN + i)
                                         : module->input->uses[table->index].used[i];
        cursor->places[i] = columns[i] ? place++ : -1;
    }
    CLEANUP(stmt_free_text) char *sql = table_sql_some_columns(table, columns);
    return sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(module->db, sql, -1, &cursor->read, NULL);
}

// The statement's row; cursor->is_read says whether there is one.
static int as_of_read_file(const struct delta_vtab *module, struct at_cursor *cursor, const char *plan,
                           sqlite3_value **values) {
    int code = SQLITE_OK;
    if (cursor->read == NULL)
        code = as_of_prepare_read(module, cursor, strtoull(plan, NULL, 16));
    for (int i = 0; code == SQLITE_OK && i < module->table->key_count; i++)
        code = sqlite3_bind_value(cursor->read, i + 1, values[ARGUMENT_KEYS + i]);
    if (code != SQLITE_OK)
        return code;
    code = sqlite3_step(cursor->read);
    cursor->is_read = code == SQLITE_ROW;
    return cursor->is_read ? SQLITE_OK : sqlite3_reset(cursor->read);
}

static int as_of_find_row(const struct delta_vtab *module, struct at_cursor *cursor, const char *plan,
                          sqlite3_value **values) {
    struct row_cache *cache = &module->input->caches[module->table->index];
    struct delta_list *list = &module->input->lists[module->table->index];
    int listed = key_index_find(&list->index, list->steps, list->count, module->table, cursor->key,
                                cursor->step, &cursor->row);
    if (listed != 0)
        return listed > 0 ? SQLITE_OK : SQLITE_NOMEM;
    cursor->row = row_cache_find(cache, module->table, cursor->key);
    if (cursor->row != NULL)
        return SQLITE_OK;
    int code = as_of_read_file(module, cursor, plan, values);
    if (code != SQLITE_OK || !cursor->is_read)
        return code;
    const struct packed_row *row = row_cache_add(cache, module->table, cursor->read, cursor->places);
    if (row != NULL) {
        as_of_let_go(cursor);
        cursor->row = row;
    }
    return SQLITE_OK;
}

static int as_of_filter(sqlite3_vtab_cursor *base, int number, const char *plan, int count,
                        sqlite3_value **values) {
    (void)number, (void)count;
    struct at_cursor *cursor = (struct at_cursor *)base;
    const struct delta_vtab *module = (const struct delta_vtab *)base->pVtab;
    as_of_let_go(cursor);
    bool possible = false;
    int code = as_of_make_room(cursor, module->table);
    if (code == SQLITE_OK)
        code = as_of_read_arguments(module->table, cursor, values, &possible);
    if (code != SQLITE_OK || !possible)
        return code;
    if (module->input->fill)
        return as_of_read_file(module, cursor, plan, values);
    return module->input->lists != NULL ? as_of_find_row(module, cursor, plan, values) : SQLITE_OK;
}

static int as_of_next(sqlite3_vtab_cursor *base) {
    as_of_let_go((struct at_cursor *)base);
    return SQLITE_OK;
}

static int as_of_eof(sqlite3_vtab_cursor *base) {
    const struct at_cursor *cursor = (const struct at_cursor *)base;
    return cursor->row == NULL && !cursor->is_read;
}

static int as_of_column_of(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
    const struct at_cursor *cursor = (const struct at_cursor *)base;
    if (column == STEP_COLUMN)
        sqlite3_result_int64(context, cursor->step);
    else if (cursor->row != NULL)
        sqlite_value_result_packed(context, cursor->row, column - FIRST_COLUMN);
    else // copied: the next row takes its place
        sqlite3_result_value(context,
                             sqlite3_column_value(cursor->read, cursor->places[column - FIRST_COLUMN]));
    return SQLITE_OK;
}

int delta_as_of_register(struct sqlite3 *db, const struct delta_vtab *module, struct error *error) {
    static const struct delta_vtab_type type = {
        .name = "_at_%s",
        .cursor_size = sizeof(struct at_cursor),
        .declare = as_of_declare,
        .clear = as_of_clear,
        .methods = DELTA_VTAB_METHODS(as_of_best_index, as_of_filter, as_of_next, as_of_eof, as_of_column_of),
    };
    return delta_vtab_register(db, &type, module, error);
}
