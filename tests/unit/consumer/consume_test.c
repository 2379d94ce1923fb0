// The consumer's loop on librdkafka's mock cluster, with tiny bounds: many partitions are far behind at the start, then one.
#include "consumer/consume.h"

#include "tests/unit/consumer/mock_cluster.h"
#include "tests/unit/shop_file.h"

#include "consumer/broker/client/settings.h"
#include "consumer/consume/discovery.h"
#include "consumer/consuming.h"
#include "views/base/cleanup.h"
#include "views/engine/store.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <sqlite3.h>

enum {
    PARTITIONS = 4,
    LARGE = PARTITIONS - 1,
    MESSAGES = 12000, // of the large one; each of the others has as many as make it far behind
    OTHERS = LARGE * DISCOVERY_FAR,
    ROUNDS_MAX = 200000,
    FLUSH_MS = 60000,
};

#define TOPIC "shop.public.orders"

struct fixture {
    struct shop_file file;
    rd_kafka_t *producer;
    rd_kafka_mock_cluster_t *cluster;
    struct catalog *catalog;
    struct store *store;
    struct progress *progress;
    int rounds;
    bool waited;
};

static int opened; // clients

int __real_kafka_open(struct kafka **ret, const struct kafka_config *config, struct error *error);
int __wrap_kafka_open(struct kafka **ret, const struct kafka_config *config, struct error *error);
int __wrap_kafka_open(struct kafka **ret, const struct kafka_config *config, struct error *error) {
    opened++;
    return __real_kafka_open(ret, config, error);
}

static bool at_rest;
static int commits_at_rest;
static int commits_at_stop;
static bool rest_is_refused;

int __real_apply_commit(struct apply *apply, struct error *error);
int __wrap_apply_commit(struct apply *apply, struct error *error);
int __wrap_apply_commit(struct apply *apply, struct error *error) {
    commits_at_rest += at_rest;
    return __real_apply_commit(apply, error);
}

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    shop_file_make(&fixture->file, "consume");
    struct error error = {0};
    struct store_report report;
    assert_int_equal(catalog_load(NULL, NULL, &fixture->catalog, &error), 0);
    assert_int_equal(progress_new(&fixture->progress, &error), 0);
    assert_int_equal(store_open(&fixture->store, fixture->file.path, fixture->catalog, &report, &error), 0);
    fixture->producer = mock_cluster_start(1, &fixture->cluster);
    assert_int_equal(rd_kafka_mock_topic_create(fixture->cluster, TOPIC, PARTITIONS, 1), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    store_close(&fixture->store);
    progress_free(&fixture->progress);
    catalog_free(&fixture->catalog);
    rd_kafka_destroy(fixture->producer);
    shop_file_remove(&fixture->file);
    free(fixture);
    return 0;
}

static void produce(struct fixture *fixture, int partition, int first, int count) {
    for (int id = first; id < first + count; id++) {
        char key[32];
        char value[256];
        (void)snprintf(key, sizeof key, "{\"id\":%d}", id);
        (void)snprintf(value, sizeof value,
                       "{\"before\":null,\"after\":{\"id\":%d},\"op\":\"c\",\"source\":{\"lsn\":%d,"
                       "\"ts_ms\":1,\"schema\":\"public\",\"table\":\"orders\"}}",
                       id, 1000 + id);
        assert_int_equal(rd_kafka_producev(fixture->producer, RD_KAFKA_V_TOPIC(TOPIC),
                                           RD_KAFKA_V_PARTITION(partition),
                                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK),
                                           RD_KAFKA_V_KEY(key, strlen(key)),
                                           RD_KAFKA_V_VALUE(value, strlen(value)), RD_KAFKA_V_END),
                         0);
    }
    assert_int_equal(rd_kafka_flush(fixture->producer, FLUSH_MS), 0);
}

// Ends the loop when all is there. Once, when the large partition is far behind for long and few others are, it waits until the loop
// has to look at that.
static bool stop(void *self) {
    struct fixture *fixture = self;
    struct partition_progress partitions[PARTITIONS];
    int count = progress_partitions(fixture->progress, partitions, PARTITIONS);
    int64_t taken = 0;
    struct discovery_behind behind = {0};
    for (int i = 0; i < count; i++) {
        taken += partitions[i].applied;
        discovery_add_behind(&behind, partitions[i].high - partitions[i].applied);
    }
    assert_true(fixture->rounds++ < ROUNDS_MAX);
    if (!fixture->waited && behind.furthest >= DISCOVERY_FAR_FOR_LONG &&
        discovery_far(&behind) <= SETTING_QUEUES_MOST && count == PARTITIONS) {
        const struct timespec wait = {0, (CONSUME_WAIT_MS + 10) * 1000000L};
        (void)nanosleep(&wait, NULL);
        fixture->waited = true;
    }
    return taken == MESSAGES + OTHERS;
}

static int64_t count_orders(struct fixture *fixture) {
    sqlite3 *db;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open_v2(fixture->file.path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "select count(*) from orders", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t count = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return count;
}

// The loop begins anew where the file stands: each message is taken once, and counted once.
static void begins_anew_where_few_are_far_behind(void **state) {
    struct fixture *fixture = *state;
    for (int i = 0; i < LARGE; i++)
        produce(fixture, i, i * DISCOVERY_FAR, DISCOVERY_FAR);
    produce(fixture, LARGE, LARGE * DISCOVERY_FAR, MESSAGES);
    struct consume_config config = {.db = fixture->file.path,
                                    .brokers = rd_kafka_mock_cluster_bootstraps(fixture->cluster),
                                    .apply = {.catalog = fixture->catalog,
                                              .store = fixture->store,
                                              .progress = fixture->progress,
                                              .prefix = "shop",
                                              .settings = &value_settings_default,
                                              .commit_messages = APPLY_COMMIT_MESSAGES},
                                    .verify_topics = true,
                                    .stop = stop,
                                    .self = fixture};
    struct error error = {0};
    opened = 0;
    if (consume_run(&config, &error) != 0)
        fail_msg("%s", error.message);
    assert_true(fixture->waited);
    assert_int_equal(opened, 2);
    struct progress_summary summary;
    progress_summary(fixture->progress, &summary);
    assert_int_equal(summary.counters.applied, MESSAGES + OTHERS);
    assert_int_equal(summary.counters.messages, MESSAGES + OTHERS);
    assert_int_equal(count_orders(fixture), MESSAGES + OTHERS);
}

static bool rest(void *self, bool quiet) {
    const struct fixture *fixture = self;
    at_rest |= quiet;
    return fixture->rounds > 1 && !(quiet && rest_is_refused);
}

static bool stop_at_rest(void *self) {
    struct fixture *fixture = self;
    assert_true(fixture->rounds++ < ROUNDS_MAX);
    commits_at_stop = commits_at_rest;
    return at_rest;
}

static void end_at_rest(struct fixture *fixture, bool refused) {
    struct consume_config config = {.db = fixture->file.path,
                                    .brokers = rd_kafka_mock_cluster_bootstraps(fixture->cluster),
                                    .apply = {.catalog = fixture->catalog,
                                              .store = fixture->store,
                                              .progress = fixture->progress,
                                              .prefix = "shop",
                                              .settings = &value_settings_default,
                                              .commit_messages = APPLY_COMMIT_MESSAGES},
                                    .rest = rest,
                                    .stop = stop_at_rest,
                                    .self = fixture};
    struct error error = {0};
    at_rest = false;
    rest_is_refused = refused;
    commits_at_rest = commits_at_stop = 0;
    assert_int_equal(consume_run(&config, &error), 0);
    assert_true(at_rest);
}

// Another connection has the file's lock by then: what is due without any message, as that answers are whole from now on, would fail
// the whole process.
static void what_ends_at_rest_commits_nothing(void **state) {
    end_at_rest(*state, false);
    assert_int_equal(commits_at_rest, 0);
}

// Where nothing is built after all, messages are taken in that round.
static void what_ends_behind_a_rest_that_was_refused_commits(void **state) {
    end_at_rest(*state, true);
    assert_int_equal(commits_at_rest, commits_at_stop + 1);
}

static bool stop_at_once(void *self) {
    (void)self;
    return true;
}

static struct consume_config config_of_unnoted(struct fixture *fixture) {
    return (struct consume_config){
        .db = fixture->file.path,
        .brokers = rd_kafka_mock_cluster_bootstraps(fixture->cluster),
        .apply = {.catalog = fixture->catalog,
                  .store = fixture->store,
                  .progress = fixture->progress,
                  .prefix = "shop",
                  .settings = &value_settings_default,
                  .commit_messages = APPLY_COMMIT_MESSAGES},
        .verify_topics = true,
        .unnoted = {.topic = "shop.public.orders", .reason = "the log is another one"},
        .stop = stop_at_once,
        .self = fixture};
}

// A reload ends the run, and the one behind it is told nothing.
static void what_the_run_before_could_not_note_is_noted_though_this_one_is_stopped(void **state) {
    struct consume_config config = config_of_unnoted(*state);
    struct error error = {0};
    assert_int_equal(consume_run(&config, &error), CONSUME_HALTED);
    assert_int_equal(config.unnoted.topic[0], '\0');
}

// As on a disk that is full: the process has no other place for it than its end.
static void what_cannot_be_noted_before_the_stop_ends_it_as_halted(void **state) {
    struct consume_config config = config_of_unnoted(*state);
    struct stopper stopper = {.stopped = true};
    struct rlimit before;
    struct error error = {0};
    assert_int_equal(store_claim_prefix(config.apply.store, "shop", &error), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max}),
                     0);
    int status = consuming_run(&config, &stopper, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, CONSUME_HALTED);
    assert_string_equal(config.unnoted.topic, TOPIC);
    assert_non_null(strstr(error.message, "the log is another one; the file could not keep that: "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_ends_at_rest_commits_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_ends_behind_a_rest_that_was_refused_commits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_the_run_before_could_not_note_is_noted_though_this_one_is_stopped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_noted_before_the_stop_ends_it_as_halted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(begins_anew_where_few_are_far_behind, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
