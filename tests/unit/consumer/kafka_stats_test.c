#include "consumer/broker/client/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct kafka_stats_partition found[4];
static int found_count;

static void keep(void *self, const struct kafka_stats_partition *partition) {
    assert_null(self);
    found[found_count++] = *partition;
}

static void reads_brokers_and_partitions(void **state) {
    (void)state;
    static const char text[] =
        "{ \"name\": \"tidemark#consumer-1\", \"ts\":5016483227792, \"brokers\":{ \"a:9092/1\": { "
        "\"name\":\"a:9092/1\", \"nodeid\":1, \"state\":\"UP\", \"rxidle\":1500, \"rtt\": {\"min\":1} },"
        " \"b:9092/2\": {\"nodeid\":2, \"state\":\"DOWN\", \"rxidle\":-1} },"
        " \"topics\":{ \"shop.public.orders\": { \"topic\":\"shop.public.orders\", \"partitions\":{ "
        "\"0\": { \"partition\":0, \"broker\":1, \"leader\":1, \"fetchq_cnt\":7, \"fetchq_size\":512, "
        "\"fetch_state\":\"active\" }, \"-1\": { \"partition\":-1, \"broker\":-1, \"fetch_state\":\"none\" } } } "
        "}, \"tx\": 18446744073709551615 }";
    struct kafka_stats stats = {0};
    found_count = 0;
    assert_true(kafka_stats_read(SPAN(text), &stats, keep, NULL));
    assert_int_equal(stats.at_us, 5016483227792);
    assert_true(stats.any_up);
    assert_int_equal(kafka_stats_broker(&stats, 1)->idle_us, 1500);
    assert_false(kafka_stats_broker(&stats, 2)->up);
    assert_null(kafka_stats_broker(&stats, 3));
    assert_int_equal(found_count, 2);
    assert_true(span_is(found[0].topic, "shop.public.orders"));
    assert_true(found[0].fetching);
    assert_int_equal(found[0].queued_messages, 7);
    assert_int_equal(found[0].queued_bytes, 512);
    assert_int_equal(found[0].leader, 1);
    assert_int_equal(found[1].leader, -1);
    assert_int_equal(found[1].partition, -1);
    assert_false(found[1].fetching);
}

static void knows_whether_the_coordinator_is_connected(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool down;
    } told[] = {
#define COORDINATOR(source, state)                                                                                              \
    "{\"ts\":1,\"brokers\":{\"a\":{\"nodeid\":1,\"source\":\"learned\",\"state\":\"DOWN\"},\"GroupCoordinator\":{\"nodeid\":-1" \
    ",\"source\":\"" source "\",\"state\":\"" state "\"}},\"topics\":{}}"
        {COORDINATOR("logical", "UP"), false},
        {COORDINATOR("logical", "TRY_CONNECT"), true},
        {COORDINATOR("logical", "UP"), false},
        {COORDINATOR("learned", "DOWN"), false},
    };
    struct kafka_stats stats = {0};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        assert_true(kafka_stats_read(span_of(told[i].text), &stats, keep, NULL));
        assert_int_equal(stats.coordinator_down, told[i].down);
    }
}

static void knows_when_a_fetch_was_answered(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool answered;
    } told[] = {
#define BROKER(connects, fetches)                                                                            \
    "{\"ts\":1,\"brokers\":{\"a\":{\"nodeid\":1,\"state\":\"UP\",\"rxidle\":1,\"connects\":" connects        \
    ",\"req\":{\"Produce\":0,\"Fetch\":" fetches ",\"Metadata\":9}}},\"topics\":{}}"
        {BROKER("1", "3"), false}, // the third may not name it
        {BROKER("1", "4"), false}, // the fourth may not be answered
        {BROKER("1", "5"), true},   {BROKER("1", "5"), false},  {BROKER("1", "6"), true},
        {BROKER("1", "60"), true},  {BROKER("2", "61"), false}, // sent over a new connection
        {BROKER("2", "61"), false}, {BROKER("2", "62"), false}, {BROKER("2", "63"), true},
        {BROKER("4", "90"), false}, {BROKER("4", "190"), true},
    };
    struct kafka_stats_asked asked = {.node = -1};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        struct kafka_stats stats = {0};
        assert_true(kafka_stats_read(span_of(told[i].text), &stats, keep, NULL));
        assert_int_equal(kafka_stats_is_answered(&asked, kafka_stats_broker(&stats, 1)), told[i].answered);
    }
    const struct kafka_stats_broker other = {.node = 2, .connects = 4, .fetches = 500};
    assert_false(kafka_stats_is_answered(&asked, &other)); // the leader moved
    assert_false(kafka_stats_is_answered(&asked, &other));
}

static void refuses_what_is_not_statistics(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"ts\":1,\"brokers\":{}}",
        "{\"ts\":1,\"brokers\":[],\"topics\":{}}",
        "{\"ts\":\"x\",\"brokers\":{},\"topics\":{}}",
        "{\"ts\":1,\"brokers\":{\"a\":1},\"topics\":{}}",
        "{\"ts\":1,\"brokers\":{},\"topics\":{\"t\":{}}}",
        "{\"ts\":1,\"brokers\":{},\"topics\":{\"t\":{\"topic\":\"t\",\"partitions\":{\"0\":[]}}}}",
        "{\"ts\":1,\"brokers\":{},\"topics\":{",
    };
    struct kafka_stats stats = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(kafka_stats_read(span_of(texts[i]), &stats, keep, NULL));
    assert_true(kafka_stats_read(SPAN("{\"ts\":1,\"brokers\":{},\"topics\":{}}"), &stats, keep, NULL));
    assert_false(stats.any_up);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_brokers_and_partitions),
        cmocka_unit_test(knows_whether_the_coordinator_is_connected),
        cmocka_unit_test(knows_when_a_fetch_was_answered),
        cmocka_unit_test(refuses_what_is_not_statistics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
