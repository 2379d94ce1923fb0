// The file's _quarantine: messages that could not be applied, with place, row, key, bytes and reason. A message waits
// until a later change makes its row right (superseded), a retry applies it, or a person discards it. A wrong converter
// must not copy a whole topic into the file, so it is bounded. Beyond the bounds what is settled goes first, then the
// oldest values: place, key and reason stay. When that is not enough the oldest rows go; the oldest that is left says how
// many, and they count as waiting still. Of use to the store only, within its transaction.
#ifndef TIDEMARK_STORE_QUARANTINE_H
#define TIDEMARK_STORE_QUARANTINE_H

#include "views/base/error.h"
#include "views/engine/change.h"
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
// Messages that wait, those too that had to be dropped. The number lives, and changes, with the quarantine.
const int64_t *quarantine_waiting(const struct quarantine *quarantine);
// Whether quarantine_overtake may have something to do for this change. Looks at no file.
bool quarantine_concerns(const struct quarantine *quarantine, const struct change *change);
// A change was applied, or its row was as new: what waits for that row, or was dropped by that truncate, is settled.
// `retried`: the id of the message that it is, when it waited itself, 0 = it is newly read.
int quarantine_overtake(struct quarantine *quarantine, const struct change *change, bool applied,
                        int64_t retried, struct error *error);
// A full snapshot of this LSN has come whole.
int quarantine_overtake_table(struct quarantine *quarantine, const struct table *table, int64_t lsn,
                              struct error *error);
// A message that waits is settled, for the reason in `note` (data NULL = none). `state`: superseded, applied, discarded.
int quarantine_settle(struct quarantine *quarantine, int64_t id, const char *state, struct span note,
                      struct error *error);
// It was tried again and waits on. `now`: what is known of it now, reason NULL = as it was.
int quarantine_renew(struct quarantine *quarantine, int64_t id, const struct store_quarantined *now,
                     struct span note, struct error *error);
// After a rollback: counts what the file has.
int quarantine_reload(struct quarantine *quarantine, struct error *error);

#endif
