// connections.h: who is let in, and who is ended when. The clock is the test's, and so are the sockets.
#include "http/connections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 20, OF_ADDRESS = 3, FILES = 100, HEADERS_MS = 10000, ENDED_MAX = 64 };

struct state {
    struct connections *connections;
    struct booked *booked[FILES];
    int fds[ENDED_MAX];
    enum refusal reasons[ENDED_MAX];
    int ended;
    bool is_late; // the server
};

static bool end_one(void *self, int fd, enum refusal why) {
    struct state *s = self;
    assert_true(s->ended < ENDED_MAX);
    if (s->is_late)
        return false;
    s->fds[s->ended] = fd;
    s->reasons[s->ended++] = why;
    return true;
}

static int setup(void **state) {
    static struct state s;
    struct error error;
    s = (struct state){0};
    const struct connections_config config = {.most = MOST,
                                              .most_of_address = OF_ADDRESS,
                                              .files = FILES,
                                              .headers_ms = HEADERS_MS,
                                              .end = end_one,
                                              .self = &s};
    assert_int_equal(connections_new(&s.connections, &config, &error), 0);
    *state = &s;
    return 0;
}

static int teardown(void **state) {
    struct state *s = *state;
    connections_free(&s->connections);
    return 0;
}

static void let_in(struct state *s, int fd, uint64_t address, int64_t now_ms) {
    enum refusal why;
    assert_true(connections_enter(s->connections, fd, address, now_ms, &why));
    s->booked[fd] = connections_begin(s->connections, fd);
}

static void expect_ended(struct state *s, int fd, enum refusal why) {
    assert_true(s->ended > 0);
    assert_int_equal(s->fds[s->ended - 1], fd);
    assert_int_equal(s->reasons[s->ended - 1], why);
}

// However many bytes come meanwhile: only whole headers change whose turn it is.
static void test_headers_have_a_deadline(void **state) {
    struct state *s = *state;
    let_in(s, 5, 0, 1000);
    connections_sweep(s->connections, 1000 + HEADERS_MS - 1);
    assert_int_equal(s->ended, 0);
    connections_sweep(s->connections, 1000 + HEADERS_MS);
    expect_ended(s, 5, REFUSAL_HEADERS_LATE);
    connections_sweep(s->connections, 1000 + 2 * HEADERS_MS);
    assert_int_equal(s->ended, 1); // once
    connections_leave(s->connections, 5);
    assert_int_equal(connections_count(s->connections), 0);
}

// What a client has sent and the server has not read yet is not the client's fault.
static void test_the_server_may_be_late(void **state) {
    struct state *s = *state;
    let_in(s, 5, 0, 0);
    s->is_late = true;
    connections_sweep(s->connections, HEADERS_MS);
    s->is_late = false;
    connections_sweep(s->connections, 2 * HEADERS_MS - 1);
    assert_int_equal(s->ended, 0);
    connections_sweep(s->connections, 2 * HEADERS_MS);
    expect_ended(s, 5, REFUSAL_HEADERS_LATE);
}

static void test_each_turn_has_its_own(void **state) {
    struct state *s = *state;
    static const struct {
        enum turn turn;
        enum refusal why;
    } turns[] = {{TURN_BODY, REFUSAL_BODY_LATE},
                 {TURN_READS, REFUSAL_NOT_READ},
                 {TURN_IDLE, REFUSAL_COUNT}, // nothing is refused
                 {TURN_HEADERS, REFUSAL_HEADERS_LATE}};
    int64_t now = 0;
    for (int i = 0; i < 4; i++) {
        int fd = 5 + i;
        let_in(s, fd, 0, now);
        booked_turn_to(s->booked[fd], TURN_SERVER, 0);
        connections_sweep(s->connections, now += 1000);
        connections_sweep(s->connections, now += 1000000); // the server may take its time
        assert_int_equal(s->ended, i);
        booked_turn_to(s->booked[fd], turns[i].turn, 5000);
        connections_sweep(s->connections, now += 1000);
        connections_sweep(s->connections, now += 4999);
        booked_turn_to(s->booked[fd], turns[i].turn, 5000); // again: a new request of the same kind
        connections_sweep(s->connections, now += 1);
        connections_sweep(s->connections, now += 4999);
        assert_int_equal(s->ended, i);
        connections_sweep(s->connections, now += 1);
        expect_ended(s, fd, turns[i].why);
        connections_leave(s->connections, fd);
    }
}

static void test_an_address_has_so_many(void **state) {
    struct state *s = *state;
    enum refusal why;
    for (int i = 0; i < OF_ADDRESS; i++)
        let_in(s, 10 + i, 7, 0);
    assert_false(connections_enter(s->connections, 20, 7, 0, &why));
    assert_int_equal(why, REFUSAL_ADDRESS);
    let_in(s, 20, 8, 0);
    for (int i = 0; i < 2 * OF_ADDRESS; i++)
        let_in(s, 30 + i, 0, 0); // nobody's
    connections_leave(s->connections, 11);
    let_in(s, 11, 7, 0);
    assert_false(connections_enter(s->connections, 21, 7, 0, &why));
    for (int fd = 0; fd < FILES; fd++)
        connections_leave(s->connections, fd); // those that are not there, too
    assert_int_equal(connections_count(s->connections), 0);
    let_in(s, 10, 7, 0);
}

// Those that wait for a request go, the longest first; those that are served stay.
static void test_room_is_made(void **state) {
    struct state *s = *state;
    enum refusal why;
    bool any;
    for (int fd = 0; fd < MOST; fd++) {
        let_in(s, fd, 0, 100 + fd);
        if (fd != 7 && fd != 9)
            booked_turn_to(s->booked[fd], TURN_SERVER, 0);
    }
    booked_turn_to(s->booked[7], TURN_IDLE, 60000); // has moved since 9 came
    assert_false(connections_make_room(s->connections, 1000, &any));
    assert_true(any);
    assert_int_equal(s->ended, 1);
    expect_ended(s, 9, REFUSAL_MADE_ROOM);
    assert_false(connections_make_room(s->connections, 1001, &any)); // it is on its way out
    assert_true(any && s->ended == 1);
    connections_leave(s->connections, 9);
    assert_true(connections_make_room(s->connections, 1002, &any));
    let_in(s, 9, 0, 1002);
    booked_turn_to(s->booked[9], TURN_SERVER, 0);
    assert_false(connections_make_room(s->connections, 1003, &any));
    expect_ended(s, 7, REFUSAL_MADE_ROOM);
    connections_leave(s->connections, 7);
    let_in(s, 7, 0, 1004);
    booked_turn_to(s->booked[7], TURN_SERVER, 0);
    assert_false(connections_make_room(s->connections, 1005, &any));
    assert_false(any); // all are served: the next one is told so
    assert_false(connections_enter(s->connections, 50, 0, 1005, &why));
    assert_int_equal(why, REFUSAL_CONNECTIONS);
    assert_false(connections_enter(s->connections, FILES, 0, 1005, &why));
    assert_int_equal(why, REFUSAL_CONNECTIONS);
}

// The library had no memory for a connection and closed its socket without a word: the number comes again.
static void test_what_was_never_begun_is_forgotten(void **state) {
    struct state *s = *state;
    enum refusal why;
    for (int i = 0; i < 3 * MOST; i++)
        assert_true(connections_enter(s->connections, 5, 7, i, &why));
    assert_int_equal(connections_count(s->connections), 1);
    connections_sweep(s->connections, 10 * HEADERS_MS); // the socket may be anybody's: nobody touches it
    assert_int_equal(s->ended, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_headers_have_a_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_server_may_be_late, setup, teardown),
        cmocka_unit_test_setup_teardown(test_each_turn_has_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_address_has_so_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_room_is_made, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_never_begun_is_forgotten, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
