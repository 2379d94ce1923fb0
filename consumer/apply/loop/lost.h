// What delivered rows wait for and will never get, and how that is known. Time alone is no evidence: a
// connector that is away sends nothing newer, and one that sends a long transaction takes as long as it takes.
// Evidence is what the log says: a partition that is past the rows, a topic that does not exist, retention that
// took them, messages that could not be read, or a connector that was seen to go on behind them. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_LOST_H
#define TIDEMARK_APPLY_LOOP_LOST_H

#include "consumer/apply/loop/state.h"

enum {
    LOST_WHY_SIZE = 320,
    // Heartbeats without a gap for so many times transaction_wait_ms after the rows were sent, and the connector
    // was not started again in between: what it had to send is there.
    LOST_HEARTBEATS = 6,
    // and so many times is a gap
    LOST_HEARTBEAT_GAP = 2,
    // A table of which some rows were seen not to come is waited for by this part of transaction_wait_ms, and the
    // evidence is that much younger, until a transaction of it is whole.
    LOST_PARTIAL_PART = 5,
    // How far the connector's clock may be ahead of this machine's: a heartbeat that is further says nothing.
    LOST_CLOCK_AHEAD_MS = 24 * 3600 * 1000,
};

// Once the store is open.
int lost_init(struct apply *apply, struct error *error);
void lost_free(struct lost *lost);

// The connector lived at `ts_ms` by its own clock.
void lost_note_heartbeat(struct apply *apply, int64_t ts_ms);
// A row of the table has come, or a partition that may have some.
void lost_note_table(struct apply *apply, const struct table *table);
// A message of a table's topic went into quarantine, and says not whose row it is.
void lost_note_unreadable(struct apply *apply, const struct partition *partition);
// The current transaction ends with what it has: of a table of which it lacks rows not all are sent. Where it is whole, all rows of
// its tables come, as far as is known, and what could not be read before is missed by none of them any more.
void lost_note_end(struct apply *apply, const struct event *end);
// Every topic that exists has been added by now.
void lost_note_discovery(struct apply *apply);
// The END in `slot` is the current transaction's: it does not wait for tables whose rows do not come by design.
void lost_begin_current(struct apply *apply, int slot);

// The current transaction does not wait for a table that no topic was found for. True when there was one. It waits where
// the file has messages of such a topic: what that still had when it was deleted is nobody's design, and when it is made
// again it is another log.
bool lost_excuse(struct apply *apply);
// Whether each partition of each table that owes the current transaction rows is past it. Needs no wait.
bool lost_is_past(struct apply *apply);
// Whether each partition that may have rows of collections which nobody declared is past the current END, or at its
// end for a part of transaction_wait_ms.
bool lost_is_nobodys(struct apply *apply);
// Whether no row that the current transaction lacks will ever come. What holds for a table by design is learnt.
// ret_why, LOST_WHY_SIZE: the evidence.
bool lost_rows(struct apply *apply, char *ret_why);
// Whether the END of rows that wait will never come.
bool lost_end(struct apply *apply, char *ret_why);

// "waiting: transaction 701, 12,328 rows so far", or what else is waited for.
void lost_describe(const struct apply *apply, char *ret, size_t size);

#endif
