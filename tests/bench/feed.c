#define _GNU_SOURCE // pipe2
#include "tests/bench/feed.h"

#include "views/base/cleanup.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

// All numbers have the network's order. To the process, for each message: size (16 bits) and bytes of its topic's name,
// partition (32 bits), size (32 bits, -1 = null) and bytes of its key, the same of its value. From it, for each: its number,
// offset and timestamp (64 bits each).
enum { TOLD_NUMBERS = 3 };

struct feed {
    pid_t process;
    FILE *messages;
    FILE *answers;
    void (*told)(void *self, const struct feed_told *message);
    void *self;
    pthread_t thread;
    bool listens;
};

static int feed_fail(struct error *error, const char *what, int code) {
    return error_set(error, ERROR_SYSTEM, "%s: %s", what, strerror(code));
}

static void *feed_listen(void *self) {
    struct feed *feed = self;
    uint64_t told[TOLD_NUMBERS];
    while (fread(told, sizeof told, 1, feed->answers) == 1) {
        const struct feed_told message = {.number = (int64_t)be64toh(told[0]),
                                          .offset = (int64_t)be64toh(told[1]),
                                          .stamped_ms = (int64_t)be64toh(told[2])};
        feed->told(feed->self, &message);
    }
    return NULL;
}

// `theirs` is the process's end of the pipe; ours is the other, closed when the process is.
static int feed_pipe(FILE **ret, const char *mode, int *theirs, struct error *error) {
    int ends[2];
    bool writes = *mode == 'w';
    if (pipe2(ends, O_CLOEXEC) != 0)
        return feed_fail(error, "no pipe", errno);
    *theirs = ends[writes ? 0 : 1];
    *ret = fdopen(ends[writes ? 1 : 0], mode);
    return *ret != NULL ? 0 : feed_fail(error, "no pipe", errno);
}

static int feed_spawn(struct feed *feed, char *const *command, struct error *error) {
    int in = -1;
    int out = -1;
    posix_spawn_file_actions_t actions;
    (void)posix_spawn_file_actions_init(&actions);
    int status = feed_pipe(&feed->messages, "w", &in, error);
    if (status == 0)
        status = feed_pipe(&feed->answers, "r", &out, error);
    if (status == 0) {
        (void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
        (void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
        int code = posix_spawnp(&feed->process, command[0], &actions, NULL, command, environ);
        if (code != 0) {
            feed->process = 0;
            status = feed_fail(error, command[0], code);
        }
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    if (in >= 0)
        (void)close(in);
    if (out >= 0)
        (void)close(out);
    return status;
}

static void feed_drop(struct feed **feed) {
    if (*feed != NULL)
        (void)feed_close(feed, NULL);
}

int feed_open(struct feed **ret, char *const *command,
              void (*told)(void *self, const struct feed_told *message), void *self, struct error *error) {
    CLEANUP(feed_drop) struct feed *feed = calloc(1, sizeof *feed);
    if (feed == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    feed->told = told;
    feed->self = self;
    if (feed_spawn(feed, command, error) != 0)
        return -1;
    int code = pthread_create(&feed->thread, NULL, feed_listen, feed);
    if (code != 0)
        return feed_fail(error, "no thread", code);
    feed->listens = true;
    *ret = feed;
    feed = NULL;
    return 0;
}

// What a pipe does not take is seen when it is flushed.
static void feed_write(struct feed *feed, const void *bytes, size_t size) {
    (void)fwrite(bytes, 1, size, feed->messages);
}

static void feed_write_bytes(struct feed *feed, struct span bytes) {
    uint32_t size = htobe32(bytes.data != NULL ? (uint32_t)bytes.size : UINT32_MAX);
    feed_write(feed, &size, sizeof size);
    if (bytes.data != NULL)
        feed_write(feed, bytes.data, bytes.size);
}

int feed_send(struct feed *feed, const char *topic, int32_t partition, struct span key, struct span value,
              struct error *error) {
    uint16_t size = htobe16((uint16_t)strlen(topic));
    uint32_t number = htobe32((uint32_t)partition);
    feed_write(feed, &size, sizeof size);
    feed_write(feed, topic, strlen(topic));
    feed_write(feed, &number, sizeof number);
    feed_write_bytes(feed, key);
    feed_write_bytes(feed, value);
    return ferror(feed->messages) ? feed_fail(error, "the producer's process", errno) : 0;
}

int feed_flush(struct feed *feed, struct error *error) {
    return fflush(feed->messages) != 0 ? feed_fail(error, "the producer's process", errno) : 0;
}

int feed_close(struct feed **of, struct error *error) {
    struct feed *feed = *of;
    int status = 0;
    int ended = 0;
    if (feed->messages != NULL && fclose(feed->messages) != 0)
        status = feed_fail(error, "the producer's process", errno);
    if (feed->listens)
        (void)pthread_join(feed->thread, NULL);
    if (feed->answers != NULL)
        (void)fclose(feed->answers);
    if (feed->process > 0 && (waitpid(feed->process, &ended, 0) < 0 || ended != 0))
        status = error_set(error, ERROR_SYSTEM, "the producer's process failed (status %d)", ended);
    free(feed);
    *of = NULL;
    return status;
}
