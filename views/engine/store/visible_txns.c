#include "views/engine/store/visible_txns.h"

#include "views/base/cleanup.h"
#include "views/engine/change.h"
#include "views/engine/sqlite/engine_sql.h"

#include <stdlib.h>
#include <string.h>

static const char visible_txns_add[] = "transactions_add";
static const char visible_txns_remove[] = "transactions_forget";
static const char visible_txns_oldest[] = "transactions_oldest_kept";
static const char visible_txns_count[] = "transactions_count";
static const char visible_txns_newest[] = "transactions_newest";

struct txid_run {
    int64_t first;
    int64_t last;
    int64_t lsn; // of the last
};

struct visible_txns {
    sqlite3 *db;
    sqlite3_stmt *insert;
    sqlite3_stmt *forget;
    struct txid_run pending[VISIBLE_TXNS_PENDING_MAX];
    int pending_count;
    int64_t written;     // rows since the newest forgetting
    int64_t written_lsn; // of the newest of them
    int64_t oldest_kept; // what is below goes the next time; LSN_NONE = not known yet
    // By its low bits, the newest of each; `lsn` is no lower than its own. 0 is no txid.
    struct recent_txid {
        int64_t txid;
        int64_t lsn;
    } recent[VISIBLE_TXNS_RECENT];
};

static int visible_txns_read_number(sqlite3_stmt *stmt, const char *sql, int64_t *ret, struct error *error) {
    int row = stmt_row(stmt, sql, error);
    if (row == 1)
        *ret = sqlite3_column_int64(stmt, 0);
    return row < 0 ? -1 : 0;
}

static int visible_txns_count_written(struct visible_txns *txns, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    int64_t rows = 0;
    if (engine_sql_prepare(txns->db, visible_txns_count, &stmt, error) != 0 ||
        visible_txns_read_number(stmt, visible_txns_count, &rows, error) != 0)
        return -1;
    txns->written = rows > VISIBLE_TXNS_ROWS_KEPT ? rows - VISIBLE_TXNS_ROWS_KEPT : 0;
    return 0;
}

static int visible_txns_find_oldest(struct visible_txns *txns, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (engine_sql_prepare(txns->db, visible_txns_oldest, &stmt, error) != 0)
        return -1;
    stmt_bind_integer(stmt, ":kept", VISIBLE_TXNS_ROWS_KEPT);
    return visible_txns_read_number(stmt, visible_txns_oldest, &txns->oldest_kept, error);
}

static void visible_txns_load_run(struct visible_txns *txns, struct txid_run run) {
    for (int64_t txid = run.last; txid >= run.first && txid > run.last - VISIBLE_TXNS_RECENT; txid--) {
        struct recent_txid *recent = &txns->recent[txid % VISIBLE_TXNS_RECENT];
        if (recent->txid == 0 || run.lsn > recent->lsn)
            *recent = (struct recent_txid){txid, run.lsn};
    }
}

static int visible_txns_load_recent(struct visible_txns *txns, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    int row;
    if (engine_sql_prepare(txns->db, visible_txns_newest, &stmt, error) != 0)
        return -1;
    stmt_bind_integer(stmt, ":count", VISIBLE_TXNS_RECENT);
    while ((row = stmt_row(stmt, visible_txns_newest, error)) == 1)
        visible_txns_load_run(txns,
                              (struct txid_run){sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
                                                sqlite3_column_int64(stmt, 2)});
    return row;
}

int visible_txns_reload(struct visible_txns *txns, struct error *error) {
    txns->pending_count = 0;
    txns->oldest_kept = LSN_NONE;
    memset(txns->recent, 0, sizeof txns->recent);
    return visible_txns_count_written(txns, error) == 0 ? visible_txns_load_recent(txns, error) : -1;
}

int visible_txns_new(struct visible_txns **ret, sqlite3 *db, struct error *error) {
    CLEANUP(visible_txns_free) struct visible_txns *txns = calloc(1, sizeof *txns);
    if (txns == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    txns->db = db;
    if (visible_txns_reload(txns, error) != 0 ||
        engine_sql_prepare(db, visible_txns_add, &txns->insert, error) != 0 ||
        engine_sql_prepare(db, visible_txns_remove, &txns->forget, error) != 0)
        return -1;
    *ret = txns;
    txns = NULL;
    return 0;
}

void visible_txns_free(struct visible_txns **txns) {
    if (*txns == NULL)
        return;
    stmt_finalize(&(*txns)->insert);
    stmt_finalize(&(*txns)->forget);
    free(*txns);
    *txns = NULL;
}

bool visible_txns_is_full(const struct visible_txns *txns) {
    return txns->pending_count == VISIBLE_TXNS_PENDING_MAX;
}

// A txid is known to the source's clients by its low 32 bits (what pgoutput sends) or as a whole (xid8).
static int64_t visible_txns_low(int64_t txid) {
    return txid & 0xffffffff;
}

bool visible_txns_repeats(const struct visible_txns *txns, int64_t txid, int64_t lsn) {
    int64_t low = visible_txns_low(txid);
    const struct recent_txid *recent = &txns->recent[low % VISIBLE_TXNS_RECENT];
    return low != 0 && recent->txid == low && recent->lsn < lsn && recent->lsn >> LSN_BITS == lsn >> LSN_BITS;
}

int visible_txns_note(struct visible_txns *txns, int64_t txid, int64_t lsn, struct error *error) {
    int64_t low = visible_txns_low(txid);
    txns->recent[low % VISIBLE_TXNS_RECENT] = (struct recent_txid){low, lsn};
    struct txid_run *newest = txns->pending_count > 0 ? &txns->pending[txns->pending_count - 1] : NULL;
    if (newest != NULL && newest->last + 1 == low) {
        newest->last = low;
        newest->lsn = lsn;
        return 0;
    }
    if (visible_txns_is_full(txns) && visible_txns_save(txns, error) != 0)
        return -1;
    txns->pending[txns->pending_count++] = (struct txid_run){low, low, lsn};
    return 0;
}

// Down to about as many as are to be kept.
static int visible_txns_forget(struct visible_txns *txns, struct error *error) {
    if (txns->oldest_kept == LSN_NONE && visible_txns_find_oldest(txns, error) != 0)
        return -1;
    stmt_bind_integer(txns->forget, ":lsn", txns->oldest_kept);
    txns->written = 0;
    txns->oldest_kept = txns->written_lsn;
    return stmt_step(txns->forget, visible_txns_remove, NULL, error);
}

int visible_txns_save(struct visible_txns *txns, struct error *error) {
    for (int i = 0; i < txns->pending_count; i++) {
        stmt_bind_integer(txns->insert, ":txid", txns->pending[i].first);
        stmt_bind_integer(txns->insert, ":last", txns->pending[i].last);
        stmt_bind_integer(txns->insert, ":lsn", txns->pending[i].lsn);
        if (stmt_step(txns->insert, visible_txns_add, NULL, error) != 0)
            return -1;
    }
    if (txns->pending_count > 0)
        txns->written_lsn = txns->pending[txns->pending_count - 1].lsn;
    txns->written += txns->pending_count;
    txns->pending_count = 0;
    return txns->written < VISIBLE_TXNS_ROWS_KEPT ? 0 : visible_txns_forget(txns, error);
}
