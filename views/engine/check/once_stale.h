// Views of which programs of file format 10 before 2026-12 may have let tables go stale (CHANGELOG.md): a statement of theirs sees
// _delta_T, or a _sums_T, and a table that another statement, or a trigger, makes of changes that it was not run for. Such a
// view gets another hash than its files alone come to, so that a start makes it anew as if they had changed, once: the file
// then has that hash. By words, and rather one too many. Inside views' check only.
#ifndef TIDEMARK_CHECK_ONCE_STALE_H
#define TIDEMARK_CHECK_ONCE_STALE_H

#include "views/base/error.h"
#include "views/engine/view.h"

// The view's hash is of its files; it comes once a view. ERROR_SYSTEM: out of memory.
int once_stale_mark(struct view *view, struct error *error);

#endif
