// What the consumer says of itself, from what it knows: state and reason. Pure; any thread.
#ifndef TIDEMARK_CONSUME_STATE_H
#define TIDEMARK_CONSUME_STATE_H

#include "views/engine/progress.h"

enum {
    STATE_LIVE_MS = 2000,        // caught up at least once in this time is live
    STATE_SLOW_COMMIT_MS = 2000, // a commit that takes longer is told of
};

struct state_facts {
    int64_t now_ms; // monotonic, as caught_up_ms and waiting_since_ms
    bool connected;
    const char *broker_error; // why not, "" = not known
    const char *prefix;
    bool any_partition;       // something is read, or about to be
    const char *unanswered;   // partitions of which no broker answers a fetch, in words, NULL or "" = none
    bool all_unanswered;      // it is all that are read
    const char *silence;      // which of them has not been answered for a moment, NULL or "" = none
    const char *trouble;      // why not all can be read (discovery_trouble), NULL = nothing
    bool none_read;           // and none ever was by this process
    int64_t caught_up_ms;     // the last time that all was read and applied, 0 = never
    int64_t waiting_since_ms; // delivered rows wait for others since then, 0 = none do
    const char *waits_for;    // what they wait for (apply_describe_wait)
    bool building;            // changed views: nothing is applied meanwhile
    bool slow_commit;         // one has been being written for STATE_SLOW_COMMIT_MS or longer
    int64_t heartbeat_age_ms; // of the connector's newest heartbeat, -1 = none is known
    int64_t silent_after_ms;
    int64_t source_age_ms; // since the newest applied change was committed at the source, -1 = none is known
    const char *missing;   // declared tables without a topic, by name, NULL = none
    const char
        *others; // whose topics there are where none is of the prefix (discovery_others), "" = not known
    const char *denied; // topics that may not be seen (discovery_denied), NULL = none is known
};

struct state_report {
    enum progress_state state;
    char reason[PROGRESS_REASON_SIZE]; // "" when there is nothing to say
};

bool state_is_current(const struct state_facts *facts);
void state_of(const struct state_facts *facts, struct state_report *ret);

#endif
