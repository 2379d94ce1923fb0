// How long the events of a source transaction that have not come are waited for. Pure but for its own memory;
// the consumer's thread.
#ifndef TIDEMARK_CONSUME_PATIENCE_H
#define TIDEMARK_CONSUME_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

// Events that heartbeats do not show to be overdue are waited for so many times as long.
enum { PATIENCE_TIMES = 6 };

struct patience {
    int64_t wait_ms;       // set by the owner
    int64_t brokerless_ms; // the last time that no broker answered
    int64_t under_way_ms;  // the last time that what is waited for was perhaps not delivered yet
};

struct patience_facts {
    int64_t now_ms; // monotonic
    bool connected;
    bool waiting;
    int64_t waiting_since_ms;
    bool under_way; // what is waited for may be in the log and not be delivered yet
    bool has_heartbeats;
    int64_t newest_heartbeat_ms; // source clock
    int64_t waits_for_ts_ms;     // source clock: the oldest that waits was committed then
};

// Call it in each round: it notes since when each reason to wait is gone. True when the wait is over.
bool patience_is_over(struct patience *patience, const struct patience_facts *facts);

#endif
