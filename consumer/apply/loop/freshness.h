// How fresh each table is: the newest source time among its applied events, told to progress once their commit
// is finished. One thread, the apply loop's.
#ifndef TIDEMARK_LOOP_FRESHNESS_H
#define TIDEMARK_LOOP_FRESHNESS_H

#include "views/engine/progress.h"

struct freshness {
    int64_t *newest;   // by the table's number: of all that was applied, 0 = nothing was
    int64_t *handed;   // of the commit that was handed over
    int64_t *reported; // what progress knows
    int count;
};

int freshness_init(struct freshness *freshness, int tables, struct error *error);
void freshness_free(struct freshness *freshness);
static inline void freshness_note(struct freshness *freshness, int table, int64_t ts_ms) {
    if (freshness->newest[table] < ts_ms)
        freshness->newest[table] = ts_ms;
}
// What was noted so far is part of the commit that is handed over now.
void freshness_hand_over(struct freshness *freshness);
// That commit is finished.
void freshness_publish(struct freshness *freshness, struct progress *progress);

#endif
