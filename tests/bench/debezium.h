// How Debezium 3.4 for PostgreSQL writes rows and boundaries as JSON (schemas.enable on or off,
// provide.transaction.metadata=true, replace.null.with.default=false). Writes text into buffers; one thread.
#ifndef TIDEMARK_BENCH_DEBEZIUM_H
#define TIDEMARK_BENCH_DEBEZIUM_H

#include "tests/bench/shop.h"
#include "views/base/buffer.h"

struct debezium {
    const char *prefix;
    bool schemas;
    enum shop_form form;
    bool transactions; // rows name theirs
    int undeclared;
    struct buffer key_schemas[SHOP_TOPICS]; // everything before the payload
    struct buffer value_schemas[SHOP_TOPICS];
    int64_t second; // of `second_text`
    char second_text[32];
};

// Where an event stands in the log.
struct debezium_place {
    int64_t lsn;
    int64_t commit_before; // LSN of the commit before; -1 = none
    int64_t txid;
    int64_t ts_us;        // commit time
    int64_t sent_us;      // when the connector made the event
    const char *snapshot; // NULL = streamed
    int total_order;
    int collection_order;
};

int debezium_init(struct debezium *debezium, const char *prefix, const char *schemas, struct error *error);
void debezium_done(struct debezium *debezium);
const char *debezium_table(enum shop_topic topic);

// Around the key's or the row's members: begin writes the schema, if any.
void debezium_begin_key(struct debezium *debezium, struct buffer *out, enum shop_topic topic);
void debezium_end_key(struct debezium *debezium, struct buffer *out);
void debezium_begin_row(struct debezium *debezium, struct buffer *out, enum shop_topic topic);
// The end of a row image: the columns that nobody declares, and the brace.
void debezium_end_image(const struct debezium *debezium, struct buffer *out);
// After {"before":..,"after":..: source, transaction, op, times.
void debezium_end_row(struct debezium *debezium, struct buffer *out, enum shop_topic topic, char op,
                      const struct debezium_place *place);
// events NULL: BEGIN, else END with so many rows of each table.
void debezium_boundary(struct debezium *debezium, struct buffer *key, struct buffer *value, const int *events,
                       const struct debezium_place *place);

void debezium_money(const struct debezium *debezium, struct buffer *out, int64_t cents);
void debezium_timestamptz(struct debezium *debezium, struct buffer *out, int64_t us);

#endif
