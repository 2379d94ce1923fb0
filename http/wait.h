// What a reader asked to wait for: after_lsn, after_txid, after_offset, wait_ms; and max_lag_seconds. Plain
// data, so that a request can be put aside without the thread or the snapshot that met it.
#ifndef TIDEMARK_HTTP_WAIT_H
#define TIDEMARK_HTTP_WAIT_H

#include "views/base/buffer.h"
#include "views/engine/read.h"

enum {
    WAIT_MS_MAX = 30000,
    WAIT_TOPIC_SIZE = 250, // Kafka's limit is 249
};

struct wait {
    int64_t lsn;                 // -1 = not asked
    int64_t txid;                // -1 = not asked
    char topic[WAIT_TOPIC_SIZE]; // "" = not asked
    int32_t partition;
    int64_t offset;
    int64_t asked; // a message in quarantine, until what was asked of it is done; 0 = not asked
    int wait_ms;
    int64_t max_lag_ms; // -1 = not asked
};

void wait_init(struct wait *wait);
// 1 = the parameter was one of the above, 0 = it is another, -1 = ERROR_USAGE.
int wait_parameter(struct wait *wait, const struct parameter *parameter, struct error *error);
// Whether it asks for a position at all.
bool wait_asks(const struct wait *wait);
// Whether the reader's snapshot, at `position`, shows all that was asked for.
int wait_reached(const struct wait *wait, struct reader *reader, const struct position *position, bool *ret,
                 struct error *error);
// "lsn 0/19C4170 and offset a:0:7 was not reached within 5000 ms", and why waiting longer would not help, where that is known.
void wait_describe_missed(const struct wait *wait, struct reader *reader, const struct position *position,
                          struct buffer *out);

#endif
