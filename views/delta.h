// What a commit changes in the mirror, as the views' apply statements see it: for each mirrored table T the
// virtual tables _delta_T (net, weighted), _sums_T (their sums), _changes_T (one by one) and _at_T (the rows
// as they were at a change); see views/README.md. Owns the list of each table's changes since the newest
// settling, learns from SQLite's preupdate hook what the rows were before, and runs the statements that the
// file has (_applies). Inside views only, used by mirror.c and
// install.c; the writer's thread.
#ifndef TIDEMARK_DELTA_H
#define TIDEMARK_DELTA_H

#include "views/base/arena.h"
#include "views/base/error.h"
#include "views/change.h"
#include "views/delta_index.h"

struct sqlite3;
struct delta;

enum {
    // The lists of all tables together; whoever adds settles when delta_is_full.
    DELTA_STEPS_MAX = 65536,
    DELTA_BYTES_MAX = 16 << 20,
};

// One accepted change of one row. Steps of the same row between two flushes are a chain.
struct delta_step {
    // the row after it, of all columns; of a row that is gone at least the keys (in chains)
    const struct value *values;
    // first of its chain, once recalled: the row before it, its used columns; NULL = there was none
    const struct value *before;
    int64_t lsn;
    int64_t txid;
    int64_t ts_ms;
    int first;     // of its chain, in the table's list
    int previous;  // in its chain, -1 = it is the first
    int number;    // among those of all tables, in the order of acceptance, from 1
    uint8_t op;    // enum change_op
    bool last;     // of its chain
    bool gone;     // the row is deleted by it
    bool accepted; // through the pending ones
    bool pending;  // not written yet
    bool ended;    // its transaction is whole
    bool snapshot;
};

struct delta_list {
    struct delta_step *steps;
    int count;
    int capacity;
    bool *used;      // columns that some statement sees of the rows before a change
    bool *looked_up; // columns that some statement looks up when other tables change
    bool has_used;
    bool is_looked_up;
    // The steps that a statement over _pending_T or _gone_T (the mirror's own) is to see.
    int *writing;
    int writing_count;
    int writing_size;
    int recalled; // steps before this one know what the row was before their chain
    struct delta_index index;
};

// The virtual tables of a connection that only prepares statements (checks): they are empty.
int delta_register(struct sqlite3 *db, const struct catalog *catalog, struct error *error);
// Runs one apply statement over the whole mirror: every row of T comes once, as a snapshot's. `file` names it
// in errors.
int delta_fill(struct sqlite3 *db, const struct catalog *catalog, const char *sql, const char *file,
               struct error *error);

// Prepares the statements that the file has. Registers the virtual tables and the hook.
int delta_open(struct delta **ret, struct sqlite3 *db, const struct catalog *catalog, struct error *error);
void delta_close(struct delta **delta);

struct delta_list *delta_list(struct delta *delta, const struct table *table);
// For what the steps point at: lives until the next delta_reset.
struct arena *delta_arena(struct delta *delta);
// A new step at the end of the table's list, zeroed but for its number, `last`, `first` and `previous`
// (itself, none). NULL = no memory.
struct delta_step *delta_add(struct delta *delta, const struct table *table);
bool delta_is_full(const struct delta *delta);

// The rows of `table` that are written from here to delta_watch_end are steps that nobody has listed;
// `change` describes them.
void delta_watch(struct delta *delta, const struct table *table, const struct change *change);
// ERROR_SYSTEM when the hook could not keep what it saw.
int delta_watch_end(struct delta *delta, struct error *error);
// Takes back the table's steps from number `count` on: the statement that made them undid itself.
void delta_take_back(struct delta *delta, const struct table *table, int count);

// Whether some statement that looks up rows of `table` has changes to see: those come before any of the
// table's own.
bool delta_awaits(const struct delta *delta, const struct table *table);
// Runs them, each after `ready` of the tables that it reads (`written`: what is accepted must be in the file,
// else only what the rows were before must be known).
int delta_settle_readers(struct delta *delta, const struct table *table,
                         int (*ready)(void *self, const struct table *table, bool written,
                                      struct error *error),
                         void *self, struct error *error);
// Runs every statement that has changes to see. All rows must have been written. Then delta_reset.
int delta_settle(struct delta *delta, struct error *error);
// Forgets all steps.
void delta_reset(struct delta *delta);

#endif
