// Whether a store file's views are what its mirror says: each is made anew from the mirror's rows, in a copy, and
// compared, table by table and query by query. So an apply statement is proven that carries differences. Any thread;
// a writer may have the file.
#ifndef TIDEMARK_PROVE_H
#define TIDEMARK_PROVE_H

#include "views/engine/catalog.h"
#include "views/engine/prove_difference.h"

// 1 = the first difference, in the order of views, tables and keys; 0 = there is none; -1 = error. Left out: what is kept
// as history (the mirror does not tell it), views that were made of other files than the catalog's or are disabled, and
// queries that ask for a parameter. A row of a table whose numbers beside its key are all 0 is as good as none: a
// statement that adds up leaves it.
int prove_views(const char *path, const struct catalog *catalog, struct prove_difference *ret,
                struct error *error);

#endif
