#define _GNU_SOURCE // pthread_setname_np
#include "views/engine/store/checkpoint.h"

#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/engine/snapshots.h"
#include "views/engine/sqlite/stmt.h"
#include "views/engine/sqlite/wal_batch.h"
#include "views/engine/watched_file.h"

#include <pthread.h>
#include <stdlib.h>

struct checkpoint {
    sqlite3 *writer;
    char *path;
    int descriptor; // of the file
    struct snapshots *snapshots;
    int64_t frame_bytes;
    int pages_max; // of log, from which the writer waits
    bool alone;    // no thread could be started: SQLite does it at a commit
    int due;       // pages of log when the thread is asked next
    int seen;      // pages of log after the newest commit, as the hook reported

    sqlite3 *db;        // the thread's
    int64_t file_bytes; // as the newest pass left the file
    bool runs;
    pthread_t thread;

    pthread_mutex_t mutex; // of all below
    pthread_cond_t wake;   // the thread's: asked for, the writer has left, stop
    pthread_cond_t turn;   // the writer's: may enter
    int pages;             // `seen`, for the thread
    int insist_due;        // pages of log at which readers are asked again, after one did not let go
    int over;              // pages above the bound when that was so
    bool asked;
    bool writing;  // a transaction is open
    bool waits;    // the thread wants that none is
    bool unsynced; // something was committed since the log was synced, or was to be
    bool sync_asked;
    int synced; // 0, or -1 and why
    struct error sync_error;
    bool stop;
};

static int checkpoint_on_commit(void *self, sqlite3 *db, const char *name, int pages) {
    (void)db;
    (void)name;
    ((struct checkpoint *)self)->seen = pages;
    return SQLITE_OK;
}

// Only the passes write into the file, so what made it shorter since the last one was somebody else.
static int checkpoint_pass(struct checkpoint *checkpoint, int mode, int *ret_logged, int *ret_moved) {
    if (watched_file_is_cut(checkpoint->descriptor, checkpoint->file_bytes))
        return SQLITE_CORRUPT;
    int code = sqlite3_wal_checkpoint_v2(checkpoint->db, NULL, mode, ret_logged, ret_moved);
    if (!watched_file_is_cut(checkpoint->descriptor, checkpoint->file_bytes)) // meanwhile
        checkpoint->file_bytes = watched_file_bytes(checkpoint->descriptor);
    return code;
}

// One pass; what it leaves of the log that the writer has written so far, -1 when a reader or an error keeps
// some of it.
static int checkpoint_move(struct checkpoint *checkpoint) {
    int logged = -1;
    int moved = -1;
    if (checkpoint_pass(checkpoint, SQLITE_CHECKPOINT_PASSIVE, &logged, &moved) != SQLITE_OK ||
        moved < logged)
        return -1;
    (void)pthread_mutex_lock(&checkpoint->mutex);
    int left = checkpoint->pages - moved;
    (void)pthread_mutex_unlock(&checkpoint->mutex);
    return left > 0 ? left : 0;
}

// No transaction is open from here until checkpoint_let_writer, unless it returns true: stopped.
static bool checkpoint_hold_writer(struct checkpoint *checkpoint) {
    (void)pthread_mutex_lock(&checkpoint->mutex);
    checkpoint->waits = true;
    while (checkpoint->writing && !checkpoint->stop)
        (void)pthread_cond_wait(&checkpoint->wake, &checkpoint->mutex);
    bool stopped = checkpoint->stop;
    (void)pthread_mutex_unlock(&checkpoint->mutex);
    return stopped;
}

static void checkpoint_let_writer(struct checkpoint *checkpoint) {
    (void)pthread_mutex_lock(&checkpoint->mutex);
    checkpoint->waits = false;
    (void)pthread_cond_signal(&checkpoint->turn);
    (void)pthread_mutex_unlock(&checkpoint->mutex);
}

static void checkpoint_move_alone(struct checkpoint *checkpoint) {
    if (!checkpoint_hold_writer(checkpoint))
        (void)checkpoint_move(checkpoint);
    checkpoint_let_writer(checkpoint);
}

// The log begins anew with the next commit when every reader has left it.
static int checkpoint_begin_anew(struct checkpoint *checkpoint) {
    int code = SQLITE_BUSY;
    snapshots_forbid(checkpoint->snapshots);
    for (int asked = 0; asked < CHECKPOINT_ASKS_MAX && (code & 0xff) == SQLITE_BUSY; asked++) {
        bool any = snapshots_ask_oldest(checkpoint->snapshots, clock_monotonic_ms() - CHECKPOINT_READER_MS);
        code = checkpoint_pass(checkpoint, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
        if (!any && asked > 0)
            break; // whoever holds it is none of this process
    }
    snapshots_permit(checkpoint->snapshots);
    return code;
}

// At the bound, while readers keep the log: with the writer held off.
static void checkpoint_insist(struct checkpoint *checkpoint) {
    (void)sqlite3_busy_timeout(checkpoint->db, CHECKPOINT_ASKED_MS);
    bool stopped = checkpoint_hold_writer(checkpoint);
    int code = stopped ? SQLITE_OK : checkpoint_begin_anew(checkpoint);
    (void)sqlite3_busy_timeout(checkpoint->db, 0);
    (void)pthread_mutex_lock(&checkpoint->mutex);
    checkpoint->over = code == SQLITE_OK ? 0 : checkpoint->pages - checkpoint->pages_max;
    checkpoint->insist_due = code == SQLITE_OK ? 0 : checkpoint->pages + checkpoint->pages_max / 4;
    (void)pthread_mutex_unlock(&checkpoint->mutex);
    checkpoint_let_writer(checkpoint);
}

static bool checkpoint_must_insist(struct checkpoint *checkpoint) {
    (void)pthread_mutex_lock(&checkpoint->mutex);
    bool must = checkpoint->pages >= checkpoint->pages_max && checkpoint->pages >= checkpoint->insist_due;
    (void)pthread_mutex_unlock(&checkpoint->mutex);
    return must;
}

// Also when nothing is left: what an open transaction is about to add would be.
static void checkpoint_move_all(struct checkpoint *checkpoint) {
    int left = INT32_MAX;
    for (int pass = 0; pass < CHECKPOINT_PASSES_MAX && left > CHECKPOINT_LAST_PAGES; pass++)
        left = checkpoint_move(checkpoint);
    if (left >= 0)
        checkpoint_move_alone(checkpoint);
    else if (checkpoint_must_insist(checkpoint))
        checkpoint_insist(checkpoint);
}

static void checkpoint_sync(struct checkpoint *checkpoint) {
    struct error error = {0};
    int synced = wal_batch_sync(checkpoint->db, &error);
    (void)pthread_mutex_lock(&checkpoint->mutex);
    checkpoint->synced = synced;
    checkpoint->sync_error = error;
    checkpoint->unsynced |= synced != 0;
    checkpoint->sync_asked = false;
    (void)pthread_mutex_unlock(&checkpoint->mutex);
}

static void *checkpoint_run(void *self) {
    struct checkpoint *checkpoint = self;
    (void)pthread_mutex_lock(&checkpoint->mutex);
    while (!checkpoint->stop) {
        if (checkpoint->sync_asked) {
            (void)pthread_mutex_unlock(&checkpoint->mutex);
            checkpoint_sync(checkpoint);
            (void)pthread_mutex_lock(&checkpoint->mutex);
            continue;
        }
        if (!checkpoint->asked) {
            (void)pthread_cond_wait(&checkpoint->wake, &checkpoint->mutex);
            continue;
        }
        (void)pthread_mutex_unlock(&checkpoint->mutex);
        checkpoint_move_all(checkpoint);
        (void)pthread_mutex_lock(&checkpoint->mutex);
        checkpoint->asked = false;
        (void)pthread_cond_signal(&checkpoint->turn);
    }
    (void)pthread_mutex_unlock(&checkpoint->mutex);
    return NULL;
}

// The first read makes the connection know that there is a log.
static int checkpoint_connect(struct checkpoint *checkpoint) {
    if (sqlite3_open_v2(checkpoint->path, &checkpoint->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return -1;
    return stmt_run(checkpoint->db,
                    "pragma wal_autocheckpoint = 0; pragma synchronous = normal;"
                    "select 1 from sqlite_schema limit 1",
                    "checkpoint", NULL);
}

// With the mutex, which the thread waits for: the writer starts it, or whoever asks for a sync.
static void checkpoint_start(struct checkpoint *checkpoint) {
    if (checkpoint->runs || checkpoint->alone)
        return;
    checkpoint->runs = checkpoint_connect(checkpoint) == 0 &&
                       pthread_create(&checkpoint->thread, NULL, checkpoint_run, checkpoint) == 0;
    if (checkpoint->runs)
        (void)pthread_setname_np(checkpoint->thread, "checkpoint");
    else
        stmt_close(&checkpoint->db);
}

// The writer's thread.
static void checkpoint_start_or_go_without(struct checkpoint *checkpoint) {
    (void)pthread_mutex_lock(&checkpoint->mutex);
    checkpoint_start(checkpoint);
    checkpoint->alone = !checkpoint->runs;
    (void)pthread_mutex_unlock(&checkpoint->mutex);
    if (checkpoint->alone)
        (void)sqlite3_wal_autocheckpoint(checkpoint->writer, CHECKPOINT_PAGES);
}

// The pages after which the log that begins is moved into the file.
static int checkpoint_pages_due(const struct checkpoint *checkpoint) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    int64_t pages = 0;
    if (stmt_prepare(checkpoint->writer, "pragma page_count", "page_count", &stmt, NULL) == 0 &&
        stmt_row(stmt, "page_count", NULL) == 1)
        pages = sqlite3_column_int64(stmt, 0);
    if (pages < CHECKPOINT_PAGES)
        return CHECKPOINT_PAGES;
    int many = checkpoint->pages_max / 3 * 2;
    return pages < many ? (int)pages : many;
}

// A log that had to grow past its bound is cut down to it when it begins anew.
static int checkpoint_set_bound(struct checkpoint *checkpoint, int64_t bytes, struct error *error) {
    int64_t page = 0;
    if (stmt_read_integer(checkpoint->writer, "pragma page_size", "page_size", &page, error) != 0)
        return -1;
    checkpoint->frame_bytes = page + CHECKPOINT_FRAME_HEADER;
    int64_t pages = bytes / checkpoint->frame_bytes - CHECKPOINT_COMMIT_PAGES;
    checkpoint->pages_max = pages > CHECKPOINT_PAGES ? (int)pages : CHECKPOINT_PAGES;
    CLEANUP(stmt_free_text)
    char *sql = sqlite3_mprintf("pragma journal_size_limit = %lld", (sqlite3_int64)bytes);
    if (sql == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    return stmt_run(checkpoint->writer, sql, "journal_size_limit", error);
}

int checkpoint_new(struct checkpoint **ret, sqlite3 *db, const struct checkpoint_config *config,
                   struct error *error) {
    struct checkpoint *checkpoint = calloc(1, sizeof *checkpoint);
    if (checkpoint == NULL || (checkpoint->path = strdup(config->path)) == NULL) {
        free(checkpoint);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    checkpoint->writer = db;
    checkpoint->snapshots = config->snapshots;
    checkpoint->descriptor = config->descriptor;
    checkpoint->file_bytes = watched_file_bytes(config->descriptor);
    if (checkpoint_set_bound(checkpoint, config->log_bytes_max, error) != 0) {
        free(checkpoint->path);
        free(checkpoint);
        return -1;
    }
    (void)pthread_mutex_init(&checkpoint->mutex, NULL);
    (void)pthread_cond_init(&checkpoint->wake, NULL);
    (void)pthread_cond_init(&checkpoint->turn, NULL);
    checkpoint->due = checkpoint_pages_due(checkpoint);
    checkpoint->unsynced = true; // a process that was killed may have left what it had not synced
    (void)sqlite3_wal_hook(db, checkpoint_on_commit, checkpoint); // in place of SQLite's own
    *ret = checkpoint;
    return 0;
}

void checkpoint_free(struct checkpoint **checkpoint) {
    struct checkpoint *c = *checkpoint;
    if (c == NULL)
        return;
    if (c->runs) {
        (void)pthread_mutex_lock(&c->mutex);
        c->stop = true;
        (void)pthread_cond_signal(&c->wake);
        (void)pthread_mutex_unlock(&c->mutex);
        (void)pthread_join(c->thread, NULL);
    }
    if (c->writing)
        snapshots_permit(c->snapshots);
    stmt_close(&c->db);
    (void)sqlite3_wal_hook(c->writer, NULL, NULL);
    (void)pthread_cond_destroy(&c->wake);
    (void)pthread_cond_destroy(&c->turn);
    (void)pthread_mutex_destroy(&c->mutex);
    free(c->path);
    free(c);
    *checkpoint = NULL;
}

void checkpoint_enter(struct checkpoint *checkpoint) {
    (void)pthread_mutex_lock(&checkpoint->mutex);
    while (checkpoint->waits || (checkpoint->asked && checkpoint->pages >= checkpoint->pages_max))
        (void)pthread_cond_wait(&checkpoint->turn, &checkpoint->mutex);
    checkpoint->writing = true;
    (void)pthread_mutex_unlock(&checkpoint->mutex);
    snapshots_forbid(checkpoint->snapshots); // the log begins anew with this transaction when nobody reads it
}

void checkpoint_leave(struct checkpoint *checkpoint) {
    snapshots_permit(checkpoint->snapshots);
    if (checkpoint->seen < checkpoint->pages) // the log has begun anew
        checkpoint->due = checkpoint_pages_due(checkpoint);
    bool ask = checkpoint->seen >= checkpoint->due;
    if (ask) {
        checkpoint_start_or_go_without(checkpoint);
        checkpoint->due = checkpoint->seen + CHECKPOINT_STEP_PAGES;
    }
    (void)pthread_mutex_lock(&checkpoint->mutex);
    if (checkpoint->seen < checkpoint->pages)
        checkpoint->insist_due = checkpoint->over = 0;
    checkpoint->pages = checkpoint->seen;
    checkpoint->unsynced = true;
    checkpoint->asked |= ask && checkpoint->runs; // the writer waits for who is asked
    checkpoint->writing = false;
    if (checkpoint->waits || ask)
        (void)pthread_cond_signal(&checkpoint->wake);
    (void)pthread_mutex_unlock(&checkpoint->mutex);
}

void checkpoint_ask_sync(struct checkpoint *checkpoint) {
    (void)pthread_mutex_lock(&checkpoint->mutex);
    checkpoint_start(checkpoint);
    checkpoint->synced = checkpoint->runs ? 0
                                          : error_set(&checkpoint->sync_error, ERROR_RETRY,
                                                      "no thread could be started that syncs the log");
    checkpoint->sync_asked = checkpoint->runs && checkpoint->unsynced;
    if (checkpoint->sync_asked) {
        checkpoint->unsynced = false;
        (void)pthread_cond_signal(&checkpoint->wake);
    }
    (void)pthread_mutex_unlock(&checkpoint->mutex);
}

int checkpoint_is_synced(struct checkpoint *checkpoint, struct error *error) {
    (void)pthread_mutex_lock(&checkpoint->mutex);
    int synced = checkpoint->sync_asked ? 0 : checkpoint->synced != 0 ? -1 : 1;
    if (synced < 0 && error != NULL)
        *error = checkpoint->sync_error;
    (void)pthread_mutex_unlock(&checkpoint->mutex);
    return synced;
}

int64_t checkpoint_bytes_over(struct checkpoint *checkpoint) {
    (void)pthread_mutex_lock(&checkpoint->mutex);
    int64_t over = checkpoint->over * checkpoint->frame_bytes;
    (void)pthread_mutex_unlock(&checkpoint->mutex);
    return over;
}
