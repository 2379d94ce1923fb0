// What a message's own schema says of its row's columns. A connector repeats the same schema in every message
// of a table, so schemas are recognised by their bytes and read once. One thread; a schema lives until
// SCHEMA_CACHE_MAX others were read: longer than its message, which reads three at most.
#ifndef TIDEMARK_DECODE_ENVELOPE_SCHEMA_H
#define TIDEMARK_DECODE_ENVELOPE_SCHEMA_H

#include "consumer/decode/value.h"
#include "views/base/bounds.h"

enum {
    SCHEMA_CACHE_MAX = BOUND(256, 4), // distinct schemas kept; the oldest goes
    SCHEMA_SCALE_MAX = 2047,          // eleven bits: PostgreSQL's numeric(3,-2) has 2046
    SCHEMA_BITS_MAX = 1 << 20,        // wider ones vary: Debezium gives BIT VARYING without a width 2^31 - 1
};

struct schema {
    struct span bytes; // as the message has it, from { to }
    enum change_bytes bytea;
    const struct table *table;
    struct value_field fields[]; // by the table's column numbers
};

struct schema_cache;

int schema_cache_new(struct schema_cache **ret, struct error *error);
void schema_cache_free(struct schema_cache **cache);
// A schema of `table` that was read before and whose bytes are the first of `bytes`, or NULL.
const struct schema *schema_at(struct schema_cache *cache, struct span bytes, const struct table *table);
// Reads (or recognises) a schema object: of a row (unwrapped, or a key), or of an envelope, whose "after" it
// takes. Errors: ERROR_INPUT with what is wrong.
int schema_read(struct schema_cache *cache, struct span bytes, const struct table *table,
                const struct schema **ret, struct error *error);
// What a row's schema says of the columns of a key that came without one, into `kept`, which is made
// (the caller frees it) once that is more than the declaration says: key.converter.schemas.enable=false beside a
// value with its schema leaves a decimal's base64 without its scale, and a time without its unit.
int schema_learn_key(struct schema_cache *cache, struct span of_row, const struct table *table,
                     struct schema **kept, struct error *error);

#endif
