// What was counted of a sample of messages: plain types, filled by evidence.c and its parts.
#ifndef TIDEMARK_EVIDENCE_FACTS_H
#define TIDEMARK_EVIDENCE_FACTS_H

#include "consumer/beginning.h"
#include "views/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    EVIDENCE_TOPICS_MAX = 4096,
    EVIDENCE_PARTS_MAX = 1024,   // rows of more tables are not looked at
    EVIDENCE_DENIED_MAX = 32,    // beyond it they are not named
    EVIDENCE_COLUMNS_MAX = 1600, // PostgreSQL's
    EVIDENCE_NAME_SIZE = 256,
    EVIDENCE_COLLECTIONS_MAX =
        1024, // tables that transactions count rows of: of more it is not said that no topic has them
    EVIDENCE_EXAMPLE_SIZE = 48,
    EVIDENCE_LIKE_SIZE = 320,
    EVIDENCE_GONE_MAX = 4, // statements that are named
    EVIDENCE_STATEMENT_SIZE = 80,
    EVIDENCE_CASCADES_MAX = 32, // tables of those are named
    EVIDENCE_NAMED_MAX = 1024,
    EVIDENCE_UNENDED_MAX = 256,
    EVIDENCE_READS_MAX = 4096, // rows of snapshots that are remembered, the first that come
    EVIDENCE_READS_SIZE = 2 * EVIDENCE_READS_MAX,
};

// Statements since the newest snapshot that took rows away without an event, or moved columns: the newest of them.
struct evidence_statement {
    char tables[EVIDENCE_NAME_SIZE]; // "a,b"; "" = not said
    char database[EVIDENCE_NAME_SIZE];
    char text[EVIDENCE_STATEMENT_SIZE];
};

struct evidence_gone {
    struct evidence_statement list[EVIDENCE_GONE_MAX]; // statement N at N % EVIDENCE_GONE_MAX
    int count;
};

// Tables whose newest CREATE or ALTER has a foreign key that carries what becomes of a row over to those that refer to it.
struct evidence_cascades {
    char tables[EVIDENCE_CASCADES_MAX][EVIDENCE_NAME_SIZE];
    int count;
};

// ROLLBACK statements in the binlog since the newest snapshot: rows of their transactions have come.
struct evidence_rollbacks {
    int64_t whole, to_savepoint;
};

// The tables that ENDs count rows of, "schema.table" as the connector names them; owned.
struct evidence_collections {
    char *names[EVIDENCE_COLLECTIONS_MAX];
    int count;
};

// Transactions by the hash of their id, the newest of each list: N at N % its size. A hash of 0 is none.
struct evidence_unended {
    uint64_t begun; // what the newest boundary that was looked at begins, and where that is
    int64_t begun_offset;
    uint64_t ids[EVIDENCE_UNENDED_MAX]; // another BEGIN stands right behind theirs, and no END was seen
    int64_t count;
    struct evidence_named {
        uint64_t id;
        int topic;
    } named[EVIDENCE_NAMED_MAX]; // by rows of that topic
    int64_t named_count;
};

// Rows of snapshots by a hash, at hash % EVIDENCE_READS_SIZE or behind it. A hash of 0 is none.
struct evidence_seen {
    struct evidence_seen_row {
        uint64_t hash;
        uint64_t says; // what was said of the first of them
    } list[EVIDENCE_READS_SIZE];
    int count;
};

// A column, over all rows that were looked at. What a row's `before` says counts only where it has no `after`.
struct evidence_column {
    char *name;
    int key;           // 1-based place in the messages' key, 0 = not in it
    int64_t seen;      // rows that have it, null or not
    int64_t newest_ms; // of these the newest, by its message's time
    int64_t oldest_ms; // and the oldest
    int64_t lacked_ms; // a row behind the oldest that lacks it, the first of these by its time; 0 = none
    int64_t row;       // the newest looked at that has it, by its number among the topic's
    int64_t nulls, integers, reals, booleans, strings, objects, arrays;
    int64_t replaced;     // strings with U+FFFD, which stands for what could not be decoded
    int64_t placeholders; // of unchanged TOAST values
    // Integers that are 0; and those that are a moment of 1980 to 2099, counted in days, ms, us or ns.
    int64_t zeros, days, millis, micros, nanos;
    int64_t beyond_a_day;           // below 0, or a day in microseconds or more: of a TIME of MySQL's
    int64_t within_a_day_of_millis; // above 0, and less than a day in milliseconds
    // Debezium's infinite dates and timestamps, in days, ms and us: hardly any other number is one.
    int64_t infinite_days, infinite_millis, infinite_micros;
    // 9999-12-31 in days, ms and us (its midnight, its last second): what has no end yet, in sources without an infinity.
    int64_t last_days, last_millis, last_micros;
    // Strings that could be: a number with a point, a moment with an offset, an ISO date, a moment without an offset or a time of day, a
    // UUID, a JSON object or array. Infinities and NaN are `special`.
    int64_t decimals, zoned, iso, uuids, documents, special;
    // Strings that could be base64 of so few bytes as a decimal's digits are; of these, that end with the sign that fills it up.
    int64_t base64, base64_filled;
    int scale;       // of decimals: digits behind the point, -1 = not the same in all
    int digits;      // of decimals: the most digits before the point
    int real_digits; // of reals: the most digits behind the point
    int64_t
        padded; // of reals: whose text is no double's, as one with a zero behind another digit of a fraction
    int64_t truths; // strings "true" and "false"
    // What the newest schema says; has_schema false = no message had one.
    bool has_schema, optional, has_default, schema_changed;
    char type[16];     // Connect's: "int32"
    char semantic[96]; // its name, "" = none
    char items[96];    // of an array: its elements' name, else their type; what is below is theirs, too
    int precision;     // connect.decimal.precision, 0 = not said
    int schema_scale;
    int length;                          // Bits: their width, 0 = not said
    int64_t defaults;                    // rows whose value is the schema's default
    char example[EVIDENCE_EXAMPLE_SIZE]; // of a value that is not null, "" = none
    bool key_candidate;                  // of a key that is no object: its value was the key's in every row
};

enum evidence_role {
    EVIDENCE_TABLE,
    EVIDENCE_TRANSACTIONS,
    EVIDENCE_HEARTBEATS,
    EVIDENCE_MAY_BE_HEARTBEATS, // by another name: only what is a heartbeat counts
    EVIDENCE_SCHEMA_CHANGES,
};

// A topic, with its rows of one source table: those of the others that come in it are parts of it, each of its own.
struct evidence_topic {
    char *name;
    enum evidence_role role;
    int of;     // of a part: the topic's number
    bool mixed; // rows of several tables come in the topic
    int partitions;
    bool partial;                  // there are messages between those that were looked at
    bool settings_told, compacted; // by the broker
    bool settings_refused;         // this account may not ask
    int64_t retention_ms;          // -1 = for ever
    int64_t retention_bytes;       // of a partition, -1 = no bound
    int beginning_gone;            // partitions whose oldest offset is above 0 (of a broker's topic)
    // The newest source; "" = not said. For connectors without schemas the schema is the database.
    char schema[EVIDENCE_NAME_SIZE];
    char table[EVIDENCE_NAME_SIZE];
    char connector[64];
    // PostgreSQL's connector has one database alone: the first that its rows name, and the newest other one; "" = none.
    char database[EVIDENCE_NAME_SIZE];
    char other_database[EVIDENCE_NAME_SIZE];
    int64_t messages;
    int64_t tombstones; // and other null values
    int64_t null_keys;
    int64_t scalar_keys;
    int64_t unreadable;
    char unreadable_like[EVIDENCE_LIKE_SIZE]; // what the first of them looks like
    int64_t refused;                          // of these: in another format than Debezium's, or of cells
    // rows and what is in place of one
    int64_t rows, with_schema, unwrapped, with_position, with_transaction;
    int64_t marked;           // unwrapped, and say whether they are deleted
    int64_t newest_row_ms;    // of those that are no deletes, by its message's time
    int64_t nameless_binlog;  // unwrapped, with a binlog's file, and no connector: read as MariaDB's
    int64_t without_timeline; // unwrapped, with an LSN, and nothing that tells a new timeline of the source's
    int64_t reads, updates, deletes, truncates, logical;
    struct beginning beginning; // of a topic of one partition
    int twin; // the topic where rows of its snapshot had come already, the same in all columns; how many of them
    int64_t twins;
    int64_t sharing;             // rows of a snapshot that had another row with their key
    int64_t of_older;            // an update or a delete of a row that was there before the log
    int64_t updates_with_nulls;  // without their row before
    int64_t updates_with_before; // replica identity FULL sends it; the default only with a key that changes
    // of the transaction topic, and what else has them
    int64_t begins, ends, empty_ends;
    int64_t rowless; // ends that count no row, placed or not
    int64_t placed;  // of its boundaries: their id says an LSN
    int64_t beats;   // heartbeats in a topic that is not called as theirs
    int64_t told;    // notifications, signals and changes of the schema, likewise
    struct evidence_column *columns;
    int column_count;
    int column_capacity;
    struct evidence_column rest; // all columns beyond EVIDENCE_COLUMNS_MAX, without a name
};

struct evidence {
    char prefix[EVIDENCE_NAME_SIZE];
    struct evidence_topic *topics;
    int topic_count;
    int topic_capacity;
    struct evidence_topic *parts; // what is counted of rows; the rest is the topic's
    int part_count;
    int part_capacity;
    // Topics that this account may not see, whether they exist or not; owned.
    char *denied[EVIDENCE_DENIED_MAX];
    int denied_count;
    int undeclared_more; // topics that no table is declared for and that are not among these
    // Topics that may be the connector's own by other names and are not looked at: a list in words, "" = none.
    char may_be_transactions[EVIDENCE_NAME_SIZE];
    char may_be_heartbeats[EVIDENCE_NAME_SIZE];
    struct evidence_gone gone;
    struct evidence_gone moved; // statements that may have moved a column for the connector alone
    struct evidence_cascades cascades;
    struct evidence_rollbacks rollbacks;
    struct evidence_collections collections;
    struct evidence_unended unended;
    struct evidence_seen *reads; // owned, NULL until there are some: by all that they say, of which topic
    struct evidence_seen
        *keyed;         // likewise: by key and the snapshot's position, the hash of all that they say
    struct arena arena; // of one message
    int64_t newest_ms;  // of all messages
};

// The topics and behind them their parts, for what is asked of each table's rows.
static inline int evidence_count(const struct evidence *evidence) {
    return evidence->topic_count + evidence->part_count;
}
static inline const struct evidence_topic *evidence_at(const struct evidence *evidence, int number) {
    return number < evidence->topic_count ? &evidence->topics[number]
                                          : &evidence->parts[number - evidence->topic_count];
}

#endif
