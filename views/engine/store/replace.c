#include "views/engine/replace.h"

#include "views/base/cleanup.h"
#include "views/engine/delta/dedup.h"
#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/sqlite/functions.h"
#include "views/engine/sqlite/stmt.h"
#include "views/engine/store/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int replace_run(sqlite3 *db, const char *format, const char *name, const char *columns,
                       struct error *error) {
    CLEANUP(stmt_free_text) char *sql = sqlite3_mprintf(format, name, columns, columns, name);
    return sql == NULL ? error_set(error, ERROR_SYSTEM, "out of memory") : stmt_run(db, sql, name, error);
}

static int replace_attach(sqlite3 *db, const char *of, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(db, "attach database :path as old", of, &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":path", span_of(of));
    return stmt_step(stmt, of, NULL, error);
}

static bool replace_is_kept(const struct catalog *catalog, struct span table) {
    for (int v = 0; v < catalog->view_count; v++)
        for (int h = 0; h < catalog->views[v].history_count; h++)
            if (kept_is_name(span_of(catalog->views[v].history[h]), table))
                return true;
    return false;
}

// The columns of both, quoted, separated by commas. *ret NULL: the old file has no such table. sqlite3_free.
static int replace_columns(sqlite3 *db, const char *table, char **ret, struct error *error) {
    static const char sql[] =
        "select group_concat('\"' || replace(name, '\"', '\"\"') || '\"', ', ') from pragma_table_info(:table, 'main')"
        " where name in (select name from pragma_table_info(:table, 'old'))";
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(db, sql, table, &stmt, error) != 0)
        return -1;
    stmt_bind_text(stmt, ":table", span_of(table));
    int row = stmt_row(stmt, table, error);
    if (row < 0)
        return -1;
    const char *columns = row == 1 ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    *ret = columns != NULL ? sqlite3_mprintf("%s", columns) : NULL;
    return columns != NULL && *ret == NULL ? error_set(error, ERROR_SYSTEM, "out of memory") : 0;
}

static int replace_carry_once(sqlite3 *db, const char *table, struct error *error) {
    static const char *const copies[] = {
        "insert into _once(\"table\", key, value) select \"table\", key, value from old._once where \"table\" = :table",
        "insert into _once_values(once, number, value) select n.id, v.number, v.value from old._once_values v"
        " join old._once o on o.id = v.once join main._once n on n.\"table\" = o.\"table\" and n.key = o.key"
        " and n.value = o.value where o.\"table\" = :table",
        "insert into _once_blocks(once, part, block, told) select n.id, b.part, b.block, b.told from old._once_blocks b"
        " join old._once o on o.id = b.once join main._once n on n.\"table\" = o.\"table\" and n.key = o.key"
        " and n.value = o.value where o.\"table\" = :table",
    };
    if (dedup_drop(db, table, error) != 0)
        return -1;
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++) {
        CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
        if (stmt_prepare(db, copies[i], "_once", &stmt, error) != 0)
            return -1;
        stmt_bind_text(stmt, ":table", span_of(table));
        if (stmt_step(stmt, "_once", NULL, error) != 0)
            return -1;
    }
    return 0;
}

// `again`: its rows alone.
static int replace_carry_table(sqlite3 *db, const struct catalog *catalog, struct span name, bool again,
                               struct error *error) {
    CLEANUP(stmt_free_text) char *table = sqlite3_mprintf("%.*s", (int)name.size, name.data);
    CLEANUP(stmt_free_text) char *columns = NULL;
    if (table == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (!replace_is_kept(catalog, name))
        return error_set(
            error, ERROR_INPUT,
            "table %s is history that the log does not tell, and the new views do not keep it: a line "
            "`-- tidemark: keep %s` carries it over",
            table, table);
    if (replace_columns(db, table, &columns, error) != 0)
        return -1;
    if (columns == NULL)
        return 0;
    if (replace_run(db, "delete from main.\"%w\"", table, "", error) != 0 ||
        replace_run(db, "insert into main.\"%w\"(%s) select %s from old.\"%w\"", table, columns, error) != 0)
        return error_prefix(error, "what is kept as history does not suit its new columns");
    if (again)
        return 0;
    if (kept_carry_sequence(db, table, error) != 0)
        return -1;
    return replace_carry_once(db, table, error);
}

static int replace_carry_view(sqlite3 *db, const struct catalog *catalog, const char *schema, bool again,
                              struct error *error) {
    for (;;) {
        struct span name = schema_next_history(&schema);
        if (name.data == NULL)
            return 0;
        if (replace_carry_table(db, catalog, name, again, error) != 0)
            return -1;
    }
}

static int replace_carry_views(sqlite3 *db, const struct catalog *catalog, bool again, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(db, "select schema from old._views order by name", "_views", &stmt, error) != 0)
        return -1;
    int row;
    while ((row = stmt_row(stmt, "_views", error)) == 1) {
        const char *schema = (const char *)sqlite3_column_text(stmt, 0);
        if (schema != NULL && replace_carry_view(db, catalog, schema, again, error) != 0)
            return -1;
    }
    return row < 0 ? -1 : 0;
}

// It is nobody's file beside any more: one that is killed from here on is begun anew.
static int replace_carry_all(sqlite3 *db, const struct catalog *catalog, struct error *error) {
    bool triggers;
    if (replace_carry_views(db, catalog, false, error) != 0 || kept_has_triggers(db, &triggers, error) != 0)
        return -1;
    if (triggers) { // what they made stays, but not in tables that are kept themselves
        kept_set_triggers(db, false);
        int status = replace_carry_views(db, catalog, true, error);
        kept_set_triggers(db, true);
        if (status != 0)
            return -1;
    }
    return stmt_run(db, "delete from main._meta where name = 'fill'", "_meta", error);
}

// Partitions that the new source.sql has no use for are of the old file alone.
static int replace_check_offsets(sqlite3 *db, const char *next, struct error *error) {
    static const char sql[] =
        "select o.topic, o.partition, o.next_offset, n.next_offset from old._offsets o"
        " left join main._offsets n on n.topic = o.topic and n.partition = o.partition"
        " where n.next_offset < o.next_offset or (o.next_offset > 0 and not exists (select 1 from main._offsets))"
        " limit 1";
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(db, sql, "_offsets", &stmt, error) != 0)
        return -1;
    int row = stmt_row(stmt, "_offsets", error);
    if (row <= 0)
        return row;
    return error_set(
        error, ERROR_HALT,
        "%s was read up to offset %lld of %s partition %d, and the file that it is to replace up to %lld",
        next, (long long)sqlite3_column_int64(stmt, 3), (const char *)sqlite3_column_text(stmt, 0),
        sqlite3_column_int(stmt, 1), (long long)sqlite3_column_int64(stmt, 2));
}

int replace_carry(const char *next, const char *of, const struct catalog *catalog, struct error *error) {
    CLEANUP(stmt_close) sqlite3 *db = NULL;
    if (sqlite3_open_v2(next, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        return stmt_error(error, db, next);
    (void)sqlite3_busy_timeout(db, 5000);
    // What is kept has triggers and indexes of the view's: they see rows of a rebuild.
    if (functions_register(db, NULL, error) != 0 || replace_attach(db, of, error) != 0 ||
        engine_sql_run(db, "begin", error) != 0)
        return -1;
    int status = replace_check_offsets(db, next, error);
    if (status == 0)
        status = replace_carry_all(db, catalog, error);
    if (status == 0)
        status = engine_sql_run(db, "commit", error);
    if (status != 0)
        (void)engine_sql_run(db, "rollback", NULL);
    return status;
}

// All that the log has is in the file then, and nobody reads either.
static int replace_empty_log(const char *path, struct error *error) {
    CLEANUP(stmt_close) sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        return stmt_error(error, db, path);
    (void)sqlite3_busy_timeout(db, 2000);
    if (sqlite3_exec(db, "pragma locking_mode = exclusive; begin exclusive; rollback", NULL, NULL, NULL) ==
            SQLITE_OK &&
        sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK)
        return 0;
    return error_set(
        error, ERROR_BUSY,
        "%s: another process has it open (`tidemark serve`, sqlite3, a backup tool), so the file that "
        "was built anew cannot take its place: end that first",
        path);
}

static int replace_remove(const char *path, const char *suffix, struct error *error) {
    char file[PATH_MAX];
    (void)snprintf(file, sizeof file, "%s%s", path, suffix);
    return unlink(file) == 0 || errno == ENOENT
               ? 0
               : error_set(error, ERROR_STORE, "%s: %s", file, strerror(errno));
}

// Names last through a power cut when their folder is written.
static void replace_sync(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    (void)close(fd);
}

int replace_file(const char *path, const char *next, struct error *error) {
    char copy[PATH_MAX];
    if (replace_empty_log(path, error) != 0 || replace_empty_log(next, error) != 0)
        return -1;
    replace_sync(next, O_RDONLY);
    if (replace_remove(path, "-wal", error) != 0 || replace_remove(path, "-shm", error) != 0 ||
        replace_remove(next, "-wal", error) != 0 || replace_remove(next, "-shm", error) != 0)
        return -1;
    if (rename(next, path) != 0)
        return error_set(error, ERROR_STORE, "%s: %s", path, strerror(errno));
    (void)snprintf(copy, sizeof copy, "%s", path);
    replace_sync(dirname(copy), O_RDONLY | O_DIRECTORY);
    return 0;
}
