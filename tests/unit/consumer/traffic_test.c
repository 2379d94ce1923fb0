#include "consumer/demo/traffic.h"

#include "views/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

enum { MESSAGES = 20000, SEED = 42 };

static struct traffic *open_traffic(struct capture **capture, const char *path, uint64_t seed) {
    struct error error = {0};
    struct traffic *traffic = NULL;
    assert_int_equal(capture_open(capture, path, &error), 0);
    if (traffic_new(&traffic, *capture, seed, &error) != 0)
        fail_msg("%s", error.message);
    return traffic;
}

static void next(struct traffic *traffic, int64_t now_ms, struct traffic_message *ret) {
    struct error error = {0};
    assert_int_equal(traffic_next(traffic, now_ms, ret, &error), 0);
}

static void is_a_function_of_the_seed(void **state) {
    (void)state;
    struct capture *captures[3] = {0};
    const char *path = FIXTURES "/captures/basic.jsonl";
    struct traffic *a = open_traffic(&captures[0], path, SEED);
    struct traffic *b = open_traffic(&captures[1], path, SEED);
    struct traffic *other = open_traffic(&captures[2], path, SEED + 1);
    bool differs = false;
    for (int i = 0; i < MESSAGES; i++) {
        struct traffic_message x, y, z;
        next(a, 0, &x);
        next(b, 0, &y);
        next(other, 0, &z);
        assert_int_equal(x.topic, y.topic);
        assert_int_equal(x.partition, y.partition);
        assert_int_equal(x.ts_ms, y.ts_ms);
        assert_true(span_equal(x.key, y.key));
        assert_true(span_equal(x.value, y.value));
        differs |= !span_equal(x.value, z.value);
    }
    assert_true(differs);
    traffic_free(&a);
    traffic_free(&b);
    traffic_free(&other);
    for (int i = 0; i < 3; i++)
        capture_close(&captures[i]);
}

// What is left of an envelope without its timestamps.
static char *timeless(struct span value) {
    json_t *json = json_loadb(value.data, value.size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    static const char *const stamps[] = {"ts_ms", "ts_us", "ts_ns"};
    for (int i = 0; i < 3; i++) {
        (void)json_object_del(json, stamps[i]);
        (void)json_object_del(json_object_get(json, "source"), stamps[i]);
    }
    char *text = json_dumps(json, JSON_SORT_KEYS);
    json_decref(json);
    return text;
}

static void the_clock_changes_only_timestamps(void **state) {
    (void)state;
    struct capture *captures[2] = {0};
    const char *path = FIXTURES "/captures/hazards.jsonl";
    struct traffic *own = open_traffic(&captures[0], path, SEED);
    struct traffic *live = open_traffic(&captures[1], path, SEED);
    for (int i = 0; i < MESSAGES / 10; i++) {
        struct traffic_message x, y;
        next(own, 0, &x);
        next(live, 1900000000000 + i, &y);
        assert_int_equal(x.topic, y.topic);
        assert_true(span_equal(x.key, y.key));
        assert_int_equal(x.value.data == NULL, y.value.data == NULL);
        if (x.value.data == NULL)
            continue;
        assert_in_range(y.ts_ms, 1900000000000, 1900000000000 + i);
        CLEANUP(free_charp) char *a = timeless(x.value);
        CLEANUP(free_charp) char *b = timeless(y.value);
        assert_string_equal(a, b);
    }
    traffic_free(&own);
    traffic_free(&live);
    capture_close(&captures[0]);
    capture_close(&captures[1]);
}

// One transaction as a consumer sees it.
struct seen {
    bool open;
    char id[32]; // before the colon
    int64_t lsn; // newest of any kind
    int events;
    int ops[128];
    int transactions;
};

static void take_id(struct seen *seen, const char *id, bool begins, bool advances) {
    assert_non_null(id);
    const char *colon = strchr(id, ':');
    assert_non_null(colon);
    int64_t lsn = strtoll(colon + 1, NULL, 10);
    if (begins)
        (void)snprintf(seen->id, sizeof seen->id, "%.*s", (int)(colon - id), id);
    assert_int_equal(strncmp(seen->id, id, (size_t)(colon - id)), 0);
    if (advances)
        assert_true(lsn > seen->lsn);
    seen->lsn = lsn;
}

static void take_boundary(struct seen *seen, json_t *event) {
    bool begins = strcmp(json_string_value(json_object_get(event, "status")), "BEGIN") == 0;
    assert_int_equal(begins, !seen->open);
    take_id(seen, json_string_value(json_object_get(event, "id")), begins, !begins);
    seen->open = begins;
    if (begins) {
        seen->events = 0;
        return;
    }
    seen->transactions++;
    assert_int_equal(json_integer_value(json_object_get(event, "event_count")), seen->events);
    assert_true(seen->events > 0);
    size_t i;
    json_t *collection;
    int64_t sum = 0;
    json_array_foreach(json_object_get(event, "data_collections"), i, collection) sum +=
        json_integer_value(json_object_get(collection, "event_count"));
    assert_int_equal(sum, seen->events);
}

static void take_row(struct seen *seen, enum traffic_topic topic, json_t *envelope) {
    json_t *transaction = json_object_get(envelope, "transaction");
    json_t *source = json_object_get(envelope, "source");
    assert_true(seen->open);
    take_id(seen, json_string_value(json_object_get(transaction, "id")), false, true);
    assert_int_equal(json_integer_value(json_object_get(source, "lsn")), seen->lsn);
    assert_int_equal(json_integer_value(json_object_get(source, "txId")), strtoll(seen->id, NULL, 10));
    assert_int_equal(json_integer_value(json_object_get(transaction, "total_order")), ++seen->events);
    const char *op = json_string_value(json_object_get(envelope, "op"));
    seen->ops[(unsigned char)op[0]]++;
    json_t *after = json_object_get(envelope, "after");
    assert_int_equal(op[0] == 'd', json_is_null(after));
    if (topic != TRAFFIC_INVENTORY)
        return;
    int64_t on_hand = json_integer_value(json_object_get(after, "on_hand"));
    int64_t reserved = json_integer_value(json_object_get(after, "reserved"));
    assert_true(on_hand >= 0);
    assert_true(reserved >= 0);
    assert_true(reserved <= on_hand);
}

static void keeps_transactions_and_the_shop_whole(void **state) {
    (void)state;
    struct capture *capture = NULL;
    struct traffic *traffic = open_traffic(&capture, FIXTURES "/captures/basic.jsonl", SEED);
    struct seen seen = {0};
    seen.lsn = 426223072; // the capture's last
    int tombstones = 0;
    for (int i = 0; i < MESSAGES; i++) {
        struct traffic_message message;
        next(traffic, 0, &message);
        tombstones += message.value.data == NULL;
        if (message.value.data == NULL)
            continue;
        json_t *value = json_loadb(message.value.data, message.value.size, JSON_REJECT_DUPLICATES, NULL);
        json_t *key = json_loadb(message.key.data, message.key.size, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(value);
        assert_non_null(key);
        if (message.topic == TRAFFIC_TRANSACTION)
            take_boundary(&seen, value);
        else
            take_row(&seen, message.topic, value);
        json_decref(value);
        json_decref(key);
    }
    assert_true(seen.transactions > MESSAGES / 10);
    assert_true(seen.ops['c'] > 0 && seen.ops['u'] > 0 && seen.ops['d'] > 0);
    assert_int_equal(tombstones, seen.ops['d']);
    traffic_free(&traffic);
    capture_close(&capture);
}

static void goes_on_from_every_capture(void **state) {
    (void)state;
    static const char *const names[] = {"basic", "doubles",    "flat",    "hazards",
                                        "notx",  "resnapshot", "schemas", "transfers"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/captures/%s.jsonl", FIXTURES, names[i]);
        struct capture *capture = NULL;
        struct traffic *traffic = open_traffic(&capture, path, SEED);
        for (int j = 0; j < 1000; j++) {
            struct traffic_message message;
            next(traffic, 0, &message);
            if (message.topic == TRAFFIC_TRANSACTION)
                assert_string_not_equal(names[i], "notx");
        }
        struct traffic_message heartbeat;
        assert_int_equal(traffic_heartbeat(traffic, 17, &heartbeat, NULL), 0);
        assert_true(span_is(heartbeat.value, "{\"ts_ms\":17}"));
        traffic_free(&traffic);
        capture_close(&capture);
    }
}

int main(void) {
    print_message("seed %d\n", SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_a_function_of_the_seed),
        cmocka_unit_test(the_clock_changes_only_timestamps),
        cmocka_unit_test(keeps_transactions_and_the_shop_whole),
        cmocka_unit_test(goes_on_from_every_capture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
