#include "views/engine/sqlite/stmt.h"

#include "views/engine/sqlite/statement_limit.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { STMT_CAUSE_SIZE = 512 };

void stmt_set_up_library(void) {
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

// What passes by itself is told apart from what does not.
static enum error_kind stmt_error_kind(int code) {
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERROR_BUSY;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
        return ERROR_RETRY;
    default:
        return ERROR_STORE;
    }
}

// What the system said of the connection's file, or of its log, when it last failed; 0 = nothing is known.
static int stmt_system_error(sqlite3 *db) {
    sqlite3_file *log = NULL;
    int cause = sqlite3_system_errno(db);
    if (cause == 0)
        (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &cause);
    if (cause == 0 && sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK &&
        log != NULL && log->pMethods != NULL)
        (void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &cause);
    return cause;
}

// A read that the system refuses SQLite takes for damage of the file system, and in the end for damage of the file: that is
// none.
static int stmt_code_of(sqlite3 *db, int code) {
    if ((code & 0xff) != SQLITE_CORRUPT)
        return code;
    const int cause = stmt_system_error(db);
    return cause == EIO || cause == ENXIO ? SQLITE_IOERR_READ : code;
}

// What the connection's last call ended with.
static int stmt_code(sqlite3 *db) {
    return stmt_code_of(db, sqlite3_extended_errcode(db));
}

const char *stmt_says(sqlite3 *db, enum error_kind *ret_kind) {
    bool stopped = false;
    const char *reason = NULL;
    int code = stmt_code(db);
    *ret_kind = stmt_error_kind(code);
    if ((code & 0xff) == SQLITE_INTERRUPT)
        reason = statement_limit_reason(&stopped);
    if (stopped) { // it is done at the next start
        *ret_kind = ERROR_RETRY;
        return "given up, since the process is to stop";
    }
    if (code == SQLITE_IOERR_READ)
        return sqlite3_errstr(code);
    if (code == SQLITE_CORRUPT_VTAB)
        return "a table of fts5, fts4 or rtree was told to take out what it has not; the file is whole, and a changed "
               "schema.sql, by a comment, makes the view anew";
    return reason != NULL ? reason : sqlite3_errmsg(db);
}

// The connection has opened its file.
static const char *stmt_file(sqlite3 *db) {
    const char *name = sqlite3_db_filename(db, "main");
    return name != NULL && name[0] != '\0' ? name : "the file";
}

// SQLite says the same of each failed call of the system; its code tells which one it was, and errno why. Of a damaged file it
// does not say which and what to do, of a locked one not who has it. Empty for all else.
static const char *stmt_cause(sqlite3 *db, int code, char ret[STMT_CAUSE_SIZE]) {
    int cause = (code & 0xff) == SQLITE_IOERR ? stmt_system_error(db) : 0;
    ret[0] = '\0';
    if ((code & 0xff) == SQLITE_IOERR)
        (void)snprintf(ret, STMT_CAUSE_SIZE, " (SQLite's code %d%s%s)%s%s", code, cause != 0 ? ", " : "",
                       cause != 0 ? strerror(cause) : "",
                       cause == EIO ? "; the kernel's log (dmesg) says what failed below " : "",
                       cause == EIO ? stmt_file(db) : "");
    else if (((code & 0xff) == SQLITE_CORRUPT && code != SQLITE_CORRUPT_VTAB) ||
             (code & 0xff) == SQLITE_NOTADB)
        (void)snprintf(ret, STMT_CAUSE_SIZE,
                       "; put a backup in the place of %s, or read the topics into a new --db file",
                       stmt_file(db));
    else if ((code & 0xff) == SQLITE_BUSY)
        (void)snprintf(ret, STMT_CAUSE_SIZE,
                       "; another program holds %s: sqlite3 with a transaction, a backup", stmt_file(db));
    return ret;
}

int stmt_error(struct error *error, sqlite3 *db, const char *what) {
    enum error_kind kind;
    char cause[STMT_CAUSE_SIZE];
    const char *says = stmt_says(db, &kind);
    return error_set(error, kind, "%s: %s%s", what, says, stmt_cause(db, stmt_code(db), cause));
}

int stmt_error_of(struct error *error, sqlite3 *db, int code, const char *what) {
    char cause[STMT_CAUSE_SIZE];
    code = stmt_code_of(db, code);
    return error_set(error, stmt_error_kind(code), "%s: %s%s", what, sqlite3_errstr(code),
                     stmt_cause(db, code, cause));
}

int stmt_prepare(sqlite3 *db, const char *sql, const char *what, sqlite3_stmt **ret, struct error *error) {
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK)
        return stmt_error(error, db, what);
    *ret = stmt;
    return 0;
}

int stmt_line(const char *text, size_t offset) {
    int line = 1;
    for (size_t i = 0; i < offset && text[i] != '\0'; i++)
        line += text[i] == '\n';
    return line;
}

static int stmt_run_error(sqlite3 *db, const char *sql, const char *statement, const char *what,
                          struct error *error) {
    int within = sqlite3_error_offset(db);
    size_t offset = (size_t)(statement - sql) + (within > 0 ? (size_t)within : 0);
    enum error_kind kind;
    char cause[STMT_CAUSE_SIZE];
    const char *says = stmt_says(db, &kind);
    return error_set(error, kind, "%s:%d: %s%s", what, stmt_line(sql, offset), says,
                     stmt_cause(db, stmt_code(db), cause));
}

// A message is to have the line where the statement itself begins.
const char *stmt_skip_blank(const char *sql) {
    for (;;) {
        while (*sql == ' ' || *sql == '\t' || *sql == '\n' || *sql == '\r' || *sql == ';')
            sql++;
        if (sql[0] == '-' && sql[1] == '-') {
            while (*sql != '\0' && *sql != '\n')
                sql++;
        } else if (sql[0] == '/' && sql[1] == '*') {
            sql += 2;
            while (*sql != '\0' && !(sql[0] == '*' && sql[1] == '/'))
                sql++;
            if (*sql != '\0')
                sql += 2;
        } else {
            return sql;
        }
    }
}

int stmt_run(sqlite3 *db, const char *sql, const char *what, struct error *error) {
    const char *rest = stmt_skip_blank(sql);
    while (*rest != '\0') {
        CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
        const char *tail = NULL;
        if (sqlite3_prepare_v2(db, rest, -1, &stmt, &tail) != SQLITE_OK)
            return stmt_run_error(db, sql, rest, what, error);
        statement_limit_mark(what);
        int code = stmt != NULL ? sqlite3_step(stmt) : SQLITE_DONE;
        while (code == SQLITE_ROW)
            code = sqlite3_step(stmt);
        if (code != SQLITE_DONE)
            return stmt_run_error(db, sql, rest, what, error);
        rest = stmt_skip_blank(tail);
    }
    return 0;
}

static int stmt_parameter_index(sqlite3_stmt *stmt, const char *name) {
    int index = sqlite3_bind_parameter_index(stmt, name);
    assert(index > 0);
    return index;
}

void stmt_bind_integer(sqlite3_stmt *stmt, const char *name, int64_t value) {
    (void)sqlite3_bind_int64(stmt, stmt_parameter_index(stmt, name), value);
}

void stmt_bind_null(sqlite3_stmt *stmt, const char *name) {
    (void)sqlite3_bind_null(stmt, stmt_parameter_index(stmt, name));
}

void stmt_bind_integer_or_null(sqlite3_stmt *stmt, const char *name, int64_t value, int64_t none) {
    if (value == none)
        stmt_bind_null(stmt, name);
    else
        stmt_bind_integer(stmt, name, value);
}

void stmt_bind_text(sqlite3_stmt *stmt, const char *name, struct span text) {
    (void)sqlite3_bind_text64(stmt, stmt_parameter_index(stmt, name), text.data, text.size, SQLITE_STATIC,
                              SQLITE_UTF8);
}

void stmt_bind_blob(sqlite3_stmt *stmt, const char *name, struct span bytes) {
    (void)sqlite3_bind_blob64(stmt, stmt_parameter_index(stmt, name), bytes.data, bytes.size, SQLITE_STATIC);
}

int stmt_step(sqlite3_stmt *stmt, const char *what, int *ret_changes, struct error *error) {
    sqlite3 *db = sqlite3_db_handle(stmt);
    statement_limit_mark(what);
    int code = sqlite3_step(stmt);
    while (code == SQLITE_ROW)
        code = sqlite3_step(stmt);
    int status = 0;
    if (code != SQLITE_DONE)
        status = stmt_error(error, db, what);
    else if (ret_changes != NULL)
        *ret_changes = sqlite3_changes(db);
    (void)sqlite3_reset(stmt);
    return status;
}

int stmt_row(sqlite3_stmt *stmt, const char *what, struct error *error) {
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        return 1;
    int status = code == SQLITE_DONE ? 0 : stmt_error(error, sqlite3_db_handle(stmt), what);
    (void)sqlite3_reset(stmt);
    return status;
}

char *stmt_copy_text(sqlite3_stmt *stmt, int column) {
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    return text != NULL ? strdup(text) : NULL;
}

int stmt_read_integer(sqlite3 *db, const char *sql, const char *what, int64_t *ret, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(db, sql, what, &stmt, error) != 0)
        return -1;
    int row = stmt_row(stmt, what, error);
    if (row >= 0)
        *ret = row > 0 ? sqlite3_column_int64(stmt, 0) : 0;
    return row < 0 ? -1 : 0;
}

void stmt_take_no_quoted_texts(sqlite3 *db) {
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
}

void stmt_check_none_open(sqlite3 *db) {
    (void)db;
#ifndef NDEBUG
    for (sqlite3_stmt *stmt = sqlite3_next_stmt(db, NULL); stmt != NULL; stmt = sqlite3_next_stmt(db, stmt))
        assert(!sqlite3_stmt_busy(stmt));
#endif
}
