#include "views/engine/read.h"

#include "views/base/bounds.h"
#include "views/base/clock.h"
#include "views/engine/read/reader.h"
#include "views/engine/read/shown_key.h"
#include "views/engine/sqlite/functions.h"
#include "views/engine/sqlite/read_only.h"
#include "views/engine/store/disabled.h"
#include "views/engine/store/made_with.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

static const char *const statement_sql[READER_STATEMENTS] = {
    // A number in memory that another connection's commit changes. A statement that stands on its row holds
    // the snapshot as a transaction would, and no transaction has to begin and end for it. SQLite does not
    // promise that: read_test's test_sqlite_holds_the_snapshot_of_a_pragma fails on a version that differs.
    [READER_VERSION] = "pragma data_version",
    // Another process may give the file other tables: what the snapshot has is asked for.
    [READER_SCHEMA_VERSION] = "pragma schema_version",
    [READER_POSITION] =
        "select version, lsn, txid, transactional, applied_total, offsets, quarantined, filling from _position where id = 1",
    [READER_TRANSACTION] = ("select 1 from (select txid, last from _transactions where txid <= :txid"
                            " order by txid desc limit 1) where :txid <= ifnull(last, txid)"),
    [READER_OLDEST_TRANSACTION] = "select min(txid) from _transactions",
    [READER_NEXT_OFFSET] = "select next_offset from _offsets where topic = :topic and partition = :partition",
    [READER_IS_ASKED] =
        "select exists(select 1 from _quarantine_requests where :id = 0 or quarantined = :id)",
    [READER_OFFSETS] = "select topic, partition, next_offset from _offsets order by topic, partition",
    [READER_DISABLED] = DISABLED_SELECT,
};

static int reader_past_deadline(void *self) {
    const struct reader *reader = self;
    return atomic_load_explicit(&reader->interrupted, memory_order_relaxed) ||
           (reader->begun &&
            (snapshot_is_asked(&reader->holder) || clock_monotonic_ms() > reader->deadline_at_ms));
}

int reader_error(struct reader *reader, const char *what, struct error *error) {
    bool interrupted = (sqlite3_errcode(reader->db) & 0xff) == SQLITE_INTERRUPT;
    if (interrupted && atomic_load_explicit(&reader->interrupted, memory_order_relaxed))
        return error_set(error, ERROR_TIMEOUT, "%s: interrupted", what);
    if (interrupted && snapshot_is_asked(&reader->holder))
        return error_set(
            error, ERROR_TIMEOUT,
            "%s: the write-ahead log is as long as it may be, and the rows as this answer began with them "
            "were in its way; ask again, or for less",
            what);
    if (interrupted)
        return error_set(error, ERROR_TIMEOUT, "%s: took longer than %d ms", what, reader->deadline_ms);
    if ((sqlite3_errcode(reader->db) & 0xff) == SQLITE_TOOBIG)
        return error_set(error, ERROR_STORE, "%s: makes a value of more than %d bytes", what,
                         sqlite3_limit(reader->db, SQLITE_LIMIT_LENGTH, -1));
    if ((sqlite3_errcode(reader->db) & 0xff) == SQLITE_ERROR)
        return error_set(
            error, ERROR_STORE,
            "%s: %s; the SQL itself fails on what the rows hold, and the file is sound: let it test such "
            "values first (json_valid(), typeof()); SIGHUP or the next start takes it over",
            what, sqlite3_errmsg(reader->db));
    return stmt_error(error, reader->db, what);
}

static int reader_check_format(struct reader *reader, struct error *error) {
    int64_t application = 0;
    int64_t format = 0;
    if (stmt_read_integer(reader->db, "pragma application_id", reader->path, &application, error) != 0 ||
        stmt_read_integer(reader->db, "pragma user_version", reader->path, &format, error) != 0)
        return -1;
    if (application != STORE_APPLICATION_ID)
        return error_set(error, ERROR_INPUT, "%s: not a tidemark file (its application_id is %lld)",
                         reader->path, (long long)application);
    if (format < STORE_FORMAT)
        return error_set(
            error, ERROR_INPUT,
            "%s: its format is %lld, this program reads format %d: start `tidemark run` or `tidemark "
            "replay` once, which brings it up to date",
            reader->path, (long long)format, STORE_FORMAT);
    if (format > STORE_FORMAT)
        return error_set(error, ERROR_INPUT,
                         "%s: its format is %lld, this program reads format %d: use a newer tidemark",
                         reader->path, (long long)format, STORE_FORMAT);
    return 0;
}

static int read_store_id(struct reader *reader, struct error *error) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    if (stmt_prepare(reader->db, "select value from _meta where name = 'id'", reader->path, &stmt, error) !=
        0)
        return -1;
    int row = stmt_row(stmt, reader->path, error);
    if (row < 0)
        return -1;
    if (row == 0)
        return error_set(error, ERROR_INPUT, "%s: has no id in _meta", reader->path);
    sqlite3_snprintf(sizeof reader->store_id, reader->store_id, "%s", sqlite3_column_text(stmt, 0));
    return 0;
}

static struct timespec reader_modified(const struct reader *reader) {
    struct stat found;
    return stat(reader->path, &found) == 0 ? found.st_mtim : (struct timespec){0};
}

static int reader_open_connection(struct reader *reader, struct error *error) {
    reader->modified = reader_modified(reader);
    if (read_only_open(reader->path, &reader->db, &reader->immutable, error) != 0 ||
        stmt_run(reader->db, "pragma query_only = 1", reader->path, error) != 0 ||
        filter_functions_register(&reader->functions, reader->db, reader->path, error) != 0)
        return -1;
    if (functions_register(reader->db, NULL, error) != 0)
        return -1;
    if (shown_key_register(reader->db, reader->catalog) != SQLITE_OK)
        return stmt_error(error, reader->db, reader->path);
    (void)sqlite3_limit(reader->db, SQLITE_LIMIT_LENGTH, READER_VALUE_BYTES_MAX);
    return 0;
}

// SQLite takes an immutable file's pages for what they are, whoever writes them meanwhile.
static int reader_check_unchanged(const struct reader *reader, struct error *error) {
    struct timespec now = reader_modified(reader);
    if (now.tv_sec == reader->modified.tv_sec && now.tv_nsec == reader->modified.tv_nsec)
        return 0;
    return error_set(error, ERROR_STORE,
                     "%s: was taken for a copy that nobody writes, and was written: start again",
                     reader->path);
}

static int reader_prepare_statements(struct reader *reader, struct error *error) {
    for (int i = 0; i < READER_STATEMENTS; i++)
        if (stmt_prepare(reader->db, statement_sql[i], reader->path, &reader->statements[i], error) != 0)
            return -1;
    sqlite3_progress_handler(reader->db, READ_PROGRESS_STEPS, reader_past_deadline, reader);
    return 0;
}

static int read_schema_version(struct reader *reader, int64_t *ret, struct error *error) {
    CLEANUP(stmt_reset) sqlite3_stmt *stmt = reader->statements[READER_SCHEMA_VERSION];
    int row = stmt_row(stmt, reader->path, error);
    *ret = row == 1 ? sqlite3_column_int64(stmt, 0) : -1;
    return row < 0 ? -1 : 0;
}

int reader_open(struct reader **ret, const char *path, const struct catalog *catalog, struct error *error) {
    CLEANUP(reader_free) struct reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL || (reader->path = strdup(path)) == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    reader->deadline_ms = READ_DEADLINE_MS;
    reader->data_version = -1;
    reader->catalog = catalog;
    reader->disabled = calloc((size_t)catalog->view_count + 1, sizeof *reader->disabled);
    if (reader->disabled == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    reader->functions.interrupted = reader_past_deadline;
    reader->functions.self = reader;
    if (reader_open_connection(reader, error) != 0 || reader_check_format(reader, error) != 0 ||
        read_store_id(reader, error) != 0 || reader_prepare_statements(reader, error) != 0 ||
        read_schema_version(reader, &reader->schema_version, error) != 0 ||
        made_with_check(reader->db, path, catalog, error) != 0)
        return -1;
    *ret = reader;
    reader = NULL;
    return 0;
}

static void reader_forget_disabled(struct reader *reader) {
    for (int i = 0; reader->disabled != NULL && i < reader->catalog->view_count; i++) {
        free(reader->disabled[i]);
        reader->disabled[i] = NULL;
    }
    reader->any_disabled = false;
}

void reader_free(struct reader **reader) {
    struct reader *r = *reader;
    if (r == NULL)
        return;
    reader_end(r);
    snapshots_leave(r->snapshots, &r->holder);
    for (int i = 0; i < READER_STATEMENTS; i++)
        stmt_finalize(&r->statements[i]);
    statement_cache_free(&r->cache);
    stmt_close(&r->db);
    reader_forget_disabled(r);
    free(r->disabled);
    filter_functions_free(&r->functions);
    table_plan_free(&r->plan);
    buffer_free(&r->offsets);
    buffer_free(&r->filling);
    buffer_free(&r->cursor);
    buffer_free(&r->scratch);
    buffer_free(&r->topics);
    buffer_free(&r->message);
    free(r->applied);
    free(r->path);
    free(r);
    *reader = NULL;
}

void reader_set_deadline(struct reader *reader, int ms) {
    reader->deadline_ms = ms;
}

void reader_join(struct reader *reader, struct snapshots *snapshots) {
    snapshots_join(snapshots, &reader->holder);
    reader->snapshots = snapshots;
}

// On another thread: what only read has nothing to fail with.
static void reader_let_go(void *self) {
    (void)sqlite3_reset(((struct reader *)self)->statements[READER_VERSION]);
}

void reader_keep_snapshots(struct reader *reader) {
    if (reader->snapshots != NULL && !reader->immutable && wal_index_open(&reader->index, reader->db))
        snapshot_may_keep(reader->snapshots, &reader->holder, reader_let_go, reader);
}

void reader_interrupt(struct reader *reader) {
    atomic_store_explicit(&reader->interrupted, true, memory_order_relaxed);
}

void reader_allow(struct reader *reader) {
    atomic_store_explicit(&reader->interrupted, false, memory_order_relaxed);
}

// Like stmt_row, and knows the deadline.
static int reader_next_row(struct reader *reader, sqlite3_stmt *stmt, struct error *error) {
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return code == SQLITE_ROW;
    return reader_error(reader, reader->path, error);
}

// -1 = NULL.
static int64_t reader_column_or_none(sqlite3_stmt *stmt, int column) {
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? -1 : sqlite3_column_int64(stmt, column);
}

static int read_position(struct reader *reader, struct error *error) {
    CLEANUP(stmt_reset) sqlite3_stmt *stmt = reader->statements[READER_POSITION];
    int row = reader_next_row(reader, stmt, error);
    if (row < 0)
        return -1;
    if (row == 0) {
        reader->position =
            (struct position){.lsn = -1, .txid = -1, .offsets = SPAN("{}"), .store_id = reader->store_id};
        return 0;
    }
    buffer_clear(&reader->offsets);
    const char *text = (const char *)sqlite3_column_text(stmt, 5);
    buffer_append(&reader->offsets, text, (size_t)sqlite3_column_bytes(stmt, 5));
    buffer_clear(&reader->filling);
    const char *filling = (const char *)sqlite3_column_text(stmt, 7);
    if (filling != NULL)
        buffer_append(&reader->filling, filling, (size_t)sqlite3_column_bytes(stmt, 7));
    if (reader->offsets.failed || reader->filling.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    reader->position = (struct position){
        .version = sqlite3_column_int64(stmt, 0),
        .lsn = reader_column_or_none(stmt, 1),
        .txid = reader_column_or_none(stmt, 2),
        .transactional = sqlite3_column_int(stmt, 3) != 0,
        .applied_total = sqlite3_column_int64(stmt, 4),
        .quarantined = sqlite3_column_int64(stmt, 6),
        .offsets = {reader->offsets.data, reader->offsets.size},
        .filling = {filling != NULL ? reader->filling.data : NULL, reader->filling.size},
        .store_id = reader->store_id,
    };
    return 0;
}

static int read_disabled(struct reader *reader, struct error *error) {
    CLEANUP(stmt_reset) sqlite3_stmt *stmt = reader->statements[READER_DISABLED];
    reader_forget_disabled(reader);
    int row;
    while ((row = reader_next_row(reader, stmt, error)) == 1) {
        const char *name = (const char *)sqlite3_column_text(stmt, 0);
        const char *value = (const char *)sqlite3_column_text(stmt, 1);
        if (name == NULL || value == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        const struct view *view = catalog_view(reader->catalog, name);
        if (view == NULL)
            continue;
        char *reason = strdup(disabled_reason(value));
        if (reason == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        reader->disabled[view - reader->catalog->views] = reason;
        reader->any_disabled = true;
    }
    return row;
}

const char *reader_disabled(const struct reader *reader, int view) {
    return reader->disabled[view];
}

int reader_check_enabled(const struct reader *reader, const struct query *query, struct error *error) {
    for (int i = 0; reader->any_disabled && i < reader->catalog->view_count; i++) {
        const struct view *view = &reader->catalog->views[i];
        bool reads = strcmp(view->name, query->view) == 0 || (query->reads != NULL && query->reads[i]);
        if (reads && reader->disabled[i] != NULL)
            return error_set(error, ERROR_DISABLED,
                             "view \"%s\" is not kept since one of its statements failed: %s", view->name,
                             reader->disabled[i]);
    }
    return 0;
}

void rows_close(struct rows *rows) {
    if (!rows->open)
        return;
    (void)sqlite3_reset(rows->statement->stmt);
    (void)sqlite3_clear_bindings(rows->statement->stmt);
    rows->open = false;
}

// The tables that followers need come and go, too.
static int reader_check_made_with(struct reader *reader, struct error *error) {
    int64_t schema_version;
    if (read_schema_version(reader, &schema_version, error) != 0)
        return -1;
    if (schema_version == reader->schema_version)
        return 0;
    if (made_with_check(reader->db, reader->path, reader->catalog, error) != 0)
        return error->kind == ERROR_INPUT ? error_become(error, ERROR_HALT) : -1;
    reader->schema_version = schema_version;
    return 0;
}

// The position is read and copied only when the writer has committed since.
static int reader_refresh_position(struct reader *reader, int64_t data_version, struct error *error) {
    if (reader->data_version == data_version)
        return 0;
    reader->data_version = -1;
    if (reader_check_made_with(reader, error) != 0 || read_position(reader, error) != 0 ||
        read_disabled(reader, error) != 0)
        return -1;
    reader->data_version = data_version;
    return 0;
}

static int reader_begin_anew(struct reader *reader, struct error *error) {
    sqlite3_stmt *version = reader->statements[READER_VERSION];
    wal_index_note(&reader->index); // before: what is committed meanwhile is seen as a change
    reader->begun = true;
    int row = reader_next_row(reader, version, error);
    if (row == 0)
        return error_set(error, ERROR_STORE, "%s: has no data_version", reader->path);
    if (row < 0 || reader_refresh_position(reader, sqlite3_column_int64(version, 0), error) != 0)
        return -1;
    reader->begun_whole = true;
    return 0;
}

// The one before, where nothing was committed since.
static bool reader_goes_on(struct reader *reader) {
    if (!snapshot_take_kept(&reader->holder))
        return false;
    if (wal_index_is_same(&reader->index))
        return true;
    reader_let_go(reader);
    return false;
}

int reader_begin(struct reader *reader, struct position *ret, struct error *error) {
    assert(!reader->begun);
    if (reader->immutable && reader_check_unchanged(reader, error) != 0)
        return -1;
    int64_t now = clock_monotonic_ms();
    reader->deadline_at_ms = now + reader->deadline_ms;
    bool goes_on = reader_goes_on(reader);
    snapshot_begin(&reader->holder, now);
    reader->begun = reader->begun_whole = goes_on;
    if (!goes_on && reader_begin_anew(reader, error) != 0) {
        reader_end(reader);
        return -1;
    }
    *ret = reader->position;
    return 0;
}
void reader_end(struct reader *reader) {
    if (!reader->begun)
        return;
    rows_close(&reader->rows);
    bool whole = reader->begun_whole && sqlite3_stmt_busy(reader->statements[READER_VERSION]);
    reader->begun = reader->begun_whole = false;
    if (!whole || !snapshot_keep(reader->snapshots, &reader->holder))
        reader_let_go(reader);
    snapshot_end(&reader->holder);
}

int reader_shows_transaction(struct reader *reader, int64_t txid, bool *ret, struct error *error) {
    CLEANUP(stmt_reset) sqlite3_stmt *stmt = reader->statements[READER_TRANSACTION];
    stmt_bind_integer(stmt, ":txid", txid & 0xffffffff);
    int row = reader_next_row(reader, stmt, error);
    if (row < 0)
        return -1;
    *ret = row == 1;
    return 0;
}

int reader_oldest_transaction(struct reader *reader, int64_t *ret, struct error *error) {
    CLEANUP(stmt_reset) sqlite3_stmt *stmt = reader->statements[READER_OLDEST_TRANSACTION];
    if (reader_next_row(reader, stmt, error) < 0)
        return -1;
    *ret = sqlite3_column_type(stmt, 0) != SQLITE_NULL ? sqlite3_column_int64(stmt, 0) : -1;
    return 0;
}

int reader_next_offset(struct reader *reader, struct span topic, int32_t partition, int64_t *ret,
                       struct error *error) {
    CLEANUP(stmt_reset) sqlite3_stmt *stmt = reader->statements[READER_NEXT_OFFSET];
    stmt_bind_text(stmt, ":topic", topic);
    stmt_bind_integer(stmt, ":partition", partition);
    int row = reader_next_row(reader, stmt, error);
    if (row < 0)
        return -1;
    *ret = row == 1 ? sqlite3_column_int64(stmt, 0) : -1;
    return 0;
}

int reader_is_asked(struct reader *reader, int64_t id, bool *ret, struct error *error) {
    CLEANUP(stmt_reset) sqlite3_stmt *stmt = reader->statements[READER_IS_ASKED];
    stmt_bind_integer(stmt, ":id", id);
    if (reader_next_row(reader, stmt, error) < 0)
        return -1;
    *ret = sqlite3_column_int(stmt, 0) != 0;
    return 0;
}

static bool reader_grow_applied(struct reader *reader, int count) {
    if (count < reader->applied_capacity)
        return true;
    int capacity = reader->applied_capacity == 0 ? BOUND(64, 2) : reader->applied_capacity * 2;
    struct applied_offset *grown = realloc(reader->applied, (size_t)capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    reader->applied = grown;
    reader->applied_capacity = capacity;
    return true;
}

// The topics' bytes move while their buffer grows, so the spans are set when all have come.
static void reader_place_topics(struct reader *reader, int count) {
    const char *at = reader->topics.data;
    for (int i = 0; i < count; i++) {
        reader->applied[i].topic.data = at;
        at += reader->applied[i].topic.size;
    }
}

int reader_offsets(struct reader *reader, const struct applied_offset **ret, int *ret_count,
                   struct error *error) {
    CLEANUP(stmt_reset) sqlite3_stmt *stmt = reader->statements[READER_OFFSETS];
    buffer_clear(&reader->topics);
    int count = 0;
    int row = 0;
    while ((row = reader_next_row(reader, stmt, error)) == 1) {
        if (!reader_grow_applied(reader, count))
            return error_set(error, ERROR_SYSTEM, "out of memory");
        const unsigned char *topic = sqlite3_column_text(stmt, 0);
        size_t size = (size_t)sqlite3_column_bytes(stmt, 0);
        buffer_append(&reader->topics, topic, size);
        reader->applied[count++] = (struct applied_offset){
            .topic.size = size,
            .partition = sqlite3_column_int(stmt, 1),
            .next_offset = sqlite3_column_int64(stmt, 2),
        };
    }
    if (row < 0)
        return -1;
    if (reader->topics.failed)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    reader_place_topics(reader, count);
    *ret = reader->applied;
    *ret_count = count;
    return 0;
}
