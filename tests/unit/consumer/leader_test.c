// What stays behind a leader reads no further than it, and is nowhere "at the end" before the leader has begun.
#include "consumer/consume/leader.h"

#include "views/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MESSAGES = 5 };

struct fixture {
    struct progress *theirs;
    struct progress *own;
    struct leader *leader;
    struct message_source source; // behind the leader
    struct message messages[MESSAGES];
    int next;
};

static const struct message *peek(void *self, int slot) {
    struct fixture *f = self;
    (void)slot;
    return f->next < MESSAGES ? &f->messages[f->next] : NULL;
}

static void release(void *self, int slot) {
    (void)slot;
    ((struct fixture *)self)->next++;
}

static int delivered(void *self, int slot) {
    (void)slot;
    return MESSAGES - ((struct fixture *)self)->next;
}

static void peek_at(void *self, int slot, int index, struct message *ret) {
    const struct fixture *f = self;
    (void)slot;
    *ret = f->messages[f->next + index];
}

static bool at_end(void *self, int slot) {
    (void)slot;
    return ((struct fixture *)self)->next == MESSAGES;
}

static int set_up(void **state) {
    static struct fixture f;
    f = (struct fixture){0};
    struct error error = {0};
    const struct message_source source = {.self = &f,
                                          .peek = peek,
                                          .release = release,
                                          .delivered = delivered,
                                          .peek_at = peek_at,
                                          .at_end = at_end};
    for (int i = 0; i < MESSAGES; i++)
        f.messages[i] = (struct message){.offset = i};
    assert_int_equal(progress_new(&f.theirs, &error), 0);
    assert_int_equal(progress_new(&f.own, &error), 0);
    assert_int_equal(progress_partition(f.own, "shop.public.orders", 0), 0);
    assert_int_equal(leader_new(&f.leader, f.theirs, f.own, &source, &error), 0);
    f.source = leader_source(f.leader);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    leader_free(&f->leader);
    progress_free(&f->own);
    progress_free(&f->theirs);
    return 0;
}

static void leader_stands_at(struct fixture *f, int64_t offset) {
    progress_set_applied(f->theirs, progress_partition(f->theirs, "shop.public.orders", 0), offset);
    progress_set_state(f->theirs, STATE_CATCHING_UP, "");
}

static int read_all(struct fixture *f) {
    int count = 0;
    for (; f->source.peek(f->source.self, 0) != NULL; count++)
        f->source.release(f->source.self, 0);
    return count;
}

// A file that was built beside one that had not begun would replace it, with nothing in it.
static void it_is_nowhere_before_the_leader_has_begun(void **state) {
    struct fixture *f = *state;
    for (int looks = 0; looks < 2; looks++) {
        assert_int_equal(leader_behind(f->theirs, f->own), -1);
        assert_int_equal(read_all(f), 0);
        assert_false(f->source.at_end(f->source.self, 0));
        leader_look(f->leader);
    }
    progress_set_state(f->theirs, STATE_DISCONNECTED, ""); // and knows no partition
    leader_look(f->leader);
    assert_int_equal(leader_behind(f->theirs, f->own), -1);
    assert_false(f->source.at_end(f->source.self, 0));
}

static void it_reads_as_far_as_the_leader(void **state) {
    struct fixture *f = *state;
    leader_stands_at(f, 3);
    assert_int_equal(leader_behind(f->theirs, f->own), 3);
    leader_look(f->leader);
    assert_int_equal(read_all(f), 3);
    assert_true(f->source.at_end(f->source.self, 0));
    progress_set_applied(f->own, 0, 3);
    assert_int_equal(leader_behind(f->theirs, f->own), 0);
    leader_stands_at(f, 5);
    leader_look(f->leader);
    assert_false(f->source.at_end(f->source.self, 0));
    assert_int_equal(read_all(f), 2);
    assert_true(f->source.at_end(f->source.self, 0));
}

static void what_the_leader_does_not_know_is_read_to_its_end(void **state) {
    struct fixture *f = *state;
    progress_set_applied(f->theirs, progress_partition(f->theirs, "shop.public.customers", 0), 1);
    progress_set_state(f->theirs, STATE_LIVE, "");
    leader_look(f->leader);
    assert_int_equal(leader_behind(f->theirs, f->own), 0);
    assert_int_equal(read_all(f), MESSAGES);
    assert_true(f->source.at_end(f->source.self, 0));
}

// Rows of a snapshot wait for what the messages behind them say, so these are looked at, too.
static void what_is_ahead_is_seen_as_far_as_the_leader(void **state) {
    struct fixture *f = *state;
    struct message message;
    assert_int_equal(f->source.delivered(f->source.self, 0), 0);
    for (int at = 0; at <= MESSAGES; at++) {
        leader_stands_at(f, at);
        leader_look(f->leader);
        assert_int_equal(f->source.delivered(f->source.self, 0), at);
    }
    leader_stands_at(f, 4);
    leader_look(f->leader);
    f->source.release(f->source.self, 0);
    assert_int_equal(f->source.delivered(f->source.self, 0), 3);
    f->source.peek_at(f->source.self, 0, 2, &message);
    assert_int_equal(message.offset, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_nowhere_before_the_leader_has_begun, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_reads_as_far_as_the_leader, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_ahead_is_seen_as_far_as_the_leader, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_leader_does_not_know_is_read_to_its_end, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
