// What a statement asks for that is no row's: the time it runs at, chance, the zone of the machine. Found in SQLite's own listing
// of its program (EXPLAIN), which has what SQL views, triggers and defaults of columns bring in. A time that comes as a parameter
// is not seen.
#ifndef TIDEMARK_CHECK_CLOCK_H
#define TIDEMARK_CHECK_CLOCK_H

#include "views/engine/view.h"

struct sqlite3;

// As SQL writes them; NULL = it asks for none.
struct clock_asked {
    const char *now;  // 'now', current_date, random, ...: another one each time
    const char *zone; // 'localtime', 'utc'
};

// `sql`: one statement that prepares.
struct clock_asked clock_look(struct sqlite3 *db, const char *sql);

// Warns of an apply statement whose rows would be others at another time, or on another machine. `db` has the view's tables.
void clock_lint_apply(struct catalog *catalog, struct sqlite3 *db, const struct apply_statement *apply);
// The same of the view's triggers on mirrored tables; `db` has no other view's.
void clock_lint_triggers(struct catalog *catalog, struct sqlite3 *db, const struct view *view);

#endif
