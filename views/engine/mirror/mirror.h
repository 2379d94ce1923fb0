// The mirror: one row per source row, and the ordering rules that make it right under every delivery order.
// Inside views only; store.h is its public face. Writes within the transaction that its owner opened.
//
// The rules, for a table with T = LSN of its newest truncate and S = LSN of its newest full snapshot; a row
// has _lsn (of its last streamed change) and _snapshot (the S that last named it), a deleted key leaves its
// LSN behind:
//   streamed c, u, d at L   nothing when L < T, L <= the row's _lsn, or L <= the key's delete (without ENDs
//                           to order them, what T outlived is written and goes at once, for its effects)
//   full-snapshot r at S'   nothing when S' < S, S' < the row's _lsn, S' < the key's delete, or S' < T
//   incremental r, or a row without a position: nothing when it was read before the newest truncate, or before the
//                           newest full snapshot that has come whole (source.ts_ms); else always written; _lsn stays
//   c, u, d once more       the newest of its key, verbatim, where a later incremental r has written other values: its values
//                           are written again, or the row goes; it stays a repeat
//   truncate at L           T = max(T, L); rows whose max(_lsn, _snapshot) < L go; of one behind a snapshot those whose _lsn is
//   snapshot complete       rows with another _snapshot and _lsn < S go: the source had lost them unseen. A row that was
//                           streamed behind the snapshot is no such one: its transaction may have been open when the
//                           snapshot was read, or is told again; it gets -2 - S as its _snapshot (change.h, behind_snapshot)
#ifndef TIDEMARK_MIRROR_MIRROR_H
#define TIDEMARK_MIRROR_MIRROR_H

#include "views/engine/catalog.h"
#include "views/engine/change.h"
#include "views/engine/mirror/owner.h"
#include "views/engine/store_astray.h"
#include "views/engine/store_snapshot.h"
#include "views/engine/writing.h"

struct sqlite3;
struct mirror;

int mirror_open(struct mirror **ret, struct sqlite3 *db, const struct catalog *catalog,
                const struct mirror_owner *owner, struct error *error);
void mirror_close(struct mirror **mirror);

// Where the connection keeps the change whose triggers run: for functions_register.
const struct change *const *mirror_current(const struct mirror *mirror);

// From the next change on.
void mirror_set_writing(struct mirror *mirror, enum writing writing);

// ERROR_INPUT: this change cannot be stored (no key, a view's constraint): nothing of it was; others may go
// on. Any other error: the transaction must be rolled back.
int mirror_apply(struct mirror *mirror, const struct change *change, enum mirror_outcome *ret,
                 struct error *error);
// The newest row that was applied had columns without a value: unchanged TOAST, or its event lacked them.
bool mirror_lacked(const struct mirror *mirror);
// The newest change was an update that has made its row, and lacks what is guessed there (change_guesses), or unchanged TOAST
// values of a table that was renamed.
bool mirror_made(const struct mirror *mirror);
// What came of the table since this was asked last. While nothing is being written.
struct store_astray mirror_take_astray(struct mirror *mirror, const struct table *table);
// See store_keep_astray.
void mirror_keep_astray(struct mirror *mirror, const struct table *table, bool keep);
// See store_has_unnamed.
int mirror_has_unnamed(struct mirror *mirror, const struct table *table, int64_t snapshot_lsn, int64_t below,
                       bool *ret, struct error *error);
// A table with rows that are NULL where their unchanged TOAST values never came, NULL: no more since they were taken. While nothing is being written.
const struct table *mirror_take_lost(struct mirror *mirror);
// The snapshot markers of an event whose row could not be stored.
void mirror_mark_snapshot(struct mirror *mirror, const struct change *change);
// A source transaction is whole: the TOAST values that its key changes carried are dropped.
int mirror_transaction_end(struct mirror *mirror, int64_t txid, struct error *error);

// Others have read what came before, as in their _tables, and written what deletes left behind: what is older does not come back.
struct mirror_guards {
    int64_t truncate_lsn;
    int64_t deleted_lsn;
    int64_t stale_before_ms;
    bool has_chunks;
};
int mirror_take_guards(struct mirror *mirror, const struct table *table, const struct mirror_guards *guards,
                       struct error *error);
// Others have written what is carried: it is counted anew.
int mirror_reload_carried(struct mirror *mirror, struct error *error);

// See store.h.
struct store_snapshot mirror_snapshot(const struct mirror *mirror, const struct table *table);
bool mirror_note_streamed(struct mirror *mirror, int64_t commit, bool *ret_more);
void mirror_set_left_out(struct mirror *mirror, const struct table *table, int64_t lsn);
void mirror_raise_cut(struct mirror *mirror, const struct table *table, int64_t ms);
// Its rows have all come: the ghosts go, if it is `whole`, of everything that feeds the table. ret_swept: how many.
// `keep_open`: older changes may still bring others.
int mirror_snapshot_sweep(struct mirror *mirror, const struct table *table, bool whole, bool keep_open,
                          int64_t *ret_swept, struct error *error);

// Whether mirror_apply takes the change's values as they are: a row that has its key, lacks no value, and of which no column is
// computed or may be an unchanged TOAST value. Pure, any thread.
bool mirror_is_plain(const struct change *change);
// Whether each column of the key has a value. Pure, any thread.
bool mirror_has_key(const struct change *change);
// The change may be applied soon, as the `ahead`th from now, 1 to CHANGES_EXPECTED: what a look for its row needs of memory is
// then on its way to the processor, the first part of it at CHANGES_EXPECTED and what depends on that afterwards.
void mirror_expect(const struct mirror *mirror, const struct change *change, int ahead);
// Whether what was accepted should be handed over before more is.
bool mirror_has_enough(const struct mirror *mirror);
// Before each commit, in this order. The first begins to write, and writes the tables' positions; what is accepted
// from now on belongs to the next commit. The second may run on another thread while changes are accepted: writes
// the rows, runs the views' statements, and now and then purges what is too old.
int mirror_hand_over(struct mirror *mirror, struct error *error);
int mirror_write(struct mirror *mirror, struct error *error);
// After a rollback: the tables' positions as the file has them.
int mirror_reload(struct mirror *mirror, struct error *error);

#endif
