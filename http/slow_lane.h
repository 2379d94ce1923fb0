// The slow lane: a server's threads give a query a moment only, so that one who asks for much does not hold
// up all the others on the same thread; what takes longer is asked again here, by few threads with readers of
// their own and the full deadline. Knows no sockets.
//
// One view, or table, and one address never have the whole lane: a thread and half of the queue are left for others, and
// whoever was served last comes last. The deadline counts from the request's arrival, so no queue makes it longer; a job
// whose client has gone is ended, and one that waits is never begun.
#ifndef TIDEMARK_HTTP_SLOW_LANE_H
#define TIDEMARK_HTTP_SLOW_LANE_H

#include "http/routes.h"

struct slow_lane;

enum {
    SLOW_LANE_THREADS = 3,
    SLOW_LANE_SHARE = 2,       // threads that one view, or one address, may have
    SLOW_LANE_QUEUE_MAX = 64,  // jobs that wait for a thread; more are refused
    SLOW_LANE_QUEUE_SHARE = 32 // of one view, or one address
};

// Memory of the job's owner, the lane's from slow_lane_add until `end` is called.
struct slow_lane_job {
    void (*run)(struct slow_lane_job *job, struct worker *worker); // on a thread of the lane
    void (*drop)(struct slow_lane_job *job, enum refusal why);     // instead of `run`
    void (*end)(struct slow_lane_job *job);                        // after either; it must not call back
    bool (*is_gone)(
        const struct slow_lane_job *job); // whether nobody waits for it any more; with the lock held
    uint64_t subject;                     // the view or table that is asked
    uint64_t address;                     // who asks; 0 = nobody's (address.h)
    int64_t begun_us;                     // monotonic: the request's arrival
    bool ended;                           // the lane's: it was interrupted
    struct slow_lane_job *next;
};

// `deadline_ms`: of each job, from its request's arrival.
int slow_lane_new(struct slow_lane **ret, struct routes *routes, int deadline_ms, struct error *error);
void slow_lane_free(struct slow_lane **slow);

// Calls `suspend` and takes the job; false, and neither, when too many wait or slow_lane_stop was called: *ret_why is of
// use to a server that does not stop. Any thread.
bool slow_lane_add(struct slow_lane *slow, struct slow_lane_job *job,
                   void (*suspend)(struct slow_lane_job *job), enum refusal *ret_why);
// Drops the waiting jobs that are gone or too late at `now_us`, and ends the running ones that are gone. The lane does it by
// itself, several times a second while it has jobs.
void slow_lane_look(struct slow_lane *slow, int64_t now_us);
// Interrupts what runs, runs what waits (interrupted too, so it ends at once), and ends the threads.
void slow_lane_stop(struct slow_lane *slow);

#endif
