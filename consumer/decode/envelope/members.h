// What an envelope or an unwrapped row says beside its columns: source, transaction, op. Inside the envelope
// decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_MEMBERS_H
#define TIDEMARK_DECODE_ENVELOPE_MEMBERS_H

#include "consumer/decode/event.h"
#include "consumer/decode/placement.h"
#include "consumer/json/json.h"

// Whose row it is, once that has been asked: kept with the schema and the table that a shape has.
struct members_placement {
    struct placement is;
    bool known;
};

struct members {
    struct members_placement *placement; // NULL = ask
    struct span before;                  // data NULL = not there or null
    struct span after;
    struct span connector; // source.connector
    struct span schema;    // source.schema; what a connector without schemas calls the database or keyspace
    struct span database;  // source.db, source.keyspace
    struct span table;     // source.table
    struct span server;    // source.name: the connector's topic.prefix
    struct span op;
    struct span snapshot;
    struct span file; // source.file, of a binlog
    int64_t binlog_pos;
    int64_t binlog_row; // -1 = not said
    int64_t lsn;
    int64_t previous_commit;
    bool has_sequence;
    int64_t txid;
    int64_t ts_ms;
    int64_t total_order;
    bool has_source;
    bool has_transaction;
    bool has_foreign_transaction; // its id is not TXID:LSN
    bool names_transaction;       // one is there, whatever can be trusted of it
    bool deleted;                 // __deleted is "true", or what source.sql calls so is "d"
    bool has_deleted;             // __deleted is there
    bool flat;                    // an unwrapped row
    bool own;                     // no row: a boundary of a transaction, a heartbeat
    bool postgres;                // a shape knows that connector is PostgreSQL's
    struct span
        likely_mark;     // a member of an unwrapped row that likely says that it is deleted; data NULL = none
    int after_kind;      // of row_object
    const char *foreign; // name of a member that has another form than PostgreSQL's, NULL = none
    struct arena *arena; // for texts with escapes
};

extern const struct members members_none;

enum member_kind {
    MEMBER_BEFORE, // objects or null, these four
    MEMBER_AFTER,
    MEMBER_SOURCE,
    MEMBER_TRANSACTION,
    MEMBER_OP,
    MEMBER_LSN,
    MEMBER_TXID,
    MEMBER_TS_MS,
    MEMBER_CONNECTOR,
    MEMBER_SCHEMA,
    MEMBER_DATABASE,
    MEMBER_TABLE,
    MEMBER_SERVER,
    MEMBER_BINLOG_FILE,
    MEMBER_BINLOG_POS,
    MEMBER_BINLOG_ROW,
    MEMBER_CHANGING, // a text that says nothing to us and differs from message to message
    MEMBER_SNAPSHOT,
    MEMBER_SEQUENCE, // of one that a shape has split: its first number
    MEMBER_TRANSACTION_ID,
    MEMBER_TRANSACTION_TXID, // of the id "TXID:LSN", where a shape has split it
    MEMBER_TRANSACTION_LSN,
    MEMBER_TOTAL_ORDER,
    MEMBER_DELETED,
};

// The object that a member stands in. HOME_ADDED: an unwrapped row, to which ExtractNewRecordState adds members
// (add.fields) under Debezium's default prefix "__". A new member is one line in the table of its home (members.c),
// for the general reader and for shapes.
enum member_home { HOME_ENVELOPE, HOME_SOURCE, HOME_TRANSACTION, HOME_ADDED };

struct member_name {
    struct span key;
    enum member_kind kind;
    const char *label; // for messages
};

#define TEXT_IS(text, literal)                                                                               \
    ((text).size == sizeof(literal) - 1 && memcmp((text).data, (literal), sizeof(literal) - 1) == 0)
// True when the newest KEY is the literal.
#define KEY_IS(json, literal) json_key_is((json), (literal), sizeof(literal) - 1)

extern const struct member_name members_split_txid, members_split_lsn; // of an id that a shape has split

// The member that the newest KEY names, or NULL when it says nothing to us.
const struct member_name *members_find(enum member_home home, const struct json_reader *json);
// Whether a member of an unwrapped row is one that ExtractNewRecordState added: by Debezium's prefix, or as source.sql
// tells. `ret`: NULL = it says nothing to us.
bool members_is_added(const struct table *table, struct span name, const struct member_name **ret);
// Whether an undeclared member's name is one that an op may have: by another prefix than Debezium's, and by a name of its own
// (add.fields=op:operation, ReplaceField).
static inline bool members_is_op_prefixed(struct span name) {
    return span_is(name, "op") || span_ends_with(name, "_op");
}
bool members_is_op_renamed(struct span name);
// Whether it may be an op's, or __deleted's, of which source.sql tells nothing.
bool members_is_likely_mark(const struct table *table, struct span name);
// Keeps its name where it says "true" or "d", as text: a boolean is likely a column of the source's own.
void members_note_likely_mark(struct members *members, struct span name, const struct json_value *value);
// Whether an envelope has a member of that name.
bool members_is_envelopes(const char *name);
// A text of `source` that is the same in all messages of a topic.
static inline bool members_is_constant(enum member_kind kind) {
    return kind == MEMBER_CONNECTOR || kind == MEMBER_SCHEMA || kind == MEMBER_DATABASE ||
           kind == MEMBER_TABLE || kind == MEMBER_SERVER;
}
// Its value. What only labels the row (LSN, transaction, time) and has another form than PostgreSQL's is left out,
// and noted in members->foreign.
int members_take(struct members *members, const struct member_name *name, const struct json_value *value,
                 struct error *error);
// The members of the object "source" or "transaction", whose { has been read.
int members_read(struct json_reader *json, enum member_home home, struct members *members,
                 struct error *error);

// How many bytes of `text` a message shows: 40 at most, cut between characters.
int members_visible(struct span text);
static inline bool members_is_postgres(const struct members *members) {
    return members->postgres || TEXT_IS(members->connector, "postgresql");
}
// An unwrapped row need not name its connector: only theirs have a binlog's file.
static inline bool members_is_mysql(const struct members *members) {
    return TEXT_IS(members->connector, "mysql") || TEXT_IS(members->connector, "mariadb") ||
           (members->connector.data == NULL && members->file.data != NULL);
}
// Those that write MySQL's types: TiDB's TiCDC and Vitess'.
static inline bool members_has_mysqls_times(const struct members *members) {
    return TEXT_IS(members->connector, "TiCDC") || TEXT_IS(members->connector, "vitess");
}
// Whose TIME without digits is no count of microseconds: SQL Server's is time(7), nanoseconds; Db2's and Informix' have none,
// milliseconds.
static inline bool members_has_other_times(const struct members *members) {
    return TEXT_IS(members->connector, "sqlserver") || TEXT_IS(members->connector, "db2") ||
           TEXT_IS(members->connector, "informix") || TEXT_IS(members->connector, "db2as400");
}
// Spanner's connector, of change streams of the kind OLD_AND_NEW_VALUES (its default; of NEW_ROW_AND_OLD_VALUES after has all), and
// YugabyteDB's with MODIFIED_COLUMNS_OLD_AND_NEW_IMAGES: before and after have the key and what was modified, and all else is null in both.
static inline bool members_names_modified_alone(const struct members *members) {
    return TEXT_IS(members->connector, "spanner") ||
           (members->before.data != NULL && TEXT_IS(members->connector, "yugabytedb"));
}
static inline bool members_may_be_mariadb(const struct members *members) {
    return members_is_mysql(members) && !TEXT_IS(members->connector, "mysql");
}
// The text of a string, escapes and all, or of a number; data NULL for null and for containers.
static inline struct span members_text(const struct json_value *value) {
    switch (value->kind) {
    case JSON_STRING:
        return json_between_quotes(value->raw);
    case JSON_NUMBER:
    case JSON_TRUE:
    case JSON_FALSE:
        return value->raw;
    default:
        return (struct span){0};
    }
}
// The same, without escapes.
int members_unescape_odd(const struct json_value *value, struct arena *arena, struct span *ret,
                         struct error *error);
static inline int members_unescape(const struct json_value *value, struct arena *arena, struct span *ret,
                                   struct error *error) {
    if (value->kind != JSON_STRING || value->escaped)
        return members_unescape_odd(value, arena, ret, error);
    *ret = json_between_quotes(value->raw);
    return 0;
}
// A number, or a string that holds one (unwrapped members, Connect's own converters); null leaves `ret` as it
// is. `label` is for messages.
int members_no_integer(const struct json_value *value, const char *label, struct error *error);
static inline int members_integer(const struct json_value *value, const char *label, int64_t *ret,
                                  struct error *error) {
    struct span text = members_text(value);
    return text.data == NULL || json_to_integer(text, ret) ? 0 : members_no_integer(value, label, error);
}
// An LSN's digits. False: none, or higher than LSN_MAX.
static inline bool members_read_lsn(struct span digits, int64_t *ret) {
    return json_to_integer(digits, ret) && *ret <= LSN_MAX;
}
// "621970:426187064": the transaction, then the LSN of the event that says it. False: of another form (a GTID; the
// transaction alone, of Debezium before 2.0).
bool members_split_id(struct span id, int64_t *ret_txid, int64_t *ret_lsn);
// What the members say of positions, once all are read: leaves in lsn, txid and has_transaction only what can be
// trusted.
enum event_positions members_positions(struct members *members);
// Whether a change was streamed, though it says that it is a snapshot's: behind a blocking snapshot that a restart cut short PostgreSQL's connector
// (3.6.1) says "true" of all that it streams, which names its transaction, where those are told, and a row of a snapshot none. Behind a chunk that failed MariaDB's connector (3.5.0) says "incremental" of
// all that it streams. Such a change names its transaction, where those are told, and has the binlog's time, whole seconds but for MySQL's from
// 8.0 on; a row of the snapshot has the moment at which it was read. Of no use before members_positions.
bool members_is_beside_snapshot(const struct members *members);

#endif
