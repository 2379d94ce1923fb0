// The store's transaction: opened by the first message that is taken, and committed at the boundaries of
// source transactions, with what readers see. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_COMMIT_H
#define TIDEMARK_APPLY_LOOP_COMMIT_H

#include "consumer/apply/loop/state.h"

// Once the store is open. What the last run showed in part is not whole by starting again, nor by the next transaction that is: by one
// that was committed after all that the file has, as far as its offsets say it.
void commit_recall_torn(struct apply *apply);
// The store's transaction is open afterwards, if it was not.
void commit_open(struct apply *apply);
// Commits what is whole, if anything is, once the commit before it is finished. Without effect inside a source
// transaction. `wait`: until it is written; otherwise it is the store's writer's.
int commit_whole(struct apply *apply, bool wait, struct error *error);
// Hands whole transactions over when a commit is due, and finishes the commit before it once it is written.
int commit_when_due(struct apply *apply, struct error *error);
// The table has all rows again, whatever it lacked.
int commit_note_complete(struct apply *apply, const struct table *table, struct error *error);
// Older rows of the table may be missing, or deleted ones be there still: kept with the next commit, until a snapshot has put it
// right, or a truncate where left_out_lsn is not LSN_NONE (struct store_snapshot).
int commit_note_incomplete(struct apply *apply, const struct table *table, const char *reason,
                           int64_t left_out_lsn, struct error *error);
// And says so: "table NAME `what`: `reason`".
int commit_tell_incomplete(struct apply *apply, const struct table *table, const char *what,
                           const char *reason, int64_t left_out_lsn, struct error *error);
// Waits for the commit that was handed over, if there is one, and publishes where it stands.
int commit_finish(struct apply *apply, struct error *error);

#endif
