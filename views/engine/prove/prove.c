#include "views/engine/prove.h"

#include "views/engine/change.h"
#include "views/engine/check/guard.h"
#include "views/engine/prove/compare.h"
#include "views/engine/sqlite/functions.h"
#include "views/engine/sqlite/read_only.h"
#include "views/engine/sqlite/stmt.h"
#include "views/engine/store/disabled.h"
#include "views/engine/store/install.h"

#include <stdio.h>

struct prove {
    const struct catalog *catalog;
    sqlite3 *file;
    sqlite3 *anew; // a copy of the file with its views made anew; attached as `was`: one as it is
};

static int prove_open_file(struct prove *prove, const char *path, struct error *error) {
    bool immutable;
    return read_only_open(path, &prove->file, &immutable, error) != 0
               ? -1
               : functions_register(prove->file, NULL, error);
}

// A database without a name is a temporary file, which SQLite keeps in memory while it is small.
static int prove_copy(struct prove *prove, const char *into, const char *path, struct error *error) {
    sqlite3_backup *copy = sqlite3_backup_init(prove->anew, into, prove->file, "main");
    if (copy != NULL)
        (void)sqlite3_backup_step(copy, -1);
    return sqlite3_backup_finish(copy) == SQLITE_OK ? 0 : stmt_error(error, prove->anew, path);
}

// Both of one snapshot, whoever writes the file meanwhile.
static int prove_copies(struct prove *prove, const char *path, struct error *error) {
    if (sqlite3_open("", &prove->anew) != SQLITE_OK)
        return stmt_error(error, prove->anew, path);
    return prove_copy(prove, "main", path, error) != 0 ||
                   stmt_run(prove->anew, "attach '' as was", path, error) != 0
               ? -1
               : prove_copy(prove, "was", path, error);
}

static int prove_rebuild(struct prove *prove, struct error *error) {
    const struct change *current = NULL;
    struct store_report report = {0};
    if (functions_register(prove->anew, &current, error) != 0 ||
        stmt_run(prove->anew, "begin; update _views set hash = ''", "_views", error) != 0 ||
        install_views(prove->anew, prove->catalog, &current, &report, error) != 0)
        return -1;
    return stmt_run(prove->anew, "commit", "commit", error);
}

// Whether the file has the view, made of these files.
static int prove_has(struct prove *prove, const struct view *view, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(prove->file, "select 1 from _views where name = :name and hash = :hash", "_views", &stmt,
                     error) != 0)
        return -1;
    stmt_bind_text(stmt, ":name", span_of(view->name));
    stmt_bind_text(stmt, ":hash", span_of(view->hash));
    int row = stmt_row(stmt, "_views", error);
    if (row != 1)
        return row;
    int disabled = disabled_is(prove->file, view, error);
    return disabled < 0 ? -1 : disabled == 0;
}

static bool prove_is_history(const struct view *view, const char *table) {
    for (int i = 0; i < view->history_count; i++)
        if (sqlite3_stricmp(view->history[i], table) == 0)
            return true;
    return false;
}

// The tables that the view's schema makes, found out in a database of its own; but those behind one of fts5 or rtree, which
// are others by the order of its rows, and are compared by what it shows.
static int prove_tables(struct prove *prove, const struct view *view, struct prove_difference *ret,
                        struct error *error) {
    CLEANUP(stmt_close) sqlite3 *scratch = NULL;
    CLEANUP(stmt_finalize) sqlite3_stmt *names = NULL;
    if (guard_open_scratch(prove->catalog, &scratch, error) != 0 ||
        stmt_run(scratch, view->schema, view->file, error) != 0 ||
        stmt_prepare(
            scratch,
            "select s.name, t.type = 'virtual' from sqlite_schema s join pragma_table_list t on t.schema = 'main' and t.name = s.name"
            " where s.type = 'table' and t.type <> 'shadow' and s.name not like 'sqlite_%' order by s.rowid",
            view->file, &names, error) != 0)
        return -1;
    int row;
    while ((row = stmt_row(names, view->file, error)) == 1) {
        const char *table = (const char *)sqlite3_column_text(names, 0);
        if (table == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        if (guard_is_mirrored(prove->catalog, table) || prove_is_history(view, table))
            continue;
        int differs = compare_table(prove->anew, table, ret, error);
        if (differs == 0 && sqlite3_column_int(names, 1) != 0)
            differs = compare_index(prove->anew, table, ret, error);
        if (differs != 0)
            return differs;
    }
    return row;
}

static bool prove_may_ask(const struct query *query) {
    for (int i = 0; i < query->parameter_count; i++)
        if (query->rules[i].required)
            return false;
    return true;
}

static int prove_view(struct prove *prove, const struct view *view, struct prove_difference *ret,
                      struct error *error) {
    int has = prove_has(prove, view, error);
    if (has != 1)
        return has;
    (void)snprintf(ret->view, sizeof ret->view, "%s", view->name);
    int differs = prove_tables(prove, view, ret, error);
    for (int q = 0; differs == 0 && q < view->query_count; q++)
        if (prove_may_ask(&view->queries[q]))
            differs = compare_query(prove->file, prove->anew, &view->queries[q], ret, error);
    return differs;
}

static void prove_done(struct prove *prove) {
    stmt_close(&prove->anew);
    stmt_close(&prove->file);
}

int prove_views(const char *path, const struct catalog *catalog, struct prove_difference *ret,
                struct error *error) {
    CLEANUP(prove_done) struct prove prove = {.catalog = catalog};
    if (prove_open_file(&prove, path, error) != 0 ||
        stmt_run(prove.file, "begin; select count(*) from sqlite_schema", path, error) != 0 ||
        prove_copies(&prove, path, error) != 0 || prove_rebuild(&prove, error) != 0)
        return -1;
    int differs = 0;
    for (int i = 0; differs == 0 && i < catalog->view_count; i++)
        differs = prove_view(&prove, &catalog->views[i], ret, error);
    return differs;
}
