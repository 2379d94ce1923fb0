#include "views/delta_at.h"

#include "views/delta_kept.h"
#include "views/delta_module.h"
#include "views/mirror_sql.h"

enum {
    STEP_COLUMN, // hidden
    FIRST_COLUMN,
    ARGUMENT_STEP = 0,
    ARGUMENT_KEYS,
    ARGUMENTS_MAX = ARGUMENT_KEYS + TABLE_KEYS_MAX,
    COST_GUESS = 10,
};

struct at_cursor {
    struct sqlite3_vtab_cursor base;
    int64_t step;
    const struct packed_row *row; // of the lists
    bool is_read;                 // the row is the file's
    sqlite3_stmt *read;           // prepared when first needed
    struct value *key;            // by column number
    int *places;                  // by column number: in the row of `read`, -1 = it is not
};

// --- the plan

static void declare(sqlite3_str *sql, const struct delta_module *module) {
    sqlite3_str_appendall(sql, "_step integer hidden,");
    delta_module_columns(sql, module->table, "");
}

static int connect(sqlite3 *db, void *aux, int count, const char *const *arguments, sqlite3_vtab **ret,
                   char **ret_message) {
    (void)count, (void)arguments, (void)ret_message;
    return delta_module_connect(db, aux, declare, ret);
}

// The lists keep, from now on, the keys and what this statement uses of the rows before a change.
static void note_used(const struct delta_module *module, uint64_t mask) {
    const struct table *table = module->table;
    if (module->shown->past != NULL)
        module->shown->past[table->index] = true;
    if (module->shown->uses == NULL)
        return;
    struct delta_use *use = &module->shown->uses[table->index];
    use->has_used = true;
    for (int i = 0; i < table->column_count; i++)
        use->used[i] |= table->columns[i].key != 0 || delta_module_uses(mask, FIRST_COLUMN + i);
}

static int argument_of(const struct table *table, int column) {
    if (column == STEP_COLUMN)
        return ARGUMENT_STEP;
    int key = column >= FIRST_COLUMN ? table->columns[column - FIRST_COLUMN].key : 0;
    return key > 0 ? ARGUMENT_KEYS + key - 1 : -1;
}

// Whether a row that filter() finds is of the value that was asked for, as SQLite would compare them. Numbers
// of a column of text, and the other way round, are left to SQLite.
static bool is_found_exactly(const struct table *table, int column) {
    return column == STEP_COLUMN || table->columns[column - FIRST_COLUMN].type == COLUMN_INTEGER;
}

// filter() gets _step and the keys in their order.
static int best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
    struct delta_module *module = (struct delta_module *)base;
    bool given[ARGUMENTS_MAX] = {false};
    for (int i = 0; i < info->nConstraint; i++) {
        int argument = argument_of(module->table, info->aConstraint[i].iColumn);
        if (argument < 0 || given[argument] || !info->aConstraint[i].usable ||
            info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ ||
            sqlite3_stricmp(sqlite3_vtab_collation(info, i), "binary") != 0)
            continue;
        given[argument] = true;
        info->aConstraintUsage[i].argvIndex = argument + 1;
        info->aConstraintUsage[i].omit = is_found_exactly(module->table, info->aConstraint[i].iColumn);
    }
    for (int i = 0; i < ARGUMENT_KEYS + module->table->key_count; i++)
        if (!given[i])
            return SQLITE_CONSTRAINT;
    note_used(module, info->colUsed);
    info->idxStr = sqlite3_mprintf("%llx", (unsigned long long)info->colUsed);
    if (info->idxStr == NULL)
        return SQLITE_NOMEM;
    info->needToFreeIdxStr = 1;
    info->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    info->estimatedCost = COST_GUESS;
    info->estimatedRows = 1;
    return SQLITE_OK;
}

// --- keys

static bool as_integer(struct value *value) {
    // from 2^63 on no int64_t is equal
    if (value->kind == VALUE_REAL && value->real >= -0x1p63 && value->real < 0x1p63 &&
        value->real == (double)(int64_t)value->real)
        *value = (struct value){.kind = VALUE_INTEGER, .integer = (int64_t)value->real};
    return value->kind == VALUE_INTEGER;
}

// The value as the column would store it: what SQLite compares equal is of one kind then. false: the column
// has no such value, or the value is NULL.
static bool read_key(const struct column *column, sqlite3_value *value, struct value *ret) {
    switch (column->type) {
    case COLUMN_INTEGER:
    case COLUMN_BOOLEAN:
    case COLUMN_DECIMAL:
    case COLUMN_REAL:
        (void)sqlite3_value_numeric_type(value); // '1' is 1
        *ret = stored_borrow(value);
        if (column->type != COLUMN_REAL)
            (void)as_integer(ret);
        else if (ret->kind == VALUE_INTEGER)
            *ret = (struct value){.kind = VALUE_REAL, .real = (double)ret->integer};
        break;
    case COLUMN_BYTEA:
        *ret = stored_borrow(value);
        break;
    default:
        *ret = stored_borrow(value);
        if (ret->kind == VALUE_INTEGER || ret->kind == VALUE_REAL) {
            const char *text = (const char *)sqlite3_value_text(value);
            if (text == NULL)
                return false;
            *ret = (struct value){.kind = VALUE_TEXT, .bytes = {text, (size_t)sqlite3_value_bytes(value)}};
        }
        break;
    }
    return ret->kind != VALUE_NULL;
}

// false: there can be no row.
static bool read_arguments(const struct table *table, struct at_cursor *cursor, sqlite3_value **values) {
    (void)sqlite3_value_numeric_type(values[ARGUMENT_STEP]);
    struct value step = stored_borrow(values[ARGUMENT_STEP]);
    if (!as_integer(&step))
        return false;
    cursor->step = step.integer;
    for (int i = 0; i < table->key_count; i++)
        if (!read_key(&table->columns[table->keys[i]], values[ARGUMENT_KEYS + i],
                      &cursor->key[table->keys[i]]))
            return false;
    return true;
}

// --- the cursor

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **ret) {
    size_t columns = (size_t)((struct delta_module *)base)->table->column_count;
    struct at_cursor *cursor = sqlite3_malloc(sizeof *cursor);
    struct value *key = calloc(columns, sizeof *key);
    int *places = calloc(columns, sizeof *places);
    if (cursor == NULL || key == NULL || places == NULL) {
        sqlite3_free(cursor);
        free(key);
        free(places);
        return SQLITE_NOMEM;
    }
    *cursor = (struct at_cursor){.key = key, .places = places};
    *ret = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base) {
    struct at_cursor *cursor = (struct at_cursor *)base;
    stmt_finalize(&cursor->read);
    free(cursor->key);
    free(cursor->places);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static void let_go(struct at_cursor *cursor) {
    if (cursor->is_read)
        (void)sqlite3_reset(cursor->read);
    cursor->is_read = false;
    cursor->row = NULL;
}

static struct delta_list *list_of(const struct delta_module *module) {
    return &module->shown->lists[module->table->index];
}

// What is kept of the file's rows is for every statement, so all that any of them uses.
static int prepare_read(const struct delta_module *module, struct at_cursor *cursor, uint64_t used) {
    const struct table *table = module->table;
    bool columns[TABLE_COLUMNS_MAX];
    int place = 0;
    for (int i = 0; i < table->column_count; i++) {
        columns[i] = module->shown->fill ? delta_module_uses(used, FIRST_COLUMN + i)
                                         : module->shown->uses[table->index].used[i];
        cursor->places[i] = columns[i] ? place++ : -1;
    }
    CLEANUP(stmt_free_text) char *sql = mirror_sql_some_columns(table, columns);
    return sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(module->db, sql, -1, &cursor->read, NULL);
}

// The statement's row; cursor->is_read says whether there is one.
static int read_file(const struct delta_module *module, struct at_cursor *cursor, const char *plan,
                     sqlite3_value **values) {
    int code = SQLITE_OK;
    if (cursor->read == NULL)
        code = prepare_read(module, cursor, strtoull(plan, NULL, 16));
    for (int i = 0; code == SQLITE_OK && i < module->table->key_count; i++)
        code = sqlite3_bind_value(cursor->read, i + 1, values[ARGUMENT_KEYS + i]);
    if (code != SQLITE_OK)
        return code;
    code = sqlite3_step(cursor->read);
    cursor->is_read = code == SQLITE_ROW;
    return cursor->is_read ? SQLITE_OK : sqlite3_reset(cursor->read);
}

static int find_row(const struct delta_module *module, struct at_cursor *cursor, const char *plan,
                    sqlite3_value **values) {
    struct delta_kept *kept = &module->shown->kept[module->table->index];
    int listed = delta_index_find(list_of(module), module->table, cursor->key, cursor->step, &cursor->row);
    if (listed != 0)
        return listed > 0 ? SQLITE_OK : SQLITE_NOMEM;
    cursor->row = delta_kept_find(kept, module->table, cursor->key);
    if (cursor->row != NULL)
        return SQLITE_OK;
    int code = read_file(module, cursor, plan, values);
    if (code != SQLITE_OK || !cursor->is_read)
        return code;
    const struct packed_row *row = delta_kept_add(kept, module->table, cursor->read, cursor->places);
    if (row != NULL) {
        let_go(cursor);
        cursor->row = row;
    }
    return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *plan, int count,
                  sqlite3_value **values) {
    (void)number, (void)count;
    struct at_cursor *cursor = (struct at_cursor *)base;
    const struct delta_module *module = (const struct delta_module *)base->pVtab;
    let_go(cursor);
    if (!read_arguments(module->table, cursor, values))
        return SQLITE_OK;
    if (module->shown->fill)
        return read_file(module, cursor, plan, values);
    return module->shown->lists != NULL ? find_row(module, cursor, plan, values) : SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base) {
    let_go((struct at_cursor *)base);
    return SQLITE_OK;
}

static int eof(sqlite3_vtab_cursor *base) {
    const struct at_cursor *cursor = (const struct at_cursor *)base;
    return cursor->row == NULL && !cursor->is_read;
}

static int column_of(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
    const struct at_cursor *cursor = (const struct at_cursor *)base;
    if (column == STEP_COLUMN)
        sqlite3_result_int64(context, cursor->step);
    else if (cursor->row != NULL)
        stored_result_packed(context, cursor->row, column - FIRST_COLUMN);
    else // copied: the next row takes its place
        sqlite3_result_value(context,
                             sqlite3_column_value(cursor->read, cursor->places[column - FIRST_COLUMN]));
    return SQLITE_OK;
}

static int rowid_of(sqlite3_vtab_cursor *base, sqlite3_int64 *ret) {
    (void)base;
    *ret = 0;
    return SQLITE_OK;
}

static const sqlite3_module methods = {
    .xConnect = connect,
    .xBestIndex = best_index,
    .xDisconnect = delta_module_disconnect,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter,
    .xNext = next,
    .xEof = eof,
    .xColumn = column_of,
    .xRowid = rowid_of,
};

int delta_at_register(struct sqlite3 *db, const struct table *table, struct delta_shown *shown,
                      struct error *error) {
    const struct delta_module module = {.shown = shown, .table = table};
    return delta_module_register(db, "_at_%s", &methods, &module, error);
}
