#include "http/slow_lane.h"

#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
    LOOK_MS = 100,  // between two looks for clients that have gone
    REMEMBERED = 64 // jobs begun, of which it is known whose they were
};

struct slow_thread {
    struct slow_lane *slow;
    struct worker *worker;
    struct slow_lane_job *job; // that runs
    pthread_t thread;
    bool running;
};

struct begun {
    uint64_t subject;
    uint64_t address;
};

struct slow_lane {
    struct routes *routes;
    int deadline_ms;
    pthread_mutex_t mutex; // of all that follows
    pthread_cond_t changed;
    pthread_cond_t busy; // there is a job: wakes the one who looks after them
    struct slow_lane_job *first;
    struct slow_lane_job *last;
    int count;
    int64_t begun_count;
    struct begun begun[REMEMBERED];
    bool stopping;
    struct slow_thread threads[SLOW_LANE_THREADS];
    pthread_t watch;
    bool watched;
};

static int slow_lane_run_by(const struct slow_lane *slow, bool by_address, uint64_t key) {
    int count = 0;
    for (int i = 0; i < SLOW_LANE_THREADS; i++) {
        const struct slow_lane_job *job = slow->threads[i].job;
        count += job != NULL && (by_address ? job->address : job->subject) == key;
    }
    return count;
}

static int slow_lane_wait_by(const struct slow_lane *slow, bool by_address, uint64_t key) {
    int count = 0;
    for (const struct slow_lane_job *job = slow->first; job != NULL; job = job->next)
        count += (by_address ? job->address : job->subject) == key;
    return count;
}

static bool slow_lane_may_run(const struct slow_lane *slow, const struct slow_lane_job *job) {
    return slow_lane_run_by(slow, false, job->subject) < SLOW_LANE_SHARE &&
           (job->address == 0 || slow_lane_run_by(slow, true, job->address) < SLOW_LANE_SHARE);
}

// Number of the newest job that was begun for it, 0 = none that is remembered.
static int64_t slow_lane_last_begun(const struct slow_lane *slow, bool by_address, uint64_t key) {
    for (int64_t i = slow->begun_count; i > 0 && i > slow->begun_count - REMEMBERED; i--) {
        const struct begun *begun = &slow->begun[i % REMEMBERED];
        if ((by_address ? begun->address : begun->subject) == key)
            return i;
    }
    return 0;
}

static bool slow_lane_is_before(const struct slow_lane *slow, const struct slow_lane_job *a,
                                const struct slow_lane_job *b) {
    int64_t address_a = a->address == 0 ? 0 : slow_lane_last_begun(slow, true, a->address);
    int64_t address_b = b->address == 0 ? 0 : slow_lane_last_begun(slow, true, b->address);
    if (address_a != address_b)
        return address_a < address_b;
    return slow_lane_last_begun(slow, false, a->subject) < slow_lane_last_begun(slow, false, b->subject);
}

// What is to run next: of those whose view and address leave a thread to others, the one who was served longest ago.
static struct slow_lane_job *slow_lane_next(const struct slow_lane *slow) {
    if (slow->stopping)
        return slow->first;
    struct slow_lane_job *next = NULL;
    for (struct slow_lane_job *job = slow->first; job != NULL; job = job->next)
        if (slow_lane_may_run(slow, job) && (next == NULL || slow_lane_is_before(slow, job, next)))
            next = job;
    return next;
}

static void slow_lane_unlink(struct slow_lane *slow, struct slow_lane_job *job) {
    struct slow_lane_job *before = NULL;
    for (struct slow_lane_job *at = slow->first; at != job; at = at->next)
        before = at;
    if (before != NULL)
        before->next = job->next;
    else
        slow->first = job->next;
    if (slow->last == job)
        slow->last = before;
    slow->count--;
}

// The next job, or NULL when the lane is to end.
static struct slow_lane_job *slow_lane_take(struct slow_lane *slow, struct slow_thread *thread) {
    (void)pthread_mutex_lock(&slow->mutex);
    struct slow_lane_job *job;
    while ((job = slow_lane_next(slow)) == NULL && !slow->stopping)
        (void)pthread_cond_wait(&slow->changed, &slow->mutex);
    if (job != NULL) {
        slow_lane_unlink(slow, job);
        slow->begun[++slow->begun_count % REMEMBERED] = (struct begun){job->subject, job->address};
        thread->job = job;
    }
    (void)pthread_mutex_unlock(&slow->mutex);
    return job;
}

// What is left of the job's time is the reader's.
static void slow_lane_run_job(struct slow_thread *thread, struct slow_lane_job *job) {
    const struct slow_lane *slow = thread->slow;
    int64_t left_ms = slow->deadline_ms - (clock_monotonic_us() - job->begun_us) / 1000;
    reader_set_deadline(worker_reader(thread->worker), left_ms > 0 ? (int)left_ms : 0);
    job->run(job, thread->worker);
}

static void *slow_lane_run(void *self) {
    struct slow_thread *thread = self;
    struct slow_lane *slow = thread->slow;
    struct slow_lane_job *job;
    while ((job = slow_lane_take(slow, thread)) != NULL) {
        slow_lane_run_job(thread, job);
        (void)pthread_mutex_lock(&slow->mutex);
        thread->job = NULL;
        if (!slow->stopping)
            reader_allow(worker_reader(thread->worker));
        (void)pthread_cond_broadcast(&slow->changed);
        (void)pthread_mutex_unlock(&slow->mutex);
        job->end(job);
    }
    return NULL;
}

static void slow_lane_drop_waiting(struct slow_lane *slow, int64_t now_us) {
    struct slow_lane_job *next;
    for (struct slow_lane_job *job = slow->first; job != NULL; job = next) {
        next = job->next;
        bool gone = job->is_gone(job);
        if (!gone && now_us - job->begun_us < (int64_t)slow->deadline_ms * 1000)
            continue;
        slow_lane_unlink(slow, job);
        job->drop(job, gone ? REFUSAL_CLIENT_GONE : REFUSAL_WAITED_TOO_LONG);
        job->end(job);
    }
}

static void slow_lane_look_locked(struct slow_lane *slow, int64_t now_us) {
    if (slow->stopping)
        return;
    slow_lane_drop_waiting(slow, now_us);
    for (int i = 0; i < SLOW_LANE_THREADS; i++) {
        struct slow_lane_job *job = slow->threads[i].job;
        if (job == NULL || job->ended || !job->is_gone(job))
            continue;
        job->ended = true;
        refusal_count(&slow->routes->refusals, REFUSAL_CLIENT_GONE);
        reader_interrupt(worker_reader(slow->threads[i].worker));
    }
}

void slow_lane_look(struct slow_lane *slow, int64_t now_us) {
    (void)pthread_mutex_lock(&slow->mutex);
    slow_lane_look_locked(slow, now_us);
    (void)pthread_mutex_unlock(&slow->mutex);
}

static bool slow_lane_is_idle(const struct slow_lane *slow) {
    bool idle = slow->first == NULL;
    for (int i = 0; i < SLOW_LANE_THREADS; i++)
        idle = idle && slow->threads[i].job == NULL;
    return idle;
}

static void *slow_lane_watch(void *self) {
    struct slow_lane *slow = self;
    (void)pthread_mutex_lock(&slow->mutex);
    while (!slow->stopping) {
        if (slow_lane_is_idle(slow)) {
            (void)pthread_cond_wait(&slow->busy, &slow->mutex);
            continue;
        }
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LOOK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void)pthread_cond_timedwait(&slow->busy, &slow->mutex, &until);
        slow_lane_look_locked(slow, clock_monotonic_us());
    }
    (void)pthread_mutex_unlock(&slow->mutex);
    return NULL;
}

static struct slow_lane *slow_lane_new_idle(struct routes *routes, int deadline_ms) {
    struct slow_lane *slow = calloc(1, sizeof *slow);
    if (slow == NULL)
        return NULL;
    slow->routes = routes;
    slow->deadline_ms = deadline_ms;
    (void)pthread_mutex_init(&slow->mutex, NULL);
    (void)pthread_cond_init(&slow->changed, NULL);
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&slow->busy, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return slow;
}

int slow_lane_new(struct slow_lane **ret, struct routes *routes, int deadline_ms, struct error *error) {
    CLEANUP(slow_lane_free) struct slow_lane *slow = slow_lane_new_idle(routes, deadline_ms);
    if (slow == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = 0; i < SLOW_LANE_THREADS; i++) {
        struct slow_thread *thread = &slow->threads[i];
        thread->slow = slow;
        if (worker_new(&thread->worker, routes, error) != 0)
            return -1;
        if (pthread_create(&thread->thread, NULL, slow_lane_run, thread) != 0)
            return error_set(error, ERROR_SYSTEM, "cannot start a thread for slow queries");
        thread->running = true;
    }
    if (pthread_create(&slow->watch, NULL, slow_lane_watch, slow) != 0)
        return error_set(error, ERROR_SYSTEM, "cannot start the thread that looks after slow queries");
    slow->watched = true;
    *ret = slow;
    slow = NULL;
    return 0;
}

static bool slow_lane_has_room(const struct slow_lane *slow, const struct slow_lane_job *job,
                               enum refusal *ret_why) {
    *ret_why = REFUSAL_SLOW_LANE;
    if (slow->stopping || slow->count >= SLOW_LANE_QUEUE_MAX)
        return false;
    *ret_why = REFUSAL_SLOW_LANE_SHARE;
    return slow_lane_wait_by(slow, false, job->subject) < SLOW_LANE_QUEUE_SHARE &&
           (job->address == 0 || slow_lane_wait_by(slow, true, job->address) < SLOW_LANE_QUEUE_SHARE);
}

bool slow_lane_add(struct slow_lane *slow, struct slow_lane_job *job,
                   void (*suspend)(struct slow_lane_job *job), enum refusal *ret_why) {
    (void)pthread_mutex_lock(&slow->mutex);
    bool taken = slow_lane_has_room(slow, job, ret_why);
    if (taken) {
        suspend(job);
        job->next = NULL;
        job->ended = false;
        if (slow->first == NULL)
            slow->first = job;
        else
            slow->last->next = job;
        slow->last = job;
        slow->count++;
        (void)pthread_cond_signal(&slow->changed);
        (void)pthread_cond_signal(&slow->busy);
    }
    (void)pthread_mutex_unlock(&slow->mutex);
    return taken;
}

void slow_lane_stop(struct slow_lane *slow) {
    (void)pthread_mutex_lock(&slow->mutex);
    slow->stopping = true;
    for (int i = 0; i < SLOW_LANE_THREADS; i++)
        if (slow->threads[i].worker != NULL)
            reader_interrupt(worker_reader(slow->threads[i].worker));
    (void)pthread_cond_broadcast(&slow->changed);
    (void)pthread_cond_broadcast(&slow->busy);
    (void)pthread_mutex_unlock(&slow->mutex);
    for (int i = 0; i < SLOW_LANE_THREADS; i++) {
        if (slow->threads[i].running)
            (void)pthread_join(slow->threads[i].thread, NULL);
        slow->threads[i].running = false;
    }
    if (slow->watched)
        (void)pthread_join(slow->watch, NULL);
    slow->watched = false;
}

void slow_lane_free(struct slow_lane **slow) {
    struct slow_lane *s = *slow;
    if (s == NULL)
        return;
    slow_lane_stop(s);
    for (int i = 0; i < SLOW_LANE_THREADS; i++)
        worker_free(&s->threads[i].worker);
    (void)pthread_cond_destroy(&s->busy);
    (void)pthread_cond_destroy(&s->changed);
    (void)pthread_mutex_destroy(&s->mutex);
    free(s);
    *slow = NULL;
}
