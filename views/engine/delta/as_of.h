// The virtual table _at_T over the lists of delta.h: the rows of T as they were when one change of the commit
// had happened. Its columns are those of T and a hidden _step: the change's number in _changes_ tables, or
// the number before it for how it was just before. It is asked for one row: a statement gives both `=` for
// _step and for every key column, or does not prepare. A row of which the lists tell nothing is read from the
// file. It is no news: a change of T alone makes no statement run. Registered by delta.c.
#ifndef TIDEMARK_DELTA_AS_OF_H
#define TIDEMARK_DELTA_AS_OF_H

#include "views/base/error.h"

struct delta_vtab;
struct sqlite3;

// `module`: as delta_vtab_register has it (vtab.h).
int delta_as_of_register(struct sqlite3 *db, const struct delta_vtab *module, struct error *error);

#endif
