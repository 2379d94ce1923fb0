// A value and a schema's field counted into a column. Inside evidence.c only.
#ifndef TIDEMARK_EVIDENCE_COLUMN_H
#define TIDEMARK_EVIDENCE_COLUMN_H

#include "consumer/evidence/facts.h"
#include "consumer/evidence/message/fields.h"

// NULL when out of memory; it is made when it is not there. Beyond EVIDENCE_COLUMNS_MAX it is the topic's `rest`.
struct evidence_column *column_of(struct evidence_topic *topic, struct span name);
void column_count_value(struct evidence_column *column, const struct json_value *value, struct arena *arena);
// A row, the topic's `number`-th, that has the column; and behind all of a row's: those of the topic that it lacks.
void column_note_row(struct evidence_column *column, int64_t number, int64_t ts_ms);
void column_note_lacking(struct evidence_topic *topic, int64_t ts_ms);
// The key's members that the row lacks, by the values that they have there. False when out of memory.
bool column_count_key(struct evidence_topic *topic, const struct fields *key, const struct fields *row,
                      struct arena *arena);
// VALUE, as it is written, of a key that is VALUE or {"schema":..,"payload":VALUE}.
struct span column_bare_key(struct span key, struct arena *arena);
// A key that is no object, or is in one with its schema, says no column's name: those whose value it always was may be meant.
void column_take_scalar_key(struct evidence_topic *topic, const struct fields *row, struct span key,
                            struct arena *arena);
// A schema's field, with what the row has for it (NULL = nothing).
void column_note_schema(struct evidence_column *column, const struct fields *field,
                        const struct json_value *value, struct arena *arena);

#endif
