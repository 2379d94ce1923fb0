// What a table that a view keeps as history holds, while the table is made anew: its rows, and what AUTOINCREMENT has given,
// so that no number is given twice, also where rows were trimmed. Within the transaction that the caller opened.
#ifndef TIDEMARK_STORE_KEPT_H
#define TIDEMARK_STORE_KEPT_H

#include "views/base/error.h"

struct sqlite3;

// Into temporary tables; the table may be dropped then.
int kept_take(struct sqlite3 *db, const char *table, struct error *error);
// Into the new one, which has the same columns.
int kept_give_back(struct sqlite3 *db, const char *table, struct error *error);
// What the table of the attached file `old` has given is given to the one of that name in main.
int kept_carry_sequence(struct sqlite3 *db, const char *table, struct error *error);

#endif
