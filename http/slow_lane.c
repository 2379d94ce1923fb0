#include "http/slow_lane.h"

#include "views/base/cleanup.h"

#include <pthread.h>
#include <stdlib.h>

struct slow_thread {
    struct slow_lane *slow;
    struct worker *worker;
    pthread_t thread;
    bool running;
};

struct slow_lane {
    pthread_mutex_t mutex; // of the queue and of `stopping`
    pthread_cond_t changed;
    struct slow_lane_job *first;
    struct slow_lane_job *last;
    int count;
    bool stopping;
    struct slow_thread threads[SLOW_LANE_THREADS];
};

// The next job, or NULL when the lane is to end.
static struct slow_lane_job *slow_lane_take(struct slow_lane *slow) {
    (void)pthread_mutex_lock(&slow->mutex);
    while (slow->first == NULL && !slow->stopping)
        (void)pthread_cond_wait(&slow->changed, &slow->mutex);
    struct slow_lane_job *job = slow->first;
    if (job != NULL) {
        slow->first = job->next;
        slow->count--;
    }
    (void)pthread_mutex_unlock(&slow->mutex);
    return job;
}

static void *slow_lane_run(void *self) {
    struct slow_thread *thread = self;
    struct slow_lane_job *job;
    while ((job = slow_lane_take(thread->slow)) != NULL)
        job->run(job, thread->worker);
    return NULL;
}

int slow_lane_new(struct slow_lane **ret, struct routes *routes, int deadline_ms, struct error *error) {
    CLEANUP(slow_lane_free) struct slow_lane *slow = calloc(1, sizeof *slow);
    if (slow == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (void)pthread_mutex_init(&slow->mutex, NULL);
    (void)pthread_cond_init(&slow->changed, NULL);
    for (int i = 0; i < SLOW_LANE_THREADS; i++) {
        struct slow_thread *thread = &slow->threads[i];
        thread->slow = slow;
        if (worker_new(&thread->worker, routes, error) != 0)
            return -1;
        if (deadline_ms > 0)
            reader_set_deadline(worker_reader(thread->worker), deadline_ms);
        if (pthread_create(&thread->thread, NULL, slow_lane_run, thread) != 0)
            return error_set(error, ERROR_SYSTEM, "cannot start a thread for slow queries");
        thread->running = true;
    }
    *ret = slow;
    slow = NULL;
    return 0;
}

bool slow_lane_add(struct slow_lane *slow, struct slow_lane_job *job,
                   void (*suspend)(struct slow_lane_job *job)) {
    (void)pthread_mutex_lock(&slow->mutex);
    bool taken = !slow->stopping && slow->count < SLOW_LANE_QUEUE_MAX;
    if (taken) {
        suspend(job);
        job->next = NULL;
        if (slow->first == NULL)
            slow->first = job;
        else
            slow->last->next = job;
        slow->last = job;
        slow->count++;
        (void)pthread_cond_signal(&slow->changed);
    }
    (void)pthread_mutex_unlock(&slow->mutex);
    return taken;
}

void slow_lane_stop(struct slow_lane *slow) {
    (void)pthread_mutex_lock(&slow->mutex);
    slow->stopping = true;
    (void)pthread_cond_broadcast(&slow->changed);
    (void)pthread_mutex_unlock(&slow->mutex);
    for (int i = 0; i < SLOW_LANE_THREADS; i++)
        if (slow->threads[i].worker != NULL)
            reader_interrupt(worker_reader(slow->threads[i].worker));
    for (int i = 0; i < SLOW_LANE_THREADS; i++) {
        if (slow->threads[i].running)
            (void)pthread_join(slow->threads[i].thread, NULL);
        slow->threads[i].running = false;
    }
}

void slow_lane_free(struct slow_lane **slow) {
    struct slow_lane *s = *slow;
    if (s == NULL)
        return;
    slow_lane_stop(s);
    for (int i = 0; i < SLOW_LANE_THREADS; i++)
        worker_free(&s->threads[i].worker);
    (void)pthread_cond_destroy(&s->changed);
    (void)pthread_mutex_destroy(&s->mutex);
    free(s);
    *slow = NULL;
}
