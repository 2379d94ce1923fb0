// What is followed, without sockets: rows, then how they change; coming again; keys; errors.
#include "tests/unit/http/routes_fixture.h"

#include "http/follow.h"
#include "http/follow_question.h"
#include "http/followed.h"
#include "views/base/cleanup.h"

#include <jansson.h>
#include <pthread.h>

enum { WINDOW_MS = 60000, STEPS = 200 };

struct client {
    struct stream stream;
    bool suspended;
    char line[1 << 16];
    size_t size;
    json_t *rows; // as rebuilt: by the text of their key
    json_t *key;
    char id[EVENT_ID_SIZE];
};

struct state {
    struct fixture fixture;
    struct routes *routes;
    struct streams *streams;
    struct follow *follow;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t resumed = PTHREAD_COND_INITIALIZER;

static void set_suspended(struct stream *stream, bool suspended) {
    struct client *client = (struct client *)(void *)((char *)stream - offsetof(struct client, stream));
    (void)pthread_mutex_lock(&mutex);
    client->suspended = suspended;
    (void)pthread_cond_broadcast(&resumed);
    (void)pthread_mutex_unlock(&mutex);
}

static void on_suspend(struct stream *stream) {
    set_suspended(stream, true);
}

static void on_resume(struct stream *stream) {
    set_suspended(stream, false);
}

static void start(struct state *s) {
    struct error error = {0};
    fixture_check(streams_new(&s->streams, on_resume, &error), &error);
    fixture_check(follow_new(&s->follow, s->routes, s->streams, WINDOW_MS, &error), &error);
}

static void stop(struct state *s) {
    follow_free(&s->follow);
    streams_free(&s->streams);
}

static int setup(void **state) {
    static struct state s;
    s = (struct state){0};
    fixture_open(&s.fixture, 10);
    s.routes = fixture_routes(&s.fixture);
    start(&s);
    *state = &s;
    return 0;
}

static int teardown(void **state) {
    struct state *s = *state;
    stop(s);
    routes_free(&s->routes);
    fixture_close(&s->fixture);
    return 0;
}

static void want_feed(void *self, const char *table) {
    store_want_feed(self, table);
}

static void commit_order(struct state *s, int64_t id, const char *status) {
    const struct progress_counters counters = {0};
    progress_take_followed(s->fixture.progress, want_feed, s->fixture.store);
    fixture_order(&s->fixture, id, 100, status);
    progress_committed(s->fixture.progress, &counters, 1700000000000);
}

static void begin(struct state *s, struct client *client, const char *question, const char *last_event_id) {
    *client = (struct client){.rows = json_object()};
    const struct stream_ask ask = {.question = span_of(question),
                                   .as_lines = true,
                                   .resumes = last_event_id != NULL,
                                   .resume = span_of(last_event_id)};
    assert_true(streams_add(s->streams, &client->stream, &ask));
}

static void end(struct state *s, struct client *client) {
    streams_remove(s->streams, &client->stream);
    json_decref(client->rows);
    json_decref(client->key);
}

// One line; false at the stream's end. Waits until there is one: how long that may take is ctest's to say.
static bool read_line(struct state *s, struct client *client) {
    client->size = 0;
    for (;;) {
        ssize_t count = streams_read(s->streams, &client->stream, client->line + client->size, 1, on_suspend);
        if (count < 0)
            return false;
        (void)pthread_mutex_lock(&mutex);
        while (count == 0 && client->suspended)
            (void)pthread_cond_wait(&resumed, &mutex);
        (void)pthread_mutex_unlock(&mutex);
        client->size += (size_t)count;
        assert_true(client->size + 1 < sizeof client->line);
        if (count > 0 && client->line[client->size - 1] == '\n')
            break;
    }
    client->line[client->size] = '\0';
    return true;
}

static char *key_of(const struct client *client, const json_t *row) {
    json_t *key = json_object();
    size_t i;
    json_t *name;
    json_array_foreach(client->key, i, name)
        json_object_set(key, json_string_value(name), json_object_get(row, json_string_value(name)));
    char *text = json_dumps(key, JSON_SORT_KEYS);
    json_decref(key);
    return text;
}

static void set_rows(struct client *client, json_t *rows, bool there, bool here) {
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) {
        CLEANUP(free_charp) char *key = key_of(client, row);
        if ((json_object_get(client->rows, key) != NULL) != there)
            fail_msg("%s is %s: %s", key, there ? "not there" : "there", client->line);
        if (here)
            json_object_set(client->rows, key, row);
        else
            json_object_del(client->rows, key);
    }
}

// Reads one event and carries it out; returns its kind, which lives until the next.
static const char *read_event(struct state *s, struct client *client) {
    static char kind[32];
    if (!read_line(s, client))
        return "end";
    json_error_t where;
    json_t *event = json_loads(client->line, 0, &where);
    if (event == NULL)
        fail_msg("%s in %s", where.text, client->line);
    const char *name = json_string_value(json_object_get(event, "event"));
    (void)snprintf(kind, sizeof kind, "%s", name != NULL ? name : "problem");
    if (name != NULL)
        (void)snprintf(client->id, sizeof client->id, "%s", json_string_value(json_object_get(event, "id")));
    if (strcmp(kind, "rows") == 0 || strcmp(kind, "reset") == 0) {
        json_object_clear(client->rows);
        json_decref(client->key);
        client->key = json_incref(json_object_get(event, "key"));
        if (json_is_array(client->key))
            set_rows(client, json_object_get(event, "rows"), false, true);
    } else if (strcmp(kind, "changes") == 0 && json_is_array(client->key)) {
        set_rows(client, json_object_get(event, "removed"), true, false);
        set_rows(client, json_object_get(event, "added"), false, true);
        set_rows(client, json_object_get(event, "changed"), true, true);
    }
    json_decref(event);
    return kind;
}

static void expect_event(struct state *s, struct client *client, const char *wanted) {
    const char *kind = "position";
    while (strcmp(kind, "position") == 0)
        kind = read_event(s, client);
    if (strcmp(kind, wanted) != 0)
        fail_msg("%s, not %s: %s", kind, wanted, client->line);
}

static void expect_rows(const struct client *client, size_t count, const char *part) {
    assert_int_equal(json_object_size(client->rows), count);
    CLEANUP(free_charp) char *text = json_dumps(client->rows, JSON_SORT_KEYS | JSON_COMPACT);
    if (strstr(text, part) == NULL)
        fail_msg("%s is not in %s", part, text);
}

static void test_rows_then_changes(void **state) {
    struct state *s = *state;
    static struct client table;
    static struct client same;
    static struct client query;
    begin(s, &table, "/v1/tables/orders/follow?status=paid", NULL);
    begin(s, &same, "/v1/tables/orders/follow?status=paid", NULL);
    begin(s, &query, "/v1/views/analytics/orders_by_status/follow", NULL);
    expect_event(s, &table, "rows");
    expect_event(s, &same, "rows");
    expect_event(s, &query, "rows");
    expect_rows(&table, 5, "\"{\\\"id\\\": 10}\":{");
    expect_rows(&query, 2, "\"orders\":5");
    commit_order(s, 11, "paid");
    expect_event(s, &table, "changes");
    expect_event(s, &same, "changes");
    expect_event(s, &query, "changes");
    assert_string_equal(table.line, same.line);
    assert_non_null(strstr(table.line, "\"lsn\":\"0/19C00B0\""));
    assert_non_null(strstr(table.line, "\"changed\":[],\"removed\":[]}"));
    expect_rows(&table, 6, "\"id\":11,");
    // Out of the filter, and into another group.
    commit_order(s, 11, "shipped");
    expect_event(s, &table, "changes");
    assert_non_null(strstr(table.line, "\"added\":[],\"changed\":[],\"removed\":[{\"id\":11}]}"));
    expect_event(s, &query, "changes");
    expect_rows(&query, 3, "\"status\":\"shipped\"");
    end(s, &table);
    end(s, &same);
    end(s, &query);
}

// Which source transactions a change came with: those of the commits that are told together, and no others.
static void test_changes_name_their_transactions(void **state) {
    struct state *s = *state;
    static struct client client;
    begin(s, &client, "/v1/tables/orders/follow", NULL);
    expect_event(s, &client, "rows");
    commit_order(s, 11, "paid");
    expect_event(s, &client, "changes");
    assert_non_null(
        strstr(client.line, ",\"transactions\":null,\"txids\":null,\"added\"")); // nothing is consumed
    progress_transaction(s->fixture.progress, -1, s->fixture.lsn);
    progress_transaction(s->fixture.progress, 7701, s->fixture.lsn + 1);
    progress_transaction(s->fixture.progress, 7700, s->fixture.lsn + 2);
    progress_transaction(s->fixture.progress, 7702, s->fixture.lsn + 4096); // not committed yet
    commit_order(s, 12, "paid");
    expect_event(s, &client, "changes");
    assert_non_null(strstr(client.line, ",\"transactions\":2,\"txids\":[7701,7700],\"added\""));
    end(s, &client);
}

static void test_coming_again(void **state) {
    struct state *s = *state;
    static struct client first;
    static struct client again;
    const char *question = "/v1/tables/orders/follow";
    begin(s, &first, question, NULL);
    expect_event(s, &first, "rows");
    char rows_id[EVENT_ID_SIZE];
    memcpy(rows_id, first.id, sizeof rows_id);
    commit_order(s, 11, "paid");
    expect_event(s, &first, "changes");
    char changes_id[EVENT_ID_SIZE];
    memcpy(changes_id, first.id, sizeof changes_id);
    end(s, &first);
    // Nobody is there when this comes.
    commit_order(s, 12, "paid");
    begin(s, &again, question, rows_id);
    again.key = json_pack("[s]", "id");
    expect_event(s, &again, "changes");
    expect_event(s, &again, "changes");
    expect_rows(&again, 2, "\"id\":12,");
    end(s, &again);
    begin(s, &again, question, changes_id);
    again.key = json_pack("[s]", "id");
    expect_event(s, &again, "changes");
    expect_rows(&again, 1, "\"id\":12,");
    char newest_id[EVENT_ID_SIZE];
    memcpy(newest_id, again.id, sizeof newest_id);
    end(s, &again);
    static const char *const unknown[] = {"", "x", "0/19C00B0-2-0000000000000000",
                                          ("a text that is far too long to be the id of any event of ours, "
                                           "and would not fit where those are kept while the stream begins")};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        begin(s, &again, question, unknown[i]);
        expect_event(s, &again, "reset");
        expect_rows(&again, 12, "\"id\":12,");
        end(s, &again);
    }
    // Another process knows who has seen the newest position.
    stop(s);
    start(s);
    begin(s, &first, question, NULL);
    expect_event(s, &first, "rows");
    begin(s, &again, question, newest_id);
    again.key = json_pack("[s]", "id");
    commit_order(s, 13, "paid");
    expect_event(s, &again, "changes");
    expect_rows(&again, 1, "\"id\":13,");
    end(s, &first);
    end(s, &again);
    begin(s, &again, question, rows_id);
    expect_event(s, &again, "reset");
    end(s, &again);
}

// What such a question's rows were at a position is not in the file: rows may have gone since without a change.
static void test_a_question_that_asks_for_the_time(void **state) {
    struct state *s = *state;
    static struct client first;
    static struct client again;
    const char *question = "/v1/views/lab/so_far/follow";
    begin(s, &first, question, NULL);
    expect_event(s, &first, "rows");
    commit_order(s, 11, "paid");
    expect_event(s, &first, "changes");
    begin(s, &again, question, first.id);
    again.key = json_pack("[s]", "id");
    commit_order(s, 12, "paid");
    expect_event(s, &again, "changes");
    expect_rows(&again, 1, "\"id\":12");
    end(s, &again);
    expect_event(s, &first, "changes");
    end(s, &first);
    stop(s);
    start(s);
    begin(s, &again, question, first.id);
    expect_event(s, &again, "reset");
    expect_rows(&again, 12, "\"id\":12");
    end(s, &again);
}

static json_t *rows_now(struct state *s, const char *question, char ret_id[EVENT_ID_SIZE]) {
    static struct client fresh;
    begin(s, &fresh, question, NULL);
    expect_event(s, &fresh, "rows");
    json_t *rows = json_incref(fresh.rows);
    memcpy(ret_id, fresh.id, sizeof fresh.id);
    end(s, &fresh);
    return rows;
}

// What a question's followers have seen before the server was started again: the file knows it.
static void test_coming_again_after_a_restart(void **state) {
    struct state *s = *state;
    static struct client client;
    static const char *const questions[] = {"/v1/tables/orders/follow?status=paid",
                                            "/v1/views/analytics/orders_by_status/follow",
                                            "/v1/tables/orders/follow?limit=7", "/v1/views/lab/twins/follow"};
    static const char *const statuses[] = {"paid", "placed", "shipped", "lost"};
    enum { QUESTIONS = 4, COMMITS = 40 };
    static char ids[QUESTIONS][COMMITS][EVENT_ID_SIZE];
    static json_t *rows[QUESTIONS][COMMITS];
    struct error error = {0};
    unsigned seed = 20240301;
    printf("seed %u\n", seed);
    fixture_check(store_set_feed_window(s->fixture.store, WINDOW_MS, &error), &error);
    for (int i = 0; i < COMMITS; i++) {
        for (int q = 0; q < QUESTIONS; q++)
            rows[q][i] = rows_now(s, questions[q], ids[q][i]);
        commit_order(s, 1 + rand_r(&seed) % 20, statuses[rand_r(&seed) % 4]);
    }
    stop(s);
    start(s);
    int resets = 0;
    for (int q = 0; q < QUESTIONS; q++) {
        char now_id[EVENT_ID_SIZE];
        json_t *now = rows_now(s, questions[q], now_id);
        for (int i = 0; i < COMMITS; i++) {
            begin(s, &client, questions[q], ids[q][i]);
            json_decref(client.rows);
            client.rows = rows[q][i];
            client.key = q == 1   ? json_pack("[s]", "status")
                         : q == 3 ? json_pack("[ss]", "status", "id")
                                  : json_pack("[s]", "id");
            bool same = json_equal(client.rows, now);
            const char *kind = same ? "position" : read_event(s, &client);
            // The first position is that of before the table was followed.
            resets += strcmp(kind, "reset") == 0;
            if (!json_equal(client.rows, now))
                fail_msg("%s after position %d: %s", questions[q], i, client.line);
            end(s, &client);
        }
        json_decref(now);
    }
    if (resets > QUESTIONS)
        fail_msg("%d resets", resets);
    // Another process wrote without the feeds: what they say is of no use.
    fixture_check(store_set_feed_window(s->fixture.store, 0, &error), &error);
    commit_order(s, 3, "late");
    fixture_check(store_set_feed_window(s->fixture.store, WINDOW_MS, &error), &error);
    commit_order(s, 4, "late");
    stop(s);
    start(s);
    begin(s, &client, questions[0], ids[0][COMMITS - 1]);
    expect_event(s, &client, "reset");
    end(s, &client);
}

// A page for each row, opened one after the other within the window: what nobody follows any more makes room.
static void test_many_questions_one_after_the_other(void **state) {
    struct state *s = *state;
    static struct client client;
    for (int i = 0; i < 3 * STREAMS_CHANNELS_MAX; i++) {
        char question[64];
        (void)snprintf(question, sizeof question, "/v1/tables/orders/follow?id=%d", i);
        begin(s, &client, question, NULL);
        expect_event(s, &client, "rows");
        end(s, &client);
    }
}

// Large rows take memory while they are being sent: for who comes then they are made again. When, is ctest's to say.
static void test_large_rows_that_were_sent_are_not_kept(void **state) {
    struct state *s = *state;
    static struct client client;
    for (int i = 0; i < 2; i++) {
        begin(s, &client, "/v1/views/lab/wide/follow", NULL);
        expect_event(s, &client, "rows");
        assert_true(client.size > FOLLOWED_KEPT_MAX);
        end(s, &client);
        while (atomic_load(streams_account(s->streams)) > FOLLOWED_KEPT_MAX)
            (void)usleep(1000);
    }
}

static void test_keys(void **state) {
    struct state *s = *state;
    static struct client client;
    begin(s, &client, "/v1/views/lab/twins/follow", NULL);
    expect_event(s, &client, "rows");
    assert_non_null(strstr(client.line, "\"key\":[\"status\",\"id\"],\"rows\":[{"));
    commit_order(s, 2, "shipped");
    expect_event(s, &client, "changes");
    assert_non_null(strstr(client.line, "\"added\":[{\"status\":\"shipped\",\"id\":2}],\"changed\":[],"
                                        "\"removed\":[{\"status\":\"paid\",\"id\":2}]}"));
    end(s, &client);
    // Rows that nothing tells apart are counted.
    begin(s, &client, "/v1/views/lab/equals/follow", NULL);
    expect_event(s, &client, "rows");
    assert_non_null(strstr(client.line, "\"key\":null,\"rows\":[{\"status\":\"placed\"},"));
    commit_order(s, 4, "shipped");
    expect_event(s, &client, "changes");
    assert_non_null(strstr(client.line, "\"added\":[{\"status\":\"shipped\"}],\"changed\":[],"
                                        "\"removed\":[{\"status\":\"paid\"}]}"));
    end(s, &client);
    // A table's key under another name, and another column under the key's.
    begin(s, &client, "/v1/tables/orders/follow?select=status,number:id", NULL);
    expect_event(s, &client, "rows");
    assert_non_null(strstr(client.line, "\"key\":[\"number\"],\"rows\":[{"));
    end(s, &client);
    begin(s, &client, "/v1/tables/orders/follow?select=status,id:quantity,number:id", NULL);
    expect_event(s, &client, "rows");
    assert_non_null(strstr(client.line, "\"key\":[\"number\"],\"rows\":[{"));
    end(s, &client);
    begin(s, &client, "/v1/tables/orders/follow?select=status,id:quantity,customer_id", NULL);
    expect_event(s, &client, "rows");
    assert_non_null(strstr(client.line, "\"key\":[\"status\",\"id\",\"customer_id\"],\"rows\":[{"));
    end(s, &client);
    // A key that was enough is enough no more.
    begin(s, &client, "/v1/views/lab/twins/follow?limit=1", NULL);
    expect_event(s, &client, "rows");
    assert_non_null(strstr(client.line, "\"key\":[\"status\"]"));
    end(s, &client);
    begin(s, &client, "/v1/views/lab/of_status/follow?status=lost", NULL);
    expect_event(s, &client, "rows");
    assert_non_null(strstr(client.line, "\"rows\":[]"));
    commit_order(s, 6, "lost");
    expect_event(s, &client, "changes");
    expect_rows(&client, 1, "\"id\":6");
    end(s, &client);
}

// LSN-VERSION-..
static long long version_of(const struct client *client) {
    const char *dash = strchr(client->id, '-');
    assert_non_null(dash);
    return strtoll(dash + 1, NULL, 10);
}

// Until both stand at the same: who comes is shown what was known last, and what changed since when it is known.
static void read_to_the_same(struct state *s, struct client *a, struct client *b) {
    while (strcmp(a->id, b->id) != 0)
        assert_string_not_equal(read_event(s, version_of(a) < version_of(b) ? a : b), "end");
}

// Whatever happens, a follower's rows are those of the question.
static void test_random_changes(void **state) {
    struct state *s = *state;
    static struct client clients[4];
    static const char *const questions[] = {"/v1/tables/orders/follow?status=paid",
                                            "/v1/views/analytics/orders_by_status/follow",
                                            "/v1/views/lab/twins/follow", "/v1/tables/orders/follow?limit=7"};
    static const char *const statuses[] = {"paid", "placed", "shipped", "lost"};
    unsigned seed = 20240229;
    printf("seed %u\n", seed);
    for (int i = 0; i < 4; i++) {
        begin(s, &clients[i], questions[i], NULL);
        expect_event(s, &clients[i], "rows");
    }
    for (int i = 0; i < STEPS; i++)
        commit_order(s, 1 + rand_r(&seed) % 20, statuses[rand_r(&seed) % 4]);
    // A mark at the end, which each of them shows.
    commit_order(s, 1, "zzz");
    commit_order(s, 1, "paid");
    for (int i = 0; i < 4; i++) {
        static struct client fresh;
        begin(s, &fresh, questions[i], NULL);
        expect_event(s, &fresh, "rows");
        read_to_the_same(s, &clients[i], &fresh);
        assert_true(json_equal(clients[i].rows, fresh.rows));
        end(s, &fresh);
        end(s, &clients[i]);
    }
}

static void test_errors(void **state) {
    struct state *s = *state;
    static struct client client;
    static const char *const questions[][2] = {
        {"/v1/views/lab/slow/follow", "/problems/too-slow"},
        {"/v1/views/lab/wrong/follow", "/problems/store-failed"},
        {"/v1/views/lab/large/follow", "/problems/answer-too-large"},
    };
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        begin(s, &client, questions[i][0], NULL);
        assert_string_equal(read_event(s, &client), "problem");
        if (strstr(client.line, questions[i][1]) == NULL)
            fail_msg("%s", client.line);
        assert_string_equal(read_event(s, &client), "end");
        end(s, &client);
    }
    begin(s, &client, "/v1/tables/orders/follow", NULL);
    expect_event(s, &client, "rows");
    end(s, &client);
}

static void test_state_is_told(void **state) {
    struct state *s = *state;
    static struct client client;
    begin(s, &client, "/v1/tables/orders/follow", NULL);
    expect_event(s, &client, "rows");
    progress_set_state(s->fixture.progress, STATE_DISCONNECTED, "");
    while (strstr(client.line, "\"state\":\"disconnected\"") == NULL)
        assert_string_equal(read_event(s, &client), "position");
    end(s, &client);
}

static void expect_question(const char *target, const char *wanted) {
    CLEANUP(buffer_free) struct buffer question = {0};
    follow_write_question(&question, span_of(target));
    buffer_char(&question, '\0');
    assert_string_equal(question.data, wanted);
}

static void test_question(void **state) {
    (void)state;
    expect_question("/v1/tables/a/follow", "/v1/tables/a/follow");
    expect_question("/v1/tables/a/follow?", "/v1/tables/a/follow");
    expect_question("/a?x=1&wait_ms=5&&after_lsn=1&limit=3&last_event_id=x&max_lag_seconds=1&y",
                    "/a?x=1&limit=3&y");
    expect_question("/a?after=3&after_txid&after_offset=a:0:1", "/a?after=3");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_then_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changes_name_their_transactions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_coming_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_question_that_asks_for_the_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_coming_again_after_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_questions_one_after_the_other, setup, teardown),
        cmocka_unit_test_setup_teardown(test_large_rows_that_were_sent_are_not_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_state_is_told, setup, teardown),
        cmocka_unit_test(test_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
