// Which partitions are read, and when: on librdkafka's mock cluster, stepped by hand.
#include "consumer/consume/discovery.h"

#include "tests/unit/consumer/mock_cluster.h"
#include "tests/unit/shop_file.h"

#include "consumer/broker/client/settings.h"
#include "views/engine/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

enum { ROUNDS_MAX = 2400, ROUND_MS = 50, REASON_SIZE = 512 };

#define TOPIC "__debezium-heartbeat.shop"
static const char beat[] = "{\"ts_ms\":1795386736089}";

struct fixture {
    struct shop_file file;
    rd_kafka_t *producer;
    rd_kafka_mock_cluster_t *cluster;
    struct catalog *catalog;
    // of one run
    struct store *store;
    struct progress *progress;
    struct kafka *kafka;
    struct apply *apply;
    struct discovery *discovery;
    struct apply_config applied;
    bool connected;
};

// What discovery said of the partitions that are far behind, and how often; the client may take it for too many.
static int told_far;
static int tells_far;
static bool is_many;

bool __real_kafka_expect_far(struct kafka *kafka, int far);
bool __wrap_kafka_expect_far(struct kafka *kafka, int far);
bool __wrap_kafka_expect_far(struct kafka *kafka, int far) {
    told_far = far;
    tells_far++;
    return __real_kafka_expect_far(kafka, is_many ? SETTING_QUEUES_MOST + 1 : far);
}

static int unassigned; // so many more partitions are not

int __real_kafka_assign_oldest(struct kafka *kafka, int slot, const char *topic, int32_t partition,
                               int64_t low, struct error *error);
int __wrap_kafka_assign_oldest(struct kafka *kafka, int slot, const char *topic, int32_t partition,
                               int64_t low, struct error *error);
int __wrap_kafka_assign_oldest(struct kafka *kafka, int slot, const char *topic, int32_t partition,
                               int64_t low, struct error *error) {
    if (unassigned == 0)
        return __real_kafka_assign_oldest(kafka, slot, topic, partition, low, error);
    unassigned--;
    return error_set(error, ERROR_BROKER, "librdkafka has no queue for %s", topic);
}

// Partitions that a listing lacks, of each topic that has more.
static int hidden;
static bool unanswered; // none is told
static int listings;    // that came, also of those

struct listing {
    void (*found)(void *self, const char *topic, int partitions);
    void *self;
};

static void list_less(void *self, const char *topic, int partitions) {
    const struct listing *listing = self;
    listing->found(listing->self, topic, partitions > hidden ? partitions - hidden : partitions);
}

int __real_kafka_take_topics(struct kafka *kafka,
                             void (*found)(void *self, const char *topic, int partitions), void *self,
                             struct error *error);
int __wrap_kafka_take_topics(struct kafka *kafka,
                             void (*found)(void *self, const char *topic, int partitions), void *self,
                             struct error *error);
int __wrap_kafka_take_topics(struct kafka *kafka,
                             void (*found)(void *self, const char *topic, int partitions), void *self,
                             struct error *error) {
    struct listing listing = {found, self};
    int status = __real_kafka_take_topics(kafka, list_less, &listing, error);
    listings += status == 1;
    return status == 1 && unanswered ? error_set(error, ERROR_BROKER, "no answer") : status;
}

static int64_t skipped_s; // that much later than it is

int __real_clock_gettime(clockid_t which, struct timespec *ret);
int __wrap_clock_gettime(clockid_t which, struct timespec *ret);
int __wrap_clock_gettime(clockid_t which, struct timespec *ret) {
    int status = __real_clock_gettime(which, ret);
    ret->tv_sec += skipped_s;
    return status;
}

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    shop_file_make(&fixture->file, "discovery");
    struct error error = {0};
    assert_int_equal(catalog_load(NULL, NULL, &fixture->catalog, &error), 0);
    fixture->producer = mock_cluster_start(1, &fixture->cluster);
    assert_int_equal(rd_kafka_mock_topic_create(fixture->cluster, TOPIC, 1, 1), 0);
    assert_int_equal(rd_kafka_mock_topic_create(fixture->cluster, "other", 1, 1), 0);
    tells_far = 0;
    is_many = false;
    hidden = unassigned = listings = 0;
    unanswered = false;
    skipped_s = 0;
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    rd_kafka_destroy(fixture->producer);
    catalog_free(&fixture->catalog);
    shop_file_remove(&fixture->file);
    free(fixture);
    return 0;
}

static void produce_to(struct fixture *fixture, const char *topic, const char *key, const char *value,
                       int64_t ts_ms) {
    assert_int_equal(rd_kafka_producev(fixture->producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                       RD_KAFKA_V_KEY((void *)(uintptr_t)key, strlen(key)),
                                       RD_KAFKA_V_VALUE((void *)(uintptr_t)value, strlen(value)),
                                       RD_KAFKA_V_TIMESTAMP(ts_ms), RD_KAFKA_V_END),
                     0);
    assert_int_equal(rd_kafka_flush(fixture->producer, ROUNDS_MAX * ROUND_MS), 0);
}

static void produce(struct fixture *fixture, int64_t ts_ms) {
    produce_to(fixture, TOPIC, "{}", beat, ts_ms);
}

static void begin(struct fixture *fixture) {
    struct error error = {0};
    struct store_report report;
    assert_int_equal(store_open(&fixture->store, fixture->file.path, fixture->catalog, &report, &error), 0);
    assert_int_equal(progress_new(&fixture->progress, &error), 0);
    const struct kafka_config kafka = {.brokers = rd_kafka_mock_cluster_bootstraps(fixture->cluster),
                                       .group_id = "g"};
    assert_int_equal(kafka_open(&fixture->kafka, &kafka, &error), 0);
    fixture->applied = (struct apply_config){.catalog = fixture->catalog,
                                             .store = fixture->store,
                                             .progress = fixture->progress,
                                             .source = kafka_source(fixture->kafka),
                                             .prefix = "shop",
                                             .settings = &value_settings_default,
                                             .commit_messages = APPLY_COMMIT_MESSAGES};
    assert_int_equal(apply_new(&fixture->apply, &fixture->applied, &error), 0);
    const struct discovery_config config = {.kafka = fixture->kafka,
                                            .apply = fixture->apply,
                                            .applied = &fixture->applied,
                                            .verify_topics = true};
    assert_int_equal(discovery_new(&fixture->discovery, &config, &error), 0);
    fixture->connected = false;
}

static void end(struct fixture *fixture) {
    apply_free(&fixture->apply);
    kafka_close(&fixture->kafka);
    discovery_free(&fixture->discovery);
    progress_free(&fixture->progress);
    store_close(&fixture->store);
}

// One round of the loop; apply_step's status.
static int turn(struct fixture *fixture, struct error *error) {
    struct kafka_event event;
    struct error ignored = {0};
    do {
        kafka_event(fixture->kafka, &event);
        if (event.kind == KAFKA_EVENT_TOPIC_DELETED)
            discovery_topic_deleted(fixture->discovery, event.slot, event.message);
    } while (event.kind != KAFKA_EVENT_NONE);
    bool answered;
    (void)discovery_step(fixture->discovery, fixture->connected, &answered, &ignored);
    fixture->connected |= answered;
    int64_t taken;
    int status = apply_step(fixture->apply, &taken, error);
    if (status == 0)
        status = apply_commit(fixture->apply, error);
    if (taken == 0)
        kafka_wait(fixture->kafka, ROUND_MS);
    return status;
}

// One of the partitions has come so far.
static void await_applied(struct fixture *fixture, int64_t next_offset) {
    struct error error = {0};
    for (int round = 0; round < ROUNDS_MAX; round++) {
        if (turn(fixture, &error) != 0)
            fail_msg("%s", error.message);
        for (int slot = 0; slot < discovery_slots(fixture->discovery); slot++)
            if (apply_committed_offset(fixture->apply, slot) == next_offset)
                return;
    }
    fail_msg("offset %lld is not reached", (long long)next_offset);
}

static void reads_what_is_the_prefixs(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    begin(fixture);
    produce(fixture, 1000);
    while (discovery_slots(fixture->discovery) == 0)
        assert_int_equal(turn(fixture, &error), 0);
    assert_false(discovery_reads_all(fixture->discovery)); // found, and its ends are being asked for
    await_applied(fixture, 1);
    assert_int_equal(discovery_slots(fixture->discovery), 1);
    assert_true(discovery_reads_all(fixture->discovery));
    assert_true(discovery_is_assigned(fixture->discovery, 0));
    assert_null(discovery_trouble(fixture->discovery));
    end(fixture);
}

// A topic that was made anew while its broker does not tell its ends is noticed once it does.
static void nothing_is_read_unverified(void **state) {
    struct fixture *fixture = *state;
    begin(fixture);
    produce(fixture, 1000);
    await_applied(fixture, 1);
    end(fixture);
    struct store_report report;
    struct error error = {0};
    assert_int_equal(store_open(&fixture->store, fixture->file.path, fixture->catalog, &report, &error), 0);
    store_begin(fixture->store);
    const struct store_offset other = {TOPIC, 0,        1, false, 0,    999, LSN_NONE,
                                       0,     LSN_NONE, 0, false, false}; // another message was the newest
    const struct store_commit commit = {.lsn = LSN_NONE, .txid = -1, .offsets = SPAN("{}")};
    assert_int_equal(store_set_offset(fixture->store, &other, &error), 0);
    assert_int_equal(store_commit(fixture->store, &commit, &error), 0);
    store_close(&fixture->store);
    assert_int_equal(rd_kafka_mock_partition_set_leader(fixture->cluster, TOPIC, 0, -1), 0);
    begin(fixture);
    int rounds = 0;
    while (discovery_trouble(fixture->discovery) == NULL && rounds++ < ROUNDS_MAX)
        assert_int_equal(turn(fixture, &error), 0);
    assert_string_equal(discovery_trouble(fixture->discovery),
                        TOPIC " partition 0 is not read yet: its broker does not tell where it ends");
    assert_false(discovery_is_assigned(fixture->discovery, 0));
    assert_int_equal(rd_kafka_mock_partition_set_leader(fixture->cluster, TOPIC, 0, 1), 0);
    int status = 0;
    for (int round = 0; round < ROUNDS_MAX && status == 0; round++)
        status = turn(fixture, &error);
    assert_int_equal(status, -1);
    assert_int_equal(error.kind, ERROR_HALT);
    assert_non_null(strstr(error.message, "made anew"));
    end(fixture);
}

// The file has read this message of the partition.
static void have_read(struct fixture *fixture, char *topic, int32_t partition) {
    struct store_report report;
    struct error error = {0};
    assert_int_equal(store_open(&fixture->store, fixture->file.path, fixture->catalog, &report, &error), 0);
    store_begin(fixture->store);
    const struct store_offset last = {topic,    partition, 1,        false, 0,     999,
                                      LSN_NONE, 0,         LSN_NONE, 0,     false, false};
    const struct store_commit commit = {.lsn = LSN_NONE, .txid = -1, .offsets = SPAN("{}")};
    assert_int_equal(store_set_offset(fixture->store, &last, &error), 0);
    assert_int_equal(store_commit(fixture->store, &commit, &error), 0);
    store_close(&fixture->store);
}

static bool is_of(struct fixture *fixture, int slot, const char *topic) {
    struct apply_partition partition;
    return apply_partition(fixture->apply, slot, &partition) && strcmp(partition.topic, topic) == 0;
}

// Rounds of discovery alone, until something is to be told or that is told no more.
static int await_trouble(struct fixture *fixture, bool wanted, struct error *error) {
    int status = 0;
    bool answered;
    for (int round = 0; round < ROUNDS_MAX && error->kind != ERROR_HALT; round++) {
        status = discovery_step(fixture->discovery, true, &answered, error);
        if ((discovery_trouble(fixture->discovery) != NULL) == wanted &&
            discovery_slots(fixture->discovery) > 0)
            break;
        kafka_wait(fixture->kafka, ROUND_MS);
    }
    return status;
}

// The file has read a partition that there is no more: nothing of the others is read.
static void a_topic_of_fewer_partitions_is_another(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    produce(fixture, 1000);
    have_read(fixture, (char[]){TOPIC}, 2);
    begin(fixture);
    assert_int_equal(await_trouble(fixture, true, &error), 0);
    char wanted[REASON_SIZE];
    (void)snprintf(
        wanted, sizeof wanted,
        TOPIC " is told to have 1 partitions, and this file has read its partition 2: the broker that was "
              "asked may lag behind, so it is asked again for %d s before this halts",
        DISCOVERY_FEWER_MS / 1000);
    assert_string_equal(discovery_trouble(fixture->discovery), wanted);
    assert_false(discovery_reads_none(fixture->discovery)); // which would be `disconnected`
    assert_false(discovery_reads_all(fixture->discovery));
    assert_int_equal(await_trouble(fixture, false, &error), -1);
    assert_string_equal(error.message,
                        TOPIC " has 1 partitions, and this file has read its partition 2: the topic was made "
                              "anew; read the topics into a new --db file");
    assert_false(discovery_is_assigned(fixture->discovery, 0));
    end(fixture);
}

// A broker that has not heard yet of partitions that were added tells as many as there were.
static void a_broker_that_lags_behind_is_asked_again(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    assert_int_equal(rd_kafka_mock_topic_create(fixture->cluster, "shop.public.orders", 3, 1), 0);
    have_read(fixture, (char[]){"shop.public.orders"}, 2);
    hidden = 1;
    begin(fixture);
    assert_int_equal(await_trouble(fixture, true, &error), 0);
    assert_false(discovery_reads_all(fixture->discovery));
    for (int slot = 0; slot < discovery_slots(fixture->discovery);
         slot++) // the others of the prefix are read
        assert_true(!discovery_is_assigned(fixture->discovery, slot) || is_of(fixture, slot, TOPIC));
    hidden = 0;
    assert_int_equal(await_trouble(fixture, false, &error), 0);
    assert_true(discovery_reads_all(fixture->discovery));
    assert_int_equal(discovery_slots(fixture->discovery), 1 + 3);
    for (int slot = 0; slot < discovery_slots(fixture->discovery); slot++)
        assert_true(discovery_is_assigned(fixture->discovery, slot));
    end(fixture);
}

// One listing more; what becomes of it.
static void await_listing(struct fixture *fixture, struct error *error) {
    bool answered;
    int before = listings;
    for (int round = 0; round < ROUNDS_MAX && listings == before; round++) {
        (void)discovery_step(fixture->discovery, true, &answered, error);
        usleep(ROUND_MS * 1000);
    }
    assert_int_equal(listings, before + 1);
}

// A broker that lags behind hears nothing either while none can be asked.
static void time_without_an_answer_is_none_that_a_broker_lags_behind(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    assert_int_equal(rd_kafka_mock_topic_create(fixture->cluster, "shop.public.orders", 3, 1), 0);
    have_read(fixture, (char[]){"shop.public.orders"}, 2);
    hidden = 1;
    begin(fixture);
    assert_int_equal(await_trouble(fixture, true, &error), 0);
    unanswered = true;
    await_listing(fixture, &error);
    assert_int_equal(error.kind, ERROR_BROKER);
    error = (struct error){0};
    skipped_s = 2 * (DISCOVERY_FEWER_MS / 1000 + 1);
    unanswered = false;
    await_listing(fixture, &error);
    assert_int_equal(error.kind, ERROR_NONE);
    assert_non_null(discovery_trouble(fixture->discovery));
    skipped_s *= 2; // of which it was told at both ends
    await_listing(fixture, &error);
    assert_int_equal(error.kind, ERROR_HALT);
    skipped_s = 0;
    end(fixture);
}

// The broker has told where it ends.
static void what_cannot_be_assigned_says_why(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    produce(fixture, 1000);
    unassigned = 1;
    begin(fixture);
    assert_int_equal(await_trouble(fixture, true, &error), -1);
    assert_string_equal(discovery_trouble(fixture->discovery), "librdkafka has no queue for " TOPIC);
    await_applied(fixture, 1); // it is tried again
    assert_null(discovery_trouble(fixture->discovery));
    end(fixture);
}

// The mock cannot make it anew with other messages: that is tested on a real broker (tests/lab).
static void a_topic_that_comes_back_is_looked_at(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    begin(fixture);
    produce(fixture, 1000);
    await_applied(fixture, 1);
    rd_kafka_mock_topic_set_error(fixture->cluster, TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    for (int round = 0; round < ROUNDS_MAX && discovery_trouble(fixture->discovery) == NULL; round++)
        assert_int_equal(turn(fixture, &error), 0);
    assert_string_equal(discovery_trouble(fixture->discovery), TOPIC " partition 0 does not exist any more");
    assert_false(discovery_is_assigned(fixture->discovery, 0));
    rd_kafka_mock_topic_set_error(fixture->cluster, TOPIC, RD_KAFKA_RESP_ERR_NO_ERROR);
    produce(fixture, 1001);
    await_applied(fixture, 2);
    assert_true(discovery_is_assigned(fixture->discovery, 0));
    assert_null(discovery_trouble(fixture->discovery));
    end(fixture);
}

// Soon after the start as well: the listing is asked for after 1 s, 2 s, 4 s, ..
static void a_new_topic_is_found_soon(void **state) {
    enum { SOON = 12 * 1000 / ROUND_MS, AFTER = 2 * 1000 / ROUND_MS };
    struct fixture *fixture = *state;
    struct error error = {0};
    begin(fixture);
    produce(fixture, 1000);
    await_applied(fixture, 1);
    for (int round = 0; round < AFTER; round++)
        assert_int_equal(turn(fixture, &error), 0);
    assert_int_equal(rd_kafka_mock_topic_create(fixture->cluster, "shop.public.orders", 1, 1), 0);
    int before = discovery_slots(fixture->discovery);
    for (int round = 0; round < SOON && discovery_slots(fixture->discovery) == before; round++)
        assert_int_equal(turn(fixture, &error), 0);
    assert_int_equal(discovery_slots(fixture->discovery), before + 1);
    end(fixture);
}

static void note_incomplete(void *self, const struct table_progress *table) {
    (void)snprintf(self, REASON_SIZE, "%s", table->incomplete != NULL ? table->incomplete : "");
}

// Not librdkafka's promise, but its mock's: of a partition it keeps 5 MB.
static void what_the_log_has_no_more_at_the_first_start_is_told(void **state) {
    enum { EVENTS = 8, EVENT_SIZE = 900 * 1000 };
    struct fixture *fixture = *state;
    static char value[EVENT_SIZE];
    char reason[REASON_SIZE];
    const char *topic = "shop.public.orders";
    assert_int_equal(rd_kafka_mock_topic_create(fixture->cluster, topic, 1, 1), 0);
    for (int i = 0; i < EVENTS; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "{\"id\":%d}", i);
        int size = snprintf(value, sizeof value,
                            "{\"before\":null,\"after\":{\"id\":%d},\"op\":\"c\",\"source\":{\"lsn\":%d,"
                            "\"ts_ms\":1,\"schema\":\"public\",\"table\":\"orders\"},\"pad\":\"",
                            i, 1000 + i);
        memset(value + size, 'x', sizeof value - 4 - (size_t)size);
        (void)snprintf(value + sizeof value - 4, 4, "\"}");
        produce_to(fixture, topic, key, value, 1000);
    }
    begin(fixture);
    await_applied(fixture, EVENTS);
    const struct table *orders = catalog_table(fixture->catalog, "orders", 6);
    progress_table_visit(fixture->progress, orders->index, note_incomplete, reason);
    int first = -1;
    assert_int_equal(
        sscanf(reason, "shop.public.orders partition 0 began at offset %d at the first start: ", &first), 1);
    assert_in_range(first, 1, EVENTS - 1);
    assert_non_null(strstr(reason, "rows that have not changed since are missing until the next snapshot"));
    end(fixture);
}

static void produce_deletes(struct fixture *fixture, const char *topic, int partition, int count) {
    static const char key[] = "{\"id\":1}";
    for (int i = 0; i < count; i++) {
        rd_kafka_resp_err_t refused;
        while ((refused = rd_kafka_producev(fixture->producer, RD_KAFKA_V_TOPIC(topic),
                                            RD_KAFKA_V_PARTITION(partition),
                                            RD_KAFKA_V_KEY((void *)(uintptr_t)key, sizeof key - 1),
                                            RD_KAFKA_V_END)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            (void)rd_kafka_poll(fixture->producer, ROUND_MS);
        assert_int_equal(refused, 0);
    }
    assert_int_equal(rd_kafka_flush(fixture->producer, ROUNDS_MAX * ROUND_MS), 0);
}

// A client that was opened anew for them is asked for the ends again, and reads on; what was read is not behind.
static void those_far_behind_are_told(void **state) {
    struct fixture *fixture = *state;
    char topic[] = "shop.public.orders";
    is_many = true;
    assert_int_equal(rd_kafka_mock_topic_create(fixture->cluster, topic, 4, 1), 0);
    for (int partition = 1; partition <= 3; partition++)
        produce_deletes(fixture, topic, partition,
                        partition == 1   ? DISCOVERY_FAR / 2
                        : partition == 2 ? DISCOVERY_FAR
                                         : DISCOVERY_FAR_FOR_LONG);
    produce(fixture, 1000);
    begin(fixture);
    await_applied(fixture, DISCOVERY_FAR);
    assert_int_equal(tells_far, 1);
    assert_int_equal(told_far, 2);
    end(fixture);
    tells_far = 0;
    is_many = false;
    struct store_report report;
    struct error error = {0};
    assert_int_equal(store_open(&fixture->store, fixture->file.path, fixture->catalog, &report, &error), 0);
    store_begin(fixture->store);
    const struct store_offset near = {topic, 2, 1, false, 0, 0, LSN_NONE, 0, LSN_NONE, 0, false, false};
    const struct store_offset near_too = {
        topic, 3,    DISCOVERY_FAR_FOR_LONG - DISCOVERY_FAR + 1, false, 0, 0, LSN_NONE, 0, LSN_NONE, 0,
        false, false};
    const struct store_commit commit = {.lsn = LSN_NONE, .txid = -1, .offsets = SPAN("{}")};
    assert_int_equal(store_set_offset(fixture->store, &near, &error), 0);
    assert_int_equal(store_set_offset(fixture->store, &near_too, &error), 0);
    assert_int_equal(store_commit(fixture->store, &commit, &error), 0);
    store_close(&fixture->store);
    begin(fixture);
    for (int round = 0; round < ROUNDS_MAX && tells_far == 0; round++)
        assert_int_equal(turn(fixture, &error), 0);
    assert_int_equal(tells_far, 1);
    assert_int_equal(told_far, 0);
    end(fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_what_is_the_prefixs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_topic_of_fewer_partitions_is_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broker_that_lags_behind_is_asked_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(time_without_an_answer_is_none_that_a_broker_lags_behind, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_assigned_says_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_read_unverified, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_topic_that_comes_back_is_looked_at, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_topic_is_found_soon, set_up, tear_down),
        cmocka_unit_test_setup_teardown(those_far_behind_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_log_has_no_more_at_the_first_start_is_told, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
