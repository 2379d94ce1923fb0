// What the consumer notes of the declared tables, and what a reader is told of it.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "views/engine/progress.h"
#include "views/engine/read/transaction_ring.h"

#include <stdio.h>
#include <string.h>

static int setup(void **state) {
    struct error error = {0};
    struct progress *progress = NULL;
    assert_int_equal(progress_new(&progress, &error), 0);
    *state = progress;
    return 0;
}

static int teardown(void **state) {
    struct progress *progress = *state;
    progress_free(&progress);
    return 0;
}

struct text {
    char text[512];
};

static void add_pair(void *self, const char *first, const char *second, int64_t times) {
    struct text *text = self;
    size_t size = strlen(text->text);
    (void)snprintf(text->text + size, sizeof text->text - size, "%s.%s=%lld ", first, second,
                   (long long)times);
}

static void add_topic(void *self, const char *topic) {
    struct text *text = self;
    size_t size = strlen(text->text);
    (void)snprintf(text->text + size, sizeof text->text - size, "%s ", topic);
}

static void add_table(void *self, const struct table_progress *table) {
    struct text *text = self;
    size_t size = strlen(text->text);
    (void)snprintf(text->text + size, sizeof text->text - size, "%s:%d:%d:%lld:%s",
                   table->topic_count > 0 ? table->topics[table->topic_count - 1] : "-", table->topic_count,
                   table->partitions, (long long)table->newest_event_ms,
                   table->incomplete != NULL ? table->incomplete : "-");
}

static void expect_table(struct progress *progress, int table, const char *expected) {
    struct text text = {""};
    progress_table_visit(progress, table, add_table, &text);
    assert_string_equal(text.text, expected);
}

static void test_columns(void **state) {
    struct progress *progress = *state;
    progress_drift(progress, "orders", "colours", 6, 1);
    progress_drift(progress, "orders", "colour", 6, 1);
    progress_drift(progress, "orders", "colours", 7, 1);
    progress_missing(progress, "orders", "notes", 5, 3);
    progress_missing(progress, "orders", "notes", 5, 4);
    progress_missing(progress, "orders", "meta", 4, 1);
    struct text text = {""};
    progress_drift_each(progress, add_pair, &text);
    assert_string_equal(text.text, "orders.colour=2 orders.colours=1 ");
    progress_column_seen(progress, "orders", "note", 4);
    progress_column_seen(progress, "orders", "meta", 4);
    text = (struct text){""};
    progress_missing_each(progress, add_pair, &text);
    assert_string_equal(text.text, "orders.notes=7 ");
    struct progress_summary summary;
    progress_summary(progress, &summary);
    assert_int_equal(summary.counters.drift_columns, 2);
}

static void test_tables(void **state) {
    struct progress *progress = *state;
    assert_int_equal(progress_tables_without_topic(progress, 3), 3);
    expect_table(progress, 1, "-:0:0:0:-");
    progress_table_topic(progress, 1, "shop.public.a", 1);
    progress_table_topic(progress, 1, "shop.public.b", 2);
    progress_table_topic(progress, 1, "shop.public.a", 4);
    progress_table_event(progress, 1, 7);
    progress_table_event(progress, 1, 5);
    progress_table_incomplete(progress, 1, "offset 7 is the first");
    expect_table(progress, 1, "shop.public.b:2:6:7:offset 7 is the first");
    progress_table_complete(progress, 1);
    expect_table(progress, 1, "shop.public.b:2:6:7:-");
    expect_table(progress, 0, "-:0:0:0:-");
    assert_int_equal(progress_tables_without_topic(progress, 3), 2);
    progress_table_topic(progress, CATALOG_TABLES_MAX - 1, "last", 1);
    expect_table(progress, CATALOG_TABLES_MAX - 1, "last:1:1:0:-");
    progress_table_topic(progress, PROGRESS_TABLES_MAX, "x", 1);
    progress_table_topic(progress, -1, "x", 1);
    for (int i = 0; i < 200; i++) { // twice each, and not in their order
        char topic[32];
        (void)snprintf(topic, sizeof topic, "shard%03d", i * 7 % 100);
        progress_table_topic(progress, 2, topic, 2);
    }
    expect_table(progress, 2, "shard099:100:200:0:-");
    for (int listing = 0; listing < 2; listing++) {
        progress_table_listed(progress, 2);
        progress_table_topic(progress, 2, "shard007", 3);
        progress_table_topic(progress, 2, "shard005", 1);
    }
    expect_table(progress, 2, "shard007:2:4:0:-");
    progress_table_listed(progress, 2);
    progress_table_listed(progress, 2);
    expect_table(progress, 2, "-:0:0:0:-");
}

static void test_topics_that_are_nobodys(void **state) {
    struct progress *progress = *state;
    const char *const topics[] = {"shop.public.x", "shop.public.y"};
    progress_set_undeclared(progress, topics, 2, 2);
    progress_set_undeclared(progress, topics + 1, 1, 1);
    struct text text = {""};
    progress_undeclared_each(progress, add_topic, &text);
    assert_string_equal(text.text, "shop.public.y ");
    progress_unplaced(progress, "shop.all", "public.x", 2);
    progress_unplaced(progress, "shop.all", "", 1);
    progress_unplaced(progress, "shop.all", "public.x", 1);
    text = (struct text){""};
    progress_unplaced_each(progress, add_pair, &text);
    assert_string_equal(text.text, "shop.all.public.x=3 shop.all.=1 ");
    struct progress_summary summary;
    progress_summary(progress, &summary);
    assert_int_equal(summary.undeclared, 1);
    assert_int_equal(summary.unplaced, 4);
}

static void test_caught_up_stays(void **state) {
    struct progress *progress = *state;
    struct progress_summary summary;
    progress_set_state(progress, STATE_UPSTREAM_SILENT, "");
    progress_summary(progress, &summary);
    assert_false(summary.caught_up_once);
    progress_caught_up(progress);
    progress_set_state(progress, STATE_DISCONNECTED, "");
    progress_summary(progress, &summary);
    assert_true(summary.caught_up_once);
}

// A topic that was deleted: where it ended is no lag of what may be there again.
static void a_forgotten_end_is_not_known(void **state) {
    struct progress *progress = *state;
    struct progress_summary summary;
    struct progress_lag lag;
    struct partition_progress rows[2];
    int number = progress_partition(progress, "a", 0);
    int other = progress_partition(progress, "b", 0);
    progress_set_high(progress, number, 9, 1);
    progress_set_high(progress, other, 5, 2);
    progress_forget_high(progress, number);
    progress_forget_high(progress, number);
    progress_set_applied(progress, number, 7); // what was on its way
    progress_summary(progress, &summary);
    assert_int_equal(summary.messages_behind, -1);
    assert_int_equal(summary.oldest_high_at_ms, 0);
    progress_lag(progress, &lag);
    assert_int_equal(lag.high_total, -1);
    assert_int_equal(progress_partitions(progress, rows, 2), 2);
    assert_int_equal(rows[0].high, -1);
    progress_set_high(progress, number, 8, 3); // made anew
    progress_lag(progress, &lag);
    assert_int_equal(lag.high_total, 13);
}

// Two messages, each with its transaction's marker behind it, then an aborted batch and its marker.
static void markers_are_no_lag(void **state) {
    struct progress *progress = *state;
    struct progress_summary summary;
    struct progress_lag lag;
    int number = progress_partition(progress, "a", 0);
    int other = progress_partition(progress, "b", 0);
    progress_set_high(progress, other, 5, 1);
    progress_set_applied(progress, other, 5);
    progress_set_high(progress, number, 4, 1);
    progress_set_applied(progress, number, 3); // the file: sum of next offsets 8
    progress_summary(progress, &summary);
    assert_int_equal(summary.messages_behind, 1);
    progress_set_position(progress, number, 4);
    progress_set_position(progress, number, 4);
    progress_summary(progress, &summary);
    assert_int_equal(summary.messages_behind, 0);
    progress_lag(progress, &lag);
    assert_int_equal(lag.high_total - 8, 0);
    struct partition_progress rows[2];
    assert_int_equal(progress_partitions(progress, rows, 2), 2);
    assert_int_equal(rows[0].applied, 4);
    progress_set_high(progress, number, 9, 2);
    progress_summary(progress, &summary);
    assert_int_equal(summary.messages_behind, 5);
    progress_set_position(progress, number, 9); // all of them were aborted
    progress_lag(progress, &lag);
    assert_int_equal(lag.high_total - 8, 0);
    progress_set_high(progress, number, 11, 3);
    progress_set_applied(progress, number, 10); // a message came, and its marker
    progress_lag(progress, &lag);
    assert_int_equal(lag.high_total - 15, 1);
    progress_set_position(progress, number, 11);
    progress_lag(progress, &lag);
    assert_int_equal(lag.high_total - 15, 0);
    progress_set_position(progress, number, 3); // never back
    progress_lag(progress, &lag);
    assert_int_equal(lag.high_total - 15, 0);
}

// So many at once, and others later.
static void test_tables_that_are_followed(void **state) {
    struct progress *progress = *state;
    char name[32];
    struct text text = {""};
    for (int i = 0; i < 3 * PROGRESS_FOLLOWED_MAX; i++) {
        if (i % PROGRESS_FOLLOWED_MAX == 0)
            progress_take_followed(progress, add_topic, &(struct text){""});
        (void)snprintf(name, sizeof name, "t%d", i);
        progress_follow(progress, name);
    }
    progress_follow(progress, "one too many");
    progress_take_followed(progress, add_topic, &text);
    assert_non_null(strstr(text.text, "t128 "));
    assert_non_null(strstr(text.text, "t191 "));
    assert_null(strstr(text.text, "t127 "));
    assert_null(strstr(text.text, "one too many"));
    progress_follow(progress, "one too many");
    progress_follow(progress, "one too many");
    text = (struct text){""};
    progress_take_followed(progress, add_topic, &text);
    assert_string_equal(text.text, "one too many ");
}

static void expect_transactions(struct progress *progress, int64_t from, int64_t to, int count,
                                const int64_t *txids) {
    int64_t found[2] = {-2, -2};
    assert_int_equal(progress_transactions(progress, from, to, found, 2), count);
    for (int i = 0; i < 2 && i < count; i++)
        assert_int_equal(found[i], txids[i]);
}

// What a position shows more than one before it.
static void test_transactions_between(void **state) {
    struct progress *progress = *state;
    expect_transactions(progress, 10, 20, -1, NULL); // nothing is consumed
    progress_transaction(progress, -1, 10);
    progress_transaction(progress, 501, 20);
    progress_transaction(progress, 500, 30);
    progress_transaction(progress, 502, 40); // not committed yet
    expect_transactions(progress, 10, 30, 2, (int64_t[]){500, 501});
    expect_transactions(progress, 20, 30, 1, (int64_t[]){500});
    expect_transactions(progress, 30, 30, 0, NULL);
    expect_transactions(progress, 9, 30, -1, NULL); // from before the start
    expect_transactions(progress, -1, 30, -1, NULL);
    // The commit failed: from 20 on they come again.
    progress_transaction(progress, -1, 20);
    progress_transaction(progress, 500, 30);
    expect_transactions(progress, 10, 30, 2, (int64_t[]){500, 501});
    expect_transactions(progress, 20, 30, 1, (int64_t[]){500});
    progress_transaction(progress, 502, 40);
    expect_transactions(progress, 10, 40, 3, (int64_t[]){502, 500});
    for (int64_t i = 0; i < TRANSACTION_RING - 2; i++)
        progress_transaction(progress, 600 + i, 50 + i);
    expect_transactions(progress, 40, 51, 2, (int64_t[]){601, 600});
    expect_transactions(progress, 30, 51, -1, NULL); // too old
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tables, setup, teardown),
        cmocka_unit_test_setup_teardown(test_topics_that_are_nobodys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_caught_up_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(a_forgotten_end_is_not_known, setup, teardown),
        cmocka_unit_test_setup_teardown(markers_are_no_lag, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tables_that_are_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_transactions_between, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
