// What a message says once it is decoded: a row's change, a boundary of a transaction, a heartbeat. Plain data,
// filled by envelope_decode; belongs to the caller, one thread at a time.
#ifndef TIDEMARK_DECODE_EVENT_H
#define TIDEMARK_DECODE_EVENT_H

#include "views/base/arena.h"
#include "views/base/error.h"
#include "views/engine/catalog.h"
#include "views/engine/change.h"

enum event_kind {
    EVENT_CHANGE,
    EVENT_BEGIN,
    EVENT_END,
    EVENT_HEARTBEAT,
    EVENT_UNPLACED, // a row of a topic that several tables share, and of none of them; change.table is NULL
    EVENT_LEFT_OUT, // a row of a table that source.sql leaves out, in another's topic; change.table is NULL
    EVENT_NOTHING,  // of no interest
};

// How an event's position in the source is known.
enum event_positions {
    POSITIONS_LSN,    // PostgreSQL's, or nothing says otherwise
    POSITIONS_BINLOG, // MySQL's and MariaDB's: change.lsn is made of file, pos and row; no transactions are read
    POSITIONS_OFFSETS, // of a connector whose positions are not known: Kafka's offsets are all there is
    POSITIONS_FOREIGN, // a member of another form than PostgreSQL's: the event goes by what is left
};

enum { EVENT_OTHERS_MAX = 4096 }; // collections of one END that nobody declared; more are nobody's

// Rows of a collection that source.sql does not declare. A router may have sent them into a declared table's topic.
struct event_collection {
    uint64_t name; // placement_hash of "SCHEMA.TABLE"
    int64_t rows;
};

// What the loop looks at of a row's change stands first, in three lines of the processor's cache.
struct event {
    enum event_kind kind;
    enum event_positions positions;
    // A row that could not be read may still say where it belongs: then `change`'s transaction members are
    // set though decoding failed, and the merge need not wait for it.
    bool placed;
    bool routed; // the source's table is none that is declared: the topic alone says whose the row is
    // source.sequence is there and names no commit before it: of the first transaction after a snapshot
    bool is_first;
    bool keeps_arena; // what the arena holds of earlier events stays: its owner empties it
    // change.lsn and change.previous_commit as the source has them; the loop makes timelines comparable
    int64_t source_lsn;
    int64_t source_previous_commit;
    uint64_t key_hash; // of the key's bytes; of a delete or tombstone only, decoded or not, else 0
    // The row's key before, of an update that changes it, where the messages' key has other columns (message.key.columns):
    // as many values as `values`, in the arena. NULL: the row keeps its key.
    struct value *moved_from;
    struct change change; // EVENT_CHANGE; values point below

    // EVENT_BEGIN and EVENT_END: change.txid, change.lsn (of the END: the commit's), change.ts_ms, and of the
    // END how many rows each mirrored table has in the transaction, by table number
    int64_t *expected;
    int64_t expected_total; // sum of `expected`
    int64_t event_count;    // all rows, of other tables too: the highest total_order
    // The END's collections that are none of the declared tables', up to EVENT_OTHERS_MAX. In the arena.
    struct event_collection *others;
    int other_count;
    int64_t heartbeat_ms;       // EVENT_HEARTBEAT
    const char *foreign_member; // POSITIONS_FOREIGN: the member's name, static
    struct span connector;      // source.connector, unescaped; not of POSITIONS_LSN
    struct span server;         // source.name, the connector's topic.prefix; as connector
    // source.schema and source.table, unescaped; data NULL = the event does not say. As source.connector they live as long as the
    // message, the arena and the decoder
    struct span schema;
    struct span table;

    struct value *values; // as many as the catalog's widest table has columns
    struct arena arena;
};

int event_init(struct event *event, const struct catalog *catalog, struct error *error);
void event_done(struct event *event);
// The delete of the row where it was, of an event that has moved_from. Its values are the event's.
struct change event_moved_away(const struct event *event);

#endif
