// A world in one process for the apply loop: a source database, a Debezium connector, Kafka's partitions and a clock,
// all made from one seed. Nothing here waits: time is a number that the world moves. One thread.
//
//   source.c    transactions over a few keys, and what the source held after each commit
//   connector.c Debezium's messages for them: snapshots, streaming, heartbeats, kills, lost offsets
//   kafka.c     partitions: what was sent, when it can be read, and the message_source over them
//   sim.c       the driver: applies, crashes, compares
#ifndef TIDEMARK_TESTS_SIM_H
#define TIDEMARK_TESTS_SIM_H

#include "consumer/message.h"

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
    bool slow_connector; // long between a transaction's rows
    bool late_topics;    // a topic exists from its first message on
    bool ahead;          // the source of messages offers more than the oldest
    int64_t away_ms_max; // how long a killed connector may be away
};

struct sim_source {
    struct sim_state state; // committed
    struct sim_transaction open[SIM_OPEN_MAX];
    bool is_open[SIM_OPEN_MAX];
    int locks[SIM_TABLES][SIM_KEYS];   // open transaction + 1, 0 = free
    int table_lock[SIM_TABLES];        // of a truncate, likewise
    struct sim_transaction *committed; // in commit order
    struct sim_state *states;          // after each of them
    int committed_count;
    int committed_capacity;
    struct sim_state first; // before the first of them
    int64_t snapshot_lsns[SIM_SNAPSHOTS_MAX];
    int snapshot_count;
    int64_t lsn;
    int64_t txid;
    int notes;
};

struct sim_message {
    char *key;   // NULL = null
    char *value; // NULL = null
    int64_t offset;
    int64_t ts_ms;
    int64_t visible_ms;
};

struct sim_log {
    char topic[64];
    int32_t partition;
    bool exists;
    struct sim_message *messages;
    int count;
    int capacity;
    int64_t next_offset;
    int read; // ours: messages released
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
    int log_count;
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
// The LSN of a snapshot that is taken now; transactions that run end first.
int64_t sim_source_snapshot(struct sim_world *world);
// The state at a commit's LSN or a snapshot's; NULL = there is neither.
const struct sim_state *sim_source_state_at(const struct sim_source *source, int64_t commit_lsn);

void sim_connector_start(struct sim_world *world);
// Sends some messages, or is killed, or comes back. `steady`: it lives and is not killed any more.
void sim_connector_act(struct sim_world *world, bool steady);
void sim_connector_free(struct sim_world *world);
bool sim_connector_is_away(const struct sim_world *world);
// Everything committed was sent.
bool sim_connector_is_done(const struct sim_world *world);
// LSNs below it may be missing from the log: the newest snapshot's.
int64_t sim_connector_snapshot_lsn(const struct sim_world *world);
int sim_connector_snapshots(const struct sim_world *world);
int64_t sim_connector_heartbeat_ms(const struct sim_world *world); // the newest that was sent

void sim_kafka_start(struct sim_world *world);
void sim_kafka_send(struct sim_world *world, int log, const char *key, const char *value);
// An exactly-once source's marker at each partition's end.
void sim_kafka_mark(struct sim_world *world);
void sim_kafka_free(struct sim_world *world);
struct message_source sim_kafka_source(struct sim_world *world);
// The partition is read again from `offset`, as after a restart.
void sim_kafka_seek(struct sim_world *world, int log, int64_t offset);
bool sim_kafka_is_read(const struct sim_world *world);
int sim_kafka_log_of_table(int table, int partition);
int sim_kafka_transaction_log(const struct sim_world *world);
int sim_kafka_heartbeat_log(const struct sim_world *world);

#endif
