// The JSON around a message's row: the wrapper with its schema, then an envelope or an unwrapped row. Inside the
// envelope decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_PAYLOAD_H
#define TIDEMARK_DECODE_ENVELOPE_PAYLOAD_H

#include "consumer/decode/envelope/members.h"
#include "consumer/decode/envelope/row.h"

// What a message's payload was found to be.
struct payload_form {
    const struct schema *schema; // NULL = none
    struct span schema_bytes;    // as the wrapper has it; data NULL = none
    const char *at;              // the payload's first byte
    bool wrapped;                // in an object of schema and payload, or of payload alone
    bool flat;                   // an unwrapped row, or a key
    bool certain;                // whatever its members' values are, members of these names are that
};

enum payload_kind { PAYLOAD_NULL, PAYLOAD_OBJECT, PAYLOAD_SCALAR };

// Finds the payload, in a wrapper or not, and what the wrapper's schema says of `table` (NULL: the schema is passed
// over). OBJECT: `json` stands behind its {. SCALAR: it stands before a string, number or boolean, as
// ExtractField$Key makes of a key. NULL: a tombstone. Returns the kind, or -1.
//
// A wrapper has the members schema and payload in either order, or payload alone, or schemaId and payload (Apicurio's
// ExtJsonConverter 2.6.13), and no others. Any other object is the payload itself. Where the table has a column schema or payload, the
// schema must be an object too, or null beside an object; where it has one schemaId, that is no wrapper's.
int payload_enter(struct schema_cache *schemas, struct json_reader *json, const struct table *table,
                  struct payload_form *ret, struct error *error);
// As payload_enter, where only an object will do: 1, 0 (null), -1.
int payload_enter_object(struct schema_cache *schemas, struct json_reader *json, const struct table *table,
                         struct payload_form *ret, struct error *error);
// Whether the value that would come next is a text of JSON in a text of JSON, and what is said of one.
bool payload_is_converted_twice(const struct json_reader *json);
extern const char payload_converted_twice[];
// Whether the newest KEY is one that a wrapper has.
bool payload_is_wrappers(const struct json_reader *json);
// An envelope's members and its "after", or an unwrapped row, and sets form->flat and certain. The { has been read.
//
// An unwrapped row may have columns of an envelope's names. An object with all key columns of the table
// at its top is a row, but for those of an envelope's names. So is one whose before, after, source or transaction is a column and neither object nor null.
// So is one that has a column of the table, and none of those four as an object.
int payload_read(struct json_reader *json, struct row_reader *row, struct members *members,
                 struct payload_form *form, struct error *error);
// After the payload's }: the wrapper's, if any, and nothing more.
int payload_leave(struct json_reader *json, struct error *error);

#endif
