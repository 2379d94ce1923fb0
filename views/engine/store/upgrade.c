#include "views/engine/store/upgrade.h"

#include "views/base/cleanup.h"
#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/store/identity.h"

#include <stdio.h>

enum {
    UPGRADE_NAME_SIZE = 32,
    UPGRADE_TO_PARTS = 9,
};

// What concerns every mirrored table is SQL that an upgrade's own statement makes of their names.
static int upgrade_tables(sqlite3 *db, const char *name, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, name, &stmt, error) != 0 || stmt_row(stmt, name, error) != 1)
        return -1;
    bool none = sqlite3_column_type(stmt, 0) == SQLITE_NULL;
    CLEANUP(free_charp) char *sql = stmt_copy_text(stmt, 0);
    (void)sqlite3_reset(stmt);
    if (sql == NULL)
        return none ? 0 : error_set(error, ERROR_SYSTEM, "out of memory");
    return stmt_run(db, sql, name, error);
}

int upgrade_file(sqlite3 *db, const struct identity *newest, struct error *error) {
    int64_t format = newest->format;
    if (stmt_read_integer(db, "pragma user_version", "user_version", &format, error) != 0)
        return -1;
    for (int next = (int)format + 1; next <= newest->format; next++) {
        char name[UPGRADE_NAME_SIZE];
        (void)snprintf(name, sizeof name, "upgrade_%d", next);
        int status =
            next == UPGRADE_TO_PARTS ? upgrade_tables(db, name, error) : engine_sql_run(db, name, error);
        if (status != 0 || identity_write(db, &(struct identity){newest->application_id, next}, error) != 0)
            return -1;
    }
    return 0;
}
