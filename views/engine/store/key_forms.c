#include "views/engine/store/key_forms.h"

#include "views/engine/row/table_change.h"
#include "views/engine/sqlite/meta.h"
#include "views/engine/sqlite/stmt.h"

static int key_forms_check_column(sqlite3 *db, const struct table *table, const struct column *column,
                                  struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    CLEANUP(stmt_free_text) char *sql = table_change_other_form(table->name, column);
    if (sql == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (stmt_prepare(db, sql, table->name, &stmt, error) != 0)
        return -1;
    int row = stmt_row(stmt, table->name, error);
    if (row <= 0)
        return row;
    return error_set(
        error, ERROR_INPUT,
        "table %s: this file has keys as they were written (%s is %s), which are the same whatever their form "
        "now: read the topics into a new --db file",
        table->name, column->name, (const char *)sqlite3_column_text(stmt, 0));
}

int key_forms_check(struct sqlite3 *db, const struct catalog *catalog, struct error *error) {
    int64_t checked = 0;
    if (meta_get_integer(db, "key_forms", &checked, error) != 0)
        return -1;
    if (checked != 0)
        return 0;
    for (int t = 0; t < catalog->table_count; t++) {
        const struct table *table = &catalog->tables[t];
        for (int i = 0; i < table->key_count; i++) {
            const struct column *column = &table->columns[table->keys[i]];
            if ((column->type == COLUMN_NUMERIC || column->variant == COLUMN_UUID) &&
                column->type != COLUMN_ARRAY && key_forms_check_column(db, table, column, error) != 0)
                return -1;
        }
    }
    return meta_set_integer(db, "key_forms", 1, error);
}
