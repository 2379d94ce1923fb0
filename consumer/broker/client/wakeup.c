#include "consumer/broker/client/wakeup.h"

#include <stdint.h>
#include <time.h>

void kafka_wakeup_init(struct kafka_wakeup *wakeup) {
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&wakeup->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    (void)pthread_mutex_init(&wakeup->mutex, NULL);
    wakeup->signalled = false;
}

void kafka_wakeup_free(struct kafka_wakeup *wakeup) {
    (void)pthread_cond_destroy(&wakeup->changed);
    (void)pthread_mutex_destroy(&wakeup->mutex);
}

void kafka_wakeup_signal(struct kafka_wakeup *wakeup) {
    (void)pthread_mutex_lock(&wakeup->mutex);
    wakeup->signalled = true;
    (void)pthread_cond_signal(&wakeup->changed);
    (void)pthread_mutex_unlock(&wakeup->mutex);
}

void kafka_wakeup_wait(struct kafka_wakeup *wakeup, int timeout_ms) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + (int64_t)timeout_ms * 1000000;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    (void)pthread_mutex_lock(&wakeup->mutex);
    while (!wakeup->signalled && pthread_cond_timedwait(&wakeup->changed, &wakeup->mutex, &until) == 0)
        ;
    wakeup->signalled = false;
    (void)pthread_mutex_unlock(&wakeup->mutex);
}
