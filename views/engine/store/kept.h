// What a table that a view keeps as history holds, while the table is made anew: its rows, and what AUTOINCREMENT has given,
// so that no number is given twice, also where rows were trimmed. Within the transaction that the caller opened.
#ifndef TIDEMARK_STORE_KEPT_H
#define TIDEMARK_STORE_KEPT_H

#include "views/base/error.h"
#include "views/base/span.h"

#include <stdbool.h>

struct sqlite3;

// Whether both name one table, as SQLite compares names.
bool kept_is_name(struct span a, struct span b);
// Into temporary tables; the table may be dropped then.
int kept_take(struct sqlite3 *db, const char *table, struct error *error);
// Into the new one, which has the same columns; its triggers see the rows. Then comes kept_settle.
int kept_give_back(struct sqlite3 *db, const char *table, struct error *error);
// Once all of a view are given back, and triggers are off: each holds what it held, and nothing that another's trigger has written.
int kept_settle(struct sqlite3 *db, const char *table, struct error *error);
// Whether triggers are carried out; they are unless told otherwise.
void kept_set_triggers(struct sqlite3 *db, bool on);
// Whether a table of the main file has any.
int kept_has_triggers(struct sqlite3 *db, bool *ret, struct error *error);
// What the table of the attached file `old` has given is given to the one of that name in main.
int kept_carry_sequence(struct sqlite3 *db, const char *table, struct error *error);

#endif
