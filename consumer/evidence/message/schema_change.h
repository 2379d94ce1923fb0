// A message of the topic PREFIX, where the connectors of MySQL and MariaDB tell each statement that changes the schema
// (include.schema.changes, on by default): some take rows away, and no event of those rows says so. A truncate is not
// among them: it is an event of the table's topic, or skipped, and never told here (connector 3.5.0). Inside evidence.c only.
#ifndef TIDEMARK_EVIDENCE_SCHEMA_CHANGE_H
#define TIDEMARK_EVIDENCE_SCHEMA_CHANGE_H

#include "consumer/evidence/facts.h"
#include "consumer/evidence/message/fields.h"

// Into evidence->gone, ->moved, ->cascades and ->rollbacks. A statement of a snapshot forgets those before it that took rows: the snapshot sweeps
// what they took. A table's foreign keys are those of
// its newest CREATE, and of each ALTER since, dropped or not.
void schema_change_take(struct evidence *evidence, const struct fields *message);
// Whether rows go with the statement: DROP and CREATE OR REPLACE of a table or a database, ALTER TABLE that drops, truncates or
// exchanges a partition, and ALTER IGNORE TABLE that makes a unique index. Comments may stand before and between its words.
bool schema_change_takes_rows(struct span statement);
// Whether CREATE TABLE or ALTER TABLE has a foreign key that is more than a check: `on delete` or `on update`, and `cascade` or `set ..`.
bool schema_change_cascades(struct span statement);

// Whether ALTER TABLE adds a column `if not exists`, with FIRST or AFTER: where it was there MariaDB leaves it where it is, and its connector moves it
// (3.5.0), so that later rows have values under other columns' names.
bool schema_change_may_move(struct span statement);

// A ROLLBACK that stands in the binlog, as MariaDB writes it where a transaction made a temporary table, or wrote to one without
// transactions behind a savepoint. *ret_savepoint: it goes back to one.
bool schema_change_rolls_back(struct span statement, bool *ret_savepoint);

#endif
