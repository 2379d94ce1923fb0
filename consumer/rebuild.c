#define _GNU_SOURCE // pthread_setname_np
#include "consumer/rebuild.h"

#include "consumer/consume.h"
#include "consumer/consume/leader.h"
#include "consumer/decode/topic_role.h"
#include "consumer/decode/value.h"
#include "consumer/loading.h"
#include "views/base/cleanup.h"
#include "views/base/log.h"
#include "views/engine/check.h"
#include "views/engine/read.h"
#include "views/engine/replace.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rebuild {
    const struct options *options;
    struct progress *live;
    struct catalog *catalog;
    char path[PATH_MAX];
    struct store *store; // the thread's while it runs
    struct progress *progress;
    struct error error;
    int status;
    _Atomic bool stop;
    _Atomic bool done;
    _Atomic bool passed;
    bool runs;
    pthread_t thread;
};

static bool rebuild_stops(void *self) {
    return atomic_load(&((struct rebuild *)self)->stop);
}

static void *rebuild_run(void *self) {
    struct rebuild *rebuild = self;
    const struct options *options = rebuild->options;
    struct consume_config config = {
        .db = rebuild->path,
        .brokers = options->brokers,
        .properties = options->properties,
        .property_count = options->property_count,
        .apply = {.catalog = rebuild->catalog,
                  .store = rebuild->store,
                  .progress = rebuild->progress,
                  .prefix = options->prefix,
                  .settings = &value_settings_default,
                  .commit_messages = (int)options->commit_messages,
                  .transaction_wait_ms = options->transaction_wait_ms,
                  .on_timeline = TIMELINE_ACCEPT},
        .silent_after_ms = options->silent_after_ms,
        .verify_topics = true,
        .leader = rebuild->live,
        .passed = &rebuild->passed,
        .stop = rebuild_stops,
        .self = rebuild,
    };
    rebuild->status = consume_run(&config, &rebuild->error);
    atomic_store(&rebuild->done, true);
    return NULL;
}

// What an older start has left is gone on with, if it was for the same views.
static int rebuild_open(struct rebuild *rebuild, const struct store *of, struct error *error) {
    CLEANUP(catalog_free) struct catalog *found = NULL;
    bool same = access(rebuild->path, F_OK) == 0 &&
                catalog_load_stored(rebuild->path, NULL, &found, NULL) == 0 && found != NULL &&
                catalog_check(found, NULL) == 0 && catalog_equal(found, rebuild->catalog);
    if (!same)
        store_remove_fill(rebuild->path);
    if (store_open_fill(&rebuild->store, of, rebuild->path, rebuild->catalog, error) != 0 ||
        progress_new(&rebuild->progress, error) != 0)
        return -1;
    // What it lacks it has said when it was begun, and says it no more.
    return loading_recall(rebuild->path, rebuild->catalog, rebuild->progress, error);
}

int rebuild_start(struct rebuild **ret, const struct options *options, const struct store *of,
                  struct progress *progress, struct catalog **next, struct error *error) {
    CLEANUP(rebuild_free) struct rebuild *rebuild = calloc(1, sizeof *rebuild);
    CLEANUP(catalog_free) struct catalog *catalog = *next;
    *next = NULL;
    if (rebuild == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    rebuild->options = options;
    rebuild->live = progress;
    rebuild->catalog = catalog;
    catalog = NULL;
    if (snprintf(rebuild->path, sizeof rebuild->path, "%s.next", options->db) >= (int)sizeof rebuild->path)
        return error_set(error, ERROR_STORE, "%s: its name is too long", options->db);
    if (rebuild_open(rebuild, of, error) != 0)
        return -1;
    if (pthread_create(&rebuild->thread, NULL, rebuild_run, rebuild) != 0)
        return error_set(error, ERROR_SYSTEM, "no thread can be started");
    rebuild->runs = true;
    (void)pthread_setname_np(rebuild->thread, "rebuild");
    *ret = rebuild;
    rebuild = NULL;
    return 0;
}

// What it has is of no use then (rebuild_free).
static int rebuild_tell_passed(const struct rebuild *rebuild, struct error *error) {
    return error_set(
        error, ERROR_HALT,
        "%s: the log does not hold any more what it was to go on with, so it is begun anew at the next SIGHUP or start",
        rebuild->path);
}

static int rebuild_why(struct rebuild *rebuild, struct error *error) {
    if (atomic_load(&rebuild->passed))
        return rebuild_tell_passed(rebuild, error);
    struct progress_summary summary;
    progress_summary(rebuild->progress, &summary);
    if (rebuild->status != 0 && rebuild->error.kind != ERROR_NONE)
        return error_set(error, rebuild->error.kind, "%s: %s", rebuild->path, rebuild->error.message);
    return error_set(error, ERROR_HALT, "%s: %s", rebuild->path, summary.reason);
}

enum rebuild_state rebuild_look(struct rebuild *rebuild, int *ret_percent, struct error *error) {
    struct progress_summary summary;
    progress_summary(rebuild->progress, &summary);
    int64_t behind = leader_behind(rebuild->live, rebuild->progress);
    int64_t read = summary.counters.messages;
    *ret_percent = behind >= 0 && read + behind > 0 ? (int)(read * 100 / (read + behind)) : 0;
    if (atomic_load(&rebuild->done) || summary.state == STATE_HALTED) {
        (void)rebuild_why(rebuild, error);
        return REBUILD_FAILED;
    }
    bool there = summary.caught_up_once && behind >= 0 && behind <= REBUILD_NEAR_MESSAGES;
    return there ? REBUILD_THERE : REBUILD_READS;
}

bool rebuild_has_joined(struct rebuild *rebuild) {
    return leader_behind(rebuild->live, rebuild->progress) == 0;
}

static void rebuild_stop(struct rebuild *rebuild) {
    if (!rebuild->runs)
        return;
    atomic_store(&rebuild->stop, true);
    (void)pthread_join(rebuild->thread, NULL);
    rebuild->runs = false;
}

// A table of the new file whose older rows may be missing.
struct rebuild_lack {
    const char *table;
    char reason[ERROR_MESSAGE_SIZE]; // "" = none is known to be
    bool alike;                      // the old file says the same of its table
};

static void rebuild_note_incomplete(void *self, const struct table_progress *table) {
    struct rebuild_lack *lack = self;
    (void)snprintf(lack->reason, sizeof lack->reason, "%s",
                   table->incomplete != NULL ? table->incomplete : "");
}

static void rebuild_note_old(void *self, const char *table, const char *reason) {
    struct rebuild_lack *lack = self;
    lack->alike |= strcmp(table, lack->table) == 0 && strcmp(reason, lack->reason) == 0;
}

// Rows whose events the log has no more are in the old file alone. One that began as the new one has no such rows either.
static int rebuild_check_whole(struct rebuild *rebuild, struct error *error) {
    for (int t = 0; t < rebuild->catalog->table_count; t++) {
        struct rebuild_lack lack = {.table = rebuild->catalog->tables[t].name};
        progress_table_visit(rebuild->progress, t, rebuild_note_incomplete, &lack);
        if (lack.reason[0] != '\0' &&
            read_incomplete(rebuild->options->db, rebuild_note_old, &lack, error) != 0)
            return -1;
        if (lack.reason[0] != '\0' && !lack.alike)
            return error_set(
                error, ERROR_INPUT,
                "table %s: the beginning of its topic is gone, so a file made from it may lack rows that "
                "this one has; let the connector take a snapshot of it first",
                rebuild->catalog->tables[t].name);
    }
    return 0;
}

static bool rebuild_feeds(const struct rebuild *rebuild, const char *topic, const struct table *table) {
    return topic_feeds(topic, rebuild->options->prefix, table) != TOPIC_FEEDS_NOT;
}

// A topic of the table that `progress` knows, NULL = none.
static const char *rebuild_topic_of(const struct rebuild *rebuild, struct progress *progress,
                                    const struct table *table) {
    CLEANUP(free_any) struct partition_progress *partitions = NULL;
    int count = leader_partitions(progress, &partitions);
    for (int i = 0; i < count; i++)
        if (rebuild_feeds(rebuild, partitions[i].topic, table))
            return partitions[i].topic;
    return NULL;
}

// The same of what the old file had read when it was opened, or its loop has since.
static const char *rebuild_topic_before(const struct rebuild *rebuild, const struct store *of,
                                        const struct table *table) {
    int count;
    const struct store_offset *offsets = store_offsets(of, &count);
    for (int i = 0; i < count; i++)
        if (offsets[i].unread == STORE_READ && rebuild_feeds(rebuild, offsets[i].topic, table))
            return offsets[i].topic;
    return rebuild_topic_of(rebuild, rebuild->live, table);
}

// A topic that was deleted, or that this account may not see any more: its rows are in the old file alone.
static int rebuild_check_topics(const struct rebuild *rebuild, const struct store *of, struct error *error) {
    for (int t = 0; t < rebuild->catalog->table_count; t++) {
        const struct table *table = &rebuild->catalog->tables[t];
        const char *before = rebuild_topic_of(rebuild, rebuild->progress, table) == NULL
                                 ? rebuild_topic_before(rebuild, of, table)
                                 : NULL;
        if (before != NULL)
            return error_set(
                error, ERROR_INPUT,
                "table %s: its topic %s does not exist any more, or may not be seen, so a file made from the topics would lack "
                "the rows that this one has; where they are not wanted, take the table out of source.sql",
                table->name, before);
    }
    return 0;
}

int rebuild_finish(struct rebuild *rebuild, const struct store *of, struct error *error) {
    rebuild_stop(rebuild);
    if (rebuild->status != 0)
        return rebuild_why(rebuild, error);
    if (rebuild_check_topics(rebuild, of, error) != 0 || rebuild_check_whole(rebuild, error) != 0)
        return -1;
    store_close(&rebuild->store);
    return replace_carry(rebuild->path, rebuild->options->db, rebuild->catalog, error);
}

int rebuild_replace(struct rebuild *rebuild, struct error *error) {
    return replace_file(rebuild->options->db, rebuild->path, error);
}

struct catalog *rebuild_give_catalog(struct rebuild *rebuild) {
    struct catalog *catalog = rebuild->catalog;
    rebuild->catalog = NULL;
    return catalog;
}

void rebuild_free(struct rebuild **rebuild) {
    struct rebuild *r = *rebuild;
    if (r == NULL)
        return;
    rebuild_stop(r);
    store_close(&r->store);
    if (atomic_load(&r->passed))
        store_remove_fill(r->path);
    progress_free(&r->progress);
    catalog_free(&r->catalog);
    free(r);
    *rebuild = NULL;
}
