#include "views/engine/store.h"

#include "views/base/clock.h"
#include "views/engine/foreign_log.h"
#include "views/engine/mirror/mirror.h"
#include "views/engine/sqlite/engine_sql.h"
#include "views/engine/sqlite/functions.h"
#include "views/engine/sqlite/meta.h"
#include "views/engine/sqlite/statement_limit.h"
#include "views/engine/sqlite/stmt.h"
#include "views/engine/sqlite/versions.h"
#include "views/engine/sqlite/wal_batch.h"
#include "views/engine/store/checkpoint.h"
#include "views/engine/store/disabled.h"
#include "views/engine/store/feed.h"
#include "views/engine/store/fills.h"
#include "views/engine/store/identity.h"
#include "views/engine/store/install.h"
#include "views/engine/store/quarantine.h"
#include "views/engine/store/requests.h"
#include "views/engine/store/standing.h"
#include "views/engine/store/upgrade.h"
#include "views/engine/store/visible_txns.h"
#include "views/engine/store/writer_thread.h"
#include "views/engine/watched_file.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    STORE_FILL_NAME_SIZE = 64,
};

enum store_statement {
    STORE_BEGIN,
    STORE_COMMIT,
    STORE_ROLLBACK,
    STORE_OFFSET,
    STORE_POSITION,
    STORE_POSITION_KEEP,
    STORE_TIMELINE,
    STORE_STATEMENTS,
};

static const char *const store_names[STORE_STATEMENTS] = {
    [STORE_BEGIN] = "begin",
    [STORE_COMMIT] = "commit",
    [STORE_ROLLBACK] = "rollback",
    [STORE_OFFSET] = "offsets_set",
    [STORE_POSITION] = "position_set",
    [STORE_POSITION_KEEP] = "position_keep",
    [STORE_TIMELINE] = "timelines_add",
};

struct store {
    int lock; // the file's descriptor, flock'ed for as long as the store lives; -1: a successor's is another's
    bool is_new;
    _Atomic bool interrupted; // a successor's building
    char *path;
    struct watched_file watched;
    int64_t log_bytes_max;
    bool durable;
    struct snapshots *snapshots; // of this process's readers
    sqlite3 *db;
    const struct catalog *catalog;
    struct mirror *mirror;
    struct checkpoint *checkpoint;
    struct visible_txns *visible;
    struct quarantine *quarantine;
    struct feed *feed; // NULL = none is kept
    int64_t feed_window_ms;
    const int64_t *quarantined; // messages that wait there
    struct requests *requests;
    struct writer_thread *writer;
    const struct change *refill; // the change that the SQL functions see while a view is filled
    sqlite3_stmt *statements[STORE_STATEMENTS];
    char id[STORE_ID_SIZE];
    char prefix[STORE_PREFIX_SIZE];
    struct standing standing;
    struct fills fills;
    bool in_transaction; // as the caller sees it: from store_begin on
    bool is_open;        // SQLite's transaction
    // A commit that was handed over and not finished yet; while the writer is busy, these and is_open are its.
    bool committing;
    int written;        // 0, or -1 and why
    int64_t written_us; // how long it took
    struct error write_error;
};

static const struct identity store_identity = {STORE_APPLICATION_ID, STORE_FORMAT};

static int store_create(struct store *store, struct error *error) {
    char id[STORE_ID_SIZE];
    if (identity_make_id(id, sizeof id, error) != 0 ||
        identity_write(store->db, &store_identity, error) != 0 ||
        engine_sql_run(store->db, "engine", error) != 0 || meta_set(store->db, "id", id, error) != 0 ||
        engine_sql_run(store->db, "position_create", error) != 0)
        return -1;
    return install_mirror(store->db, store->catalog, error);
}

const int64_t *store_timelines(const struct store *store, int *ret_count) {
    *ret_count = store->standing.timeline_count;
    return store->standing.timelines;
}

static int store_set_up_connection(struct store *store, const char *path, struct error *error) {
    if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        wal_batch_vfs(sqlite3_libversion_number())) != SQLITE_OK) {
        (void)stmt_error(error, store->db, path);
        return -1;
    }
    (void)sqlite3_extended_result_codes(store->db, 1);
    // A reader never blocks the writer in WAL; another tool's write or a checkpoint may, for a moment.
    (void)sqlite3_busy_timeout(store->db, 5000);
    statement_limit_watch(store->db);
    return functions_register(store->db, &store->refill, error);
}

// `synchronous` as wal_batch_start sets it, as with normal: a power cut may take the newest commits, whole, with their offsets.
static int store_set_pragmas(struct store *store, struct error *error) {
    if (engine_sql_run(store->db, "connection", error) != 0 || wal_batch_start(store->db, error) != 0)
        return -1;
    return store->durable ? wal_batch_set_durable(store->db, error) : 0;
}

// Leaves the transaction open; an error ends it.
static int store_set_up_schema(struct store *store, struct store_report *report, struct error *error) {
    int64_t schema = 0;
    if (engine_sql_run(store->db, "begin", error) != 0 ||
        stmt_read_integer(store->db, "pragma schema_version", "schema_version", &schema, error) != 0)
        return -1; // the connection is closed
    statement_limit_work(STATEMENT_OF_START);
    int status = store->is_new ? store_create(store, error) : upgrade_file(store->db, &store_identity, error);
    if (status == 0)
        status = install_views(store->db, store->catalog, &store->refill, report, error);
    statement_limit_work(STATEMENT_OF_COMMIT);
    if (status == 0)
        status = feed_check(store->db, schema, report->views_built > 0 || report->views_dropped > 0, error);
    if (status != 0)
        (void)engine_sql_run(store->db, "rollback", NULL);
    report->created = store->is_new;
    return status;
}

static int store_commit_schema(struct store *store, struct error *error) {
    if (engine_sql_run(store->db, "commit", error) == 0)
        return 0;
    (void)engine_sql_run(store->db, "rollback", NULL);
    return -1;
}

static int store_prepare_statements(struct store *store, struct error *error) {
    for (int i = 0; i < STORE_STATEMENTS; i++)
        if (engine_sql_prepare(store->db, store_names[i], &store->statements[i], error) != 0)
            return -1;
    return 0;
}

// Waits for what was handed over, and opens SQLite's transaction.
static int store_begin_write(void *self, struct error *error);

static int store_open_quarantine(struct store *store, struct error *error) {
    if (quarantine_new(&store->quarantine, store->db, QUARANTINE_BYTES_MAX, QUARANTINE_ROWS_MAX, error) != 0)
        return -1;
    store->quarantined = quarantine_waiting(store->quarantine);
    return requests_new(&store->requests, store->db, error);
}

static int store_start_checkpoints(struct store *store, struct error *error) {
    const struct checkpoint_config config = {.path = store->path,
                                             .descriptor = store->lock,
                                             .log_bytes_max = store->log_bytes_max,
                                             .snapshots = store->snapshots};
    store->watched.index = wal_batch_index(store->db);
    return checkpoint_new(&store->checkpoint, store->db, &config, error);
}

// A connection to the file that `lock` is a descriptor of.
static int store_connect(struct store *store, int lock, struct store_report *report, struct error *error) {
    *report = (struct store_report){0};
    // Opened again, it must be the file that is locked.
    watched_file_begin(&store->watched, store->path, lock);
    if (watched_file_check(&store->watched, error) != 0)
        return -1;
    if (!versions_has_run(sqlite3_libversion_number()))
        (void)snprintf(report->untried_sqlite, sizeof report->untried_sqlite, "%s", sqlite3_libversion());
    return store_set_up_connection(store, store->path, error) != 0 ||
                   identity_check(store->db, store->path, &store_identity, &store->is_new, error) != 0
               ? -1
               : store_set_pragmas(store, error);
}

// What is kept in memory of a file that is as the catalog has it.
static int store_load(struct store *store, struct error *error) {
    return store_prepare_statements(store, error) != 0 ||
                   standing_load(&store->standing, store->db, error) != 0 ||
                   fills_load(&store->fills, store->db, store->catalog, error) != 0 ||
                   meta_get(store->db, "id", store->id, sizeof store->id, error) < 0 ||
                   meta_get(store->db, "prefix", store->prefix, sizeof store->prefix, error) < 0 ||
                   store_start_checkpoints(store, error) != 0 ||
                   visible_txns_new(&store->visible, store->db, error) != 0 ||
                   store_open_quarantine(store, error) != 0 ||
                   writer_thread_new(&store->writer, error) != 0 ||
                   mirror_open(&store->mirror, store->db, store->catalog,
                               &(struct mirror_owner){store_begin_write, store->quarantined, store},
                               error) != 0 ||
                   functions_register(store->db, mirror_current(store->mirror), error) != 0
               ? -1
               : 0;
}

// All but the lock.
static int store_start(struct store *store, struct store_report *report, struct error *error) {
    if (store_connect(store, store->lock, report, error) != 0 ||
        store_set_up_schema(store, report, error) != 0 || store_commit_schema(store, error) != 0 ||
        store_load(store, error) != 0)
        return -1;
    // A log that is lost early takes no more with it than rows, which are read again.
    return store->is_new ? store_checkpoint(store, error) : 0;
}

int store_set_feed_window(struct store *store, int64_t window_ms, struct error *error) {
    feed_free(&store->feed);
    store->feed_window_ms = window_ms;
    return feed_new(&store->feed, store->db, store->id, window_ms, error);
}

void store_want_feed(struct store *store, const char *table) {
    feed_want(store->feed, table, clock_wall_ms());
}

static void store_shut(struct store *store) {
    writer_thread_free(&store->writer);
    for (int i = 0; i < STORE_STATEMENTS; i++)
        stmt_finalize(&store->statements[i]);
    feed_free(&store->feed);
    mirror_close(&store->mirror);
    visible_txns_free(&store->visible);
    quarantine_free(&store->quarantine);
    requests_free(&store->requests);
    checkpoint_free(&store->checkpoint);
    stmt_close(&store->db);
    standing_free(&store->standing);
    fills_free(&store->fills);
    *store = (struct store){.lock = store->lock,
                            .path = store->path,
                            .log_bytes_max = store->log_bytes_max,
                            .durable = store->durable,
                            .snapshots = store->snapshots,
                            .feed_window_ms = store->feed_window_ms,
                            .catalog = store->catalog};
}

static struct store *store_new(const char *path, const struct catalog *catalog, struct error *error) {
    struct store *store = calloc(1, sizeof *store);
    if (store != NULL)
        *store = (struct store){.lock = -1, .log_bytes_max = STORE_LOG_BYTES_MAX, .catalog = catalog};
    if (store != NULL && (store->path = strdup(path)) != NULL)
        return store;
    free(store);
    (void)error_set(error, ERROR_SYSTEM, "out of memory");
    return NULL;
}

int store_open(struct store **ret, const char *path, const struct catalog *catalog,
               struct store_report *report, struct error *error) {
    *report = (struct store_report){0};
    CLEANUP(store_close) struct store *store = store_new(path, catalog, error);
    if (store == NULL || (store->lock = watched_file_lock(path, error)) < 0 ||
        foreign_log_check(path, error) != 0 || store_start(store, report, error) != 0)
        return -1;
    *ret = store;
    store = NULL;
    return 0;
}

// --- a successor

int store_successor(struct store **ret, const struct store *of, const struct catalog *catalog,
                    struct error *error) {
    CLEANUP(store_close) struct store *store = store_new(of->path, catalog, error);
    struct store_report report;
    if (store == NULL || store_connect(store, of->lock, &report, error) != 0)
        return -1;
    store->log_bytes_max = of->log_bytes_max;
    store->snapshots = of->snapshots;
    *ret = store;
    store = NULL;
    return 0;
}

int store_build(struct store *store, struct store_report *report, struct error *error) {
    *report = (struct store_report){0};
    statement_limit_end_when(&store->interrupted);
    int status = store_set_up_schema(store, report, error);
    statement_limit_end_when(NULL);
    return status;
}

void store_interrupt(struct store *store) {
    atomic_store(&store->interrupted, true);
}

int store_succeed(struct store *store, struct store **of, struct error *error) {
    if (store_commit_schema(store, error) != 0)
        return -1;
    int64_t window_ms = (*of)->feed_window_ms;
    bool durable = (*of)->durable;
    store->lock = (*of)->lock;
    (*of)->lock = -1;
    store_close(of);
    if (store_load(store, error) != 0 || (durable && store_set_durable(store, error) != 0))
        return -1;
    return store_set_feed_window(store, window_ms, error);
}

int store_reopen(struct store *store, struct store_report *report, struct error *error) {
    store_shut(store);
    if (store_start(store, report, error) == 0 &&
        feed_new(&store->feed, store->db, store->id, store->feed_window_ms, error) == 0)
        return 0;
    store_shut(store);
    return -1;
}

void store_close(struct store **store) {
    struct store *s = *store;
    if (s == NULL)
        return;
    store_shut(s);
    if (s->lock >= 0)
        (void)close(s->lock);
    free(s->path);
    free(s);
    *store = NULL;
}

int store_bound_log(struct store *store, int64_t bytes_max, struct snapshots *snapshots,
                    struct error *error) {
    store->log_bytes_max = bytes_max;
    store->snapshots = snapshots;
    checkpoint_free(&store->checkpoint);
    return store_start_checkpoints(store, error);
}

int store_set_durable(struct store *store, struct error *error) {
    store->durable = true;
    return wal_batch_set_durable(store->db, error);
}

void store_ask_sync(struct store *store) {
    if (!store->durable)
        checkpoint_ask_sync(store->checkpoint);
}

int store_is_synced(struct store *store, struct error *error) {
    return store->durable ? 1 : checkpoint_is_synced(store->checkpoint, error);
}

int store_sync(struct store *store, struct error *error) {
    writer_thread_wait(store->writer);
    return store->durable ? 0 : wal_batch_sync(store->db, error);
}

int64_t store_log_bytes_over(struct store *store) {
    return checkpoint_bytes_over(store->checkpoint);
}

int store_check_file(struct store *store, struct error *error) {
    return watched_file_check(&store->watched, error);
}

const char *store_library_version(void) {
    return sqlite3_libversion();
}

int store_disable_view(struct store *store, const char *view, const char *reason, struct error *error) {
    const struct view *loaded = catalog_view(store->catalog, view);
    return loaded != NULL ? disabled_note(store->db, loaded, reason, error)
                          : disabled_drop(store->db, view, error);
}

int store_disable_view_of(const char *path, const struct catalog *catalog, const char *view,
                          const char *reason, struct error *error) {
    CLEANUP(store_close) struct store *store = store_new(path, catalog, error);
    if (store == NULL || (store->lock = watched_file_lock(path, error)) < 0 ||
        store_set_up_connection(store, path, error) != 0 ||
        identity_check(store->db, path, &store_identity, &store->is_new, error) != 0)
        return -1;
    if (store->is_new) // there is nothing to go on with
        return error_set(error, ERROR_VIEW, "%s", reason);
    return store_disable_view(store, view, reason, error);
}

const char *store_id(const struct store *store) {
    return store->id;
}

const char *store_prefix(const struct store *store) {
    return store->prefix;
}

int store_claim_prefix(struct store *store, const char *prefix, struct error *error) {
    if (strcmp(store->prefix, prefix) == 0)
        return 0;
    if (store->prefix[0] != '\0')
        return error_set(error, ERROR_USAGE,
                         "this file mirrors the topics of prefix %s, not %s: use another --db file for those",
                         store->prefix, prefix);
    if (strlen(prefix) >= sizeof store->prefix)
        return error_set(error, ERROR_USAGE, "a prefix has at most %zu bytes", sizeof store->prefix - 1);
    if (meta_set(store->db, "prefix", prefix, error) != 0)
        return -1;
    (void)snprintf(store->prefix, sizeof store->prefix, "%s", prefix);
    return 0;
}

const struct store_offset *store_offsets(const struct store *store, int *ret_count) {
    *ret_count = store->standing.offset_count;
    return store->standing.offsets;
}

struct store_sequence store_sequence(const struct store *store) {
    return store->standing.sequence;
}

struct store_before store_before(const struct store *store) {
    return store->standing.before;
}

static int store_step(struct store *store, enum store_statement which, struct error *error) {
    return stmt_step(store->statements[which], store_names[which], NULL, error);
}

static int store_open_transaction(struct store *store, struct error *error) {
    if (store->is_open)
        return 0;
    checkpoint_enter(store->checkpoint);
    if (store_step(store, STORE_BEGIN, error) == 0) {
        store->is_open = true;
        return feed_begin(store->feed, clock_wall_ms(), error) != 0 ? -1
                                                                    : requests_look(store->requests, error);
    }
    checkpoint_leave(store->checkpoint);
    return -1;
}

static int store_begin_write(void *self, struct error *error) {
    struct store *store = self;
    writer_thread_wait(store->writer);
    if (store->written == 0)
        return store_open_transaction(store, error);
    if (error != NULL)
        *error = store->write_error;
    return -1;
}

void store_begin(struct store *store) {
    store->in_transaction = true;
}

bool store_in_transaction(const struct store *store) {
    return store->in_transaction;
}

void store_set_writing(struct store *store, enum writing writing) {
    mirror_set_writing(store->mirror, writing);
}

// What fails here is not the change's fault.
static int store_overtake(struct store *store, const struct change *change, bool applied,
                          struct error *error) {
    if (!quarantine_concerns(store->quarantine, change))
        return 0;
    if (store_begin_write(store, error) != 0)
        return -1;
    return quarantine_overtake(store->quarantine, change, applied, requests_retried(store->requests), error);
}

void store_expect(const struct store *store, const struct change *change, int ahead) {
    mirror_expect(store->mirror, change, ahead);
}

int store_apply(struct store *store, const struct change *change, enum store_outcome *ret,
                struct error *error) {
    enum mirror_outcome outcome;
    if (mirror_apply(store->mirror, change, &outcome, error) != 0)
        return -1;
    *ret = outcome == MIRROR_APPLIED ? STORE_APPLIED : STORE_REPEATED;
    return *store->quarantined == 0 ? 0 : store_overtake(store, change, *ret == STORE_APPLIED, error);
}

bool store_lacked(const struct store *store) {
    return mirror_lacked(store->mirror);
}

bool store_made(const struct store *store) {
    return mirror_made(store->mirror);
}

struct store_astray store_take_astray(struct store *store, const struct table *table) {
    return mirror_take_astray(store->mirror, table);
}

void store_keep_astray(struct store *store, const struct table *table, bool keep) {
    mirror_keep_astray(store->mirror, table, keep);
}

const struct table *store_take_lost(struct store *store) {
    return mirror_take_lost(store->mirror);
}

void store_mark_snapshot(struct store *store, const struct change *change) {
    mirror_mark_snapshot(store->mirror, change);
}

bool store_transaction_repeats(const struct store *store, int64_t txid, int64_t lsn) {
    return visible_txns_repeats(store->visible, txid, lsn);
}

int store_transaction_end(struct store *store, int64_t txid, int64_t lsn, struct error *error) {
    if ((visible_txns_is_full(store->visible) && store_begin_write(store, error) != 0) ||
        visible_txns_note(store->visible, txid, lsn, error) != 0)
        return -1;
    return mirror_transaction_end(store->mirror, txid, error);
}

struct store_snapshot store_snapshot(const struct store *store, const struct table *table) {
    return mirror_snapshot(store->mirror, table);
}

bool store_note_streamed(struct store *store, int64_t commit, bool *ret_more) {
    return mirror_note_streamed(store->mirror, commit, ret_more);
}

void store_set_left_out(struct store *store, const struct table *table, int64_t lsn) {
    mirror_set_left_out(store->mirror, table, lsn);
}

void store_raise_cut(struct store *store, const struct table *table, int64_t ms) {
    mirror_raise_cut(store->mirror, table, ms);
}

int store_has_unnamed(struct store *store, const struct table *table, int64_t snapshot_lsn, int64_t below,
                      bool *ret, struct error *error) {
    return mirror_has_unnamed(store->mirror, table, snapshot_lsn, below, ret, error);
}

int store_snapshot_sweep(struct store *store, const struct table *table, bool whole, bool keep_open,
                         int64_t *ret_swept, struct error *error) {
    if (mirror_snapshot_sweep(store->mirror, table, whole, keep_open, ret_swept, error) != 0 ||
        (whole && *store->quarantined > 0 && store_begin_write(store, error) != 0))
        return -1;
    int64_t lsn = mirror_snapshot(store->mirror, table).lsn;
    return whole ? quarantine_overtake_table(store->quarantine, table, lsn, error) : 0;
}

int store_quarantine(struct store *store, const struct store_quarantined *event, struct error *error) {
    return store_begin_write(store, error) != 0 ? -1 : quarantine_add(store->quarantine, event, error);
}

int store_is_asked(struct store *store, bool *ret, struct error *error) {
    bool free = !writer_thread_is_busy(store->writer);
    if (free && !store->is_open && requests_look(store->requests, error) != 0)
        return -1;
    *ret = requests_are_there(store->requests);
    return 0;
}

int store_next_request(struct store *store, struct store_request *ret, struct error *error) {
    return store_begin_write(store, error) != 0 ? -1 : requests_next(store->requests, ret, error);
}

int store_answer_request(struct store *store, const struct store_request *request,
                         enum store_request_outcome outcome, struct span note,
                         const struct store_quarantined *now, struct error *error) {
    const char *state = requests_state_of(outcome);
    int status = store_begin_write(store, error);
    if (status == 0 && state != NULL)
        status = quarantine_settle(store->quarantine, request->quarantined, state, note, error);
    else if (status == 0 && now != NULL)
        status = quarantine_renew(store->quarantine, request->quarantined, now, note, error);
    return status != 0 ? -1 : requests_done(store->requests, request, error);
}

int store_set_offset(struct store *store, const struct store_offset *offset, struct error *error) {
    if (store_begin_write(store, error) != 0)
        return -1;
    standing_bind_offset(store->statements[STORE_OFFSET], offset);
    return store_step(store, STORE_OFFSET, error);
}

int store_note_others(struct store *store, const char *topic, struct error *error) {
    return store_begin_write(store, error) != 0 ? -1 : standing_note_others(store->db, topic, error);
}

int store_set_incomplete(struct store *store, const struct table *table, const char *reason,
                         struct error *error) {
    CLEANUP(stmt_free_text) char *name = sqlite3_mprintf("incomplete:%s", table->name);
    if (name == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (store_begin_write(store, error) != 0)
        return -1;
    return reason != NULL ? meta_set(store->db, name, reason, error) : meta_unset(store->db, name, error);
}

int store_add_timeline(struct store *store, int64_t since_ts_ms, struct error *error) {
    if (store_begin_write(store, error) != 0)
        return -1;
    stmt_bind_integer(store->statements[STORE_TIMELINE], ":since", since_ts_ms);
    if (store_step(store, STORE_TIMELINE, error) != 0)
        return -1;
    return standing_load_timelines(&store->standing, store->db, error);
}

static int store_save_position(struct store *store, const struct store_commit *commit, struct error *error) {
    sqlite3_stmt *position = store->statements[STORE_POSITION];
    stmt_bind_integer_or_null(position, ":lsn", commit->lsn, LSN_NONE);
    stmt_bind_integer_or_null(position, ":txid", commit->txid, -1);
    stmt_bind_integer(position, ":transactional", commit->transactional);
    stmt_bind_integer(position, ":applied_total", commit->applied_total);
    stmt_bind_text(position, ":offsets", commit->offsets);
    stmt_bind_integer_or_null(position, ":sequenced_lsn", commit->sequence.lsn, LSN_NONE);
    stmt_bind_integer(position, ":sequenced_ts_ms", commit->sequence.ts_ms);
    int64_t torn = commit->torn ? STANDING_TORN | (commit->torn_ms + 1) << STANDING_MARKS_BITS : 0;
    stmt_bind_integer(position, ":torn", torn | (commit->nameless ? STANDING_NAMELESS : 0));
    stmt_bind_integer(position, ":quarantined", *store->quarantined);
    return store_step(store, STORE_POSITION, error) != 0
               ? -1
               : standing_save_unjudged(&store->standing, store->db, commit->unjudged_lsn, error);
}

static int store_keep_position(struct store *store, struct error *error) {
    stmt_bind_integer(store->statements[STORE_POSITION_KEEP], ":quarantined", *store->quarantined);
    return store_step(store, STORE_POSITION_KEEP, error);
}

// What is little is written by the caller; the rows and the views are left. `commit` NULL: where it stands stays.
static int store_hand_over(struct store *store, const struct store_commit *commit, struct error *error) {
    assert(!store->committing);
    if (store_begin_write(store, error) != 0 ||
        (commit != NULL ? store_save_position(store, commit, error) : store_keep_position(store, error)) !=
            0 ||
        feed_note(store->feed, clock_wall_ms(), error) != 0 ||
        visible_txns_save(store->visible, error) != 0 || mirror_hand_over(store->mirror, error) != 0)
        return -1;
    store->in_transaction = false;
    store->committing = true;
    return 0;
}

static void store_write_out(void *self) {
    struct store *store = self;
    int64_t begun_us = clock_monotonic_us();
    bool failed = mirror_write(store->mirror, &store->write_error) != 0;
    store->written = failed ? -1 : feed_finish(store->feed, clock_wall_ms(), &store->write_error);
    stmt_check_none_open(store->db);
    if (store->written == 0)
        store->written = store_step(store, STORE_COMMIT, &store->write_error);
    store->written_us = clock_monotonic_us() - begun_us;
    if (store->written != 0)
        return;
    store->is_open = false;
    checkpoint_leave(store->checkpoint);
}

int store_commit_start(struct store *store, const struct store_commit *commit, struct error *error) {
    if (store_hand_over(store, commit, error) != 0)
        return -1;
    writer_thread_start(store->writer, store_write_out, store);
    return 0;
}

bool store_commit_is_done(const struct store *store) {
    return store->committing && !writer_thread_is_busy(store->writer);
}

int store_commit_finish(struct store *store, struct error *error) {
    writer_thread_wait(store->writer);
    store->committing = false;
    if (store->written != 0 && error != NULL)
        *error = store->write_error;
    return store->written;
}

int64_t store_commit_us(const struct store *store) {
    return store->written_us;
}

int store_commit(struct store *store, const struct store_commit *commit, struct error *error) {
    if (store_hand_over(store, commit, error) != 0)
        return -1;
    store_write_out(store);
    return store_commit_finish(store, error);
}

int store_commit_in_place(struct store *store, struct error *error) {
    return store_commit(store, NULL, error);
}

bool store_has_enough(const struct store *store) {
    return mirror_has_enough(store->mirror);
}

int store_rollback(struct store *store, struct error *error) {
    writer_thread_wait(store->writer);
    store->committing = false;
    if (!store->in_transaction && !store->is_open)
        return 0;
    bool opened = store->is_open;
    store->in_transaction = store->is_open = false;
    store->written = 0;
    stmt_check_none_open(store->db);
    // SQLite may have rolled back by itself (disk full): then there is nothing left to undo.
    bool open = sqlite3_get_autocommit(store->db) == 0;
    int status = open ? store_step(store, STORE_ROLLBACK, error) : 0;
    if (opened)
        checkpoint_leave(store->checkpoint);
    requests_forget(store->requests);
    if (status != 0 || visible_txns_reload(store->visible, error) != 0 ||
        standing_recall(&store->standing, store->db, error) != 0 ||
        quarantine_reload(store->quarantine, error) != 0 || feed_reload(store->feed, error) != 0)
        return -1;
    return mirror_reload(store->mirror, error);
}

int store_checkpoint(struct store *store, struct error *error) {
    writer_thread_wait(store->writer);
    if (sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) != SQLITE_OK &&
        (sqlite3_errcode(store->db) & 0xff) != SQLITE_BUSY)
        return stmt_error(error, store->db, "checkpoint");
    return 0;
}

const struct store_fill *store_fills(const struct store *store, int *ret_count) {
    *ret_count = store->fills.count;
    return store->fills.list;
}

int store_begin_new(struct store *store, const char *const *topics, int topic_count, const bool *again,
                    struct error *error) {
    return fills_begin_new(&store->fills, store->db, store->catalog, topics, topic_count, again, error) != 0
               ? -1
               : standing_load_offsets(&store->standing, store->db, error);
}

int store_fill_begin(struct store *store, const char *path, struct error *error) {
    writer_thread_wait(store->writer);
    return fills_attach(store->db, path, error);
}

int store_fill_take(struct store *store, struct error *error) {
    return store_begin_write(store, error) != 0 ? -1
                                                : fills_take(&store->fills, store->db, store->mirror, error);
}

int store_fill_end(struct store *store, struct error *error) {
    fills_detach(store->db);
    return fills_load(&store->fills, store->db, store->catalog, error);
}

void store_remove_spent_fill(const struct store *of, const char *path) {
    char name[STORE_FILL_NAME_SIZE];
    if (access(path, F_OK) == 0 && fills_name(of->db, of->id, name, sizeof name, NULL) == 0 &&
        fills_is(path, name))
        store_remove_fill(path);
}

int store_open_fill(struct store **ret, const struct store *of, const char *path,
                    const struct catalog *catalog, struct error *error) {
    CLEANUP(store_close) struct store *store = NULL;
    char name[STORE_FILL_NAME_SIZE];
    struct store_report report;
    if (fills_name(of->db, of->id, name, sizeof name, error) != 0)
        return -1;
    if (!fills_goes_on(path, name, catalog->source, of->db))
        store_remove_fill(path);
    if (store_open(&store, path, catalog, &report, error) != 0 ||
        meta_set(store->db, "fill", name, error) != 0)
        return -1;
    for (int i = 0; i < of->standing.timeline_count; i++) {
        stmt_bind_integer(store->statements[STORE_TIMELINE], ":since", of->standing.timelines[i]);
        if (store_step(store, STORE_TIMELINE, error) != 0)
            return -1;
    }
    if (standing_load_timelines(&store->standing, store->db, error) != 0)
        return -1;
    *ret = store;
    store = NULL;
    return 0;
}
