#include "views/engine/ask.h"

#include "views/base/clock.h"
#include "views/engine/sqlite/engine_sql.h"

struct ask_patience {
    int64_t until_ms; // monotonic
};

// The writer leaves moments only between two commits, so they are looked for often.
static int ask_wait(void *self, int times) {
    (void)times;
    (void)sqlite3_sleep(1);
    return clock_monotonic_ms() < ((const struct ask_patience *)self)->until_ms;
}

static int ask_open(sqlite3 **ret, const char *path, struct ask_patience *patience, struct error *error) {
    if (sqlite3_open_v2(path, ret, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return stmt_error(error, *ret, path);
    (void)sqlite3_extended_result_codes(*ret, 1);
    (void)sqlite3_busy_handler(*ret, ask_wait, patience);
    return 0;
}

// Why the message is none to ask something of; 0 = it is one.
static int ask_check(sqlite3 *db, enum ask_action action, int64_t id, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(db, "requests_may", &stmt, error) != 0)
        return -1;
    stmt_bind_integer(stmt, ":id", id);
    int row = stmt_row(stmt, "_quarantine", error);
    if (row < 0)
        return -1;
    if (row == 0)
        return error_set(error, ERROR_NOTFOUND, "no message %lld in quarantine", (long long)id);
    bool waits = sqlite3_column_int(stmt, 1) != 0;
    bool counts = sqlite3_column_int64(stmt, 2) > 0; // for older ones that were dropped
    if (waits || (counts && action == ASK_DISCARD))
        return 0;
    return error_set(error, ERROR_INPUT, "message %lld does not wait in quarantine: it is %s", (long long)id,
                     (const char *)sqlite3_column_text(stmt, 0));
}

static int ask_add(sqlite3 *db, enum ask_action action, int64_t id, struct span note, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (id != ASK_ALL && ask_check(db, action, id, error) != 0)
        return -1;
    if (engine_sql_prepare(db, "requests_add", &stmt, error) != 0)
        return -1;
    stmt_bind_integer(stmt, ":all", id == ASK_ALL);
    stmt_bind_integer(stmt, ":id", id);
    stmt_bind_text(stmt, ":action", action == ASK_RETRY ? SPAN("retry") : SPAN("discard"));
    stmt_bind_text(stmt, ":note", note);
    return stmt_step(stmt, "_quarantine_requests", NULL, error);
}

int ask_quarantined(const char *path, enum ask_action action, const int64_t *ids, int count, struct span note,
                    int wait_ms, struct error *error) {
    CLEANUP(stmt_close) sqlite3 *db = NULL;
    struct ask_patience patience = {clock_monotonic_ms() + wait_ms};
    struct error failure = {0};
    int status = ask_open(&db, path, &patience, &failure);
    if (status == 0)
        status = engine_sql_run(db, "begin", &failure);
    if (status == 0) {
        for (int i = 0; i < count && status == 0; i++)
            status = ask_add(db, action, ids[i], note, &failure);
        if (engine_sql_run(db, status == 0 ? "commit" : "rollback", status == 0 ? &failure : NULL) != 0)
            status = -1;
    }
    if (status == 0)
        return 0;
    if (failure.kind == ERROR_BUSY)
        return error_set(error, ERROR_TIMEOUT, "%s: was being written for %d ms", path, wait_ms);
    if (error != NULL)
        *error = failure;
    return -1;
}
