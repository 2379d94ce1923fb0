// Checks one view by itself, in a database without the other views. Its statements read and write only its own
// objects and the mirror's. So no view depends on whether another is loaded, nor on which of them is filled first.
// A start (install.h) makes it the same way. Used by check.c.
#ifndef TIDEMARK_CHECK_CHECK_ALONE_H
#define TIDEMARK_CHECK_CHECK_ALONE_H

#include "views/engine/catalog.h"

// The schema has passed the check among the others. Errors: ERROR_INPUT with file and line.
int check_alone(struct catalog *catalog, const struct view *view, struct error *error);

#endif
