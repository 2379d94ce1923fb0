// Checks a view's apply statements: each is one insert, update or delete of the view's own tables, and reads
// what a commit changes.
#ifndef TIDEMARK_CHECK_CHECK_APPLY_H
#define TIDEMARK_CHECK_CHECK_APPLY_H

#include "views/engine/catalog.h"

// The view's schema.sql has been checked. Errors: ERROR_INPUT with file and line.
int catalog_check_applies(const struct catalog *catalog, const struct view *view, struct error *error);

#endif
