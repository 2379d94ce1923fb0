// Checks a catalog by building it in a database in memory: every schema runs, every trigger compiles, every
// query prepares, and none does what a view may not. Fills in each query's parameters, and a view's hash is what it is afterwards, so it comes once,
// after catalog_load and before another thread has the catalog.
#ifndef TIDEMARK_CHECK_H
#define TIDEMARK_CHECK_H

#include "views/engine/catalog.h"

// Errors: ERROR_INPUT with file and line.
int catalog_check(struct catalog *catalog, struct error *error);

#endif
