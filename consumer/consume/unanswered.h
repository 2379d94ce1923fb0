// Partitions of which no broker answers a fetch, though one may answer other questions: that nothing comes from them says nothing of
// the source then. The consumer's thread.
#ifndef TIDEMARK_CONSUME_UNANSWERED_H
#define TIDEMARK_CONSUME_UNANSWERED_H

#include "consumer/broker/kafka.h"
#include "consumer/consume/discovery.h"
#include "views/engine/progress.h"

enum {
    UNANSWERED_MS = 5000,      // for so long at least
    UNANSWERED_SEEN_MS = 1000, // and seen for so long: the process itself may have been standing still
};

struct unanswered {
    unsigned told;     // kafka_told at the newest look at the partitions
    int64_t looked_ms; // monotonic: that look
    int found;         // by that look, for UNANSWERED_MS at least, as the next three
    int read;
    int64_t oldest_answer_ms; // of all that are read, INT64_MAX = none is
    char text
        [PROGRESS_REASON_SIZE]; // what is said of those that were found, or of the one for less than that, "" = all are answered
    int64_t answered_ms;               // monotonic: the last time that none was found, 0 = at the next look
    bool all;                          // it is all partitions that are read
    int64_t oldest_ms;                 // monotonic: all partitions have been answered at this time or later
    int64_t newest_ms;                 // monotonic: none has been answered since, 0 = none is read
    char reason[PROGRESS_REASON_SIZE]; // "" = none is
};

// `still`: nothing has come and no partition was assigned since the newest look: what that found holds until librdkafka's
// statistics tell more.
void unanswered_look(struct unanswered *unanswered, struct kafka *kafka, const struct discovery *discovery,
                     bool still, int64_t now_ms);

#endif
