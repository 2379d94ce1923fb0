// Learning the shape of a message that the general reader has taken, and what its values mean. Inside shape.c only.
#ifndef TIDEMARK_DECODE_ENVELOPE_LEARN_H
#define TIDEMARK_DECODE_ENVELOPE_LEARN_H

#include "consumer/decode/envelope/payload.h"
#include "consumer/json/shape.h"

enum place_kind {
    PLACE_BEFORE,
    PLACE_AFTER,
    PLACE_SOURCE,
    PLACE_TRANSACTION,
    PLACE_COLUMN,
    PLACE_DRIFT,    // a column that the table does not have
    PLACE_MEMBER,   // of a row's message
    PLACE_BOUNDARY, // a member of a transaction's BEGIN or END
    PLACE_NONE,     // checked only
};

// What a value that a shape keeps means.
struct learn_place {
    enum place_kind kind;
    uint8_t
        sure_digits; // COLUMN: a time without a schema; a number of so many digits is of the column's unit
    int number;      // COLUMN: its number; BOUNDARY: enum boundary_member; DRIFT: 1 = a likely mark
    int past;        // BEFORE to TRANSACTION: the place after those of the object
    struct value_field field;         // COLUMN
    const struct member_name *member; // MEMBER
    size_t name, name_size;           // DRIFT: in the shape's bytes
};

enum { SHAPE_NAME_MAX = 256 }; // bytes; a longer text of source is a place

struct shape {
    struct json_shape json;
    struct learn_place *places; // of json.places
    int capacity;
    int drifts;     // places of this kind
    int64_t untold; // messages with these that nobody was told of
    bool flat;
    size_t schema, schema_size; // in a message of this shape; size 0 = none
    enum change_bytes bytea;    // what that schema says of BYTEA
    // texts of source that stand in the shape's bytes, in the lesson's `names`; data NULL = not among them
    struct span connector, schema_name, database, table, server;
    struct members_placement placement; // of these
    bool postgres;                      // the connector among them is PostgreSQL's
};

// What is learnt: rows, keys of rows, boundaries of transactions.
enum shape_subject { SUBJECT_ROW, SUBJECT_KEY, SUBJECT_BOUNDARY };

struct shape_lesson {
    enum shape_subject subject;
    struct span message;
    const struct table *table; // of rows and keys
    const struct payload_form *payload;
    // Texts in source that say nothing to us (version, name..) are taken for constant, and so are connector, schema, db
    // and table.
    bool constant_source;
    struct arena *
        names; // of shapes, for all that they live: events have their texts when another shape is in this one's place
};

void shape_free(struct shape *shape);
// False: it has no shape that could be matched (a member twice, an escaped key, too many of them), or memory
// is out. The shape is not ready then.
bool shape_learn(struct shape *shape, const struct shape_lesson *lesson);

#endif
