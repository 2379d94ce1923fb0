// What could not be applied: the list, and one message. See read.h.
#include "views/base/real.h"
#include "views/engine/read/rows.h"

#define QUARANTINE_TIME(column) "strftime('%Y-%m-%dT%H:%M:%fZ', " column " / 1000.0, 'unixepoch')"
#define QUARANTINE_REASON                                                                                    \
    "reason || iif(value_dropped, ' (its value was dropped: quarantine is full)', '') ||"                    \
    " iif(older_dropped > 0, ' (' || older_dropped || ' older ones were dropped: quarantine is full)', '')"

#define QUARANTINE_SHOWN_KEY "shown_key(\"table\", row_key) as row_key"

// The list's statements.
enum quarantine_list { QUARANTINE_WAITING, QUARANTINE_IN_STATE, QUARANTINE_ALL, QUARANTINE_LISTS };

#define QUARANTINE_SELECT                                                                                    \
    "select id, topic, partition, \"offset\", cast(key as text) as key, " QUARANTINE_REASON                  \
    " as reason, " QUARANTINE_TIME("at_ms") " as time, state, \"table\", " QUARANTINE_SHOWN_KEY              \
                                            " from _quarantine where "
enum { QUARANTINE_ROW_KEY = 9 }; // its column: JSON, which SQLite only knows as a text
#define QUARANTINE_ORDER " and (:after is null or id < :after) order by id desc"

static const char *const quarantine_sql[QUARANTINE_LISTS] = {
    [QUARANTINE_WAITING] = QUARANTINE_SELECT "(state = 'waiting' or older_dropped > 0)" QUARANTINE_ORDER,
    [QUARANTINE_IN_STATE] = QUARANTINE_SELECT "state = :state" QUARANTINE_ORDER,
    [QUARANTINE_ALL] = QUARANTINE_SELECT "true" QUARANTINE_ORDER,
};

static const char quarantine_one_subject[] = "quarantined";
static const char quarantine_one_sql[] =
    "select id, state, topic, partition, \"offset\", " QUARANTINE_REASON
    ", " QUARANTINE_TIME("at_ms") ", \"table\", " QUARANTINE_SHOWN_KEY
                                  ", lsn, overtaken, " QUARANTINE_TIME("settled_at_ms") ", note, key, value,"
                                                                                        " value_dropped"
                                                                                        " from _quarantine"
                                                                                        " where id = :id";

static struct statement *quarantine_query_statement(struct reader *reader, const void *subject,
                                                    const char *sql, struct error *error) {
    const struct statement_key key = {.subject = subject};
    struct statement *statement = statement_find(&reader->cache, &key);
    return statement != NULL
               ? statement
               : statement_prepare(&reader->cache, reader->db, &key, sql, "quarantine", NULL, error);
}

static int quarantine_read_state(struct span state, enum quarantine_list *ret, struct error *error) {
    *ret = QUARANTINE_IN_STATE;
    if (state.data == NULL || span_is(state, "waiting"))
        *ret = QUARANTINE_WAITING;
    else if (span_is(state, "all"))
        *ret = QUARANTINE_ALL;
    else if (!span_is(state, "superseded") && !span_is(state, "applied") && !span_is(state, "discarded"))
        return error_set(error, ERROR_USAGE,
                         "state=%.*s: it is waiting, superseded, applied, discarded or all",
                         (int)(state.size < 100 ? state.size : 100), state.data);
    return 0;
}

int reader_quarantine(struct reader *reader, struct span state, int limit, struct span after,
                      struct rows **ret, struct error *error) {
    int64_t before = 0;
    enum quarantine_list list;
    if (after.data != NULL && !integer_parse(after, &before))
        return rows_bad_cursor(after, error);
    if (quarantine_read_state(state, &list, error) != 0)
        return -1;
    struct statement *statement =
        quarantine_query_statement(reader, quarantine_sql[list], quarantine_sql[list], error);
    if (statement == NULL)
        return -1;
    statement->forms[QUARANTINE_ROW_KEY].texts = CELL_JSON;
    struct rows *rows = rows_open(reader, statement, "quarantine", limit);
    rows->first_is_next = true;
    if (after.data != NULL)
        stmt_bind_integer(statement->stmt, ":after", before);
    if (list == QUARANTINE_IN_STATE)
        stmt_bind_text(statement->stmt, ":state", state);
    *ret = rows;
    return 0;
}

static const char quarantine_of_sql[] =
    "select id, " QUARANTINE_SHOWN_KEY
    " from _quarantine where \"table\" = :table and state = 'waiting' limit :limit";

int reader_quarantined_of(struct reader *reader, const struct table *table,
                          void (*visit)(void *self, int64_t id, struct span row_key), void *self,
                          struct error *error) {
    struct statement *statement =
        quarantine_query_statement(reader, quarantine_of_sql, quarantine_of_sql, error);
    if (statement == NULL)
        return -1;
    CLEANUP(stmt_reset) sqlite3_stmt *stmt = statement->stmt;
    stmt_bind_text(stmt, ":table", span_of(table->name));
    stmt_bind_integer(stmt, ":limit", READ_QUARANTINED_MAX);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(stmt, 1);
        visit(self, sqlite3_column_int64(stmt, 0), key != NULL ? span_of(key) : (struct span){0});
    }
    return code == SQLITE_DONE ? 0 : reader_error(reader, "quarantine", error);
}

enum { QUARANTINE_SPANS = 10 };

// The texts and bytes of a message, and the columns that they come from.
static const int quarantine_columns[QUARANTINE_SPANS] = {1, 2, 5, 6, 7, 8, 11, 12, 13, 14};

static void quarantine_query_list_spans(struct quarantined *message, struct span *ret[QUARANTINE_SPANS]) {
    struct span *const spans[QUARANTINE_SPANS] = {
        &message->state,   &message->topic,   &message->reason, &message->time, &message->table,
        &message->row_key, &message->settled, &message->note,   &message->key,  &message->value};
    memcpy(ret, spans, sizeof spans);
}

// The bytes move while their buffer grows, so the spans are set when all have come.
static void quarantine_query_copy_spans(struct reader *reader, sqlite3_stmt *stmt,
                                        struct quarantined *message) {
    struct span *spans[QUARANTINE_SPANS];
    quarantine_query_list_spans(message, spans);
    buffer_clear(&reader->message);
    for (int i = 0; i < QUARANTINE_SPANS; i++) {
        const void *bytes = sqlite3_column_blob(stmt, quarantine_columns[i]);
        buffer_append(&reader->message, bytes, (size_t)sqlite3_column_bytes(stmt, quarantine_columns[i]));
    }
    const char *at = reader->message.data;
    for (int i = 0; i < QUARANTINE_SPANS && !reader->message.failed; i++) {
        if (sqlite3_column_type(stmt, quarantine_columns[i]) == SQLITE_NULL)
            continue;
        size_t size = (size_t)sqlite3_column_bytes(stmt, quarantine_columns[i]);
        *spans[i] = (struct span){size > 0 ? at : "", size};
        at += size;
    }
}

int reader_quarantined(struct reader *reader, int64_t id, struct quarantined *ret, struct error *error) {
    struct statement *statement =
        quarantine_query_statement(reader, quarantine_one_subject, quarantine_one_sql, error);
    if (statement == NULL)
        return -1;
    CLEANUP(stmt_reset) sqlite3_stmt *stmt = statement->stmt;
    stmt_bind_integer(stmt, ":id", id);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_DONE)
        return error_set(error, ERROR_NOTFOUND, "no message %lld in quarantine", (long long)id);
    if (code != SQLITE_ROW)
        return reader_error(reader, "quarantine", error);
    *ret = (struct quarantined){
        .id = sqlite3_column_int64(stmt, 0),
        .partition = sqlite3_column_int64(stmt, 3),
        .offset = sqlite3_column_int64(stmt, 4),
        .lsn = sqlite3_column_type(stmt, 9) == SQLITE_NULL ? -1 : sqlite3_column_int64(stmt, 9),
        .overtaken = sqlite3_column_int(stmt, 10) != 0,
        .value_dropped = sqlite3_column_int(stmt, 15) != 0,
    };
    quarantine_query_copy_spans(reader, stmt, ret);
    return reader->message.failed ? error_set(error, ERROR_SYSTEM, "out of memory") : 0;
}
