// Rows of one snapshot that have one key and are different rows: no unique index of the whole table is behind the messages' key. Debezium (3.6.1) takes
// the first unique index that JDBC names where there is no primary key, one with a condition too. Inside evidence.c only.
#ifndef TIDEMARK_EVIDENCE_SHARED_KEY_H
#define TIDEMARK_EVIDENCE_SHARED_KEY_H

#include "consumer/evidence/facts.h"
#include "consumer/evidence/message/fields.h"
#include "views/base/span.h"

// A row of a snapshot. Only where `source` says an LSN can two of one snapshot be told from those of two snapshots, and of an incremental one
// the LSN is of what was streamed last. `row`: fields_hash of all that it says. False: out of memory.
bool shared_key_take(struct evidence *evidence, struct evidence_topic *topic, struct span key,
                     const struct fields *source, uint64_t row);

#endif
