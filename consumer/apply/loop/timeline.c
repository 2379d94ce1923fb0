#include "consumer/apply/loop/timeline.h"

int64_t timeline_lsn(const struct timelines *timelines, int64_t lsn, int64_t ts_ms) {
    if (timelines->count == 0 || lsn == LSN_NONE)
        return lsn;
    int number = timelines->count;
    while (number > 0 && ts_ms < timelines->since_ts_ms[number - 1])
        number--;
    return lsn | ((int64_t)number << TIMELINE_LSN_BITS);
}

int64_t timeline_source_lsn(int64_t lsn) {
    return lsn == LSN_NONE ? LSN_NONE : lsn & (((int64_t)1 << TIMELINE_LSN_BITS) - 1);
}

bool timeline_is_new(struct store_sequence newest, int64_t lsn, int64_t ts_ms) {
    return newest.lsn != LSN_NONE && lsn != LSN_NONE && lsn < newest.lsn && newest.ts_ms > 0 &&
           ts_ms > newest.ts_ms && ts_ms - newest.ts_ms > TIMELINE_MARGIN_MS;
}
