#define _GNU_SOURCE // memmem
#include "tests/bench/crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS_AT_ONCE = 256,
    RECEIVE_SIZE = 256 << 10,
    TEXT_SIZE = 64 << 10, // the headers, or an event
    LINE_MAX = 32,        // of a chunk's size
};

struct follower {
    int fd;
    bool in_body;
    size_t chunk; // bytes of it that are to come
    char line[LINE_MAX];
    size_t line_size;
    char *text; // of TEXT_SIZE
    size_t size;
    int64_t version; // -1 = no event yet
};

struct loop {
    struct crowd *crowd;
    struct follower followers[CROWD_FOLLOWERS_MAX];
    int at[CROWD_VERSIONS_MAX]; // how many have this version as their newest
    char *received;
};

int64_t crowd_now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct crowd *crowd_new(void) {
    void *memory =
        mmap(NULL, sizeof(struct crowd), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory != MAP_FAILED ? memory : NULL;
}

// --- the followers' process

static int loop_fail(const char *what) {
    (void)fprintf(stderr, "crowd: %s: %s\n", what, errno != 0 ? strerror(errno) : "");
    return -1;
}

// The last one to leave a version behind makes the next one everybody's.
static int loop_advance(struct loop *loop, struct follower *follower, int64_t version) {
    struct crowd *crowd = loop->crowd;
    int64_t number = version - crowd->first_version;
    if (number < 0 || number >= CROWD_VERSIONS_MAX)
        return loop_fail("a version that is not awaited");
    if (follower->version < 0)
        (void)atomic_fetch_add(&crowd->following, 1);
    else
        loop->at[follower->version - crowd->first_version]--;
    follower->version = version;
    loop->at[number]++;
    if (atomic_load(&crowd->following) < crowd->followers)
        return 0;
    int64_t done = atomic_load(&crowd->done) - crowd->first_version;
    int64_t now = crowd_now_ns();
    while (done + 1 < CROWD_VERSIONS_MAX && loop->at[done] == 0)
        crowd->done_ns[++done] = now;
    atomic_store(&crowd->done, done + crowd->first_version);
    return 0;
}

// `id: LSN-VERSION-..`
static int loop_take_event(struct loop *loop, struct follower *follower, const char *text, size_t size) {
    static const char id[] = "\nid: ";
    static const char reset[] = "event: reset\n";
    const char *found = memmem(text, size, id, sizeof id - 1);
    const char *dash = found != NULL ? memchr(found, '-', size - (size_t)(found - text)) : NULL;
    if (dash == NULL)
        return loop_fail("an event without a version");
    if (size >= sizeof reset && memcmp(text, reset, sizeof reset - 1) == 0)
        (void)atomic_fetch_add(&loop->crowd->resets, 1);
    (void)atomic_fetch_add(&loop->crowd->events, 1);
    return loop_advance(loop, follower, strtoll(dash + 1, NULL, 10));
}

static int loop_take_text(struct loop *loop, struct follower *follower, const char *data, size_t size) {
    if (follower->size + size >= TEXT_SIZE)
        return loop_fail("an event is too long");
    memcpy(follower->text + follower->size, data, size);
    follower->size += size;
    const char *text = follower->text;
    const char *end = text + follower->size;
    const char *stop;
    int status = 0;
    while (status == 0 && (stop = memmem(text, (size_t)(end - text), "\n\n", 2)) != NULL) {
        status = loop_take_event(loop, follower, text, (size_t)(stop - text));
        text = stop + 2;
    }
    follower->size = (size_t)(end - text);
    memmove(follower->text, text, follower->size);
    return status;
}

// Returns how many bytes of the headers came, all of them where they do not end yet.
static size_t loop_take_headers(struct follower *follower, const char *data, size_t size) {
    size_t had = follower->size;
    size_t part = size < TEXT_SIZE - 1 - had ? size : TEXT_SIZE - 1 - had;
    memcpy(follower->text + had, data, part);
    follower->text[had + part] = '\0';
    const char *end = strstr(follower->text, "\r\n\r\n");
    follower->size += part;
    if (end == NULL)
        return size;
    follower->in_body = true;
    follower->size = 0;
    return (size_t)(end + 4 - follower->text) - had;
}

// A line of the chunks' framing: a size, or the empty one behind a chunk.
static size_t loop_take_line(struct follower *follower, const char *data, size_t size) {
    const char *end = memchr(data, '\n', size);
    size_t part = end != NULL ? (size_t)(end + 1 - data) : size;
    if (follower->line_size + part < LINE_MAX) {
        memcpy(follower->line + follower->line_size, data, part);
        follower->line_size += part;
        follower->line[follower->line_size] = '\0';
    }
    if (end != NULL) {
        follower->chunk = strtoul(follower->line, NULL, 16);
        follower->line_size = 0;
    }
    return part;
}

static int loop_take(struct loop *loop, struct follower *follower, const char *data, size_t size) {
    int status = 0;
    while (size > 0 && status == 0) {
        size_t part;
        if (!follower->in_body) {
            part = loop_take_headers(follower, data, size);
            if (follower->size >= 12 && memcmp(follower->text + 9, "200", 3) != 0)
                return loop_fail(follower->text);
        } else if (follower->chunk == 0) {
            part = loop_take_line(follower, data, size);
        } else {
            part = follower->chunk < size ? follower->chunk : size;
            status = loop_take_text(loop, follower, data, part);
            follower->chunk -= part;
        }
        data += part;
        size -= part;
    }
    return status;
}

static int loop_read(struct loop *loop, struct follower *follower) {
    errno = 0;
    ssize_t count = recv(follower->fd, loop->received, RECEIVE_SIZE, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN)
        return 0;
    if (count <= 0)
        return loop_fail("the server closed a connection");
    (void)atomic_fetch_add(&loop->crowd->reads, 1);
    (void)atomic_fetch_add(&loop->crowd->bytes, count);
    return loop_take(loop, follower, loop->received, (size_t)count);
}

static int loop_connect(struct loop *loop, int epoll) {
    const struct crowd *crowd = loop->crowd;
    char request[256];
    int size =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n", crowd->path);
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)crowd->port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < crowd->followers; i++) {
        struct follower *follower = &loop->followers[i];
        *follower = (struct follower){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .version = -1};
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = follower};
        follower->text = malloc(TEXT_SIZE);
        if (follower->text == NULL || follower->fd < 0 ||
            connect(follower->fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
            send(follower->fd, request, (size_t)size, MSG_NOSIGNAL) != size ||
            epoll_ctl(epoll, EPOLL_CTL_ADD, follower->fd, &event) != 0)
            return loop_fail("cannot follow");
    }
    return 0;
}

// Until begin_fd is closed.
static int loop_run(struct loop *loop, int begin_fd) {
    struct epoll_event events[EVENTS_AT_ONCE];
    struct epoll_event begin = {.events = EPOLLIN, .data.ptr = NULL};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->received = malloc(RECEIVE_SIZE);
    char byte;
    if (epoll < 0 || loop->received == NULL || read(begin_fd, &byte, 1) != 1 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, begin_fd, &begin) != 0 || loop_connect(loop, epoll) != 0)
        return -1;
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS_AT_ONCE, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL)
                return 0;
            if (loop_read(loop, events[i].data.ptr) != 0)
                return -1;
        }
    }
}

// --- the other process

int crowd_start(struct crowd *crowd, struct error *error) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0 || (crowd->pid = fork()) < 0)
        return error_set(error, ERROR_SYSTEM, "no process for the followers: %s", strerror(errno));
    if (crowd->pid == 0) {
        (void)close(ends[1]);
        struct loop *loop = calloc(1, sizeof *loop);
        if (loop != NULL)
            loop->crowd = crowd;
        bool failed = loop == NULL || loop_run(loop, ends[0]) != 0;
        atomic_store(&crowd->failed, failed);
        _exit(failed);
    }
    (void)close(ends[0]);
    crowd->begin_fd = ends[1];
    return 0;
}

int crowd_connect(struct crowd *crowd, struct error *error) {
    atomic_store(&crowd->done, crowd->first_version);
    if (write(crowd->begin_fd, "1", 1) != 1)
        return error_set(error, ERROR_SYSTEM, "the followers have ended");
    return 0;
}

void crowd_stop(struct crowd *crowd, int64_t *ret_cpu_us) {
    struct rusage usage = {0};
    (void)close(crowd->begin_fd);
    (void)wait4(crowd->pid, NULL, 0, &usage);
    *ret_cpu_us = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                  usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}
