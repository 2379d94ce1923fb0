// A key that is the value of one column and no object: a scalar of JSON, as ExtractField$Key makes one, or the text that a
// StringConverter wrote of it. The columns go to row->values. Inside the envelope decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_BARE_KEY_H
#define TIDEMARK_DECODE_ENVELOPE_BARE_KEY_H

#include "consumer/decode/envelope/row.h"

// Whether the key is a text as it stands, of a column of texts: 12 Main, and 1.0, which is no number then.
bool bare_key_is_text(const struct table *table, struct span key);
// Such a key as a string of JSON, which the column's type reads: a UUID, a timestamp. ERROR_INPUT, ERROR_SYSTEM.
int bare_key_read_text(struct span key, struct row_reader *row, struct error *error);
// A scalar of JSON (`kind` PAYLOAD_SCALAR; `json` stands before it), or what is no JSON: 2024-01-01T00:00:00Z begins as a
// number. Of two errors the first stays, which says more: *error has the reader's where it is no JSON.
int bare_key_read(struct json_reader *json, int kind, struct span key, struct row_reader *row,
                  struct error *error);

#endif
