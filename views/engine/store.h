// The store file's only writer: opens and locks it, keeps it in step with the loaded views, and writes rows,
// offsets and position in one SQLite transaction. Knows no Kafka: topics and partitions are names and
// numbers. One thread (the consumer loop) calls it; a thread of its own writes a commit that was handed over.
// Readers have their own connections (read.h).
#ifndef TIDEMARK_STORE_H
#define TIDEMARK_STORE_H

#include "views/base/bounds.h"
#include "views/base/error.h"
#include "views/engine/catalog.h"
#include "views/engine/change.h"
#include "views/engine/store_astray.h"
#include "views/engine/store_fill.h"
#include "views/engine/store_offset.h"
#include "views/engine/store_quarantined.h"
#include "views/engine/store_report.h"
#include "views/engine/store_request.h"
#include "views/engine/store_snapshot.h"
#include "views/engine/writing.h"

struct arena;
struct store;
struct snapshots; // snapshots.h

enum {
    STORE_APPLICATION_ID = 0x7469646d, // "tidm", in the file's header
    // user_version; an older one is upgraded, a newer one refused. A new format: this number, upgrade_N.sql and
    // engine.sql. tests/blackbox/files.py compares a file made new with an upgraded one.
    STORE_FORMAT = 10,
    STORE_ID_SIZE = 33, // 32 hex digits and NUL
    STORE_PREFIX_SIZE = 256,
    STORE_LOG_BYTES_MAX = BOUND(256 << 20, 64 * 4120),
};

// Opens or creates `path` for writing with these views; `catalog` outlives the store. Errors: ERROR_BUSY
// another process has it; ERROR_STORE not writable, not ours, a newer format, tables that the built-in source.sql would take
// away; ERROR_INPUT a view or source.sql changed in a way that the mirror cannot answer (the message says what to do).
int store_open(struct store **ret, const char *path, const struct catalog *catalog,
               struct store_report *report, struct error *error);
void store_close(struct store **store);
// Gives up what was not committed and opens the same file again, after ERROR_RETRY or ERROR_BUSY, with the errors of
// store_open: then only this and store_close may be called. The lock is never let go: its descriptor would take
// SQLite's own locks with it, those of this process's readers too.
int store_reopen(struct store *store, struct store_report *report, struct error *error);

// --- the same file for another catalog, built while it is read as it is
// A store of `of`'s file that is only connected: then come build, and succeed or store_close. `catalog` outlives it.
int store_successor(struct store **ret, const struct store *of, const struct catalog *catalog,
                    struct error *error);
// Brings the file in step with the catalog in a transaction that is left open: readers see the file as it was. Takes as
// long as the views' building; may be called from a thread of its own. `of` has no transaction open, and begins none until
// the successor is closed or has succeeded. Errors: store_open's; nothing has changed then, only store_close is left.
int store_build(struct store *store, struct store_report *report, struct error *error);
// Ends a building that is under way, soon and with an error. Any thread.
void store_interrupt(struct store *store);
// Commits what was built; no reader may begin with the old catalog from here on. Closes *of, whose lock it takes. An error
// with *of as it was: nothing was committed. Else *of is NULL, and only store_close is left.
int store_succeed(struct store *store, struct store **of, struct error *error);

// The write-ahead log's bound in bytes, instead of STORE_LOG_BYTES_MAX; `snapshots` are those of this process's readers, who
// are asked to let them go at that bound (NULL = there are none; outlives the store). Before the first transaction.
int store_bound_log(struct store *store, int64_t bytes_max, struct snapshots *snapshots, struct error *error);
// From here on each commit is on the disk before anybody sees it, and so is what the file has now. Otherwise a power cut may
// take the newest commits, whole, and their offsets with them. Between transactions; store_reopen keeps it.
int store_set_durable(struct store *store, struct error *error);
// Asks that what has been committed so far reaches the disk, beside the writer. One caller's, who asks again when
// store_is_synced has answered.
void store_ask_sync(struct store *store);
// 1 = it has, 0 = not yet, -1 = it could not (ERROR_RETRY).
int store_is_synced(struct store *store, struct error *error);
// The same at once, waiting for it. Between transactions.
int store_sync(struct store *store, struct error *error);
// By how many bytes the log is over its bound because a reader outside of this process holds a snapshot, 0 = it is not.
int64_t store_log_bytes_over(struct store *store);

// Whether the file, its log and its shared memory are those that were opened: cheap (three stat), for the caller to ask
// each WATCHED_FILE_CHECK_MS. ERROR_HALT: deleted, moved, replaced or truncated, with what to do.
int store_check_file(struct store *store, struct error *error);

// SQLite's, "3.40.1".
const char *store_library_version(void);
// A view's statement failed (ERROR_VIEW): from the next open on the file goes on without the view, until its files are
// others. Between transactions; store_reopen then makes it so. Readers are told.
int store_disable_view(struct store *store, const char *view, const char *reason, struct error *error);
// The same for a file that store_open could not open for it.
int store_disable_view_of(const char *path, const struct catalog *catalog, const char *view,
                          const char *reason, struct error *error);

const char *store_id(const struct store *store); // lives as long as the store
// The file's topic prefix, "" when none was claimed yet: lives as long as the store.
const char *store_prefix(const struct store *store);
// Set by the first writer, refused (ERROR_USAGE) when another comes.
int store_claim_prefix(struct store *store, const char *prefix, struct error *error);

// For so long what followers have seen is kept in the file, for those who come again (store/feed.h); 0 = not at all. After
// store_open, before the first transaction; store_reopen keeps it.
int store_set_feed_window(struct store *store, int64_t window_ms, struct error *error);
// The table, the mirror's or a view's, is followed at this moment. Its rows are kept from the next transaction on.
void store_want_feed(struct store *store, const char *table);

// What the file had at open; lives as long as the store.
const struct store_offset *store_offsets(const struct store *store, int *ret_count);

struct store_sequence store_sequence(const struct store *store);
// How the newest commit before the file was opened left it.
struct store_before store_before(const struct store *store);

// The source's timelines as the file knows them, oldest first; lives until store_add_timeline.
const int64_t *store_timelines(const struct store *store, int *ret_count);

// --- what a changed source.sql left to be read from the log

// By table; lives until the next of the functions below.
const struct store_fill *store_fills(const struct store *store, int *ret_count);
// New tables are awaited no more: their topics are read from the beginning. `topics`: those that fed no table so far, whose
// offsets are forgotten. `again`, by table->index: its topics are read already, so it is filled beside.
int store_begin_new(struct store *store, const char *const *topics, int topic_count, const bool *again,
                    struct error *error);
// A store of the same tables without views beside this one, at `path`, where the awaited topics are read again; what is
// there of another file or of an older source.sql, or was read further than this one, is removed. `catalog`: the same without
// views; outlives it.
int store_open_fill(struct store **ret, const struct store *of, const char *path,
                    const struct catalog *catalog, struct error *error);
// store_remove_fill of what a process left that ended after it had been taken over: of this file only.
void store_remove_spent_fill(const struct store *of, const char *path);
// Takes what the store at `path`, closed and read up to where this one stands, knows of what is awaited. begin is before
// any transaction; take within one; end after its commit or rollback.
int store_fill_begin(struct store *store, const char *path, struct error *error);
int store_fill_take(struct store *store, struct error *error);
int store_fill_end(struct store *store, struct error *error);

// --- one transaction at a time: begin, any of the calls, then commit or rollback
// Touches no file yet: SQLite's transaction is opened when there is something to write.
void store_begin(struct store *store);
bool store_in_transaction(const struct store *store);

// From the next change on. WRITING_AS_THEY_COME in a store that was opened anew.
void store_set_writing(struct store *store, enum writing writing);

enum store_outcome { STORE_APPLIED, STORE_REPEATED };
// ERROR_INPUT: this change cannot be stored, nothing of it was, the transaction goes on. Other errors: roll
// back. A message that waits in quarantine for the same row is superseded when the row is newer now.
int store_apply(struct store *store, const struct change *change, enum store_outcome *ret,
                struct error *error);
// Makes of a row's change what a commit keeps of it, ahead of its turn and on any thread. `arena`: for it; lives as long as
// the values. A change that needs a look at the file, or for which memory is out, stays as it is.
void store_pack(struct change *change, struct arena *arena);
// A row's key among those of all tables, hashed; 0 = it has none, since a column of it has no value.
uint64_t store_hash_key(const struct change *change);
// The change may be applied soon, as the `ahead`th from now, which is told of it as CHANGES_EXPECTED first, then as one less:
// what a look for its row needs of memory is then on its way to the processor, one step each time. Nothing comes of a change
// that is not applied.
void store_expect(const struct store *store, const struct change *change, int ahead);
// The newest change was a row that had columns without a value: unchanged TOAST, or its event lacked them.
bool store_lacked(const struct store *store);
// It was an update that has made its row, and lacks what is guessed there (mirror_made).
bool store_made(const struct store *store);
// What came of the table since this was asked last. After a commit.
struct store_astray store_take_astray(struct store *store, const struct table *table);
// Whether the commits from now on keep in the file what of_none and of_one say of the table, until one behind them has nothing to
// keep: a store that is opened meanwhile has it again. Not while one is being written.
void store_keep_astray(struct store *store, const struct table *table, bool keep);
// A table with rows that are NULL where their unchanged TOAST values never came (the row of the older key was not there, or
// nothing says which it was), NULL: no more since they were taken. After a commit.
const struct table *store_take_lost(struct store *store);
void store_mark_snapshot(struct store *store, const struct change *change);
// Whether one of this txid has ended at a lower LSN of the same timeline, as far as the newest are known (visible_txns.h).
bool store_transaction_repeats(const struct store *store, int64_t txid, int64_t lsn);
int store_transaction_end(struct store *store, int64_t txid, int64_t lsn, struct error *error);

struct store_snapshot store_snapshot(const struct store *store, const struct table *table);
// That commit was streamed, behind rows of a snapshot. True when one that is open names it. ret_more: one names another that was
// not yet.
bool store_note_streamed(struct store *store, int64_t commit, bool *ret_more);
// Messages of the table that were sent up to then may be gone (struct store_snapshot). It never goes back.
void store_set_left_out(struct store *store, const struct table *table, int64_t lsn); // struct store_snapshot
void store_raise_cut(struct store *store, const struct table *table, int64_t ms);
// Whether the table has a row that a full snapshot at `snapshot_lsn` did not name, streamed below `below`.
int store_has_unnamed(struct store *store, const struct table *table, int64_t snapshot_lsn, int64_t below,
                      bool *ret, struct error *error);
// Rows that the snapshot did not name go, if it is `whole`: of everything that feeds the table. `keep_open`: more rows
// that it did not name may come, and it is swept again.
int store_snapshot_sweep(struct store *store, const struct table *table, bool whole, bool keep_open,
                         int64_t *ret_swept, struct error *error);

// Bounded (store/quarantine.h): what is settled, then the oldest values and rows make room, and it is told.
int store_quarantine(struct store *store, const struct store_quarantined *event, struct error *error);

// --- what a person asked of messages in quarantine (ask.h)
// Whether something is asked and not done, as far as can be seen now.
int store_is_asked(struct store *store, bool *ret, struct error *error);
// Within a transaction: 1 = what was asked first, 0 = nothing is.
int store_next_request(struct store *store, struct store_request *ret, struct error *error);
// What came of it; the request is done then. `note`: why, data NULL = nothing to say. `now`: what is known of a message
// that waits on, reason NULL = what was the reason before; else NULL.
int store_answer_request(struct store *store, const struct store_request *request,
                         enum store_request_outcome outcome, struct span note,
                         const struct store_quarantined *now, struct error *error);

// All but `has_others`.
int store_set_offset(struct store *store, const struct store_offset *offset, struct error *error);
// Rows of other tables than its own came in the topic: its offsets say so from the next open on.
int store_note_others(struct store *store, const char *topic, struct error *error);

// Why older rows of the table may be missing, for read_incomplete; NULL = they are there again.
int store_set_incomplete(struct store *store, const struct table *table, const char *reason,
                         struct error *error);

// A timeline that holds from this source commit time on.
int store_add_timeline(struct store *store, int64_t since_ts_ms, struct error *error);

struct store_commit {
    int64_t lsn;  // what readers see: commit LSN or LSN_NONE
    int64_t txid; // newest source transaction shown whole, -1 = none
    bool transactional;
    struct store_sequence sequence;
    bool torn;             // some of what is shown may be part of a transaction that is not shown whole
    int64_t torn_ms;       // struct store_before
    bool nameless;         // the newest streamed row named no transaction
    int64_t unjudged_lsn;  // struct store_before
    int64_t applied_total; // sum of next offsets
    struct span offsets;   // JSON object, as readers give it out
};
// All of the transaction, and where it stands. After an error only store_rollback helps.
int store_commit(struct store *store, const struct store_commit *commit, struct error *error);
// The same of a transaction that took no message: where it stands is what it was.
int store_commit_in_place(struct store *store, struct error *error);
// The same by another thread: changes of the next transaction may be applied meanwhile, and wait for this one
// only where they need the file. store_commit_finish comes before another commit, waits, and tells how this
// one ended. Readers see none of it, or all.
int store_commit_start(struct store *store, const struct store_commit *commit, struct error *error);
// Whether store_commit_finish would return at once, and there is something to finish.
bool store_commit_is_done(const struct store *store);
int store_commit_finish(struct store *store, struct error *error);
// How long the writing of the newest finished commit took.
int64_t store_commit_us(const struct store *store);
// Whether a commit should come where a transaction ends. There is some room for one that goes on; beyond it a change is kept
// waiting until what came before it is written.
bool store_has_enough(const struct store *store);
// Undoes what was not committed, the mirror's memory too. Safe without a transaction.
int store_rollback(struct store *store, struct error *error);

// Moves what the write-ahead log holds into the file, as far as readers allow. Between transactions.
int store_checkpoint(struct store *store, struct error *error);

#endif
