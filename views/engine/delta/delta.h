// What a commit changes in the mirror, as the views' apply statements see it: for each mirrored table T the
// virtual tables _delta_T (net, weighted), _sums_T (their sums), _changes_T (one by one) and _at_T (the rows
// as they were at a change); see views/README.md. The tables show the changes of a batch (batch.h). SQLite's
// preupdate hook tells what the rows were that are written at once. The statements are the file's (_applies).
// Used by the mirror and by install.c on the connection's thread; delta_awaits, delta_uses and
// delta_statements may be called from any.
#ifndef TIDEMARK_DELTA_DELTA_H
#define TIDEMARK_DELTA_DELTA_H

#include "views/engine/catalog.h"
#include "views/engine/delta/batch.h"

#include <stdbool.h>

struct sqlite3;
struct delta;

// The virtual tables of a connection that only prepares statements (checks): they are empty.
int delta_register(struct sqlite3 *db, const struct catalog *catalog, struct error *error);
// Runs the apply statements of the views (by number: those of which `views` says so) over the whole mirror: the tables show
// every row once, as a snapshot's.
// `passed`, as `self` knows it: a statement that is not run.
int delta_fill(struct sqlite3 *db, const struct catalog *catalog, const bool *views,
               bool (*passed)(const void *self, int view, const struct apply_statement *apply),
               const void *self, struct error *error);

// Prepares the statements that the file has. Registers the virtual tables and the hook.
int delta_open(struct delta **ret, struct sqlite3 *db, const struct catalog *catalog, struct error *error);
void delta_close(struct delta **delta);

// How many statements: a batch has a place for each.
int delta_statements(const struct delta *delta);
// Lives as long as the delta and does not change.
const struct delta_use *delta_uses(const struct delta *delta, const struct table *table);

// The batch that all of the following work on, until another is set.
void delta_set_batch(struct delta *delta, struct delta_batch *batch);
struct delta_batch *delta_current_batch(const struct delta *delta);

// From here to delta_watch_end each row of `table` that is written becomes a step of the batch; `change`
// describes it.
void delta_watch(struct delta *delta, const struct table *table, const struct change *change);
// ERROR_SYSTEM when the hook could not keep what it saw.
int delta_watch_end(struct delta *delta, struct error *error);

// Whether some statement that looks up rows of `table` has changes of `batch` to see. It must run before
// another change of the table is accepted. Touches no file.
bool delta_awaits(const struct delta *delta, struct delta_batch *batch, const struct table *table);
// `written`: the table's accepted changes must be in the file; else it is enough to know what the rows were before.
typedef int (*delta_ready)(void *self, const struct table *table, bool written, struct error *error);

// Runs those statements, and in the order of their names with them all others of their views that have changes to
// see: one that deletes what went and one that inserts what came would else see other changes. Each runs after `ready`
// of every table that it reads.
int delta_run_readers(struct delta *delta, const struct table *table, delta_ready ready, void *self,
                      struct error *error);
// Runs every statement that has changes to see. All rows must have been written. Then delta_reset.
int delta_run(struct delta *delta, struct error *error);
// Something was rolled back: what was read of the file may not be there.
void delta_forget(struct delta *delta);

#endif
