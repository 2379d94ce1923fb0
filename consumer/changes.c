#include "consumer/changes.h"

#include "consumer/consume.h"
#include "consumer/loading.h"
#include "consumer/reload.h"
#include "consumer/views_watch.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/log.h"

#include <stdlib.h>

struct changes {
    struct changes_config config;
    struct views_watch *author; // NULL = nobody is saved for
    const char *cause;          // of the newest reading
    struct catalog *next;       // what was read, and is to be built; NULL = no other than is loaded
    int64_t next_ms;            // since when, monotonic
    struct reload *reload;      // what is being built; NULL = nothing
    bool again;                 // they changed once more meanwhile
};

int changes_new(struct changes **ret, const struct changes_config *config, struct error *error) {
    const struct options *options = config->options;
    CLEANUP(changes_free) struct changes *changes = calloc(1, sizeof *changes);
    if (changes == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    changes->config = *config;
    if (options->watch && options->views == NULL)
        return error_set(error, ERROR_USAGE, "--watch needs --views DIR");
    if (options->watch && views_watch_new(&changes->author, options->views, error) != 0)
        return -1;
    *ret = changes;
    changes = NULL;
    return 0;
}

void changes_free(struct changes **changes) {
    struct changes *c = *changes;
    if (c == NULL)
        return;
    reload_free(&c->reload);
    catalog_free(&c->next);
    views_watch_free(&c->author);
    free(c);
    *changes = NULL;
}

static void changes_tell(const struct changes *changes, enum progress_reload reload, const char *message) {
    progress_set_reload(*changes->config.progress, reload, message);
}

// What is loaded goes on.
static void changes_refuse(const struct changes *changes, const char *why) {
    log_event(LEVEL_ERROR, "reload", NULL, "%s: %s; source.sql and the views stay as they were",
              changes->cause, why);
    changes_tell(changes, RELOAD_REFUSED, why);
}

void changes_read(struct changes *changes, const char *cause) {
    CLEANUP(catalog_free) struct catalog *next = NULL;
    struct error error = {0};
    changes->again = changes->reload != NULL;
    if (changes->again)
        return;
    changes->cause = cause;
    catalog_free(&changes->next);
    if (loading_catalog(changes->config.options, &next, &error) != 0) {
        changes_refuse(changes, error.message);
    } else if (catalog_equal(next, *changes->config.catalog)) {
        log_event(LEVEL_INFO, "reloaded", NULL, "%s: source.sql and the views are as they were", cause);
        changes_tell(changes, RELOAD_NONE, "");
    } else {
        changes->next = next;
        changes->next_ms = clock_monotonic_ms();
        next = NULL;
    }
}

static void changes_read_if_changed(struct changes *changes) {
    if (changes->again)
        changes_read(changes, changes->cause);
}

// Nothing is open in the store.
static void changes_begin(struct changes *changes) {
    struct error error = {0};
    if (reload_start(&changes->reload, *changes->config.store, &changes->next, &error) != 0)
        changes_refuse(changes, error.message);
    else
        changes_tell(changes, RELOAD_BUILDING, "what source.sql and the views make of the rows now");
}

// Waits for the building. False: it was refused.
static bool changes_end(struct changes *changes) {
    struct error error = {0};
    if (reload_end(changes->reload, &error) == 0)
        return true;
    reload_free(&changes->reload);
    changes_refuse(changes, error.message);
    changes_read_if_changed(changes);
    return false;
}

bool changes_are_there(const struct changes *changes) {
    return changes->next != NULL || changes->reload != NULL;
}

bool changes_rest(struct changes *changes, bool quiet) {
    if (quiet && changes->next != NULL && changes->reload == NULL)
        changes_begin(changes);
    return changes_are_there(changes);
}

bool changes_end_loop(struct changes *changes) {
    if (changes->author != NULL && views_watch_is_due(changes->author))
        changes_read(changes, "--watch");
    if (changes->reload != NULL)
        return reload_is_done(changes->reload) && changes_end(changes);
    return changes->next != NULL && clock_monotonic_ms() - changes->next_ms >= CHANGES_QUIET_MS;
}

bool changes_build(struct changes *changes, struct stopper *stopper) {
    if (changes->reload == NULL)
        changes_begin(changes);
    while (changes->reload != NULL && !reload_is_done(changes->reload))
        if (stopper_asked(stopper, CONSUME_WAIT_MS))
            return false;
    return changes->reload != NULL && changes_end(changes);
}

// What was known of the file as it was: its tables have other numbers now.
static int changes_renew_progress(struct progress **progress, struct error *error) {
    struct progress_summary summary;
    progress_summary(*progress, &summary);
    progress_free(progress);
    if (progress_new(progress, error) != 0)
        return -1;
    if (summary.caught_up_once)
        progress_caught_up(*progress);
    return 0;
}

int changes_take(struct changes *changes, struct error *error) {
    const struct changes_config *config = &changes->config;
    struct store_report report;
    bool taken = reload_take(changes->reload, config->store, config->catalog, &report, error) == 0;
    if (!taken && *config->store == NULL)
        return -1;
    reload_free(&changes->reload);
    if (!taken) {
        changes_refuse(changes, error->message);
    } else {
        if (changes_renew_progress(config->progress, error) != 0)
            return -1;
        loading_report(&report, config->options->db);
        log_event(LEVEL_INFO, "reloaded", NULL, "%s: source.sql and the views were read again",
                  changes->cause);
    }
    changes_read_if_changed(changes);
    return 0;
}
