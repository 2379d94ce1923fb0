// One row change, decoded and typed: the contract between the consumer, which makes it, and the mirror, which
// applies it. Plain data. Every span borrows from the message or the decoder's arena and lives until the
// message is let go.
#ifndef TIDEMARK_CHANGE_H
#define TIDEMARK_CHANGE_H

#include "views/engine/table.h"
#include "views/engine/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum change_op {
    CHANGE_CREATE,    // c
    CHANGE_UPDATE,    // u
    CHANGE_DELETE,    // d, or an unwrapped row with __deleted "true"
    CHANGE_READ,      // r: a snapshot's row
    CHANGE_TRUNCATE,  // t
    CHANGE_TOMBSTONE, // a key whose value is null
};

enum change_snapshot {
    SNAPSHOT_NONE,
    SNAPSHOT_FULL,
    SNAPSHOT_INCREMENTAL,
};

#define LSN_NONE ((int64_t)-1)
enum { LSN_BITS = 56 }; // of a source's own: PostgreSQL writes 2^56 bytes of log in no one's lifetime
#define LSN_MAX (((int64_t)1 << LSN_BITS) - 1)

enum {
    TXID_NONE = -1,
    TXID_UNTOLD = -2, // of PostgreSQL's rows that name an LSN alone
};

enum {
    CHANGES_EXPECTED = 3
}; // of a topic's partition, of which is told before it is their turn (store_expect)

struct packed_row;

// What a message's schema says of how BYTEA comes: as bytes, or as text (binary.handling.mode base64, base64-url-safe, hex).
enum change_bytes { CHANGE_BYTES_UNTOLD, CHANGE_BYTES_PLAIN, CHANGE_BYTES_TEXT };

// A row as a commit keeps it, and its key's hash: made of a change's values before it is its turn, on any thread (store_pack).
struct change_packed {
    const struct packed_row *row; // lives as long as the values; NULL = it was not made
    size_t size;                  // bytes
    uint64_t key_hash;
};

struct change {
    enum change_op op;
    bool op_untold; // an unwrapped row that does not say it: an update, which may be a create
    enum change_snapshot snapshot;
    bool
        snapshot_first; // first: the whole snapshot begins. Debezium 3.4 to 3.7 give a table's only row no other mark
    bool snapshot_table_last; // last_in_data_collection or last: the table's snapshot has been sent whole
    bool snapshot_last;       // last: the whole snapshot has been sent
    const struct table *table;
    const struct value *values; // table->column_count of them; of a delete or tombstone only the keys are set
    int64_t lsn;                // of the change itself (source.lsn); LSN_NONE when the event has none
    int64_t previous_commit; // sequence[0]: commit LSN of the transaction before this one; LSN_NONE = unknown
    int64_t txid;            // TXID_NONE, TXID_UNTOLD
    int64_t total_order;     // within its transaction, from 1; 0 = the event names no transaction
    // a create: `lsn` is one more than the source's, behind the other half of its key change
    bool behind_delete;
    // No ENDs order it against changes of other keys: a truncate that comes after it may have been seen
    // before.
    bool unordered;
    // A full snapshot's row: no newer one of its source was taken, whatever the table has of another source (a shard, a
    // partition, another server).
    bool newest_of_source;
    // A full snapshot's row: the stream has the commit that it names as the one before it.
    bool ahead;
    // A full snapshot's row: all that was applied of what feeds the table was sent after the snapshot had begun.
    bool nothing_before;
    // Its partition has shown rows of the table's newest full snapshot, or it was committed after that: what it brings is no
    // ghost of that snapshot, however early it was written.
    bool behind_snapshot;
    // The log of its row is whole and in order as far as is known: an update or a delete finds a row, and a create
    // none.
    bool follows;
    // An update of PostgreSQL's that brings no row before: a null in an `unmarked` column may be an unchanged TOAST value.
    bool nulls_unsure;
    enum change_bytes bytes;
    int64_t ts_ms; // source.ts_ms: commit time, ms since 1970; 0 = unknown
    struct change_packed packed;
};

// The LSN of its record at the source.
static inline int64_t change_place(const struct change *change) {
    return change->lsn - change->behind_delete;
}

// Whether a null in this column may be an unchanged TOAST value. Of BYTEA it is one with base64 alone (Debezium 2.7 to 3.7):
// bytes, the default, and hex have a placeholder.
static inline bool change_null_is_unsure(const struct change *change, const struct column *column) {
    if (!change->nulls_unsure || !column->unmarked || column->generated != NULL)
        return false;
    if (column->type != COLUMN_BYTEA)
        return true;
    return change->bytes == CHANGE_BYTES_TEXT
               ? column->bytes != BYTES_HEX
               : change->bytes == CHANGE_BYTES_UNTOLD &&
                     (column->bytes == BYTES_BASE64 || column->bytes == BYTES_BASE64URL);
}

// Whether it brings a row: values of all columns.
static inline bool change_is_row(const struct change *change) {
    return change->op == CHANGE_CREATE || change->op == CHANGE_UPDATE || change->op == CHANGE_READ;
}

// Whether a snapshot (or a rebuild) tells of it: a row that it read, a ghost that its end sweeps. Nothing
// happened at the source then, so nothing is to be done for it.
static inline bool change_is_snapshot(const struct change *change) {
    return change->op == CHANGE_READ || change->snapshot != SNAPSHOT_NONE;
}

// Whether the row, where the change makes it, has in the column what may not be the source's: the default of now, or null
// where that cannot be, or where only the source knows the default.
static inline bool change_guesses(const struct change *change, int column) {
    const struct column *declared = &change->table->columns[column];
    return change->values[column].kind == VALUE_ABSENT && declared->generated == NULL &&
           (column_has_default(declared) || declared->not_null || declared->source_default);
}

#endif
