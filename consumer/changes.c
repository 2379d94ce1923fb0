#include "consumer/changes.h"

#include "consumer/consume.h"
#include "consumer/loading.h"
#include "consumer/rebuild.h"
#include "consumer/reload.h"
#include "consumer/views_watch.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/log.h"

#include <stdio.h>
#include <stdlib.h>

struct changes {
    struct changes_config config;
    struct views_watch *author; // NULL = nobody is saved for
    const char *cause;          // of the newest reading
    struct catalog *next;       // what was read, and is to be built; NULL = no other than is loaded
    int64_t next_ms;            // since when, monotonic
    struct reload *reload;      // what is being built; NULL = nothing
    struct rebuild *rebuild;    // NULL = no file is built anew
    int percent;                // as told of it, -1 = not yet
    bool joins;                 // it is there, and the loop ends for it
    bool joining;               // it is waited for, and taken or given up before anything is read
    int joins_failed;           // so often
    int64_t join_failed_ms;     // monotonic, the newest
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
    rebuild_free(&c->rebuild);
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
    changes->again = changes->reload != NULL || changes->joining;
    if (changes->again)
        return;
    changes->cause = cause;
    catalog_free(&changes->next);
    rebuild_free(&changes->rebuild);
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

// What the file cannot do in place. Nothing is being written: the loop rests, or has ended.
static void changes_begin_rebuild(struct changes *changes, const char *why) {
    const struct changes_config *config = &changes->config;
    struct catalog *catalog = reload_give_up(&changes->reload);
    struct error error = {0};
    changes->percent = -1;
    changes->joins_failed = 0;
    changes->join_failed_ms = 0;
    if (rebuild_start(&changes->rebuild, config->options, *config->store, *config->progress, &catalog,
                      &error) != 0)
        changes_refuse(changes, error.message);
    else
        log_event(LEVEL_INFO, "rebuilding", NULL, "%s: %s; %s.next is built from the topics", changes->cause,
                  why, config->options->db);
}

// Waits for the building. False: it was refused.
static bool changes_end(struct changes *changes) {
    struct error error = {0};
    if (reload_end(changes->reload, &error) == 0)
        return true;
    if (error.kind == ERROR_INPUT && changes->config.options->rebuild) {
        changes_begin_rebuild(changes, error.message);
    } else {
        reload_free(&changes->reload);
        changes_refuse(changes, error.message);
    }
    changes_read_if_changed(changes);
    return false;
}

bool changes_are_there(const struct changes *changes) {
    return changes->next != NULL || changes->reload != NULL || changes->joins;
}

static void changes_tell_percent(struct changes *changes, int percent) {
    char message[PROGRESS_REASON_SIZE];
    if (percent == changes->percent)
        return;
    changes->percent = percent;
    (void)snprintf(message, sizeof message, "%s.next %d%%", changes->config.options->db, percent);
    changes_tell(changes, RELOAD_REBUILDING, message);
}

// True: it is there.
static bool changes_look_at_rebuild(struct changes *changes) {
    struct error error = {0};
    int percent;
    enum rebuild_state state = rebuild_look(changes->rebuild, &percent, &error);
    if (state == REBUILD_FAILED) {
        rebuild_free(&changes->rebuild);
        changes_refuse(changes, error.message);
        return false;
    }
    changes_tell_percent(changes, percent);
    int64_t now = clock_monotonic_ms();
    bool soon = changes->joins_failed > 0 && now - changes->join_failed_ms < CHANGES_JOIN_AGAIN_MS;
    return state == REBUILD_THERE && !soon;
}

bool changes_rest(struct changes *changes, bool quiet) {
    if (quiet && changes->next != NULL && changes->reload == NULL)
        changes_begin(changes);
    return changes->next != NULL || changes->reload != NULL;
}

bool changes_end_loop(struct changes *changes) {
    if (changes->author != NULL && views_watch_is_due(changes->author))
        changes_read(changes, "--watch");
    if (changes->reload != NULL)
        return reload_is_done(changes->reload) && changes_end(changes);
    if (changes->rebuild != NULL)
        return changes->joins = changes_look_at_rebuild(changes);
    return changes->next != NULL && clock_monotonic_ms() - changes->next_ms >= CHANGES_QUIET_MS;
}

static void changes_note_join_failed(struct changes *changes) {
    changes->join_failed_ms = clock_monotonic_ms();
    log_event(LEVEL_WARN, "rebuilding", NULL, "%s.next does not come to where %s stands: it is tried again",
              changes->config.options->db, changes->config.options->db);
    if (++changes->joins_failed < CHANGES_JOINS_MAX)
        return;
    rebuild_free(&changes->rebuild);
    changes_refuse(changes, "what was built from the topics does not come to where the file stands");
}

// The live loop stands still. False: it goes on, and this is tried again.
static bool changes_join(struct changes *changes, struct stopper *stopper) {
    struct error error = {0};
    changes->joins = false;
    for (int waited = 0; !rebuild_has_joined(changes->rebuild); waited += CONSUME_WAIT_MS)
        if (stopper_asked(stopper, CONSUME_WAIT_MS)) {
            return false;
        } else if (waited >= REBUILD_JOIN_MS) {
            changes_note_join_failed(changes);
            return false;
        }
    if (rebuild_finish(changes->rebuild, *changes->config.store, &error) == 0)
        return true;
    rebuild_free(&changes->rebuild);
    changes_refuse(changes, error.message);
    return false;
}

// What changed while it was waited for is read then.
static void changes_end_joining(struct changes *changes) {
    changes->joining = false;
    changes_read_if_changed(changes);
}

// Whether they are to be taken. False with reload not NULL: it was stopped.
static bool changes_try_build(struct changes *changes, struct stopper *stopper) {
    if (changes->rebuild != NULL) {
        changes->joining = changes->joins;
        if (changes->joining && changes_join(changes, stopper))
            return true;
        changes_end_joining(changes);
        return false;
    }
    if (changes->reload == NULL)
        changes_begin(changes);
    while (changes->reload != NULL && !reload_is_done(changes->reload))
        if (stopper_asked(stopper, CONSUME_WAIT_MS))
            return false;
    return changes->reload != NULL && changes_end(changes);
}

// What the store knows of the file is of when it was opened, and the loop has committed since.
static int changes_go_on(const struct changes *changes, struct error *error) {
    struct store_report report;
    return store_reopen(*changes->config.store, &report, error);
}

int changes_build(struct changes *changes, struct stopper *stopper, struct error *error) {
    if (changes_try_build(changes, stopper))
        return 1;
    return stopper->stopped || changes->reload != NULL ? 0 : changes_go_on(changes, error);
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

// The file is replaced, or as it was.
static int changes_take_rebuilt(struct changes *changes, struct error *error) {
    const struct changes_config *config = &changes->config;
    struct error refused = {0};
    store_close(config->store);
    bool taken = rebuild_replace(changes->rebuild, &refused) == 0;
    if (taken) {
        catalog_free(config->catalog);
        *config->catalog = rebuild_give_catalog(changes->rebuild);
    }
    rebuild_free(&changes->rebuild);
    if (config->open_store(config->self, error) != 0 ||
        (taken && changes_renew_progress(config->progress, error) != 0))
        return -1;
    if (taken)
        log_event(LEVEL_INFO, "rebuilt", NULL, "%s: %s was built anew from the topics, with its history",
                  changes->cause, config->options->db);
    else
        changes_refuse(changes, refused.message);
    changes_end_joining(changes);
    return 0;
}

int changes_take(struct changes *changes, struct error *error) {
    if (changes->rebuild != NULL)
        return changes_take_rebuilt(changes, error);
    const struct changes_config *config = &changes->config;
    struct store_report report;
    bool taken = reload_take(changes->reload, config->store, config->catalog, &report, error) == 0;
    if (!taken && *config->store == NULL)
        return -1;
    reload_free(&changes->reload);
    if (!taken) {
        changes_refuse(changes, error->message);
        if (changes_go_on(changes, error) != 0)
            return -1;
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
