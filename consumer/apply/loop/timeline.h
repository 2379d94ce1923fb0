// The source's timelines. A failover or a restore from a backup starts LSNs again from a lower one, so LSNs
// of two timelines cannot be compared. Here each timeline but the first has a time from which it holds, and
// an LSN is made comparable by the number of its timeline in its high bits: everything else goes on comparing
// plain numbers. Pure.
#ifndef TIDEMARK_APPLY_LOOP_TIMELINE_H
#define TIDEMARK_APPLY_LOOP_TIMELINE_H

#include "views/engine/store.h"

enum {
    TIMELINE_LSN_BITS = LSN_BITS,
    TIMELINES_MAX = 64,
    // Commit times of one timeline may be out of order by a little: not by so much.
    TIMELINE_MARGIN_MS = 1000,
};

struct timelines {
    int64_t since_ts_ms[TIMELINES_MAX]; // of timeline 1, 2, ...: source commit time from which it holds
    int count;                          // 0 = only the first
};

// LSN_NONE stays LSN_NONE.
int64_t timeline_lsn(const struct timelines *timelines, int64_t lsn, int64_t ts_ms);
// What the source calls it.
int64_t timeline_source_lsn(int64_t lsn);
// Whether a commit at (or after) `lsn`, made at ts_ms, belongs to a timeline after that of `newest`: it is lower
// in the log, yet later.
bool timeline_is_new(struct store_sequence newest, int64_t lsn, int64_t ts_ms);

#endif
