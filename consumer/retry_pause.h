// How long to wait before a file that could not be written is tried again: longer each time, until something was written.
// Plain data, one thread.
#ifndef TIDEMARK_RETRY_PAUSE_H
#define TIDEMARK_RETRY_PAUSE_H

#include <stdint.h>

enum {
    RETRY_PAUSE_LEAST_MS = 500,
    RETRY_PAUSE_MOST_MS = 30000,
};

struct retry_pause {
    int next_ms;     // 0 = the least
    int64_t commits; // that had been written when it failed last
};

// The pause after a failure; `commits`: how many the process has written so far.
static inline int retry_pause_take(struct retry_pause *pause, int64_t commits) {
    int now = pause->next_ms == 0 || commits > pause->commits ? RETRY_PAUSE_LEAST_MS : pause->next_ms;
    pause->commits = commits;
    pause->next_ms = now * 2 < RETRY_PAUSE_MOST_MS ? now * 2 : RETRY_PAUSE_MOST_MS;
    return now;
}

#endif
