// What SQLite's authorizer refuses while a view's SQL is checked, and the reason in words. Inside views only,
// used by the files that check a catalog.
#ifndef TIDEMARK_CHECK_GUARD_H
#define TIDEMARK_CHECK_GUARD_H

#include "views/engine/catalog.h"
#include "views/engine/check/columns_read.h"
#include "views/engine/sqlite/stmt.h"

enum {
    GUARD_DECIMALS_MAX = 32,
    GUARD_STEPS_MAX = 100000000, // of SQLite's virtual machine, for one statement: 1 to 2 seconds
};

// What is said of such a statement, with GUARD_STEPS_MAX.
#define GUARD_ENDLESS                                                                                        \
    "takes more than %d steps though all tables are empty: a `with recursive` there needs an end (`where`, " \
    "`limit`)"

enum guarded {
    GUARDED_SCHEMA,  // statements of a schema.sql, and the SQL views that it makes
    GUARDED_TRIGGER, // the engine's own writes: what its triggers do is the view's
    GUARDED_QUERY,
    GUARDED_APPLY,
};

struct guard {
    const struct catalog *catalog;
    enum guarded guarded;
    char reason[ERROR_MESSAGE_SIZE];  // "" = nothing was refused
    char trigger[ERROR_MESSAGE_SIZE]; // GUARDED_TRIGGER: the newest whose body was looked at
    bool reads_changes;               // GUARDED_APPLY: it names a _delta_, a _changes_ or a _sums_ table
    bool reads_at;                    // GUARDED_APPLY: it names an _at_ table
    bool reads_sums;                  // GUARDED_APPLY: it names a _sums_ table
    bool writes;                      // GUARDED_APPLY: it inserts, updates or deletes
    bool reads_delta;                 // GUARDED_APPLY: it names a _delta_ table
    bool reads_weight;                // GUARDED_APPLY: it names a column _weight
    bool reads_mirror;                // it names a mirrored table
    bool adds_up;                     // it calls count, sum, total or avg
    const struct column *decimals[GUARD_DECIMALS_MAX]; // DECIMAL columns of mirrored tables that it names
    int decimal_count;
    struct columns_read reads;
    char written[ERROR_MESSAGE_SIZE]; // the newest table that it inserts into, updates or deletes from
};

// Guards what `db` prepares from now on; `guard` outlives it, or guard_end.
void guard_begin(struct guard *guard, sqlite3 *db, enum guarded guarded);
void guard_end(sqlite3 *db);
// `error` is "place: what SQLite said" of a statement that did not prepare: now of kind ERROR_INPUT, and with
// the guard's reason where it has one. Returns -1.
int guard_explain(const struct guard *guard, struct error *error);

// Shows the place in the text below the message. Returns -1.
int guard_show(const char *text, size_t place, struct error *error);

// As SQLite compares names: in any case.
bool guard_is_mirrored(const struct catalog *catalog, const char *name);

// The database that views are checked in: the mirror's tables, the SQL functions, and the virtual tables of
// changes, all empty. A statement of more than GUARD_STEPS_MAX steps there is interrupted: it is one without end.
int guard_open_scratch(const struct catalog *catalog, sqlite3 **ret, struct error *error);
// The line of a schema.sql that names a trigger or an SQL view, 1 when none does.
int guard_object_line(const struct view *view, const char *name);
// SQLite's words when a table that takes arguments has none (versions.h).
#define GUARD_NO_ARGUMENTS "no query solution"
// Where in `sql` the newest statement that did not prepare went wrong.
size_t guard_error_place(const struct guard *guard, sqlite3 *db, const char *sql);

#endif
