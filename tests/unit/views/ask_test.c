// What is asked of messages in quarantine by any process, and done by the one that writes (views/engine/ask.h).
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

#include "views/engine/ask.h"

enum { A_MOMENT_MS = 5 };

static struct fixture shop;

static int setup(void **state) {
    struct fixture *f = &shop;
    fixture_make(f);
    fixture_file(f, "source.sql", "create table orders(id int primary key, note text);\n");
    fixture_open(f);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    fixture_remove(*state);
    return 0;
}

static void put_aside(struct fixture *f, int64_t offset, const char *value) {
    const struct store_quarantined event = {.topic = "shop.public.orders",
                                            .partition = 3,
                                            .offset = offset,
                                            .key = SPAN("k"),
                                            .value = span_of(value),
                                            .reason = "x",
                                            .lsn = LSN_NONE};
    fixture_begin(f);
    if (store_quarantine(f->store, &event, &f->error) != 0)
        fail_msg("%s", f->error.message);
}

static void ask(struct fixture *f, enum ask_action action, int64_t id, const char *note) {
    if (ask_quarantined(f->db, action, &id, 1, span_of(note), A_MOMENT_MS, &f->error) != 0)
        fail_msg("%s", f->error.message);
}

static bool is_asked(struct fixture *f) {
    bool asked = false;
    if (store_is_asked(f->store, &asked, &f->error) != 0)
        fail_msg("%s", f->error.message);
    return asked;
}

static bool next(struct fixture *f, struct store_request *request) {
    fixture_begin(f);
    int found = store_next_request(f->store, request, &f->error);
    if (found < 0)
        fail_msg("%s", f->error.message);
    return found == 1;
}

static void answer(struct fixture *f, const struct store_request *request, enum store_request_outcome outcome,
                   const char *note, const char *reason) {
    const struct store_quarantined now = {.reason = reason, .lsn = 77};
    if (store_answer_request(f->store, request, outcome, note != NULL ? span_of(note) : (struct span){0},
                             &now, &f->error) != 0)
        fail_msg("%s", f->error.message);
}

static const char *states(struct fixture *f) {
    return rows(f,
                "select id, state, reason, ifnull(note, '-'), ifnull(lsn, '-') from _quarantine order by id");
}

static void a_request_is_seen_and_done(void **state) {
    struct fixture *f = *state;
    struct store_request request;
    put_aside(f, 8, "one");
    put_aside(f, 9, "two");
    commit(f);
    assert_false(is_asked(f));
    ask(f, ASK_RETRY, 2, NULL);
    ask(f, ASK_DISCARD, 1, "not missed");
    assert_true(is_asked(f));
    assert_true(next(f, &request));
    assert_false(request.discard);
    assert_true(request.waits);
    assert_string_equal(request.topic, "shop.public.orders");
    assert_int_equal(request.partition, 3);
    assert_int_equal(request.offset, 9);
    assert_true(span_is(request.value, "two"));
    answer(f, &request, STORE_REQUEST_FAILED, NULL, "still no JSON");
    assert_true(next(f, &request));
    assert_true(request.discard);
    assert_true(span_is(request.note, "not missed"));
    answer(f, &request, STORE_REQUEST_DISCARDED, "not missed", NULL);
    assert_false(next(f, &request));
    assert_false(is_asked(f));
    assert_int_equal(store_commit_in_place(f->store, &f->error), 0);
    assert_string_equal(states(f), "1|discarded|x|not missed|-, 2|waiting|still no JSON|-|77");
    assert_string_equal(rows(f, "select quarantined, offsets from _position"), "1|{}");
}

static void a_rollback_leaves_it_asked(void **state) {
    struct fixture *f = *state;
    struct store_request request;
    put_aside(f, 8, "one");
    commit(f);
    ask(f, ASK_RETRY, ASK_ALL, NULL);
    assert_true(next(f, &request));
    answer(f, &request, STORE_REQUEST_APPLIED, NULL, NULL);
    assert_false(next(f, &request));
    rollback(f);
    assert_true(is_asked(f));
    fixture_close(f);
    fixture_open(f); // another process goes on
    assert_true(is_asked(f));
    assert_true(next(f, &request));
    answer(f, &request, STORE_REQUEST_APPLIED, NULL, NULL);
    assert_int_equal(store_commit_in_place(f->store, &f->error), 0);
    assert_string_equal(states(f), "1|applied|x|-|-");
    assert_string_equal(rows(f, "select quarantined from _position"), "0");
}

// Nobody does it meanwhile: a process that only serves, or one that is halted.
static void what_is_asked_often_is_asked_once(void **state) {
    struct fixture *f = *state;
    struct store_request request;
    put_aside(f, 8, "one");
    put_aside(f, 9, "two");
    commit(f);
    for (int i = 0; i < 3; i++) {
        ask(f, ASK_RETRY, 2, NULL);
        ask(f, ASK_RETRY, ASK_ALL, NULL);
        ask(f, ASK_DISCARD, 2, "not missed");
    }
    assert_string_equal(rows(f, "select quarantined, action from _quarantine_requests order by id"),
                        "2|retry, 1|retry, 2|discard");
    assert_true(next(f, &request));
    answer(f, &request, STORE_REQUEST_FAILED, NULL, "still no JSON");
    commit(f);
    ask(f, ASK_RETRY, 2, NULL); // what was done may be asked again
    assert_string_equal(rows(f, "select quarantined, action from _quarantine_requests order by id"),
                        "1|retry, 2|discard, 2|retry");
}

static void what_cannot_be_asked(void **state) {
    struct fixture *f = *state;
    struct span none = {0};
    assert_int_equal(ask_quarantined(f->db, ASK_RETRY, &(int64_t){17}, 1, none, A_MOMENT_MS, &f->error), -1);
    assert_int_equal(f->error.kind, ERROR_NOTFOUND);
    put_aside(f, 8, "one");
    assert_int_equal(ask_quarantined(f->db, ASK_RETRY, &(int64_t){1}, 1, none, A_MOMENT_MS, &f->error), -1);
    assert_int_equal(f->error.kind, ERROR_TIMEOUT); // the file is being written
    commit(f);
    assert_int_equal(sqlite3_exec(f->reader, "update _quarantine set state = 'applied'", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(ask_quarantined(f->db, ASK_RETRY, &(int64_t){1}, 1, none, A_MOMENT_MS, &f->error), -1);
    assert_int_equal(f->error.kind, ERROR_INPUT);
    assert_non_null(strstr(f->error.message, "it is applied"));
    // that one stands for older ones that were dropped: they can be discarded with it
    assert_int_equal(sqlite3_exec(f->reader, "update _quarantine set older_dropped = 5", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(ask_quarantined(f->db, ASK_RETRY, &(int64_t){1}, 1, none, A_MOMENT_MS, &f->error), -1);
    fixture_close(f);
    fixture_open(f);
    ask(f, ASK_DISCARD, 1, "all of it");
    struct store_request request;
    assert_true(next(f, &request));
    assert_true(request.waits);
    answer(f, &request, STORE_REQUEST_DISCARDED, "all of it", NULL);
    commit(f);
    assert_string_equal(rows(f, "select state, older_dropped, quarantined from _quarantine, _position"),
                        "applied|0|0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_seen_and_done),
        TEST(a_rollback_leaves_it_asked),
        TEST(what_is_asked_often_is_asked_once),
        TEST(what_cannot_be_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
