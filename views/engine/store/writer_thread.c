#define _GNU_SOURCE // pthread_setname_np
#include "views/engine/store/writer_thread.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct writer_thread {
    bool runs;
    pthread_t thread;
    atomic_bool busy;

    pthread_mutex_t mutex; // of all below
    pthread_cond_t wake;   // the thread's: work, stop
    pthread_cond_t done;   // the caller's
    void (*work)(void *self);
    void *self;
    bool stop;
};

static void *writer_thread_run(void *of) {
    struct writer_thread *writer = of;
    (void)pthread_mutex_lock(&writer->mutex);
    while (!writer->stop) {
        if (writer->work == NULL) {
            (void)pthread_cond_wait(&writer->wake, &writer->mutex);
            continue;
        }
        (void)pthread_mutex_unlock(&writer->mutex);
        writer->work(writer->self);
        (void)pthread_mutex_lock(&writer->mutex);
        writer->work = NULL;
        writer->busy = false;
        (void)pthread_cond_signal(&writer->done);
    }
    (void)pthread_mutex_unlock(&writer->mutex);
    return NULL;
}

int writer_thread_new(struct writer_thread **ret, struct error *error) {
    struct writer_thread *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (void)pthread_mutex_init(&writer->mutex, NULL);
    (void)pthread_cond_init(&writer->wake, NULL);
    (void)pthread_cond_init(&writer->done, NULL);
    *ret = writer;
    return 0;
}

void writer_thread_free(struct writer_thread **writer) {
    struct writer_thread *w = *writer;
    if (w == NULL)
        return;
    writer_thread_wait(w);
    if (w->runs) {
        (void)pthread_mutex_lock(&w->mutex);
        w->stop = true;
        (void)pthread_cond_signal(&w->wake);
        (void)pthread_mutex_unlock(&w->mutex);
        (void)pthread_join(w->thread, NULL);
    }
    (void)pthread_cond_destroy(&w->wake);
    (void)pthread_cond_destroy(&w->done);
    (void)pthread_mutex_destroy(&w->mutex);
    free(w);
    *writer = NULL;
}

void writer_thread_start(struct writer_thread *writer, void (*work)(void *self), void *self) {
    assert(!writer->busy);
    if (!writer->runs) {
        writer->runs = pthread_create(&writer->thread, NULL, writer_thread_run, writer) == 0;
        if (!writer->runs) {
            work(self);
            return;
        }
        (void)pthread_setname_np(writer->thread, "write");
    }
    (void)pthread_mutex_lock(&writer->mutex);
    writer->work = work;
    writer->self = self;
    writer->busy = true;
    (void)pthread_cond_signal(&writer->wake);
    (void)pthread_mutex_unlock(&writer->mutex);
}

bool writer_thread_is_busy(const struct writer_thread *writer) {
    return writer->busy;
}

void writer_thread_wait(struct writer_thread *writer) {
    if (!writer->runs)
        return;
    (void)pthread_mutex_lock(&writer->mutex);
    while (writer->work != NULL)
        (void)pthread_cond_wait(&writer->done, &writer->mutex);
    (void)pthread_mutex_unlock(&writer->mutex);
}
