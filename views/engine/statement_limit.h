// How long views' statements may run in the connection that writes. One that runs longer is its view's fault (ERROR_VIEW, or
// ERROR_STORE for a schema or a trigger). When the process is to stop (views/base/stop_request.h) none of a start runs on,
// and none of a commit for more than 2 s: ERROR_RETRY.
#ifndef TIDEMARK_STATEMENT_LIMIT_H
#define TIDEMARK_STATEMENT_LIMIT_H

#include <stdint.h>

enum {
    STATEMENT_COMMIT_MS = 60000, // within a commit, unless set
    STATEMENT_START_FACTOR =
        60, // a schema, or a view that is filled at a start, may run so many times as long
};

struct statement_limit {
    int64_t commit_ms; // 0 = STATEMENT_COMMIT_MS
    // A statement has been running for `ms`; on its thread, again each second. NULL = nobody is told.
    void (*slow)(void *self, const char *what, int64_t ms);
    void *self;
};

// For all stores of the process; once, before the first is opened. `limit` is copied.
void statement_limit_set(const struct statement_limit *limit);

#endif
