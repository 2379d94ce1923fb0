// What /v1/live tells, with moments that the test gives.
#include "tests/unit/reading_fixture.h"

#include "http/event.h"
#include "http/live.h"
#include "views/base/cleanup.h"

#include <jansson.h>

enum { WALL = 1000000 };

struct state {
    struct fixture fixture;
    struct reader *reader;
    struct live *live;
    struct buffer out;
};

static int setup(void **state) {
    static struct state s;
    struct error error = {0};
    s = (struct state){0};
    fixture_open(&s.fixture, 10);
    fixture_check(reader_open(&s.reader, s.fixture.db, s.fixture.catalog, &error), &error);
    fixture_check(live_new(&s.live, s.fixture.progress, s.reader, &error), &error);
    *state = &s;
    return 0;
}

static int teardown(void **state) {
    struct state *s = *state;
    live_free(&s->live);
    reader_free(&s->reader);
    buffer_free(&s->out);
    fixture_close(&s->fixture);
    return 0;
}

static void sample(struct state *s, int64_t ms) {
    live_sample(s->live, WALL + ms, ms);
}

static bool look(struct state *s, int64_t ms) {
    return live_look(s->live, WALL + ms, ms);
}

static json_t *tell(struct state *s, bool first) {
    size_t json_at = live_render(s->live, &s->out, first);
    assert_false(s->out.failed);
    json_error_t where;
    json_t *told = json_loadb(s->out.data + json_at, s->out.size - json_at, 0, &where);
    if (told == NULL)
        fail_msg("%s in %.*s", where.text, (int)s->out.size, s->out.data);
    return told;
}

static double number_of(const json_t *told, const char *object, const char *name) {
    const json_t *number = json_object_get(json_object_get(told, object), name);
    assert_true(json_is_number(number));
    return json_number_value(number);
}

static void test_first_event(void **state) {
    struct state *s = *state;
    sample(s, 0);
    assert_true(look(s, 100));
    json_t *told = tell(s, true);
    const char *begin = "retry: 2000\nevent: live\nid: 0/19C00A0-1-";
    if (memcmp(s->out.data, begin, strlen(begin)) != 0)
        fail_msg("%.*s", (int)s->out.size, s->out.data);
    const char *state_name;
    const char *reason;
    const char *consistency;
    const char *lsn;
    int ready;
    json_int_t at_ms;
    json_int_t applied;
    json_int_t quarantine;
    json_t *history;
    json_t *nulls[3];
    assert_int_equal(json_unpack(told, "{s:I,s:s,s:b,s:s,s:s,s:{s:s},s:I,s:I,s:o,s:{s:o},s:o,s:o}", "at_ms",
                                 &at_ms, "state", &state_name, "ready", &ready, "reason", &reason,
                                 "consistency", &consistency, "position", "lsn", &lsn, "applied", &applied,
                                 "quarantine", &quarantine, "history", &history, "hops", "source_commit_ms",
                                 &nulls[0], "waiting", &nulls[1], "eta_seconds", &nulls[2]),
                     0);
    assert_int_equal(at_ms, WALL + 100);
    assert_string_equal(state_name, "starting");
    assert_false(ready);
    assert_string_equal(reason, "has not caught up yet");
    assert_string_equal(consistency, "transactional");
    assert_string_equal(lsn, "0/19C00A0");
    assert_int_equal(applied, 0);
    assert_int_equal(quarantine, 0);
    assert_int_equal(json_array_size(history), 1);
    for (int i = 0; i < 3; i++)
        assert_true(json_is_null(nulls[i]));
    // Too short a time for a rate.
    assert_true(json_is_null(json_object_get(json_object_get(told, "rates"), "events_per_second")));
    json_decref(told);
}

static void test_changes_only(void **state) {
    struct state *s = *state;
    sample(s, 0);
    assert_true(look(s, 1000));
    json_decref(tell(s, true));
    assert_false(look(s, 1250));
    progress_heartbeat(s->fixture.progress, 77);
    assert_true(look(s, 1500));
    json_decref(tell(s, false));
    fixture_order(&s->fixture, 11, 100, "paid");
    assert_true(look(s, 1750));
    json_t *told = tell(s, false);
    assert_null(json_object_get(told, "history"));
    assert_int_equal(json_integer_value(json_object_get(json_object_get(told, "hops"), "heartbeat_ms")), 77);
    json_decref(told);
    fixture_quarantine(&s->fixture, "k", "no json");
    progress_set_waiting(s->fixture.progress, "rows of transaction 5");
    progress_set_state(s->fixture.progress, STATE_LIVE, "");
    assert_true(look(s, 2000));
    told = tell(s, false);
    assert_int_equal(json_integer_value(json_object_get(told, "quarantine")), 1);
    assert_string_equal(json_string_value(json_object_get(told, "waiting")), "rows of transaction 5");
    assert_true(json_is_true(json_object_get(told, "ready")));
    assert_true(json_is_null(json_object_get(told, "reason")));
    json_decref(told);
    assert_false(look(s, 2250));
}

static void test_rates_and_eta(void **state) {
    struct state *s = *state;
    struct progress *progress = s->fixture.progress;
    int partition = progress_partition(progress, TOPIC, 0);
    progress_set_applied(progress, partition, 10);
    progress_set_high(progress, partition, 10010, 500);
    progress_set_state(progress, STATE_CATCHING_UP, "");
    sample(s, 0);
    const struct progress_counters counters = {
        .messages = 4000, .applied = 3000, .transactions = 1000, .commits = 8};
    progress_set_applied(progress, partition, 4010);
    progress_committed(progress, &counters, 900000);
    assert_true(look(s, 2000));
    json_t *told = tell(s, false);
    assert_true(number_of(told, "rates", "events_per_second") == 1500);
    assert_true(number_of(told, "rates", "transactions_per_second") == 500);
    assert_true(number_of(told, "rates", "commits_per_second") == 4);
    // 6000 are left at 2000 a second.
    assert_int_equal(json_integer_value(json_object_get(told, "eta_seconds")), 4);
    assert_true(number_of(told, "hops", "source_commit_ms") == 900000);
    assert_true(number_of(told, "hops", "broker_ms") == 500);
    assert_true(number_of(told, "hops", "applied_ms") > 0);
    json_decref(told);
    // What was long ago counts no more.
    for (int i = 1; i <= LIVE_RATE_SAMPLES + 1; i++)
        sample(s, 2000 + 1000 * i);
    assert_true(look(s, 9000));
    told = tell(s, false);
    assert_true(number_of(told, "rates", "events_per_second") == 0);
    assert_true(json_is_null(json_object_get(told, "eta_seconds")));
    json_decref(told);
    progress_set_state(progress, STATE_SERVING, "");
    assert_true(look(s, 9250));
    told = tell(s, false);
    assert_true(json_is_null(json_object_get(json_object_get(told, "rates"), "events_per_second")));
    json_decref(told);
}

static void test_history_is_bounded(void **state) {
    struct state *s = *state;
    enum { SAMPLES = LIVE_HISTORY + 400 };
    for (int i = 0; i < SAMPLES; i++)
        sample(s, 1000 * i);
    assert_true(look(s, 1000 * SAMPLES));
    json_t *told = tell(s, true);
    const json_t *history = json_object_get(told, "history");
    assert_int_equal(json_array_size(history), LIVE_HISTORY);
    for (size_t i = 0; i < LIVE_HISTORY; i++)
        assert_int_equal(json_integer_value(json_object_get(json_array_get(history, i), "at_ms")),
                         WALL + 1000 * (int64_t)(i + 400));
    json_decref(told);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_event, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changes_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rates_and_eta, setup, teardown),
        cmocka_unit_test_setup_teardown(test_history_is_bounded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
