// What the files of apply share: its state, and the steps that one has for another. Inside apply only
// (apply.c the loop, apply_head.c a partition's oldest message, apply_take.c what becomes of it,
// apply_commit.c what readers are told).
#ifndef TIDEMARK_APPLY_LOOP_STATE_H
#define TIDEMARK_APPLY_LOOP_STATE_H

#include "consumer/apply/apply.h"
#include "consumer/apply/loop/merge.h"
#include "consumer/apply/loop/offsets_json.h"
#include "consumer/apply/loop/prefetch.h"
#include "consumer/apply/loop/timeline.h"

enum {
    WARNINGS_MAX = 16,
    REASON_SIZE = ERROR_MESSAGE_SIZE,
    ENDLESS_MAX = 64, // transactions shown row by row whose later rows are not counted again
};

struct slot {
    char *topic;
    int32_t partition;
    enum topic_role role;
    const struct table *table;
    bool known; // something of it was applied: next_offset is where to go on
    bool dirty; // differs from the file
    int64_t next_offset;
    int64_t committed_offset;
    bool handed; // its offset is in the commit under way
    int64_t handed_offset;
    bool after_delete;
    uint64_t deleted_key;
    int64_t newest_ts_ms; // the broker's timestamp of the message before next_offset
    bool verify;          // that message is to come again, for comparison
    // the oldest message that was delivered and not taken, decoded
    const struct message *head;
    struct event *event; // of the head
    int64_t newest_lsn;  // of the streamed changes seen so far: beyond a snapshot's, its rows have all come
    const char *failure; // why the head could not be decoded; NULL = it was
};

struct apply {
    struct apply_config config;
    struct prefetch *ahead;
    struct merge *merge;
    struct slot **slots; // by number; NULL where progress knows a partition that is not read here
    int slot_count;
    struct offsets_json offsets;
    struct progress_counters counters;
    int64_t newest_ts_ms;
    struct timelines timelines;
    // the highest commit that any event named, and when: what is lower and yet later is of a new timeline
    struct store_sequence newest;
    bool swept_so_far;  // what was delivered is all there is for now: its open snapshots count as whole
    bool torn;          // some of what was taken may be part of a transaction that is not shown whole
    int64_t torn_until; // commit LSN of the first whole transaction after it, LSN_NONE = none yet
    int64_t endless[ENDLESS_MAX]; // ring of the newest transactions that were counted as passed
    int endless_next;
    int endless_count;
    int64_t taken; // messages since the transaction was opened
    int64_t taken_bytes;
    int64_t enough;       // so many are handed over when nothing is being written
    int64_t opened_ms;    // monotonic
    bool committing;      // a commit was handed over and is not finished
    int64_t handed;       // its messages
    int64_t handed_ts_ms; // newest_ts_ms then
    struct progress_counters handed_counters;
    bool saw_transactions;    // some row named one: there is a transaction topic, or will be
    bool waiting;             // delivered messages wait for others
    bool advanced;            // the merge has got somewhere since the newest step's end
    int64_t waiting_since_ms; // monotonic: when it last had
    char warnings[WARNINGS_MAX][REASON_SIZE];
    int warning_next;
    int warning_count;
};

// For apply_warning: the oldest gives way.
void apply_warn(struct apply *apply, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The store's transaction is open afterwards, if it was not.
void apply_begin(struct apply *apply);
// Hands what is whole to the store's writer, if anything is, once the commit before it is finished. Without
// effect inside a source transaction.
int apply_commit_start(struct apply *apply, struct error *error);
void apply_load_timelines(struct apply *apply);
// The head of a slot, decoded, if there is one. What was applied before is passed over. ERROR_HALT: a new
// timeline, or another topic under the same name.
int apply_look(struct apply *apply, int number, bool *ret_found, struct error *error);
// Does with the head what its verdict says: applies it, puts it aside, ignores it; then lets go of it.
int apply_take(struct apply *apply, int number, enum merge_verdict verdict, struct error *error);
// The head has been dealt with.
void apply_let_go(struct apply *apply, int number);
// Answers are per-key from the next commit on, until every partition is past what was torn.
void apply_tear(struct apply *apply);
// Counts a transaction that is not shown whole, once; false when it was counted before.
bool apply_count_passed(struct apply *apply, int64_t txid);

#endif
