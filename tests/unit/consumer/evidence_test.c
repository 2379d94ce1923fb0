// What messages say of columns, keys and sources, and the types that are guessed of it.
#include "consumer/evidence/column_guess.h"
#include "consumer/evidence/evidence.h"
#include "consumer/evidence/feeding.h"
#include "views/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct evidence evidence;

static int setup(void **state) {
    (void)state;
    evidence = (struct evidence){.prefix = "shop"};
    return 0;
}

static int teardown(void **state) {
    (void)state;
    evidence_free(&evidence);
    return 0;
}

static const struct evidence_topic *take_at(const char *topic, int64_t offset, const char *key,
                                            const char *value) {
    struct error error = {0};
    const struct message message = {
        .offset = offset, .ts_ms = 1700000000000, .key = span_of(key), .value = span_of(value)};
    int number = evidence_topic(&evidence, span_of(topic), 1, &error);
    assert_true(number >= 0);
    assert_int_equal(0, evidence_take(&evidence, number, &message, &error));
    return &evidence.topics[number];
}

static const struct evidence_topic *take(const char *topic, const char *key, const char *value) {
    return take_at(topic, 0, key, value);
}

// A row of one column c beside its key.
static const struct evidence_topic *take_value(const char *json) {
    char value[1024];
    (void)snprintf(value, sizeof value,
                   "{\"op\":\"c\",\"before\":null,\"after\":{\"id\":1,%s},"
                   "\"source\":{\"connector\":\"postgresql\",\"schema\":\"public\",\"table\":\"t\"}}",
                   json);
    return take("shop.public.t", "{\"id\":1}", value);
}

static const struct evidence_column *column(const struct evidence_topic *topic, const char *name) {
    for (int i = 0; i < topic->column_count; i++)
        if (strcmp(topic->columns[i].name, name) == 0)
            return &topic->columns[i];
    fail_msg("no column %s", name);
    return NULL;
}

static void assert_unsure(const char *says, const char *name) {
    struct column_guess guess;
    column_guess(column(&evidence.topics[0], name), &guess);
    if ((says == NULL) != (guess.unsure[0] == '\0') || (says != NULL && strstr(guess.unsure, says) == NULL))
        fail_msg("%s: %s", name, guess.unsure);
}

static void assert_type(const char *want, const char *name) {
    struct column_guess guess;
    column_guess(column(&evidence.topics[0], name), &guess);
    assert_string_equal(want, guess.type);
}

static void test_types_of_json_alone(void **state) {
    (void)state;
    static const struct {
        const char *name, *first, *second, *type;
    } cases[] = {
        {"n", "\"n\":1", "\"n\":9007199254740993", "bigint"},
        {"b", "\"b\":true", "\"b\":null", "boolean"},
        {"total", "\"total\":\"42.00\"", "\"total\":\"-1.50\"", "numeric(18, 2)"},
        {"ratio", "\"ratio\":\"1.5\"", "\"ratio\":\"1.25\"", "numeric"},
        {"f", "\"f\":1.5", "\"f\":2", "numeric"},
        {"created_at", "\"created_at\":\"2026-11-22T22:32:00.828342Z\"", "\"created_at\":null",
         "timestamptz"},
        {"updated", "\"updated\":1795386720827758", "\"updated\":0", "timestamp"},
        {"sent_at", "\"sent_at\":1795386720827", "\"sent_at\":1795386720000", "timestamp(3)"},
        {"serial", "\"serial\":1795386720827", "\"serial\":1795386720000", "bigint"},
        {"placed_on", "\"placed_on\":20779", "\"placed_on\":-1", "date"},
        {"quantity", "\"quantity\":20779", "\"quantity\":20780", "bigint"},
        {"d", "\"d\":-622191234", "\"d\":7", "date"},
        {"m", "\"m\":\"{\\\"a\\\":1}\"", "\"m\":\"[]\"", "jsonb"},
        {"u", "\"u\":\"6fa459ea-ee8a-3ca4-894e-db77e160355e\"", "\"u\":null", "uuid"},
        {"s", "\"s\":\"1.0\"", "\"s\":\"one\"", "text"},
        {"o", "\"o\":{\"x\":1}", "\"o\":null", "jsonb"},
        {"any", "\"any\":{\"x\":1}", "\"any\":17", "unknown"},
        {"nothing", "\"nothing\":null", "\"nothing\":null", "text"},
        {"toast", "\"toast\":\"__debezium_unavailable_value\"", "\"toast\":\"a\"", "text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)take_value(cases[i].first);
        (void)take_value(cases[i].second);
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_type(cases[i].type, cases[i].name);
    assert_int_equal(1, column(&evidence.topics[0], "toast")->placeholders);
}

// A decimal's digits without their scale (decimal.handling.mode=precise) are no text that anybody wants to read.
static void test_base64_is_told(void **state) {
    (void)state;
    (void)take_value(
        "\"total\":\"EGg=\",\"four\":\"card\",\"words\":\"EGg=\",\"long\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\"");
    (void)take_value("\"total\":\"AYag\",\"four\":\"cash\",\"words\":\"a b=\",\"long\":null");
    assert_type("text", "total");
    assert_unsure(
        "base64: bytea, or numeric that is not to be read (decimal.handling.mode=precise), such as EGg=",
        "total");
    assert_unsure(NULL, "four"); // as any word of four letters
    assert_unsure(NULL, "words");
    assert_unsure(NULL, "long"); // a digest
}

// clang-format off
static const char with_schema[] =
    "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"struct\",\"field\":\"after\",\"fields\":["
    "{\"type\":\"int32\",\"optional\":true,\"field\":\"id\"},"
    "{\"type\":\"bytes\",\"optional\":true,\"name\":\"org.apache.kafka.connect.data.Decimal\",\"parameters\":{\"scale\":\"2\",\"connect.decimal.precision\":\"10\"},\"field\":\"total\"},"
    "{\"type\":\"int32\",\"optional\":true,\"name\":\"io.debezium.time.Date\",\"default\":0,\"field\":\"day\"},"
    "{\"type\":\"string\",\"optional\":true,\"name\":\"io.debezium.data.Json\",\"field\":\"meta\"},"
    "{\"type\":\"bytes\",\"optional\":true,\"name\":\"io.debezium.data.Bits\",\"parameters\":{\"length\":\"3\"},\"field\":\"bits\"},"
    "{\"type\":\"array\",\"optional\":true,\"items\":{\"type\":\"int32\"},\"field\":\"list\"},"
    "{\"type\":\"array\",\"optional\":true,\"items\":{\"type\":\"bytes\",\"name\":\"org.apache.kafka.connect.data.Decimal\",\"parameters\":{\"scale\":\"2\",\"connect.decimal.precision\":\"8\"}},\"field\":\"totals\"},"
    "{\"type\":\"array\",\"optional\":true,\"items\":{\"type\":\"bytes\",\"name\":\"io.debezium.data.Bits\",\"parameters\":{\"length\":\"4\"}},\"field\":\"masks\"},"
    "{\"type\":\"array\",\"optional\":true,\"items\":{\"type\":\"string\",\"name\":\"io.debezium.data.Enum\"},\"field\":\"moods\"}"
    "]}]},\"payload\":{\"op\":\"r\",\"before\":null,\"source\":{},\"after\":{\"id\":1,\"total\":\"EGg=\",\"day\":0,\"meta\":\"{}\","
    "\"bits\":\"BQ==\",\"list\":[1],\"totals\":[],\"masks\":[],\"moods\":[]}}}";
// clang-format on

static void test_types_of_schemas(void **state) {
    (void)state;
    const struct evidence_topic *topic =
        take("shop.public.t", "{\"schema\":{\"type\":\"struct\"},\"payload\":{\"id\":1}}", with_schema);
    assert_int_equal(1, topic->with_schema);
    assert_int_equal(1, topic->reads);
    assert_type("int", "id");
    assert_type("numeric(10, 2)", "total");
    assert_type("date", "day");
    assert_type("jsonb", "meta");
    assert_type("bit(3)", "bits");
    assert_type("int[]", "list");
    assert_type("numeric(8, 2)[]", "totals");
    assert_type("bit(4)[]", "masks");
    assert_type("text[]", "moods");
    assert_int_equal(1, column(topic, "id")->key);
    assert_int_equal(1, column(topic, "day")->defaults);
}

static void test_what_is_counted(void **state) {
    (void)state;
    static const char key[] = "{\"b\":1,\"a\":2}";
    static const char source[] = "\"source\":{\"schema\":\"public\",\"table\":\"t\",\"lsn\":1}";
    char value[512];
    (void)snprintf(value, sizeof value,
                   "{\"op\":\"u\",\"before\":null,\"after\":{\"a\":2,\"b\":1,\"c\":3},%s}", source);
    (void)take("shop.public.t", key, value);
    (void)snprintf(value, sizeof value,
                   "{\"op\":\"d\",\"before\":{\"a\":2,\"b\":1,\"c\":null},\"after\":null,%s}", source);
    (void)take("shop.public.t", key, value);
    (void)take("shop.public.t", key, NULL);
    (void)snprintf(value, sizeof value, "{\"op\":\"t\",\"before\":null,\"after\":null,%s}", source);
    (void)take("shop.public.t", NULL, value);
    const struct evidence_topic *topic = take("shop.public.t", key, "Obj\x01");
    assert_int_equal(5, topic->messages);
    assert_int_equal(2, topic->rows);
    assert_int_equal(1, topic->updates);
    assert_int_equal(1, topic->deletes);
    assert_int_equal(0, topic->updates_with_before);
    assert_int_equal(1, topic->tombstones);
    assert_int_equal(1, topic->truncates);
    assert_int_equal(1, topic->unreadable);
    assert_non_null(strstr(topic->unreadable_like, "Avro"));
    assert_int_equal(3, topic->with_position);
    assert_int_equal(1, column(topic, "b")->key);
    assert_int_equal(2, column(topic, "a")->key);
    assert_int_equal(1, column(topic, "c")->seen); // a delete has no row
}

static void test_keys_that_are_no_object(void **state) {
    (void)state;
    (void)take("shop.public.t", "1", "{\"op\":\"c\",\"after\":{\"id\":1,\"n\":1},\"source\":{}}");
    const struct evidence_topic *topic =
        take("shop.public.t", "\"2\"", "{\"op\":\"c\",\"after\":{\"id\":2,\"n\":1},\"source\":{}}");
    assert_true(column(topic, "id")->key_candidate);
    assert_false(column(topic, "n")->key_candidate);
    topic = take("shop.public.t", "{\"schema\":{\"type\":\"int32\"},\"payload\":3}",
                 "{\"op\":\"c\",\"after\":{\"id\":3,\"n\":1},\"source\":{}}");
    topic = take("shop.public.t", "{\"schema\":{\"type\":\"string\"},\"payload\":\"4\"}",
                 "{\"op\":\"c\",\"after\":{\"id\":4,\"n\":1},\"source\":{}}");
    assert_int_equal(4, topic->scalar_keys);
    assert_true(column(topic, "id")->key_candidate);
    assert_false(column(topic, "n")->key_candidate);
    (void)take("shop.public.t", "{\"schema\":{\"type\":\"string\"},\"payload\":null}",
               "{\"op\":\"c\",\"after\":{\"id\":5,\"n\":null},\"source\":{}}");
    topic = take("shop.public.t", "null", "{\"op\":\"c\",\"after\":{\"id\":6,\"n\":null},\"source\":{}}");
    assert_int_equal(4, topic->scalar_keys);
    assert_int_equal(2, topic->null_keys);
    assert_true(column(topic, "id")->key_candidate);
}

// The row that is updated is another one than was made, whatever is around its key's value.
static void test_rows_of_before_the_log(void **state) {
    (void)state;
    static const char *const keys[][2] = {{"{\"id\":1}", "{\"id\":2}"},
                                          {"1", "2"},
                                          {"{\"schema\":{\"type\":\"int32\"},\"payload\":1}",
                                           "{\"schema\":{\"type\":\"int32\"},\"payload\":2}"}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char topic[64];
        (void)snprintf(topic, sizeof topic, "shop.public.t%zu", i);
        (void)take_at(topic, 0, keys[i][0], "{\"op\":\"c\",\"after\":{\"id\":1},\"source\":{}}");
        assert_int_equal(
            0, take_at(topic, 1, keys[i][0], "{\"op\":\"u\",\"after\":{\"id\":1},\"source\":{}}")->of_older);
        assert_int_equal(
            1, take_at(topic, 2, keys[i][1], "{\"op\":\"u\",\"after\":{\"id\":2},\"source\":{}}")->of_older);
    }
}

static void test_topics_of_the_connector(void **state) {
    (void)state;
    (void)take("shop.transaction", NULL, "{\"status\":\"BEGIN\",\"id\":\"1\"}");
    const struct evidence_topic *topic =
        take("shop.transaction", NULL, "{\"status\":\"END\",\"id\":\"1:5\",\"event_count\":0}");
    assert_int_equal(EVIDENCE_TRANSACTIONS, topic->role);
    assert_int_equal(1, topic->begins);
    assert_int_equal(1, topic->empty_ends);
    assert_int_equal(1, topic->placed);
    topic = take("__debezium-heartbeat.shop", NULL, "{\"ts_ms\":1}");
    assert_int_equal(EVIDENCE_HEARTBEATS, topic->role);
    topic = take("beats.shop", "{\"serverName\":\"shop\"}", "{\"ts_ms\":1}");
    assert_int_equal(EVIDENCE_MAY_BE_HEARTBEATS, topic->role);
    assert_int_equal(1, topic->beats);
    topic = take("logs.shop", "{\"id\":1}", "{\"id\":1,\"line\":\"a\"}"); // somebody else's
    assert_int_equal(0, topic->beats + topic->rows);
    topic = take(
        "shop.notes", "{\"id\":\"a\"}",
        "{\"id\":\"a\",\"type\":\"STARTED\",\"aggregate_type\":\"Initial Snapshot\",\"additional_data\":{}}");
    topic = take(
        "shop.notes", "{\"id\":\"b\"}",
        "{\"id\":\"b\",\"type\":\"COMPLETED\",\"aggregate_type\":\"Initial Snapshot\",\"additional_data\":{},"
        "\"timestamp\":1796092446509}");
    assert_int_equal(0, topic->unwrapped + topic->rows); // a notification
    assert_true(feeding_is_own(topic));
    topic = take("shop.notes", "{\"id\":\"c\"}",
                 "{\"id\":\"c\",\"type\":\"x\",\"aggregate_type\":\"y\",\"additional_data\":{},\"n\":1}");
    assert_int_equal(1, topic->rows); // somebody's row
    topic = take("shop.signals", "shop",
                 "{\"id\":\"a\",\"type\":\"execute-snapshot\",\"data\":{\"type\":\"incremental\"}}");
    topic = take("shop.signals", "shop", "{\"type\":\"resume-snapshot\",\"data\":{}}");
    assert_int_equal(0, topic->unwrapped + topic->rows);
    assert_true(feeding_is_own(topic)); // no table's that would have to be declared
    topic = take("shop.signals", "{\"id\":\"a\"}", "{\"id\":\"a\",\"type\":\"b\",\"data\":\"c\"}");
    assert_int_equal(1, topic->rows); // of the signal table
    topic = take("shop", NULL, "{\"ddl\":\"create table t(a int)\"}");
    assert_int_equal(EVIDENCE_SCHEMA_CHANGES, topic->role);
    topic = take("shop.message", NULL, "{\"op\":\"m\",\"source\":{}}");
    assert_int_equal(1, topic->logical);
    assert_int_equal(0, topic->rows);
}

static void test_names_that_are_none(void **state) {
    (void)state;
    (void)take_value("\"a\\u0000b\":1");
    assert_int_equal(2, take_value("\"a\\u0000b\":1")->column_count);
    for (int i = 0; i < EVIDENCE_COLUMNS_MAX + 10; i++) {
        char json[64];
        (void)snprintf(json, sizeof json, "\"c%d\":%d", i, i);
        (void)take_value(json);
    }
    assert_int_equal(EVIDENCE_COLUMNS_MAX, evidence.topics[0].column_count);
    assert_int_equal(12, evidence.topics[0].rest.seen);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_types_of_json_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_base64_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_types_of_schemas, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys_that_are_no_object, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows_of_before_the_log, setup, teardown),
        cmocka_unit_test_setup_teardown(test_topics_of_the_connector, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_that_are_none, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
