// A world in one process for the apply loop: a source database, a Debezium connector, Kafka's partitions and a clock,
// all made from one seed. Nothing here waits: time is a number that the world moves. One thread.
//
//   source.c    transactions over a few keys, what the source held after each commit, failovers and restores
//   connector.c Debezium at work: snapshots, streaming, heartbeats, kills, lost offsets
//   envelope.c  its messages as text
//   kafka.c     partitions: what was sent, when it can be read, topics that are deleted, and the message_source
//   ours.c      the process under test: opened, killed, its partitions found, its steps
//   check.c     what the file has, beside the source
//   sim.c       the driver: chooses a world and plays it
#ifndef TIDEMARK_TESTS_SIM_H
#define TIDEMARK_TESTS_SIM_H

#include "consumer/message.h"
#include "views/base/bounds.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SIM_TABLES = 3, // orders, items: mirrored; audit: captured, not declared
    SIM_MIRRORED = 2,
    SIM_KEYS = 16,
    SIM_PARTITIONS_MAX = 4,
    SIM_SNAPSHOTS_MAX = 64,
    SIM_OPEN_MAX = 4, // transactions open at a time
    SIM_LOGS_MAX = SIM_TABLES * SIM_PARTITIONS_MAX + 2,
    SIM_TIMELINES_MAX = 4,
    SIM_ROWS_LARGE = 400,                // a transaction of more is sent in larger pieces
    SIM_DELIVERED_MAX = BOUND(512, 8),   // messages of a partition that are ready at once
    SIM_ROWS_MAX = BOUND(1000000, 2000), // of one transaction
};

// What a row holds; `note` names a text: 0 = NULL, an odd one is long enough to be TOASTed.
struct sim_row {
    bool exists;
    int v;
    int note;
};

struct sim_state {
    struct sim_row rows[SIM_TABLES][SIM_KEYS];
};

enum sim_op { SIM_INSERT, SIM_UPDATE, SIM_DELETE, SIM_MOVE, SIM_TRUNCATE };

struct sim_change {
    enum sim_op op;
    int table;
    int key;
    int old_key; // SIM_MOVE
    struct sim_row row;
    bool unavailable; // the note did not change and is TOASTed
    int64_t lsn;
};

struct sim_transaction {
    int64_t txid;
    int timeline;
    int64_t commit_lsn;
    int64_t commit_ms;
    struct sim_change *changes;
    int count;
    int capacity;
};

// What the seed chose.
struct sim_traits {
    int partitions[SIM_TABLES];
    bool metadata; // provide.transaction.metadata
    bool heartbeats;
    bool kills;       // of the connector
    bool resnapshots; // it loses its offsets
    bool incremental;
    bool truncates;
    bool moves;          // key changes
    bool big;            // now and then a transaction of hundreds of rows
    bool crashes;        // of ours
    bool markers;        // holes in the offsets, as an exactly-once source leaves them
    bool drops_items;    // an SMT drops all messages of items
    bool audit;          // the source writes a table that is captured and not declared
    bool initial_rows;   // the source has rows before the snapshot
    bool one_row_first;  // and the first table exactly one
    bool last_is_told;   // a snapshot's last row is marked, whatever its table
    bool straddles;      // transactions are open while a snapshot is taken
    bool slow_connector; // long between a transaction's rows
    bool late_topics;    // a topic exists from its first message on
    bool ahead;          // the source of messages offers more than the oldest
    int64_t away_ms_max; // how long a killed connector may be away
    int huge_rows;       // of one transaction, 0 = there is none so large
    int huge_turn;       // when it is made
    int remade_log;      // its topic is deleted, and made again by the next message; -1 = none is
    int remade_turn;
    bool restores; // the source fails over or is restored: LSNs begin anew, lower
    int restored_turn;
};

struct sim_source {
    struct sim_state state; // committed
    struct sim_transaction open[SIM_OPEN_MAX];
    struct sim_state own[SIM_OPEN_MAX]; // what each sees of the keys that it has locked
    bool is_open[SIM_OPEN_MAX];
    int locks[SIM_TABLES][SIM_KEYS];   // open transaction + 1, 0 = free
    struct sim_transaction *committed; // in commit order
    struct sim_state *states;          // after each of them
    int committed_count;
    int committed_capacity;
    struct sim_state first; // before the first of them
    int64_t snapshot_lsns[SIM_SNAPSHOTS_MAX];
    struct sim_state snapshots[SIM_SNAPSHOTS_MAX];
    int snapshot_count;
    int64_t lsn;
    int timeline; // LSNs of timeline N leave N when divided by 8, so none is of two
    int64_t txid;
    int notes;
};

// A row's event that is written out only while it is read: there may be a million of them.
struct sim_event {
    int transaction; // of the committed ones
    int change;
    int order;
    bool created; // the second half of a key change
    bool after;   // names the commit before its transaction
    bool is;
    bool tombstone;
};

struct sim_message {
    char *key;   // NULL = null
    char *value; // NULL = null
    struct sim_event event;
    int64_t offset;
    int64_t ts_ms;
    int64_t visible_ms;
};

struct sim_messages {
    struct sim_message *all;
    int count;
    int capacity;
    int64_t next_offset;
};

struct sim_log {
    char topic[64];
    int32_t partition;
    bool exists;
    struct sim_messages sent; // what the topic has
    struct sim_messages gone; // what it had when it was deleted, until ours has noticed
    bool deleted;             // and ours has not noticed
    bool had_others;          // messages of it were deleted, and perhaps never applied
    int held;                 // of the gone ones: ours has them already
    int read;                 // ours: messages released
    int offered;              // ours: messages that it was shown
    struct message head;
    int slot; // of the apply loop, -1 = none yet
};

struct sim_world;
struct sim_connector;

struct sim_world {
    uint64_t seed;
    uint64_t random;
    int64_t now_ms;
    struct sim_traits traits;
    struct sim_source source;
    struct sim_connector *connector;
    struct sim_log logs[SIM_LOGS_MAX];
    struct sim_messages buried[SIM_LOGS_MAX]; // of deleted topics: ours may hold some of them
    int log_count;
    int buried_count;
    int turn;
    int log_of_slot[256];
    bool trace;
};

extern const char *const sim_table_names[SIM_TABLES];

// 0 to count - 1.
int sim_below(struct sim_world *world, int count);
// True once in `of` times.
bool sim_chance(struct sim_world *world, int of);
// Whole text of a note; lives until the next call. NULL for note 0.
const char *sim_note(int note);

void sim_source_start(struct sim_world *world);
// Some statements of some transactions. `quiet`: only what ends the open ones.
void sim_source_act(struct sim_world *world, bool quiet);
void sim_source_free(struct sim_source *source);
// Gives the table a row if it has none; transactions that run end first.
void sim_source_fill(struct sim_world *world, int table);
// The LSN of a snapshot that is taken now; transactions that run end first, and with `straddles` others have begun.
int64_t sim_source_snapshot(struct sim_world *world);
// The state at a commit's LSN or a snapshot's; NULL = there is neither.
const struct sim_state *sim_source_state_at(const struct sim_source *source, int64_t commit_lsn);
// Another server takes over, whose log begins anew, lower. `back`: it has not the newest transactions.
void sim_source_restore(struct sim_world *world, bool back);

void sim_connector_start(struct sim_world *world);
// Sends some messages, or is killed, or comes back. `steady`: it lives and is not killed any more.
void sim_connector_act(struct sim_world *world, bool steady);
void sim_connector_free(struct sim_world *world);
bool sim_connector_is_away(const struct sim_world *world);
// Everything committed was sent.
bool sim_connector_is_done(const struct sim_world *world);
int sim_connector_snapshots(const struct sim_world *world);
// Dies, and snapshots anew when it is back.
void sim_connector_lose_offsets(struct sim_world *world);
// Its offsets are taken away, and it goes on from here without a snapshot (snapshot.mode=no_data).
void sim_connector_go_on(struct sim_world *world);

enum { SIM_TEXT_SIZE = 2048, SIM_KEY_SIZE = 32 };
struct sim_snapshot_row {
    int table;
    int key;
    const struct sim_row *row;
    const char *marker;
    int64_t lsn; // 0 = a chunk's
};
void sim_envelope_key(char ret[SIM_KEY_SIZE], int key);
void sim_envelope_snapshot(const struct sim_world *world, const struct sim_snapshot_row *at,
                           char ret[SIM_TEXT_SIZE]);
// A streamed event's key (false = null) and value, as it was sent at sent_ms.
bool sim_envelope_event(const struct sim_world *world, const struct sim_event *event, int64_t sent_ms,
                        char ret_key[SIM_KEY_SIZE], char ret_value[SIM_TEXT_SIZE]);
void sim_envelope_boundary(const struct sim_transaction *transaction, bool end,
                           char ret_key[SIM_KEY_SIZE * 4], char ret_value[SIM_TEXT_SIZE]);

void sim_kafka_start(struct sim_world *world);
void sim_kafka_send(struct sim_world *world, int log, const char *key, const char *value);
void sim_kafka_send_event(struct sim_world *world, int log, const struct sim_event *event);
// An exactly-once source's marker at each partition's end.
void sim_kafka_mark(struct sim_world *world);
void sim_kafka_free(struct sim_world *world);
struct message_source sim_kafka_source(struct sim_world *world);
// The partition is read from `offset`.
void sim_kafka_seek(struct sim_world *world, int log, int64_t offset);
bool sim_kafka_is_read(const struct sim_world *world);
// The high watermark, as far as it can be known by now.
int64_t sim_kafka_high(struct sim_world *world, int log);
int sim_kafka_log_of_table(int table, int partition);
int sim_kafka_transaction_log(const struct sim_world *world);
int sim_kafka_heartbeat_log(const struct sim_world *world);
// The log's topic is deleted: what ours has not been given is gone. The next message makes it again.
void sim_kafka_delete(struct sim_world *world, int log);
// Ours has read all that it was given of a deleted topic, and knows.
bool sim_kafka_is_gone(const struct sim_world *world, int log);
// Ours reads what the topic is now.
void sim_kafka_renew(struct sim_world *world, int log);
// Some message of a deleted partition was never released.
bool sim_kafka_leaves_unread(const struct sim_world *world, int log);

// --- the process under test, and what is expected of it

struct sim_ours {
    struct catalog *catalog;
    struct store *store;
    struct progress *progress;
    struct apply *apply;
    struct sqlite3 *reader;
    char path[128];
    int64_t checked_version;
    int transactional_answers;
    int64_t passed; // transactions, over all lives
    int crashes;
    bool halted; // by a new timeline that was not accepted yet
    bool ended;  // halted for good, with reason
};

struct sim_run {
    struct sim_world world;
    struct sim_ours ours;
    char failure[512]; // the first; empty = none
};

__attribute__((format(printf, 2, 3))) void sim_fail(struct sim_run *run, const char *format, ...);

bool sim_ours_open(struct sim_run *run, bool accept_timeline);
void sim_ours_close(struct sim_run *run);
// It is killed, and started again.
void sim_ours_crash(struct sim_run *run);
// One round of the consumer's loop. `quiet`: all that can be done is done.
void sim_ours_act(struct sim_run *run, bool quiet);
int64_t sim_ours_passed(const struct sim_run *run);
// Its file does.
bool sim_ours_knows_a_commit(const struct sim_run *run);

// What a reader would be told now, beside what the source held.
void sim_check_answer(struct sim_run *run);
// All was sent and read.
void sim_check_end(struct sim_run *run);
// What stands where, for a trace.
void sim_check_print(struct sim_run *run);

#endif
