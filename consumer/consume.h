// `tidemark run` and `demo`: the consumer loop. Reads every partition of the prefix's topics from where the
// file stands, applies, commits, tells its progress, and goes on through broker outages. Runs on the thread
// that calls it.
#ifndef TIDEMARK_CONSUME_H
#define TIDEMARK_CONSUME_H

#include "consumer/apply/apply.h"
#include "consumer/broker/kafka.h"
#include "consumer/consume/unnoted.h"

enum {
    CONSUME_WAIT_MS = 100, // longest wait for messages: stop and clocks are looked at so often
    CONSUME_STILL_MS =
        BOUND(1000, 50), // where nothing has come for so long, partitions are looked at so often
    CONSUME_REQUESTS_MS = BOUND(50, 5), // what a person asks of messages in quarantine is looked for so often
    CONSUME_GATHER_MESSAGES_PER_MS =
        1000, // a commit waits this long, in ms, for each so many messages of lag
    CONSUME_GROUP_COMMIT_MS = BOUND(5000, 100),
};

struct consume_config {
    const char *db; // the store's file
    const char *brokers;
    const struct kafka_property *properties;
    int property_count;
    struct apply_config apply; // its source is set here
    int64_t silent_after_ms;   // without a heartbeat for so long, once there were some
    // A capture's heartbeats are old: then what counts is when they came, not what they say.
    bool heartbeats_by_arrival;
    // How many messages a partition is to be filled with: its end before these says nothing. `self` is `broker`. NULL = none.
    int64_t (*captured)(void *self, const char *topic, int32_t partition);
    void *broker;
    bool
        disable_views; // a view whose statement fails ends the loop (CONSUME_VIEW_FAILED) and does not halt it
    // Why the file could not be written before this run, NULL = it could: the state stays degraded until something was.
    const char *degraded;
    bool verify_topics;     // see apply_verify_first; the demo's broker is fed anew at each start
    struct unnoted unnoted; // of the run before
    bool progress_line;
    // The file that is served while this one is built anew beside it: no partition is read beyond what that one has
    // committed (consume/leader.h). NULL = it reads by itself.
    struct progress *leader;
    // Set when it halts since the log does not hold any more what is to be read next. NULL = nobody asks.
    _Atomic bool *passed;
    // Asked in each round: whether nothing is to be written for a while, since another builds something in the file. The
    // second time, with `quiet`: nothing is open or being written, and it stays so until the answer is false. What goes on
    // meanwhile is what tells of the lag. NULL = never.
    bool (*rest)(void *self, bool quiet);
    // Asked before each wait; true ends the loop.
    bool (*stop)(void *self);
    void *self;
};

// Where few of many partitions are still far behind it begins anew by itself, with a client that holds more of each.
// Returns 0 when stopped. What cannot go on (an offset out of range, a view that refuses a row) halts: the state
// says why, what was not committed is rolled back, and the loop waits to be stopped, so that answers go on;
// then it returns CONSUME_HALTED. What passes by itself (ERROR_RETRY, ERROR_BUSY: a full disk, a locked file)
// returns CONSUME_DEGRADED with the error at once: the store is of no use then, and a new one goes on where the
// file stands. CONSUME_VIEW_FAILED, with an error about the view: of kind ERROR_VIEW the next run is to apply singly, to
// name the row; of ERROR_HALT it is named, and the view is to be disabled; of ERROR_REFUSED the next run is not to go back
// (apply_config.h). -1: what keeps it from starting, or the last
// commit fails.
// What the next run needs to know of this one is in `config` by then.
enum { CONSUME_HALTED = 1, CONSUME_DEGRADED = 2, CONSUME_VIEW_FAILED = 3 };
int consume_run(struct consume_config *config, struct error *error);

#endif
