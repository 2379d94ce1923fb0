// Thin, safe handling of SQLite: errors with the cause, statements bound by name, cleanup.
// A connection and its statements belong to one thread at a time.
#ifndef TIDEMARK_SQLITE_STMT_H
#define TIDEMARK_SQLITE_STMT_H

#include "views/base/cleanup.h"
#include "views/base/error.h"
#include "views/base/span.h"

#include <sqlite3.h>
#include <stdint.h>

// Once, before the first connection of the process: SQLite's statistics of memory cost a mutex an allocation.
void stmt_set_up_library(void);

// ERROR_STORE (ERROR_BUSY when another connection holds a lock, ERROR_RETRY when the disk is full or fails), "what:
// SQLite's words". Returns -1.
int stmt_error(struct error *error, sqlite3 *db, const char *what);
// The same of a call whose code the connection does not keep (sqlite3_db_cacheflush): `code`, which is not SQLITE_OK.
int stmt_error_of(struct error *error, sqlite3 *db, int code, const char *what);

// What went wrong, in words that follow the name of the statement, and its kind as stmt_error has it. ERROR_RETRY when it was
// given up since the process is to stop (statement_limit.h). Valid until the connection's next call.
const char *stmt_says(sqlite3 *db, enum error_kind *ret_kind);

// Prepares the one statement of `sql` to be kept and used often. `what` names it in messages.
int stmt_prepare(sqlite3 *db, const char *sql, const char *what, sqlite3_stmt **ret, struct error *error);
// Runs statements that return nothing of interest; on failure the message has the line within `sql`.
int stmt_run(sqlite3 *db, const char *sql, const char *what, struct error *error);

// By name, with its colon. A name that the statement does not have is a bug: asserted.
void stmt_bind_integer(sqlite3_stmt *stmt, const char *name, int64_t value);
void stmt_bind_null(sqlite3_stmt *stmt, const char *name);
// `none` is null.
void stmt_bind_integer_or_null(sqlite3_stmt *stmt, const char *name, int64_t value, int64_t none);
// Borrowed until the next reset; data NULL binds NULL.
void stmt_bind_text(sqlite3_stmt *stmt, const char *name, struct span text);
void stmt_bind_blob(sqlite3_stmt *stmt, const char *name, struct span bytes);

// Steps once and resets: for statements that only write. ret_changes may be NULL.
int stmt_step(sqlite3_stmt *stmt, const char *what, int *ret_changes, struct error *error);
// 1 = a row, 0 = none (and reset), -1 = error (and reset). After a row the caller goes on or resets.
int stmt_row(sqlite3_stmt *stmt, const char *what, struct error *error);

// Copy of a text of the row that the statement stands on, for the caller to free; NULL when it is NULL or
// there is no memory.
char *stmt_copy_text(sqlite3_stmt *stmt, int column);

// Skips white space, comments and semicolons.
const char *stmt_skip_blank(const char *sql);
// The first column of the one row of `sql`, such as a pragma; 0 when there is none.
int stmt_read_integer(sqlite3 *db, const char *sql, const char *what, int64_t *ret, struct error *error);

// What is in double quotes is a name on this connection, and one that names nothing an error: by itself SQLite takes it
// for a text. Not on the writer's: everything is checked on one that is so, and a file may hold a view of before, which it
// still has to drop and to alter tables beside.
void stmt_take_no_quoted_texts(sqlite3 *db);

// Asserts, in builds without NDEBUG, that no statement of the connection stands on a row: none stays open across a
// transaction.
void stmt_check_none_open(sqlite3 *db);

// Number of the line (from 1) that `offset` bytes into `text` lies on.
int stmt_line(const char *text, size_t offset);

static inline void stmt_finalize(sqlite3_stmt **stmt) {
    (void)sqlite3_finalize(*stmt);
    *stmt = NULL;
}
static inline void stmt_reset(sqlite3_stmt **stmt) {
    if (*stmt != NULL)
        (void)sqlite3_reset(*stmt);
}
static inline void stmt_free_text(char **text) {
    sqlite3_free(*text);
    *text = NULL;
}
static inline void stmt_close(sqlite3 **db) {
    (void)sqlite3_close_v2(*db);
    *db = NULL;
}

#endif
