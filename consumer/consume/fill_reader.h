// The reading beside the live one, in `run` and `demo`: a consumer of its own reads again the topics of the tables that a
// changed source.sql left to be filled (consumer/fill). The consumer's thread.
#ifndef TIDEMARK_CONSUME_FILL_READER_H
#define TIDEMARK_CONSUME_FILL_READER_H

#include "consumer/broker/kafka.h"
#include "consumer/fill/fill.h"

struct fill_reader;

// *ret NULL: nothing is to be filled, or what keeps it from beginning is logged: the tables stay as they are. A full disk is
// waited for, and where the log's beginning has passed the reading that begins anew with what there is. `live` and `db`
// outlive it.
void fill_reader_open(struct fill_reader **ret, const struct kafka_config *kafka,
                      const struct apply_config *live, const char *db);
void fill_reader_free(struct fill_reader **reader);
// One step, in each round of the loop, when all partitions are known that there are; NULL: none. ret_taken: messages.
// Errors: those of the live store.
int fill_reader_step(struct fill_reader **reader, struct apply *live, int64_t *ret_taken,
                     struct error *error);

#endif
