// A message that could not be applied, as it goes into the store's quarantine. Plain data, borrowed.
#ifndef TIDEMARK_STORE_QUARANTINED_H
#define TIDEMARK_STORE_QUARANTINED_H

#include "views/base/span.h"
#include "views/engine/table.h"

#include <stdint.h>

struct store_quarantined {
    const char *topic;
    int32_t partition;
    int64_t offset;
    struct span key;
    struct span value;
    const char *reason;
    int64_t at_ms;
    const struct table *table;      // whose row it is, NULL = not known
    const struct value *row_values; // of which the key's are looked at, by column number; NULL = not known
    int64_t lsn;                    // of the change, LSN_NONE = not known
    int64_t
        behind_lsn; // the table's newest full snapshot when it was streamed behind that one, LSN_NONE = it was not
};

#endif
