// Requests put aside until a position is reached: no thread and no snapshot each. One thread of its own
// looks, after each commit, which of them are due, and resumes them; between commits it sleeps. Knows no
// sockets.
#ifndef TIDEMARK_HTTP_WAITERS_H
#define TIDEMARK_HTTP_WAITERS_H

#include "http/wait.h"
#include "views/engine/progress.h"

struct waiters;

// One request that waits: memory of the request's owner, the waiters' from waiters_add until `resume` is
// called with it.
struct waiter {
    struct wait wait;
    bool expired; // set before resume: the time was over, or the waiters stop
    int64_t deadline_ms;
    struct waiter *next;
};

// Opens a reader of its own. `resume` is called on the waiters' thread, or in waiters_stop: it must not call
// back.
int waiters_new(struct waiters **ret, const char *db, const struct catalog *catalog,
                struct progress *progress, void (*resume)(struct waiter *waiter), struct error *error);
void waiters_free(struct waiters **waiters);

// Calls `suspend` and takes the waiter; false, and neither, once waiters_stop was called. Any thread.
bool waiters_add(struct waiters *waiters, struct waiter *waiter, void (*suspend)(struct waiter *waiter));
// Resumes all, expired, and takes no more.
void waiters_stop(struct waiters *waiters);

#endif
