#include "views/engine/store/identity.h"

#include "views/engine/sqlite/stmt.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

int identity_check(sqlite3 *db, const char *path, const struct identity *newest, bool *ret_new,
                   struct error *error) {
    int64_t application = 0;
    int64_t format = 0;
    int64_t objects = 0;
    if (stmt_read_integer(db, "pragma application_id", "application_id", &application, error) != 0 ||
        stmt_read_integer(db, "pragma user_version", "user_version", &format, error) != 0 ||
        stmt_read_integer(db, "select count(*) from sqlite_schema", "sqlite_schema", &objects, error) != 0) {
        if (sqlite3_errcode(db) == SQLITE_NOTADB)
            return error_set(error, ERROR_STORE, "%s: not a tidemark file (it is no SQLite database)", path);
        return error_prefix(error, "%s", path);
    }
    *ret_new = objects == 0 && application == 0 && format == 0;
    if (*ret_new)
        return 0;
    if (application != newest->application_id)
        return error_set(error, ERROR_STORE, "%s: not a tidemark file (it is some other SQLite database)",
                         path);
    if (format > newest->format)
        return error_set(error, ERROR_STORE,
                         "%s: its format is %d, this tidemark knows formats up to %d: use a newer tidemark",
                         path, (int)format, newest->format);
    return 0;
}

int identity_make_id(char *ret, size_t size, struct error *error) {
    unsigned char bytes[64];
    assert(size / 2 <= sizeof bytes);
    if (getrandom(bytes, size / 2, 0) != (ssize_t)(size / 2))
        return error_set(error, ERROR_SYSTEM, "getrandom: %s", strerror(errno));
    for (size_t i = 0; i < size / 2; i++)
        (void)snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

// What says in the file's header that it is ours, and of which format. A pragma takes no parameters: only numbers of the
// program's own are composed.
int identity_write(sqlite3 *db, const struct identity *identity, struct error *error) {
    CLEANUP(stmt_free_text)
    char *sql = sqlite3_mprintf("pragma application_id = %d; pragma user_version = %d",
                                identity->application_id, identity->format);
    if (sql == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    return stmt_run(db, sql, "header", error);
}
