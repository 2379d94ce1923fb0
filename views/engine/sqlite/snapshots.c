#include "views/engine/snapshots.h"

#include <pthread.h>
#include <stdlib.h>

struct snapshots {
    pthread_mutex_t mutex;
    struct snapshot_holder *first;
    _Atomic int forbidden; // nothing is kept while it is not 0
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

static void snapshots_end_kept(struct snapshot_holder *holder) {
    if (holder->let_go == NULL)
        return;
    (void)pthread_mutex_lock(&holder->mutex);
    if (holder->kept)
        holder->let_go(holder->self);
    holder->kept = false;
    (void)pthread_mutex_unlock(&holder->mutex);
}

void snapshots_leave(struct snapshots *snapshots, struct snapshot_holder *holder) {
    if (snapshots == NULL)
        return;
    snapshots_end_kept(holder);
    (void)pthread_mutex_lock(&snapshots->mutex);
    struct snapshot_holder **at = &snapshots->first;
    while (*at != NULL && *at != holder)
        at = &(*at)->next;
    if (*at != NULL)
        *at = holder->next;
    if (holder->let_go != NULL)
        (void)pthread_mutex_destroy(&holder->mutex);
    holder->let_go = NULL;
    (void)pthread_mutex_unlock(&snapshots->mutex);
}

void snapshot_may_keep(struct snapshots *snapshots, struct snapshot_holder *holder,
                       void (*let_go)(void *self), void *self) {
    (void)pthread_mutex_lock(&snapshots->mutex);
    (void)pthread_mutex_init(&holder->mutex, NULL);
    holder->self = self;
    holder->let_go = let_go;
    (void)pthread_mutex_unlock(&snapshots->mutex);
}

// Who forbids it asks each holder afterwards: it has seen the prohibition, or is seen keeping one.
bool snapshot_keep(struct snapshots *snapshots, struct snapshot_holder *holder) {
    if (holder->let_go == NULL)
        return false;
    (void)pthread_mutex_lock(&holder->mutex);
    holder->kept = atomic_load(&snapshots->forbidden) == 0 && !snapshot_is_asked(holder);
    bool kept = holder->kept;
    (void)pthread_mutex_unlock(&holder->mutex);
    return kept;
}

bool snapshot_take_kept(struct snapshot_holder *holder) {
    if (holder->let_go == NULL)
        return false;
    (void)pthread_mutex_lock(&holder->mutex);
    bool kept = holder->kept;
    holder->kept = false;
    (void)pthread_mutex_unlock(&holder->mutex);
    return kept;
}

void snapshots_let_go(struct snapshots *snapshots) {
    if (snapshots == NULL)
        return;
    (void)pthread_mutex_lock(&snapshots->mutex);
    for (struct snapshot_holder *at = snapshots->first; at != NULL; at = at->next)
        snapshots_end_kept(at);
    (void)pthread_mutex_unlock(&snapshots->mutex);
}

void snapshots_forbid(struct snapshots *snapshots) {
    if (snapshots == NULL)
        return;
    (void)atomic_fetch_add(&snapshots->forbidden, 1);
    snapshots_let_go(snapshots);
}

void snapshots_permit(struct snapshots *snapshots) {
    if (snapshots != NULL)
        (void)atomic_fetch_sub(&snapshots->forbidden, 1);
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
