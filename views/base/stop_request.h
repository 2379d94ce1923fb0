// Whether the process was asked to stop and has not fetched the signal yet: for work that may last. A process whose signals
// are not blocked is ended by them and never asks. Any thread.
#ifndef TIDEMARK_BASE_STOP_REQUEST_H
#define TIDEMARK_BASE_STOP_REQUEST_H

#include <signal.h>
#include <stdbool.h>

// The signals that stop; whoever fetches them blocks these.
static inline void stop_request_add(sigset_t *set) {
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGQUIT);
}

static inline bool stop_request_is_pending(void) {
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1 ||
            sigismember(&pending, SIGQUIT) == 1);
}

#endif
