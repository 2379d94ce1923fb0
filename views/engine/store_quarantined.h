// A message that could not be applied, as it goes into the store's quarantine. Plain data, borrowed.
#ifndef TIDEMARK_STORE_QUARANTINED_H
#define TIDEMARK_STORE_QUARANTINED_H

#include "views/base/span.h"

#include <stdint.h>

struct store_quarantined {
    const char *topic;
    int32_t partition;
    int64_t offset;
    struct span key;
    struct span value;
    const char *reason;
    int64_t at_ms;
};

#endif
