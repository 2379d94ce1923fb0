// The merge by source transactions (consumer/apply/loop/merge.h), without messages and without a store.
#include "consumer/apply/loop/merge.h"
#include "consumer/apply/loop/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct catalog *catalog;
    struct merge *merge;
    const struct table *orders;
    struct event event;
};

static int setup(void **state) {
    static struct fixture f;
    f = (struct fixture){0};
    struct error error = {0};
    if (catalog_load(NULL, NULL, &f.catalog, &error) != 0 ||
        merge_new(&f.merge, f.catalog, (struct store_sequence){.lsn = 100}, &error) != 0 ||
        event_init(&f.event, f.catalog, &error) != 0)
        fail_msg("%s", error.message);
    f.orders = catalog_table(f.catalog, "orders", 6);
    merge_set_sequenced(f.merge, true);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    event_done(&f->event);
    merge_free(&f->merge);
    catalog_free(&f->catalog);
    return 0;
}

// A row of transaction `txid`, the `order`th of it, that names `previous` as the commit before.
static const struct event *row(struct fixture *f, int64_t txid, int64_t lsn, int64_t previous,
                               int64_t order) {
    f->event.kind = EVENT_CHANGE;
    f->event.change = (struct change){.op = CHANGE_CREATE,
                                      .table = f->orders,
                                      .lsn = lsn,
                                      .previous_commit = previous,
                                      .txid = txid,
                                      .total_order = order};
    return &f->event;
}

static enum merge_end offer(struct fixture *f, int64_t txid, int64_t commit, int64_t rows) {
    f->event.kind = EVENT_END;
    f->event.change = (struct change){.lsn = commit, .txid = txid, .ts_ms = 7};
    for (int t = 0; t < f->catalog->table_count; t++)
        f->event.expected[t] = 0;
    f->event.expected[f->orders->index] = f->event.expected_total = f->event.event_count = rows;
    return merge_offer_end(f->merge, &f->event);
}

static void a_transaction_is_taken_whole(void **state) {
    struct fixture *f = *state;
    assert_int_equal(offer(f, 5, 200, 2), MERGE_END_CURRENT);
    assert_int_equal(merge_judge(f->merge, row(f, 5, 150, 100, 1)), MERGE_CURRENT);
    assert_false(merge_current_begun(f->merge));
    merge_count(f->merge, row(f, 5, 150, 100, 1));
    assert_true(merge_current_begun(f->merge));
    assert_false(merge_is_whole(f->merge));
    assert_int_equal(merge_missing(f->merge, f->orders), 1);
    // a later one waits, whatever its row's own LSN
    assert_int_equal(merge_judge(f->merge, row(f, 6, 140, 200, 1)), MERGE_WAIT);
    merge_count(f->merge, row(f, 5, 160, 100, 2));
    assert_true(merge_is_whole(f->merge));
    merge_finish(f->merge);
    assert_int_equal(merge_finished_lsn(f->merge), 200);
    assert_int_equal(merge_finished_txid(f->merge), 5);
    assert_false(merge_has_current(f->merge));
}

static void rows_that_come_twice_count_once(void **state) {
    struct fixture *f = *state;
    assert_int_equal(offer(f, 5, 200, 2), MERGE_END_CURRENT);
    merge_count(f->merge, row(f, 5, 150, 100, 1));
    merge_count(f->merge, row(f, 5, 150, 100, 1));
    assert_false(merge_is_whole(f->merge));
}

static void an_end_at_or_below_c_is_a_repeat(void **state) {
    struct fixture *f = *state;
    assert_int_equal(offer(f, 4, 100, 1), MERGE_END_REPEATED);
    assert_int_equal(offer(f, 3, 90, 1), MERGE_END_REPEATED);
    assert_false(merge_has_current(f->merge));
}

static void an_empty_transaction_is_whole_at_once(void **state) {
    struct fixture *f = *state;
    assert_int_equal(offer(f, 5, 200, 0), MERGE_END_CURRENT);
    assert_true(merge_is_whole(f->merge));
}

static void repeats_and_rows_outside_of_transactions_do_not_wait(void **state) {
    struct fixture *f = *state;
    assert_int_equal(offer(f, 5, 200, 2), MERGE_END_CURRENT);
    assert_int_equal(merge_judge(f->merge, row(f, 3, 80, 70, 1)), MERGE_PAST);
    assert_int_equal(merge_judge(f->merge, row(f, -1, 300, 250, 0)), MERGE_TAKE);
    struct event snapshot = *row(f, 9, 300, 250, 1);
    snapshot.change.op = CHANGE_READ;
    assert_int_equal(merge_judge(f->merge, &snapshot), MERGE_TAKE);
    snapshot.change.op = CHANGE_TOMBSTONE;
    assert_int_equal(merge_judge(f->merge, &snapshot), MERGE_TAKE);
}

static void without_ends_nothing_waits(void **state) {
    struct fixture *f = *state;
    merge_set_sequenced(f->merge, false);
    assert_int_equal(merge_judge(f->merge, row(f, 9, 300, 250, 1)), MERGE_TAKE);
}

static void rows_let_through_are_known_when_their_end_comes(void **state) {
    struct fixture *f = *state;
    assert_int_equal(merge_judge(f->merge, row(f, 5, 150, 100, 1)), MERGE_WAIT);
    merge_let_through(f->merge);
    assert_true(merge_is_letting_through(f->merge));
    assert_int_equal(merge_judge(f->merge, row(f, 5, 150, 100, 1)), MERGE_PAST);
    merge_note_passed(f->merge, row(f, 5, 150, 100, 1));
    assert_int_equal(offer(f, 5, 200, 1), MERGE_END_PASSED_WHOLE);
    assert_int_equal(merge_finished_lsn(f->merge), 200);
    assert_int_equal(offer(f, 6, 300, 1), MERGE_END_CURRENT);
    assert_false(merge_is_letting_through(f->merge));
}

static void nameless_rows_are_noticed(void **state) {
    struct fixture *f = *state;
    merge_note_row(f->merge, row(f, 5, 150, 100, 0));
    assert_true(merge_rows_are_nameless(f->merge));
    merge_note_row(f->merge, row(f, 5, 150, 100, 1));
    assert_false(merge_rows_are_nameless(f->merge));
}

static void a_commit_without_its_end_leaves_a_gap(void **state) {
    struct fixture *f = *state;
    assert_int_equal(offer(f, 5, 200, 1), MERGE_END_CURRENT);
    merge_count(f->merge, row(f, 5, 150, 100, 1));
    assert_false(merge_leaves_gap(f->merge));
    merge_finish(f->merge);
    // a connector that started again may name an older one, or none
    assert_int_equal(offer(f, 6, 300, 2), MERGE_END_CURRENT);
    merge_count(f->merge, row(f, 6, 250, 90, 1));
    merge_count(f->merge, row(f, 6, 250, LSN_NONE, 2));
    assert_false(merge_leaves_gap(f->merge));
    merge_finish(f->merge);
    assert_int_equal(offer(f, 8, 500, 1), MERGE_END_CURRENT);
    merge_count(f->merge, row(f, 8, 450, 400, 1));
    assert_true(merge_leaves_gap(f->merge));
    merge_finish(f->merge);
    assert_false(merge_leaves_gap(f->merge));
}

static void a_row_that_names_no_commit_is_placed_by_its_own_lsn(void **state) {
    struct fixture *f = *state;
    assert_int_equal(merge_judge(f->merge, row(f, 5, 150, LSN_NONE, 1)), MERGE_WAIT);
    assert_int_equal(merge_judge(f->merge, row(f, 5, 50, LSN_NONE, 1)), MERGE_PAST);
    assert_int_equal(offer(f, 5, 200, 1), MERGE_END_CURRENT);
    assert_int_equal(merge_judge(f->merge, row(f, 5, 150, LSN_NONE, 1)), MERGE_CURRENT);
    assert_int_equal(merge_judge(f->merge, row(f, 6, 250, LSN_NONE, 1)), MERGE_WAIT);
}

static void what_was_taken_without_ends_is_finished(void **state) {
    struct fixture *f = *state;
    merge_skip_through(f->merge, (struct store_sequence){.lsn = 90, .ts_ms = 1});
    assert_int_equal(merge_finished_lsn(f->merge), 100);
    merge_skip_through(f->merge, (struct store_sequence){.lsn = 300, .ts_ms = 8});
    assert_int_equal(merge_finished_lsn(f->merge), 300);
    assert_int_equal(merge_finished(f->merge).ts_ms, 8);
    assert_int_equal(offer(f, 5, 300, 1), MERGE_END_REPEATED);
    assert_int_equal(merge_judge(f->merge, row(f, 5, 250, 200, 1)), MERGE_PAST);
    assert_int_equal(merge_judge(f->merge, row(f, 6, 350, 300, 1)), MERGE_WAIT);
}

static void lower_and_later_is_of_a_new_timeline(void **state) {
    struct fixture *f = *state;
    merge_skip_through(f->merge, (struct store_sequence){.lsn = 300, .ts_ms = 8});
    struct event event = *row(f, 5, 60, 50, 1);
    event.change.ts_ms = 8;
    assert_int_equal(merge_judge(f->merge, &event), MERGE_PAST);
    event.change.ts_ms = 8 + TIMELINE_MARGIN_MS + 1;
    assert_int_equal(merge_judge(f->merge, &event), MERGE_WAIT);
}

static void a_later_repeat_of_the_current_txid_is_not_of_it(void **state) {
    struct fixture *f = *state;
    assert_int_equal(offer(f, 5, 200, 1), MERGE_END_CURRENT);
    assert_int_equal(merge_judge(f->merge, row(f, 5, 250, 200, 1)), MERGE_WAIT);
}

static void the_newest_let_through_are_remembered(void **state) {
    struct fixture *f = *state;
    enum { COUNT = PASSED_MAX + 10 };
    merge_let_through(f->merge);
    for (int i = 0; i < COUNT; i++)
        for (int again = 0; again < 2; again++)
            merge_note_passed(f->merge, row(f, 1000 + i, 200 + i, 100, 1));
    assert_int_equal(offer(f, 1000 + COUNT - 1, 900, 1), MERGE_END_PASSED_WHOLE);
    assert_int_equal(offer(f, 1000 + 10, 901, 1), MERGE_END_PASSED_WHOLE);
    assert_false(merge_is_letting_through(f->merge)); // ENDs come again
    // too long ago: waited for, as one that was never seen
    assert_int_equal(offer(f, 1000 + 9, 902, 1), MERGE_END_CURRENT);
    // the first that is whole again ends the memory
    merge_count(f->merge, row(f, 1000 + 9, 901, 901, 1));
    merge_finish(f->merge);
    assert_int_equal(offer(f, 1000 + COUNT - 1, 1000, 1), MERGE_END_CURRENT);
}

static void too_many_orders_are_counted_as_they_come(void **state) {
    struct fixture *f = *state;
    f->event.kind = EVENT_END;
    f->event.change = (struct change){.lsn = 200, .txid = 5};
    for (int t = 0; t < f->catalog->table_count; t++)
        f->event.expected[t] = 0;
    f->event.expected[f->orders->index] = f->event.expected_total = 2;
    f->event.event_count = (int64_t)MERGE_ORDERS_MAX + 1; // most of them of tables that are not mirrored
    assert_int_equal(merge_offer_end(f->merge, &f->event), MERGE_END_CURRENT);
    merge_count(f->merge, row(f, 5, 150, 100, 1));
    merge_count(f->merge, row(f, 5, 160, 100, MERGE_ORDERS_MAX));
    assert_true(merge_is_whole(f->merge));
    assert_int_equal(merge_missing(f->merge, f->orders), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_transaction_is_taken_whole),
        TEST(rows_that_come_twice_count_once),
        TEST(an_end_at_or_below_c_is_a_repeat),
        TEST(an_empty_transaction_is_whole_at_once),
        TEST(repeats_and_rows_outside_of_transactions_do_not_wait),
        TEST(without_ends_nothing_waits),
        TEST(rows_let_through_are_known_when_their_end_comes),
        TEST(nameless_rows_are_noticed),
        TEST(a_commit_without_its_end_leaves_a_gap),
        TEST(a_row_that_names_no_commit_is_placed_by_its_own_lsn),
        TEST(what_was_taken_without_ends_is_finished),
        TEST(lower_and_later_is_of_a_new_timeline),
        TEST(a_later_repeat_of_the_current_txid_is_not_of_it),
        TEST(the_newest_let_through_are_remembered),
        TEST(too_many_orders_are_counted_as_they_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
