#include "views/engine/snapshots.h"

#include <pthread.h>
#include <stdlib.h>

struct snapshots {
    pthread_mutex_t mutex;
    struct snapshot_holder *first;
};

int snapshots_new(struct snapshots **ret, struct error *error) {
    struct snapshots *snapshots = calloc(1, sizeof *snapshots);
    if (snapshots == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (void)pthread_mutex_init(&snapshots->mutex, NULL);
    *ret = snapshots;
    return 0;
}

void snapshots_free(struct snapshots **snapshots) {
    if (*snapshots != NULL)
        (void)pthread_mutex_destroy(&(*snapshots)->mutex);
    free(*snapshots);
    *snapshots = NULL;
}

void snapshots_join(struct snapshots *snapshots, struct snapshot_holder *holder) {
    if (snapshots == NULL)
        return;
    (void)pthread_mutex_lock(&snapshots->mutex);
    holder->next = snapshots->first;
    snapshots->first = holder;
    (void)pthread_mutex_unlock(&snapshots->mutex);
}

void snapshots_leave(struct snapshots *snapshots, struct snapshot_holder *holder) {
    if (snapshots == NULL)
        return;
    (void)pthread_mutex_lock(&snapshots->mutex);
    struct snapshot_holder **at = &snapshots->first;
    while (*at != NULL && *at != holder)
        at = &(*at)->next;
    if (*at != NULL)
        *at = holder->next;
    (void)pthread_mutex_unlock(&snapshots->mutex);
}

bool snapshots_ask_oldest(struct snapshots *snapshots, int64_t before_ms) {
    if (snapshots == NULL)
        return false;
    struct snapshot_holder *oldest = NULL;
    int64_t oldest_ms = before_ms;
    (void)pthread_mutex_lock(&snapshots->mutex);
    for (struct snapshot_holder *at = snapshots->first; at != NULL; at = at->next) {
        int64_t since = atomic_load_explicit(&at->since_ms, memory_order_acquire);
        if (since == 0 || since >= oldest_ms || snapshot_is_asked(at))
            continue;
        oldest = at;
        oldest_ms = since;
    }
    if (oldest != NULL)
        atomic_store_explicit(&oldest->asked, true, memory_order_relaxed);
    (void)pthread_mutex_unlock(&snapshots->mutex);
    return oldest != NULL;
}
