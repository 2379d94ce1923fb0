#include "http/waiters.h"

#include "http/alarm.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    RETRY_MS = 1000
}; // when the store cannot be read: everyone still gets an answer at their own deadline

struct waiters {
    struct reader *reader;
    struct progress *progress;
    void (*resume)(struct waiter *waiter);
    struct alarm alarm; // a commit, a newcomer, the end
    _Atomic int count;  // of those who wait: without any, a commit wakes nobody
    _Atomic bool ended; // stops the thread
    pthread_t thread;
    bool running;
    pthread_mutex_t mutex; // of the two that follow
    struct waiter *newcomers;
    bool stopping;
    struct waiter *waiting; // the thread's own
    int64_t version;        // of the snapshot that `waiting` was last held against
};

static void waiters_on_commit(void *self) {
    struct waiters *waiters = self;
    if (atomic_load(&waiters->count) > 0)
        alarm_ring(&waiters->alarm);
}

static void waiters_release(struct waiters *waiters, struct waiter *waiter, bool expired) {
    waiter->expired = expired;
    atomic_fetch_sub(&waiters->count, 1);
    waiters->resume(waiter);
}

static void waiters_release_all(struct waiters *waiters, struct waiter *list) {
    while (list != NULL) {
        struct waiter *waiter = list;
        list = waiter->next;
        waiters_release(waiters, waiter, true);
    }
}

// Those of `*list` who are due are released, the others go to waiters->waiting. `position` NULL: only time
// counts.
static int waiters_sort_out(struct waiters *waiters, struct waiter **list, const struct position *position,
                            struct error *error) {
    int status = 0;
    int64_t now = clock_monotonic_ms();
    while (*list != NULL) {
        struct waiter *waiter = *list;
        *list = waiter->next;
        bool reached = false;
        if (position != NULL && status == 0)
            status = wait_reached(&waiter->wait, waiters->reader, position, &reached, error);
        if (reached || now >= waiter->deadline_ms) {
            waiters_release(waiters, waiter, !reached);
        } else {
            waiter->next = waiters->waiting;
            waiters->waiting = waiter;
        }
    }
    return status;
}

// Newcomers are held against a snapshot that was taken after they came: a commit between their own look and
// their coming is not missed. The others only when there was a commit.
static int waiters_look(struct waiters *waiters, struct waiter *newcomers, struct error *error) {
    struct position position;
    struct waiter *others = waiters->waiting;
    waiters->waiting = NULL;
    if (reader_begin(waiters->reader, &position, error) != 0) {
        (void)waiters_sort_out(waiters, &others, NULL, error);
        (void)waiters_sort_out(waiters, &newcomers, NULL, error);
        waiters->version = -1;
        return -1;
    }
    bool moved = position.version != waiters->version;
    waiters->version = position.version;
    int status = waiters_sort_out(waiters, &others, moved ? &position : NULL, error);
    if (waiters_sort_out(waiters, &newcomers, &position, error) != 0)
        status = -1;
    reader_end(waiters->reader);
    if (status < 0)
        waiters->version = -1;
    return status;
}

static int waiters_sleep_ms(const struct waiters *waiters, bool failed) {
    int64_t nearest = INT64_MAX;
    for (const struct waiter *waiter = waiters->waiting; waiter != NULL; waiter = waiter->next)
        if (waiter->deadline_ms < nearest)
            nearest = waiter->deadline_ms;
    if (nearest == INT64_MAX)
        return -1;
    int64_t left = nearest - clock_monotonic_ms();
    if (failed && left > RETRY_MS)
        left = RETRY_MS;
    return left > 0 ? (int)left : 0;
}

static struct waiter *waiters_take_newcomers(struct waiters *waiters) {
    (void)pthread_mutex_lock(&waiters->mutex);
    struct waiter *newcomers = waiters->newcomers;
    waiters->newcomers = NULL;
    (void)pthread_mutex_unlock(&waiters->mutex);
    return newcomers;
}

static void *waiters_run(void *self) {
    struct waiters *waiters = self;
    bool failed = false;
    while (!atomic_load(&waiters->ended)) {
        (void)alarm_wait(&waiters->alarm, waiters_sleep_ms(waiters, failed));
        struct waiter *newcomers = waiters_take_newcomers(waiters);
        if (newcomers == NULL && waiters->waiting == NULL)
            continue;
        struct error error;
        bool now_failed = waiters_look(waiters, newcomers, &error) != 0;
        if (now_failed && !failed)
            log_warn("http: requests that wait cannot be looked after: %s", error.message);
        failed = now_failed;
    }
    waiters_release_all(waiters, waiters->waiting);
    waiters->waiting = NULL;
    waiters_release_all(waiters, waiters_take_newcomers(waiters));
    return NULL;
}

int waiters_new(struct waiters **ret, const char *db, const struct catalog *catalog,
                struct progress *progress, void (*resume)(struct waiter *waiter), struct error *error) {
    CLEANUP(waiters_free) struct waiters *waiters = calloc(1, sizeof *waiters);
    if (waiters == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *waiters = (struct waiters){.progress = progress, .resume = resume, .version = -1, .alarm = {-1}};
    (void)pthread_mutex_init(&waiters->mutex, NULL);
    if (reader_open(&waiters->reader, db, catalog, error) != 0)
        return -1;
    if (!alarm_open(&waiters->alarm) || pthread_create(&waiters->thread, NULL, waiters_run, waiters) != 0)
        return error_set(error, ERROR_SYSTEM, "cannot start the thread for requests that wait");
    waiters->running = true;
    if (!progress_on_commit(progress, waiters_on_commit, waiters))
        return error_set(error, ERROR_SYSTEM, "too many listen to commits");
    *ret = waiters;
    waiters = NULL;
    return 0;
}

bool waiters_add(struct waiters *waiters, struct waiter *waiter, void (*suspend)(struct waiter *waiter)) {
    (void)pthread_mutex_lock(&waiters->mutex);
    bool taken = !waiters->stopping;
    if (taken) {
        waiter->deadline_ms = clock_monotonic_ms() + waiter->wait.wait_ms;
        waiter->next = waiters->newcomers;
        waiters->newcomers = waiter;
        atomic_fetch_add(&waiters->count, 1);
        suspend(waiter);
    }
    (void)pthread_mutex_unlock(&waiters->mutex);
    if (taken)
        alarm_ring(&waiters->alarm);
    return taken;
}

void waiters_stop(struct waiters *waiters) {
    (void)pthread_mutex_lock(&waiters->mutex);
    waiters->stopping = true;
    (void)pthread_mutex_unlock(&waiters->mutex);
    if (!waiters->running)
        return;
    progress_off_commit(waiters->progress, waiters);
    atomic_store(&waiters->ended, true);
    alarm_ring(&waiters->alarm);
    (void)pthread_join(waiters->thread, NULL);
    waiters->running = false;
}

void waiters_free(struct waiters **waiters) {
    struct waiters *w = *waiters;
    if (w == NULL)
        return;
    waiters_stop(w);
    reader_free(&w->reader);
    alarm_close(&w->alarm);
    (void)pthread_mutex_destroy(&w->mutex);
    free(w);
    *waiters = NULL;
}
