#include "views/engine/store/quarantined_rows.h"

#include "views/base/clock.h"
#include "views/base/hash.h"
#include "views/engine/row/key_text.h"
#include "views/engine/sqlite/engine_sql.h"

#include <stdlib.h>

enum { ROWS_WORD_BITS = 64 };

struct quarantined_rows {
    sqlite3_stmt *load;
    sqlite3_stmt *overtake;
    sqlite3_stmt *overtake_table;
    uint64_t *filter;   // NULL = no row waits
    struct buffer text; // of the newest change's key
};

int quarantined_rows_new(struct quarantined_rows **ret, struct sqlite3 *db, struct error *error) {
    CLEANUP(quarantined_rows_free) struct quarantined_rows *rows = calloc(1, sizeof *rows);
    if (rows == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (engine_sql_prepare(db, "quarantine_rows", &rows->load, error) != 0 ||
        engine_sql_prepare(db, "quarantine_overtake", &rows->overtake, error) != 0 ||
        engine_sql_prepare(db, "quarantine_overtake_table", &rows->overtake_table, error) != 0)
        return -1;
    *ret = rows;
    rows = NULL;
    return 0;
}

void quarantined_rows_free(struct quarantined_rows **rows) {
    struct quarantined_rows *r = *rows;
    if (r == NULL)
        return;
    stmt_finalize(&r->load);
    stmt_finalize(&r->overtake);
    stmt_finalize(&r->overtake_table);
    buffer_free(&r->text);
    free(r->filter);
    free(r);
    *rows = NULL;
}

static uint64_t quarantined_rows_bit(const char *table, struct span row_key) {
    return hash_bytes(hash_bytes(HASH_SEED, span_of(table)), row_key) % QUARANTINED_ROWS_BITS;
}

int quarantined_rows_add(struct quarantined_rows *rows, const char *table, struct span row_key,
                         struct error *error) {
    if (rows->filter == NULL)
        rows->filter = calloc(QUARANTINED_ROWS_BITS / ROWS_WORD_BITS, sizeof *rows->filter);
    if (rows->filter == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    uint64_t bit = quarantined_rows_bit(table, row_key);
    rows->filter[bit / ROWS_WORD_BITS] |= (uint64_t)1 << bit % ROWS_WORD_BITS;
    return 0;
}

int quarantined_rows_reload(struct quarantined_rows *rows, struct error *error) {
    free(rows->filter);
    rows->filter = NULL;
    CLEANUP(stmt_reset) sqlite3_stmt *load = rows->load;
    int row;
    while ((row = stmt_row(load, "_quarantine", error)) == 1) {
        const char *table = (const char *)sqlite3_column_text(load, 0);
        const char *key = (const char *)sqlite3_column_text(load, 1);
        if (table != NULL && key != NULL && quarantined_rows_add(rows, table, span_of(key), error) != 0)
            return -1;
    }
    return row;
}

bool quarantined_rows_concerns(struct quarantined_rows *rows, const struct change *change) {
    if (change->op == CHANGE_TRUNCATE)
        return true;
    if (rows->filter == NULL)
        return false;
    buffer_clear(&rows->text);
    if (!key_text_write(&rows->text, change->table, change->values) || rows->text.failed)
        return false;
    uint64_t bit = quarantined_rows_bit(change->table->name, (struct span){rows->text.data, rows->text.size});
    return (rows->filter[bit / ROWS_WORD_BITS] >> bit % ROWS_WORD_BITS & 1) != 0;
}

// Columns that no event has are no loss: the message does not have them either.
static bool quarantined_rows_lacks(const struct change *change) {
    bool row = change_is_row(change);
    for (int i = 0; row && i < change->table->column_count; i++)
        if (change->values[i].kind == VALUE_UNAVAILABLE)
            return true;
    return false;
}

// Only the log's order tells what such a change is newer than. A delete is one though it found no row.
static bool quarantined_rows_is_last(const struct change *change, bool applied) {
    bool has_no_position =
        change->lsn == LSN_NONE || change->op == CHANGE_TOMBSTONE || change->snapshot == SNAPSHOT_INCREMENTAL;
    return has_no_position && (applied || !change_is_row(change));
}

// `emptied`: by a truncate, else by a full snapshot.
static int quarantined_rows_settle_table(struct quarantined_rows *rows, const struct table *table,
                                         int64_t lsn, bool emptied, int *ret_settled, struct error *error) {
    stmt_bind_text(rows->overtake_table, ":table", span_of(table->name));
    stmt_bind_integer(rows->overtake_table, ":lsn", lsn);
    stmt_bind_integer(rows->overtake_table, ":emptied", emptied);
    stmt_bind_integer(rows->overtake_table, ":at_ms", clock_wall_ms());
    return stmt_step(rows->overtake_table, "_quarantine", ret_settled, error);
}

int quarantined_rows_overtake(struct quarantined_rows *rows, const struct change *change, bool applied,
                              int64_t retried, int *ret_settled, struct error *error) {
    bool lacked = quarantined_rows_lacks(change);
    *ret_settled = 0;
    if (change->op == CHANGE_TRUNCATE)
        // no row has a truncate's own LSN: what waits there is one of a part of the table
        return quarantined_rows_settle_table(rows, change->table, change->lsn + 1, true, ret_settled, error);
    sqlite3_stmt *stmt = rows->overtake;
    buffer_clear(&rows->text);
    if (!key_text_write(&rows->text, change->table, change->values))
        return 0;
    if (rows->text.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    stmt_bind_text(stmt, ":table", span_of(change->table->name));
    stmt_bind_text(stmt, ":row_key", (struct span){rows->text.data, rows->text.size});
    stmt_bind_integer(stmt, ":last", quarantined_rows_is_last(change, applied));
    stmt_bind_integer(stmt, ":retried", retried);
    stmt_bind_integer(stmt, ":applied", applied);
    stmt_bind_integer(stmt, ":lacked", lacked);
    stmt_bind_integer(stmt, ":lsn", change->lsn);
    stmt_bind_integer(stmt, ":at_ms", clock_wall_ms());
    int changes = 0;
    if (stmt_step(stmt, "_quarantine", &changes, error) != 0)
        return -1;
    *ret_settled = lacked ? 0 : changes;
    return 0;
}

int quarantined_rows_overtake_table(struct quarantined_rows *rows, const struct table *table, int64_t lsn,
                                    int *ret_settled, struct error *error) {
    return quarantined_rows_settle_table(rows, table, lsn, false, ret_settled, error);
}
