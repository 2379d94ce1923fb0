// What an envelope or an unwrapped row says beside its columns: source, transaction, op. Inside the envelope
// decoder only.
#ifndef TIDEMARK_ENVELOPE_MEMBERS_H
#define TIDEMARK_ENVELOPE_MEMBERS_H

#include "consumer/json_flat.h"
#include "views/base/error.h"
#include "views/change.h"

// Where in an object of a known shape the members stand that matter, -1 = not there.
struct source_shape {
    struct json_shape keys;
    int lsn, txid, ts_ms, table, snapshot, sequence;
};

struct transaction_shape {
    struct json_shape keys;
    int id, total_order;
};

// A connector writes the same keys in every message.
struct member_shapes {
    struct source_shape source;
    struct transaction_shape transaction;
};

// What an envelope or an unwrapped row says beside its columns.
struct members {
    struct span before; // data NULL = not there or null
    struct span after;
    struct span table; // source.table
    struct span op;
    struct span snapshot;
    int64_t lsn;
    int64_t previous_commit;
    int64_t txid;
    int64_t ts_ms;
    int64_t total_order;
    struct member_shapes *shapes;
    bool has_source;
    bool has_transaction;
    bool deleted;     // __deleted is "true"
    bool has_deleted; // __deleted is there
    bool after_read;  // the row's values are in the event
    int after_kind;   // of row_object
};

extern const struct members members_none;

// True when the newest KEY is the literal.
#define KEY_IS(json, literal) json_key_is((json), (literal), sizeof(literal) - 1)

// A scalar that comes next; containers are passed over. `ret` has the raw text of a string or number, data
// NULL for null.
int members_scalar(struct json_reader *json, struct span *ret, struct error *error);
// A number, or a string that holds one; null leaves `ret` as it is. `name` is for messages.
int members_integer(struct json_reader *json, const char *name, int64_t *ret, struct error *error);
// "621970:426187064": the transaction, then the LSN of the event that says it.
int members_split_id(struct span id, int64_t *ret_txid, int64_t *ret_lsn, struct error *error);

// The value of the member "source", "transaction"; of a member that ExtractNewRecordState adds (add.fields),
// under Debezium's default prefix "__". The KEY has been read.
int members_read_source(struct json_reader *json, struct members *members, struct error *error);
int members_read_transaction(struct json_reader *json, struct members *members, struct error *error);
int members_read_added(struct json_reader *json, struct members *members, struct error *error);

#endif
