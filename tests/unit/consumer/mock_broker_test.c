#include "consumer/demo/mock_broker.h"

#include "consumer/broker/kafka.h"
#include "consumer/capture.h"
#include "views/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROUNDS_MAX = 2400, ROUND_MS = 50, PARTITIONS = 32 };

struct reader {
    struct progress *progress;
    struct mock_broker *embedded;
    struct kafka *kafka;
    int64_t next[PARTITIONS]; // by slot
};

// Goes on where the progress says, as the consumer does.
static void assign_found(void *self, const char *topic, int partitions) {
    struct reader *reader = self;
    struct error error = {0};
    for (int i = 0; i < partitions; i++) {
        int slot = progress_partition(reader->progress, topic, i);
        assert_in_range(slot, 0, PARTITIONS - 1);
        if (kafka_assign(reader->kafka, slot, topic, i, reader->next[slot], &error) != 0)
            fail_msg("%s", error.message);
    }
}

static void start(struct reader *reader, const struct mock_broker_config *config) {
    struct error error = {0};
    if (mock_broker_start(&reader->embedded, config, reader->progress, &error) != 0)
        fail_msg("%s", error.message);
    struct kafka_config kafka = {.brokers = mock_broker_brokers(reader->embedded), .group_id = "g"};
    assert_int_equal(kafka_open(&reader->kafka, &kafka, &error), 0);
    int status = 0;
    assert_true(kafka_ask_topics(reader->kafka, KAFKA_TOPICS_ALL));
    for (int round = 0; round < ROUNDS_MAX && status == 0; round++) {
        kafka_wait(reader->kafka, ROUND_MS);
        status = kafka_take_topics(reader->kafka, assign_found, reader, &error);
    }
    assert_int_equal(status, 1);
}

static void stop(struct reader *reader) {
    kafka_close(&reader->kafka);
    mock_broker_stop(&reader->embedded);
}

static void await_message(struct reader *reader, int slot, struct message *ret) {
    struct message_source source = kafka_source(reader->kafka);
    const struct message *message = NULL;
    for (int round = 0; round < ROUNDS_MAX && message == NULL; round++) {
        struct kafka_event event;
        kafka_event(reader->kafka, &event);
        // A broker that is away for a moment comes again: only the messages tell whether it did.
        if (event.kind > KAFKA_EVENT_DISCONNECTED)
            fail_msg("%s", event.message);
        message = source.peek(source.self, slot);
        if (message == NULL)
            kafka_wait(reader->kafka, ROUND_MS);
    }
    assert_non_null(message);
    assert_int_equal(message->offset, reader->next[slot]);
    *ret = *message;
}

static void apply(struct reader *reader, int slot) {
    struct message_source source = kafka_source(reader->kafka);
    source.release(source.self, slot);
    progress_set_applied(reader->progress, slot, ++reader->next[slot]);
}

static void expect_same(struct span got, struct span wanted) {
    assert_int_equal(got.data == NULL, wanted.data == NULL);
    assert_true(span_equal(got, wanted));
}

// Reads what the capture says, from each partition on its own, up to `lines` of it.
static int read_capture(struct reader *reader, const char *path, int lines) {
    struct capture *capture = NULL;
    struct error error = {0};
    struct capture_line line;
    CLEANUP(arena_free) struct arena arena = {0};
    assert_int_equal(capture_open(&capture, path, &error), 0);
    int count = 0;
    while (count < lines && capture_next(capture, &arena, &line, &error) == 1) {
        char topic[256];
        (void)snprintf(topic, sizeof topic, "%.*s", (int)line.topic.size, line.topic.data);
        int slot = progress_partition(reader->progress, topic, line.partition);
        count++;
        if (line.offset < reader->next[slot])
            continue; // before the restart
        struct message message;
        await_message(reader, slot, &message);
        assert_int_equal(message.ts_ms, line.ts_ms);
        expect_same(message.key, line.key);
        expect_same(message.value, line.value);
        apply(reader, slot);
        arena_reset(&arena);
    }
    capture_close(&capture);
    return count;
}

static void feeds_a_capture_as_it_is(void **state) {
    (void)state;
    struct reader reader = {0};
    struct error error = {0};
    assert_int_equal(progress_new(&reader.progress, &error), 0);
    struct mock_broker_config config = {.capture = FIXTURES "/captures/hazards.jsonl"};
    start(&reader, &config);
    assert_string_equal(mock_broker_prefix(reader.embedded), "hazards");
    assert_int_equal(read_capture(&reader, config.capture, 1500), 1500);
    stop(&reader);
    // another process on the same file
    start(&reader, &config);
    assert_int_equal(read_capture(&reader, config.capture, 10000), 2319);
    assert_int_equal(mock_broker_check(reader.embedded, &error), 0);
    stop(&reader);
    start(&reader, &config); // all is applied
    assert_int_equal(read_capture(&reader, config.capture, 10000), 2319);
    stop(&reader);
    progress_free(&reader.progress);
}

static void plays_the_built_in_capture(void **state) {
    (void)state;
    struct reader reader = {0};
    struct error error = {0};
    assert_int_equal(progress_new(&reader.progress, &error), 0);
    struct mock_broker_config config = {.rate = 100000};
    start(&reader, &config);
    assert_string_equal(mock_broker_prefix(reader.embedded), "theworldshop");
    assert_int_equal(read_capture(&reader, FIXTURES "/captures/basic.jsonl", 10000), 153);
    stop(&reader);
    progress_free(&reader.progress);
}

static void stays_behind_the_consumer(void **state) {
    (void)state;
    enum { MESSAGES = 3000, VALUE = 4000 }; // 12 MB: more than the mock keeps
    char path[] = "/tmp/embedded_test.XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    FILE *file = fdopen(descriptor, "w");
    assert_non_null(file);
    for (int i = 0; i < MESSAGES; i++)
        (void)fprintf(
            file,
            "{\"topic\":\"shop.public.orders\",\"partition\":1,\"offset\":%d,\"ts\":%d,\"key\":\"%d\","
            "\"value\":\"%0*d\"}\n",
            i, 1000 + i, i, VALUE, i);
    assert_int_equal(fclose(file), 0);
    struct reader reader = {0};
    struct error error = {0};
    assert_int_equal(progress_new(&reader.progress, &error), 0);
    struct mock_broker_config config = {.capture = path};
    start(&reader, &config);
    assert_int_equal(read_capture(&reader, path, 2000), 2000);
    assert_int_equal(mock_broker_check(reader.embedded, &error), 0);
    stop(&reader);
    start(&reader, &config); // in the middle of it
    assert_int_equal(read_capture(&reader, path, MESSAGES), MESSAGES);
    stop(&reader);
    progress_free(&reader.progress);
    assert_int_equal(unlink(path), 0);
}

static void traffic_comes_again_after_a_restart(void **state) {
    (void)state;
    enum { MESSAGES = 400 };
    struct reader reader = {0};
    struct error error = {0};
    assert_int_equal(progress_new(&reader.progress, &error), 0);
    struct mock_broker_config config = {
        .capture = FIXTURES "/captures/hazards.jsonl", .traffic = 100000, .seed = 7};
    start(&reader, &config);
    assert_int_equal(read_capture(&reader, config.capture, 10000), 2319);
    int transactions = progress_partition(reader.progress, "hazards.transaction", 0);
    for (int i = 0; i < MESSAGES; i++) {
        struct message message;
        await_message(&reader, transactions, &message);
        apply(&reader, transactions);
    }
    stop(&reader);
    start(&reader, &config);
    for (int i = 0; i < MESSAGES; i++) {
        struct message message;
        await_message(&reader, transactions, &message);
        apply(&reader, transactions);
    }
    stop(&reader);
    config.traffic = 0;
    assert_int_equal(mock_broker_start(&reader.embedded, &config, reader.progress, &error), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_non_null(strstr(error.message, "hazards.transaction partition 0"));
    assert_null(reader.embedded);
    progress_free(&reader.progress);
}

static void expect_refusal(const char *text, const char *says) {
    char path[] = "/tmp/embedded_test.XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(descriptor), 0);
    struct progress *progress = NULL;
    struct mock_broker *embedded = NULL;
    struct error error = {0};
    assert_int_equal(progress_new(&progress, &error), 0);
    struct mock_broker_config config = {.capture = path, .traffic = 1};
    assert_int_equal(mock_broker_start(&embedded, &config, progress, &error), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    if (strstr(error.message, says) == NULL || strstr(error.message, path) == NULL)
        fail_msg("says %s", error.message);
    progress_free(&progress);
    assert_int_equal(unlink(path), 0);
}

static void refuses_what_it_cannot_play(void **state) {
    (void)state;
#define LINE(offset)                                                                                         \
    "{\"topic\":\"a.b.c\",\"partition\":0,\"offset\":" #offset ",\"ts\":0,\"key\":null,\"value\":null}\n"
    expect_refusal(LINE(0) LINE(2), ":2: a.b.c partition 0 goes on at offset 2 instead of 1");
    expect_refusal(LINE(5), ":1: a.b.c partition 0 goes on at offset 5 instead of 0");
    expect_refusal(LINE(0) "{", ":2: ");
    expect_refusal(LINE(0), "without inventory");
    expect_refusal("", "no topic tells the prefix");
    expect_refusal("{\"topic\":\"a\",\"partition\":300,\"offset\":0,\"ts\":0,\"key\":null,\"value\":null}",
                   "partition 300");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(feeds_a_capture_as_it_is),    cmocka_unit_test(plays_the_built_in_capture),
        cmocka_unit_test(stays_behind_the_consumer),   cmocka_unit_test(traffic_comes_again_after_a_restart),
        cmocka_unit_test(refuses_what_it_cannot_play),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
