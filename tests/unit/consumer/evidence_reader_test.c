// What evidence is read of a broker whose log moves meanwhile.
#include "consumer/evidence/reader.h"

#include "mock_cluster.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BIG_MESSAGE = 2 * 1024 * 1024, KEPT_MAX = 3, FLUSH_MS = 10000 }; // the mock keeps 5 MB of a partition

static rd_kafka_t *producer;
static const char topic[] = "shop.public.orders";
static bool moves;

static void produce(const char *key, const char *value, size_t size) {
    assert_int_equal(rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                                       RD_KAFKA_V_KEY(key, strlen(key)),
                                       RD_KAFKA_V_VALUE((void *)(uintptr_t)value, size),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(rd_kafka_flush(producer, FLUSH_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
}

// The oldest message goes.
static void move(void) {
    char *big = calloc(1, BIG_MESSAGE);
    assert_non_null(big);
    for (int i = 0; moves && i < KEPT_MAX; i++)
        produce("big", big, BIG_MESSAGE);
    free(big);
}

int __real_kafka_assign(struct kafka *kafka, int slot, const char *name, int32_t partition, int64_t offset,
                        struct error *error);
int __wrap_kafka_assign(struct kafka *kafka, int slot, const char *name, int32_t partition, int64_t offset,
                        struct error *error);
int __wrap_kafka_assign(struct kafka *kafka, int slot, const char *name, int32_t partition, int64_t offset,
                        struct error *error) {
    move();
    return __real_kafka_assign(kafka, slot, name, partition, offset, error);
}

int __real_kafka_assign_oldest(struct kafka *kafka, int slot, const char *name, int32_t partition,
                               int64_t low, struct error *error);
int __wrap_kafka_assign_oldest(struct kafka *kafka, int slot, const char *name, int32_t partition,
                               int64_t low, struct error *error);
int __wrap_kafka_assign_oldest(struct kafka *kafka, int slot, const char *name, int32_t partition,
                               int64_t low, struct error *error) {
    move();
    return __real_kafka_assign_oldest(kafka, slot, name, partition, low, error);
}

static rd_kafka_mock_cluster_t
    *led; // its topic has no leader while ends are asked for the first time, NULL = it has
static int asked_for_ends;

bool __real_kafka_ask_ends(struct kafka *kafka, struct kafka_ends *ends, int count);
bool __wrap_kafka_ask_ends(struct kafka *kafka, struct kafka_ends *ends, int count);
bool __wrap_kafka_ask_ends(struct kafka *kafka, struct kafka_ends *ends, int count) {
    if (led != NULL)
        assert_int_equal(rd_kafka_mock_partition_set_leader(led, topic, 0, asked_for_ends == 0 ? -1 : 1), 0);
    asked_for_ends++;
    return __real_kafka_ask_ends(kafka, ends, count);
}

static bool falls_silent;         // behind the first answer that tells ends, for longer than is waited
static _Atomic int64_t skipped_s; // that much later than it is

bool __real_kafka_take_ends(struct kafka *kafka);
bool __wrap_kafka_take_ends(struct kafka *kafka);
bool __wrap_kafka_take_ends(struct kafka *kafka) {
    if (!falls_silent || asked_for_ends == 1)
        return __real_kafka_take_ends(kafka);
    skipped_s = EVIDENCE_SILENCE_MS / 1000 + 1;
    return false;
}

int __real_clock_gettime(clockid_t which, struct timespec *ret);
int __wrap_clock_gettime(clockid_t which, struct timespec *ret);
int __wrap_clock_gettime(clockid_t which, struct timespec *ret) {
    int status = __real_clock_gettime(which, ret);
    ret->tv_sec += skipped_s;
    return status;
}

static int64_t read_messages(bool moving, bool leaderless) {
    rd_kafka_mock_cluster_t *cluster;
    producer = mock_cluster_start(1, &cluster);
    assert_int_equal(rd_kafka_mock_topic_create(cluster, topic, 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    static const char value[] = "{\"op\":\"c\",\"before\":null,\"after\":{\"id\":1},\"source\":{}}";
    produce("{\"id\":1}", value, sizeof value - 1);
    moves = moving;
    asked_for_ends = 0;
    led = leaderless ? cluster : NULL;
    const struct kafka_config config = {.brokers = rd_kafka_mock_cluster_bootstraps(cluster),
                                        .group_id = "tidemark-test"};
    struct evidence evidence = {0};
    struct error error = {0};
    if (evidence_read_broker(&evidence, &config, "shop", NULL, false, &error) != 0)
        fail_msg("%s", error.message);
    assert_int_equal(evidence.topic_count, 1);
    int64_t messages = evidence.topics[0].messages;
    evidence_free(&evidence);
    rd_kafka_destroy(producer);
    return messages;
}

static void a_sample_is_read(void **state) {
    (void)state;
    assert_int_equal(read_messages(false, false), 1);
}

static void a_beginning_that_moves_is_followed(void **state) {
    (void)state;
    assert_int_equal(read_messages(true, false), 0);
}

// As in the seconds behind a broker's end.
static void a_partition_without_a_leader_is_asked_for_again(void **state) {
    (void)state;
    assert_int_equal(read_messages(false, true), 1);
    assert_true(asked_for_ends >= 2);
}

// Ends that were told before the silence are no reason to name their partition.
static void the_partition_that_lacks_its_ends_is_named(void **state) {
    (void)state;
    rd_kafka_mock_cluster_t *cluster;
    producer = mock_cluster_start(1, &cluster);
    assert_int_equal(rd_kafka_mock_topic_create(cluster, topic, 2, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(rd_kafka_mock_partition_set_leader(cluster, topic, 1, -1), RD_KAFKA_RESP_ERR_NO_ERROR);
    asked_for_ends = 0;
    led = NULL;
    falls_silent = true;
    const struct kafka_config config = {.brokers = rd_kafka_mock_cluster_bootstraps(cluster),
                                        .group_id = "tidemark-test"};
    struct evidence evidence = {0};
    struct error error = {0};
    assert_int_equal(evidence_read_broker(&evidence, &config, "shop", NULL, false, &error), -1);
    falls_silent = false;
    skipped_s = 0;
    static const char begins[] = "shop.public.orders partition 1: the broker does not tell its ends";
    assert_ptr_equal(strstr(error.message, begins), error.message);
    evidence_free(&evidence);
    rd_kafka_destroy(producer);
}

// Where the connector's topic.delimiter, or a router, gives all topics other names: lines of source.sql say them.
static void topics_that_lines_name_are_enough(void **state) {
    (void)state;
    rd_kafka_mock_cluster_t *cluster;
    producer = mock_cluster_start(1, &cluster);
    assert_int_equal(rd_kafka_mock_topic_create(cluster, "shop_public_orders", 1, 1),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
    const struct kafka_config config = {.brokers = rd_kafka_mock_cluster_bootstraps(cluster),
                                        .group_id = "tidemark-test"};
    struct evidence evidence = {0};
    led = NULL;
    struct catalog *catalog;
    struct error error = {0};
    assert_int_equal(catalog_load_source("create table orders(id int primary key);\n"
                                         "-- tidemark: topic orders = shop_public_orders\n",
                                         &catalog, &error),
                     0);
    assert_int_equal(evidence_read_broker(&evidence, &config, "shop", NULL, false, &error), -1);
    assert_int_equal(error.kind, ERROR_NOTFOUND);
    evidence_free(&evidence);
    if (evidence_read_broker(&evidence, &config, "shop", catalog, false, &error) != 0)
        fail_msg("%s", error.message);
    assert_int_equal(evidence.topic_count, 1);
    evidence_free(&evidence);
    catalog_free(&catalog);
    rd_kafka_destroy(producer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_is_read),
        cmocka_unit_test(a_beginning_that_moves_is_followed),
        cmocka_unit_test(a_partition_without_a_leader_is_asked_for_again),
        cmocka_unit_test(the_partition_that_lacks_its_ends_is_named),
        cmocka_unit_test(topics_that_lines_name_are_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
