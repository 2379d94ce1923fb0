#include "views/engine/store/defaults.h"

#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/engine/row/column_type.h"
#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/sqlite/meta.h"

#include <stdlib.h>

static const char defaults_name[] = "defaults";

void defaults_free(struct defaults *defaults) {
    free(defaults->known);
    defaults->known = NULL;
}

int defaults_load(struct sqlite3 *db, struct defaults *ret, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    *ret = (struct defaults){0};
    if (engine_sql_prepare(db, "meta_get", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":name", span_of(defaults_name));
    int row = stmt_row(stmt, "_meta", error);
    if (row <= 0)
        return row;
    const char *known = (const char *)sqlite3_column_text(stmt, 0);
    ret->known = strdup(known != NULL ? known : "");
    return ret->known != NULL ? 0 : error_set(error, ERROR_SYSTEM, "out of memory");
}

// A row's default may be missing in it.
static bool defaults_is_one(const struct column *column) {
    return column->not_null && column->key == 0 && column->generated == NULL && column_has_default(column);
}

// Between characters that no name has.
static void defaults_append(struct buffer *list, const char *table, const char *column) {
    buffer_format(list, "\x1e%s\x1f%s\x1e", table, column);
}

// In a file that was never asked a null of such a type may be an unchanged TOAST value that is not known, which no default is.
bool defaults_may_lack(const struct defaults *defaults, const struct table *table,
                       const struct column *column) {
    CLEANUP(buffer_free) struct buffer entry = {0};
    if (!defaults_is_one(column))
        return false;
    if (defaults->known == NULL)
        return !column_type_toastable(column->type);
    defaults_append(&entry, table->name, column->name);
    buffer_char(&entry, '\0');
    return !entry.failed && strstr(defaults->known, entry.data) == NULL;
}

bool defaults_has_more(const struct defaults *defaults, const struct catalog *catalog) {
    for (int t = 0; t < catalog->table_count; t++)
        for (int i = 0; i < catalog->tables[t].column_count; i++)
            if (defaults_may_lack(defaults, &catalog->tables[t], &catalog->tables[t].columns[i]))
                return true;
    return false;
}

int defaults_keep(struct sqlite3 *db, const struct catalog *catalog, struct error *error) {
    CLEANUP(buffer_free) struct buffer list = {0};
    CLEANUP(defaults_free) struct defaults known = {0};
    for (int t = 0; t < catalog->table_count; t++)
        for (int i = 0; i < catalog->tables[t].column_count; i++)
            if (defaults_is_one(&catalog->tables[t].columns[i]))
                defaults_append(&list, catalog->tables[t].name, catalog->tables[t].columns[i].name);
    buffer_char(&list, '\0');
    if (list.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (defaults_load(db, &known, error) != 0)
        return -1;
    return known.known != NULL && strcmp(known.known, list.data) == 0
               ? 0
               : meta_set(db, defaults_name, list.data, error);
}
