// What the messages of one topic have in common, learnt from those that the general reader took: a connector
// writes the same bytes between the values of every message, its schema among them. A message of a known
// shape is compared, not parsed. The result is exactly the general reader's. A message of another shape, or
// with a value that does not fit, counts as not read at all; the general reader takes it, and reports what is
// wrong with it. One thread. Inside the envelope decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_SHAPE_H
#define TIDEMARK_DECODE_ENVELOPE_SHAPE_H

#include "consumer/decode/envelope/boundary.h"
#include "consumer/decode/envelope/payload.h"

struct shapes;

// The shapes of a catalog's tables, of their keys, and of the transaction topic.
// `config`: of the rows that are read; outlives the shapes.
int shapes_new(struct shapes **ret, const struct envelope_config *config, struct error *error);
void shapes_free(struct shapes **shapes);

// A row's message of row->table: its members, and its columns into row->values, as payload_read gives them.
// The message's schema is in row->schema_bytes.
bool shapes_read_row(struct shapes *shapes, struct span message, struct row_reader *row,
                     struct members *members);
// Tells the rows' envelope_config of undeclared columns that were not told of yet.
void shapes_tell_drift(struct shapes *shapes);
// Takes back those of the newest row: it is another table's.
void shapes_take_back_drift(struct shapes *shapes);
// A row's key.
bool shapes_read_key(struct shapes *shapes, struct span key, struct row_reader *row);
// True when the key is of a known shape and has the very bytes of the row's own key columns: those of the
// row that shapes_read_row has just read. Such a key needs no reading.
bool shapes_key_agrees(const struct shapes *shapes, struct span key, const struct table *table);
// Whether such a key has other declared columns than the primary key.
bool shapes_key_is_other(const struct shapes *shapes, const struct table *table);
// A transaction's BEGIN or END: its members, kind JSON_ERROR where it does not have one.
bool shapes_read_boundary(struct shapes *shapes, struct span message, struct json_value ret[BOUNDARY_VALUES]);

// After the general reader has taken a whole message, and all its values did fit.
void shapes_learn_row(struct shapes *shapes, struct span message, const struct table *table,
                      const struct payload_form *form);
void shapes_learn_key(struct shapes *shapes, struct span key, const struct table *table,
                      const struct payload_form *form);
void shapes_learn_boundary(struct shapes *shapes, struct span message, const struct payload_form *form);
// How many rows and boundaries were read.
int64_t shapes_known(const struct shapes *shapes);

#endif
