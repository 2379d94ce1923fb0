// The JSON around a message's row: the wrapper with its schema, then an envelope or an unwrapped row. Inside
// the envelope decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_PAYLOAD_H
#define TIDEMARK_DECODE_ENVELOPE_PAYLOAD_H

#include "consumer/decode/envelope/members.h"
#include "consumer/decode/envelope/row.h"

// Stands at the payload's {, or says that there is none: 1, 0 (null: a tombstone), -1. Takes the schema on
// the way, for `table`; NULL: passes over it.
int payload_enter(struct schema_cache *schemas, struct json_reader *json, const struct table *table,
                  const struct schema **ret_schema, struct error *error);
// An envelope's members and its "after", or an unwrapped row. The { has been read.
int payload_read(struct json_reader *json, struct row_reader *row, struct members *members,
                 struct error *error);
// A KEY that an envelope has; a member that ExtractNewRecordState adds to a row.
bool payload_is_envelope_key(const struct json_reader *json);
static inline bool payload_is_added(struct span name) {
    return name.size > 2 && name.data[0] == '_' && name.data[1] == '_';
}
// After the payload's }: the wrapper's, if any, and nothing more.
int payload_leave(struct json_reader *json, struct error *error);

#endif
