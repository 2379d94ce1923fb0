// Columns that source.sql declares `generated always as`: events have them in snapshot rows and lack them in streamed
// ones (pgoutput before PostgreSQL 18), so their values are computed here, whatever the event says. SQLite computes them,
// in a database of its own in memory. One thread: the accepting one's.
#ifndef TIDEMARK_MIRROR_GENERATED_H
#define TIDEMARK_MIRROR_GENERATED_H

#include "views/base/error.h"
#include "views/engine/catalog.h"
#include "views/engine/change.h"

struct generated;
struct sqlite3_stmt;

// *ret NULL: the catalog has no such column. Errors: ERROR_STORE, ERROR_SYSTEM.
int generated_open(struct generated **ret, const struct catalog *catalog, struct error *error);
void generated_close(struct generated **generated);
// The row of `change` (c, u or r of a table that has such columns) with them computed, until the next call. Where
// another column is not known (unchanged TOAST, a column that the event lacks) they are VALUE_ABSENT: mirror_upsert
// computes them from the row that is then in the file. Errors: ERROR_INPUT when a result is beyond what the column holds, or
// is another than a streamed row has.
int generated_compute(struct generated *generated, const struct change *change, const struct value **ret,
                      struct error *error);
// Computed where the row is: the same error, of what table_sql_beyond.. has told (it stands on its row, or has none).
int generated_check_beyond(const struct table *table, struct sqlite3_stmt *beyond, struct error *error);

#endif
