// A label of an ENUM that has a comma or a backslash is streamed by Debezium's connectors for MySQL and MariaDB as they keep their lists
// of labels, with a backslash before each: 'a,b' comes as 'a\,b' (seen with MariaDB's 3.5.0; snapshots have what the table
// has). Pure. Inside the envelope decoder only.
#ifndef TIDEMARK_DECODE_ENVELOPE_ESCAPED_LABEL_H
#define TIDEMARK_DECODE_ENVELOPE_ESCAPED_LABEL_H

#include "views/base/arena.h"
#include "views/base/error.h"
#include "views/engine/change.h"

// The value of a column whose type source.sql makes, with its labels: one that is none of them becomes the one that it is without
// those backslashes; its bytes are in `arena` then. Any other value stays. ERROR_SYSTEM: out of memory.
int escaped_label_mend(const struct column *column, struct value *value, struct arena *arena,
                       struct error *error);

#endif
