// What the files of the loop share: its partitions, and where it stands. Plain data. Inside apply only: head.c
// reads a partition's oldest message, take.c deals with it, commit.c says what readers see, sweep.c ends a
// table's snapshot, and apply.c is the loop.
#ifndef TIDEMARK_APPLY_LOOP_STATE_H
#define TIDEMARK_APPLY_LOOP_STATE_H

#include "consumer/apply/apply_config.h"
#include "consumer/apply/loop/freshness.h"
#include "consumer/apply/loop/merge.h"
#include "consumer/apply/loop/missing.h"
#include "consumer/apply/loop/mixed_keys.h"
#include "consumer/apply/loop/offsets_json.h"
#include "consumer/apply/loop/prefetch.h"
#include "consumer/apply/loop/redecode.h"
#include "consumer/apply/loop/timeline.h"
#include "consumer/apply/loop/unplaced.h"
#include "consumer/apply/loop/warnings.h"
#include "consumer/beginning.h"

enum {
    ENDLESS_MAX = 64, // transactions shown row by row whose later rows are not counted again
};

struct partition {
    char *topic;
    int topic_slot; // of the partition of the topic that was added first: a number of the topic's own
    int32_t id;
    enum topic_role role;
    const struct table *table; // the first that it feeds
    bool *feeds;               // by table->index (feeds.h)
    int feeds_count;
    bool known;       // something of it was applied: next_offset is where to go on
    bool dirty;       // differs from the file
    bool late;        // its table is new to a file that has a position: rows of transactions before that come
    int64_t added_ms; // monotonic
    int64_t started_at;       // the first offset that the log had when nothing of it was applied yet
    enum store_unread unread; // until a message of it is taken
    int64_t next_offset;
    int64_t committed_offset;
    bool handed_over; // its offset is in the commit under way
    int64_t handed_offset;
    bool after_delete;
    uint64_t deleted_key;
    // rows of other tables came in its topic, whether declared or left out: a tombstone alone is nobody's
    bool has_others;
    bool others_first;    // they came in it first, and the file does not say so yet
    int64_t newest_ts_ms; // the broker's timestamp of the message before next_offset
    bool verify;          // that message is to come again, for comparison
    // what compacted.h keeps of a log that the file had read a part of
    struct {
        // where the log ended when reading it began, 0 = nothing of it is kept, COMPACTED_TO_ITS_END = it is not known
        int64_t until;
        int64_t passed;   // what is before it was not there when it was read
        int64_t since_ms; // monotonic: what is behind it was written later, 0 = that is not known
        int64_t from, to; // offsets without a message, to = 0: none yet
        int64_t after_ms; // so long after the message before them was sent they were passed
        bool told;
    } gap;
    enum astray_gaps {
        ASTRAY_GAPS_NONE,
        ASTRAY_GAPS_NARROW,
        ASTRAY_GAPS_WIDE
    } gaps; // that this process has passed since it was at the log's end
    // the oldest message that was delivered and not taken, decoded
    const struct message *head;
    struct event *event; // of the head
    const char *failure; // why the head could not be decoded; NULL = it was
    // whether the head is a snapshot's row of a source whose log began anew (new_timeline.h); it waits unless it is NOT
    enum lower { LOWER_NOT, LOWER_UNKNOWN, LOWER_IS } lower;
    int64_t newest_lsn; // of the streamed changes seen so far: beyond a snapshot's, its rows have all come
    int64_t newest_source_ms; // POSITIONS_BINLOG: the latest time of those, before them of a snapshot's rows
    uint64_t snapshot_server; // whose rows these are, by a hash; 0 = this process has read none of them
    int64_t snapshot_lsn;     // the newest full snapshot that it has shown rows of
    int64_t snapshot_ms;      // the broker's timestamp of the first of them
    int64_t first_ms;         // that of the first message that was applied, 0 = none was, -1 = not known
    struct beginning beginning; // of its log, as far as this process has read it from there
    int grown;                  // rows that it added lately, APPLY_GROWN_MAX at most
    int turn;                   // messages that may be taken before others are looked at
};

// Partitions, in the order in which they were added.
struct slot_list {
    int *slots;
    int count;
    int capacity;
};

// The store's transaction that is not committed yet.
struct open_commit {
    int64_t messages; // taken since it was opened
    int64_t bytes;
    int64_t enough;    // so many messages are handed over when nothing is being written
    int64_t opened_ms; // monotonic
};

// The commit that was handed over to the store's writer.
struct handed_commit {
    bool described;     // one was handed over in this run
    bool transactional; // what the newest says
    bool writing;       // it is not finished
    int64_t messages;
    int64_t ts_ms; // newest_ts_ms when it was handed over
    struct progress_counters counters;
};

// Whether answers may hold a part of a transaction.
struct torn {
    bool is;           // some of what was taken may be part of a transaction that is not shown whole
    int64_t until;     // commit LSN of the first whole transaction after it, LSN_NONE = none yet
    int64_t beyond;    // the highest commit that such a row names as the one before its own transaction
    int64_t beyond_ms; // when the newest row was read that is ahead of what is streamed
    int64_t txids[ENDLESS_MAX]; // ring of the newest transactions that were counted as passed
    int next;
    int count;
};

// Answers are per-key from the next commit on, until every partition is past what is torn.
static inline void torn_begin(struct torn *torn) {
    torn->is = true;
    torn->until = LSN_NONE;
}

struct waiting {
    bool is;          // delivered messages wait for others, and nothing else can be taken
    bool some;        // delivered messages wait; a step that other messages filled does not end it
    bool advanced;    // the merge has got somewhere since the newest step's end
    int64_t since_ms; // monotonic: when it last had
};

enum { LEAVES_KEPT = 64 }; // truncates of leaves that are not known of all leaves yet, a table

// Where partitions of a table were truncated, and which: a bit each.
struct truncated_leaves {
    int64_t lsn;
    uint64_t bits;
};

// What is known of a table whose rows are counted by ENDs.
struct lost_table {
    bool absent;  // none of its rows come: no END waits for them
    bool partial; // some do not come
    // monotonic: since when its rows are waited for, 0 = a transaction of it was whole; and the newest time at which they were
    int64_t awaited_since_ms;
    int64_t awaited_at_ms;
    bool read_before;      // the file had messages of a topic of it when it was opened
    bool gone;             // it was told that there is no such topic any more
    int64_t deletes_again; // of a key that was deleted before
    bool change_of_none;   // since it was told last: found (astray.h)
    bool create_of_one;    // likewise
    bool hidden_null[2];   // it was told that an array came as null: [1] of a column that is not null
    bool made_without;     // it was told that rows lack what they had under an older name of the table
    bool moved_without;    // it was told that rows lack what they had under an older key
    struct truncated_leaves leaves[LEAVES_KEPT]; // ring (leaves.h)
    int leaves_next;
    // messages in quarantine that may have been rows of any transaction, and were not yet missed
    int64_t unreadable;
    int64_t unreadable_lsn; // a whole transaction above it has not missed them
    int disordered;         // so many commits more nothing that was found is told (astray_note_order)
    bool lacked;            // this process has passed a transaction that lacked rows of it
};

enum { DELETES_AGAIN_MIN = 3 }; // deletes of keys that were deleted before: from so many on they are told

// One of the source's tables among several whose rows a router sends into one topic.
struct source {
    uint64_t name;        // placement_hash_source
    int64_t snapshot_lsn; // the newest full snapshot of it, LSN_NONE = none
};

// The newest full snapshot that a table had rows of in this run.
struct table_snapshot {
    int64_t lsn;            // LSN_NONE = none
    bool first_only;        // its only row so far is the first of the whole snapshot
    int64_t ended_ms;       // monotonic: since when it is known to have ended, 0 = it is not
    struct source *sources; // (sources.h)
    int source_count;
    int source_capacity;
    bool mixed;         // sources whose snapshots are not to be compared feed the table
    int64_t told_lsn;   // the newest that was said not to be of all sources
    int64_t behind_lsn; // the lowest LSN that was streamed behind the unjudged snapshot, LSN_NONE = none
    bool told_cut;      // that its log began later was said
    bool has_itself;    // behind a row of another source's table one came that names the table itself
    bool told_other;    // that both come was said
    struct mixed_keys mixed_keys;
    bool told_keys; // that rows of several have equal keys was said
};

// What tells that awaited rows will never come (lost.h).
struct lost {
    struct lost_table *tables;   // by table->index
    int absent;                  // of them
    bool astray;                 // one of them has something to tell (astray.h)
    int64_t heartbeats_since_ms; // the connector's clock: from when on heartbeats have come without a gap
    int64_t heartbeat_ms;        // the newest of them, 0 = none
    int64_t discoveries;         // of all topics, so far
    int64_t end_discoveries;     // when the current transaction's END was found
    int64_t end_ts_ms;           // when that was sent
    int64_t end_since_ms;        // monotonic: since when it is the current one's
    int end_slot;                // and where it is
    int64_t end_high;            // high watermark of its topic when it had been waited for, -1 = not yet
    int64_t end_grown_ms;        // monotonic: when the topic had grown since, 0 = it has not
    struct event boundary;       // one that is looked at ahead
};

struct apply {
    struct apply_config config;
    struct prefetch *prefetch;
    struct merge *merge;
    struct partition **partitions; // by slot; NULL where progress knows a partition that is not read here
    int partition_count;
    struct slot_list *feeding;   // by table->index: those that may hold its rows
    struct slot_list boundaries; // of the transaction topic
    struct slot_list heartbeats;
    unsigned drained; // so often rows of a current transaction were looked for
    struct offsets_json offsets;
    struct progress_counters counters;
    struct progress_counters committed; // as of the newest commit that is in the file
    int64_t newest_ts_ms;
    struct timelines timelines;
    // the highest commit that any event named, and when: what is lower and yet later is of a new timeline
    struct store_sequence newest;
    char **incomplete;      // by table->index: the reason that the next commit is to keep, NULL = none
    int singly;             // so many messages are still applied one by one
    int64_t placed_sent_ms; // the broker's timestamp of the newest message that named a commit's place
    bool nothing_follows;   // a capture's end: what is not known by now is never known
    bool fresh;             // the file had no position when it was opened
    int64_t first_end_ms;   // monotonic: when its first transaction was finished, 0 = none was
    bool swept_so_far;      // what was delivered is all there is for now: its open snapshots count as whole
    bool saw_transactions;  // some row named one: there is a transaction topic, or will be
    struct torn torn;
    struct open_commit open;
    struct handed_commit handed;
    struct waiting waiting;
    struct lost lost;
    struct table_snapshot *snapshots; // by table->index
    int64_t last_snapshot_lsn;        // the newest of which the last row of all was seen
    int64_t seen_snapshot_lsn;        // the newest of which a row was seen,
    int64_t seen_snapshot_ms;         // and when its first was; monotonic
    int64_t newest_streamed_lsn;      // of all tables
    struct {
        int64_t lsn; // LSN_NONE = to be looked for
        int64_t ms;
    } begun; // what was last asked of when a snapshot had begun
    // the newest source.ts_ms of a full snapshot's rows that name a commit; of an earlier process's rows, the broker's time
    int64_t ahead_ms;
    bool names_commit; // rows of one did that the stream had not come to
    // a snapshot of which it was not looked yet which tables it left out (emptied.h), LSN_NONE = none
    int64_t unjudged_lsn;
    int64_t judged_lsn; // the newest of which it was
    struct warnings warnings;
    unsigned positions_reported; // a bit for each of enum event_positions that was said
    struct drift drift;          // since the newest commit
    struct missing missing;
    struct unplaced unplaced;
    struct freshness freshness;
    struct redecode redecode;
    _Atomic unsigned char *seen; // of envelope_config, of all decoders
};

#endif
