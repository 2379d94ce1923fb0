// What a commit changes in the mirror, as the views' apply statements see it: for each mirrored table T the
// virtual tables _delta_T (net, weighted), _sums_T (their sums), _changes_T (one by one) and _at_T (the rows
// as they were at a change); see views/README.md. Shows them the changes of a batch (delta_batch.h), learns
// from SQLite's preupdate hook what rows that are written at once were before, and runs the statements that
// the file has (_applies). Inside views only, used by mirror.c and install.c; whoever has the connection
// calls it, but for delta_awaits, delta_uses and delta_statements.
#ifndef TIDEMARK_DELTA_DELTA_H
#define TIDEMARK_DELTA_DELTA_H

#include "views/engine/catalog.h"
#include "views/engine/delta/batch.h"

struct sqlite3;
struct delta;

// The virtual tables of a connection that only prepares statements (checks): they are empty.
int delta_register(struct sqlite3 *db, const struct catalog *catalog, struct error *error);
// Runs one apply statement over the whole mirror: every row of T comes once, as a snapshot's. `file` names it
// in errors.
int delta_fill(struct sqlite3 *db, const struct catalog *catalog, const char *sql, const char *file,
               struct error *error);

// Prepares the statements that the file has. Registers the virtual tables and the hook.
int delta_open(struct delta **ret, struct sqlite3 *db, const struct catalog *catalog, struct error *error);
void delta_close(struct delta **delta);

// How many statements: a batch has a place for each.
int delta_statements(const struct delta *delta);
// Lives as long as the delta and does not change.
const struct delta_use *delta_uses(const struct delta *delta, const struct table *table);

// The batch that all the following work on, until another is shown.
void delta_show(struct delta *delta, struct delta_batch *batch);
struct delta_batch *delta_shown(const struct delta *delta);

// The rows of `table` that are written from here to delta_watch_end are steps that nobody has listed;
// `change` describes them.
void delta_watch(struct delta *delta, const struct table *table, const struct change *change);
// ERROR_SYSTEM when the hook could not keep what it saw.
int delta_watch_end(struct delta *delta, struct error *error);

// Whether some statement that looks up rows of `table` has changes to see: those come before any of the
// table's own. Of any batch; touches no file.
bool delta_awaits(const struct delta *delta, struct delta_batch *batch, const struct table *table);
// Runs them, each after `ready` of the tables that it reads (`written`: what is accepted must be in the file,
// else only what the rows were before must be known).
int delta_settle_readers(struct delta *delta, const struct table *table,
                         int (*ready)(void *self, const struct table *table, bool written,
                                      struct error *error),
                         void *self, struct error *error);
// Runs every statement that has changes to see. All rows must have been written. Then delta_reset.
int delta_settle(struct delta *delta, struct error *error);
// Something was undone: what was read of the file may not be there.
void delta_forget(struct delta *delta);

#endif
