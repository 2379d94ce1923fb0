// Many followers of one question, in a process of their own: one epoll loop that notes for each version of the file
// when the last of them had it. What the two processes share is the struct.
#ifndef TIDEMARK_BENCH_CROWD_H
#define TIDEMARK_BENCH_CROWD_H

#include "views/base/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

enum { CROWD_FOLLOWERS_MAX = 2048, CROWD_VERSIONS_MAX = 1 << 17 };

struct crowd {
    // What is followed, by how many; set before crowd_start.
    int port;
    int followers;
    char path[128];
    pid_t pid;
    int begin_fd;                        // a byte lets them connect, closing it ends them
    _Atomic int following;               // that have had an event
    _Atomic bool failed;                 // why is on stderr
    int64_t first_version;               // the number of done_ns[0]; set before they connect
    _Atomic int64_t done;                // all of them have this version, or a newer one
    int64_t done_ns[CROWD_VERSIONS_MAX]; // CLOCK_MONOTONIC
    _Atomic int64_t events;              // that one of them was sent, the sum
    _Atomic int64_t bytes;
    _Atomic int64_t resets;
    _Atomic int64_t reads;
};

// Shared memory, zero; munmap is the process's end. NULL = none.
struct crowd *crowd_new(void);
// Forks: before there are threads.
int crowd_start(struct crowd *crowd, struct error *error);
int crowd_connect(struct crowd *crowd, struct error *error);
// Ends them. cpu_us: user and system time of all of it.
void crowd_stop(struct crowd *crowd, int64_t *ret_cpu_us);

int64_t crowd_now_ns(void);

#endif
