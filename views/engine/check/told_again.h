// Which statements insert into a table that the view keeps, and would tell all of it once more where the view is made anew: the rows
// that it keeps are carried over. By words. Inside views' check only.
#ifndef TIDEMARK_CHECK_TOLD_AGAIN_H
#define TIDEMARK_CHECK_TOLD_AGAIN_H

#include "views/base/error.h"
#include "views/engine/view.h"

// Sets the statements' `tells_again`. ERROR_SYSTEM: out of memory.
int told_again_note(struct view *view, struct error *error);

#endif
