#include "http/connections.h"

#include "views/base/cleanup.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    BUCKETS = 4096, // a power of two
    MS_BITS = 32,
    TURN_BITS = 4,
    ROOM_PART = 128, // of all are ended at once to make room
};

struct booked {
    _Atomic uint64_t state; // ms, turn, and above them a number that grows with each move
    uint64_t seen;          // the state at the last sweep
    int64_t since_ms;       // when a sweep saw it first
    uint64_t address;
    int fd;
    bool entered;
    bool begun;
    bool ending;
    struct booked *newer;
    struct booked *older;
    struct booked *next; // of the address' bucket
};

struct connections {
    struct connections_config config;
    pthread_mutex_t mutex; // of all that follows
    int count;
    struct booked *newest;
    struct booked *oldest;
    struct booked *buckets[BUCKETS];
    struct booked *booked; // by socket
};

int connections_new(struct connections **ret, const struct connections_config *config, struct error *error) {
    CLEANUP(connections_free) struct connections *connections = calloc(1, sizeof *connections);
    if (connections == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (void)pthread_mutex_init(&connections->mutex, NULL);
    connections->config = *config;
    connections->booked = calloc((size_t)config->files, sizeof *connections->booked);
    if (connections->booked == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *ret = connections;
    connections = NULL;
    return 0;
}

void connections_free(struct connections **connections) {
    struct connections *c = *connections;
    if (c == NULL)
        return;
    (void)pthread_mutex_destroy(&c->mutex);
    free(c->booked);
    free(c);
    *connections = NULL;
}

static uint64_t connections_state(uint64_t before, enum turn turn, uint32_t ms) {
    uint64_t number = (before >> (MS_BITS + TURN_BITS)) + 1;
    return number << (MS_BITS + TURN_BITS) | (uint64_t)turn << MS_BITS | ms;
}

void booked_turn_to(struct booked *booked, enum turn turn, uint32_t ms) {
    uint64_t before = atomic_load_explicit(&booked->state, memory_order_relaxed);
    atomic_store_explicit(&booked->state, connections_state(before, turn, ms), memory_order_relaxed);
}

static enum turn connections_turn(uint64_t state) {
    return (enum turn)(state >> MS_BITS & ((1 << TURN_BITS) - 1));
}

static struct booked **connections_bucket(struct connections *connections, uint64_t address) {
    return &connections->buckets[(address ^ address >> 12 ^ address >> 24 ^ address >> 40) % BUCKETS];
}

static int connections_of_address(struct connections *connections, uint64_t address) {
    int count = 0;
    for (const struct booked *b = *connections_bucket(connections, address); b != NULL; b = b->next)
        count += b->address == address;
    return count;
}

static void connections_link(struct connections *connections, struct booked *booked) {
    booked->older = connections->newest;
    if (connections->newest != NULL)
        connections->newest->newer = booked;
    else
        connections->oldest = booked;
    connections->newest = booked;
    connections->count++;
    if (booked->address == 0)
        return;
    struct booked **bucket = connections_bucket(connections, booked->address);
    booked->next = *bucket;
    *bucket = booked;
}

static void connections_unlink(struct connections *connections, struct booked *booked) {
    if (booked->newer != NULL)
        booked->newer->older = booked->older;
    else
        connections->newest = booked->older;
    if (booked->older != NULL)
        booked->older->newer = booked->newer;
    else
        connections->oldest = booked->newer;
    connections->count--;
    booked->entered = false;
    if (booked->address == 0)
        return;
    struct booked **at = connections_bucket(connections, booked->address);
    while (*at != booked)
        at = &(*at)->next;
    *at = booked->next;
}

static void connections_lock(struct connections *connections) {
    (void)pthread_mutex_lock(&connections->mutex);
}

static void connections_unlock(struct connections *connections) {
    (void)pthread_mutex_unlock(&connections->mutex);
}

// The lock is held. One that was entered and never begun or left, since there was no memory for it, is gone by now: its
// socket's number is another's.
static void connections_forget(struct connections *connections, struct booked *booked) {
    if (booked->entered)
        connections_unlink(connections, booked);
}

static bool connections_has_room(struct connections *connections, int fd, uint64_t address,
                                 enum refusal *ret_why) {
    const struct connections_config *config = &connections->config;
    *ret_why = REFUSAL_CONNECTIONS;
    if (fd < 0 || fd >= config->files || connections->count >= config->most)
        return false;
    *ret_why = REFUSAL_ADDRESS;
    return address == 0 || config->most_of_address == 0 ||
           connections_of_address(connections, address) < config->most_of_address;
}

bool connections_enter(struct connections *connections, int fd, uint64_t address, int64_t now_ms,
                       enum refusal *ret_why) {
    connections_lock(connections);
    if (fd >= 0 && fd < connections->config.files)
        connections_forget(connections, &connections->booked[fd]);
    bool room = connections_has_room(connections, fd, address, ret_why);
    if (room) {
        struct booked *booked = &connections->booked[fd];
        *booked = (struct booked){.since_ms = now_ms, .address = address, .fd = fd, .entered = true};
        booked_turn_to(booked, TURN_HEADERS, (uint32_t)connections->config.headers_ms);
        booked->seen = atomic_load_explicit(&booked->state, memory_order_relaxed);
        connections_link(connections, booked);
    }
    connections_unlock(connections);
    return room;
}

struct booked *connections_begin(struct connections *connections, int fd) {
    struct booked *booked = &connections->booked[fd];
    connections_lock(connections);
    booked->begun = true;
    connections_unlock(connections);
    return booked;
}

void connections_leave(struct connections *connections, int fd) {
    connections_lock(connections);
    if (fd >= 0 && fd < connections->config.files)
        connections_forget(connections, &connections->booked[fd]);
    connections_unlock(connections);
}

int connections_count(struct connections *connections) {
    connections_lock(connections);
    int count = connections->count;
    connections_unlock(connections);
    return count;
}

// What the sweep sees of it now; its time begins when it has moved.
static uint64_t connections_look_at(struct booked *booked, int64_t now_ms) {
    uint64_t state = atomic_load_explicit(&booked->state, memory_order_relaxed);
    if (state != booked->seen) {
        booked->seen = state;
        booked->since_ms = now_ms;
    }
    return state;
}

static void connections_end(struct connections *connections, struct booked *booked, enum refusal why,
                            int64_t now_ms) {
    booked->ending = connections->config.end(connections->config.self, booked->fd, why);
    if (!booked->ending)
        booked->since_ms = now_ms;
}

static struct booked *connections_longest_waiting(struct connections *connections, int64_t now_ms) {
    struct booked *longest = NULL;
    for (struct booked *b = connections->oldest; b != NULL; b = b->newer) {
        enum turn turn = connections_turn(connections_look_at(b, now_ms));
        if (b->begun && !b->ending && (turn == TURN_HEADERS || turn == TURN_IDLE) &&
            (longest == NULL || b->since_ms < longest->since_ms))
            longest = b;
    }
    return longest;
}

bool connections_make_room(struct connections *connections, int64_t now_ms, bool *ret_any) {
    connections_lock(connections);
    int most = connections->config.most;
    bool room = connections->count < most;
    int ending = 0;
    for (const struct booked *b = connections->oldest; b != NULL && !room; b = b->newer)
        ending += b->ending || !b->begun; // who has not begun will be a candidate soon
    for (int i = ending; i <= most / ROOM_PART && !room; i++) {
        struct booked *longest = connections_longest_waiting(connections, now_ms);
        if (longest == NULL)
            break;
        connections_end(connections, longest, REFUSAL_MADE_ROOM, now_ms);
        ending++;
    }
    *ret_any = ending > 0;
    connections_unlock(connections);
    return room;
}

static enum refusal connections_reason(enum turn turn) {
    static const enum refusal reasons[] = {[TURN_HEADERS] = REFUSAL_HEADERS_LATE,
                                           [TURN_IDLE] = REFUSAL_COUNT,
                                           [TURN_BODY] = REFUSAL_BODY_LATE,
                                           [TURN_SERVER] = REFUSAL_COUNT,
                                           [TURN_READS] = REFUSAL_NOT_READ};
    return reasons[turn];
}

void connections_sweep(struct connections *connections, int64_t now_ms) {
    connections_lock(connections);
    for (struct booked *b = connections->oldest; b != NULL; b = b->newer) {
        uint64_t state = connections_look_at(b, now_ms);
        int64_t may = (int64_t)(state & UINT32_MAX);
        if (b->begun && !b->ending && may > 0 && now_ms - b->since_ms >= may)
            connections_end(connections, b, connections_reason(connections_turn(state)), now_ms);
    }
    connections_unlock(connections);
}
