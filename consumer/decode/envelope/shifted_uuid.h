// A UUID that ends with zero bytes comes from MariaDB's binlog without them, as every value of fixed width does, and
// Debezium's connector puts as many before it: ..-426655440000 is streamed as 0000.. (MariaDbValueConverters.convertUuid, seen
// with 3.5.0; snapshots read the table and are right). One of 256 is, in keys and in befores too. Which
// of those that a text with zero bytes at its beginning may stand for was meant is known by what a generator makes
// (RFC 9562: a version of 1 to 8, and the variant), or not at all. Pure. Inside the envelope decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_SHIFTED_UUID_H
#define TIDEMARK_DECODE_ENVELOPE_SHIFTED_UUID_H

#include "views/base/arena.h"
#include "views/base/error.h"
#include "views/engine/change.h"

// The value of a column that is declared uuid becomes what it is at the source; its bytes are in `arena` then. ERROR_INPUT:
// more than one of them may be meant, or none is one that a generator makes. ERROR_SYSTEM: out of memory.
int shifted_uuid_mend(const struct column *column, struct value *value, struct arena *arena,
                      struct error *error);

#endif
