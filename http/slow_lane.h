// The slow lane: a server's threads give a query a moment only, so that one who asks for much does not hold
// up all the others on the same thread; what takes longer is asked again here, by few threads with readers of
// their own and the full deadline. Knows no sockets.
#ifndef TIDEMARK_HTTP_SLOW_LANE_H
#define TIDEMARK_HTTP_SLOW_LANE_H

#include "http/routes.h"

struct slow_lane;

enum {
    SLOW_LANE_THREADS = 2,
    SLOW_LANE_QUEUE_MAX = 64, // jobs that wait for a thread; more are refused
};

// Memory of the job's owner, the lane's from slow_lane_add until `run` has returned.
struct slow_lane_job {
    void (*run)(struct slow_lane_job *job, struct worker *worker); // on a thread of the lane
    struct slow_lane_job *next;
};

// `deadline_ms`: of what runs here, instead of READ_DEADLINE_MS; 0 = that.
int slow_lane_new(struct slow_lane **ret, struct routes *routes, int deadline_ms, struct error *error);
void slow_lane_free(struct slow_lane **slow);

// Calls `suspend` and takes the job; false, and neither, when too many wait or slow_lane_stop was called. Any
// thread.
bool slow_lane_add(struct slow_lane *slow, struct slow_lane_job *job,
                   void (*suspend)(struct slow_lane_job *job));
// Interrupts what runs, runs what waits (interrupted too, so it ends at once), and ends the threads.
void slow_lane_stop(struct slow_lane *slow);

#endif
