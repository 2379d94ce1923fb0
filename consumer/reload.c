#define _GNU_SOURCE // pthread_setname_np
#include "consumer/reload.h"

#include "views/base/cleanup.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct reload {
    struct catalog *next;
    struct store *store; // the successor; the thread's until it is done
    struct store_report report;
    struct error error;
    int status;
    _Atomic bool done;
    bool runs;
    pthread_t thread;
};

static void *reload_build(void *self) {
    struct reload *reload = self;
    reload->status = store_build(reload->store, &reload->report, &reload->error);
    atomic_store(&reload->done, true);
    return NULL;
}

int reload_start(struct reload **ret, const struct store *of, struct catalog **next, struct error *error) {
    CLEANUP(reload_free) struct reload *reload = calloc(1, sizeof *reload);
    CLEANUP(catalog_free) struct catalog *catalog = *next;
    *next = NULL;
    if (reload == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    reload->next = catalog;
    catalog = NULL;
    if (store_successor(&reload->store, of, reload->next, error) != 0)
        return -1;
    if (pthread_create(&reload->thread, NULL, reload_build, reload) != 0)
        return error_set(error, ERROR_SYSTEM, "no thread can be started");
    reload->runs = true;
    (void)pthread_setname_np(reload->thread, "reload");
    *ret = reload;
    reload = NULL;
    return 0;
}

bool reload_is_done(const struct reload *reload) {
    return atomic_load(&reload->done);
}

int reload_end(struct reload *reload, struct error *error) {
    if (reload->runs)
        (void)pthread_join(reload->thread, NULL);
    reload->runs = false;
    if (reload->status != 0)
        *error = reload->error;
    return reload->status;
}

int reload_take(struct reload *reload, struct store **store, struct catalog **catalog,
                struct store_report *report, struct error *error) {
    if (store_succeed(reload->store, store, error) != 0)
        return -1;
    *report = reload->report;
    *store = reload->store;
    reload->store = NULL;
    catalog_free(catalog);
    *catalog = reload->next;
    reload->next = NULL;
    return 0;
}

void reload_free(struct reload **reload) {
    struct reload *r = *reload;
    if (r == NULL)
        return;
    if (r->runs) {
        store_interrupt(r->store);
        (void)pthread_join(r->thread, NULL);
    }
    store_close(&r->store);
    catalog_free(&r->next);
    free(r);
    *reload = NULL;
}

struct catalog *reload_give_up(struct reload **reload) {
    struct catalog *next = (*reload)->next;
    store_close(&(*reload)->store);
    (*reload)->next = NULL;
    reload_free(reload);
    return next;
}
