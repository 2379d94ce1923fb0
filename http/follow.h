// The producer of what is followed: a thread of its own puts each followed question once after each commit, and tells
// how its rows changed. However many follow a question, it costs one evaluation and one event.
#ifndef TIDEMARK_HTTP_FOLLOW_H
#define TIDEMARK_HTTP_FOLLOW_H

#include "http/exchange.h"
#include "http/streams.h"

struct follow;

enum {
    FOLLOW_DEADLINE_MS = 1000,    // for one question
    FOLLOW_POSITION_MS = 1000,    // after so long without a change, a moved position is told
    FOLLOW_REPEAT_MS = 5000,      // most between two events
    FOLLOW_LOOK_MS = 250,         // between two looks at a file that another process writes
    FOLLOW_BYTES_MAX = 256 << 20, // of all results
    FOLLOW_KEPT_MAX = 256,        // questions that nobody follows any more
};

// `window_ms`: how long a question that nobody follows any more is kept, for those who come again.
int follow_new(struct follow **ret, struct routes *routes, struct streams *streams, int64_t window_ms,
               struct error *error);
// Ends the thread. NULL is fine.
void follow_free(struct follow **follow);

#endif
