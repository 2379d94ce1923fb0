// One sleeper that any thread may wake: the consumer loop sleeps, librdkafka's threads wake it. A signal that
// comes before the sleep ends that sleep at once. The owner inits and frees; signal may be called from any
// thread meanwhile.
#ifndef TIDEMARK_BROKER_CLIENT_WAKEUP_H
#define TIDEMARK_BROKER_CLIENT_WAKEUP_H

#include <pthread.h>
#include <stdbool.h>

struct kafka_wakeup {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool signalled; // under mutex
};

void kafka_wakeup_init(struct kafka_wakeup *wakeup);
void kafka_wakeup_free(struct kafka_wakeup *wakeup);
void kafka_wakeup_signal(struct kafka_wakeup *wakeup);
// Returns at the next signal, or after timeout_ms.
void kafka_wakeup_wait(struct kafka_wakeup *wakeup, int timeout_ms);

#endif
