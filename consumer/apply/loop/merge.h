// Source transactions, whole and in commit order, out of topics that are each ordered by themselves.
// Decides which partition's oldest message may be taken now; touches neither messages nor the store. Pure.
//
// Only ENDs sequence, in their topic's order. C is the commit LSN of the last transaction that was finished.
// The current transaction is the first END above C; its rows are taken as they come, others wait. Every row
// names the commit before its own transaction (sequence[0]), so a row that is not the current transaction's
// is known to lie before or after it.
#ifndef TIDEMARK_APPLY_LOOP_MERGE_H
#define TIDEMARK_APPLY_LOOP_MERGE_H

#include "consumer/apply/loop/passed.h"
#include "consumer/decode/envelope.h"
#include "views/engine/store.h"

struct merge;

enum {
    // Bits kept to count a transaction's distinct rows; beyond it rows are counted as they come.
    MERGE_ORDERS_MAX = 1 << 28,
};

// `finished`: C as the file has it.
int merge_new(struct merge **ret, const struct catalog *catalog, struct store_sequence finished,
              struct error *error);
void merge_free(struct merge **merge);

// Whether there are ENDs at all. Without, every row is taken as it comes.
void merge_set_sequenced(struct merge *merge, bool sequenced);
// Transactions up to `newest` are finished as far as they ever will be: their rows were taken without ENDs.
void merge_skip_through(struct merge *merge, struct store_sequence newest);
bool merge_is_sequenced(const struct merge *merge);

// Rows may name no transaction though there are ENDs: unwrapped ones, or from before the connector was told
// to. Told of each streamed row that is seen; while the newest named none, no END waits for rows.
void merge_note_row(struct merge *merge, const struct event *event);
// As it was before a restart: transactions without rows say nothing of it.
void merge_set_nameless(struct merge *merge, bool nameless);
bool merge_rows_are_nameless(const struct merge *merge);

enum merge_verdict {
    MERGE_TAKE,    // whenever it comes: a snapshot's row, a tombstone, a row without a transaction
    MERGE_CURRENT, // a row of the current transaction
    MERGE_PAST,    // of a transaction that is finished or whose END will not come: the mirror's rules decide
    MERGE_WAIT,    // of a later transaction
};
enum merge_verdict merge_judge(const struct merge *merge, const struct event *event);

enum merge_end {
    MERGE_END_REPEATED,     // at or below C: the connector sends again
    MERGE_END_CURRENT,      // is the current transaction now
    MERGE_END_PASSED,       // its rows had been let through before: finished already
    MERGE_END_PASSED_WHOLE, // and all of them are in
};
// Only while there is no current transaction.
enum merge_end merge_offer_end(struct merge *merge, const struct event *end);

// Where the merge stands, and so what the loop does next.
enum merge_phase {
    MERGE_PHASE_UNSEQUENCED, // there are no ENDs: every row is taken as it comes
    MERGE_PHASE_SEEKING,     // there is no current transaction: the next END makes one
    MERGE_PHASE_COLLECTING,  // the current transaction's rows are taken as they come
    MERGE_PHASE_COMPLETE,    // the current transaction has all the rows that it waits for
    MERGE_PHASES,
};
enum merge_phase merge_get_phase(const struct merge *merge);
// A BEGIN was read, or an END that merge_offer_end is not asked about. While a BEGIN is the newest boundary, its
// transaction is being sent, as far as the topic says.
void merge_note_begin(struct merge *merge, const struct event *begin);
void merge_note_end(struct merge *merge);
bool merge_is_being_sent(const struct merge *merge, int64_t *ret_txid);

bool merge_has_current(const struct merge *merge);
int64_t merge_current_txid(const struct merge *merge);
int64_t merge_current_lsn(const struct merge *merge);
bool merge_current_begun(const struct merge *merge); // a row of it was taken
// A row that was judged MERGE_CURRENT has been taken, applied or not.
void merge_count(struct merge *merge, const struct event *event);
bool merge_is_whole(const struct merge *merge);
// Its END counts rows of collections that nobody declared and that may come into a table's topic (those that
// merge_may_route says): it is not whole until it is known. merge_settle: they do not come.
bool merge_is_unsure(const struct merge *merge);
bool merge_may_route(const struct merge *merge, const struct table *table);
void merge_settle(struct merge *merge);
// A row of it names a commit before it that is above C: there was a transaction whose END did not come, and
// some of its rows may not have come yet.
bool merge_leaves_gap(const struct merge *merge);
// Rows that a table's partitions still owe the current transaction.
int64_t merge_missing(const struct merge *merge, const struct table *table);
int64_t merge_lacking(const struct merge *merge); // of all tables
// The current transaction does not wait for the rows that the table owes it.
void merge_excuse(struct merge *merge, const struct table *table);
// The current transaction is done, whole or not: C moves.
void merge_finish(struct merge *merge);

// Rows whose END does not come are let through, from now until an END above C comes.
void merge_let_through(struct merge *merge);
bool merge_is_letting_through(const struct merge *merge);
void merge_note_passed(struct merge *merge, const struct event *event);
// A row behind C was taken. True when its transaction had been finished without it and now has all of its rows.
// ret_lsn: its commit's.
bool merge_note_late(struct merge *merge, const struct event *event, int64_t *ret_lsn);

int64_t merge_finished_lsn(const struct merge *merge);           // C, LSN_NONE = none
struct store_sequence merge_finished(const struct merge *merge); // C and its commit time
int64_t merge_finished_txid(const struct merge *merge);          // -1 = none

#endif
