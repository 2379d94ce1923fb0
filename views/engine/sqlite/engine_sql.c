#include "views/engine/sqlite/engine_sql.h"

#include "views/base/embedded.h"

#include <assert.h>
#include <string.h>

static const char engine_sql_suffix[] = ".sql";

const char *engine_sql(const char *name) {
    size_t size = strlen(name);
    for (const struct embedded_file *file = engine_embedded; file->path != NULL; file++)
        if (strncmp(file->path, name, size) == 0 && strcmp(file->path + size, engine_sql_suffix) == 0)
            return file->bytes;
    return NULL;
}

static const char *engine_sql_need(const char *name, struct error *error) {
    const char *sql = engine_sql(name);
    assert(sql != NULL);
    if (sql == NULL)
        (void)error_set(error, ERROR_SYSTEM, "the program has no %s%s", name, engine_sql_suffix);
    return sql;
}

int engine_sql_prepare(sqlite3 *db, const char *name, sqlite3_stmt **ret, struct error *error) {
    const char *sql = engine_sql_need(name, error);
    return sql != NULL ? stmt_prepare(db, sql, name, ret, error) : -1;
}

int engine_sql_run(sqlite3 *db, const char *name, struct error *error) {
    const char *sql = engine_sql_need(name, error);
    return sql != NULL ? stmt_run(db, sql, name, error) : -1;
}
