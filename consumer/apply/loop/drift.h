// Columns that events have and their table does not, but for those that a line leaves out: how often each was seen since it was reported. Events of
// one table have them in one order, so that the search begins after the column found last. One thread at a
// time.
#ifndef TIDEMARK_APPLY_LOOP_DRIFT_H
#define TIDEMARK_APPLY_LOOP_DRIFT_H

#include "views/base/span.h"
#include "views/engine/catalog.h"
#include "views/engine/progress.h"

#include <stdint.h>

enum {
    DRIFT_MAX = 1024,      // columns that are told apart; more are not counted
    DRIFT_NAME_SIZE = 255, // bytes; of a longer name its beginning (PostgreSQL's have 63)
};

struct drift {
    struct drift_column *columns;
    int count;
    int capacity;
    int next; // where the search begins
};

void drift_free(struct drift *drift);
// Seen `times` more. Copies the name when it is new; where memory is out the next event counts it.
void drift_count(struct drift *drift, const struct table *table, struct span column, int64_t times);
// Adds all of `from`, which is at 0 afterwards.
void drift_move(struct drift *drift, struct drift *from);
// Reports what was counted since the last time.
void drift_report(struct drift *drift, struct progress *progress);

#endif
