#include "views/engine/read.h"

#include "views/engine/sqlite/read_only.h"
#include "views/engine/sqlite/stmt.h"

int read_incomplete(const char *path, void (*visit)(void *self, const char *table, const char *reason),
                    void *self, struct error *error) {
    CLEANUP(stmt_close) sqlite3 *db = NULL;
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    bool immutable;
    if (read_only_open(path, &db, &immutable, error) != 0 ||
        stmt_prepare(
            db,
            "select substr(name, 12), value from _meta where name >= 'incomplete:' and name < 'incomplete;'",
            path, &stmt, error) != 0)
        return -1;
    int row;
    while ((row = stmt_row(stmt, path, error)) == 1) {
        const char *table = (const char *)sqlite3_column_text(stmt, 0);
        const char *reason = (const char *)sqlite3_column_text(stmt, 1);
        if (table == NULL || reason == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        visit(self, table, reason);
    }
    return row;
}
