// Compares one table, or one query's answer, of a file with those that were made anew. Used by prove.c.
#ifndef TIDEMARK_PROVE_COMPARE_H
#define TIDEMARK_PROVE_COMPARE_H

#include "views/base/error.h"
#include "views/engine/prove_difference.h"
#include "views/engine/view.h"

struct sqlite3;

// All return 1 = `ret` has the first difference (but for its view), 0 = none, -1 = error.

// `db`: its own table is the one that was made anew, that of the attached database `was` the file's.
int compare_table(struct sqlite3 *db, const char *table, struct prove_difference *ret, struct error *error);
// Whether the words by which fts5 finds rows of the virtual table `table` of `was` are those that its rows have: where they are another
// table's, the rows that it shows do not tell. `was` is a copy, that is not changed. Of other modules there is none.
int compare_index(struct sqlite3 *db, const char *table, struct prove_difference *ret, struct error *error);
// The answer with no parameter given, in any order.
int compare_query(struct sqlite3 *was, struct sqlite3 *anew, const struct query *query,
                  struct prove_difference *ret, struct error *error);

#endif
