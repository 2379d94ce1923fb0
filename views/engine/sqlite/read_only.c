#include "views/engine/sqlite/read_only.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Whether the file can be read now: SQLite opens it for good with the first statement that reads.
// SQLite 3.47 and later plan by the value that is bound to LIMIT, and so prepare a kept statement again at each run
// (findings/sqlite-bound-limit-prepares-again.sh). With its planner's stability guarantee they do not.
static int read_only_probe(sqlite3 *db) {
    (void)sqlite3_busy_timeout(db, READ_ONLY_BUSY_MS);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    stmt_take_no_quoted_texts(db);
    return sqlite3_exec(db, "select 1 from sqlite_schema limit 1", NULL, NULL, NULL);
}

static bool read_only_has_log(const char *path) {
    CLEANUP(stmt_free_text) char *log = sqlite3_mprintf("%s-wal", path);
    struct stat found;
    return log == NULL || (stat(log, &found) == 0 && found.st_size > 0);
}

int read_only_open_immutable(const char *path, sqlite3 **ret, struct error *error) {
    sqlite3_str *text = sqlite3_str_new(NULL);
    sqlite3_str_appendall(text, "file:");
    for (const char *at = path; *at != '\0'; at++)
        if (strchr("?#%", *at) != NULL)
            sqlite3_str_appendf(text, "%%%02X", (unsigned)(unsigned char)*at);
        else
            sqlite3_str_appendchar(text, 1, *at);
    sqlite3_str_appendall(text, "?immutable=1");
    CLEANUP(stmt_free_text) char *uri = sqlite3_str_finish(text);
    if (uri == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI;
    CLEANUP(stmt_close) sqlite3 *db = NULL;
    if (sqlite3_open_v2(uri, &db, flags, NULL) != SQLITE_OK || read_only_probe(db) != SQLITE_OK)
        return stmt_error(error, db, path);
    *ret = db;
    db = NULL;
    return 0;
}

int read_only_open(const char *path, sqlite3 **ret, bool *ret_immutable, struct error *error) {
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    CLEANUP(stmt_close) sqlite3 *db = NULL;
    *ret_immutable = false;
    int code = sqlite3_open_v2(path, &db, flags, NULL);
    if (code == SQLITE_OK)
        code = read_only_probe(db);
    if (code == SQLITE_OK) {
        *ret = db;
        db = NULL;
        return 0;
    }
    bool no_shared_memory = (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY;
    if (!no_shared_memory || access(path, R_OK) != 0)
        return stmt_error(error, db, path);
    if (read_only_has_log(path))
        return error_set(
            error, ERROR_STORE,
            "%s: nothing can be written beside it, and commits of the write-ahead log there wait "
            "for that: let its owner's tidemark end, or copy it with `sqlite3 FILE \"vacuum into "
            "'COPY'\"`",
            path);
    *ret_immutable = true;
    return read_only_open_immutable(path, ret, error);
}
