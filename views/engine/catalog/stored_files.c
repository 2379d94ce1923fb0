#include "views/engine/catalog/stored_files.h"

#include "views/engine/sqlite/stmt.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATH_SIZE = 4 * VIEW_NAME_MAX };

struct stored_files {
    sqlite3_stmt *find;
    sqlite3_stmt *put;
    bool write; // else only look whether all are there
    int count;  // of what was put or looked for
    bool same;  // all were there as they are
};

static int stored_files_add(struct stored_files *files, const char *path, const char *text,
                            struct error *error) {
    files->count++;
    sqlite3_stmt *stmt = files->write ? files->put : files->find;
    stmt_bind_text(stmt, ":path", span_of(path));
    stmt_bind_text(stmt, ":text", span_of(text));
    if (files->write)
        return stmt_step(stmt, "_files", NULL, error);
    int row = stmt_row(stmt, "_files", error);
    files->same &= row == 1;
    (void)sqlite3_reset(stmt);
    return row < 0 ? -1 : 0;
}

static int stored_files_add_view(struct stored_files *files, const struct view *view, struct error *error) {
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/schema.sql", view->name);
    if (view->schema[0] != '\0' && stored_files_add(files, path, view->schema, error) != 0)
        return -1;
    for (int i = 0; i < view->apply_count; i++)
        if (stored_files_add(files, view->applies[i].file, view->applies[i].sql, error) != 0)
            return -1;
    for (int i = 0; i < view->query_count; i++)
        if (stored_files_add(files, view->queries[i].file, view->queries[i].sql, error) != 0)
            return -1;
    return 0;
}

static int stored_files_add_all(struct stored_files *files, const struct catalog *catalog,
                                struct error *error) {
    files->count = 0;
    if (stored_files_add(files, "source.sql", catalog->source, error) != 0)
        return -1;
    for (int i = 0; i < catalog->view_count; i++)
        if (stored_files_add_view(files, &catalog->views[i], error) != 0)
            return -1;
    return 0;
}

static int stored_files_count(sqlite3 *db, int *ret, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(db, "select count(*) from _files", "_files", &stmt, error) != 0 ||
        stmt_row(stmt, "_files", error) < 0)
        return -1;
    *ret = sqlite3_column_int(stmt, 0);
    return 0;
}

int stored_files_write(struct sqlite3 *db, const struct catalog *catalog, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *find = NULL;
    CLEANUP(stmt_finalize) sqlite3_stmt *put = NULL;
    int count = 0;
    if (stmt_run(db,
                 "create table if not exists _files(path text primary key, text text not null) without rowid",
                 "_files", error) != 0 ||
        stmt_prepare(db, "select 1 from _files where path = :path and text = :text", "_files", &find,
                     error) != 0 ||
        stmt_prepare(db, "insert into _files values (:path, :text)", "_files", &put, error) != 0 ||
        stored_files_count(db, &count, error) != 0)
        return -1;
    struct stored_files files = {.find = find, .put = put, .same = true};
    if (stored_files_add_all(&files, catalog, error) != 0)
        return -1;
    if (files.same && files.count == count)
        return 0;
    files.write = true;
    return stmt_run(db, "delete from _files", "_files", error) != 0
               ? -1
               : stored_files_add_all(&files, catalog, error);
}

int stored_files_read(struct sqlite3 *db, const char *path, struct view_files *ret, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    CLEANUP(view_files_free) struct view_files files = {0};
    if (sqlite3_table_column_metadata(db, NULL, "_files", NULL, NULL, NULL, NULL, NULL, NULL) != SQLITE_OK)
        return 0;
    if (stmt_prepare(db, "select path, text from _files order by path", path, &stmt, error) != 0)
        return -1;
    int row;
    while ((row = stmt_row(stmt, path, error)) == 1) {
        const char *name = (const char *)sqlite3_column_text(stmt, 0);
        const char *text = (const char *)sqlite3_column_text(stmt, 1);
        if (name == NULL || text == NULL || view_files_add(&files, name, text, error) != 0)
            return name == NULL || text == NULL ? error_set(error, ERROR_SYSTEM, "out of memory") : -1;
    }
    if (row < 0)
        return -1;
    *ret = files;
    files = (struct view_files){0};
    return 0;
}
