// A message's bytes into what they mean: a row change, a transaction's boundary, a heartbeat. Knows every
// form that Debezium 2.7 and 3.4 write as JSON: with and without schemas, in an envelope or unwrapped
// (ExtractNewRecordState). Pure but for its caches; one thread. Errors are ERROR_INPUT and name the member or
// column and what came.
#ifndef TIDEMARK_DECODE_ENVELOPE_H
#define TIDEMARK_DECODE_ENVELOPE_H

#include "consumer/decode/config.h"
#include "consumer/decode/event.h"
#include "consumer/decode/topic_role.h"
#include "consumer/message.h"

enum { ENVELOPE_BYTES_MAX = 64 << 20 }; // a longer value is refused (Kafka's own default is 1 MB)

struct envelope_decoder;

int envelope_decoder_new(struct envelope_decoder **ret, const struct envelope_config *config,
                         struct error *error);
void envelope_decoder_free(struct envelope_decoder **decoder);
// Notes in envelope_config's `seen` that the rows of all tables are PostgreSQL's, where that is known before any came.
void envelope_seen_postgres(_Atomic unsigned char *seen, int table_count);

// `ret` borrows from the message's bytes until it is decoded into again. `table`: the topic's, for TOPIC_TABLE.
int envelope_decode(struct envelope_decoder *decoder, enum topic_role role, const struct table *table,
                    const struct message *message, struct event *ret, struct error *error);
// Tells the config's `drift` what was not told of yet: messages with the same columns are told of together.
void envelope_tell_drift(struct envelope_decoder *decoder);
// The key's columns of a row of `table`, whose message could not be read, into ret->values. For that the
// key alone is read.
int envelope_decode_key(struct envelope_decoder *decoder, const struct table *table,
                        const struct message *message, struct event *ret, struct error *error);
// For tests: how many rows and boundaries were read by the shape of messages before them (envelope/shape.h).
int64_t envelope_decoder_known(const struct envelope_decoder *decoder);

#endif
