#include "views/engine/store/visible_txns.h"

#include "views/base/cleanup.h"
#include "views/engine/change.h"
#include "views/engine/sqlite/engine_sql.h"

#include <stdlib.h>

static const char visible_txns_add[] = "transactions_add";
static const char visible_txns_remove[] = "transactions_forget";
static const char visible_txns_oldest[] = "transactions_oldest_kept";
static const char visible_txns_count[] = "transactions_count";

struct run {
    int64_t first;
    int64_t last;
    int64_t lsn; // of the last
};

struct visible_txns {
    sqlite3 *db;
    sqlite3_stmt *insert;
    sqlite3_stmt *forget;
    struct run pending[VISIBLE_TXNS_PENDING_MAX];
    int pending_count;
    int64_t written;     // rows since the newest forgetting
    int64_t written_lsn; // of the newest of them
    int64_t oldest_kept; // what is below goes the next time; LSN_NONE = not known yet
};

static int visible_txns_read_number(sqlite3_stmt *stmt, const char *sql, int64_t *ret, struct error *error) {
    int row = stmt_row(stmt, sql, error);
    if (row == 1)
        *ret = sqlite3_column_int64(stmt, 0);
    return row < 0 ? -1 : 0;
}

static int visible_txns_count_written(struct visible_txns *shown, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    int64_t rows = 0;
    if (engine_sql_prepare(shown->db, visible_txns_count, &stmt, error) != 0 ||
        visible_txns_read_number(stmt, visible_txns_count, &rows, error) != 0)
        return -1;
    shown->written = rows > VISIBLE_TXNS_ROWS_KEPT ? rows - VISIBLE_TXNS_ROWS_KEPT : 0;
    return 0;
}

static int visible_txns_find_oldest(struct visible_txns *shown, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(shown->db, visible_txns_oldest, &stmt, error) != 0)
        return -1;
    stmt_bind_integer(stmt, ":kept", VISIBLE_TXNS_ROWS_KEPT);
    return visible_txns_read_number(stmt, visible_txns_oldest, &shown->oldest_kept, error);
}

int visible_txns_new(struct visible_txns **ret, sqlite3 *db, struct error *error) {
    CLEANUP(visible_txns_free) struct visible_txns *shown = calloc(1, sizeof *shown);
    if (shown == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    shown->db = db;
    shown->oldest_kept = LSN_NONE;
    if (visible_txns_count_written(shown, error) != 0 ||
        engine_sql_prepare(db, visible_txns_add, &shown->insert, error) != 0 ||
        engine_sql_prepare(db, visible_txns_remove, &shown->forget, error) != 0)
        return -1;
    *ret = shown;
    shown = NULL;
    return 0;
}

void visible_txns_free(struct visible_txns **shown) {
    if (*shown == NULL)
        return;
    stmt_finalize(&(*shown)->insert);
    stmt_finalize(&(*shown)->forget);
    free(*shown);
    *shown = NULL;
}

bool visible_txns_is_full(const struct visible_txns *shown) {
    return shown->pending_count == VISIBLE_TXNS_PENDING_MAX;
}

// A txid is known to the source's clients by its low 32 bits (what pgoutput sends) or as a whole (xid8).
int visible_txns_note(struct visible_txns *shown, int64_t txid, int64_t lsn, struct error *error) {
    int64_t low = txid & 0xffffffff;
    struct run *newest = shown->pending_count > 0 ? &shown->pending[shown->pending_count - 1] : NULL;
    if (newest != NULL && newest->last + 1 == low) {
        newest->last = low;
        newest->lsn = lsn;
        return 0;
    }
    if (visible_txns_is_full(shown) && visible_txns_save(shown, error) != 0)
        return -1;
    shown->pending[shown->pending_count++] = (struct run){low, low, lsn};
    return 0;
}

// Down to about as many as are to be kept.
static int visible_txns_forget(struct visible_txns *shown, struct error *error) {
    if (shown->oldest_kept == LSN_NONE && visible_txns_find_oldest(shown, error) != 0)
        return -1;
    stmt_bind_integer(shown->forget, ":lsn", shown->oldest_kept);
    shown->written = 0;
    shown->oldest_kept = shown->written_lsn;
    return stmt_step(shown->forget, visible_txns_remove, NULL, error);
}

int visible_txns_save(struct visible_txns *shown, struct error *error) {
    for (int i = 0; i < shown->pending_count; i++) {
        stmt_bind_integer(shown->insert, ":txid", shown->pending[i].first);
        stmt_bind_integer(shown->insert, ":last", shown->pending[i].last);
        stmt_bind_integer(shown->insert, ":lsn", shown->pending[i].lsn);
        if (stmt_step(shown->insert, visible_txns_add, NULL, error) != 0)
            return -1;
    }
    if (shown->pending_count > 0)
        shown->written_lsn = shown->pending[shown->pending_count - 1].lsn;
    shown->written += shown->pending_count;
    shown->pending_count = 0;
    return shown->written < VISIBLE_TXNS_ROWS_KEPT ? 0 : visible_txns_forget(shown, error);
}

void visible_txns_drop(struct visible_txns *shown) {
    shown->pending_count = 0;
}
