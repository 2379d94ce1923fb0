// The file's _quarantine: messages that could not be applied, with place, key, bytes and reason. A wrong converter
// must not copy a whole topic into the file, so it is bounded. Beyond the bounds the oldest values go first: place, key
// and reason stay, and the reason says so. When that is not enough the oldest rows go, and the reason of the oldest
// that is left says how many. Of use to the store only, within its transaction.
#ifndef TIDEMARK_STORE_QUARANTINE_H
#define TIDEMARK_STORE_QUARANTINE_H

#include "views/base/error.h"
#include "views/engine/store_quarantined.h"

struct sqlite3;
struct quarantine;

enum {
    QUARANTINE_BYTES_MAX = 256 << 20, // of keys and values together; one message has at most 64 MB
    QUARANTINE_ROWS_MAX = 100000,
    QUARANTINE_DROP_PART = 100, // a hundredth of the rows goes at once
};

// `db`: the writer's connection, which outlives it. The bounds are those above but for tests.
int quarantine_new(struct quarantine **ret, struct sqlite3 *db, int64_t bytes_max, int64_t rows_max,
                   struct error *error);
void quarantine_free(struct quarantine **quarantine);

int quarantine_add(struct quarantine *quarantine, const struct store_quarantined *event, struct error *error);
// After a rollback: counts what the file has.
int quarantine_reload(struct quarantine *quarantine, struct error *error);

#endif
