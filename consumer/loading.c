#include "consumer/loading.h"

#include "views/base/cleanup.h"
#include "views/base/log.h"
#include "views/engine/check.h"
#include "views/engine/foreign_log.h"
#include "views/engine/progress.h"
#include "views/engine/read.h"
#include "views/engine/statement_limit.h"
#include "views/engine/store_report.h"

#include <stdio.h>
#include <string.h>

enum { LOADING_SLOW_LOGGED_MS = 2000 }; // a statement that runs for long is logged once, until then

// What is allowed and looks wrong: to the log, and /v1/status has it too.
static int loading_check(struct catalog *catalog, struct error *error) {
    if (catalog_check(catalog, error) != 0)
        return -1;
    for (int i = 0; i < catalog->warning_count; i++)
        log_event(LEVEL_WARN, "lint", NULL, "%s", catalog->warnings[i]);
    return 0;
}

int loading_catalog(const struct options *options, struct catalog **ret, struct error *error) {
    CLEANUP(catalog_free) struct catalog *catalog = NULL;
    if (catalog_load(options->views, options->only, &catalog, error) != 0 ||
        loading_check(catalog, error) != 0)
        return -1;
    *ret = catalog;
    catalog = NULL;
    return 0;
}

// A file that is served has its views in it. An older one is served with the built-in ones.
int loading_served(const struct options *options, struct catalog **ret, struct error *error) {
    CLEANUP(catalog_free) struct catalog *catalog = NULL;
    if (foreign_log_check(options->db, error) != 0)
        return -1;
    if (options->views == NULL && catalog_load_stored(options->db, options->only, &catalog, error) != 0)
        return -1;
    if (catalog == NULL)
        return loading_catalog(options, ret, error);
    if (loading_check(catalog, error) != 0)
        return -1;
    *ret = catalog;
    catalog = NULL;
    return 0;
}

void loading_report(const struct store_report *report, const char *db) {
    if (report->created)
        log_event(LEVEL_INFO, "made", NULL, "made %s", db);
    else if (report->views_built > 0)
        log_event(LEVEL_INFO, "views_filled", NULL, "views filled from the mirror: %s", report->built);
    if (report->evolved[0] != '\0')
        log_event(LEVEL_INFO, "evolved", NULL, "source.sql has changed, and the file with it: %s",
                  report->evolved);
    if (report->doubts[0] != '\0')
        log_event(LEVEL_WARN, "evolved", NULL, "source.sql has changed: %s", report->doubts);
    if (report->views_dropped > 0)
        log_event(LEVEL_INFO, "views_dropped", NULL, "views that are not loaded any more, dropped: %s",
                  report->dropped);
    if (report->disabled[0] != '\0')
        log_event(
            LEVEL_WARN, "view_disabled", NULL,
            "views that are not kept since one of their statements failed, until their files change: %s",
            report->disabled);
    if (report->left[0] != '\0')
        log_event(LEVEL_WARN, "views_left", NULL,
                  "views that are not loaded any more but hold history, kept up to date: %s", report->left);
    if (report->untried_sqlite[0] != '\0')
        log_event(
            LEVEL_WARN, "library", NULL,
            "SQLite %s: tidemark's tests have not run with it, so commits are written its own way, in more system calls",
            report->untried_sqlite);
}

void loading_tell_disabled(const struct error *failure) {
    log_event(LEVEL_ERROR, "view_disabled", &(struct log_fields){.view = failure->subject},
              "disabled: %s; its routes answer 503 until its files change", failure->message);
}

// On the thread of the statement, which the loop may be waiting for.
static void loading_tell_slow(void *self, const char *what, int64_t ms) {
    struct progress **progress = self;
    char reason[PROGRESS_REASON_SIZE];
    (void)snprintf(reason, sizeof reason, "%s has been running for %lld s", what, (long long)(ms / 1000));
    if (ms < LOADING_SLOW_LOGGED_MS)
        log_event(LEVEL_WARN, "view_slow", NULL, "%s", reason);
    if (*progress != NULL)
        progress_set_state(*progress, STATE_CATCHING_UP, reason);
}

void loading_limit_statements(const struct options *options, struct progress **progress) {
    const struct statement_limit limit = {.commit_ms = (int64_t)(options->statement_seconds * 1000),
                                          .slow = loading_tell_slow,
                                          .self = progress};
    statement_limit_set(&limit);
}

struct loading_known {
    const struct catalog *catalog;
    struct progress *progress;
};

static void loading_note_incomplete(void *self, const char *name, const char *reason) {
    const struct loading_known *known = self;
    const struct table *table = catalog_table(known->catalog, name, strlen(name));
    if (table != NULL)
        progress_table_incomplete(known->progress, table->index, reason);
}

int loading_recall(const char *db, const struct catalog *catalog, struct progress *progress,
                   struct error *error) {
    struct loading_known known = {catalog, progress};
    for (int t = 0; t < catalog->table_count; t++)
        progress_table_complete(progress, t);
    return read_incomplete(db, loading_note_incomplete, &known, error);
}
