#include "views/engine/store/quarantine.h"

#include "views/base/clock.h"
#include "views/engine/row/key_text.h"
#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/store/quarantined_rows.h"

enum quarantine_statement {
    QUARANTINE_INSERT,
    QUARANTINE_REPEATED,
    QUARANTINE_COUNT,
    QUARANTINE_COUNTED,
    QUARANTINE_SETTLE,
    QUARANTINE_RENEW,
    QUARANTINE_OLDEST_SETTLED,
    QUARANTINE_DROP_SETTLED,
    QUARANTINE_OLDEST_VALUE,
    QUARANTINE_DROP_VALUE,
    QUARANTINE_OLDEST_ROWS,
    QUARANTINE_DROP_ROWS,
    QUARANTINE_TELL_DROPPED,
    QUARANTINE_STATEMENTS,
};

static const char *const quarantine_names[QUARANTINE_STATEMENTS] = {
    [QUARANTINE_INSERT] = "quarantine_add",
    [QUARANTINE_REPEATED] = "quarantine_repeated",
    [QUARANTINE_COUNT] = "quarantine_count",
    [QUARANTINE_COUNTED] = "quarantine_counted",
    [QUARANTINE_SETTLE] = "quarantine_settle",
    [QUARANTINE_RENEW] = "quarantine_renew",
    [QUARANTINE_OLDEST_SETTLED] = "quarantine_oldest_settled",
    [QUARANTINE_DROP_SETTLED] = "quarantine_drop_settled",
    [QUARANTINE_OLDEST_VALUE] = "quarantine_oldest_value",
    [QUARANTINE_DROP_VALUE] = "quarantine_drop_value",
    [QUARANTINE_OLDEST_ROWS] = "quarantine_oldest_rows",
    [QUARANTINE_DROP_ROWS] = "quarantine_drop_rows",
    [QUARANTINE_TELL_DROPPED] = "quarantine_tell_dropped",
};

struct quarantine {
    sqlite3_stmt *statements[QUARANTINE_STATEMENTS];
    struct quarantined_rows *waiting_rows;
    struct buffer row_key; // of the message that is added
    int64_t waiting;
    int64_t bytes_max;
    int64_t rows_max;
    int64_t bytes;
    int64_t rows;
    int64_t valued_from; // no older row has its value
};

int quarantine_new(struct quarantine **ret, struct sqlite3 *db, int64_t bytes_max, int64_t rows_max,
                   struct error *error) {
    CLEANUP(quarantine_free) struct quarantine *quarantine = calloc(1, sizeof *quarantine);
    if (quarantine == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    quarantine->bytes_max = bytes_max;
    quarantine->rows_max = rows_max;
    for (int i = 0; i < QUARANTINE_STATEMENTS; i++)
        if (engine_sql_prepare(db, quarantine_names[i], &quarantine->statements[i], error) != 0)
            return -1;
    if (quarantined_rows_new(&quarantine->waiting_rows, db, error) != 0 ||
        quarantine_reload(quarantine, error) != 0)
        return -1;
    *ret = quarantine;
    quarantine = NULL;
    return 0;
}

void quarantine_free(struct quarantine **quarantine) {
    if (*quarantine == NULL)
        return;
    for (int i = 0; i < QUARANTINE_STATEMENTS; i++)
        stmt_finalize(&(*quarantine)->statements[i]);
    quarantined_rows_free(&(*quarantine)->waiting_rows);
    buffer_free(&(*quarantine)->row_key);
    free(*quarantine);
    *quarantine = NULL;
}

int quarantine_reload(struct quarantine *quarantine, struct error *error) {
    sqlite3_stmt *count = quarantine->statements[QUARANTINE_COUNT];
    if (stmt_row(count, "_quarantine", error) != 1)
        return -1;
    quarantine->rows = sqlite3_column_int64(count, 0);
    quarantine->bytes = sqlite3_column_int64(count, 1);
    quarantine->waiting = sqlite3_column_int64(count, 2);
    quarantine->valued_from = 0;
    (void)sqlite3_reset(count);
    return quarantined_rows_reload(quarantine->waiting_rows, error);
}

const int64_t *quarantine_waiting(const struct quarantine *quarantine) {
    return &quarantine->waiting;
}

bool quarantine_concerns(const struct quarantine *quarantine, const struct change *change) {
    return quarantine->waiting > 0 && quarantined_rows_concerns(quarantine->waiting_rows, change);
}

int quarantine_overtake(struct quarantine *quarantine, const struct change *change, bool applied,
                        int64_t retried, struct error *error) {
    int settled;
    if (quarantined_rows_overtake(quarantine->waiting_rows, change, applied, retried, &settled, error) != 0)
        return -1;
    quarantine->waiting -= settled;
    return 0;
}

int quarantine_overtake_table(struct quarantine *quarantine, const struct table *table, int64_t lsn,
                              struct error *error) {
    int settled = 0;
    if (quarantine->waiting > 0 &&
        quarantined_rows_overtake_table(quarantine->waiting_rows, table, lsn, &settled, error) != 0)
        return -1;
    quarantine->waiting -= settled;
    return 0;
}

// 1 = the oldest message that is settled is dropped, 0 = there is none.
static int quarantine_drop_settled(struct quarantine *quarantine, struct error *error) {
    sqlite3_stmt *oldest = quarantine->statements[QUARANTINE_OLDEST_SETTLED];
    int row = stmt_row(oldest, "_quarantine", error);
    if (row != 1)
        return row;
    int64_t id = sqlite3_column_int64(oldest, 0);
    int64_t bytes = sqlite3_column_int64(oldest, 1);
    (void)sqlite3_reset(oldest);
    sqlite3_stmt *drop = quarantine->statements[QUARANTINE_DROP_SETTLED];
    stmt_bind_integer(drop, ":id", id);
    if (stmt_step(drop, "_quarantine", NULL, error) != 0)
        return -1;
    quarantine->rows--;
    quarantine->bytes -= bytes;
    return 1;
}

// 1 = the oldest value that was left is dropped, 0 = there is none.
static int quarantine_drop_value(struct quarantine *quarantine, struct error *error) {
    sqlite3_stmt *oldest = quarantine->statements[QUARANTINE_OLDEST_VALUE];
    stmt_bind_integer(oldest, ":from", quarantine->valued_from);
    int row = stmt_row(oldest, "_quarantine", error);
    if (row != 1)
        return row;
    int64_t id = sqlite3_column_int64(oldest, 0);
    int64_t size = sqlite3_column_int64(oldest, 1);
    (void)sqlite3_reset(oldest);
    sqlite3_stmt *drop = quarantine->statements[QUARANTINE_DROP_VALUE];
    stmt_bind_integer(drop, ":id", id);
    if (stmt_step(drop, "_quarantine", NULL, error) != 0)
        return -1;
    quarantine->valued_from = id + 1;
    quarantine->bytes -= size;
    return 1;
}

static int quarantine_drop_rows(struct quarantine *quarantine, struct error *error) {
    sqlite3_stmt *oldest = quarantine->statements[QUARANTINE_OLDEST_ROWS];
    int64_t part = 1 + quarantine->rows_max / QUARANTINE_DROP_PART;
    stmt_bind_integer(oldest, ":count",
                      part < quarantine->rows ? part : quarantine->rows - 1); // never the newest
    if (stmt_row(oldest, "_quarantine", error) != 1)
        return -1;
    int64_t id = sqlite3_column_int64(oldest, 0);
    int64_t count = sqlite3_column_int64(oldest, 1);
    int64_t bytes = sqlite3_column_int64(oldest, 2);
    int64_t waited = sqlite3_column_int64(oldest, 3);
    (void)sqlite3_reset(oldest);
    sqlite3_stmt *drop = quarantine->statements[QUARANTINE_DROP_ROWS];
    stmt_bind_integer(drop, ":id", id);
    sqlite3_stmt *tell = quarantine->statements[QUARANTINE_TELL_DROPPED];
    stmt_bind_integer(tell, ":count", waited);
    if (stmt_step(drop, "_quarantine", NULL, error) != 0 || stmt_step(tell, "_quarantine", NULL, error) != 0)
        return -1;
    quarantine->rows -= count;
    quarantine->bytes -= bytes;
    return 0;
}

// How much less waits when this message is settled.
static int quarantine_read_counted(struct quarantine *quarantine, int64_t id, bool discard, int64_t *ret,
                                   struct error *error) {
    CLEANUP(stmt_reset) sqlite3_stmt *stmt = quarantine->statements[QUARANTINE_COUNTED];
    stmt_bind_integer(stmt, ":id", id);
    stmt_bind_integer(stmt, ":discard", discard);
    int row = stmt_row(stmt, "_quarantine", error);
    *ret = row == 1 ? sqlite3_column_int64(stmt, 0) : 0;
    return row < 0 ? -1 : 0;
}

int quarantine_settle(struct quarantine *quarantine, int64_t id, const char *state, struct span note,
                      struct error *error) {
    int64_t counted;
    sqlite3_stmt *stmt = quarantine->statements[QUARANTINE_SETTLE];
    if (quarantine_read_counted(quarantine, id, strcmp(state, "discarded") == 0, &counted, error) != 0)
        return -1;
    stmt_bind_integer(stmt, ":id", id);
    stmt_bind_text(stmt, ":state", span_of(state));
    stmt_bind_text(stmt, ":note", note);
    stmt_bind_integer(stmt, ":at_ms", clock_wall_ms());
    if (stmt_step(stmt, "_quarantine", NULL, error) != 0)
        return -1;
    quarantine->waiting -= counted;
    return 0;
}

static bool quarantine_is_over(const struct quarantine *quarantine) {
    return quarantine->rows > quarantine->rows_max || quarantine->bytes > quarantine->bytes_max;
}

// Each turn drops a value or some rows, so there are at most as many as rows.
static int quarantine_keep_bounds(struct quarantine *quarantine, struct error *error) {
    int dropped = 1;
    while (dropped == 1 && quarantine_is_over(quarantine))
        dropped = quarantine_drop_settled(quarantine, error);
    dropped = dropped < 0 ? dropped : 1;
    while (dropped == 1 && quarantine->bytes > quarantine->bytes_max)
        dropped = quarantine_drop_value(quarantine, error);
    if (dropped < 0)
        return -1;
    while (quarantine->rows > 1 && quarantine_is_over(quarantine))
        if (quarantine_drop_rows(quarantine, error) != 0)
            return -1;
    return 0;
}

// A connector that begins again sends again what it had sent: the same change waits once.
static int quarantine_settle_repeated(struct quarantine *quarantine, const struct store_quarantined *event,
                                      struct span row_key, struct error *error) {
    sqlite3_stmt *stmt = quarantine->statements[QUARANTINE_REPEATED];
    stmt_bind_text(stmt, ":table", span_of(event->table->name));
    stmt_bind_text(stmt, ":row_key", row_key);
    stmt_bind_integer(stmt, ":lsn", event->lsn);
    stmt_bind_integer(stmt, ":at_ms", clock_wall_ms());
    int settled = 0;
    if (stmt_step(stmt, "_quarantine", &settled, error) != 0)
        return -1;
    quarantine->waiting -= settled;
    return 0;
}

// The key of the message's row, data NULL when it is not known. Lives until the next call.
static int quarantine_key_text(struct quarantine *quarantine, const struct store_quarantined *event,
                               struct span *ret, struct error *error) {
    *ret = (struct span){0};
    buffer_clear(&quarantine->row_key);
    if (event->table == NULL || event->row_values == NULL ||
        !key_text_write(&quarantine->row_key, event->table, event->row_values))
        return 0;
    if (quarantine->row_key.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *ret = (struct span){quarantine->row_key.data, quarantine->row_key.size};
    return 0;
}

static int quarantine_note_row(struct quarantine *quarantine, const struct store_quarantined *event,
                               struct span *ret, struct error *error) {
    if (quarantine_key_text(quarantine, event, ret, error) != 0)
        return -1;
    if (ret->data == NULL)
        return 0;
    if (event->lsn != LSN_NONE && quarantine_settle_repeated(quarantine, event, *ret, error) != 0)
        return -1;
    return quarantined_rows_add(quarantine->waiting_rows, event->table->name, *ret, error);
}

static void quarantine_bind_text_or_null(sqlite3_stmt *stmt, const char *name, const char *text) {
    stmt_bind_text(stmt, name, text != NULL ? span_of(text) : (struct span){0});
}

static void quarantine_bind_row(sqlite3_stmt *stmt, const struct store_quarantined *event,
                                struct span row_key) {
    quarantine_bind_text_or_null(stmt, ":table", event->table != NULL ? event->table->name : NULL);
    quarantine_bind_text_or_null(stmt, ":reason", event->reason);
    stmt_bind_text(stmt, ":row_key", row_key);
    stmt_bind_integer_or_null(stmt, ":lsn", event->lsn, LSN_NONE);
}

int quarantine_renew(struct quarantine *quarantine, int64_t id, const struct store_quarantined *now,
                     struct span note, struct error *error) {
    sqlite3_stmt *stmt = quarantine->statements[QUARANTINE_RENEW];
    struct span row_key;
    if (quarantine_key_text(quarantine, now, &row_key, error) != 0 ||
        (row_key.data != NULL &&
         quarantined_rows_add(quarantine->waiting_rows, now->table->name, row_key, error) != 0))
        return -1;
    stmt_bind_integer(stmt, ":id", id);
    stmt_bind_text(stmt, ":note", note);
    quarantine_bind_row(stmt, now, row_key);
    return stmt_step(stmt, "_quarantine", NULL, error);
}

int quarantine_add(struct quarantine *quarantine, const struct store_quarantined *event,
                   struct error *error) {
    struct span row_key;
    if (quarantine_note_row(quarantine, event, &row_key, error) != 0)
        return -1;
    sqlite3_stmt *stmt = quarantine->statements[QUARANTINE_INSERT];
    stmt_bind_text(stmt, ":topic", span_of(event->topic));
    stmt_bind_integer(stmt, ":partition", event->partition);
    stmt_bind_integer(stmt, ":offset", event->offset);
    quarantine_bind_row(stmt, event, row_key);
    stmt_bind_integer_or_null(stmt, ":behind", event->behind_lsn, LSN_NONE);
    stmt_bind_blob(stmt, ":key", event->key);
    stmt_bind_blob(stmt, ":value", event->value);
    stmt_bind_integer(stmt, ":at_ms", event->at_ms);
    if (stmt_step(stmt, "_quarantine", NULL, error) != 0)
        return -1;
    quarantine->rows++;
    quarantine->waiting++;
    quarantine->bytes += (int64_t)(event->key.size + event->value.size);
    return quarantine_keep_bounds(quarantine, error);
}
