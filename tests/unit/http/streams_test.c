// Streams without sockets: who is slow gets the newest, who is last frees the event.
#include "tests/unit/http/routes_fixture.h"

#include "http/streams.h"
#include "http/teller.h"
#include "views/base/cleanup.h"

#include <pthread.h>

struct client {
    struct stream stream;
    bool suspended;
    char text[1 << 16];
    size_t size;
};

struct state {
    struct fixture fixture;
    struct routes *routes;
    struct streams *streams;
    struct teller *teller;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t resumed = PTHREAD_COND_INITIALIZER;

static struct client *client_of(struct stream *stream) {
    return (struct client *)(void *)((char *)stream - offsetof(struct client, stream));
}

static void set_suspended(struct stream *stream, bool suspended) {
    (void)pthread_mutex_lock(&mutex);
    client_of(stream)->suspended = suspended;
    (void)pthread_cond_signal(&resumed);
    (void)pthread_mutex_unlock(&mutex);
}

static void on_suspend(struct stream *stream) {
    set_suspended(stream, true);
}

static void on_resume(struct stream *stream) {
    set_suspended(stream, false);
}

static int setup(void **state) {
    static struct state s;
    struct error error = {0};
    s = (struct state){0};
    fixture_open(&s.fixture, 10);
    s.routes = fixture_routes(&s.fixture);
    fixture_check(streams_new(&s.streams, on_resume, &error), &error);
    fixture_check(teller_new(&s.teller, s.routes, s.streams, &error), &error);
    *state = &s;
    return 0;
}

static int teardown(void **state) {
    struct state *s = *state;
    teller_free(&s->teller);
    streams_free(&s->streams);
    routes_free(&s->routes);
    fixture_close(&s->fixture);
    return 0;
}

static bool add(struct state *s, struct client *client, bool as_lines) {
    return streams_add(s->streams, &client->stream,
                       &(struct stream_ask){.question = SPAN(""), .as_lines = as_lines});
}

// All that is there now, 7 bytes at a time: an event is sent in pieces. -1 at the end.
static int read_all(struct state *s, struct client *client) {
    ssize_t count;
    while ((count = streams_read(s->streams, &client->stream, client->text + client->size, 7, on_suspend)) >
           0) {
        client->size += (size_t)count;
        assert_true(client->size + 7 < sizeof client->text);
    }
    client->text[client->size] = '\0';
    return (int)count;
}

static void wait_for_event(struct state *s, struct client *client) {
    assert_int_equal(read_all(s, client), 0);
    (void)pthread_mutex_lock(&mutex);
    while (client->suspended)
        (void)pthread_cond_wait(&resumed, &mutex);
    (void)pthread_mutex_unlock(&mutex);
    assert_int_equal(read_all(s, client), 0);
}

// Whoever comes is shown the beginning, and then how it changes. The thread may tell more often than asked, never less.
static void test_a_newcomer_is_shown_the_beginning(void **state) {
    struct state *s = *state;
    static struct client client;
    client = (struct client){0};
    assert_true(add(s, &client, true));
    wait_for_event(s, &client);
    const char *end = strchr(client.text, '\n');
    assert_non_null(end);
    assert_non_null(strstr(client.text, "\"history\":["));
    assert_true(strstr(client.text, "\"history\":[") < end);
    fixture_order(&s->fixture, 11, 100, "paid");
    while (strchr(end + 1, '\n') == NULL)
        wait_for_event(s, &client);
    assert_null(strstr(end, "\"history\":["));
    streams_remove(s->streams, &client.stream);
    streams_remove(s->streams, &client.stream);
    assert_int_equal(streams_count(s->streams), 0);
}

static void test_bound_of_streams(void **state) {
    struct state *s = *state;
    struct client *clients = calloc(STREAMS_MAX + 1, sizeof *clients);
    assert_non_null(clients);
    for (int i = 0; i < STREAMS_MAX; i++)
        assert_true(add(s, &clients[i], false));
    assert_false(add(s, &clients[STREAMS_MAX], false));
    streams_remove(s->streams, &clients[STREAMS_MAX].stream);
    streams_remove(s->streams, &clients[5].stream);
    assert_true(add(s, &clients[STREAMS_MAX], false));
    for (int i = 0; i <= STREAMS_MAX; i++)
        streams_remove(s->streams, &clients[i].stream);
    free(clients);
}

static bool add_question(struct state *s, struct client *client, int number) {
    char question[32];
    (void)snprintf(question, sizeof question, "/q%d", number);
    const struct stream_ask ask = {.question = span_of(question), .as_lines = true};
    return streams_add(s->streams, &client->stream, &ask);
}

static void drop_all(struct state *s, int count) {
    streams_lock(s->streams);
    for (int i = 0; i < count; i++) {
        struct channel *channel = streams_channels(s->streams);
        while (channel->lossy)
            channel = channel->next;
        streams_drop(s->streams, channel);
    }
    streams_unlock(s->streams);
}

// Questions that nobody follows any more take nobody's place; those that are followed do, but not that of /v1/live.
static void test_bound_of_questions(void **state) {
    struct state *s = *state;
    static struct client live;
    struct client *clients = calloc(STREAMS_CHANNELS_MAX + 1, sizeof *clients);
    assert_non_null(clients);
    for (int i = 0; i < STREAMS_CHANNELS_MAX; i++) {
        assert_true(add_question(s, &clients[i], i));
        streams_remove(s->streams, &clients[i].stream);
    }
    assert_true(add(s, &live, true));
    for (int i = 0; i < STREAMS_CHANNELS_MAX; i++)
        assert_true(add_question(s, &clients[i], STREAMS_CHANNELS_MAX + i));
    assert_false(add_question(s, &clients[STREAMS_CHANNELS_MAX], 2 * STREAMS_CHANNELS_MAX));
    assert_false(add_question(s, &clients[STREAMS_CHANNELS_MAX], 0)); // is kept
    streams_remove(s->streams, &live.stream);
    assert_false(add_question(s, &clients[STREAMS_CHANNELS_MAX], 0));
    assert_true(add(s, &live, true));
    streams_remove(s->streams, &live.stream);
    streams_remove(s->streams, &clients[1].stream);
    assert_true(add_question(s, &clients[1], 0));
    for (int i = 0; i < STREAMS_CHANNELS_MAX; i++)
        streams_remove(s->streams, &clients[i].stream);
    drop_all(s, 2 * STREAMS_CHANNELS_MAX);
    free(clients);
}

static void count_wakes(void *self) {
    ++*(int *)self;
}

static void publish(struct state *s, struct channel *channel, int number) {
    CLEANUP(buffer_free) struct buffer out = {0};
    char id[16];
    (void)snprintf(id, sizeof id, "i%d", number);
    size_t json_at = event_begin(&out, "changes", span_of(id), false);
    buffer_format(&out, "{\"number\":%d}", number);
    CLEANUP(event_drop) struct event *event = event_make(&out, json_at, streams_account(s->streams));
    assert_non_null(event);
    streams_lock(s->streams);
    streams_publish(s->streams, channel, event);
    streams_unlock(s->streams);
}

// An event of `bytes` at least.
static void publish_large(struct state *s, struct channel *channel, size_t bytes) {
    CLEANUP(buffer_free) struct buffer out = {0};
    size_t json_at = event_begin(&out, "changes", SPAN("large"), false);
    for (size_t i = 0; i < bytes; i += 1 << 10)
        buffer_format(&out, "%1024d", 0);
    CLEANUP(event_drop) struct event *event = event_make(&out, json_at, streams_account(s->streams));
    assert_non_null(event);
    streams_lock(s->streams);
    streams_publish(s->streams, channel, event);
    streams_unlock(s->streams);
}

// From what comes next on.
static void follow(struct state *s, struct stream *stream) {
    streams_lock(s->streams);
    streams_give(s->streams, stream, NULL, stream->channel->end);
    streams_unlock(s->streams);
}

static void drop(struct state *s, struct channel *channel) {
    streams_lock(s->streams);
    streams_drop(s->streams, channel);
    streams_unlock(s->streams);
}

// Who lags behind what a channel keeps is to begin again; the others are not.
static void test_a_slow_follower_is_reset(void **state) {
    struct state *s = *state;
    static struct client slow;
    static struct client quick;
    slow = quick = (struct client){0};
    int wakes = 0;
    streams_set_producer(s->streams, false, count_wakes, &wakes);
    const struct stream_ask ask = {.question = SPAN("/x"), .as_lines = true};
    assert_true(streams_add(s->streams, &slow.stream, &ask));
    assert_true(streams_add(s->streams, &quick.stream, &ask));
    struct channel *channel = slow.stream.channel;
    assert_int_equal(wakes, 2);
    follow(s, &slow.stream);
    follow(s, &quick.stream);
    for (int i = 0; i <= CHANNEL_EVENTS_MAX; i++) {
        publish(s, channel, i);
        quick.size = 0;
        assert_int_equal(read_all(s, &quick), 0);
        char end[16];
        (void)snprintf(end, sizeof end, "%d}\n", i);
        assert_string_equal(quick.text + strlen("{\"number\":"), end);
    }
    assert_int_equal(channel->end - channel->begin, CHANNEL_EVENTS_MAX);
    assert_int_equal(streams_find(channel, "i0"), -1);
    assert_int_equal(streams_find(channel, "i1"), channel->begin);
    assert_int_equal(read_all(s, &slow), 0);
    assert_int_equal(slow.size, 0);
    assert_int_equal(slow.stream.want, WANT_RESET);
    assert_int_equal(channel->wanting, 1);
    assert_int_equal(wakes, 3);
    streams_remove(s->streams, &slow.stream);
    streams_remove(s->streams, &quick.stream);
    assert_int_equal(channel->wanting, 0);
    drop(s, channel);
    assert_true(atomic_load(streams_account(s->streams)) < 1000);
}

// Sends on until there is nothing more; returns how much it was.
static size_t read_past(struct state *s, struct client *client) {
    size_t size = 0;
    ssize_t count;
    while ((count =
                streams_read(s->streams, &client->stream, client->text, sizeof client->text, on_suspend)) > 0)
        size += (size_t)count;
    return size;
}

// What is remembered of many questions for who comes again shuts nobody out: only what waits for slow readers does. And
// it takes nothing from those.
static void test_what_is_remembered_shuts_nobody_out(void **state) {
    enum { QUESTIONS = 40, SLOW = 4, LARGE = 3 << 20, SMALL = 1 << 19 };
    struct state *s = *state;
    struct client *clients = calloc(QUESTIONS + 1, sizeof *clients);
    assert_non_null(clients);
    for (int i = 0; i < QUESTIONS; i++) {
        assert_true(add_question(s, &clients[i], i));
        follow(s, &clients[i].stream);
        assert_int_equal(read_past(s, &clients[i]), 0);
        publish_large(s, clients[i].stream.channel, SMALL);
        publish_large(s, clients[i].stream.channel, LARGE);
        if (i % SLOW != 0)
            assert_true(read_past(s, &clients[i]) >= SMALL + LARGE);
    }
    assert_int_equal(streams_find(clients[QUESTIONS - 1].stream.channel, "large"), 1);
    assert_true(atomic_load(streams_account(s->streams)) < STREAMS_BYTES_MAX);
    assert_true(add_question(s, &clients[QUESTIONS], QUESTIONS));
    for (int i = 0; i < QUESTIONS; i += SLOW)
        assert_true(read_past(s, &clients[i]) >= SMALL + LARGE);
    for (int i = 0; i <= QUESTIONS; i++)
        streams_remove(s->streams, &clients[i].stream);
    drop_all(s, QUESTIONS + 1);
    free(clients);
}

// In /v1/live, who has begun to read an event when four more come is sent the rest of it, then the fourth.
static void test_a_slow_reader_gets_the_newest(void **state) {
    struct state *s = *state;
    static struct client slow;
    slow = (struct client){0};
    teller_free(&s->teller);
    int wakes = 0;
    streams_set_producer(s->streams, true, count_wakes, &wakes);
    assert_true(add(s, &slow, true));
    assert_int_equal(wakes, 1);
    struct channel *channel = slow.stream.channel;
    follow(s, &slow.stream);
    publish(s, channel, 1);
    char byte;
    assert_int_equal(streams_read(s->streams, &slow.stream, &byte, 1, on_suspend), 1);
    assert_int_equal(byte, '{');
    for (int i = 2; i <= 5; i++)
        publish(s, channel, i);
    assert_int_equal(read_all(s, &slow), 0);
    assert_string_equal(slow.text, "\"number\":1}\n{\"number\":5}\n");
    assert_int_equal(wakes, 1);
    streams_remove(s->streams, &slow.stream);
}

// The producer is woken once, when most of a crowd have been sent what was published; a few are no crowd.
static void test_a_crowd_is_awaited(void **state) {
    enum { CROWD = 8 * STREAMS_CROWD };
    struct state *s = *state;
    struct client *clients = calloc(CROWD, sizeof *clients);
    assert_non_null(clients);
    int wakes = 0;
    streams_set_producer(s->streams, false, count_wakes, &wakes);
    const struct stream_ask ask = {.question = SPAN("/x"), .as_lines = true};
    for (int i = 0; i < CROWD; i++)
        assert_true(streams_add(s->streams, &clients[i].stream, &ask));
    struct channel *channel = clients[0].stream.channel;
    for (int i = 0; i < CROWD; i++)
        follow(s, &clients[i].stream);
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(read_all(s, &clients[i]), 0);
    assert_false(streams_are_crowded(channel));
    publish(s, channel, 1);
    wakes = 0;
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(streams_are_crowded(channel), i < CROWD - STREAMS_CROWD);
        assert_int_equal(wakes, i >= CROWD - STREAMS_CROWD);
        assert_int_equal(read_all(s, &clients[i]), 0);
    }
    publish(s, channel, 2);
    assert_true(streams_are_crowded(channel));
    wakes = 0;
    for (int i = 0; i < CROWD; i++)
        streams_remove(s->streams, &clients[i].stream); // who leaves is awaited no more
    assert_int_equal(wakes, 1);
    assert_int_equal(channel->suspended, 0);
    drop(s, channel);
    free(clients);
}

// One read is one write to the connection. It sleeps in a read of its own: not while there is something to send.
static void test_what_waits_is_sent_at_once(void **state) {
    struct state *s = *state;
    static struct client client;
    client = (struct client){0};
    const struct stream_ask ask = {.question = SPAN("/x"), .as_lines = true};
    assert_true(streams_add(s->streams, &client.stream, &ask));
    struct channel *channel = client.stream.channel;
    follow(s, &client.stream);
    for (int i = 1; i <= 3; i++)
        publish(s, channel, i);
    static const char all[] = "{\"number\":1}\n{\"number\":2}\n{\"number\":3}\n";
    char text[64];
    assert_int_equal(streams_read(s->streams, &client.stream, text, sizeof text, on_suspend), sizeof all - 1);
    assert_memory_equal(text, all, sizeof all - 1);
    assert_false(client.suspended);
    assert_int_equal(streams_read(s->streams, &client.stream, text, sizeof text, on_suspend), 0);
    assert_true(client.suspended);
    // Where the room ends within an event the rest of it comes first.
    for (int i = 4; i <= 6; i++)
        publish(s, channel, i);
    assert_false(client.suspended);
    assert_int_equal(streams_read(s->streams, &client.stream, text, 20, on_suspend), 20);
    assert_int_equal(streams_read(s->streams, &client.stream, text + 20, sizeof text - 20, on_suspend), 19);
    assert_memory_equal(text, "{\"number\":4}\n{\"number\":5}\n{\"number\":6}\n", 39);
    streams_remove(s->streams, &client.stream);
    drop(s, channel);
}

// The event that is being sent is sent whole, then it is over.
static void test_stop(void **state) {
    struct state *s = *state;
    static struct client client;
    static struct client late;
    client = late = (struct client){0};
    assert_true(add(s, &client, false));
    wait_for_event(s, &client);
    size_t size = client.size;
    fixture_order(&s->fixture, 11, 100, "paid");
    (void)pthread_mutex_lock(&mutex);
    while (client.suspended)
        (void)pthread_cond_wait(&resumed, &mutex);
    (void)pthread_mutex_unlock(&mutex);
    assert_int_equal(streams_read(s->streams, &client.stream, client.text + client.size, 1, on_suspend), 1);
    client.size++;
    streams_stop(s->streams);
    assert_int_equal(read_all(s, &client), -1);
    assert_true(client.size > size + 1);
    assert_int_equal(strcmp(client.text + client.size - 3, "}\n\n"), 0);
    assert_false(add(s, &late, false));
    streams_remove(s->streams, &client.stream);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_newcomer_is_shown_the_beginning, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bound_of_streams, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bound_of_questions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_slow_follower_is_reset, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_remembered_shuts_nobody_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_slow_reader_gets_the_newest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_waits_is_sent_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_crowd_is_awaited, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
