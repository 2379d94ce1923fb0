// The thread that does a commit's work: one piece at a time, all of it seen after writer_thread_wait.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "views/engine/store/writer_thread.h"

#include <pthread.h>

enum { ROUNDS = 2000 };

// Work that can be held up.
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool entered;
    bool open;
    int done; // read without the mutex: writer_thread_wait must be enough
};

static void pass(void *self) {
    struct gate *gate = self;
    (void)pthread_mutex_lock(&gate->mutex);
    gate->entered = true;
    (void)pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        (void)pthread_cond_wait(&gate->changed, &gate->mutex);
    (void)pthread_mutex_unlock(&gate->mutex);
    gate->done++;
}

static void wait_until_entered(struct gate *gate) {
    (void)pthread_mutex_lock(&gate->mutex);
    while (!gate->entered)
        (void)pthread_cond_wait(&gate->changed, &gate->mutex);
    (void)pthread_mutex_unlock(&gate->mutex);
}

static void open_gate(struct gate *gate) {
    (void)pthread_mutex_lock(&gate->mutex);
    gate->open = true;
    (void)pthread_cond_broadcast(&gate->changed);
    (void)pthread_mutex_unlock(&gate->mutex);
}

static struct gate make_gate(bool open) {
    return (struct gate){
        .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .open = open};
}

static struct writer_thread *make_writer(void) {
    struct error error = {0};
    struct writer_thread *writer = NULL;
    if (writer_thread_new(&writer, &error) != 0)
        fail_msg("%s", error.message);
    return writer;
}

static void without_work_nothing_is_waited_for(void **state) {
    (void)state;
    struct writer_thread *writer = make_writer();
    assert_false(writer_thread_is_busy(writer));
    writer_thread_wait(writer);
    writer_thread_free(&writer);
    assert_null(writer);
    writer_thread_free(&writer);
}

static void it_is_busy_until_the_work_is_done(void **state) {
    (void)state;
    struct writer_thread *writer = make_writer();
    struct gate gate = make_gate(false);
    writer_thread_start(writer, pass, &gate);
    wait_until_entered(&gate);
    assert_true(writer_thread_is_busy(writer));
    open_gate(&gate);
    writer_thread_wait(writer);
    assert_false(writer_thread_is_busy(writer));
    assert_int_equal(gate.done, 1);
    writer_thread_wait(writer);
    writer_thread_free(&writer);
}

static void each_piece_is_done_once(void **state) {
    (void)state;
    struct writer_thread *writer = make_writer();
    struct gate gate = make_gate(true);
    for (int i = 0; i < ROUNDS; i++) {
        writer_thread_start(writer, pass, &gate);
        writer_thread_wait(writer);
        assert_int_equal(gate.done, i + 1);
    }
    writer_thread_free(&writer);
}

static void freeing_waits_for_the_work(void **state) {
    (void)state;
    struct writer_thread *writer = make_writer();
    struct gate gate = make_gate(true);
    writer_thread_start(writer, pass, &gate);
    writer_thread_free(&writer);
    assert_int_equal(gate.done, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_work_nothing_is_waited_for),
        cmocka_unit_test(it_is_busy_until_the_work_is_done),
        cmocka_unit_test(each_piece_is_done_once),
        cmocka_unit_test(freeing_waits_for_the_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
