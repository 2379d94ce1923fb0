// What a person asked of a message in quarantine, with the message, and what came of it. Plain data, borrowed from the
// store until the next request.
#ifndef TIDEMARK_STORE_REQUEST_H
#define TIDEMARK_STORE_REQUEST_H

#include "views/base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct store_request {
    int64_t id;          // of the request
    int64_t quarantined; // of the message
    bool discard;        // else to be retried
    struct span note;    // why it is discarded
    bool waits;          // false: it is settled by now, or gone
    bool overtaken;      // a later change of its row was applied, and lacked a value that it may have
    bool row_known;      // later changes of its row were looked for
    bool value_dropped;
    int64_t behind_lsn; // struct store_quarantined
    const char *topic;  // NUL-terminated
    int32_t partition;
    int64_t offset;
    struct span key; // data NULL = null
    struct span value;
};

enum store_request_outcome {
    STORE_REQUEST_NOTHING,    // there was nothing to do
    STORE_REQUEST_APPLIED,    // settled
    STORE_REQUEST_SUPERSEDED, // settled: the row is newer
    STORE_REQUEST_DISCARDED,  // settled
    STORE_REQUEST_FAILED,     // it waits on, for a reason that is new
    STORE_REQUEST_REFUSED,    // it waits on: it cannot be retried, for a reason that goes into its note
};

#endif
