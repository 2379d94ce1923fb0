// A message's bytes into what they mean: a row change, a transaction's boundary, a heartbeat. Knows every
// form that Debezium 2.7 and 3.4 write as JSON: with and without schemas, in an envelope or unwrapped
// (ExtractNewRecordState). Pure but for its caches; one thread. Errors are ERROR_INPUT and name the member or
// column and what came.
#ifndef TIDEMARK_DECODE_ENVELOPE_H
#define TIDEMARK_DECODE_ENVELOPE_H

#include "consumer/decode/topic_role.h"
#include "consumer/decode/value.h"
#include "consumer/message.h"

enum {
    ENVELOPE_BYTES_MAX = 64 << 20, // a longer value is refused (Kafka's own default is 1 MB)
    ENVELOPE_COLLECTIONS_MAX = CATALOG_TABLES_MAX,
};

enum event_kind {
    EVENT_CHANGE,
    EVENT_BEGIN,
    EVENT_END,
    EVENT_HEARTBEAT,
    EVENT_NOTHING, // for no mirrored table, or of no interest
};

struct event {
    enum event_kind kind;
    struct change change; // EVENT_CHANGE; values point below
    // EVENT_BEGIN and EVENT_END: change.txid, change.lsn (of the END: the commit's), change.ts_ms, and of the
    // END how many rows each mirrored table has in the transaction, by table number
    int64_t *expected;
    int64_t expected_total; // sum of `expected`
    int64_t event_count;    // all rows, of other tables too: the highest total_order
    int64_t heartbeat_ms;   // EVENT_HEARTBEAT
    // A row that could not be read may still say where it belongs: then `change`'s transaction members are
    // set though decoding failed, and the merge need not wait for it.
    bool placed;
    uint64_t key_hash; // of the key's bytes; of a delete or tombstone only, else 0
    // change.lsn and change.previous_commit as the source has them; the loop makes them comparable across
    // timelines
    int64_t source_lsn;
    int64_t source_previous_commit;

    struct value *values; // TABLE_COLUMNS_MAX
    struct arena arena;
    bool keeps_arena; // what the arena holds of earlier events stays: its owner empties it
};

int event_init(struct event *event, const struct catalog *catalog, struct error *error);
void event_done(struct event *event);

struct envelope_decoder;

struct envelope_config {
    const struct catalog *catalog;
    const struct value_settings *settings; // outlives the decoder
    // Told of each column that an event has and the table does not; may be NULL.
    void (*drift)(void *self, const struct table *table, struct span column);
    void *self;
};

int envelope_decoder_new(struct envelope_decoder **ret, const struct envelope_config *config,
                         struct error *error);
void envelope_decoder_free(struct envelope_decoder **decoder);

// `ret` borrows from the message's bytes until it is decoded into again. `table`: the topic's, for
// TOPIC_TABLE.
int envelope_decode(struct envelope_decoder *decoder, enum topic_role role, const struct table *table,
                    const struct message *message, struct event *ret, struct error *error);
// How many rows and boundaries were read by the shape of messages before them (envelope_shape.h).
int64_t envelope_decoder_known(const struct envelope_decoder *decoder);

#endif
