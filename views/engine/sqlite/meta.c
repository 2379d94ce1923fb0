#include "views/engine/sqlite/meta.h"

#include "views/engine/sqlite/engine_sql.h"

#include <inttypes.h>
#include <stdio.h>

enum { META_INTEGER_SIZE = 24 };

int meta_get(struct sqlite3 *db, const char *name, char *ret, size_t size, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, "meta_get", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":name", span_of(name));
    int row = stmt_row(stmt, "_meta", error);
    if (row != 1)
        return row;
    const char *text = (const char *)sqlite3_column_text(stmt, 0);
    if (text == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (void)snprintf(ret, size, "%s", text);
    return 1;
}

int meta_get_integer(struct sqlite3 *db, const char *name, int64_t *ret, struct error *error) {
    char text[META_INTEGER_SIZE];
    int found = meta_get(db, name, text, sizeof text, error);
    if (found == 1)
        *ret = strtoll(text, NULL, 10);
    return found < 0 ? -1 : 0;
}

int meta_set(struct sqlite3 *db, const char *name, const char *value, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, "meta_set", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":name", span_of(name));
    stmt_bind_text(stmt, ":value", span_of(value));
    return stmt_step(stmt, "_meta", NULL, error);
}

int meta_unset(struct sqlite3 *db, const char *name, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, "meta_unset", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":name", span_of(name));
    return stmt_step(stmt, "_meta", NULL, error);
}

int meta_set_integer(struct sqlite3 *db, const char *name, int64_t value, struct error *error) {
    char text[META_INTEGER_SIZE];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    return meta_set(db, name, text, error);
}
