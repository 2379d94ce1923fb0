#include "views/delta_module.h"

#include "views/column_type.h"

enum {
    STORED_TYPE_SIZE = 32,
    MASK_LAST = 63, // colUsed: this bit stands for every column from here on
};

void delta_module_columns(sqlite3_str *sql, const struct table *table, const char *prefix) {
    for (int i = 0; i < table->column_count; i++) {
        char stored[STORED_TYPE_SIZE];
        column_type_stored(&table->columns[i], stored, sizeof stored);
        sqlite3_str_appendf(sql, "%s\"%s%w\" %s", i > 0 ? "," : "", prefix, table->columns[i].name, stored);
    }
}

int delta_module_connect(sqlite3 *db, void *aux,
                         void (*declare)(sqlite3_str *sql, const struct delta_module *module),
                         sqlite3_vtab **ret) {
    const struct delta_module *registered = aux;
    sqlite3_str *sql = sqlite3_str_new(db);
    sqlite3_str_appendall(sql, "create table x(");
    declare(sql, registered);
    sqlite3_str_appendall(sql, ")");
    CLEANUP(stmt_free_text) char *text = sqlite3_str_finish(sql);
    struct delta_module *module = sqlite3_malloc(sizeof *module);
    int code = text == NULL || module == NULL ? SQLITE_NOMEM : sqlite3_declare_vtab(db, text);
    if (code != SQLITE_OK) {
        sqlite3_free(module);
        return code;
    }
    *module = *registered;
    module->db = db;
    *ret = &module->base;
    return SQLITE_OK;
}

int delta_module_disconnect(sqlite3_vtab *table) {
    sqlite3_free(table);
    return SQLITE_OK;
}

int delta_module_register(sqlite3 *db, const char *name, const sqlite3_module *methods,
                          const struct delta_module *module, struct error *error) {
    CLEANUP(stmt_free_text) char *full = sqlite3_mprintf(name, module->table->name);
    struct delta_module *copy = sqlite3_malloc(sizeof *copy);
    if (full == NULL || copy == NULL) {
        sqlite3_free(copy);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    *copy = *module;
    // On failure too SQLite frees what it was given.
    if (sqlite3_create_module_v2(db, full, methods, copy, sqlite3_free) != SQLITE_OK)
        return stmt_error(error, db, full);
    return 0;
}

uint64_t delta_module_bit(int column) {
    return (uint64_t)1 << (column < MASK_LAST ? column : MASK_LAST);
}

bool delta_module_uses(uint64_t mask, int column) {
    return (mask & delta_module_bit(column)) != 0;
}

struct value delta_module_value(sqlite3_value *value) {
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
        return (struct value){.kind = VALUE_INTEGER, .integer = sqlite3_value_int64(value)};
    case SQLITE_FLOAT:
        return (struct value){.kind = VALUE_REAL, .real = sqlite3_value_double(value)};
    case SQLITE_TEXT:
        return (struct value){
            .kind = VALUE_TEXT,
            .bytes = {(const char *)sqlite3_value_text(value), (size_t)sqlite3_value_bytes(value)}};
    case SQLITE_BLOB:
        return (struct value){.kind = VALUE_BLOB,
                              .bytes = {sqlite3_value_blob(value), (size_t)sqlite3_value_bytes(value)}};
    default:
        return (struct value){.kind = VALUE_NULL};
    }
}

int delta_module_take(struct arena *arena, sqlite3_value *from, struct value *ret) {
    *ret = delta_module_value(from);
    if (ret->kind != VALUE_TEXT && ret->kind != VALUE_BLOB)
        return SQLITE_OK;
    char *copy = arena_take(arena, ret->bytes.size + 1);
    if (copy == NULL)
        return SQLITE_NOMEM;
    memcpy(copy, ret->bytes.data != NULL ? ret->bytes.data : "", ret->bytes.size);
    ret->bytes.data = copy;
    return SQLITE_OK;
}

void delta_module_result(sqlite3_context *context, const struct value *value) {
    switch (value->kind) {
    case VALUE_INTEGER:
        sqlite3_result_int64(context, value->integer);
        break;
    case VALUE_REAL:
        sqlite3_result_double(context, value->real);
        break;
    case VALUE_TEXT: // lives as long as the list, which no statement outlives
        sqlite3_result_text64(context, value->bytes.data, value->bytes.size, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case VALUE_BLOB:
        sqlite3_result_blob64(context, value->bytes.data, value->bytes.size, SQLITE_STATIC);
        break;
    case VALUE_ABSENT:
    case VALUE_NULL:
    case VALUE_UNAVAILABLE:
        break;
    }
}
