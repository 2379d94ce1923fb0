#include "views/engine/delta/vtab.h"

#include "views/engine/row/column_type.h"

enum {
    STORED_TYPE_SIZE = 32,
    MASK_LAST = 63, // colUsed: this bit stands for every column from here on
};

void delta_vtab_columns(sqlite3_str *sql, const struct table *table, const char *prefix) {
    for (int i = 0; i < table->column_count; i++) {
        char stored[STORED_TYPE_SIZE];
        column_type_stored(&table->columns[i], stored, sizeof stored);
        sqlite3_str_appendf(sql, "%s\"%s%w\" %s", i > 0 ? "," : "", prefix, table->columns[i].name, stored);
    }
}

int delta_vtab_connect(sqlite3 *db, void *aux, int count, const char *const *arguments, sqlite3_vtab **ret,
                       char **ret_message) {
    (void)count, (void)arguments, (void)ret_message;
    const struct delta_vtab *registered = aux;
    sqlite3_str *sql = sqlite3_str_new(db);
    sqlite3_str_appendall(sql, "create table x(");
    registered->type->declare(sql, registered);
    sqlite3_str_appendall(sql, ")");
    CLEANUP(stmt_free_text) char *text = sqlite3_str_finish(sql);
    struct delta_vtab *module = sqlite3_malloc(sizeof *module);
    int code = text == NULL || module == NULL ? SQLITE_NOMEM : sqlite3_declare_vtab(db, text);
    if (code != SQLITE_OK) {
        sqlite3_free(module);
        return code;
    }
    *module = *registered;
    module->db = db;
    if (module->input == NULL)
        module->input = &module->own;
    *ret = &module->base;
    return SQLITE_OK;
}

int delta_vtab_disconnect(sqlite3_vtab *table) {
    sqlite3_free(table);
    return SQLITE_OK;
}

int delta_vtab_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret) {
    size_t size = ((const struct delta_vtab *)table)->type->cursor_size;
    struct delta_cursor *cursor = sqlite3_malloc64(size);
    if (cursor == NULL)
        return SQLITE_NOMEM;
    memset(cursor, 0, size);
    *ret = &cursor->base;
    return SQLITE_OK;
}

int delta_vtab_close(sqlite3_vtab_cursor *base) {
    struct delta_cursor *cursor = (struct delta_cursor *)base;
    ((const struct delta_vtab *)base->pVtab)->type->clear(cursor);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

int delta_vtab_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *ret) {
    *ret = ((const struct delta_cursor *)base)->at;
    return SQLITE_OK;
}

int delta_vtab_register(sqlite3 *db, const struct delta_vtab_type *type, const struct delta_vtab *module,
                        struct error *error) {
    CLEANUP(stmt_free_text) char *full = sqlite3_mprintf(type->name, module->table->name);
    struct delta_vtab *copy = sqlite3_malloc(sizeof *copy);
    if (full == NULL || copy == NULL) {
        sqlite3_free(copy);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    *copy = *module;
    copy->type = type;
    // On failure too SQLite frees what it was given.
    if (sqlite3_create_module_v2(db, full, &type->methods, copy, sqlite3_free) != SQLITE_OK)
        return stmt_error(error, db, full);
    return 0;
}

int delta_vtab_plan(sqlite3_index_info *info, char *plan, int cost, int rows) {
    if (plan == NULL)
        return SQLITE_NOMEM;
    info->idxStr = plan;
    info->needToFreeIdxStr = 1;
    info->estimatedCost = cost;
    info->estimatedRows = rows;
    return SQLITE_OK;
}

uint64_t delta_vtab_bit(int column) {
    return (uint64_t)1 << (column < MASK_LAST ? column : MASK_LAST);
}

bool delta_vtab_uses(uint64_t mask, int column) {
    return (mask & delta_vtab_bit(column)) != 0;
}
