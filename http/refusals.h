// What is refused because there is too much of it: the answer to each, and its name in /metrics and /v1/status. Pure.
#ifndef TIDEMARK_HTTP_REFUSALS_H
#define TIDEMARK_HTTP_REFUSALS_H

#include "http/problem.h"

#include <stdatomic.h>

enum refusal {
    REFUSAL_ANSWER_BYTES, // the answers under way have as much memory as they may have
    REFUSAL_ANSWER_FILES, // long answers that wait for their readers fill as much of the disk
    REFUSAL_STREAMS,
    REFUSAL_SLOW_LANE,
    REFUSAL_SLOW_LANE_SHARE, // one view's, or one address's
    REFUSAL_WAITED_TOO_LONG, // for a thread of the slow lane
    REFUSAL_CLIENT_GONE,     // while its query ran or waited
    REFUSAL_BODY_TOO_LARGE,
    REFUSAL_HEADERS_TOO_MANY, // or too long
    REFUSAL_UNREADABLE,       // unreadable.h
    REFUSAL_CONNECTIONS,      // all are in use, and answered
    REFUSAL_ADDRESS,          // has as many as one may have
    REFUSAL_HEADERS_LATE,     // closed, as those that follow
    REFUSAL_BODY_LATE,
    REFUSAL_NOT_READ,  // the answer
    REFUSAL_MADE_ROOM, // it had no request and others wanted in
    REFUSAL_COUNT,
};

struct refusals {
    _Atomic uint64_t counts[REFUSAL_COUNT];
};

const char *refusal_name(enum refusal refusal);
static inline void refusal_count(struct refusals *refusals, enum refusal refusal) {
    (void)atomic_fetch_add_explicit(&refusals->counts[refusal], 1, memory_order_relaxed);
}
// Counts it and makes `ret` its problem.
void refusal_answer(struct refusals *refusals, enum refusal refusal, struct response *ret);

#endif
