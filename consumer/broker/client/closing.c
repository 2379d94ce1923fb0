#include "consumer/broker/client/closing.h"

#include "consumer/broker/client/wakeup.h"
#include "views/base/clock.h"

#include <stdatomic.h>
#include <stdlib.h>

struct kafka_closing {
    void (*work)(void *self);
    void *self;
    atomic_bool done;
    struct kafka_wakeup wakeup;
    atomic_int holders; // the thread and who waits: the last one frees
};

static atomic_int kafka_closing_left;

static void kafka_closing_release(struct kafka_closing *closing) {
    if (atomic_fetch_sub(&closing->holders, 1) > 1)
        return;
    kafka_wakeup_free(&closing->wakeup);
    free(closing);
}

static void *kafka_closing_thread(void *of) {
    struct kafka_closing *closing = of;
    closing->work(closing->self);
    atomic_store(&closing->done, true);
    atomic_fetch_sub(&kafka_closing_left, 1);
    kafka_wakeup_signal(&closing->wakeup);
    kafka_closing_release(closing);
    return NULL;
}

bool kafka_closing_do(void (*work)(void *self), void *self, int wait_ms) {
    struct kafka_closing *closing = calloc(1, sizeof *closing);
    pthread_t thread;
    if (closing == NULL) {
        work(self);
        return true;
    }
    closing->work = work;
    closing->self = self;
    atomic_store(&closing->holders, 2);
    kafka_wakeup_init(&closing->wakeup);
    atomic_fetch_add(&kafka_closing_left, 1);
    if (pthread_create(&thread, NULL, kafka_closing_thread, closing) != 0) {
        (void)kafka_closing_thread(closing);
        kafka_closing_release(closing);
        return true;
    }
    (void)pthread_detach(thread);
    int64_t until = clock_monotonic_ms() + wait_ms;
    int64_t left;
    while (!atomic_load(&closing->done) && (left = until - clock_monotonic_ms()) > 0)
        kafka_wakeup_wait(&closing->wakeup, (int)left);
    bool done = atomic_load(&closing->done);
    kafka_closing_release(closing);
    return done;
}

bool kafka_closing_goes_on(void) {
    return atomic_load(&kafka_closing_left) > 0;
}
