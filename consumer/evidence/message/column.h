// A value and a schema's field counted into a column. Inside evidence.c only.
#ifndef TIDEMARK_EVIDENCE_COLUMN_H
#define TIDEMARK_EVIDENCE_COLUMN_H

#include "consumer/evidence/facts.h"
#include "consumer/evidence/message/fields.h"

// NULL when out of memory; it is made when it is not there. Beyond EVIDENCE_COLUMNS_MAX it is the topic's `rest`.
struct evidence_column *column_of(struct evidence_topic *topic, struct span name);
void column_count_value(struct evidence_column *column, const struct json_value *value, struct arena *arena);
// A schema's field, with what the row has for it (NULL = nothing).
void column_note_schema(struct evidence_column *column, const struct fields *field,
                        const struct json_value *value, struct arena *arena);

#endif
