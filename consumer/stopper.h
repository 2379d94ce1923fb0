// What ends the process, or makes it read its settings again: signals, the time of --for. The signals are blocked in every
// thread and fetched here, between two pieces of work, so that nothing is interrupted. The main thread's alone; made before
// any other thread is started.
//
// SIGINT, SIGTERM and SIGQUIT stop. SIGHUP calls `on_hangup`; when the terminal that the process was started from is gone,
// it stops as the others do. Where SIGHUP was ignored from the start (nohup) it stays so.
#ifndef TIDEMARK_STOPPER_H
#define TIDEMARK_STOPPER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct stopper {
    sigset_t signals;
    int64_t at_ms; // monotonic; 0 = only by a signal
    bool stopped;
    int signal;                    // that stopped it, 0 = none
    bool terminal;                 // the process had a controlling terminal at the start
    void (*on_hangup)(void *self); // NULL = SIGHUP does nothing
    void *self;
};

// `seconds` 0 = until a signal.
void stopper_init(struct stopper *stopper, double seconds);
// Waits at most so long for a signal. Once true, always true.
bool stopper_asked(struct stopper *stopper, int wait_ms);
// " by SIGTERM", " after the time of --for", or "".
const char *stopper_cause(const struct stopper *stopper);

#endif
