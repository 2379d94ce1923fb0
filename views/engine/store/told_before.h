// Whether what a view's statement tells of its history has been told by the statements that the file has of that view: a new
// one, of another table's changes, has not. By words. Inside store only.
#ifndef TIDEMARK_STORE_TOLD_BEFORE_H
#define TIDEMARK_STORE_TOLD_BEFORE_H

#include "views/base/error.h"
#include "views/engine/catalog.h"

struct sqlite3;

// The apply is the view's, and has `tells_again`. The file knows no statements of a view that was disabled, or that had another name:
// those have told. 1 = so it has, 0 = it has not, -1 = error.
int told_before(struct sqlite3 *db, const struct catalog *catalog, const struct view *view,
                const struct apply_statement *apply, struct error *error);

#endif
