// Decoding ahead gives out what decoding one by one does, in the same order, whatever is handed over when;
// and it ends in every state.
#include "consumer/apply/loop/prefetch.h"
#include "consumer/capture.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS_MAX = 200,
    SEED = 20261123,
    ROUNDS_MAX = 200,
    AHEAD = 3, // changes that are told before their turn
};

// By this thread, and by the one that decodes.
static pthread_t loop;
static int given_way_by_loop;
static _Atomic int given_way_ahead;

void __wrap_give_way(void);
void __wrap_give_way(void) {
    if (pthread_equal(pthread_self(), loop))
        given_way_by_loop++;
    else
        given_way_ahead++;
}

// --- a source whose messages are made in memory of their own, freed when they are released

struct made {
    char *key;
    char *value; // NULL = a tombstone
};

struct lane {
    struct made *made;
    int count;
    int visible; // delivered so far
    int released;
    struct message head;
};

struct log {
    struct lane lanes[SLOTS_MAX];
};

static void append(struct lane *lane, const char *key, const char *value) {
    lane->made = realloc(lane->made, ((size_t)lane->count + 1) * sizeof *lane->made);
    assert_non_null(lane->made);
    lane->made[lane->count++] = (struct made){strdup(key), value != NULL ? strdup(value) : NULL};
}

static void read_made(const struct lane *lane, int slot, int place, struct message *ret) {
    const struct made *made = &lane->made[place];
    *ret = (struct message){.slot = slot,
                            .offset = place,
                            .ts_ms = 1795386736089 + place,
                            .key = span_of(made->key),
                            .value = span_of(made->value)};
}

static const struct message *peek(void *self, int slot) {
    struct lane *lane = &((struct log *)self)->lanes[slot];
    if (lane->released == lane->visible)
        return NULL;
    read_made(lane, slot, lane->released, &lane->head);
    return &lane->head;
}

static int delivered(void *self, int slot) {
    const struct lane *lane = &((struct log *)self)->lanes[slot];
    return lane->visible - lane->released;
}

static void peek_at(void *self, int slot, int index, struct message *ret) {
    const struct lane *lane = &((struct log *)self)->lanes[slot];
    assert_true(index >= 0 && lane->released + index < lane->visible);
    read_made(lane, slot, lane->released + index, ret);
}

static void free_made(struct made *made) {
    free(made->key);
    free(made->value);
    *made = (struct made){0};
}

static void release(void *self, int slot) {
    struct lane *lane = &((struct log *)self)->lanes[slot];
    assert_true(lane->released < lane->visible);
    free_made(&lane->made[lane->released++]);
}

static bool at_end(void *self, int slot) {
    return delivered(self, slot) == 0;
}

static void log_free(struct log *log) {
    for (int i = 0; i < SLOTS_MAX; i++) {
        for (int m = log->lanes[i].released; m < log->lanes[i].count; m++)
            free_made(&log->lanes[i].made[m]);
        free(log->lanes[i].made);
    }
    free(log);
}

static struct message_source source_of(struct log *log) {
    return (struct message_source){.self = log,
                                   .peek = peek,
                                   .delivered = delivered,
                                   .peek_at = peek_at,
                                   .release = release,
                                   .at_end = at_end};
}

// --- the shop's catalog, and an ahead over a log

struct fixture {
    struct catalog *catalog;
    const struct table *points;
    struct log *log;
    struct prefetch *ahead;
    struct drift drift;
    int64_t packed;          // rows that came packed
    int64_t releasing;       // the row's id, -1 = that of a capture
    int64_t told[AHEAD + 1]; // changes that are said to come, by how far ahead
};

static void add_times(void *self, const char *table, const char *column, int64_t times) {
    (void)table, (void)column;
    *(int64_t *)self += times;
}

// How many columns were counted, each as often as it was seen.
static int64_t times_of(struct drift *drift) {
    struct progress *progress = NULL;
    int64_t times = 0;
    assert_int_equal(progress_new(&progress, NULL), 0);
    drift_report(drift, progress);
    progress_drift_each(progress, add_times, &times);
    progress_free(&progress);
    return times;
}

static void note_told(void *self, const struct change *change, int count) {
    struct fixture *fixture = self;
    if (fixture->releasing >= 0)
        assert_int_equal(change->lsn, 1000 + fixture->releasing + count); // of the rows behind it in its slot
    fixture->told[count]++;
}

static void note_packed(struct change *change, struct arena *arena) {
    assert_non_null(arena);
    change->packed.size = (size_t)change->lsn;
}

static void begin(struct fixture *fixture) {
    struct error error = {0};
    fixture->log = calloc(1, sizeof *fixture->log);
    const struct prefetch_config config = {
        .source = source_of(fixture->log),
        .envelope = {.catalog = fixture->catalog, .settings = &value_settings_default},
        .drift = &fixture->drift,
        .ahead = note_told,
        .ahead_max = AHEAD,
        .pack = note_packed,
        .self = fixture};
    memset(fixture->told, 0, sizeof fixture->told);
    assert_int_equal(prefetch_new(&fixture->ahead, &config, &error), 0);
}

static void add_slots(struct fixture *fixture, int count) {
    struct error error = {0};
    for (int i = 0; i < count; i++)
        assert_int_equal(prefetch_add_slot(fixture->ahead, i, TOPIC_TABLE, fixture->points, &error), 0);
}

static void end(struct fixture *fixture) {
    prefetch_free(&fixture->ahead);
    drift_free(&fixture->drift);
    log_free(fixture->log); // the sanitizers see it when somebody still reads it
    fixture->log = NULL;
}

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error error = {0};
    if (catalog_load(NULL, NULL, &fixture->catalog, &error) != 0)
        return -1;
    fixture->points = catalog_table(fixture->catalog, "points", strlen("points"));
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    catalog_free(&fixture->catalog);
    free(fixture);
    return 0;
}

static void append_row(struct lane *lane, int id, const char *extra) {
    char key[64];
    char value[512];
    (void)snprintf(key, sizeof key, "{\"order_id\":%d,\"customer_id\":7}", id);
    (void)snprintf(
        value, sizeof value,
        "{\"before\":null,\"after\":{\"order_id\":%d,\"customer_id\":7,\"points\":%d,\"reason\":"
        "\"caf\\u00e9 %d\"%s},\"source\":{\"ts_ms\":1795386736089,\"snapshot\":\"false\",\"table\":"
        "\"points\",\"txId\":9,\"lsn\":%d},\"op\":\"c\",\"ts_ms\":1795386736089}",
        id, id * 3, id, extra, 1000 + id);
    append(lane, key, value);
}

static void check_row(const struct fixture *fixture, const struct event *event, int id) {
    const struct table *table = fixture->points;
    char reason[64];
    (void)snprintf(reason, sizeof reason, "caf\xc3\xa9 %d", id);
    assert_int_equal(event->kind, EVENT_CHANGE);
    assert_int_equal(event->source_lsn, 1000 + id);
    assert_ptr_equal(event->change.table, table);
    for (int c = 0; c < table->column_count; c++) {
        const struct value *value = &event->change.values[c];
        if (strcmp(table->columns[c].name, "order_id") == 0)
            assert_int_equal(value->integer, id);
        else if (strcmp(table->columns[c].name, "points") == 0)
            assert_int_equal(value->integer, id * 3);
        else if (strcmp(table->columns[c].name, "reason") == 0)
            assert_true(span_is(value->bytes, reason));
    }
}

static int take_row(struct fixture *fixture, int slot, int id) {
    struct error error = {0};
    struct event *event;
    const char *failure;
    const struct message *message = prefetch_peek(fixture->ahead, slot);
    if (message == NULL)
        return 0;
    assert_int_equal(message->offset, id);
    assert_int_equal(prefetch_event(fixture->ahead, slot, &event, &failure, &error), 0);
    assert_null(failure);
    check_row(fixture, event, id);
    // What the thread decoded is packed there.
    assert_true(event->change.packed.size == 0 || event->change.packed.size == (size_t)(1000 + id));
    fixture->packed += event->change.packed.size != 0;
    fixture->releasing = id;
    prefetch_release(fixture->ahead, slot);
    return 1;
}

// --- the tests

static void few_messages_start_no_thread(void **state) {
    struct fixture *fixture = *state;
    begin(fixture);
    add_slots(fixture, 1);
    struct lane *lane = &fixture->log->lanes[0];
    for (int i = 0; i < 10 * PREFETCH_LEAST; i++) {
        append_row(lane, i, "");
        lane->visible = lane->count;
        if (i % (PREFETCH_LEAST - 1) == PREFETCH_LEAST - 2)
            while (take_row(fixture, 0, lane->released) != 0)
                ;
    }
    assert_int_equal(prefetch_count(fixture->ahead), 0);
    end(fixture);
}

// Slots in turn and by chance, delivered by chance: each slot's rows come in order, decoded as they should
// be.
static void slots_keep_their_order(void **state, int slots, int messages) {
    struct fixture *fixture = *state;
    unsigned seed = SEED;
    begin(fixture);
    add_slots(fixture, slots);
    for (int s = 0; s < slots; s++)
        for (int i = 0; i < messages; i++)
            append_row(&fixture->log->lanes[s], i, "");
    int left = slots * messages;
    while (left > 0) {
        int slot = rand_r(&seed) % slots;
        struct lane *lane = &fixture->log->lanes[slot];
        lane->visible += rand_r(&seed) % 700;
        if (lane->visible > lane->count)
            lane->visible = lane->count;
        for (int i = rand_r(&seed) % 400; i > 0; i--)
            left -= take_row(fixture, slot, lane->released);
    }
    end(fixture);
}

static void many_rows_in_order(void **state) {
    slots_keep_their_order(state, 5, 5000);
}

static void more_slots_than_batches(void **state) {
    slots_keep_their_order(state, SLOTS_MAX, 3 * PREFETCH_BATCH_MESSAGES);
}

static void the_thread_takes_part(void **state) {
    struct fixture *fixture = *state;
    begin(fixture);
    add_slots(fixture, 3);
    loop = pthread_self();
    given_way_by_loop = 0;
    given_way_ahead = 0;
    for (int round = 0; round < ROUNDS_MAX && prefetch_count(fixture->ahead) == 0; round++)
        for (int s = 0; s < 3; s++) {
            struct lane *lane = &fixture->log->lanes[s];
            for (int i = 0; i < 2 * PREFETCH_BATCH_MESSAGES; i++)
                append_row(lane, lane->count, "");
            lane->visible = lane->count;
            while (take_row(fixture, s, lane->released) != 0)
                ;
        }
    int64_t decoded = prefetch_count(fixture->ahead);
    assert_true(decoded > 0);
    assert_int_equal(fixture->packed, decoded);
    // of each batch of the thread's all but the first ones
    for (int count = 1; count <= AHEAD; count++)
        assert_int_equal(fixture->told[count], decoded - decoded / PREFETCH_BATCH_MESSAGES * count);
    end(fixture);
    assert_true(given_way_ahead >= decoded / PREFETCH_BATCH_MESSAGES); // after each batch, both
    assert_true(given_way_by_loop >= decoded / PREFETCH_BATCH_MESSAGES);
}

static void long_messages_close_a_batch(void **state) {
    struct fixture *fixture = *state;
    begin(fixture);
    add_slots(fixture, 1);
    struct lane *lane = &fixture->log->lanes[0];
    size_t size = PREFETCH_BATCH_BYTES / 3;
    char *extra = malloc(size + 64);
    assert_non_null(extra);
    for (int i = 0; i < PREFETCH_LEAST + 40; i++) {
        char key[64];
        (void)snprintf(key, sizeof key, "{\"order_id\":%d,\"customer_id\":7}", i);
        append(lane, key, NULL);
        free(lane->made[i].value);
        lane->made[i].value = malloc(size + 512);
        assert_non_null(lane->made[i].value);
        memset(extra, 'x', size);
        extra[size] = '\0';
        (void)snprintf(
            lane->made[i].value, size + 512,
            "{\"after\":{\"order_id\":%d,\"customer_id\":7,\"points\":%d,\"reason\":\"caf\\u00e9 %d\"},"
            "\"source\":{\"table\":\"points\",\"lsn\":%d,\"name\":\"%s\"},\"op\":\"c\"}",
            i, i * 3, i, 1000 + i, extra);
    }
    free(extra);
    lane->visible = lane->count;
    while (take_row(fixture, 0, lane->released) != 0)
        ;
    assert_int_equal(lane->released, lane->count);
    end(fixture);
}

static void a_broken_message_says_why(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    begin(fixture);
    add_slots(fixture, 1);
    struct lane *lane = &fixture->log->lanes[0];
    for (int i = 0; i < 4 * PREFETCH_BATCH_MESSAGES; i++) {
        if (i % 50 == 49)
            append(lane, "{\"order_id\":1}", "{\"after\":{\"order_id\":1,");
        else
            append_row(lane, i, "");
    }
    lane->visible = lane->count;
    while (lane->released < lane->count) {
        struct event *event;
        const char *failure;
        int place = lane->released;
        if (place % 50 != 49) {
            assert_int_equal(take_row(fixture, 0, place), 1);
            continue;
        }
        assert_int_equal(prefetch_peek(fixture->ahead, 0)->offset, place);
        assert_int_equal(prefetch_event(fixture->ahead, 0, &event, &failure, &error), 0);
        assert_non_null(failure);
        assert_non_null(strstr(failure, "not valid JSON"));
        assert_false(event->placed);
        fixture->releasing = place;
        prefetch_release(fixture->ahead, 0);
    }
    end(fixture);
}

static void drift_is_counted_once_an_event(void **state) {
    struct fixture *fixture = *state;
    begin(fixture);
    add_slots(fixture, 2);
    int drifting = 0;
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < 2000; i++) {
            bool drifts = i % 3 == 0;
            append_row(&fixture->log->lanes[s], i, drifts ? ",\"colour\":\"red\"" : "");
            drifting += drifts;
        }
    for (int s = 0; s < 2; s++)
        fixture->log->lanes[s].visible = 2000;
    for (int i = 0; i < 2000; i++)
        for (int s = 0; s < 2; s++)
            assert_int_equal(take_row(fixture, s, i), 1);
    prefetch_tell_drift(fixture->ahead);
    assert_int_equal(times_of(&fixture->drift), drifting);
    end(fixture);
}

// What is looked at before its turn is counted when that comes, however often it was looked at.
static void looking_ahead_counts_no_drift(void **state) {
    struct fixture *fixture = *state;
    enum { ROWS = 6, LOOKS = 3 };
    struct event event;
    int64_t ts_ms;
    begin(fixture);
    add_slots(fixture, 1);
    assert_int_equal(event_init(&event, fixture->catalog, NULL), 0);
    for (int i = 0; i < ROWS; i++)
        append_row(&fixture->log->lanes[0], i, ",\"colour\":\"red\"");
    fixture->log->lanes[0].visible = ROWS;
    for (int i = 0; i < ROWS; i++) {
        for (int look = 1; look <= LOOKS; look++)
            (void)prefetch_newest(fixture->ahead, 0, look, &event, &ts_ms);
        assert_int_equal(take_row(fixture, 0, i), 1);
    }
    prefetch_tell_drift(fixture->ahead);
    assert_int_equal(times_of(&fixture->drift), ROWS);
    event_done(&event);
    end(fixture);
}

static void rows_may_be_passed_over(void **state) {
    struct fixture *fixture = *state;
    begin(fixture);
    add_slots(fixture, 1);
    struct lane *lane = &fixture->log->lanes[0];
    for (int i = 0; i < 5000; i++)
        append_row(lane, i, "");
    lane->visible = lane->count;
    while (lane->released < lane->count) {
        if (lane->released % 1000 < 600) {
            assert_non_null(prefetch_peek(fixture->ahead, 0));
            fixture->releasing = lane->released;
            prefetch_release(fixture->ahead, 0);
        } else {
            assert_int_equal(take_row(fixture, 0, lane->released), 1);
        }
    }
    end(fixture);
}

// What was handed over is dropped, decoded or not, begun or not.
static void it_ends_in_every_state(void **state) {
    struct fixture *fixture = *state;
    unsigned seed = SEED;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        begin(fixture);
        add_slots(fixture, 4);
        for (int s = 0; s < 4; s++) {
            struct lane *lane = &fixture->log->lanes[s];
            for (int i = rand_r(&seed) % 600; i > 0; i--)
                append_row(lane, lane->count, "");
            lane->visible = lane->count;
        }
        for (int s = 0; s < 4; s++) {
            struct lane *lane = &fixture->log->lanes[s];
            if (rand_r(&seed) % 2 == 0)
                (void)prefetch_peek(fixture->ahead, s); // handed over at most
            else
                for (int i = rand_r(&seed) % 300; i > 0; i--)
                    (void)take_row(fixture, s, lane->released);
        }
        end(fixture);
    }
}

// --- real captures: the same events both ways

static void load_capture(struct fixture *fixture, const char *name, int *ret_slots, char topics[][128]) {
    struct error error = {0};
    char path[512];
    struct capture *capture = NULL;
    struct arena arena = {0};
    struct capture_line line;
    (void)snprintf(path, sizeof path, "%s/captures/%s.jsonl", FIXTURES, name);
    if (capture_open(&capture, path, &error) != 0)
        fail_msg("%s", error.message);
    *ret_slots = 0;
    while (capture_next(capture, &arena, &line, &error) == 1) {
        int slot = 0;
        while (slot < *ret_slots && !span_is(line.topic, topics[slot]))
            slot++;
        if (slot == *ret_slots)
            (void)snprintf(topics[(*ret_slots)++], 128, "%.*s", (int)line.topic.size, line.topic.data);
        char *key = strndup(line.key.data != NULL ? line.key.data : "", line.key.size);
        char *value = line.value.data != NULL ? strndup(line.value.data, line.value.size) : NULL;
        append(&fixture->log->lanes[slot], key, value);
        free(key);
        free(value);
        arena_reset(&arena);
    }
    arena_free(&arena);
    capture_close(&capture);
    for (int s = 0; s < *ret_slots; s++) {
        const struct table *table;
        enum topic_role role = topic_role(topics[s], "theworldshop", fixture->catalog, &table);
        assert_int_equal(prefetch_add_slot(fixture->ahead, s, role, table, &error), 0);
        fixture->log->lanes[s].visible = fixture->log->lanes[s].count;
    }
}

static void check_values(const struct event *a, const struct event *b) {
    for (int c = 0; a->change.table != NULL && c < a->change.table->column_count; c++) {
        const struct value *x = &a->change.values[c];
        const struct value *y = &b->change.values[c];
        assert_int_equal(x->kind, y->kind);
        if (x->kind == VALUE_TEXT || x->kind == VALUE_BLOB)
            assert_true(span_equal(x->bytes, y->bytes));
        else if (x->kind == VALUE_INTEGER || x->kind == VALUE_REAL)
            assert_int_equal(x->integer, y->integer);
    }
}

static void check_same(const struct fixture *fixture, const struct event *a, const struct event *b) {
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->placed, b->placed);
    assert_int_equal(a->heartbeat_ms, b->heartbeat_ms);
    assert_int_equal(a->source_lsn, b->source_lsn);
    assert_int_equal(a->source_previous_commit, b->source_previous_commit);
    assert_int_equal(a->change.op, b->change.op);
    assert_int_equal(a->change.snapshot, b->change.snapshot);
    assert_int_equal(a->change.snapshot_table_last, b->change.snapshot_table_last);
    assert_int_equal(a->change.snapshot_first, b->change.snapshot_first);
    assert_int_equal(a->change.txid, b->change.txid);
    assert_int_equal(a->change.total_order, b->change.total_order);
    assert_int_equal(a->change.ts_ms, b->change.ts_ms);
    assert_ptr_equal(a->change.table, b->change.table);
    if (a->kind == EVENT_CHANGE) {
        assert_int_equal(a->key_hash, b->key_hash);
        check_values(a, b);
    }
    if (a->kind != EVENT_END)
        return;
    assert_int_equal(a->expected_total, b->expected_total);
    assert_int_equal(a->event_count, b->event_count);
    for (int t = 0; t < fixture->catalog->table_count; t++)
        assert_int_equal(a->expected[t], b->expected[t]);
}

static void count_drift(void *self, const struct table *table, struct span column, int64_t events) {
    drift_count(self, table, column, events);
}

static void compare_capture(struct fixture *fixture, const char *name) {
    struct error error = {0};
    char topics[SLOTS_MAX][128];
    int slots;
    begin(fixture);
    fixture->releasing = -1; // LSNs are not by number
    load_capture(fixture, name, &slots, topics);
    struct drift drift = {0};
    struct envelope_decoder *decoder = NULL;
    struct event alone;
    const struct envelope_config config = {.catalog = fixture->catalog,
                                           .settings = &value_settings_default,
                                           .drift = count_drift,
                                           .self = &drift};
    assert_int_equal(envelope_decoder_new(&decoder, &config, &error), 0);
    assert_int_equal(event_init(&alone, fixture->catalog, &error), 0);
    for (int s = 0; s < slots; s++) {
        const struct table *table;
        enum topic_role role = topic_role(topics[s], "theworldshop", fixture->catalog, &table);
        const struct message *message;
        while ((message = prefetch_peek(fixture->ahead, s)) != NULL) {
            struct event *event;
            const char *failure;
            assert_int_equal(prefetch_event(fixture->ahead, s, &event, &failure, &error), 0);
            error = (struct error){0};
            int status = envelope_decode(decoder, role, table, message, &alone, &error);
            assert_int_equal(status != 0, failure != NULL);
            if (status != 0)
                assert_string_equal(failure, error.message);
            else
                check_same(fixture, event, &alone);
            prefetch_release(fixture->ahead, s);
        }
        assert_int_equal(fixture->log->lanes[s].released, fixture->log->lanes[s].count);
    }
    envelope_tell_drift(decoder);
    prefetch_tell_drift(fixture->ahead);
    assert_int_equal(times_of(&fixture->drift), times_of(&drift));
    drift_free(&drift);
    event_done(&alone);
    envelope_decoder_free(&decoder);
    end(fixture);
}

static void captures_are_decoded_the_same(void **state) {
    static const char *const names[] = {"basic",      "doubles",      "hazards", "hazards34", "notx",
                                        "resnapshot", "resnapshot34", "schemas", "transfers"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        compare_capture(*state, names[i]);
}

int main(void) {
    (void)printf("seed %d\n", SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(few_messages_start_no_thread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_rows_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_slots_than_batches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_thread_takes_part, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_messages_close_a_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_message_says_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(drift_is_counted_once_an_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(looking_ahead_counts_no_drift, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_may_be_passed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_ends_in_every_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(captures_are_decoded_the_same, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
