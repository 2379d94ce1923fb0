#include "views/engine/store/made_with.h"

#include "views/engine/row/table_change.h"
#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/store/disabled.h"

#include <string.h>

// Without case: a file of before names folded as PostgreSQL folds them has the same tables under SQLite.
int made_with_mirror(struct sqlite3 *db, const char *mirror, bool *ret, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, "meta_get", &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":name", SPAN("source"));
    int row = stmt_row(stmt, "_meta", error);
    const char *source = row == 1 ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    *ret = source != NULL && sqlite3_stricmp(source, mirror) == 0;
    return row < 0 ? -1 : 0;
}

static int made_with_check_view(sqlite3 *db, const char *path, const struct view *view, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(db, "select hash from _views where name = :name", path, &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":name", span_of(view->name));
    int row = stmt_row(stmt, path, error);
    if (row < 0)
        return -1;
    if (row == 0)
        return error_set(
            error, ERROR_INPUT,
            "%s: has no view \"%s\": start `tidemark run` or `tidemark replay` with these views once, "
            "which builds it, leave it out with --only, or give the --views that the file was made with",
            path, view->name);
    const char *hash = (const char *)sqlite3_column_text(stmt, 0);
    bool same = hash != NULL && strcmp(hash, view->hash) == 0;
    (void)sqlite3_reset(stmt);
    int disabled = same ? 0 : disabled_is(db, view, error);
    if (disabled < 0)
        return -1;
    if (!same && disabled == 0)
        return error_set(
            error, ERROR_INPUT,
            "%s: view \"%s\" was built by another %s, or by an older tidemark that may have let it go stale: start "
            "`tidemark run` or `tidemark replay` with these views once, which builds it anew",
            path, view->name, view->file);
    return 0;
}

int made_with_check(struct sqlite3 *db, const char *path, const struct catalog *catalog,
                    struct error *error) {
    CLEANUP(stmt_free_text) char *mirror = table_change_mirror(catalog->tables, catalog->table_count);
    bool same;
    if (mirror == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (made_with_mirror(db, mirror, &same, error) != 0)
        return -1;
    if (!same)
        return error_set(
            error, ERROR_INPUT,
            "%s: was made with another source.sql: start `tidemark run` or `tidemark replay` with this one "
            "once, which carries it out, or give the --views that the file was made with",
            path);
    for (int i = 0; i < catalog->view_count; i++)
        if (made_with_check_view(db, path, &catalog->views[i], error) != 0)
            return -1;
    return 0;
}
