// Verdicts of evidence: each with its counterpart, and silence is never ok.
#include "consumer/doctor.h"
#include "views/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static char orders_name[] = "shop.public.orders";
static char transactions_name[] = "shop.transaction";
static char heartbeats_name[] = "__debezium-heartbeat.shop";
static char total_name[] = "total";

enum { ORDERS, TRANSACTIONS, HEARTBEATS, TOPICS };

struct sample {
    struct evidence evidence;
    struct evidence_topic topics[TOPICS];
    struct evidence_column columns[1];
};

// A connector with all settings as they should be.
static struct sample *sample_of(struct sample *sample) {
    *sample =
        (struct sample){.evidence = {.prefix = "shop", .topics = sample->topics, .topic_count = TOPICS}};
    sample->columns[0] = (struct evidence_column){
        .name = total_name, .key = 1, .seen = 9, .strings = 9, .decimals = 9, .scale = 2};
    sample->topics[ORDERS] = (struct evidence_topic){.name = orders_name,
                                                     .role = EVIDENCE_TABLE,
                                                     .partitions = 1,
                                                     .table = "orders",
                                                     .connector = "postgresql",
                                                     .messages = 10,
                                                     .rows = 9,
                                                     .with_position = 9,
                                                     .with_transaction = 8,
                                                     .deletes = 1,
                                                     .tombstones = 1,
                                                     .columns = sample->columns,
                                                     .column_count = 1};
    sample->topics[TRANSACTIONS] = (struct evidence_topic){.name = transactions_name,
                                                           .role = EVIDENCE_TRANSACTIONS,
                                                           .partitions = 1,
                                                           .messages = 40,
                                                           .begins = 20,
                                                           .ends = 20,
                                                           .placed = 40,
                                                           .empty_ends = 12};
    sample->topics[HEARTBEATS] = (struct evidence_topic){
        .name = heartbeats_name, .role = EVIDENCE_HEARTBEATS, .partitions = 1, .messages = 12};
    return sample;
}

// The report has a line of `check` with this verdict.
static void assert_verdict(const struct sample *sample, bool of_broker, const char *check,
                           const char *verdict, int failed) {
    CLEANUP(buffer_free) struct buffer text = {0};
    CLEANUP(buffer_free) struct buffer want = {0};
    const struct doctor_config config = {.evidence = &sample->evidence, .of_broker = of_broker, .json = true};
    assert_int_equal(failed, doctor_write(&config, &text));
    buffer_char(&text, '\0');
    buffer_format(&want, "{\"check\":\"%s\",\"verdict\":\"%s\",", check, verdict);
    buffer_char(&want, '\0');
    if (strstr(text.data, want.data) == NULL)
        fail_msg("no %s in %s", want.data, text.data);
}

static void test_a_connector_that_is_well(void **state) {
    (void)state;
    static const char *const checks[] = {"converter",      "envelope",     "keys",
                                         "decimals",       "transactions", "heartbeats",
                                         "position moves", "tombstones",   "retention"};
    struct sample sample;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        assert_verdict(sample_of(&sample), true, checks[i], "ok", 0);
}

static void test_a_sample_without_messages_is_not_ok(void **state) {
    (void)state;
    static const char *const checks[] = {"converter", "envelope",       "position",   "connector",
                                         "keys",      "decimals",       "times",      "nulls",
                                         "truncates", "position moves", "tombstones", "replica identity",
                                         "toast",     "retention",      "compaction"};
    struct sample sample;
    sample_of(&sample)->evidence.topic_count = 0;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        assert_verdict(&sample, false, checks[i], "not seen", 0);
    assert_verdict(&sample, false, "transactions", "warn", 0);
}

// What it may not ask about is not known, and what that costs is told.
static void test_what_may_not_be_asked(void **state) {
    (void)state;
    struct sample sample;
    sample_of(&sample)->topics[ORDERS].settings_refused = true;
    assert_verdict(&sample, true, "compaction", "warn", 0);
    assert_verdict(&sample, true, "kept", "not seen", 0);
    sample.topics[ORDERS].settings_told = true;
    sample.topics[ORDERS].retention_ms = sample.topics[ORDERS].retention_bytes = -1;
    assert_verdict(&sample, true, "compaction", "ok", 0);
    assert_verdict(&sample, true, "kept", "ok", 0);
}

static void test_what_fails(void **state) {
    (void)state;
    struct sample sample;
    sample_of(&sample)->topics[ORDERS].unreadable = 1;
    assert_verdict(&sample, true, "converter", "fail", 1);
    sample_of(&sample)->topics[ORDERS].null_keys = 1;
    assert_verdict(&sample, true, "keys", "fail", 1);
    sample_of(&sample)->topics[TRANSACTIONS].partitions = 3;
    assert_verdict(&sample, true, "transactions", "fail", 1);
}

static void test_what_is_warned_of(void **state) {
    (void)state;
    struct sample sample;
    sample_of(&sample)->topics[ORDERS].unwrapped = 9;
    assert_verdict(&sample, true, "truncates", "warn", 0);
    sample_of(&sample)->topics[ORDERS].tombstones = 0;
    assert_verdict(&sample, true, "tombstones", "warn", 0);
    sample_of(&sample)->topics[ORDERS].beginning_gone = 1;
    assert_verdict(&sample, true, "retention", "warn", 0);
    sample_of(&sample)->topics[ORDERS].of_older = 1;
    assert_verdict(&sample, true, "snapshot", "warn", 0);
    sample_of(&sample)->columns[0].reals = 1;
    assert_verdict(&sample, true, "decimals", "warn", 0);
    sample_of(&sample)->topics[TRANSACTIONS].empty_ends = 0;
    assert_verdict(&sample, true, "position moves", "warn", 0);
    sample.topics[ORDERS].logical = 5; // an application's own messages, and fewer than half of the heartbeats
    assert_verdict(&sample, true, "position moves", "warn", 0);
    sample.topics[ORDERS].logical = 6; // they may be the heartbeats'
    assert_verdict(&sample, true, "position moves", "not seen", 0);
    sample.topics[ORDERS].logical = 0;
    sample.topics[TRANSACTIONS].partial = true; // the heartbeats' may be among those that were not looked at
    assert_verdict(&sample, true, "position moves", "not seen", 0);
}

static void test_documents_are_not_read(void **state) {
    (void)state;
    struct sample sample;
    (void)snprintf(sample_of(&sample)->topics[ORDERS].connector, sizeof sample.topics[ORDERS].connector,
                   "mongodb");
    assert_verdict(&sample, true, "connector", "fail", 1);
}

static void test_nulls_that_became_defaults(void **state) {
    (void)state;
    struct sample sample;
    sample_of(&sample)->columns[0] = (struct evidence_column){.name = total_name,
                                                              .key = 1,
                                                              .seen = 9,
                                                              .has_schema = true,
                                                              .optional = true,
                                                              .has_default = true,
                                                              .defaults = 2};
    assert_verdict(&sample, true, "nulls", "warn", 0);
    sample.columns[0].nulls = 1;
    assert_verdict(&sample, true, "nulls", "ok", 0);
}

static void test_deletes_of_unwrapped_rows(void **state) {
    (void)state;
    struct sample sample;
    sample_of(&sample)->topics[ORDERS].unwrapped = 9;
    assert_verdict(&sample, true, "deletes", "ok", 0);
    sample.topics[ORDERS].deletes = 0;
    assert_verdict(&sample, true, "deletes", "ok", 0); // a tombstone is one
    sample.topics[ORDERS].tombstones = 0;
    assert_verdict(&sample, true, "deletes", "not seen", 0);
    sample.columns[0].truths = 9;
    assert_verdict(&sample, true, "deletes", "warn", 0);
    sample.columns[0].truths = 8; // a text that may say true
    assert_verdict(&sample, true, "deletes", "not seen", 0);
    sample.topics[ORDERS].marked = 9;
    assert_verdict(&sample, true, "deletes", "ok", 0);
}

static void test_what_a_transform_made_of_times_and_decimals(void **state) {
    (void)state;
    struct sample sample;
    sample_of(&sample)->columns[0] =
        (struct evidence_column){.name = total_name, .key = 1, .seen = 9, .reals = 9, .padded = 1};
    assert_verdict(&sample, true, "decimals", "ok", 0);
    sample.columns[0] = (struct evidence_column){.name = total_name,
                                                 .key = 1,
                                                 .seen = 9,
                                                 .integers = 9,
                                                 .micros = 9,
                                                 .has_schema = true,
                                                 .semantic = "org.apache.kafka.connect.data.Timestamp"};
    assert_verdict(&sample, true, "times", "warn", 0);
    sample.columns[0].millis = 1;
    sample.topics[ORDERS].with_schema = 9;
    assert_verdict(&sample, true, "times", "ok", 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_connector_that_is_well),
        cmocka_unit_test(test_a_sample_without_messages_is_not_ok),
        cmocka_unit_test(test_what_may_not_be_asked),
        cmocka_unit_test(test_what_fails),
        cmocka_unit_test(test_what_is_warned_of),
        cmocka_unit_test(test_documents_are_not_read),
        cmocka_unit_test(test_nulls_that_became_defaults),
        cmocka_unit_test(test_deletes_of_unwrapped_rows),
        cmocka_unit_test(test_what_a_transform_made_of_times_and_decimals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
