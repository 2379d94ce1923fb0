#include "consumer/prove.h"

#include "consumer/replay.h"
#include "views/base/cleanup.h"
#include "views/engine/prove.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct cutting {
    const char *name;
    int commit_messages; // 0 = as many as there are
    bool unsequenced;
    bool restarts;
};

// The first names a difference best. Rows that are shown one by one are what a source without transactions gives.
static const struct cutting cuttings[] = {
    {"cut after each transaction", 1, false, false},
    {"cut after 7 messages", 7, false, false},
    {"all at once", 0, false, false},
    {"cut after each message", 1, true, false},
    {"cut after each transaction, with restarts", 1, false, true},
};

struct prove {
    const struct prove_config *config;
    const struct cutting *cutting;
    struct store *store;
    struct progress *progress;
    int64_t commits; // of the runs before the newest restart
    int64_t looks;
    int64_t every;      // it is looked at after each so many commits
    int64_t from;       // not before this one
    int64_t good;       // the newest at which all was equal
    int64_t total;      // commits
    int64_t restart_at; // commits of a run, 0 = no more restarts
    int restarts;
    bool differs;
    struct replay_place place;
    struct prove_difference difference;
};

// Commits fall by messages only, never by how long something took.
static int64_t prove_no_time(void) {
    return 1;
}

static void prove_unlink(const char *db) {
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char path[4096];
        if (snprintf(path, sizeof path, "%s%s", db, ends[i]) < (int)sizeof path)
            (void)unlink(path);
    }
}

static int prove_look(struct prove *prove, struct error *error) {
    prove->looks++;
    int differs = prove_views(prove->config->db, prove->config->catalog, &prove->difference, error);
    if (differs == 0)
        prove->good = prove->total;
    prove->differs = differs == 1;
    return differs;
}

// As replay_config's.
static int prove_committed(void *self, const struct replay_place *place, struct error *error) {
    struct prove *prove = self;
    int64_t total = prove->commits + place->commits;
    bool last = total == prove->total; // told again at the end
    prove->total = total;
    prove->place = *place;
    if (total >= prove->from && prove->good < total && (last || total % prove->every == 0)) {
        int differs = prove_look(prove, error);
        if (differs != 0)
            return differs;
        if (prove->looks % PROVE_LOOKS_MAX == 0)
            prove->every++;
    }
    return prove->restart_at > 0 && place->commits >= prove->restart_at;
}

static int prove_play(struct prove *prove, struct error *error) {
    const struct prove_config *config = prove->config;
    const struct replay_config replay = {
        .captures = config->captures,
        .capture_count = config->capture_count,
        .apply = {.catalog = config->catalog,
                  .store = prove->store,
                  .progress = prove->progress,
                  .prefix = config->prefix,
                  .settings = &value_settings_default,
                  .commit_messages = prove->cutting->commit_messages > 0 ? prove->cutting->commit_messages
                                                                         : APPLY_COMMIT_MESSAGES,
                  .transaction_wait_ms = config->transaction_wait_ms,
                  .on_timeline = TIMELINE_ACCEPT,
                  .monotonic_ms = prove_no_time},
        .unsequenced = prove->cutting->unsequenced,
        .committed = prove_committed,
        .self = prove,
    };
    return replay_run(&replay, NULL, error);
}

// One run of the program, as it were. 1 = it was stopped to be started again.
static int prove_run_once(struct prove *prove, struct error *error) {
    struct store_report report;
    if (progress_new(&prove->progress, error) != 0 ||
        store_open(&prove->store, prove->config->db, prove->config->catalog, &report, error) != 0)
        return -1;
    int status = prove_play(prove, error);
    bool again = status == 0 && prove->restart_at > 0 && !prove->differs && prove->total > prove->commits &&
                 prove->total - prove->commits >= prove->restart_at;
    prove->commits = prove->total;
    store_close(&prove->store);
    progress_free(&prove->progress);
    return status != 0 ? -1 : again;
}

static void prove_done(struct prove *prove) {
    store_close(&prove->store);
    progress_free(&prove->progress);
}

static int prove_run_cutting(struct prove *prove, struct error *error) {
    int again;
    prove_unlink(prove->config->db);
    do
        again = prove_run_once(prove, error);
    while (again == 1);
    return again;
}

static int prove_error(const struct prove *prove, struct error *error) {
    const struct prove_difference *difference = &prove->difference;
    return error_set(
        error, ERROR_INPUT,
        "view %s, %s, %s: got %s, wanted %s; after commit %lld, %s:%lld (%s partition %d offset %lld), %s",
        difference->view, difference->where, difference->key, difference->got, difference->wanted,
        (long long)prove->total, prove->place.capture, (long long)prove->place.line, prove->place.topic,
        (int)prove->place.partition, (long long)prove->place.offset, prove->cutting->name);
}

static int prove_cutting(const struct prove_config *config, const struct cutting *cutting, int64_t *commits,
                         struct error *error) {
    CLEANUP(prove_done) struct prove prove = {.config = config, .cutting = cutting, .every = 1, .good = -1};
    if (cutting->restarts)
        prove.restart_at = *commits / PROVE_RESTARTS + 1;
    if (prove_run_cutting(&prove, error) != 0)
        return -1;
    if (prove.differs && prove.total - prove.good > 1) { // the commits between were not looked at
        CLEANUP(prove_done)
        struct prove closer = {.config = config,
                               .cutting = cutting,
                               .every = 1,
                               .good = prove.good,
                               .from = prove.good + 1,
                               .restart_at = prove.restart_at};
        if (prove_run_cutting(&closer, error) != 0)
            return -1;
        return prove_error(closer.differs ? &closer : &prove, error);
    }
    if (prove.differs)
        return prove_error(&prove, error);
    char line[256];
    (void)snprintf(line, sizeof line, "%s: %lld commits, views made anew %lld times: equal", cutting->name,
                   (long long)prove.total, (long long)prove.looks);
    config->tell(line);
    *commits = prove.total;
    return 0;
}

int prove_captures(const struct prove_config *config, struct error *error) {
    int64_t commits = 0;
    for (size_t i = 0; i < sizeof cuttings / sizeof *cuttings; i++)
        if (prove_cutting(config, &cuttings[i], &commits, error) != 0)
            return -1;
    prove_unlink(config->db);
    return 0;
}

int prove_file(const char *db, const struct catalog *catalog, struct error *error) {
    struct prove_difference difference;
    int differs = prove_views(db, catalog, &difference, error);
    if (differs <= 0)
        return differs;
    return error_set(error, ERROR_INPUT, "%s: view %s, %s, %s: got %s, wanted %s", db, difference.view,
                     difference.where, difference.key, difference.got, difference.wanted);
}
