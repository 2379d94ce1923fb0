// For programs built with -fsanitize=thread only. librdkafka makes its threads and locks with C11's
// functions, which the sanitizer does not watch: our callbacks on those threads would crash it. Here they are
// again, as the POSIX functions that it does watch; glibc's C11 objects are those of POSIX underneath.
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t), "mtx_t is a pthread_mutex_t");
_Static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t), "cnd_t is a pthread_cond_t");

struct start {
    thrd_start_t function;
    void *argument;
};

static void *run(void *self) {
    struct start start = *(struct start *)self;
    free(self);
    return (void *)(intptr_t)start.function(start.argument);
}

static int result_of(int code) {
    return code == 0           ? thrd_success
           : code == EBUSY     ? thrd_busy
           : code == ETIMEDOUT ? thrd_timedout
                               : thrd_error;
}

int thrd_create(thrd_t *thread, thrd_start_t function, void *argument) {
    struct start *start = malloc(sizeof *start);
    if (start == NULL)
        return thrd_nomem;
    *start = (struct start){function, argument};
    return result_of(pthread_create(thread, NULL, run, start));
}

int thrd_join(thrd_t thread, int *result) {
    void *value = NULL;
    int code = pthread_join(thread, &value);
    if (result != NULL)
        *result = (int)(intptr_t)value;
    return result_of(code);
}

int thrd_detach(thrd_t thread) {
    return result_of(pthread_detach(thread));
}

int mtx_init(mtx_t *mutex, int type) {
    pthread_mutexattr_t attributes;
    (void)pthread_mutexattr_init(&attributes);
    if ((type & mtx_recursive) != 0)
        (void)pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    int code = pthread_mutex_init((pthread_mutex_t *)(void *)mutex, &attributes);
    (void)pthread_mutexattr_destroy(&attributes);
    return result_of(code);
}

int mtx_lock(mtx_t *mutex) {
    return result_of(pthread_mutex_lock((pthread_mutex_t *)(void *)mutex));
}

int mtx_trylock(mtx_t *mutex) {
    return result_of(pthread_mutex_trylock((pthread_mutex_t *)(void *)mutex));
}

int mtx_unlock(mtx_t *mutex) {
    return result_of(pthread_mutex_unlock((pthread_mutex_t *)(void *)mutex));
}

void mtx_destroy(mtx_t *mutex) {
    (void)pthread_mutex_destroy((pthread_mutex_t *)(void *)mutex);
}

int cnd_init(cnd_t *condition) {
    return result_of(pthread_cond_init((pthread_cond_t *)(void *)condition, NULL));
}

int cnd_signal(cnd_t *condition) {
    return result_of(pthread_cond_signal((pthread_cond_t *)(void *)condition));
}

int cnd_broadcast(cnd_t *condition) {
    return result_of(pthread_cond_broadcast((pthread_cond_t *)(void *)condition));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex) {
    return result_of(
        pthread_cond_wait((pthread_cond_t *)(void *)condition, (pthread_mutex_t *)(void *)mutex));
}

int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *until) {
    return result_of(
        pthread_cond_timedwait((pthread_cond_t *)(void *)condition, (pthread_mutex_t *)(void *)mutex, until));
}

void cnd_destroy(cnd_t *condition) {
    (void)pthread_cond_destroy((pthread_cond_t *)(void *)condition);
}
