// The slow lane: a server's threads give a query a moment only, so that one who asks for much does not hold
// up all the others on the same thread; what takes longer is asked again here, by few threads with readers of
// their own and the full deadline. Knows no sockets.
#ifndef TIDEMARK_SLOW_H
#define TIDEMARK_SLOW_H

#include "http/routes.h"

struct slow;

enum {
    SLOW_THREADS = 2,
    SLOW_QUEUE_MAX = 64, // jobs that wait for a thread; more are refused
};

// Memory of the job's owner, the lane's from slow_add until `run` has returned.
struct slow_job {
    void (*run)(struct slow_job *job, struct worker *worker); // on a thread of the lane
    struct slow_job *next;
};

int slow_new(struct slow **ret, struct routes *routes, struct error *error);
void slow_free(struct slow **slow);

// Calls `suspend` and takes the job; false, and neither, when too many wait or slow_stop was called. Any
// thread.
bool slow_add(struct slow *slow, struct slow_job *job, void (*suspend)(struct slow_job *job));
// Interrupts what runs, runs what waits (interrupted too, so it ends at once), and ends the threads.
void slow_stop(struct slow *slow);

#endif
