#include "consumer/broker/client/nudger.h"

#include "consumer/broker/client/ends.h"
#include "views/base/cleanup.h"

#include <pthread.h>

enum { NUDGER_WAIT_MS = 1000 }; // longest wait for the answer to one question

struct kafka_nudger {
    rd_kafka_t *client;
    pthread_t thread;
    bool runs;
    pthread_mutex_t mutex; // of what follows
    pthread_cond_t changed;
    pthread_cond_t answered;
    struct kafka_nudge *first;
    struct kafka_nudge **end; // where the next one is linked
    const struct kafka_nudge *asking;
    bool stop;
};

// `link` is what points to it.
static void kafka_nudger_unlink(struct kafka_nudger *nudger, struct kafka_nudge **link) {
    struct kafka_nudge *nudge = *link;
    *link = nudge->next;
    if (nudger->end == &nudge->next)
        nudger->end = link;
    nudge->queued = false;
    nudge->next = NULL;
}

static void *kafka_nudger_thread(void *self) {
    struct kafka_nudger *nudger = self;
    (void)pthread_mutex_lock(&nudger->mutex);
    while (!nudger->stop) {
        struct kafka_nudge *nudge = nudger->first;
        if (nudge == NULL) {
            (void)pthread_cond_wait(&nudger->changed, &nudger->mutex);
            continue;
        }
        kafka_nudger_unlink(nudger, &nudger->first);
        nudger->asking = nudge;
        (void)pthread_mutex_unlock(&nudger->mutex);
        struct kafka_ends ends = {.topic = nudge->topic, .partition = nudge->partition};
        (void)kafka_ends_ask_low(nudger->client, &ends, 1, NUDGER_WAIT_MS);
        (void)pthread_mutex_lock(&nudger->mutex);
        nudger->asking = NULL;
        (void)pthread_cond_signal(&nudger->answered);
    }
    (void)pthread_mutex_unlock(&nudger->mutex);
    return NULL;
}

int kafka_nudger_start(struct kafka_nudger **ret, rd_kafka_t *client, struct error *error) {
    CLEANUP(kafka_nudger_stop) struct kafka_nudger *nudger = calloc(1, sizeof *nudger);
    if (nudger == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    nudger->client = client;
    nudger->end = &nudger->first;
    (void)pthread_mutex_init(&nudger->mutex, NULL);
    (void)pthread_cond_init(&nudger->changed, NULL);
    (void)pthread_cond_init(&nudger->answered, NULL);
    if (pthread_create(&nudger->thread, NULL, kafka_nudger_thread, nudger) != 0)
        return error_set(error, ERROR_SYSTEM, "cannot start a thread");
    nudger->runs = true;
    *ret = nudger;
    nudger = NULL;
    return 0;
}

void kafka_nudger_stop(struct kafka_nudger **nudger) {
    struct kafka_nudger *stopping = *nudger;
    if (stopping == NULL)
        return;
    if (stopping->runs) {
        (void)pthread_mutex_lock(&stopping->mutex);
        stopping->stop = true;
        (void)pthread_cond_signal(&stopping->changed);
        (void)pthread_mutex_unlock(&stopping->mutex);
        (void)pthread_join(stopping->thread, NULL);
    }
    (void)pthread_cond_destroy(&stopping->answered);
    (void)pthread_cond_destroy(&stopping->changed);
    (void)pthread_mutex_destroy(&stopping->mutex);
    free(stopping);
    *nudger = NULL;
}

void kafka_nudger_ask(struct kafka_nudger *nudger, struct kafka_nudge *nudge) {
    (void)pthread_mutex_lock(&nudger->mutex);
    if (!nudge->queued) {
        nudge->queued = true;
        nudge->next = NULL;
        *nudger->end = nudge;
        nudger->end = &nudge->next;
        (void)pthread_cond_signal(&nudger->changed);
    }
    (void)pthread_mutex_unlock(&nudger->mutex);
}

void kafka_nudger_forget(struct kafka_nudger *nudger, struct kafka_nudge *nudge) {
    (void)pthread_mutex_lock(&nudger->mutex);
    for (struct kafka_nudge **link = &nudger->first; *link != NULL; link = &(*link)->next)
        if (*link == nudge) {
            kafka_nudger_unlink(nudger, link);
            break;
        }
    while (nudger->asking == nudge)
        (void)pthread_cond_wait(&nudger->answered, &nudger->mutex);
    (void)pthread_mutex_unlock(&nudger->mutex);
}
