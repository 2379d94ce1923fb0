// A topic that was made anew under its old name: the message before the next offset tells. And when much that nothing orders
// is handed over to be written.
#include "consumer/apply/apply.h"

#include "tests/unit/shop_file.h"
#include "views/base/clock.h"
#include "views/engine/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char topic[] = "__debezium-heartbeat.shop";
static const char beat[] = "{\"ts_ms\":1795386736089}";

// One partition's log, delivered whole.
struct log {
    struct message messages[4];
    int count;
    int next;
};

static const struct message *peek(void *self, int slot) {
    struct log *log = self;
    (void)slot;
    return log->next < log->count ? &log->messages[log->next] : NULL;
}

static void release(void *self, int slot) {
    (void)slot;
    ((struct log *)self)->next++;
}

static bool at_end(void *self, int slot) {
    return peek(self, slot) == NULL;
}

static void add(struct log *log, int64_t offset, int64_t ts_ms) {
    log->messages[log->count++] = (struct message){
        .offset = offset, .ts_ms = ts_ms, .key = SPAN("{}"), .value = {beat, sizeof beat - 1}};
}

struct fixture {
    struct shop_file file;
    struct catalog *catalog;
};

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    shop_file_make(&fixture->file, "apply");
    struct error error = {0};
    assert_int_equal(catalog_load(NULL, NULL, &fixture->catalog, &error), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    catalog_free(&fixture->catalog);
    shop_file_remove(&fixture->file);
    free(fixture);
    return 0;
}

static int64_t wall_now; // 0 = the clock's

static int64_t wall_ms(void) {
    return wall_now != 0 ? wall_now : clock_wall_ms();
}

// What a run of the program has open.
struct opened {
    struct store *store;
    struct progress *progress;
    struct apply *apply;
};

static struct opened open_all(const struct fixture *fixture, struct message_source source) {
    struct opened opened = {0};
    struct store_report report;
    struct error error = {0};
    assert_int_equal(store_open(&opened.store, fixture->file.path, fixture->catalog, &report, &error), 0);
    assert_int_equal(progress_new(&opened.progress, &error), 0);
    const struct apply_config config = {
        .catalog = fixture->catalog,
        .store = opened.store,
        .progress = opened.progress,
        .source = source,
        .prefix = "shop",
        .settings = &value_settings_default,
        .commit_messages = APPLY_COMMIT_MESSAGES,
        .wall_ms = wall_ms,
    };
    assert_int_equal(apply_new(&opened.apply, &config, &error), 0);
    return opened;
}

static void close_all(struct opened *opened) {
    apply_free(&opened->apply);
    progress_free(&opened->progress);
    store_close(&opened->store);
}

static struct message_source source_of(struct log *log) {
    return (struct message_source){.self = log, .peek = peek, .release = release, .at_end = at_end};
}

// A run of the program over the log: what apply_step returned, and where the partition stands afterwards.
static int run(const struct fixture *fixture, struct log *log, bool verify, int64_t *ret_next,
               struct error *error) {
    struct opened opened = open_all(fixture, source_of(log));
    struct apply *apply = opened.apply;
    int slot;
    int64_t next;
    int64_t taken;
    assert_int_equal(apply_add_partition(apply, topic, 0, &slot, &next, error), 0);
    if (verify)
        apply_verify_first(apply, slot);
    int status = apply_step(apply, &taken, error);
    if (status == 0)
        assert_int_equal(apply_commit(apply, error), 0);
    *ret_next = apply_committed_offset(apply, slot);
    close_all(&opened);
    return status;
}

static void the_same_topic_goes_on(void **state) {
    struct error error = {0};
    int64_t next;
    struct log first = {0};
    add(&first, 0, 1000);
    add(&first, 1, 1001);
    assert_int_equal(run(*state, &first, false, &next, &error), 0);
    assert_int_equal(next, 2);
    struct log again = {0};
    add(&again, 1, 1001);
    add(&again, 2, 1002);
    assert_int_equal(run(*state, &again, true, &next, &error), 0);
    assert_int_equal(next, 3);
}

static void a_topic_made_anew_halts(void **state) {
    struct error error = {0};
    int64_t next;
    struct log first = {0};
    add(&first, 0, 1000);
    add(&first, 1, 1001);
    assert_int_equal(run(*state, &first, false, &next, &error), 0);
    struct log other = {0};
    add(&other, 1, 5001);
    add(&other, 2, 5002);
    assert_int_equal(run(*state, &other, true, &next, &error), -1);
    assert_int_equal(error.kind, ERROR_HALT);
    assert_non_null(strstr(error.message, "partition 0: offset 1"));
    assert_non_null(strstr(error.message, "made anew"));
    assert_int_equal(next, 2);
}

// Compaction or expiry took the message before: nothing can be compared, and nothing is refused.
static void what_is_gone_is_not_compared(void **state) {
    struct error error = {0};
    int64_t next;
    struct log first = {0};
    add(&first, 0, 1000);
    assert_int_equal(run(*state, &first, false, &next, &error), 0);
    struct log later = {0};
    add(&later, 7, 9000);
    assert_int_equal(run(*state, &later, true, &next, &error), 0);
    assert_int_equal(next, 8);
}

struct told {
    char text[256];
    int count;
};

static void tell(void *self, const char *table, const char *reason) {
    struct told *told = self;
    (void)snprintf(told->text, sizeof told->text, "%s: %s", table, reason);
    told->count++;
}

// With the first commit, and neither without one nor after the process only.
static void a_lost_beginning_is_kept_with_the_commit(void **state) {
    const struct fixture *fixture = *state;
    for (int committed = 0; committed < 2; committed++) {
        struct log log = {0};
        add(&log, 4, 1000);
        struct error error = {0};
        struct opened opened = open_all(fixture, source_of(&log));
        struct apply *apply = opened.apply;
        int64_t taken;
        int slot;
        int64_t next;
        assert_int_equal(apply_add_partition(apply, "shop.public.orders", 0, &slot, &next, &error), 0);
        assert_int_equal(apply_start_at(apply, slot, 4, 5, &error), 0);
        assert_int_equal(apply_step(apply, &taken, &error), 0);
        if (committed)
            assert_int_equal(apply_commit(apply, &error), 0);
        close_all(&opened);
        struct told told = {0};
        assert_int_equal(read_incomplete(fixture->file.path, tell, &told, &error), 0);
        assert_int_equal(told.count, committed);
        assert_string_equal(
            told.text,
            committed
                ? "orders: shop.public.orders partition 0 began at offset 4 at the first start: rows that have "
                  "not changed since are missing until the next snapshot"
                : "");
    }
}

enum { TOMBSTONES_MS = 3000, A_DAY_MS = 24 * 3600 * 1000 };

// A run over a log that ended at `end` when it began: it holds the message at `offset` (0 = no more), and that, or its end, is
// passed at `passed_ms`. What is told of the table a day later, when it is said how long tombstones stay.
struct gap_run {
    int64_t next; // where the file stands
    int64_t end;
    int64_t offset;
    int64_t passed_ms;
    const char *gone; // "6 to 8", NULL = nothing new is told
};

static void run_gap(const struct fixture *fixture, const struct gap_run *run, struct told *told) {
    struct log log = {0};
    if (run->offset > 0)
        add(&log, run->offset, run->passed_ms);
    struct error error = {0};
    struct opened opened = open_all(fixture, source_of(&log));
    struct apply *apply = opened.apply;
    int64_t taken;
    int slot;
    int64_t next;
    assert_int_equal(apply_add_partition(apply, "shop.public.orders", 0, &slot, &next, &error), 0);
    assert_int_equal(next, run->next);
    apply_watch_gaps(apply, slot, run->end);
    wall_now = run->passed_ms;
    assert_int_equal(apply_step(apply, &taken, &error), 0);
    assert_int_equal(taken, run->offset > 0);
    if (apply_watches_gaps(apply, slot))
        apply_note_position(apply, slot, run->end);
    assert_false(apply_watches_gaps(apply, slot));
    wall_now += A_DAY_MS;
    add(&log, run->end + 20, run->passed_ms + A_DAY_MS); // a marker was before it
    assert_int_equal(apply_step(apply, &taken, &error), 0);
    assert_int_equal(apply_commit(apply, &error), 0); // the topic may be idle from now on
    assert_int_equal(apply_note_compacted(apply, slot, TOMBSTONES_MS, &error), 0);
    assert_int_equal(apply_commit(apply, &error), 0);
    close_all(&opened);
    wall_now = 0;
    assert_int_equal(read_incomplete(fixture->file.path, tell, told, &error), 0);
}

// Offsets without a message between where a file stood and the log's end may have been deletes that compaction took, with their
// tombstones, where they were passed so long after the message before them: when that is asked makes no difference, and neither does
// what comes behind that end. A log that is read from its beginning tells nothing by them.
static void what_compaction_took_is_told(void **state) {
    static const struct gap_run runs[] = {
        {-1, 9, 5, 1005 + A_DAY_MS, NULL},                       // from its beginning
        {30, 40, 39, 1005 + 2 * A_DAY_MS + 2999, NULL},          // the tombstones were there
        {61, 61, 70, 1005 + 5 * A_DAY_MS, NULL},                 // behind its end
        {82, 99, 95, 1005 + 6 * A_DAY_MS + 3000, "82 to 94"},    // one after another
        {120, 150, 0, 1005 + 7 * A_DAY_MS + 6000, "120 to 149"}, // nothing else came
    };
    const struct fixture *fixture = *state;
    char expected[256] = "";
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct told told = {0};
        run_gap(fixture, &runs[i], &told);
        if (runs[i].gone != NULL)
            (void)snprintf(
                expected, sizeof expected,
                "orders: shop.public.orders partition 0 is compacted, and its offsets %s were gone "
                "before they were read: rows that were deleted there stay until the next snapshot "
                "(delete.retention.ms is 3000)",
                runs[i].gone);
        assert_string_equal(told.text, expected);
    }
}

// --- partitions whose messages are made when they are asked for

enum { LONG_ROWS = 1500, LONG_BYTES = 8000, LONG_SLOTS = 2 };

// A partition's oldest message.
struct made {
    int next; // its offset
    struct message message;
    char key[64];
    char value[LONG_BYTES + 512];
};

static const struct message *made_message(struct made *made, int slot, int64_t ts_ms) {
    made->message = (struct message){.slot = slot,
                                     .offset = made->next,
                                     .ts_ms = ts_ms,
                                     .key = span_of(made->key),
                                     .value = span_of(made->value)};
    return &made->message;
}

// `transaction`: JSON.
static void made_points(struct made *made, int id, int lsn, const char *transaction, const char *op) {
    (void)snprintf(made->key, sizeof made->key, "{\"order_id\":%d,\"customer_id\":1}", id);
    (void)snprintf(
        made->value, sizeof made->value,
        "{\"before\":null,\"after\":{\"order_id\":%d,\"customer_id\":1,\"points\":1,\"reason\":null},"
        "\"source\":{\"ts_ms\":1795386736089,\"snapshot\":\"false\",\"schema\":\"public\",\"table\":"
        "\"points\",\"txId\":%d,\"lsn\":%d},\"transaction\":%s,\"op\":\"%s\",\"ts_ms\":1795386736089}",
        id, made->next + 1, lsn, transaction, op);
}

static void add_partition(struct apply *apply, const char *of, int slot) {
    struct error error = {0};
    int added;
    int64_t next;
    assert_int_equal(apply_add_partition(apply, of, slot, &added, &next, &error), 0);
    assert_int_equal(added, slot);
}

static void take_all(struct apply *apply) {
    struct error error = {0};
    int64_t taken = 1;
    while (taken > 0)
        assert_int_equal(apply_step(apply, &taken, &error), 0);
}

// Rows of a table in two partitions, more than a batch holds.
struct long_rows {
    struct made made[LONG_SLOTS];
    char bio[LONG_BYTES + 1];
};

static const struct message *peek_long(void *self, int slot) {
    struct long_rows *rows = self;
    struct made *made = &rows->made[slot];
    if (made->next == LONG_ROWS)
        return NULL;
    int id = made->next * LONG_SLOTS + slot;
    (void)snprintf(made->key, sizeof made->key, "{\"id\":%d}", id);
    (void)snprintf(
        made->value, sizeof made->value,
        "{\"before\":null,\"after\":{\"id\":%d,\"email\":\"e\",\"full_name\":\"f\",\"loyalty_tier\":"
        "null,\"marketing_opt_in\":true,\"created_at\":\"2026-11-23T09:00:00Z\",\"bio\":\"%s\"},"
        "\"source\":{\"ts_ms\":1795386736089,\"snapshot\":\"false\",\"schema\":\"public\",\"table\":"
        "\"customers\",\"txId\":9,\"lsn\":%d},\"op\":\"c\",\"ts_ms\":1795386736089}",
        id, rows->bio, 1000 + id);
    return made_message(made, slot, 1000);
}

static void release_long(void *self, int slot) {
    ((struct long_rows *)self)->made[slot].next++;
}

static bool long_at_end(void *self, int slot) {
    return ((struct long_rows *)self)->made[slot].next == LONG_ROWS;
}

// 24 MB in one step: each time that there is enough a commit is handed over, which another thread writes.
static void what_fills_a_batch_is_handed_over(void **state) {
    const struct fixture *fixture = *state;
    struct error error = {0};
    static struct long_rows rows;
    memset(rows.bio, 'b', LONG_BYTES);
    struct opened opened = open_all(
        fixture, (struct message_source){
                     .self = &rows, .peek = peek_long, .release = release_long, .at_end = long_at_end});
    struct apply *apply = opened.apply;
    int64_t taken = 0;
    for (int i = 0; i < LONG_SLOTS; i++)
        add_partition(apply, "shop.public.customers", i);
    for (int64_t all = 0; all < LONG_ROWS * LONG_SLOTS; all += taken) {
        assert_int_equal(apply_step(apply, &taken, &error), 0);
        assert_true(taken > 0);
    }
    assert_true(apply_counters(apply)->commits >= 2);
    assert_int_equal(apply_commit(apply, &error), 0);
    for (int i = 0; i < LONG_SLOTS; i++)
        assert_int_equal(apply_committed_offset(apply, i), LONG_ROWS);
    close_all(&opened);
}

enum { TRANSACTIONS = 256, IDLE = 300, FIRST_IDLE = 2 };

// Slot 0 has the ENDs, slot 1 a row of each transaction; nothing comes of the others.
struct many_partitions {
    struct made made[FIRST_IDLE];
    int64_t looks; // at the others
};

static const struct message *peek_many(void *self, int slot) {
    struct many_partitions *many = self;
    if (slot >= FIRST_IDLE) {
        many->looks++;
        return NULL;
    }
    struct made *made = &many->made[slot];
    int i = made->next;
    if (i == TRANSACTIONS)
        return NULL;
    int lsn = 1000 + 10 * i;
    if (slot == 0) {
        (void)snprintf(made->key, sizeof made->key, "{}");
        (void)snprintf(made->value, sizeof made->value,
                       "{\"status\":\"END\",\"id\":\"%d:%d\",\"event_count\":1,\"data_collections\":[{\"data_"
                       "collection\":\"public.points\",\"event_count\":1}],\"ts_ms\":1795386736089}",
                       i + 1, lsn + 5);
    } else {
        char transaction[96];
        (void)snprintf(transaction, sizeof transaction,
                       "{\"id\":\"%d:%d\",\"total_order\":1,\"data_collection_order\":1}", i + 1, lsn + 5);
        made_points(made, i, lsn, transaction, "c");
    }
    return made_message(made, slot, 1000);
}

static void release_many(void *self, int slot) {
    ((struct many_partitions *)self)->made[slot].next++;
}

static bool many_at_end(void *self, int slot) {
    return slot >= FIRST_IDLE || ((struct many_partitions *)self)->made[slot].next == TRANSACTIONS;
}

// Each transaction looked at every partition: with 300 of them half of the loop's time.
static void a_transaction_does_not_look_at_partitions_that_it_awaits_nothing_of(void **state) {
    const struct fixture *fixture = *state;
    struct error error = {0};
    static struct many_partitions many;
    struct opened opened = open_all(
        fixture, (struct message_source){
                     .self = &many, .peek = peek_many, .release = release_many, .at_end = many_at_end});
    apply_set_sequenced(opened.apply, true);
    for (int i = 0; i < FIRST_IDLE + IDLE; i++)
        add_partition(opened.apply,
                      i == 0   ? "shop.transaction"
                      : i == 1 ? "shop.public.points"
                               : "shop.public.customers",
                      i);
    take_all(opened.apply);
    assert_int_equal(apply_commit(opened.apply, &error), 0);
    assert_int_equal(apply_counters(opened.apply)->transactions, TRANSACTIONS);
    if (many.looks > TRANSACTIONS * IDLE * 3 / 4)
        fail_msg("%lld looks at %d partitions without a message in %d transactions", (long long)many.looks,
                 IDLE, TRANSACTIONS);
    close_all(&opened);
}

enum { SIBLINGS = 3, SIBLING_ROWS = 4 * APPLY_GROWN_MIN };

// Partitions of one table, whose rows were sent in turn.
struct siblings {
    const char *op;
    int silent;    // nothing was delivered of it, -1 = of all
    int waits;     // its rows are of a transaction whose END has not come, -1 = none is
    int delivered; // of each other
    int apart;     // the most that one was ahead of another that had rows
    struct made made[SIBLINGS];
};

static const struct message *peek_sibling(void *self, int slot) {
    struct siblings *siblings = self;
    struct made *made = &siblings->made[slot];
    if (made->next == siblings->delivered || slot == siblings->silent)
        return NULL;
    bool waits = slot == siblings->waits;
    int id = SIBLINGS * made->next + slot;
    made_points(made, id, 1000 + id,
                waits ? "{\"id\":\"9:9000\",\"total_order\":1,\"data_collection_order\":1}" : "null",
                waits ? "c" : siblings->op);
    return made_message(made, slot, 1000 + made->next);
}

static void release_sibling(void *self, int slot) {
    struct siblings *siblings = self;
    int next = ++siblings->made[slot].next;
    for (int other = 0; other < SIBLINGS; other++)
        if (other != siblings->silent && next - siblings->made[other].next > siblings->apart)
            siblings->apart = next - siblings->made[other].next;
}

static bool sibling_at_end(void *self, int slot) {
    const struct siblings *siblings = self;
    return slot != siblings->silent && siblings->made[slot].next == SIBLING_ROWS;
}

static struct opened open_siblings(const struct fixture *fixture, struct siblings *siblings) {
    struct opened opened = open_all(fixture, (struct message_source){.self = siblings,
                                                                     .peek = peek_sibling,
                                                                     .release = release_sibling,
                                                                     .at_end = sibling_at_end});
    for (int i = 0; i < SIBLINGS; i++)
        add_partition(opened.apply, "shop.public.points", i);
    return opened;
}

static int take_siblings(const struct fixture *fixture, const char *op, int silent) {
    struct error error = {0};
    static struct siblings siblings;
    siblings = (struct siblings){.op = op, .silent = silent, .waits = -1, .delivered = SIBLING_ROWS};
    struct opened opened = open_siblings(fixture, &siblings);
    take_all(opened.apply);
    assert_int_equal(apply_commit(opened.apply, &error), 0);
    for (int i = 0; i < SIBLINGS; i++)
        assert_int_equal(siblings.made[i].next, i == silent ? 0 : SIBLING_ROWS);
    close_all(&opened);
    return siblings.apart;
}

// One was half a million rows ahead of the others in a snapshot of five million.
static void rows_that_are_added_are_taken_in_the_order_they_were_sent_in(void **state) {
    assert_in_range(take_siblings(*state, "r", -1), 1, APPLY_GROWN_MIN + APPLY_TURN_MESSAGES);
}

static void what_is_not_delivered_is_not_waited_for(void **state) {
    assert_in_range(take_siblings(*state, "c", 1), 1, APPLY_GROWN_MIN + APPLY_TURN_MESSAGES);
}

// It is looked at before it is known to wait, and all the same in one step.
static void what_waits_for_an_end_is_not_waited_for(void **state) {
    struct error error = {0};
    static struct siblings siblings;
    siblings = (struct siblings){.op = "r", .silent = 2, .waits = 2, .delivered = APPLY_GROWN_MIN};
    struct opened opened = open_siblings(*state, &siblings);
    apply_set_sequenced(opened.apply, true);
    take_all(opened.apply);
    siblings.silent = -1;
    while (siblings.delivered < SIBLING_ROWS) {
        int64_t taken;
        siblings.delivered++;
        assert_int_equal(apply_step(opened.apply, &taken, &error), 0);
        assert_int_equal(taken, 2);
    }
    assert_int_equal(siblings.made[2].next, 0);
    close_all(&opened);
}

static void rows_that_change_are_taken_as_they_come(void **state) {
    assert_int_equal(take_siblings(*state, "u", -1), SIBLING_ROWS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_that_are_added_are_taken_in_the_order_they_were_sent_in, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_delivered_is_not_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_waits_for_an_end_is_not_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_that_change_are_taken_as_they_come, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_transaction_does_not_look_at_partitions_that_it_awaits_nothing_of,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lost_beginning_is_kept_with_the_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_fills_a_batch_is_handed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_topic_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_topic_made_anew_halts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_gone_is_not_compared, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_compaction_took_is_told, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
