#include "consumer/broker/kafka.h"

#include "consumer/broker/client/partition.h"
#include "consumer/broker/client/settings.h"
#include "consumer/broker/client/survey.h"
#include "tests/unit/consumer/mock_cluster.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <limits.h>
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

#include <pthread.h>
#include <stdatomic.h>

enum { ROUNDS_MAX = 600, ROUND_MS = 50, HELD_ROUNDS = 100, BIG_MESSAGE = 4 << 20, SLOW_MS = 30000 };

#define TOPIC "shop.public.orders"

// Lists that were made by our own code and are not destroyed yet.
static int lists;

rd_kafka_topic_partition_list_t *__real_rd_kafka_topic_partition_list_new(int size);
rd_kafka_topic_partition_list_t *__wrap_rd_kafka_topic_partition_list_new(int size);
rd_kafka_topic_partition_list_t *__wrap_rd_kafka_topic_partition_list_new(int size) {
    lists++;
    return __real_rd_kafka_topic_partition_list_new(size);
}

void __real_rd_kafka_topic_partition_list_destroy(rd_kafka_topic_partition_list_t *list);
void __wrap_rd_kafka_topic_partition_list_destroy(rd_kafka_topic_partition_list_t *list);
void __wrap_rd_kafka_topic_partition_list_destroy(rd_kafka_topic_partition_list_t *list) {
    lists--;
    __real_rd_kafka_topic_partition_list_destroy(list);
}

// The end of a client does not come while it is held, for so many rounds.
static atomic_bool end_is_held;

void __real_rd_kafka_destroy_flags(rd_kafka_t *client, int flags);
void __wrap_rd_kafka_destroy_flags(rd_kafka_t *client, int flags);
void __wrap_rd_kafka_destroy_flags(rd_kafka_t *client, int flags) {
    for (int round = 0; round < HELD_ROUNDS && atomic_load(&end_is_held); round++)
        usleep(ROUND_MS * 1000);
    __real_rd_kafka_destroy_flags(client, flags);
}

struct broker {
    rd_kafka_t *producer;
    rd_kafka_mock_cluster_t *cluster;
};

static void broker_start_many(struct broker *broker, int partitions, int brokers) {
    broker->producer = mock_cluster_start(brokers, &broker->cluster);
    assert_int_equal(rd_kafka_mock_topic_create(broker->cluster, TOPIC, partitions, 1), 0);
}

static void broker_start(struct broker *broker, int partitions) {
    broker_start_many(broker, partitions, 1);
}

static void broker_stop(struct broker *broker) {
    rd_kafka_destroy(broker->producer);
}

static void produce(struct broker *broker, int32_t partition, struct span key, struct span value) {
    assert_int_equal(
        rd_kafka_producev(broker->producer, RD_KAFKA_V_TOPIC(TOPIC), RD_KAFKA_V_PARTITION(partition),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.data, key.size),
                          RD_KAFKA_V_VALUE((void *)(uintptr_t)value.data, value.size),
                          RD_KAFKA_V_TIMESTAMP(1795386736275), RD_KAFKA_V_END),
        0);
    assert_int_equal(rd_kafka_flush(broker->producer, ROUNDS_MAX * ROUND_MS), 0);
}

static struct kafka *open_kafka(struct broker *broker) {
    struct kafka *kafka = NULL;
    struct error error = {0};
    struct kafka_config config = {.brokers = rd_kafka_mock_cluster_bootstraps(broker->cluster),
                                  .group_id = "tidemark-test"};
    if (kafka_open(&kafka, &config, &error) != 0)
        fail_msg("%s", error.message);
    return kafka;
}

static void assign(struct kafka *kafka, int slot, int32_t partition, int64_t offset) {
    struct error error = {0};
    if (kafka_assign(kafka, slot, TOPIC, partition, offset, &error) != 0)
        fail_msg("%s", error.message);
}

static const struct message *await_message(struct kafka *kafka, int slot) {
    struct message_source source = kafka_source(kafka);
    const struct message *message = NULL;
    for (int round = 0; round < ROUNDS_MAX && message == NULL; round++) {
        message = source.peek(source.self, slot);
        if (message == NULL)
            kafka_wait(kafka, ROUND_MS);
    }
    assert_non_null(message);
    return message;
}

static void await_end(struct kafka *kafka, int slot) {
    struct message_source source = kafka_source(kafka);
    bool end = false;
    for (int round = 0; round < ROUNDS_MAX && !end; round++) {
        end = source.at_end(source.self, slot);
        if (!end)
            kafka_wait(kafka, ROUND_MS);
    }
    assert_true(end);
    assert_null(source.peek(source.self, slot));
}

static struct kafka_event await_event(struct kafka *kafka, enum kafka_event_kind kind) {
    struct message_source source = kafka_source(kafka);
    struct kafka_event event = {0};
    for (int round = 0; round < ROUNDS_MAX && event.kind != kind; round++) {
        (void)source.peek(source.self, 0);
        kafka_event(kafka, &event);
        if (event.kind == KAFKA_EVENT_NONE)
            kafka_wait(kafka, ROUND_MS);
    }
    assert_int_equal(event.kind, kind);
    return event;
}

static void reads_keys_values_and_nulls(void **state) {
    (void)state;
    struct broker broker;
    broker_start(&broker, 2);
    produce(&broker, 0, SPAN("k"), SPAN("v"));
    produce(&broker, 0, SPAN("gone"), (struct span){0});
    produce(&broker, 0, (struct span){0}, SPAN("keyless"));
    produce(&broker, 1, SPAN("other"), SPAN(""));
    struct kafka *kafka = open_kafka(&broker);
    struct message_source source = kafka_source(kafka);
    assign(kafka, 0, 0, 0);
    assign(kafka, 3, 1, -1);
    const struct message *message = await_message(kafka, 0);
    assert_int_equal(message->slot, 0);
    assert_int_equal(message->offset, 0);
    assert_int_equal(message->ts_ms, 1795386736275);
    assert_true(span_is(message->key, "k"));
    assert_true(span_is(message->value, "v"));
    assert_ptr_equal(source.peek(source.self, 0), message);
    assert_false(source.at_end(source.self, 0));
    source.release(source.self, 0);
    message = await_message(kafka, 0);
    assert_true(span_is(message->key, "gone"));
    assert_null(message->value.data);
    source.release(source.self, 0);
    message = await_message(kafka, 0);
    assert_null(message->key.data);
    assert_int_equal(message->offset, 2);
    message = await_message(kafka, 3); // while the other waits
    assert_int_equal(message->slot, 3);
    assert_non_null(message->value.data);
    assert_int_equal(message->value.size, 0);
    source.release(source.self, 3);
    await_end(kafka, 3);
    assert_false(source.at_end(source.self, 0));
    source.release(source.self, 0);
    await_end(kafka, 0);
    assert_null(source.peek(source.self, 1));
    assert_null(source.peek(source.self, 99));
    kafka_close(&kafka);
    broker_stop(&broker);
}

static void knows_the_end_again_after_a_restart(void **state) {
    (void)state;
    struct broker broker;
    broker_start(&broker, 2);
    produce(&broker, 0, SPAN("a"), SPAN("1"));
    produce(&broker, 0, SPAN("a"), SPAN("2"));
    struct kafka *kafka = open_kafka(&broker);
    struct message_source source = kafka_source(kafka);
    assign(kafka, 0, 0, 2);
    assign(kafka, 1, 1, -1); // empty
    await_end(kafka, 0);
    await_end(kafka, 1);
    int64_t at_ms = 0;
    assert_int_equal(kafka_high(kafka, 0, &at_ms), 2);
    assert_true(at_ms > 0);
    produce(&broker, 0, SPAN("a"), SPAN("3"));
    const struct message *message = await_message(kafka, 0);
    assert_int_equal(message->offset, 2);
    assert_false(source.at_end(source.self, 0));
    source.release(source.self, 0);
    await_end(kafka, 0);
    kafka_close(&kafka);
    broker_stop(&broker);
}

static void tells_an_offset_that_is_not_there(void **state) {
    (void)state;
    struct broker broker;
    broker_start(&broker, 1);
    produce(&broker, 0, SPAN("a"), SPAN("1"));
    struct kafka *kafka = open_kafka(&broker);
    assign(kafka, 0, 0, 7);
    struct kafka_event event = await_event(kafka, KAFKA_EVENT_OUT_OF_RANGE);
    assert_int_equal(event.slot, 0);
    assert_true(event.cut_off);
    assert_string_equal(
        event.message,
        TOPIC " partition 0: the log was cut off: it ends at 1, and everything up to offset 7 had been "
              "read. The broker lost messages (an unclean leader election, a disk that was set back) "
              "or the topic was made anew; read the topics into a new --db file");
    struct message_source source = kafka_source(kafka);
    assert_false(source.at_end(source.self, 0));
    struct error error = {0};
    assert_int_equal(kafka_assign(kafka, 0, TOPIC, 0, 0, &error), -1);
    assert_non_null(strstr(error.message, TOPIC));
    kafka_close(&kafka);
    broker_stop(&broker);
}

// The mock keeps 5 MB of a partition: the oldest message goes between the answer and the first fetch.
static void begins_later_where_the_oldest_is_gone(void **state) {
    (void)state;
    struct broker broker;
    broker_start(&broker, 1);
    char *big = calloc(1, BIG_MESSAGE);
    assert_non_null(big);
    for (int i = 0; i < 3; i++)
        produce(&broker, 0, SPAN("a"), (struct span){big, BIG_MESSAGE});
    free(big);
    produce(&broker, 0, SPAN("b"), SPAN("1"));
    struct kafka *kafka = open_kafka(&broker);
    struct error error = {0};
    assert_int_equal(kafka_assign_oldest(kafka, 0, TOPIC, 0, 0, &error), 0);
    const struct message *message = NULL;
    int64_t low = -1;
    struct message_source source = kafka_source(kafka);
    for (int round = 0; round < ROUNDS_MAX && message == NULL; round++) {
        struct kafka_event event;
        for (kafka_event(kafka, &event); event.kind != KAFKA_EVENT_NONE; kafka_event(kafka, &event)) {
            assert_int_not_equal(event.kind, KAFKA_EVENT_OUT_OF_RANGE);
            if (event.kind != KAFKA_EVENT_BEGINS_LATER)
                continue;
            low = event.low;
            assert_int_equal(event.high, 4);
            assert_non_null(
                strstr(event.message, TOPIC " partition 0: offset 0 was gone before anything was read"));
        }
        message = source.peek(source.self, 0);
        if (message == NULL)
            kafka_wait(kafka, ROUND_MS);
    }
    assert_non_null(message);
    assert_true(message->offset > 0);
    assert_int_equal(low, message->offset);
    kafka_close(&kafka);
    broker_stop(&broker);
}

// It has been told: asking again is what librdkafka puts off for 500 ms when it does not know the leader's connection yet.
static void does_not_ask_for_the_oldest_again(void **state) {
    (void)state;
    struct broker broker;
    broker_start(&broker, 1);
    produce(&broker, 0, SPAN("a"), SPAN("1"));
    static const struct kafka_property debug = {"debug", "topic"};
    const struct kafka_config config = {.brokers = rd_kafka_mock_cluster_bootstraps(broker.cluster),
                                        .group_id = "tidemark-test",
                                        .properties = &debug,
                                        .property_count = 1};
    struct kafka *kafka = NULL;
    struct error error = {0};
    assert_int_equal(kafka_open(&kafka, &config, &error), 0);
    assert_int_equal(kafka_assign_oldest(kafka, 0, TOPIC, 0, 0, &error), 0);
    struct message_source source = kafka_source(kafka);
    bool came = false;
    for (int round = 0; round < ROUNDS_MAX && !came; round++) {
        struct kafka_event event;
        for (kafka_event(kafka, &event); event.kind != KAFKA_EVENT_NONE; kafka_event(kafka, &event)) {
            assert_null(strstr(event.message, "offset-query"));
            assert_null(strstr(event.message, "OFFREQ"));
        }
        came = source.peek(source.self, 0) != NULL;
        if (!came)
            kafka_wait(kafka, ROUND_MS);
    }
    assert_true(came);
    kafka_close(&kafka);
    broker_stop(&broker);
}

static void tells_when_the_broker_goes_and_comes(void **state) {
    (void)state;
    struct broker broker;
    broker_start(&broker, 1);
    struct kafka *kafka = open_kafka(&broker);
    assign(kafka, 0, 0, 0);
    (void)await_event(kafka, KAFKA_EVENT_CONNECTED);
    await_end(kafka, 0);
    assert_int_equal(rd_kafka_mock_broker_set_down(broker.cluster, -1), 0);
    (void)await_event(kafka, KAFKA_EVENT_DISCONNECTED);
    assert_int_equal(rd_kafka_mock_broker_set_up(broker.cluster, -1), 0);
    (void)await_event(kafka, KAFKA_EVENT_CONNECTED);
    produce(&broker, 0, SPAN("a"), SPAN("1"));
    assert_int_equal(await_message(kafka, 0)->offset, 0);
    kafka_close(&kafka);
    broker_stop(&broker);
}

static void tells_that_nobody_answers(void **state) {
    (void)state;
    struct kafka *kafka = NULL;
    struct error error = {0};
    struct kafka_config config = {.brokers = "127.0.0.1:1", .group_id = "g"};
    assert_int_equal(kafka_open(&kafka, &config, &error), 0);
    struct kafka_event event = await_event(kafka, KAFKA_EVENT_DISCONNECTED);
    assert_non_null(strstr(event.message, "127.0.0.1:1"));
    assert_non_null(strstr(event.message, "Connect to ipv4#127.0.0.1:1 failed"));
    assert_true(kafka_ask_topics(kafka, KAFKA_TOPICS_ALL));
    assert_false(kafka_ask_topics(kafka, KAFKA_TOPICS_ALL)); // one at a time
    int status = 0;
    for (int round = 0; round < ROUNDS_MAX && status == 0; round++) {
        kafka_wait(kafka, ROUND_MS);
        status = kafka_take_topics(kafka, NULL, NULL, &error);
    }
    assert_int_equal(status, -1);
    assert_int_equal(error.kind, ERROR_BROKER);
    assert_non_null(strstr(error.message, "no answer from 127.0.0.1:1: "));
    assert_non_null(strstr(error.message, "Connect to ipv4#127.0.0.1:1 failed"));
    kafka_close(&kafka);
}

static void *wake(void *wakeup) {
    kafka_wakeup_signal(wakeup);
    return NULL;
}

static void wakes(void **state) {
    (void)state;
    struct kafka_wakeup wakeup;
    kafka_wakeup_init(&wakeup);
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, wake, &wakeup), 0);
        kafka_wakeup_wait(&wakeup, ROUNDS_MAX * ROUND_MS);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    kafka_wakeup_free(&wakeup);
}

static void reads_a_large_message_and_many_small_ones(void **state) {
    (void)state;
    struct broker broker;
    broker_start(&broker, 1);
    CLEANUP(free_charp) char *big = malloc(BIG_MESSAGE);
    assert_non_null(big);
    memset(big, 'x', BIG_MESSAGE);
    produce(&broker, 0, SPAN("a"), (struct span){big, BIG_MESSAGE});
    for (int i = 0; i < 3 * PARTITION_BATCH_MAX; i++)
        assert_int_equal(rd_kafka_producev(broker.producer, RD_KAFKA_V_TOPIC(TOPIC), RD_KAFKA_V_PARTITION(0),
                                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                           RD_KAFKA_V_VALUE(big, 100), RD_KAFKA_V_END),
                         0);
    assert_int_equal(rd_kafka_flush(broker.producer, ROUNDS_MAX * ROUND_MS), 0);
    struct kafka *kafka = open_kafka(&broker);
    struct message_source source = kafka_source(kafka);
    assign(kafka, 0, 0, -1);
    assert_int_equal(await_message(kafka, 0)->value.size, BIG_MESSAGE);
    for (int64_t i = 0; i <= 3 * PARTITION_BATCH_MAX; i++) {
        assert_int_equal(await_message(kafka, 0)->offset, i);
        source.release(source.self, 0);
    }
    await_end(kafka, 0);
    // closed with messages still held
    produce(&broker, 0, SPAN("a"), SPAN("1"));
    produce(&broker, 0, SPAN("a"), SPAN("2"));
    (void)await_message(kafka, 0);
    kafka_close(&kafka);
    broker_stop(&broker);
}

// Without the nudge, and since 2.2 without its fetch.queue.backoff.ms, each queue of 64 kB would take a second.
static void a_full_queue_does_not_stall(void **state) {
    (void)state;
    enum { MESSAGES = 3000, SIZE = 1000, BATCH = 100 };
    struct broker broker;
    broker_start(&broker, 1);
    char value[SIZE] = {0};
    for (int i = 0; i < MESSAGES; i++) {
        assert_int_equal(rd_kafka_producev(broker.producer, RD_KAFKA_V_TOPIC(TOPIC), RD_KAFKA_V_PARTITION(0),
                                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                           RD_KAFKA_V_VALUE(value, SIZE), RD_KAFKA_V_END),
                         0);
        if (i % BATCH ==
            BATCH - 1) // the mock broker gives a batch a fetch: each is more than the queue may hold
            assert_int_equal(rd_kafka_flush(broker.producer, ROUNDS_MAX * ROUND_MS), 0);
    }
    assert_int_equal(rd_kafka_flush(broker.producer, ROUNDS_MAX * ROUND_MS), 0);
    struct kafka *kafka = NULL;
    struct error error = {0};
    struct kafka_property property = {"queued.max.messages.kbytes", "64"};
    struct kafka_config config = {.brokers = rd_kafka_mock_cluster_bootstraps(broker.cluster),
                                  .group_id = "g",
                                  .properties = &property,
                                  .property_count = 1};
    assert_int_equal(kafka_open(&kafka, &config, &error), 0);
    struct message_source source = kafka_source(kafka);
    int64_t begun = clock_monotonic_ms();
    assign(kafka, 0, 0, 0);
    for (int64_t i = 0; i < MESSAGES; i++) {
        assert_int_equal(await_message(kafka, 0)->offset, i);
        source.release(source.self, 0);
    }
    await_end(kafka, 0);
    assert_true(clock_monotonic_ms() - begun < 1000 * MESSAGES / BATCH / 2);
    kafka_close(&kafka);
    broker_stop(&broker);
}

struct finds {
    int ours; // partitions
    int others;
};

static void note_found(void *self, const char *topic, int partitions) {
    struct finds *finds = self;
    *(strcmp(topic, TOPIC) == 0 ? &finds->ours : &finds->others) += partitions;
}

static struct finds await_topics(struct kafka *kafka, enum kafka_topics which) {
    struct finds finds = {0};
    struct error error = {0};
    int status = 0;
    assert_true(kafka_ask_topics(kafka, which));
    for (int round = 0; round < ROUNDS_MAX && status == 0; round++) {
        status = kafka_take_topics(kafka, note_found, &finds, &error);
        if (status == 0)
            kafka_wait(kafka, ROUND_MS);
    }
    assert_int_equal(status, 1);
    return finds;
}

static void await_ends(struct kafka *kafka, struct kafka_ends *ends, int count) {
    assert_true(kafka_ask_ends(kafka, ends, count));
    bool told = false;
    for (int round = 0; round < ROUNDS_MAX && !(told = kafka_take_ends(kafka)); round++)
        kafka_wait(kafka, ROUND_MS);
    assert_true(told);
}

static void discovers_asks_and_commits(void **state) {
    (void)state;
    struct broker broker;
    broker_start(&broker, 3);
    assert_int_equal(rd_kafka_mock_topic_create(broker.cluster, "other", 1, 1), 0);
    produce(&broker, 2, SPAN("a"), SPAN("1"));
    struct kafka *kafka = open_kafka(&broker);
    struct finds finds = await_topics(kafka, KAFKA_TOPICS_ALL);
    assert_int_equal(finds.ours, 3);
    assert_int_equal(finds.others, 1);
    (void)await_event(kafka, KAFKA_EVENT_CONNECTED);
    assign(kafka, 0, 2, 0);
    finds = await_topics(kafka, KAFKA_TOPICS_ASSIGNED);
    assert_int_equal(finds.ours, 3);
    assert_int_equal(finds.others, 0);
    struct kafka_ends ends[] = {{.topic = TOPIC, .partition = 2}, {.topic = TOPIC, .partition = 1}};
    await_ends(kafka, ends, 2);
    assert_int_equal(ends[0].low, 0);
    assert_int_equal(ends[0].high, 1);
    assert_int_equal(ends[1].high, 0);
    assert_int_equal(await_message(kafka, 0)->offset, 0);
    int64_t at_ms = 0;
    assert_int_equal(kafka_high(kafka, 0, &at_ms), 1);
    assert_true(at_ms > 0);
    assert_int_equal(kafka_high(kafka, 5, &at_ms), -1);
    kafka_note_offset(kafka, 0, 1);
    kafka_commit_noted(kafka);
    kafka_note_offset(kafka, 0, 1);
    kafka_close(&kafka);
    broker_stop(&broker);
}

// Those of one that has no leader are not told, and all others are.
static void tells_the_ends_of_many(void **state) {
    (void)state;
    enum { PARTITIONS = SURVEY_TOGETHER_MAX + 2 };
    struct broker broker;
    broker_start(&broker, PARTITIONS);
    produce(&broker, PARTITIONS - 1, SPAN("a"), SPAN("1"));
    struct kafka *kafka = open_kafka(&broker);
    for (int lost = -1; lost < 1; lost++) {
        if (lost >= 0)
            assert_int_equal(rd_kafka_mock_partition_set_leader(broker.cluster, TOPIC, lost, -1), 0);
        (void)await_topics(kafka, KAFKA_TOPICS_ALL);
        struct kafka_ends ends[PARTITIONS];
        for (int i = 0; i < PARTITIONS; i++)
            ends[i] = (struct kafka_ends){.topic = TOPIC, .partition = i};
        await_ends(kafka, ends, PARTITIONS);
        for (int i = 0; i < PARTITIONS; i++) {
            assert_int_equal(ends[i].low, i <= lost ? -1 : 0);
            assert_int_equal(ends[i].high, i <= lost ? -1 : i == PARTITIONS - 1 ? 1 : 0);
        }
    }
    kafka_close(&kafka);
    broker_stop(&broker);
}

// Many were not expected: the client is opened anew, and what it asks, assigns and reads goes on.
static void reads_many(void **state) {
    (void)state;
    enum { PARTITIONS = 5 };
    struct broker broker;
    broker_start(&broker, PARTITIONS);
    produce(&broker, PARTITIONS - 1, SPAN("a"), SPAN("1"));
    struct kafka *kafka = open_kafka(&broker);
    assert_int_equal(await_topics(kafka, KAFKA_TOPICS_ALL).ours, PARTITIONS);
    for (int expected = PARTITIONS; expected <= 3000; expected += 2995) {
        kafka_expect(kafka, expected);
        struct kafka_ends ends = {.topic = TOPIC, .partition = PARTITIONS - 1};
        await_ends(kafka, &ends, 1);
        assert_int_equal(ends.high, 1);
    }
    assert_false(kafka_expect_far(kafka, SETTING_QUEUES_MOST));
    for (int again = 0; again < 2; again++) {
        assert_int_equal(kafka_expect_far(kafka, SETTING_QUEUES_MOST + 1), again == 0);
        struct kafka_ends ends = {.topic = TOPIC, .partition = PARTITIONS - 1};
        await_ends(kafka, &ends, 1);
        assert_int_equal(ends.high, 1);
    }
    unsigned before = kafka_arrivals(kafka);
    kafka_assign_begin(kafka);
    for (int i = 0; i < PARTITIONS; i++)
        assign(kafka, i, i, 0);
    struct error error = {0};
    assert_int_equal(kafka_assign_end(kafka, &error), 0);
    for (int i = 0; i < PARTITIONS - 1; i++)
        await_end(kafka, i);
    assert_int_equal(await_message(kafka, PARTITIONS - 1)->offset, 0);
    assert_true(kafka_arrivals(kafka) - before >= PARTITIONS);
    kafka_expect(kafka, 100000); // too late: nothing happens
    assert_false(kafka_expect_far(kafka, 0));
    assert_int_equal(await_message(kafka, PARTITIONS - 1)->offset, 0);
    kafka_assign_begin(kafka);
    assert_int_equal(kafka_assign_end(kafka, &error), 0);
    kafka_close(&kafka);
    broker_stop(&broker);
}

enum { MANY = 2 * KAFKA_EVENTS_MAX };

// All are at what is to be told of them before the first is told of: none of it may be lost, since it is said once.
static void expect_each_told(struct kafka *kafka, unsigned before, enum kafka_event_kind kind) {
    struct message_source source = kafka_source(kafka);
    bool told[MANY] = {false};
    int count = 0;
    for (int round = 0; round < ROUNDS_MAX && kafka_arrivals(kafka) - before < MANY; round++)
        kafka_wait(kafka, ROUND_MS);
    for (int round = 0; round < ROUNDS_MAX && count < MANY; round++) {
        struct kafka_event event;
        for (int i = 0; i < MANY; i++)
            assert_null(source.peek(source.self, i));
        for (kafka_event(kafka, &event); event.kind != KAFKA_EVENT_NONE; kafka_event(kafka, &event)) {
            if (event.slot < 0)
                continue;
            assert_int_equal(event.kind, kind);
            assert_false(told[event.slot]);
            told[event.slot] = true;
            count++;
        }
        kafka_wait(kafka, count < MANY ? ROUND_MS : 0);
    }
    assert_int_equal(count, MANY);
}

static void tells_what_becomes_of_each_of_many(void **state) {
    (void)state;
    struct broker broker;
    broker_start(&broker, MANY);
    struct kafka *kafka = open_kafka(&broker);
    (void)await_topics(kafka, KAFKA_TOPICS_ALL);
    unsigned before = kafka_arrivals(kafka);
    for (int i = 0; i < MANY; i++)
        assign(kafka, i, i, 7);
    expect_each_told(kafka, before + MANY, KAFKA_EVENT_OUT_OF_RANGE); // an assignment is an arrival too
    kafka_close(&kafka);
    kafka = open_kafka(&broker);
    (void)await_topics(kafka, KAFKA_TOPICS_ALL);
    for (int i = 0; i < MANY; i++)
        assign(kafka, i, i, 0);
    for (int i = 0; i < MANY; i++)
        await_end(kafka, i);
    before = kafka_arrivals(kafka);
    rd_kafka_mock_topic_set_error(broker.cluster, TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    (void)await_topics(kafka, KAFKA_TOPICS_ALL);
    expect_each_told(kafka, before, KAFKA_EVENT_TOPIC_DELETED);
    rd_kafka_mock_topic_set_error(broker.cluster, TOPIC, RD_KAFKA_RESP_ERR_NO_ERROR);
    (void)await_topics(kafka, KAFKA_TOPICS_ALL); // librdkafka's destroy may wait for one that does not exist
    kafka_close(&kafka);
    assert_false(kafka_is_closing());
    broker_stop(&broker);
}

static void asks_less_often_where_there_are_many(void **state) {
    (void)state;
    assert_int_equal(kafka_setting_fetch_wait_ms(0), 10);
    assert_int_equal(kafka_setting_fetch_wait_ms(120), 15);
    assert_int_equal(kafka_setting_fetch_wait_ms(1200), 150);
    assert_int_equal(kafka_setting_fetch_wait_ms(100000), 150);
    assert_int_equal(kafka_setting_statistics_ms(120), 500);
    assert_int_equal(kafka_setting_statistics_ms(1200), 4800);
    assert_int_equal(kafka_setting_statistics_ms(100000), 5000);
    assert_int_equal(kafka_setting_queue_kb(0), SETTING_QUEUE_MOST_KB);
    assert_int_equal(kafka_setting_queue_kb(SETTING_QUEUES_MOST), SETTING_QUEUE_MOST_KB);
    assert_int_equal(kafka_setting_queue_kb(SETTING_QUEUES_MOST + 1), SETTING_QUEUE_KB);
    assert_int_equal(kafka_setting_queue_kb(SETTING_FAR_MANY), SETTING_QUEUE_KB);
    assert_int_equal(kafka_setting_queue_kb(100000), SETTING_QUEUE_LEAST_KB);
    assert_int_equal(kafka_setting_fetch_bytes(0), SETTING_FETCH_BYTES);
    assert_int_equal(kafka_setting_fetch_bytes(2 * SETTING_FAR_MANY), SETTING_FETCH_BYTES / 2);
    assert_int_equal(kafka_setting_fetch_bytes(INT_MAX), SETTING_FETCH_LEAST_BYTES);
}

// Stopping waits for one question, not for one a partition.
static void stops_while_no_leader_tells_its_ends(void **state) {
    (void)state;
    enum { PARTITIONS = 30 };
    struct broker broker;
    broker_start(&broker, PARTITIONS);
    struct kafka *kafka = open_kafka(&broker);
    (void)await_topics(kafka, KAFKA_TOPICS_ALL);
    struct kafka_ends ends[PARTITIONS];
    for (int i = 0; i < PARTITIONS; i++) {
        assert_int_equal(rd_kafka_mock_partition_set_leader(broker.cluster, TOPIC, i, -1), 0);
        ends[i] = (struct kafka_ends){.topic = TOPIC, .partition = i};
    }
    assert_true(kafka_ask_ends(kafka, ends, PARTITIONS));
    int64_t begun = clock_monotonic_ms();
    kafka_close(&kafka);
    assert_true(clock_monotonic_ms() - begun < PARTITIONS / 2 * SURVEY_ENDS_WAIT_MS);
    broker_stop(&broker);
}

// Its one message was taken, and there is no other.
static struct kafka *open_at_end(struct broker *broker) {
    produce(broker, 0, SPAN("k"), SPAN("v"));
    struct kafka *kafka = open_kafka(broker);
    struct message_source source = kafka_source(kafka);
    assign(kafka, 0, 0, 0);
    (void)await_message(kafka, 0);
    source.release(source.self, 0);
    await_end(kafka, 0);
    return kafka;
}

static int64_t unanswered_ms(struct kafka *kafka) {
    struct kafka_event event;
    do
        kafka_event(kafka, &event);
    while (event.kind != KAFKA_EVENT_NONE);
    struct kafka_unanswered found;
    kafka_unanswered(kafka, 0, &found);
    assert_string_equal(found.topic, TOPIC);
    assert_int_equal(found.partition, 0);
    return found.ms;
}

static void await_unanswered(struct kafka *kafka, bool unanswered) {
    int64_t ms = unanswered_ms(kafka);
    for (int round = 0; round < ROUNDS_MAX && (ms > 0) != unanswered; round++) {
        kafka_wait(kafka, ROUND_MS);
        ms = unanswered_ms(kafka);
    }
    assert_int_equal(ms > 0, unanswered);
}

static void await_no_end(struct kafka *kafka) {
    struct message_source source = kafka_source(kafka);
    for (int round = 0; round < HELD_ROUNDS && source.at_end(source.self, 0); round++) {
        kafka_wait(kafka, ROUND_MS);
        (void)unanswered_ms(kafka);
    }
    assert_false(source.at_end(source.self, 0));
}

enum { OTHER_BROKER = 2 };

static void its_leader_is_down(struct broker *broker, bool down) {
    assert_int_equal(down ? rd_kafka_mock_broker_set_down(broker->cluster, OTHER_BROKER)
                          : rd_kafka_mock_broker_set_up(broker->cluster, OTHER_BROKER),
                     0);
}

// A leader whose connections are refused is not waited for, and the next question goes to the one that leads by then.
static void tells_the_ends_though_the_leader_was_lost(void **state) {
    (void)state;
    struct broker broker;
    broker_start_many(&broker, 2, OTHER_BROKER);
    for (int i = 0; i < 2; i++)
        assert_int_equal(rd_kafka_mock_partition_set_leader(broker.cluster, TOPIC, i, 1 + i), 0);
    produce(&broker, 1, SPAN("a"), SPAN("1"));
    struct kafka *kafka = open_kafka(&broker);
    (void)await_topics(kafka, KAFKA_TOPICS_ALL);
    struct kafka_ends ends[] = {{.topic = TOPIC, .partition = 0}, {.topic = TOPIC, .partition = 1}};
    its_leader_is_down(&broker, true);
    await_ends(kafka, ends, 2);
    assert_int_equal(ends[0].high, 0);
    assert_int_equal(ends[1].high, -1);
    assert_int_equal(rd_kafka_mock_partition_set_leader(broker.cluster, TOPIC, 1, 1), 0);
    (void)await_topics(kafka, KAFKA_TOPICS_ALL);
    await_ends(kafka, ends, 2);
    assert_int_equal(ends[1].low, 0);
    assert_int_equal(ends[1].high, 1);
    kafka_close(&kafka);
    broker_stop(&broker);
}

// Since 2.5 the mock broker falls over a fetch of a partition without a leader.
static void there_is_no_leader(struct broker *broker, bool none) {
    enum { FALLS_SINCE = 0x02050000 };
    if (rd_kafka_version() < FALLS_SINCE)
        assert_int_equal(
            rd_kafka_mock_partition_set_leader(broker->cluster, TOPIC, 0, none ? -1 : OTHER_BROKER), 0);
    else
        its_leader_is_down(broker, none);
}

// At its end all is as well as it can be, so that only the silence of its leader tells.
static void tells_that_fetches_are_not_answered(void **state) {
    (void)state;
    void (*const faults[])(struct broker * broker, bool begins) = {there_is_no_leader, its_leader_is_down};
    struct broker broker;
    broker_start_many(&broker, 1, OTHER_BROKER);
    assert_int_equal(rd_kafka_mock_partition_set_leader(broker.cluster, TOPIC, 0, OTHER_BROKER), 0);
    struct kafka *kafka = open_at_end(&broker);
    await_unanswered(kafka, false);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        faults[i](&broker, true);
        await_unanswered(kafka, true);
        await_no_end(kafka); // there may be more than was told before
        faults[i](&broker, false);
        await_unanswered(kafka, false);
        await_end(kafka, 0);
    }
    produce(&broker, 0, SPAN("k"), SPAN("later"));
    assert_true(span_is(await_message(kafka, 0)->value, "later"));
    kafka_close(&kafka);
    broker_stop(&broker);
}

static void await_closed(void) {
    for (int round = 0; round < ROUNDS_MAX && kafka_is_closing(); round++)
        usleep(ROUND_MS * 1000);
    assert_false(kafka_is_closing());
}

// librdkafka's own end waits for the answer to what is under way, a minute at most.
static void closes_though_the_answer_is_slow(void **state) {
    (void)state;
    struct broker broker;
    broker_start(&broker, 1);
    struct kafka *kafka = open_at_end(&broker);
    (void)rd_kafka_mock_broker_set_rtt(broker.cluster, 1, SLOW_MS);
    assert_true(kafka_ask_topics(kafka, KAFKA_TOPICS_ASSIGNED));
    kafka_note_offset(kafka, 0, 1);
    kafka_commit_noted(kafka);
    int64_t begun = clock_monotonic_ms();
    kafka_close(&kafka);
    assert_true(clock_monotonic_ms() - begun < SLOW_MS);
    assert_null(kafka);
    (void)rd_kafka_mock_broker_set_rtt(broker.cluster, 1, 0);
    broker_stop(&broker); // breaks the connections
    await_closed();
}

// The loop goes on meanwhile with the new client.
static void opens_anew_though_the_end_of_the_client_is_slow(void **state) {
    (void)state;
    struct broker broker;
    broker_start(&broker, 1);
    struct kafka *kafka = open_kafka(&broker);
    (void)await_topics(kafka, KAFKA_TOPICS_ALL);
    atomic_store(&end_is_held, true);
    assert_true(kafka_expect_far(kafka, 2 * SETTING_FAR_MANY));
    assert_true(kafka_is_closing());
    assert_int_equal(await_topics(kafka, KAFKA_TOPICS_ALL).ours, 1);
    atomic_store(&end_is_held, false);
    await_closed();
    kafka_close(&kafka);
    broker_stop(&broker);
}

static void what_was_to_be_assigned_ends_with_the_client(void **state) {
    (void)state;
    struct broker broker;
    struct error error = {0};
    broker_start(&broker, 2);
    int before = lists;
    struct kafka *kafka = open_kafka(&broker);
    kafka_assign_begin(kafka);
    assert_int_equal(kafka_assign(kafka, 0, TOPIC, 0, 0, &error), 0);
    assert_int_equal(kafka_assign(kafka, 0, TOPIC, 0, 0, &error), -1); // after which its caller gives up
    kafka_assign_begin(kafka);
    kafka_close(&kafka);
    await_closed();
    assert_int_equal(lists, before);
    broker_stop(&broker);
}

static void read_one(struct kafka *kafka, int64_t offset) {
    struct message_source source = kafka_source(kafka);
    assert_int_equal(await_message(kafka, 0)->offset, offset);
    source.release(source.self, 0);
}

static void knows_where_the_leader_before_ended(void **state) {
    (void)state;
    struct broker broker;
    broker_start_many(&broker, 1, 2);
    assert_int_equal(rd_kafka_mock_partition_set_leader(broker.cluster, TOPIC, 0, 1), 0);
    produce(&broker, 0, SPAN("k"), SPAN("1"));
    produce(&broker, 0, SPAN("k"), SPAN("2"));
    struct kafka *kafka = open_kafka(&broker);
    assign(kafka, 0, 0, 0);
    read_one(kafka, 0);
    read_one(kafka, 1);
    assert_int_equal(kafka_other_end(kafka, 0).ts_ms, 0);
    assert_int_equal(rd_kafka_mock_partition_set_leader(broker.cluster, TOPIC, 0, 2), 0);
    produce(&broker, 0, SPAN("k"), SPAN("3"));
    produce(&broker, 0, SPAN("k"), SPAN("4"));
    read_one(kafka, 2);
    read_one(kafka, 3);
    assert_int_equal(kafka_other_end(kafka, 0).offset, 1);
    assert_int_equal(kafka_other_end(kafka, 0).ts_ms, 1795386736275);
    assert_int_equal(kafka_other_end(kafka, 1).ts_ms, 0);
    kafka_close(&kafka);
    broker_stop(&broker);
}

// Both leaders' messages wait in one queue, the first one's behind the other's too.
static void knows_where_a_leader_in_between_ended(void **state) {
    (void)state;
    struct broker broker;
    broker_start_many(&broker, 1, OTHER_BROKER);
    assert_int_equal(rd_kafka_mock_partition_set_leader(broker.cluster, TOPIC, 0, 1), 0);
    produce(&broker, 0, SPAN("k"), SPAN("v"));
    struct kafka *kafka = open_kafka(&broker);
    assign(kafka, 0, 0, 0);
    read_one(kafka, 0);
    for (int i = 1; i <= 3; i++) {
        int64_t at_ms;
        assert_int_equal(
            rd_kafka_mock_partition_set_leader(broker.cluster, TOPIC, 0, i == 2 ? OTHER_BROKER : 1), 0);
        produce(&broker, 0, SPAN("k"), SPAN("v"));
        for (int round = 0; round < ROUNDS_MAX && kafka_high(kafka, 0, &at_ms) <= i; round++)
            kafka_wait(kafka, ROUND_MS);
    }
    for (int i = 1; i <= 3; i++)
        read_one(kafka, i);
    assert_int_equal(kafka_other_end(kafka, 0).offset, 2);
    kafka_close(&kafka);
    broker_stop(&broker);
}

static void expect_refusal(const char *name, const char *value, const char *says) {
    struct kafka *kafka = NULL;
    struct error error = {0};
    struct kafka_property property = {name, value};
    struct kafka_config config = {
        .brokers = "127.0.0.1:1", .group_id = "g", .properties = &property, .property_count = 1};
    assert_int_equal(kafka_open(&kafka, &config, &error), -1);
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_non_null(strstr(error.message, name));
    if (strstr(error.message, says) == NULL)
        fail_msg("says %s", error.message);
}

static void refuses_properties(void **state) {
    (void)state;
    expect_refusal("enable.auto.commit", "true", "database file");
    expect_refusal("auto.offset.reset", "latest", "person");
    expect_refusal("group.id", "mine", "database file");
    expect_refusal("no.such.thing", "1", "No such");
    expect_refusal("fetch.min.bytes", "many", "-X fetch.min.bytes");
    assert_true(kafka_setting_is_secret("ssl.key.pem"));
    assert_true(kafka_setting_is_secret("sasl.password"));
    assert_false(kafka_setting_is_secret("sasl.username"));
    struct kafka *kafka = NULL;
    struct error error = {0};
    struct kafka_config config = {.brokers = "", .group_id = "g"};
    assert_int_equal(kafka_open(&kafka, &config, &error), -1);
    assert_int_equal(error.kind, ERROR_USAGE);
    struct kafka_property property = {"fetch.wait.max.ms", "20"};
    config = (struct kafka_config){
        .brokers = "127.0.0.1:1", .group_id = "g", .properties = &property, .property_count = 1};
    assert_int_equal(kafka_open(&kafka, &config, &error), 0);
    kafka_close(&kafka);
    kafka_close(&kafka);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_keys_values_and_nulls),
        cmocka_unit_test(knows_the_end_again_after_a_restart),
        cmocka_unit_test(tells_an_offset_that_is_not_there),
        cmocka_unit_test(begins_later_where_the_oldest_is_gone),
        cmocka_unit_test(does_not_ask_for_the_oldest_again),
        cmocka_unit_test(tells_when_the_broker_goes_and_comes),
        cmocka_unit_test(tells_that_nobody_answers),
        cmocka_unit_test(wakes),
        cmocka_unit_test(reads_a_large_message_and_many_small_ones),
        cmocka_unit_test(a_full_queue_does_not_stall),
        cmocka_unit_test(discovers_asks_and_commits),
        cmocka_unit_test(tells_the_ends_of_many),
        cmocka_unit_test(reads_many),
        cmocka_unit_test(tells_what_becomes_of_each_of_many),
        cmocka_unit_test(asks_less_often_where_there_are_many),
        cmocka_unit_test(stops_while_no_leader_tells_its_ends),
        cmocka_unit_test(tells_the_ends_though_the_leader_was_lost),
        cmocka_unit_test(tells_that_fetches_are_not_answered),
        cmocka_unit_test(closes_though_the_answer_is_slow),
        cmocka_unit_test(opens_anew_though_the_end_of_the_client_is_slow),
        cmocka_unit_test(what_was_to_be_assigned_ends_with_the_client),
        cmocka_unit_test(knows_where_the_leader_before_ended),
        cmocka_unit_test(knows_where_a_leader_in_between_ended),
        cmocka_unit_test(refuses_properties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
