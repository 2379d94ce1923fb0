// One row object (an envelope's "before" or "after", an unwrapped row's column, a key) into typed values.
// Inside the envelope decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_ROW_H
#define TIDEMARK_DECODE_ENVELOPE_ROW_H

#include "consumer/decode/config.h"
#include "consumer/decode/envelope/schema.h"

struct row_reader {
    const struct envelope_config *config;
    const struct table *table;
    const struct value_settings *settings; // the table's
    const struct schema *schema;           // NULL = the message has none, or it was not looked up:
    struct span schema_bytes;              // then these are its bytes, data NULL = none
    enum change_bytes bytea;               // what the schema of a shape says of BYTEA
    bool may_be_unavailable;
    struct value *values;
    struct arena *arena;
    const char *object; // the { of what is read, in a message that ends behind it
    int expected;       // number of the column that likely comes next
    bool found_unavailable;
    bool by_shape;  // shape.h has read it
    bool key_alone; // what another column has need not be read: then it is VALUE_UNAVAILABLE
    bool failed;    // a column could not be read: the first error is kept, the rest is still passed over
    int far; // number of a column whose time is to be looked at beside source.ts_ms, since it is far from ours, -1 = none
    int unsure; // number of a column whose unit of time is to be looked at so, -1 = none
    int64_t unsure_units;
};

static inline bool row_is_time(enum column_type type) {
    return type == COLUMN_TIMESTAMP || type == COLUMN_DATE;
}

// Called with each value that was read.
static inline void row_note_time(struct row_reader *row, int number, struct value_field field,
                                 const struct json_value *json) {
    const struct column *column = &row->table->columns[number];
    if (column->type == COLUMN_ARRAY && row_is_time(column->element) && row->unsure < 0 &&
        value_time_find_unsure(json, column, field, row->settings, &row->unsure_units))
        row->unsure = number;
    if (!row_is_time(column->type))
        return;
    if (row->far < 0 && value_time_is_far(json, field, &row->values[number]))
        row->far = number;
    if (row->unsure < 0 && value_time_is_unsure(json, column, field, row->settings) &&
        json_to_integer(json->raw, &row->unsure_units))
        row->unsure = number;
}
// All values VALUE_ABSENT, ready for the first column.
void row_begin(struct row_reader *row);
// The member whose KEY was just read: its value, when it is a column (1), or not (0: nothing was read). -1
// only when the JSON itself is broken or memory is out; a value that does not fit sets `failed` and `error`.
int row_member(struct row_reader *row, struct json_reader *json, struct error *error);
// The whole object that comes next (its { not read yet), or a null. Columns that the table lacks are told to
// `drift`. Returns 1 = object, 0 = null, -1 as row_member.
int row_object(struct row_reader *row, struct json_reader *json, struct error *error);
// As row_object, when the { has been read.
int row_rest(struct row_reader *row, struct json_reader *json, struct error *error);
// ERROR_INPUT from a broken document: "not valid JSON at byte N: why".
int row_broken(const struct json_reader *json, struct error *error);

#endif
