// A message of the topic PREFIX, where the connectors of MySQL and MariaDB tell each statement that changes the schema
// (include.schema.changes, on by default): some take rows away, and no event of those rows says so. A truncate is not
// among them: it is an event of the table's topic, or skipped, and never told here (connector 3.5.0). Inside evidence.c only.
#ifndef TIDEMARK_EVIDENCE_SCHEMA_CHANGE_H
#define TIDEMARK_EVIDENCE_SCHEMA_CHANGE_H

#include "consumer/evidence/facts.h"
#include "consumer/evidence/message/fields.h"

// A statement of a snapshot forgets those before it: the snapshot sweeps what they took.
void schema_change_take(struct evidence_gone *gone, const struct fields *message, struct arena *arena);
// Whether rows go with the statement: DROP and CREATE OR REPLACE of a table or a database, ALTER TABLE that drops, truncates or
// exchanges a partition, and ALTER IGNORE TABLE that makes a unique index. Comments may stand before and between its words.
bool schema_change_takes_rows(struct span statement);

#endif
