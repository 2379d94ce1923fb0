// slow_lane.h: whose queries run, and which of those that wait. Jobs run until the test lets them end, so that every state
// stands still while it is looked at.
#include "tests/unit/http/routes_fixture.h"

#include "http/address.h"
#include "http/slow_lane.h"
#include "views/base/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <semaphore.h>

enum { DEADLINE_MS = 3600 * 1000 };

struct job {
    struct slow_lane_job job;
    sem_t begun;
    sem_t go;
    sem_t ended;
    bool asks_slow_query;
    _Atomic bool gone;
    _Atomic bool ran;
    int status; // of the query, or of the refusal
    enum refusal why;
};

struct state {
    struct fixture fixture;
    struct routes *routes;
    struct slow_lane *slow;
};

static struct job *job_of(const struct slow_lane_job *job) {
    return (struct job *)(void *)((char *)(uintptr_t)job - offsetof(struct job, job));
}

static void run_job(struct slow_lane_job *self, struct worker *worker) {
    struct job *job = job_of(self);
    atomic_store(&job->ran, true);
    sem_post(&job->begun);
    if (!job->asks_slow_query) {
        sem_wait(&job->go);
        return;
    }
    struct response response = {0};
    struct wait wait;
    const struct request request = {
        .method = SPAN("GET"), .target = SPAN("/v1/views/lab/slow"), .patient = true};
    assert_int_equal(routes_answer(worker, &request, &response, &wait), ROUTES_ANSWERED);
    job->status = response.status;
    response_free(&response);
}

static void drop_job(struct slow_lane_job *self, enum refusal why) {
    struct job *job = job_of(self);
    job->why = why;
    job->status = 503;
}

static void end_job(struct slow_lane_job *self) {
    sem_post(&job_of(self)->ended);
}

static bool job_is_gone(const struct slow_lane_job *self) {
    return atomic_load(&job_of(self)->gone);
}

static void suspend_job(struct slow_lane_job *self) {
    (void)self;
}

static void make_job(struct job *job, uint64_t subject, uint64_t address) {
    *job = (struct job){.job = {.run = run_job,
                                .drop = drop_job,
                                .end = end_job,
                                .is_gone = job_is_gone,
                                .subject = subject,
                                .address = address,
                                .begun_us = clock_monotonic_us()},
                        .why = REFUSAL_COUNT};
    assert_int_equal(sem_init(&job->begun, 0, 0), 0);
    assert_int_equal(sem_init(&job->go, 0, 0), 0);
    assert_int_equal(sem_init(&job->ended, 0, 0), 0);
}

static void add_job(struct state *s, struct job *job, uint64_t subject, uint64_t address) {
    enum refusal why;
    make_job(job, subject, address);
    assert_true(slow_lane_add(s->slow, &job->job, suspend_job, &why));
}

static void add_running(struct state *s, struct job *job, uint64_t subject, uint64_t address) {
    add_job(s, job, subject, address);
    sem_wait(&job->begun);
}

static void finish(struct job *job) {
    sem_post(&job->go);
    sem_wait(&job->ended);
}

static int setup(void **state) {
    static struct state s;
    struct error error = {0};
    s = (struct state){0};
    fixture_open(&s.fixture, 10);
    s.routes = fixture_routes(&s.fixture);
    fixture_check(slow_lane_new(&s.slow, s.routes, DEADLINE_MS, &error), &error);
    *state = &s;
    return 0;
}

static int teardown(void **state) {
    struct state *s = *state;
    slow_lane_free(&s->slow);
    routes_free(&s->routes);
    fixture_close(&s->fixture);
    return 0;
}

// Three jobs of one view, or of one address: two run, the third waits, although a thread is free. Another's is run at once.
static void expect_a_thread_left(struct state *s, bool by_address) {
    struct job mine[3];
    struct job other;
    for (unsigned i = 0; i < 3; i++) {
        uint64_t own = 10 + i;
        add_job(s, &mine[i], by_address ? own : 1, by_address ? 1 : own);
        if (i < SLOW_LANE_SHARE)
            sem_wait(&mine[i].begun);
    }
    add_running(s, &other, 99, 99);
    assert_false(atomic_load(&mine[2].ran));
    finish(&mine[0]);
    sem_wait(&mine[2].begun);
    finish(&mine[2]);
    finish(&mine[1]);
    finish(&other);
}

static void test_a_thread_is_left_to_others(void **state) {
    expect_a_thread_left(*state, false);
    expect_a_thread_left(*state, true);
}

// Programs of this machine have no address: only the view counts.
static void test_nobody_has_no_share(void **state) {
    struct job jobs[SLOW_LANE_THREADS];
    for (unsigned i = 0; i < SLOW_LANE_THREADS; i++)
        add_running(*state, &jobs[i], i, 0);
    for (unsigned i = 0; i < SLOW_LANE_THREADS; i++)
        finish(&jobs[i]);
}

// One who has many jobs waiting comes after one who was not served yet.
static void test_who_was_served_last_comes_last(void **state) {
    struct job mine[4];
    struct job hold;
    struct job other;
    add_running(*state, &mine[0], 1, 1);
    add_running(*state, &mine[1], 2, 1);
    add_running(*state, &hold, 3, 3);
    add_job(*state, &mine[2], 4, 1);
    add_job(*state, &mine[3], 5, 1);
    add_job(*state, &other, 6, 2);
    finish(&mine[0]);
    sem_wait(&other.begun);
    assert_false(atomic_load(&mine[2].ran));
    finish(&other);
    sem_wait(&mine[2].begun);
    finish(&mine[1]);
    sem_wait(&mine[3].begun);
    finish(&mine[2]);
    finish(&mine[3]);
    finish(&hold);
}

static void test_half_of_the_queue_is_left_to_others(void **state) {
    struct state *s = *state;
    struct job hold[SLOW_LANE_THREADS];
    static struct job mine[SLOW_LANE_QUEUE_SHARE + 1];
    struct job other;
    enum refusal why;
    for (unsigned i = 0; i < SLOW_LANE_THREADS; i++)
        add_running(s, &hold[i], 100 + i, 100 + i);
    for (int i = 0; i < SLOW_LANE_QUEUE_SHARE; i++)
        add_job(s, &mine[i], 1, 0);
    make_job(&mine[SLOW_LANE_QUEUE_SHARE], 1, 0);
    assert_false(slow_lane_add(s->slow, &mine[SLOW_LANE_QUEUE_SHARE].job, suspend_job, &why));
    assert_int_equal(why, REFUSAL_SLOW_LANE_SHARE);
    add_job(s, &other, 2, 0);
    for (int i = 0; i < SLOW_LANE_QUEUE_SHARE; i++)
        sem_post(&mine[i].go);
    for (unsigned i = 0; i < SLOW_LANE_THREADS; i++)
        finish(&hold[i]);
    finish(&other);
    for (int i = 0; i < SLOW_LANE_QUEUE_SHARE; i++)
        sem_wait(&mine[i].ended);
}

// The deadline is the request's: what is still in the queue then is refused and never begun, though no thread is free.
static void test_late_jobs_are_never_begun(void **state) {
    struct state *s = *state;
    struct job hold[SLOW_LANE_THREADS];
    struct job late;
    for (unsigned i = 0; i < SLOW_LANE_THREADS; i++)
        add_running(s, &hold[i], 100 + i, 100 + i);
    add_job(s, &late, 1, 1);
    slow_lane_look(s->slow, late.job.begun_us + (int64_t)DEADLINE_MS * 1000 - 1);
    assert_int_equal(late.status, 0);
    slow_lane_look(s->slow, late.job.begun_us + (int64_t)DEADLINE_MS * 1000);
    sem_wait(&late.ended);
    assert_int_equal(late.why, REFUSAL_WAITED_TOO_LONG);
    assert_false(atomic_load(&late.ran));
    for (unsigned i = 0; i < SLOW_LANE_THREADS; i++)
        finish(&hold[i]);
}

// A query without end whose client has gone is ended, one that waits is never begun, and the threads serve others again.
static void test_who_has_gone_is_not_served(void **state) {
    struct state *s = *state;
    struct job running;
    struct job waiting[SLOW_LANE_THREADS];
    make_job(&running, 1, 1);
    running.asks_slow_query = true;
    enum refusal why;
    assert_true(slow_lane_add(s->slow, &running.job, suspend_job, &why));
    sem_wait(&running.begun);
    for (int i = 0; i < SLOW_LANE_SHARE; i++)
        add_running(s, &waiting[i], 2, 2);
    add_job(s, &waiting[SLOW_LANE_SHARE], 2, 2);
    atomic_store(&waiting[SLOW_LANE_SHARE].gone, true);
    atomic_store(&running.gone, true);
    sem_wait(&running.ended);
    assert_int_equal(running.status, 503);
    sem_wait(&waiting[SLOW_LANE_SHARE].ended);
    assert_int_equal(waiting[SLOW_LANE_SHARE].why, REFUSAL_CLIENT_GONE);
    assert_false(atomic_load(&waiting[SLOW_LANE_SHARE].ran));
    for (int i = 0; i < SLOW_LANE_SHARE; i++)
        finish(&waiting[i]);
    // the reader that was interrupted answers again
    struct job again[SLOW_LANE_THREADS];
    for (unsigned i = 0; i < SLOW_LANE_THREADS; i++)
        add_running(s, &again[i], 10 + i, 0);
    for (unsigned i = 0; i < SLOW_LANE_THREADS; i++)
        finish(&again[i]);
}

static uint64_t key_of(int family, const char *text) {
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    if (family == AF_INET)
        assert_int_equal(inet_pton(family, text, &ipv4.sin_addr), 1);
    else
        assert_int_equal(inet_pton(family, text, &ipv6.sin6_addr), 1);
    return address_key(family == AF_INET ? (const struct sockaddr *)&ipv4 : (const struct sockaddr *)&ipv6);
}

static void test_addresses(void **state) {
    (void)state;
    const struct sockaddr local = {.sa_family = AF_UNIX};
    assert_true(address_key(&local) == 0 && address_key(NULL) == 0);
    assert_true(key_of(AF_INET, "127.3.2.1") == 0 && key_of(AF_INET6, "::1") == 0);
    assert_true(key_of(AF_INET6, "::ffff:127.0.0.1") == 0);
    assert_true(key_of(AF_INET, "192.0.2.1") != 0);
    assert_true(key_of(AF_INET, "192.0.2.1") != key_of(AF_INET, "192.0.2.2"));
    assert_true(key_of(AF_INET, "192.0.2.1") == key_of(AF_INET6, "::ffff:192.0.2.1"));
    assert_true(key_of(AF_INET6, "2001:db8:1:2::1") == key_of(AF_INET6, "2001:db8:1:2:ffff::9"));
    assert_true(key_of(AF_INET6, "2001:db8:1:2::1") != key_of(AF_INET6, "2001:db8:1:3::1"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_thread_is_left_to_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_has_no_share, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_was_served_last_comes_last, setup, teardown),
        cmocka_unit_test_setup_teardown(test_half_of_the_queue_is_left_to_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_late_jobs_are_never_begun, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_has_gone_is_not_served, setup, teardown),
        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
