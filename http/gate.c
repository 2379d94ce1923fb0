#define _GNU_SOURCE // accept4
#include "http/gate.h"

#include "http/address.h"
#include "http/alarm.h"
#include "http/spoken.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    SWEEP_MS = 1000,
    ROOM_MS = 100, // between two looks for room
    ACCEPTED_AT_ONCE = 64,
    FILES_MAX = 1 << 20,
    LEAVING_MAX = 64, // refused connections that are still to read why
};

struct leaving {
    int fd;
    int64_t since_ms;
};

struct gate {
    struct gate_config config;
    struct connections *connections;
    char spoken[REFUSAL_COUNT][SPOKEN_SIZE]; // whole answers, "" = nothing is said
    struct leaving leaving[LEAVING_MAX];
    int leaving_first;
    int leaving_count;
    struct alarm alarm;      // room, the end
    _Atomic bool wants_room; // somebody waits for it
    _Atomic bool ended;      // stops the thread
    pthread_t thread;
    bool running;
};

// --- what is said without the library

static void gate_make_answer(struct gate *gate, enum refusal why) {
    struct refusals uncounted = {0};
    CLEANUP(response_free) struct response response = {0};
    refusal_answer(&uncounted, why, &response);
    spoken_write(gate->spoken[why], &response);
}

// The library sees that its socket has ended. Between two requests, and within one, it writes nothing itself.
static bool gate_end(void *self, int fd, enum refusal why) {
    struct gate *gate = self;
    int unread = 0;
    if ((why == REFUSAL_HEADERS_LATE || why == REFUSAL_BODY_LATE) && ioctl(fd, FIONREAD, &unread) == 0 &&
        unread > 0)
        return false; // what it sent has not been looked at
    if (why != REFUSAL_COUNT)
        refusal_count(gate->config.refusals, why);
    if (why == REFUSAL_HEADERS_LATE || why == REFUSAL_BODY_LATE)
        spoken_send(fd, gate->spoken[why]);
    (void)shutdown(fd, SHUT_RDWR);
    return true;
}

static void gate_close_leaving(struct gate *gate) {
    (void)close(gate->leaving[gate->leaving_first].fd);
    gate->leaving_first = (gate->leaving_first + 1) % LEAVING_MAX;
    gate->leaving_count--;
}

// A socket that is closed with bytes unread takes away what was said, so it is closed a while later.
static void gate_refuse(struct gate *gate, int fd, enum refusal why, int64_t now_ms) {
    refusal_count(gate->config.refusals, why);
    spoken_send(fd, gate->spoken[why]);
    (void)shutdown(fd, SHUT_WR);
    if (gate->leaving_count == LEAVING_MAX)
        gate_close_leaving(gate);
    gate->leaving[(gate->leaving_first + gate->leaving_count++) % LEAVING_MAX] = (struct leaving){fd, now_ms};
}

// --- the thread

static void gate_let_in(struct gate *gate, int fd, const struct sockaddr_storage *from, socklen_t size,
                        int64_t now_ms) {
    const struct sockaddr *address = (const struct sockaddr *)(const void *)from;
    enum refusal why;
    if (!connections_enter(gate->connections, fd, address_key(address), now_ms, &why))
        gate_refuse(gate, fd, why, now_ms);
    else if (!gate->config.take(gate->config.self, fd, address, size))
        connections_leave(gate->connections, fd);
}

static bool gate_is_out_of_files(int cause) {
    return cause == EMFILE || cause == ENFILE || cause == ENOBUFS || cause == ENOMEM;
}

// Whether it is worth looking again at once.
static bool gate_accept(struct gate *gate, int64_t now_ms) {
    for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
        bool any = false;
        // Where all are being answered, the next one is told so.
        if (!connections_make_room(gate->connections, now_ms, &any) && any)
            return false;
        struct sockaddr_storage from = {0};
        socklen_t size = sizeof from;
        int fd = accept4(gate->config.listener, (struct sockaddr *)(void *)&from, &size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EBADF || errno == EINVAL))
            return true;
        if (fd < 0 && gate_is_out_of_files(errno))
            return false;
        if (fd >= 0)
            gate_let_in(gate, fd, &from, size, now_ms);
    }
    return true;
}

static void gate_tidy(struct gate *gate, int64_t now_ms) {
    connections_sweep(gate->connections, now_ms);
    gate->config.tidy(gate->config.self);
    while (gate->leaving_count > 0 && now_ms - gate->leaving[gate->leaving_first].since_ms >= SWEEP_MS)
        gate_close_leaving(gate);
}

static int gate_sleep_ms(struct gate *gate, bool accepts, int64_t swept_ms) {
    if (!accepts)
        return ROOM_MS;
    if (gate->leaving_count == 0 && connections_count(gate->connections) == 0)
        return -1;
    int64_t left = swept_ms + SWEEP_MS - clock_monotonic_ms();
    return left > 0 ? (int)left : 0;
}

static void *gate_run(void *self) {
    struct gate *gate = self;
    int64_t swept_ms = clock_monotonic_ms();
    bool accepts = true;
    while (!atomic_load(&gate->ended)) {
        struct pollfd events[2] = {{.fd = gate->alarm.event, .events = POLLIN},
                                   {.fd = accepts ? gate->config.listener : -1, .events = POLLIN}};
        (void)poll(events, 2, gate_sleep_ms(gate, accepts, swept_ms));
        if (events[0].revents != 0)
            (void)alarm_wait(&gate->alarm, 0);
        int64_t now_ms = clock_monotonic_ms();
        if (now_ms - swept_ms >= SWEEP_MS) {
            gate_tidy(gate, now_ms);
            swept_ms = now_ms;
        }
        if (atomic_load(&gate->ended))
            break;
        accepts = gate_accept(gate, now_ms);
        atomic_store(&gate->wants_room, !accepts);
    }
    return NULL;
}

// --- the server's

int gate_new(struct gate **ret, const struct gate_config *config, struct error *error) {
    CLEANUP(gate_free) struct gate *gate = calloc(1, sizeof *gate);
    if (gate == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    gate->alarm.event = -1;
    gate->config = *config;
    static const enum refusal spoken[] = {REFUSAL_CONNECTIONS, REFUSAL_ADDRESS, REFUSAL_HEADERS_LATE,
                                          REFUSAL_BODY_LATE};
    for (size_t i = 0; i < sizeof spoken / sizeof *spoken && !config->encrypted; i++)
        gate_make_answer(gate, spoken[i]);
    struct rlimit files = {0};
    (void)getrlimit(RLIMIT_NOFILE, &files);
    const struct connections_config connections = {
        .most = config->most,
        .most_of_address = config->most_of_address,
        .files = files.rlim_cur < FILES_MAX ? (int)files.rlim_cur : FILES_MAX,
        .headers_ms = config->headers_ms,
        .end = gate_end,
        .self = gate,
    };
    if (connections_new(&gate->connections, &connections, error) != 0)
        return -1;
    if (!alarm_open(&gate->alarm))
        return error_set(error, ERROR_SYSTEM, "cannot make an eventfd");
    *ret = gate;
    gate = NULL;
    return 0;
}

int gate_open(struct gate *gate, struct error *error) {
    if (pthread_create(&gate->thread, NULL, gate_run, gate) != 0)
        return error_set(error, ERROR_SYSTEM, "cannot start the thread that accepts connections");
    gate->running = true;
    return 0;
}

void gate_close(struct gate *gate) {
    if (!gate->running)
        return;
    atomic_store(&gate->ended, true);
    alarm_ring(&gate->alarm);
    (void)pthread_join(gate->thread, NULL);
    gate->running = false;
}

void gate_free(struct gate **gate) {
    struct gate *g = *gate;
    if (g == NULL)
        return;
    gate_close(g);
    while (g->leaving_count > 0)
        gate_close_leaving(g);
    connections_free(&g->connections);
    alarm_close(&g->alarm);
    free(g);
    *gate = NULL;
}

struct booked *gate_begin(struct gate *gate, int fd) {
    return connections_begin(gate->connections, fd);
}

void gate_leave(struct gate *gate, int fd) {
    connections_leave(gate->connections, fd);
    if (atomic_load(&gate->wants_room))
        alarm_ring(&gate->alarm);
}

int gate_count(struct gate *gate) {
    return connections_count(gate->connections);
}
