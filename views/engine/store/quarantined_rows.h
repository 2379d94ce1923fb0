// Which rows have a message that waits in the quarantine, and what a later change of such a row does to it: an event has
// the whole row, so the row is right again and the message superseded. A change that lacks a value (unchanged TOAST)
// makes the message overtaken only: the value that it may have is missed still. Of use to quarantine.c only.
#ifndef TIDEMARK_STORE_QUARANTINED_ROWS_H
#define TIDEMARK_STORE_QUARANTINED_ROWS_H

#include "views/base/bounds.h"
#include "views/base/buffer.h"
#include "views/base/error.h"
#include "views/engine/change.h"

struct sqlite3;
struct quarantined_rows;

enum {
    // Bits of the filter that spares a look into the file for rows that have none: some 40 for each message that may wait.
    QUARANTINED_ROWS_BITS = BOUND(1 << 22, 64),
};

int quarantined_rows_new(struct quarantined_rows **ret, struct sqlite3 *db, struct error *error);
void quarantined_rows_free(struct quarantined_rows **rows);

// The rows that the file has, and no others.
int quarantined_rows_reload(struct quarantined_rows *rows, struct error *error);
int quarantined_rows_add(struct quarantined_rows *rows, const char *table, struct span row_key,
                         struct error *error);
// Whether a message may wait for the row of this change, or of its table. Looks at no file; may err to yes.
bool quarantined_rows_concerns(struct quarantined_rows *rows, const struct change *change);
// The change was applied, or its row was as new. `retried`: the message that it is, which was retried and has its place in
// the log still, 0 = it is what the log has come to. ret_settled: messages that wait no more.
int quarantined_rows_overtake(struct quarantined_rows *rows, const struct change *change, bool applied,
                              int64_t retried, int *ret_settled, struct error *error);
// All rows of the table were told as of this LSN.
int quarantined_rows_overtake_table(struct quarantined_rows *rows, const struct table *table, int64_t lsn,
                                    int *ret_settled, struct error *error);

#endif
