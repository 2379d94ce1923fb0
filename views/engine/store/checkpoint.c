#define _GNU_SOURCE // pthread_setname_np
#include "views/engine/store/checkpoint.h"

#include "views/base/cleanup.h"
#include "views/engine/sqlite/stmt.h"

#include <pthread.h>
#include <stdlib.h>

struct checkpoint {
    sqlite3 *writer;
    char *path;
    bool alone; // no thread could be started: SQLite does it at a commit
    int due;    // pages of log when the thread is asked next
    int seen;   // pages of log after the newest commit, as the hook reported

    sqlite3 *db; // the thread's
    bool runs;
    pthread_t thread;

    pthread_mutex_t mutex; // of all below
    pthread_cond_t wake;   // the thread's: asked for, the writer has left, stop
    pthread_cond_t turn;   // the writer's: may enter
    int pages;             // `seen`, for the thread
    bool asked;
    bool writing; // a transaction is open
    bool waits;   // the thread wants that none is
    bool stop;
};

static int checkpoint_on_commit(void *self, sqlite3 *db, const char *name, int pages) {
    (void)db;
    (void)name;
    ((struct checkpoint *)self)->seen = pages;
    return SQLITE_OK;
}

// One pass; what it leaves of the log that the writer has written so far, -1 when a reader or an error keeps
// some of it.
static int checkpoint_move(struct checkpoint *checkpoint) {
    int logged = -1;
    int moved = -1;
    if (sqlite3_wal_checkpoint_v2(checkpoint->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &logged, &moved) !=
            SQLITE_OK ||
        moved < logged)
        return -1;
    (void)pthread_mutex_lock(&checkpoint->mutex);
    int left = checkpoint->pages - moved;
    (void)pthread_mutex_unlock(&checkpoint->mutex);
    return left > 0 ? left : 0;
}

static void checkpoint_move_alone(struct checkpoint *checkpoint) {
    (void)pthread_mutex_lock(&checkpoint->mutex);
    checkpoint->waits = true;
    while (checkpoint->writing && !checkpoint->stop)
        (void)pthread_cond_wait(&checkpoint->wake, &checkpoint->mutex);
    bool stopped = checkpoint->stop;
    (void)pthread_mutex_unlock(&checkpoint->mutex);
    if (!stopped)
        (void)checkpoint_move(checkpoint);
    (void)pthread_mutex_lock(&checkpoint->mutex);
    checkpoint->waits = false;
    (void)pthread_cond_signal(&checkpoint->turn);
    (void)pthread_mutex_unlock(&checkpoint->mutex);
}

// Also when nothing is left: what an open transaction is about to add would be.
static void checkpoint_move_all(struct checkpoint *checkpoint) {
    int left = INT32_MAX;
    for (int pass = 0; pass < CHECKPOINT_PASSES_MAX && left > CHECKPOINT_LAST_PAGES; pass++)
        left = checkpoint_move(checkpoint);
    if (left >= 0)
        checkpoint_move_alone(checkpoint);
}

static void *checkpoint_run(void *self) {
    struct checkpoint *checkpoint = self;
    (void)pthread_mutex_lock(&checkpoint->mutex);
    while (!checkpoint->stop) {
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

static void checkpoint_start(struct checkpoint *checkpoint) {
    if (checkpoint->runs || checkpoint->alone)
        return;
    checkpoint->runs = checkpoint_connect(checkpoint) == 0 &&
                       pthread_create(&checkpoint->thread, NULL, checkpoint_run, checkpoint) == 0;
    checkpoint->alone = !checkpoint->runs;
    if (checkpoint->runs)
        (void)pthread_setname_np(checkpoint->thread, "checkpoint");
    else
        (void)sqlite3_wal_autocheckpoint(checkpoint->writer, CHECKPOINT_PAGES);
}

// The pages after which the log that begins is moved into the file.
static int checkpoint_pages_due(sqlite3 *db) {
    CLEANUP(stmt_finalize) sqlite3_stmt *stmt = NULL;
    int64_t pages = 0;
    if (stmt_prepare(db, "pragma page_count", "page_count", &stmt, NULL) == 0 &&
        stmt_row(stmt, "page_count", NULL) == 1)
        pages = sqlite3_column_int64(stmt, 0);
    if (pages < CHECKPOINT_PAGES)
        return CHECKPOINT_PAGES;
    return pages < CHECKPOINT_PAGES_MANY ? (int)pages : CHECKPOINT_PAGES_MANY;
}

int checkpoint_new(struct checkpoint **ret, sqlite3 *db, const char *path, struct error *error) {
    struct checkpoint *checkpoint = calloc(1, sizeof *checkpoint);
    if (checkpoint == NULL || (checkpoint->path = strdup(path)) == NULL) {
        free(checkpoint);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    (void)pthread_mutex_init(&checkpoint->mutex, NULL);
    (void)pthread_cond_init(&checkpoint->wake, NULL);
    (void)pthread_cond_init(&checkpoint->turn, NULL);
    checkpoint->writer = db;
    checkpoint->due = checkpoint_pages_due(db);
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
    while (checkpoint->waits || (checkpoint->asked && checkpoint->pages >= CHECKPOINT_PAGES_MAX))
        (void)pthread_cond_wait(&checkpoint->turn, &checkpoint->mutex);
    checkpoint->writing = true;
    (void)pthread_mutex_unlock(&checkpoint->mutex);
}

void checkpoint_leave(struct checkpoint *checkpoint) {
    if (checkpoint->seen < checkpoint->pages) // the log has begun anew
        checkpoint->due = checkpoint_pages_due(checkpoint->writer);
    bool ask = checkpoint->seen >= checkpoint->due;
    if (ask) {
        checkpoint_start(checkpoint);
        checkpoint->due = checkpoint->seen + CHECKPOINT_STEP_PAGES;
    }
    (void)pthread_mutex_lock(&checkpoint->mutex);
    checkpoint->pages = checkpoint->seen;
    checkpoint->asked |= ask;
    checkpoint->writing = false;
    if (checkpoint->waits || ask)
        (void)pthread_cond_signal(&checkpoint->wake);
    (void)pthread_mutex_unlock(&checkpoint->mutex);
}
