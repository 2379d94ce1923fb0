#include "views/engine/store/upgrade.h"

#include "views/base/arena.h"
#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/engine/row/key_text.h"
#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/store/identity.h"

#include <stdio.h>

enum {
    UPGRADE_NAME_SIZE = 32,
    UPGRADE_TO_PARTS = 9,
    UPGRADE_TO_KEY_TEXTS = 10,
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

static int upgrade_carried_key(sqlite3_stmt *set, struct span key, struct error *error) {
    CLEANUP(arena_free) struct arena arena = {0};
    CLEANUP(buffer_free) struct buffer text = {0};
    if (!key_text_write_anew(&text, key, &arena))
        return 0; // an older SQLite wrote an infinity so that nothing reads it
    if (text.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    stmt_bind_text(set, ":old", key);
    stmt_bind_text(set, ":new", (struct span){text.data, text.size});
    return stmt_step(set, "_carry", NULL, error);
}

// What a row awaits is found by its key's text, which json_array() wrote otherwise (5.0, 0.1, \b). What is rewritten stays as it is when
// it is met again.
static int upgrade_carried_keys(sqlite3 *db, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *next = NULL;
    CLEANUP(stmt_finalize) sqlite3_stmt *set = NULL;
    CLEANUP(buffer_free) struct buffer key = {0};
    if (stmt_prepare(db, "select min(key) from _carry where key > :key", "_carry", &next, error) != 0 ||
        stmt_prepare(db, "update _carry set key = :new where key = :old and key <> :new", "_carry", &set,
                     error) != 0)
        return -1;
    for (;;) {
        stmt_bind_text(next, ":key", (struct span){key.data != NULL ? key.data : "", key.size});
        if (stmt_row(next, "_carry", error) != 1)
            return -1;
        CLEANUP(stmt_reset) sqlite3_stmt *row = next;
        if (sqlite3_column_type(row, 0) == SQLITE_NULL)
            return 0;
        const char *text = (const char *)sqlite3_column_text(row, 0);
        buffer_clear(&key);
        buffer_append(&key, text, (size_t)sqlite3_column_bytes(row, 0));
        if (text == NULL || key.failed)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        if (upgrade_carried_key(set, (struct span){key.data, key.size}, error) != 0)
            return -1;
    }
}

static int upgrade_to(sqlite3 *db, int format, struct error *error) {
    char name[UPGRADE_NAME_SIZE];
    (void)snprintf(name, sizeof name, "upgrade_%d", format);
    if (format == UPGRADE_TO_PARTS)
        return upgrade_tables(db, name, error);
    if (engine_sql_run(db, name, error) != 0)
        return -1;
    return format == UPGRADE_TO_KEY_TEXTS ? upgrade_carried_keys(db, error) : 0;
}

int upgrade_file(sqlite3 *db, const struct identity *newest, struct error *error) {
    int64_t format = newest->format;
    if (stmt_read_integer(db, "pragma user_version", "user_version", &format, error) != 0)
        return -1;
    for (int next = (int)format + 1; next <= newest->format; next++)
        if (upgrade_to(db, next, error) != 0 ||
            identity_write(db, &(struct identity){newest->application_id, next}, error) != 0)
            return -1;
    return 0;
}
