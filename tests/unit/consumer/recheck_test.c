// Whether the log is still the one that was read: what makes a second client ask, and what comes of its answer. The live reading is
// played here, and the broker that is asked is librdkafka's mock cluster.
#include "consumer/consume/recheck.h"

#include "tests/unit/consumer/mock_cluster.h"
#include "tests/unit/shop_file.h"

#include "views/engine/read.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 600, ROUND_MS = 20, SLOW_MS = 60000, FIRST_MS = 1000 };

static const char topic[] = "shop.public.orders";

// What the client of the live reading says.
static unsigned told;
static unsigned stood_still;
static int64_t connection;

unsigned __wrap_kafka_told(const struct kafka *kafka);
unsigned __wrap_kafka_told(const struct kafka *kafka) {
    (void)kafka;
    return told;
}

static unsigned closed;

unsigned __wrap_kafka_closed(void);
unsigned __wrap_kafka_closed(void) {
    return closed;
}

unsigned __wrap_kafka_stood_still(const struct kafka *kafka);
unsigned __wrap_kafka_stood_still(const struct kafka *kafka) {
    (void)kafka;
    return stood_still;
}

int64_t __wrap_kafka_connection(const struct kafka *kafka, int slot);
int64_t __wrap_kafka_connection(const struct kafka *kafka, int slot) {
    (void)kafka;
    (void)slot;
    return connection;
}

static struct kafka_place other_end;

struct kafka_place __wrap_kafka_other_end(const struct kafka *kafka, int slot);
struct kafka_place __wrap_kafka_other_end(const struct kafka *kafka, int slot) {
    (void)kafka;
    (void)slot;
    return other_end;
}

static int slots;

int __wrap_discovery_slots(const struct discovery *discovery);
int __wrap_discovery_slots(const struct discovery *discovery) {
    (void)discovery;
    return slots;
}

bool __wrap_discovery_is_assigned(const struct discovery *discovery, int slot);
bool __wrap_discovery_is_assigned(const struct discovery *discovery, int slot) {
    (void)discovery;
    return slot < slots;
}

static int opened;
static int refused; // so many more are

int __real_kafka_open(struct kafka **ret, const struct kafka_config *config, struct error *error);
int __wrap_kafka_open(struct kafka **ret, const struct kafka_config *config, struct error *error);
int __wrap_kafka_open(struct kafka **ret, const struct kafka_config *config, struct error *error) {
    if (refused > 0) {
        refused--;
        return error_set(error, ERROR_SYSTEM, "no thread is left");
    }
    opened++;
    return __real_kafka_open(ret, config, error);
}

static int unassigned; // so many more partitions are not

int __real_kafka_assign(struct kafka *kafka, int slot, const char *name, int32_t partition, int64_t offset,
                        struct error *error);
int __wrap_kafka_assign(struct kafka *kafka, int slot, const char *name, int32_t partition, int64_t offset,
                        struct error *error);
int __wrap_kafka_assign(struct kafka *kafka, int slot, const char *name, int32_t partition, int64_t offset,
                        struct error *error) {
    if (unassigned == 0)
        return __real_kafka_assign(kafka, slot, name, partition, offset, error);
    unassigned--;
    return error_set(error, ERROR_BROKER, "librdkafka has no queue for %s", name);
}

// The message that is delivered to the live reading.
struct log {
    struct message message;
    bool taken;
};

static const struct message *peek(void *self, int slot) {
    struct log *log = self;
    return slot == log->message.slot && !log->taken ? &log->message : NULL;
}

static void release(void *self, int slot) {
    (void)slot;
    ((struct log *)self)->taken = true;
}

static bool at_end(void *self, int slot) {
    return peek(self, slot) == NULL;
}

static int unwritten; // so many more marks are not

int __real_store_set_incomplete(struct store *store, const struct table *table, const char *reason,
                                struct error *error);
int __wrap_store_set_incomplete(struct store *store, const struct table *table, const char *reason,
                                struct error *error);
int __wrap_store_set_incomplete(struct store *store, const struct table *table, const char *reason,
                                struct error *error) {
    if (unwritten == 0)
        return __real_store_set_incomplete(store, table, reason, error);
    unwritten--;
    return error_set(error, ERROR_RETRY, "the disk is full");
}

struct fixture {
    struct shop_file file;
    rd_kafka_t *producer;
    rd_kafka_mock_cluster_t *cluster;
    struct catalog *catalog;
    struct store *store;
    struct progress *progress;
    struct log log;
    struct apply *apply;
    struct recheck *recheck;
    struct unnoted unnoted;
    int64_t now_ms;
};

static void open_run(struct fixture *f) {
    struct error error = {0};
    struct store_report report;
    int64_t next;
    int slot;
    assert_int_equal(store_open(&f->store, f->file.path, f->catalog, &report, &error), 0);
    assert_int_equal(progress_new(&f->progress, &error), 0);
    const struct apply_config applied = {
        .catalog = f->catalog,
        .store = f->store,
        .progress = f->progress,
        .source = {.self = &f->log, .peek = peek, .release = release, .at_end = at_end},
        .prefix = "shop",
        .settings = &value_settings_default,
        .commit_messages = APPLY_COMMIT_MESSAGES};
    assert_int_equal(apply_new(&f->apply, &applied, &error), 0);
    assert_int_equal(apply_add_partition(f->apply, topic, 0, &slot, &next, &error), 0);
    const struct kafka_config kafka = {.brokers = rd_kafka_mock_cluster_bootstraps(f->cluster),
                                       .group_id = "check"};
    const struct recheck_config config = {.kafka = &kafka, .apply = f->apply, .unnoted = &f->unnoted};
    assert_int_equal(recheck_new(&f->recheck, &config, &error), 0);
}

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    struct error error = {0};
    assert_non_null(f);
    shop_file_make(&f->file, "recheck");
    assert_int_equal(catalog_load(NULL, NULL, &f->catalog, &error), 0);
    f->producer = mock_cluster_start(1, &f->cluster);
    assert_int_equal(rd_kafka_mock_topic_create(f->cluster, topic, 1, 1), 0);
    told = stood_still = closed = 0;
    connection = 0;
    other_end = (struct kafka_place){0};
    opened = refused = unassigned = unwritten = 0;
    slots = 1;
    f->now_ms = FIRST_MS;
    open_run(f);
    *state = f;
    return 0;
}

static void close_run(struct fixture *f) {
    recheck_free(&f->recheck);
    apply_free(&f->apply);
    progress_free(&f->progress);
    store_close(&f->store);
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    close_run(f);
    rd_kafka_destroy(f->producer);
    catalog_free(&f->catalog);
    shop_file_remove(&f->file);
    free(f);
    return 0;
}

// To the log that the second client finds.
static void produce(struct fixture *f, int64_t ts_ms) {
    assert_int_equal(rd_kafka_producev(f->producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                       RD_KAFKA_V_KEY((void *)(uintptr_t) "{}", 2),
                                       RD_KAFKA_V_TIMESTAMP(ts_ms), RD_KAFKA_V_END),
                     0);
    assert_int_equal(rd_kafka_flush(f->producer, ROUNDS_MAX * ROUND_MS), 0);
}

// One message of the log that the live reading has.
static void take(struct fixture *f, int64_t offset, int64_t ts_ms) {
    struct error error = {0};
    int64_t taken;
    f->log = (struct log){
        .message = {.offset = offset, .ts_ms = ts_ms, .key = SPAN("{}"), .value = SPAN("{\"ts_ms\":1}")}};
    assert_int_equal(apply_step(f->apply, &taken, &error), 0);
    assert_int_equal(taken, 1);
    assert_int_equal(apply_commit(f->apply, &error), 0);
}

// Three messages; both logs have the first two alike.
static void take_three(struct fixture *f, int64_t third_of_log_ms) {
    for (int64_t offset = 0; offset < 3; offset++) {
        take(f, offset, FIRST_MS + offset);
        produce(f, offset < 2 ? FIRST_MS + offset : third_of_log_ms);
    }
}

static void step(struct fixture *f) {
    struct error error = {0};
    if (recheck_step(f->recheck, f->now_ms, &error) != 0)
        fail_msg("%s", error.message);
}

// With new statistics, over this connection.
static void step_told(struct fixture *f, int64_t over) {
    connection = over;
    told++;
    step(f);
}

// Rounds until a step fails, or for so long as a client needs that finds nothing wrong.
static int await(struct fixture *f, struct error *error) {
    int status = 0;
    int clients = opened;
    for (int round = 0; round < ROUNDS_MAX && status == 0 && opened == clients; round++) {
        connection++; // each is a new doubt: the next client is opened once the one before has ended
        told++;
        status = recheck_step(f->recheck, f->now_ms, error);
        (void)rd_kafka_poll(f->producer, ROUND_MS);
    }
    return status;
}

static void note(void *self, const char *table, const char *reason) {
    (void)snprintf(self, ERROR_MESSAGE_SIZE, "%s: %s", table, reason);
}

static void expect_mark(struct fixture *f) {
    struct error error = {0};
    char incomplete[ERROR_MESSAGE_SIZE] = "";
    assert_int_equal(read_incomplete(f->file.path, note, incomplete, &error), 0);
    assert_ptr_equal(strstr(incomplete, "orders: shop.public.orders partition 0: offset "), incomplete);
}

static void expect_halt(struct fixture *f, const char *begins) {
    struct error error = {0};
    assert_int_equal(await(f, &error), -1);
    assert_int_equal(error.kind, ERROR_HALT);
    assert_ptr_equal(strstr(error.message, begins), error.message);
    assert_int_equal(opened, 1);
    expect_mark(f);
}

static void another_connection_to_the_same_log(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    take_three(f, FIRST_MS + 2);
    step_told(f, 5);
    step_told(f, 5);
    assert_int_equal(opened, 0);
    step_told(f, 6);
    assert_int_equal(opened, 1);
    assert_int_equal(await(f, &error), 0);
    assert_int_equal(opened, 2); // the first has ended, and had found nothing
}

static void another_connection_to_another_log(void **state) {
    struct fixture *f = *state;
    take_three(f, FIRST_MS + 77);
    step_told(f, 5);
    step_told(f, 6);
    expect_halt(f,
                "shop.public.orders partition 0: offset 2 is not the message any more that was read there: ");
}

// The next run begins with it, and would find nothing strange: its newest message is of the other log.
static void what_the_file_could_not_keep_is_kept_by_the_next_run(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    take_three(f, FIRST_MS + 77);
    step_told(f, 5);
    take(f, 3, FIRST_MS + 78);
    produce(f, FIRST_MS + 78);
    unwritten = 2;
    step_told(f, 6);
    assert_int_equal(await(f, &error), -1);
    assert_int_equal(error.kind, ERROR_RETRY);
    for (int run = 0; run < 2; run++) {
        close_run(f);
        open_run(f);
        assert_int_equal(recheck_step(f->recheck, f->now_ms, &error), -1);
        assert_int_equal(error.kind, run == 0 ? ERROR_RETRY : ERROR_HALT);
    }
    expect_mark(f);
    step(f); // it is told once
}

// It was cut off before what was taken.
static void another_connection_to_a_shorter_log(void **state) {
    struct fixture *f = *state;
    produce(f, FIRST_MS);
    for (int64_t offset = 0; offset < 5; offset++)
        take(f, offset, FIRST_MS + offset);
    step_told(f, 5);
    step_told(f, 6);
    expect_halt(f,
                "shop.public.orders partition 0: offset 4 is not the message any more that was read there: ");
}

// What is taken between two statistics may be the other log's already, and would be equal to itself.
static void the_newest_is_that_of_before(void **state) {
    struct fixture *f = *state;
    take_three(f, FIRST_MS + 77);
    step_told(f, 5);
    take(f, 3, FIRST_MS + 78);
    produce(f, FIRST_MS + 78);
    step_told(f, 6);
    expect_halt(f,
                "shop.public.orders partition 0: offset 2 is not the message any more that was read there: ");
}

// A new leader that lacks the last of them, and has got as many others since: the newest of before is the same in both.
static void what_a_leader_lost_between_two_statistics(void **state) {
    struct fixture *f = *state;
    take(f, 0, FIRST_MS);
    produce(f, FIRST_MS);
    step_told(f, 5);
    for (int64_t offset = 1; offset < 4; offset++) {
        take(f, offset, offset < 3 ? FIRST_MS + offset : FIRST_MS + 77 + offset);
        produce(f, FIRST_MS + 77 + offset);
    }
    other_end = (struct kafka_place){2, FIRST_MS + 2};
    step_told(f, 6);
    expect_halt(f,
                "shop.public.orders partition 0: offset 2 is not the message any more that was read there: ");
}

// A log that its own broker has cut off there, and that has grown on: the newest of the statistics before is the same in both.
static void what_was_cut_off_behind_the_newest_statistics(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    take_three(f, FIRST_MS + 2);
    step_told(f, 5);
    take(f, 3, FIRST_MS + 3);
    produce(f, FIRST_MS + 77);
    closed++;
    step(f);
    take(f, 4, FIRST_MS + 78);
    produce(f, FIRST_MS + 78);
    step_told(f, 5); // made before it was closed, or while nothing had come of it
    closed++;        // another one
    step_told(f, 6);
    assert_int_equal(opened, 1);
    for (int round = 0; round < ROUNDS_MAX && error.kind == ERROR_NONE; round++) {
        (void)recheck_step(f->recheck, f->now_ms, &error);
        (void)rd_kafka_poll(f->producer, ROUND_MS);
    }
    assert_int_equal(error.kind, ERROR_HALT);
    assert_non_null(strstr(error.message, ": offset 3 is not the message any more that was read there: "));
    assert_int_equal(opened, 2); // the newest was asked for first
}

// Connections to other brokers come and go.
static void a_connection_that_is_closed_alone_asks_nothing(void **state) {
    struct fixture *f = *state;
    take_three(f, FIRST_MS + 77);
    step_told(f, 5);
    for (int round = 0; round < 5; round++) {
        closed++;
        step(f);
        step_told(f, 5);
    }
    assert_int_equal(opened, 0);
}

// Each is asked for once.
static void a_leader_that_had_all(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    take_three(f, FIRST_MS + 2);
    step_told(f, 5);
    other_end = (struct kafka_place){1, FIRST_MS + 1};
    step_told(f, 6);
    assert_int_equal(await(f, &error), 0);
    assert_int_equal(opened, 2);
}

static void a_process_that_stood_still_asks(void **state) {
    struct fixture *f = *state;
    take_three(f, FIRST_MS + 77);
    step_told(f, 5);
    stood_still++;
    step_told(f, 5);
    assert_int_equal(opened, 1);
    expect_halt(f,
                "shop.public.orders partition 0: offset 2 is not the message any more that was read there: ");
}

// A view's statement, or a commit, that takes a minute: librdkafka has read on meanwhile, and been told what became of the topic.
static void a_slow_round_asks_nothing(void **state) {
    struct fixture *f = *state;
    take_three(f, FIRST_MS + 2);
    step_told(f, 5);
    for (int round = 0; round < 3; round++) {
        f->now_ms += SLOW_MS;
        step(f);
        step_told(f, 5);
    }
    assert_int_equal(opened, 0);
}

// Nothing was taken that could be compared.
static void nothing_taken_is_nothing_to_ask(void **state) {
    struct fixture *f = *state;
    step_told(f, 5);
    stood_still++;
    step_told(f, 6);
    assert_int_equal(opened, 0);
}

// The connection of the first messages may be lost before any statistics name it.
static void a_connection_that_was_never_told(void **state) {
    struct fixture *f = *state;
    take_three(f, FIRST_MS + 2);
    step_told(f, 0);
    step_told(f, 7);
    assert_int_equal(opened, 1);
}

static void no_second_client_is_no_end(void **state) {
    struct fixture *f = *state;
    take_three(f, FIRST_MS + 77);
    step_told(f, 5);
    refused = 1;
    step_told(f, 6);
    step_told(f, 6);
    assert_int_equal(opened, 0);
    f->now_ms += SLOW_MS;
    step(f);
    assert_int_equal(opened, 1);
    expect_halt(f,
                "shop.public.orders partition 0: offset 2 is not the message any more that was read there: ");
}

static void what_cannot_be_read_is_asked_for_again(void **state) {
    struct fixture *f = *state;
    take_three(f, FIRST_MS + 77);
    step_told(f, 5);
    unassigned = 1;
    step_told(f, 6);
    step_told(f, 6);
    assert_int_equal(opened, 1);
    f->now_ms += SLOW_MS;
    step(f);
    assert_int_equal(opened, 2);
    opened = 1;
    expect_halt(f,
                "shop.public.orders partition 0: offset 2 is not the message any more that was read there: ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(another_connection_to_the_same_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_connection_to_another_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_file_could_not_keep_is_kept_by_the_next_run, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_connection_to_a_shorter_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_newest_is_that_of_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_leader_lost_between_two_statistics, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_cut_off_behind_the_newest_statistics, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_connection_that_is_closed_alone_asks_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_leader_that_had_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_process_that_stood_still_asks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_round_asks_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_taken_is_nothing_to_ask, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_connection_that_was_never_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_second_client_is_no_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_asked_for_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
