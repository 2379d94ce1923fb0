#include "views/shown.h"

#include "views/base/cleanup.h"
#include "views/stmt.h"

#include <stdlib.h>

static const char insert_sql[] = "insert into _transactions(txid, last, lsn) values(:txid, :last, :lsn)"
                                 " on conflict(txid) do update set last = excluded.last, lsn = excluded.lsn";
static const char forget_sql[] = "delete from _transactions where lsn <"
                                 " (select lsn from _transactions order by lsn desc limit 1 offset :kept)";

struct run {
    int64_t first;
    int64_t last;
    int64_t lsn; // of the last
};

struct shown {
    sqlite3_stmt *insert;
    sqlite3_stmt *forget;
    struct run pending[SHOWN_PENDING_MAX];
    int pending_count;
    int64_t written; // rows since the newest forgetting
};

int shown_new(struct shown **ret, sqlite3 *db, struct error *error) {
    CLEANUP(shown_free) struct shown *shown = calloc(1, sizeof *shown);
    if (shown == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (stmt_prepare(db, insert_sql, insert_sql, &shown->insert, error) != 0 ||
        stmt_prepare(db, forget_sql, forget_sql, &shown->forget, error) != 0)
        return -1;
    *ret = shown;
    shown = NULL;
    return 0;
}

void shown_free(struct shown **shown) {
    if (*shown == NULL)
        return;
    stmt_finalize(&(*shown)->insert);
    stmt_finalize(&(*shown)->forget);
    free(*shown);
    *shown = NULL;
}

bool shown_is_full(const struct shown *shown) {
    return shown->pending_count == SHOWN_PENDING_MAX;
}

// A txid is known to the source's clients by its low 32 bits (what pgoutput sends) or as a whole (xid8).
int shown_note(struct shown *shown, int64_t txid, int64_t lsn, struct error *error) {
    int64_t low = txid & 0xffffffff;
    struct run *newest = shown->pending_count > 0 ? &shown->pending[shown->pending_count - 1] : NULL;
    if (newest != NULL && newest->last + 1 == low) {
        newest->last = low;
        newest->lsn = lsn;
        return 0;
    }
    if (shown_is_full(shown) && shown_save(shown, error) != 0)
        return -1;
    shown->pending[shown->pending_count++] = (struct run){low, low, lsn};
    return 0;
}

int shown_save(struct shown *shown, struct error *error) {
    for (int i = 0; i < shown->pending_count; i++) {
        stmt_bind_integer(shown->insert, ":txid", shown->pending[i].first);
        stmt_bind_integer(shown->insert, ":last", shown->pending[i].last);
        stmt_bind_integer(shown->insert, ":lsn", shown->pending[i].lsn);
        if (stmt_step(shown->insert, insert_sql, NULL, error) != 0)
            return -1;
    }
    shown->written += shown->pending_count;
    shown->pending_count = 0;
    if (shown->written < SHOWN_ROWS_KEPT)
        return 0;
    shown->written = 0;
    stmt_bind_integer(shown->forget, ":kept", SHOWN_ROWS_KEPT);
    return stmt_step(shown->forget, forget_sql, NULL, error);
}

void shown_drop(struct shown *shown) {
    shown->pending_count = 0;
}
