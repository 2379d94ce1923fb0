// What is waited for and what is passed.
#include "tests/unit/consumer/loop_fixture.h"

#include "consumer/apply/loop/lost.h"

static bool is_transactional(const struct fixture *f) {
    return query(f, "select transactional from _position") == 1;
}

static bool is_visible(const struct fixture *f, int txid) {
    char sql[128];
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from _transactions where %d between txid and coalesce(last, txid)", txid);
    return query(f, sql) == 1;
}

static int64_t passed(const struct fixture *f) {
    return apply_counters(f->apply)->transactions_passed;
}

static void expect_wait(const struct fixture *f, const char *expected) {
    char text[512];
    int64_t since;
    assert_true(apply_is_waiting(f->apply, &since));
    apply_describe_wait(f->apply, text, sizeof text);
    assert_string_equal(text, expected);
}

struct topics {
    int transactions, heartbeats, a, b;
};

static struct topics add_all(struct fixture *f) {
    struct topics t = {add(f, "s.transaction", 0, 0), add(f, "__debezium-heartbeat.s", 0, 0),
                       add(f, "s.public.a", 0, 0), add(f, "s.public.b", 0, 0)};
    apply_set_sequenced(f->apply, true);
    apply_note_discovery(f->apply);
    return t;
}

// A whole transaction: what answers show meanwhile.
static void send_first(struct fixture *f, const struct topics *t) {
    send_begin(f, t->transactions, 700, 1000);
    send_row(f, t->a, "a", 1, 700, 1000, 1);
    send_row(f, t->b, "b", 1, 700, 1010, 2);
    send_end(f, t->transactions, 700, 1020, 1, 1);
    rest(f, 1000);
    assert_int_equal(rows(f), 2);
}

static void beat(struct fixture *f, int slot) {
    send(f, slot, "{}", "{\"ts_ms\":%" PRId64 "}", now_ms);
}

// Heartbeats come between the rows of one transaction, however long it takes.
static void a_transaction_that_is_being_sent_is_waited_for(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_first(f, &t);
    send_begin(f, t.transactions, 701, 1100);
    for (int i = 0; i < 30; i++) {
        send_row(f, t.a, "a", 10 + i, 701, 1100 + i, 1 + i);
        beat(f, t.heartbeats);
        rest(f, 1000);
    }
    assert_int_equal(rows(f), 2);
    assert_true(is_transactional(f));
    expect_wait(f, "waiting: transaction 701, 30 rows so far");
    send_row(f, t.b, "b", 10, 701, 1200, 31);
    send_end(f, t.transactions, 701, 1300, 30, 1);
    rest(f, 0);
    assert_int_equal(rows(f), 33);
    assert_true(is_transactional(f));
    assert_true(is_visible(f, 701));
    assert_int_equal(passed(f), 0);
    assert_string_equal(f->warnings, "");
}

// Nothing newer can come: nothing is gained by showing half of it.
static void a_connector_that_is_away_is_waited_for(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    beat(f, t.heartbeats);
    send_first(f, &t);
    send_begin(f, t.transactions, 701, 1100);
    send_row(f, t.a, "a", 10, 701, 1100, 1);
    send_end(f, t.transactions, 701, 1300, 1, 2);
    send_begin(f, t.transactions, 702, 1400);
    send_end(f, t.transactions, 702, 1500, 1, 0);
    rest_long(f);
    now_ms += HOUR_MS;
    rest_long(f);
    expect_wait(f, "waiting: transaction 701, 2 rows of b have not come");
    assert_int_equal(rows(f), 2);
    // It is back, lives, and sends again from the beginning.
    for (int i = 0; i < 20; i++) {
        beat(f, t.heartbeats);
        rest(f, 1000);
    }
    assert_int_equal(rows(f), 2);
    send_begin(f, t.transactions, 701, 1100);
    send_row(f, t.a, "a", 10, 701, 1100, 1);
    send_row(f, t.b, "b", 10, 701, 1110, 2);
    rest_long(f);
    assert_int_equal(rows(f), 2);
    send_row(f, t.b, "b", 11, 701, 1120, 3);
    send_end(f, t.transactions, 701, 1300, 1, 2);
    send_row(f, t.a, "a", 12, 702, 1400, 1);
    send_end(f, t.transactions, 702, 1500, 1, 0);
    rest(f, 0);
    assert_int_equal(rows(f), 6);
    assert_true(is_transactional(f));
    assert_int_equal(passed(f), 0);
    assert_string_equal(f->warnings, "");
}

// What is whole before is shown, though the next transaction has begun.
static void what_is_whole_before_is_shown(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_begin(f, t.transactions, 700, 1000);
    send_row(f, t.a, "a", 1, 700, 1000, 1);
    send_end(f, t.transactions, 700, 1020, 1, 0);
    send_begin(f, t.transactions, 701, 1100);
    send_row(f, t.a, "a", 10, 701, 1100, 1);
    send_end(f, t.transactions, 701, 1300, 1, 1);
    rest(f, 1000);
    rest(f, 1000);
    assert_int_equal(rows(f), 1);
    assert_true(is_visible(f, 700));
    assert_false(is_visible(f, 701));
}

static void heartbeats_without_a_gap_are_evidence(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    beat(f, t.heartbeats);
    send_first(f, &t);
    send_begin(f, t.transactions, 701, 1100);
    send_row(f, t.a, "a", 10, 701, 1100, 1);
    send_end(f, t.transactions, 701, 1300, 1, 1);
    for (int i = 0; i < 29; i++) {
        beat(f, t.heartbeats);
        rest(f, 1000);
    }
    assert_int_equal(rows(f), 2);
    for (int i = 0; i < 5; i++) {
        beat(f, t.heartbeats);
        rest(f, 1000);
    }
    assert_int_equal(rows(f), 3);
    assert_int_equal(passed(f), 1);
    assert_false(is_transactional(f));
    assert_non_null(strstr(f->warnings, "transaction 701"));
    assert_non_null(strstr(f->warnings, "1 of b: heartbeats have gone on"));
    assert_false(is_visible(f, 701));
    // It came after all: whoever waits for it is told.
    send_row(f, t.b, "b", 10, 701, 1110, 2);
    rest(f, 0);
    assert_true(is_visible(f, 701));
}

// The same, and the broker has more of the partition: the row may be in it.
static void what_is_not_delivered_may_have_the_row(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    beat(f, t.heartbeats);
    send_first(f, &t);
    send_begin(f, t.transactions, 701, 1100);
    send_row(f, t.a, "a", 10, 701, 1100, 1);
    send_end(f, t.transactions, 701, 1300, 1, 1);
    f->logs[t.b].slow = true;
    for (int i = 0; i < 2 * LOST_AFTER_BEATS; i++) {
        beat(f, t.heartbeats);
        rest(f, 1000);
    }
    expect_wait(f, "waiting: transaction 701, 1 rows of b have not come");
    send_row(f, t.b, "b", 10, 701, 1110, 2);
    f->logs[t.b].slow = false;
    rest(f, 0);
    assert_int_equal(rows(f), 4);
    assert_true(is_transactional(f));
    assert_true(is_visible(f, 701));
    assert_int_equal(passed(f), 0);
    assert_string_equal(f->warnings, "");
}

// None of its rows ever come: told once, and not waited for again.
static void a_table_that_a_transform_drops_is_waited_for_once(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    for (int i = 0; i < 4; i++) {
        int lsn = 1000 + 100 * i;
        send_begin(f, t.transactions, 700 + i, lsn);
        send_row(f, t.a, "a", i, 700 + i, lsn, 1);
        send_end(f, t.transactions, 700 + i, lsn + 10, 1, 2);
        now_ms += 2 * WAIT_MS;
    }
    rest(f, 1000);
    rest(f, WAIT_MS);
    rest(f, 1000);
    rest(f, 0);
    assert_int_equal(rows(f), 4);
    assert_int_equal(passed(f), 1);
    assert_true(is_transactional(f));
    assert_non_null(strstr(f->warnings, "table b: transactions count rows of it that do not come"));
    assert_true(is_visible(f, 703));
    // One that comes is a row like others, and waited for from now on.
    send_begin(f, t.transactions, 710, 2000);
    send_end(f, t.transactions, 710, 2010, 0, 1);
    send_row(f, t.b, "b", 1, 710, 2000, 1);
    send_begin(f, t.transactions, 711, 2100);
    send_end(f, t.transactions, 711, 2110, 0, 1);
    rest_long(f);
    assert_int_equal(rows(f), 5);
    expect_wait(f, "waiting: transaction 711, 1 rows of b have not come");
}

// Without heartbeats nothing says that the connector went on: it may have been killed between the END and the row.
static void an_empty_topic_is_no_evidence(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_begin(f, t.transactions, 700, 1000);
    send_row(f, t.a, "a", 1, 700, 1000, 1);
    send_end(f, t.transactions, 700, 1010, 1, 1);
    rest_long(f);
    expect_wait(f, "waiting: transaction 700, 1 rows of b have not come");
    send_row(f, t.b, "b", 1, 700, 1005, 2);
    rest(f, 0);
    assert_int_equal(rows(f), 2);
    assert_int_equal(passed(f), 0);
    assert_true(is_transactional(f));
}

// It was killed, and has lived for long since: it would have sent again what it had not finished.
static void an_empty_topic_of_a_connector_that_goes_on_is_evidence(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_begin(f, t.transactions, 700, 1000);
    send_row(f, t.a, "a", 1, 700, 1000, 1);
    send_end(f, t.transactions, 700, 1010, 1, 1);
    rest_long(f);
    for (int i = 0; i < LOST_AFTER_BEATS - 1; i++) {
        beat(f, t.heartbeats);
        rest(f, 1000);
    }
    assert_int_equal(rows(f), 0);
    for (int i = 0; i < 5; i++) {
        beat(f, t.heartbeats);
        rest(f, 1000);
    }
    assert_int_equal(rows(f), 1);
    assert_non_null(strstr(f->warnings, "1 of b: its topic has never had a message, and heartbeats go on"));
}

// A transaction of which b's row is missing; then time passes by `ms`.
static void send_without_b(struct fixture *f, const struct topics *t, int txid, int64_t ms) {
    int lsn = 100 * txid;
    send_begin(f, t->transactions, txid, lsn);
    send_row(f, t->a, "a", txid, txid, lsn, 1);
    send_end(f, t->transactions, txid, lsn + 10, 1, 1);
    rest(f, ms);
}

// It is waited for less, never without evidence, and as others are once a transaction of it was whole.
static void a_table_that_lacks_some_rows_is_waited_for_less(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_first(f, &t);
    send_without_b(f, &t, 701, WAIT_MS);
    send_without_b(f, &t, 702, 0);
    rest(f, WAIT_MS);
    rest(f, 0);
    assert_int_equal(passed(f), 1);
    assert_non_null(strstr(f->warnings, "they are waited for less from now on"));
    rest_long(f);
    expect_wait(f, "waiting: transaction 702, 1 rows of b have not come");
    send_begin(f, t.transactions, 703, 70300);
    send_end(f, t.transactions, 703, 70310, 0, 1);
    rest(f, 0);
    assert_int_equal(passed(f), 2);
    send_row(f, t.b, "b", 3, 703, 70300, 1);
    rest(f, 0);
    assert_non_null(strstr(f->warnings, "1 of b: some of its rows never come, the connector has gone on"));
    assert_true(is_visible(f, 703));
    send_without_b(f, &t, 704, WAIT_MS / 2);
    send_without_b(f, &t, 705, WAIT_MS / 2);
    rest_long(f);
    assert_int_equal(passed(f), 2);
    expect_wait(f, "waiting: transaction 704, 1 rows of b have not come");
}

static void send_end_of(struct fixture *f, int slot, int txid, int lsn, int a, const char *other,
                        int others) {
    send(f, slot, "{}",
         "{\"status\":\"END\",\"id\":\"%d:%d\",\"event_count\":%d,\"data_collections\":["
         "{\"data_collection\":\"public.%s\",\"event_count\":%d},"
         "{\"data_collection\":\"public.a\",\"event_count\":%d}],\"ts_ms\":%d}",
         txid, lsn, a + others, other, others, a, FIRST_MS);
}

// Two transactions lack b's row: it is known by then that some never come, and a third has none of b.
static void learn_that_b_lacks_some(struct fixture *f, const struct topics *t) {
    send_first(f, t);
    send_without_b(f, t, 701, WAIT_MS);
    send_without_b(f, t, 702, 0);
    rest(f, WAIT_MS);
    send_end(f, t->transactions, 703, 70310, 0, 0);
    rest(f, 0);
    rest(f, WAIT_MS);
    rest(f, 0);
    assert_int_equal(passed(f), 2);
}

// Nothing waited for the table in between: what was waited for long ago says nothing of a broker that is slow now. Its END and a
// later one are read at once, as after a time in which the process stood still.
static void a_wait_that_has_ended_counts_no_more(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    learn_that_b_lacks_some(f, &t);
    now_ms += HOUR_MS;
    send_row(f, t.a, "a", 704, 704, 70400, 1);
    send_end(f, t.transactions, 704, 70410, 1, 1);
    now_ms += WAIT_MS;
    send_end(f, t.transactions, 705, 70510, 0, 0);
    rest(f, WAIT_MS / LOST_PARTIAL_PART - 1);
    rest(f, 0);
    assert_int_equal(passed(f), 2);
    send_row(f, t.b, "b", 704, 704, 70405, 2);
    rest(f, 0);
    assert_int_equal(passed(f), 2);
    assert_true(is_visible(f, 704));
    assert_true(is_transactional(f));
}

// Each transaction has one of its two rows of b, in the partition that has any: they are waited for together. Whether another
// table's rows never come is nothing to it.
static void what_a_transform_partly_drops_is_waited_for_together(void **state) {
    enum { TRANSACTIONS = 10 };
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    (void)add(f, "s.public.b", 1, 0);
    learn_that_b_lacks_some(f, &t);
    send_end_of(f, t.transactions, 704, 70410, 0, "c", 1);
    rest(f, 0);
    apply_note_discovery(f->apply);
    rest(f, 0);
    assert_non_null(strstr(f->warnings, "they are not waited for any more"));
    for (int txid = 705; txid < 705 + TRANSACTIONS; txid++) {
        send_row(f, t.b, "b", txid, txid, 100 * txid, 1);
        send_end(f, t.transactions, txid, 100 * txid + 10, 0, 2);
        now_ms += WAIT_MS;
    }
    send_end(f, t.transactions, 720, 72010, 0, 0);
    rest(f, WAIT_MS / LOST_PARTIAL_PART);
    for (int i = 0; i < TRANSACTIONS; i++)
        rest(f, 1);
    assert_int_equal(passed(f), 2 + TRANSACTIONS);
}

static void a_table_without_a_topic_is_not_waited_for(void **state) {
    struct fixture *f = *state;
    int transactions = add(f, "s.transaction", 0, 0), a = add(f, "s.public.a", 0, 0);
    apply_set_sequenced(f->apply, true);
    apply_note_discovery(f->apply);
    send_begin(f, transactions, 700, 1000);
    send_row(f, a, "a", 1, 700, 1000, 1);
    send_end(f, transactions, 700, 1010, 1, 3);
    rest(f, 10);
    rest(f, 10);
    assert_int_equal(rows(f), 0); // its topic may have been made just now
    apply_note_discovery(f->apply);
    rest(f, 10);
    assert_int_equal(rows(f), 1);
    send_begin(f, transactions, 701, 1100);
    send_row(f, a, "a", 2, 701, 1100, 1);
    send_end(f, transactions, 701, 1110, 1, 3);
    rest(f, 600);
    rest(f, 0);
    assert_int_equal(rows(f), 2);
    assert_int_equal(passed(f), 0);
    assert_true(is_transactional(f));
    assert_non_null(strstr(f->warnings, "table b: "));
    assert_non_null(strstr(f->warnings, "no topic of it is read"));
}

// Its place is readable, whatever its schema says: it is a row of its transaction.
// Ours is started again where a topic that was read has been deleted: what it still had is not missing by design.
static void a_topic_that_was_read_and_is_gone_is_waited_for(void **state) {
    struct fixture *f = *state;
    struct topics t = add_all(f);
    send_first(f, &t);
    apply_free(&f->apply);
    store_close(&f->store);
    progress_free(&f->progress);
    open_apply(f);
    t.transactions = add(f, "s.transaction", 0, 0);
    t.heartbeats = add(f, "__debezium-heartbeat.s", 0, 0);
    t.a = add(f, "s.public.a", 0, 0);
    apply_set_sequenced(f->apply, true);
    apply_note_discovery(f->apply);
    send_begin(f, t.transactions, 701, 1100);
    send_row(f, t.a, "a", 2, 701, 1100, 1);
    send_end(f, t.transactions, 701, 1110, 1, 1);
    rest(f, 10);
    apply_note_discovery(f->apply);
    rest_long(f);
    assert_false(is_visible(f, 701));
    assert_int_equal(rows(f), 2);
    assert_int_equal(passed(f), 0);
    expect_wait(
        f, "waiting: transaction 701, 1 rows of b have not come: its topic s.public.b was read before, and "
           "does not exist any more");
    assert_non_null(
        strstr(f->warnings, "table b: its topic s.public.b was read before, and does not exist any more"));
    assert_int_equal(add(f, "s.public.b", 0, 0), t.b); // it had been hidden
    send_row(f, t.b, "b", 2, 701, 1100, 2);
    rest(f, 10);
    assert_true(is_visible(f, 701));
    assert_int_equal(rows(f), 4);
    assert_true(is_transactional(f));
}

static void a_row_whose_schema_is_refused_counts(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_begin(f, t.transactions, 700, 1000);
    send_row(f, t.a, "a", 1, 700, 1000, 1);
    send(f, t.b, "{\"id\":1}",
         "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"struct\",\"field\":\"after\",\"fields\":["
         "{\"type\":\"int32\",\"field\":\"id\"},{\"type\":\"bytes\",\"field\":\"v\",\"name\":"
         "\"org.apache.kafka.connect.data.Decimal\",\"version\":1}]}]},\"payload\":{\"before\":null,"
         "\"after\":{\"id\":1,\"v\":\"AQ==\"},\"source\":{\"snapshot\":\"false\",\"ts_ms\":1,\"table\":\"b\","
         "\"lsn\":1002,\"sequence\":\"[null,\\\"1002\\\"]\",\"txId\":700},\"transaction\":{\"id\":"
         "\"700:1002\",\"total_order\":2,\"data_collection_order\":1},\"op\":\"c\"}}");
    send_end(f, t.transactions, 700, 1010, 1, 1);
    rest(f, 600);
    rest(f, 0);
    assert_int_equal(apply_counters(f->apply)->quarantined, 1);
    assert_int_equal(rows(f), 1);
    assert_int_equal(passed(f), 0);
    assert_true(is_transactional(f));
    assert_true(is_visible(f, 700));
}

// One that is no JSON may be of any transaction: the first that lacks a row does not wait for it.
static void a_message_that_cannot_be_read_is_not_waited_for(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_begin(f, t.transactions, 700, 1000);
    send_row(f, t.a, "a", 1, 700, 1000, 1);
    send(f, t.b, "{\"id\":1}", "{\"before\":null,\"after\":");
    send_end(f, t.transactions, 700, 1010, 1, 1);
    rest(f, WAIT_MS);
    assert_int_equal(passed(f), 0);
    rest(f, 0);
    assert_int_equal(rows(f), 1);
    assert_int_equal(passed(f), 1);
    assert_non_null(strstr(f->warnings, "1 of b: messages of its topic could not be read"));
    send_begin(f, t.transactions, 701, 1100);
    send_end(f, t.transactions, 701, 1110, 0, 1);
    rest_long(f);
    expect_wait(f, "waiting: transaction 701, 1 rows of b have not come");
}

// A row that comes after its END is under way, whatever could not be read before it. Behind a whole transaction of the
// table nothing that was not read before it is missed.
static void a_message_that_cannot_be_read_excuses_no_later_row(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_first(f, &t);
    send(f, t.b, "{\"id\":1}", "{\"before\":null,\"after\":");
    send_begin(f, t.transactions, 701, 1100);
    send_row(f, t.a, "a", 2, 701, 1100, 1);
    send_end(f, t.transactions, 701, 1110, 1, 1);
    rest(f, 100);
    send_row(f, t.b, "b", 2, 701, 1105, 2);
    rest(f, 100);
    assert_int_equal(passed(f), 0);
    assert_int_equal(rows(f), 4);
    assert_true(is_transactional(f));
    send_begin(f, t.transactions, 702, 1200);
    send_end(f, t.transactions, 702, 1210, 0, 1);
    rest_long(f);
    expect_wait(f, "waiting: transaction 702, 1 rows of b have not come");
    send_row(f, t.b, "b", 3, 702, 1200, 1);
    rest(f, 0);
    assert_int_equal(passed(f), 0);
    assert_int_equal(rows(f), 5);
    assert_true(is_transactional(f));
}

// The END of a transaction of one row, whose table shares its topic with another.
static void send_shared_end(struct fixture *f, int slot, int txid, int lsn, const char *table) {
    send(f, slot, "{}",
         "{\"status\":\"END\",\"id\":\"%d:%d\",\"event_count\":1,\"data_collections\":["
         "{\"data_collection\":\"public.%s\",\"event_count\":1}],\"ts_ms\":%d}",
         txid, lsn, table, FIRST_MS);
}

static int64_t shared_rows(const struct fixture *f) {
    return query(f, "select (select count(*) from d) + (select count(*) from e)");
}

// What is there is taken at once, whichever table it is of.
static void rows_of_any_table_of_a_topic_count_as_delivered(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    int shared = add(f, "s.shared", 0, 0);
    send_row(f, shared, "d", 1, 700, 1000, 1);
    send_shared_end(f, t.transactions, 700, 1010, "d");
    send_row(f, shared, "e", 1, 701, 1100, 1);
    send_shared_end(f, t.transactions, 701, 1110, "e");
    struct error error = {0};
    int64_t taken = 1;
    while (taken > 0) // before a commit
        assert_int_equal(apply_step(f->apply, &taken, &error), 0);
    assert_int_equal(apply_counters(f->apply)->transactions, 2);
    rest(f, 0);
    assert_int_equal(shared_rows(f), 2);
}

static void a_message_that_cannot_be_read_may_be_any_tables_of_its_topic(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    int shared = add(f, "s.shared", 0, 0);
    send(f, shared, "{\"id\":1}", "{\"before\":null,\"after\":");
    send_shared_end(f, t.transactions, 700, 1010, "e");
    rest(f, WAIT_MS);
    rest(f, 0);
    assert_int_equal(passed(f), 1);
    assert_non_null(strstr(f->warnings, "1 of e: messages of its topic could not be read"));
}

// It is one row: of two that are missed the other is still to come.
static void a_message_that_cannot_be_read_is_one_row_of_one_table(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    int shared = add(f, "s.shared", 0, 0);
    send(f, shared, "{\"id\":1}", "{\"before\":null,\"after\":");
    send_shared_end(f, t.transactions, 700, 1010, "d");
    rest(f, WAIT_MS);
    rest(f, 0);
    assert_int_equal(passed(f), 1);
    send_shared_end(f, t.transactions, 701, 1110, "e");
    rest_long(f);
    assert_int_equal(passed(f), 1);
    expect_wait(f, "waiting: transaction 701, 1 rows of e have not come");
}

// A row of another table of the topic says nothing, its own does.
static void a_table_of_a_shared_topic_is_waited_for_again(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    int shared = add(f, "s.shared", 0, 0);
    send_shared_end(f, t.transactions, 700, 1010, "e");
    rest(f, 2 * WAIT_MS);
    send_shared_end(f, t.transactions, 701, 1110, "e");
    rest(f, 0);
    rest(f, 0);
    assert_int_equal(passed(f), 1);
    assert_non_null(strstr(f->warnings, "table e: transactions count rows of it that do not come"));
    send_row(f, shared, "d", 1, 702, 1200, 1);
    send_shared_end(f, t.transactions, 702, 1210, "d");
    rest(f, 0);
    send_row(f, shared, "e", 1, 703, 1300, 1);
    send_shared_end(f, t.transactions, 703, 1310, "e");
    rest(f, 0);
    assert_int_equal(shared_rows(f), 2);
    send_shared_end(f, t.transactions, 704, 1410, "e");
    rest_long(f);
    expect_wait(f, "waiting: transaction 704, 1 rows of e have not come");
}

// Debezium counts logical messages under the name of a Java object.
static void what_is_no_table_is_not_waited_for(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_begin(f, t.transactions, 700, 1000);
    send_row(f, t.a, "a", 1, 700, 1000, 1);
    send(f, t.transactions, "{}",
         "{\"status\":\"END\",\"id\":\"700:1010\",\"event_count\":3,\"data_collections\":["
         "{\"data_collection\":\"io.debezium.connector.postgresql.connection.LogicalDecodingMessage@1b2c\","
         "\"event_count\":1},{\"data_collection\":\"public.nobodys\",\"event_count\":1},"
         "{\"data_collection\":\"public.a\",\"event_count\":1}],\"ts_ms\":1}");
    rest(f, 600);
    rest(f, 0);
    assert_int_equal(rows(f), 1);
    assert_true(is_transactional(f));
    assert_true(is_visible(f, 700));
}

static void retention_is_evidence(void **state) {
    struct fixture *f = *state;
    int transactions = add(f, "s.transaction", 0, 40), a = add(f, "s.public.a", 0, 0),
        b = add(f, "s.public.b", 0, 17);
    (void)b;
    apply_set_sequenced(f->apply, true);
    apply_note_discovery(f->apply);
    send_row(f, a, "a", 1, 690, 900, 1); // its END is gone
    rest(f, WAIT_MS);
    assert_int_equal(rows(f), 0);
    rest(f, 0);
    rest(f, 0);
    assert_int_equal(rows(f), 1);
    assert_non_null(strstr(f->warnings, "retention has taken the beginning of the transaction topic"));
    send_begin(f, transactions, 700, 1000);
    send_row(f, a, "a", 2, 700, 1000, 1);
    send_end(f, transactions, 700, 1010, 1, 1);
    rest(f, WAIT_MS);
    assert_int_equal(rows(f), 1);
    rest(f, 0);
    rest(f, 0);
    assert_int_equal(rows(f), 2);
    assert_non_null(strstr(f->warnings, "1 of b: retention has taken the beginning of its partitions"));
}

// Debezium 3.4 to 3.7: the first table's only row is marked "first", and nothing says that it is the last.
static void a_snapshot_of_one_row_ends_where_another_table_follows(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_snapshot(f, t.a, "a", 1, 500, "first");
    rest(f, 1000);
    rest(f, 1000);
    assert_false(is_transactional(f));
    send_snapshot(f, t.b, "b", 1, 500, "first_in_data_collection");
    send_snapshot(f, t.b, "b", 2, 500, "last");
    rest(f, 0);
    assert_false(is_transactional(f)); // rows of other partitions may be under way
    rest(f, 600);
    rest(f, 0);
    assert_true(is_transactional(f));
    assert_int_equal(query(f, "select lsn from _position"), 500);
}

static void a_snapshot_ends_where_something_is_streamed_after_it(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_snapshot(f, t.a, "a", 1, 500, "first");
    rest(f, 1000);
    rest(f, 1000);
    assert_false(is_transactional(f));
    send_begin(f, t.transactions, 700, 1000);
    send_end(f, t.transactions, 700, 1010, 0, 0); // of tables that nobody declared
    rest(f, 600);
    rest(f, 600);
    rest(f, 0);
    assert_true(is_transactional(f));
    assert_int_equal(query(f, "select lsn from _position"), 1010);
}

// Rows that were applied without ENDs are no whole transactions, after a restart neither.
static void rows_without_ends_stay_per_key_after_a_restart(void **state) {
    struct fixture *f = *state;
    struct topics t = add_all(f);
    send_snapshot(f, t.a, "a", 1, 500, "last");
    send_row(f, t.a, "a", 2, 700, 1000, 0);
    rest(f, 600);
    rest(f, 0);
    assert_false(is_transactional(f));
    apply_free(&f->apply);
    store_close(&f->store);
    progress_free(&f->progress);
    open_apply(f);
    t = add_all(f);
    beat(f, t.heartbeats);
    rest(f, 600);
    rest(f, 0);
    assert_false(is_transactional(f));
}

// A row of `source` that a router sent into another table's topic.
static void send_routed(struct fixture *f, int slot, const char *source, int id, int txid, int lsn,
                        int order) {
    char key[32];
    (void)snprintf(key, sizeof key, "{\"id\":%d}", id);
    send(f, slot, key,
         "{\"before\":null,\"after\":{\"id\":%d,\"v\":%d},\"source\":{\"snapshot\":\"false\",\"ts_ms\":%d,"
         "\"schema\":\"public\",\"table\":\"%s\",\"lsn\":%d,\"sequence\":\"[null,\\\"%d\\\"]\",\"txId\":%d},"
         "\"transaction\":{\"id\":\"%d:%d\",\"total_order\":%d,\"data_collection_order\":1},\"op\":\"c\"}",
         id, txid, FIRST_MS, source, lsn, lsn, txid, txid, lsn, order);
}

static int64_t all_rows(const struct fixture *f) {
    return rows(f) + query(f, "select count(*) from c");
}

static void expect_whole(const struct fixture *f, int64_t count, int txid) {
    assert_int_equal(all_rows(f), count);
    assert_true(is_transactional(f));
    assert_true(is_visible(f, txid));
    assert_int_equal(passed(f), 0);
    assert_string_equal(f->warnings, "");
}

// The END is there before the rows, of two partitions: what it counts of a collection that nobody declared is the
// table's into whose topic a router sends its rows.
static void check_routed(struct fixture *f, bool routed_first) {
    const struct topics t = add_all(f);
    send_first(f, &t);
    int routed = add(f, "routed.c", 0, 0);
    send_end_of(f, t.transactions, 710, 2020, 1, "c_2030", 2);
    if (routed_first)
        send_routed(f, routed, "c_2030", 1, 710, 2000, 1);
    else
        send_row(f, t.a, "a", 11, 710, 2000, 1);
    rest(f, 0);
    assert_int_equal(all_rows(f), 2);
    if (routed_first)
        send_routed(f, routed, "c_2030", 2, 710, 2001, 2);
    else
        send_routed(f, routed, "c_2030", 1, 710, 2001, 2);
    rest(f, 0);
    assert_int_equal(all_rows(f), 2);
    if (routed_first)
        send_row(f, t.a, "a", 11, 710, 2002, 3);
    else
        send_routed(f, routed, "c_2030", 2, 710, 2002, 3);
    rest(f, 0);
    expect_whole(f, 5, 710);
    // It is known by now, however long the rows take.
    send_end_of(f, t.transactions, 711, 2120, 1, "c_2030", 1);
    if (routed_first)
        send_routed(f, routed, "c_2030", 3, 711, 2100, 1);
    else
        send_row(f, t.a, "a", 13, 711, 2100, 1);
    rest_long(f);
    expect_whole(f, 5, 710);
    expect_wait(f, routed_first ? "waiting: transaction 711, 1 rows of a have not come"
                                : "waiting: transaction 711, 1 rows of c have not come");
    if (routed_first)
        send_row(f, t.a, "a", 13, 711, 2101, 2);
    else
        send_routed(f, routed, "c_2030", 3, 711, 2101, 2);
    rest(f, 0);
    expect_whole(f, 7, 711);
}

static void routed_rows_after_the_others(void **state) {
    check_routed(*state, false);
}

static void routed_rows_before_the_others(void **state) {
    check_routed(*state, true);
}

// Waited for once: until the partitions that may have its rows are at their ends for a while, or past it.
static void a_collection_of_nobodys_is_waited_for_once(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_first(f, &t);
    int routed = add(f, "routed.c", 0, 0);
    send_end_of(f, t.transactions, 710, 2020, 1, "nobodys", 5);
    send_row(f, t.a, "a", 11, 710, 2000, 1);
    rest(f, 0);
    assert_int_equal(all_rows(f), 2);
    expect_wait(
        f,
        "waiting: transaction 710 counts rows of tables that source.sql does not declare; they may come into a "
        "declared table's topic");
    rest(f, WAIT_MS);
    rest(f, 0);
    expect_whole(f, 3, 710);
    send_end_of(f, t.transactions, 711, 2120, 1, "nobodys", 5);
    send_row(f, t.a, "a", 12, 711, 2100, 1);
    rest(f, 0);
    expect_whole(f, 4, 711);
    // another one, and the partition is past it
    send_end_of(f, t.transactions, 712, 2220, 1, "other", 5);
    send_row(f, t.a, "a", 13, 712, 2200, 1);
    send_routed(f, routed, "c_2030", 1, 713, 2300, 1);
    rest(f, 0);
    expect_whole(f, 5, 712);
    send_end_of(f, t.transactions, 713, 2320, 0, "c_2030", 1);
    rest(f, 0);
    expect_whole(f, 6, 713);
}

// Without a line that names topics nothing is waited for until a routed row is seen.
static void routed_rows_of_a_table_without_a_rule(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_first(f, &t);
    send_end_of(f, t.transactions, 710, 2020, 1, "b_2030", 1);
    send_routed(f, t.b, "b_2030", 11, 710, 2000, 1);
    rest_long(f);
    assert_int_equal(all_rows(f), 2);
    expect_wait(f, "waiting: transaction 710, 1 rows of a have not come");
    send_row(f, t.a, "a", 11, 710, 2001, 2);
    rest(f, 0);
    expect_whole(f, 4, 710);
}

static void a_wild_heartbeat_is_no_evidence_and_hides_none(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_first(f, &t);
    beat(f, t.heartbeats);
    send(f, t.heartbeats, "{}", "{\"ts_ms\":9223372036854775807}");
    send_begin(f, t.transactions, 701, 1100);
    send_end(f, t.transactions, 701, 1110, 0, 1);
    for (int i = 0; i < LOST_AFTER_BEATS / 2; i++) {
        beat(f, t.heartbeats);
        rest(f, 1000);
    }
    assert_int_equal(passed(f), 0);
    for (int i = 0; i <= LOST_AFTER_BEATS / 2; i++) {
        beat(f, t.heartbeats);
        rest(f, 1000);
    }
    assert_int_equal(passed(f), 1);
}

// The loop holds them back while what is whole before is not committed, and the commit begins at the step's end.
static void rows_of_the_current_transaction_are_not_past_it(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    struct error error = {0};
    int64_t taken;
    send_row(f, t.a, "a", 1, 700, 1000, 1);
    send_end(f, t.transactions, 700, 1020, 1, 0);
    assert_int_equal(apply_step(f->apply, &taken, &error), 0);
    send_row(f, t.a, "a", 2, 701, 1100, 1);
    assert_int_equal(apply_step(f->apply, &taken, &error),
                     0); // it is looked at: whose it is nobody knows yet
    send_end(f, t.transactions, 701, 1120, 2, 0);
    now_ms += APPLY_COMMIT_MS;
    assert_int_equal(apply_step(f->apply, &taken, &error), 0);
    assert_int_equal(apply_pass_lost(f->apply, &error), 0);
    assert_int_equal(passed(f), 0);
    send_row(f, t.a, "a", 3, 701, 1110, 2);
    rest(f, 0);
    assert_int_equal(rows(f), 3);
    assert_int_equal(passed(f), 0);
    assert_true(is_transactional(f));
}

// More ENDs wait than are delivered, and all of these were sent at once: that the topic grows tells.
static void a_later_end_may_stand_behind_what_is_delivered(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_first(f, &t);
    f->delivered_max = 4;
    for (int i = 0; i < 6; i++)
        send_end(f, t.transactions, 701 + i, 1100 + 10 * i, 0, 1);
    rest_long(f);
    assert_int_equal(passed(f), 0);
    send_end(f, t.transactions, 710, 1200, 0, 1);
    rest(f, WAIT_MS);
    assert_int_equal(passed(f), 0);
    rest(f, 0);
    assert_in_range(passed(f), 1, 7);
    f->delivered_max = MESSAGES_MAX;
}

// As a connector reads it whose offsets are lost: when the source was restored, or from where its slot was kept.
static void send_lower_snapshot(struct fixture *f, const struct topics *t) {
    send_first(f, t);
    rest(f, HOUR_MS);
    send(f, t->a, "{\"id\":9}",
         "{\"before\":null,\"after\":{\"id\":9,\"v\":0},\"source\":{\"snapshot\":\"last\",\"ts_ms\":%d,"
         "\"table\":\"a\",\"lsn\":500,\"txId\":1},\"transaction\":null,\"op\":\"r\"}",
         FIRST_MS + HOUR_MS);
    rest(f, WAIT_MS);
}

static void a_lower_snapshot_waits_for_what_was_sent_after_it(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_lower_snapshot(f, &t);
    rest_long(f);
    assert_int_equal(rows(f), 2);
    assert_true(is_transactional(f));
    expect_wait(
        f,
        "waiting: rows of a snapshot that is lower than the newest commit, and later: the next transaction "
        "tells whether the source was restored");
}

static void a_lower_snapshot_of_the_same_source_is_taken(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    send_lower_snapshot(f, &t);
    send_begin(f, t.transactions, 700, 1000);
    send_row(f, t.a, "a", 1, 700, 1000, 1);
    send_row(f, t.b, "b", 1, 700, 1010, 2);
    send_end(f, t.transactions, 700, 1020, 1, 1);
    rest_long(f);
    assert_int_equal(query(f, "select count(*) from a where id = 9"), 1);
    assert_int_equal(passed(f), 0);
}

static void a_lower_snapshot_is_of_a_new_timeline(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all(f);
    struct error error = {0};
    int64_t taken;
    send_lower_snapshot(f, &t);
    send(f, t.transactions, "{}",
         "{\"status\":\"END\",\"id\":\"701:600\",\"event_count\":0,\"data_collections\":[],\"ts_ms\":%d}",
         FIRST_MS + HOUR_MS + WAIT_MS);
    assert_int_equal(apply_step(f->apply, &taken, &error), -1);
    assert_int_equal(error.kind, ERROR_HALT);
    assert_non_null(strstr(error.message, "a new timeline of the source"));
    assert_int_equal(rows(f), 2);
}

static void send_empty_end(struct fixture *f, int slot, int txid, int lsn, int64_t ts_ms) {
    send(f, slot, "{}",
         "{\"status\":\"END\",\"id\":\"%d:%d\",\"event_count\":0,\"data_collections\":[],\"ts_ms\":%" PRId64
         "}",
         txid, lsn, ts_ms);
}

// Their commit LSNs go up and down; where they went down once only, the source was restored, or failed over.
static void check_two_sources(struct fixture *f, int64_t last_ms, const char *why) {
    const struct topics t = add_all(f);
    struct error error = {0};
    int64_t taken;
    send_first(f, &t);
    rest(f, 0);
    send_empty_end(f, t.transactions, 800, 600, FIRST_MS + HOUR_MS);
    send_empty_end(f, t.transactions, 900, 5000, FIRST_MS + HOUR_MS + 10000);
    send_empty_end(f, t.transactions, 801, 700, last_ms);
    assert_int_equal(apply_step(f->apply, &taken, &error), -1);
    assert_int_equal(error.kind, ERROR_HALT);
    assert_non_null(strstr(error.message, why));
}

static void two_connectors_of_one_transaction_topic(void **state) {
    check_two_sources(*state, FIRST_MS + HOUR_MS + 20000, "two connectors write this topic");
}

static void what_is_sent_again_is_of_no_other_connector(void **state) {
    check_two_sources(*state, FIRST_MS + HOUR_MS, "a new timeline of the source");
}

static void send_snapshot_now(struct fixture *f, int slot, const char *table, int v, int lsn,
                              const char *mark) {
    send(f, slot, "{\"id\":1}",
         "{\"before\":null,\"after\":{\"id\":1,\"v\":%d},\"source\":{\"snapshot\":\"%s\",\"ts_ms\":%" PRId64
         ",\"table\":\"%s\",\"lsn\":%d,\"txId\":1},\"transaction\":null,\"op\":\"r\"}",
         v, mark, now_ms, table, lsn);
}

static struct topics add_all_accepting(struct fixture *f) {
    f->on_timeline = TIMELINE_ACCEPT;
    apply_free(&f->apply);
    store_close(&f->store);
    progress_free(&f->progress);
    open_apply(f);
    return add_all(f);
}

static void send_end_now(struct fixture *f, int slot, int txid, int lsn) {
    send(f, slot, "{}",
         "{\"status\":\"END\",\"id\":\"%d:%d\",\"event_count\":0,\"data_collections\":[],\"ts_ms\":%" PRId64
         "}",
         txid, lsn, now_ms);
}

// The last transaction of the old timeline lacks rows, and no heartbeats are sent.
static void an_end_of_a_new_timeline_is_a_later_one(void **state) {
    struct fixture *f = *state;
    const struct topics t = add_all_accepting(f);
    send_first(f, &t);
    send_begin(f, t.transactions, 701, 1100);
    send_end(f, t.transactions, 701, 1110, 0, 1);
    rest(f, HOUR_MS);
    assert_int_equal(passed(f), 0);
    send_end_now(f, t.transactions, 702, 600);
    rest(f, WAIT_MS);
    rest(f, 0);
    assert_int_equal(passed(f), 1);
    assert_non_null(strstr(f->warnings, "1 of b: the connector has sent later transactions"));
    assert_non_null(strstr(f->warnings, "a new timeline of the source is accepted"));
    assert_true(is_visible(f, 702));
}

// The connector lost its offsets, long after the newest commit, and had snapshotted the old server once more before
// that was restored. Rows of the old snapshot that are not taken yet, behind a transaction whose END never came, must
// not count as the new timeline's.
static void check_snapshot_before_restore(struct fixture *f, int delivered_max, bool some_taken) {
    const struct topics t = add_all_accepting(f);
    send_first(f, &t);
    f->delivered_max = delivered_max;
    rest(f, HOUR_MS);
    if (!some_taken)
        send_row(f, t.a, "a", 1, 702, 1100, 1);
    send_row(f, t.b, "b", 1, 702, 1110, 2);
    send_snapshot_now(f, t.a, "a", 8, 2000, "first");
    send_snapshot_now(f, t.b, "b", 8, 2000, "last");
    rest(f, WAIT_MS / 2);
    assert_int_equal(query(f, "select v = 8 from a"), some_taken);
    send_snapshot_now(f, t.a, "a", 9, 500, "first");
    send_snapshot_now(f, t.b, "b", 9, 500, "last");
    rest(f, 10);
    send_end_now(f, t.transactions, 703, 600);
    rest_long(f);
    assert_non_null(strstr(f->warnings, "a new timeline of the source is accepted"));
    assert_int_equal(query(f, "select v from a"), 9);
    assert_int_equal(query(f, "select v from b"), 9);
    f->delivered_max = MESSAGES_MAX;
}

// Without ENDs, and with more rows of a lower snapshot than are delivered.
static void check_blind_snapshot(struct fixture *f, enum apply_timeline on_timeline) {
    const struct topics t = add_all_accepting(f);
    struct error error = {0};
    apply_free(&f->apply);
    store_close(&f->store);
    progress_free(&f->progress);
    f->on_timeline = on_timeline;
    f->delivered_max = 2;
    open_apply(f);
    (void)add(f, "s.transaction", 0, 0); // the slot's place; there are no ENDs
    (void)add(f, "__debezium-heartbeat.s", 0, 0);
    (void)add(f, "s.public.a", 0, 0);
    (void)add(f, "s.public.b", 0, 0);
    send_row(f, t.a, "a", 5, 700, 1000, 0);
    rest(f, HOUR_MS);
    assert_int_equal(rows(f), 1);
    for (int i = 0; i < 3; i++)
        send_snapshot_now(f, t.a, "a", 9, 500, "true"); // of row 1, three times
    for (int i = 0; i < 6; i++)
        rest(f, WAIT_MS);
    assert_int_equal(rows(f), 1);
    if (on_timeline == TIMELINE_HALT) {
        assert_int_equal(apply_pass_lost(f->apply, &error), -1);
        assert_int_equal(error.kind, ERROR_HALT);
        assert_non_null(strstr(error.message, "start once with --accept-timeline"));
    } else {
        rest(f, 0);
        assert_int_equal(rows(f), 2);
    }
    f->delivered_max = MESSAGES_MAX;
}

static void what_nothing_can_tell_a_person_decides(void **state) {
    check_blind_snapshot(*state, TIMELINE_HALT);
}

static void what_a_person_has_decided_is_accepted(void **state) {
    check_blind_snapshot(*state, TIMELINE_ACCEPT_ONE);
}

static void what_was_taken_is_of_the_old_timeline(void **state) {
    check_snapshot_before_restore(*state, 1, true);
}

static void what_is_delivered_may_be_of_the_old_timeline(void **state) {
    check_snapshot_before_restore(*state, MESSAGES_MAX, false);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(routed_rows_after_the_others),
        TEST(routed_rows_before_the_others),
        TEST(a_collection_of_nobodys_is_waited_for_once),
        TEST(routed_rows_of_a_table_without_a_rule),
        TEST(a_transaction_that_is_being_sent_is_waited_for),
        TEST(a_connector_that_is_away_is_waited_for),
        TEST(what_is_whole_before_is_shown),
        TEST(heartbeats_without_a_gap_are_evidence),
        TEST(what_is_not_delivered_may_have_the_row),
        TEST(a_table_that_a_transform_drops_is_waited_for_once),
        TEST(an_empty_topic_is_no_evidence),
        TEST(an_empty_topic_of_a_connector_that_goes_on_is_evidence),
        TEST(a_table_that_lacks_some_rows_is_waited_for_less),
        TEST(a_wait_that_has_ended_counts_no_more),
        TEST(what_a_transform_partly_drops_is_waited_for_together),
        TEST(a_table_without_a_topic_is_not_waited_for),
        TEST(a_topic_that_was_read_and_is_gone_is_waited_for),
        TEST(a_row_whose_schema_is_refused_counts),
        TEST(a_message_that_cannot_be_read_is_not_waited_for),
        TEST(a_message_that_cannot_be_read_excuses_no_later_row),
        TEST(rows_of_any_table_of_a_topic_count_as_delivered),
        TEST(a_message_that_cannot_be_read_may_be_any_tables_of_its_topic),
        TEST(a_message_that_cannot_be_read_is_one_row_of_one_table),
        TEST(a_wild_heartbeat_is_no_evidence_and_hides_none),
        TEST(rows_of_the_current_transaction_are_not_past_it),
        TEST(a_later_end_may_stand_behind_what_is_delivered),
        TEST(a_lower_snapshot_waits_for_what_was_sent_after_it),
        TEST(a_lower_snapshot_of_the_same_source_is_taken),
        TEST(two_connectors_of_one_transaction_topic),
        TEST(what_is_sent_again_is_of_no_other_connector),
        TEST(a_lower_snapshot_is_of_a_new_timeline),
        TEST(what_nothing_can_tell_a_person_decides),
        TEST(what_a_person_has_decided_is_accepted),
        TEST(an_end_of_a_new_timeline_is_a_later_one),
        TEST(what_was_taken_is_of_the_old_timeline),
        TEST(what_is_delivered_may_be_of_the_old_timeline),
        TEST(a_table_of_a_shared_topic_is_waited_for_again),
        TEST(what_is_no_table_is_not_waited_for),
        TEST(retention_is_evidence),
        TEST(a_snapshot_of_one_row_ends_where_another_table_follows),
        TEST(a_snapshot_ends_where_something_is_streamed_after_it),
        TEST(rows_without_ends_stay_per_key_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
