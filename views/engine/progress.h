// What the consumer knows and HTTP tells: state, watermarks, counters, and what each declared table is read
// from. The one mutable thing that threads share. The consumer's thread writes, any thread reads a copy; one
// mutex inside. Knows neither Kafka nor HTTP.
#ifndef TIDEMARK_PROGRESS_H
#define TIDEMARK_PROGRESS_H

#include "views/base/error.h"
#include "views/base/histogram.h"
#include "views/engine/table.h"

#include <stdbool.h>
#include <stdint.h>

enum progress_state {
    STATE_STARTING,
    STATE_CATCHING_UP,
    STATE_LIVE,
    STATE_DISCONNECTED,    // no broker
    STATE_UPSTREAM_SILENT, // the broker answers, the connector's heartbeats have stopped
    STATE_DEGRADED,        // the file cannot be written now; it is tried again
    STATE_HALTED,          // needs a person; `reason` says why
    STATE_SERVING,         // `tidemark serve`: nothing is consumed
    STATES,                // how many there are
};

// "starting", "catching_up", ...
const char *progress_state_name(enum progress_state state);

enum {
    PROGRESS_REASON_SIZE = 512,
    PROGRESS_POSITIONS_SIZE = 256,
    PROGRESS_GROUP_SIZE = 64,
    PROGRESS_PARTITIONS_MAX = 65536,
    PROGRESS_TABLES_MAX = CATALOG_TABLES_MAX,
    PROGRESS_UNDECLARED_MAX = 256, // topics that are named; the rest is counted only
    PROGRESS_FINDINGS_MAX = 48,
    PROGRESS_CHECK_SIZE = 32,
    PROGRESS_FINDING_SIZE = 900,
    PROGRESS_LISTENERS_MAX = 4,   // to commits
    PROGRESS_FOLLOWED_MAX = 64,   // tables that are followed at once
    PROGRESS_FOLLOWED_SIZE = 128, // of a name, and NUL
};

struct partition_progress {
    const char *topic; // lives as long as the progress
    int32_t partition;
    int64_t applied;    // next offset to apply, as last committed, or as progress_set_position said
    int64_t committed;  // as last committed
    int64_t high;       // high watermark, -1 = not known
    int64_t log_start;  // the log's oldest offset when reading it began, -1 = not known
    int64_t high_at_ms; // when it was learnt, wall clock; 0 = never
};

struct progress_counters {
    int64_t messages;   // taken from the log
    int64_t applied;    // changed the mirror
    int64_t duplicates; // known by offset or by position
    int64_t ignored; // not for the mirror: heartbeats, transaction events, unknown tables, tombstones after
                     // deletes
    int64_t quarantined;
    int64_t commits;
    int64_t transactions;        // source transactions shown whole
    int64_t transactions_passed; // given up waiting for some of their events
    int64_t deletes_without_row; // streamed deletes that found neither a row nor anything newer
    int64_t drift_columns;       // columns seen in events that source.sql lacks
};

// What became of a changed source.sql or changed views that were read while the process runs.
enum progress_reload {
    RELOAD_NONE,       // nothing, or they were taken over
    RELOAD_BUILDING,   // what they make of the rows is built; answers are as before
    RELOAD_REBUILDING, // the file cannot follow in place: another is built from the log, and takes its place
    RELOAD_REFUSED,    // they are broken, or the file cannot follow; what was loaded goes on
};

struct progress_summary {
    enum progress_state state;
    char reason[PROGRESS_REASON_SIZE]; // "" when there is nothing to say
    char last_error[PROGRESS_REASON_SIZE];
    char waiting[PROGRESS_REASON_SIZE];      // what the consumer waits for, "" = nothing
    char positions[PROGRESS_POSITIONS_SIZE]; // "" when they are PostgreSQL's, or nothing has come yet
    char group[PROGRESS_GROUP_SIZE];         // the consumer's, "" when nothing is consumed
    bool caught_up_once;                     // read to the end of what the broker had, once
    int64_t messages_behind;                 // sum of high - applied; -1 = some high watermark is not known
    int64_t oldest_high_at_ms;               // the least fresh watermark, 0 = some are not known
    int64_t newest_applied_ts_ms;            // source commit time of the newest applied event, 0 = none
    int64_t newest_heartbeat_ms;             // the connector's clock, 0 = none seen
    int64_t heartbeats;                      // how many it were since the start
    int64_t newest_commit_ms;                // wall clock of the newest commit, 0 = none since the start
    struct progress_counters counters;
    int64_t started_at_ms;
    enum progress_reload reload;
    char reload_message[PROGRESS_REASON_SIZE]; // what is built, or why it was refused
    int64_t reload_at_ms;                      // since when that is so, wall clock
    int64_t missing_columns;                   // columns of source.sql that events lack
    int undeclared;                            // topics of the prefix that feed no declared table
    int64_t unplaced; // messages of a topic that is read, whose row is no declared table's
};

// The little of it that every answer needs.
struct progress_lag {
    enum progress_state state;
    // Sum of the high watermarks, without the offsets before them that hold no message as far as that is known:
    // what a file's applied_total is subtracted from. -1 = some are not known, or no partition is.
    int64_t high_total;
    int64_t newest_applied_ts_ms; // 0 = none
};

// What a declared table is read from.
struct table_progress {
    const char *const *topics; // by name
    int topic_count;           // 0 = no topic was found
    int partitions;            // of all its topics
    int64_t newest_event_ms;   // source time of the newest event that was applied, 0 = none since the start
    const char *incomplete;    // why older rows may be missing, NULL = nothing is known to be
    // What is being filled from the log after source.sql changed: columns by name, "" = its rows; NULL = nothing is.
    const char *filling;
    int filling_percent;
    int64_t lacking; // rows of which the log had no event for that any more
};

enum progress_finding_level { FINDING_OK, FINDING_WARN, FINDING_FAIL };

// What the messages say of the connector's settings.
struct progress_finding {
    enum progress_finding_level level;
    char check[PROGRESS_CHECK_SIZE];
    char message[PROGRESS_FINDING_SIZE];
    char remedy[PROGRESS_FINDING_SIZE]; // "" = none is needed
};

struct progress;

enum progress_histogram {
    PROGRESS_COMMIT_DURATION, // writing one commit
    PROGRESS_APPLY_DELAY,     // from the source's commit until a commit of ours shows it
    PROGRESS_HISTOGRAMS,
};
// Counted into by the consumer's thread, read by any; lives as long as the progress.
struct histogram *progress_histogram(struct progress *progress, enum progress_histogram which);

int progress_new(struct progress **ret, struct error *error);
void progress_free(struct progress **progress);

// --- the consumer's side
// Number of the (topic, partition), made when new; the numbers are 0, 1, 2, ... Returns -1 past
// PROGRESS_PARTITIONS_MAX or out of memory. Looks at each of them in turn, the mutex held: discovery asks once for
// each partition, every few seconds.
int progress_partition(struct progress *progress, const char *topic, int32_t partition);
void progress_set_state(struct progress *progress, enum progress_state state, const char *reason);
void progress_set_error(struct progress *progress, const char *message);
void progress_set_reload(struct progress *progress, enum progress_reload reload, const char *message);
// What is waited for before more can be shown, "" = nothing.
void progress_set_waiting(struct progress *progress, const char *what);
// What the source's positions are worth, where they are not PostgreSQL's.
void progress_set_positions(struct progress *progress, const char *what);
// The name of the consumer group, once.
void progress_set_group(struct progress *progress, const char *group);
void progress_set_high(struct progress *progress, int number, int64_t high, int64_t now_ms);
// Nobody knows it any more: its topic is gone, or its log was cut off.
void progress_forget_high(struct progress *progress, int number);
// `log_start`: what was before it is gone for whoever begins now.
void progress_set_log_start(struct progress *progress, int number, int64_t log_start);
int64_t progress_high(struct progress *progress, int number); // -1 = not known
void progress_set_applied(struct progress *progress, int number, int64_t applied);
// Between what was applied and `position` the log holds no message, only markers and what was aborted: the
// partition is applied up to there, although the file's own offset is that after its newest message.
void progress_set_position(struct progress *progress, int number, int64_t position);
void progress_heartbeat(struct progress *progress, int64_t ts_ms);
// After each commit; wakes what progress_on_commit registered.
void progress_committed(struct progress *progress, const struct progress_counters *counters,
                        int64_t newest_applied_ts_ms);
// A source transaction is whole, and shown with the next commit; `lsn` is its commit's. `txid` -1: nothing but that all up to
// there was shown before. From the consumer's thread only; takes no lock.
void progress_transaction(struct progress *progress, int64_t txid, int64_t lsn);
// The connector may be dead: what the broker has is applied. /readyz asks for nothing else. STATE_LIVE says it
// too.
void progress_caught_up(struct progress *progress);
// A column that events have and source.sql lacks, seen `times` more.
void progress_drift(struct progress *progress, const char *table, const char *column, int column_size,
                    int64_t times);

// Declared tables are known by their number in the catalog (table->index); tables past the catalog's and lost
// memory are passed over.
// `topic` feeds the table, with so many partitions: once in each listing of topics.
void progress_table_topic(struct progress *progress, int table, const char *topic, int partitions);
// A listing has ended: those that it lacks do not feed the table any more.
void progress_table_listed(struct progress *progress, int table);
// The newest source time among the events of one commit, after it.
void progress_table_event(struct progress *progress, int table, int64_t ts_ms);
// Older rows may be missing: the beginning of a topic was gone at the first start, for example.
bool progress_table_is_incomplete(struct progress *progress, int table);
void progress_table_incomplete(struct progress *progress, int table, const char *reason);
// The rows are there again, after a snapshot.
void progress_table_complete(struct progress *progress, int table);
// `what` as in table_progress; NULL = no more.
void progress_table_filling(struct progress *progress, int table, const char *what, int percent);
void progress_table_lacking(struct progress *progress, int table, int64_t rows);
// A declared column that `times` more events of the table lacked.
void progress_missing(struct progress *progress, const char *table, const char *column, int column_size,
                      int64_t times);
// Events have it by now: it is not missing any more.
void progress_column_seen(struct progress *progress, const char *table, const char *column, int column_size);
// The topics of the prefix that feed no declared table, in place of those that were named before: `count`, of which so many are named.
void progress_set_undeclared(struct progress *progress, const char *const *topics, int named, int count);
// `times` more messages of a topic that is read were no declared table's. Their source table, "" = not said.
void progress_unplaced(struct progress *progress, const char *topic, const char *source_table, int64_t times);

// In place of those before; `count` up to PROGRESS_FINDINGS_MAX.
void progress_set_findings(struct progress *progress, const struct progress_finding *list, int count);

// Calls `visit` for each table of which progress_follow has told since the last time.
void progress_take_followed(struct progress *progress, void (*visit)(void *self, const char *table),
                            void *self);

// --- the reader's side
// Somebody follows the table of the file at this moment. Told again and again; more than there is room for are passed
// over.
void progress_follow(struct progress *progress, const char *table);
// The source transactions that positions above `from` and up to `to` show (commit LSNs), the newest first, as far as there is
// room in `ret`. Returns how many they are; -1 = not known: they are too many or too old, or nothing is consumed here.
int progress_transactions(struct progress *progress, int64_t from, int64_t to, int64_t *ret, int capacity);
void progress_summary(struct progress *progress, struct progress_summary *ret);
// O(1), unlike progress_summary.
void progress_lag(struct progress *progress, struct progress_lag *ret);
// Up to `capacity` rows into `ret`, in the order (topic, partition); returns how many there are in all.
int progress_partitions(struct progress *progress, struct partition_progress *ret, int capacity);
// Calls `visit` for each drifted column, the mutex held: it must not call back.
void progress_drift_each(struct progress *progress,
                         void (*visit)(void *self, const char *table, const char *column, int64_t times),
                         void *self);
// Declared columns that events lack, like progress_drift_each.
void progress_missing_each(struct progress *progress,
                           void (*visit)(void *self, const char *table, const char *column, int64_t times),
                           void *self);
// The table's number in the catalog; `visit` is called once, the mutex held.
void progress_table_visit(struct progress *progress, int table,
                          void (*visit)(void *self, const struct table_progress *table), void *self);
// How many of the first `count` tables have no topic.
int progress_tables_without_topic(struct progress *progress, int count);
void progress_undeclared_each(struct progress *progress, void (*visit)(void *self, const char *topic),
                              void *self);
void progress_unplaced_each(struct progress *progress,
                            void (*visit)(void *self, const char *topic, const char *source_table,
                                          int64_t times),
                            void *self);
// `ret` has room for PROGRESS_FINDINGS_MAX; returns how many there are.
int progress_findings(struct progress *progress, struct progress_finding *ret);
// `wake` is called on the consumer's thread after each commit and each state change; it must only signal. False when
// PROGRESS_LISTENERS_MAX listen.
bool progress_on_commit(struct progress *progress, void (*wake)(void *self), void *self);
// Once this returns the listener is not called any more. Safe for one that does not listen.
void progress_off_commit(struct progress *progress, const void *self);

#endif
