// Which statements put into a table that the view keeps, or add to it, what it has, where the view is made anew: the rows that it
// keeps are carried over. What takes such rows away is one of them, or they would be gone. By words. Inside views' check only.
#ifndef TIDEMARK_CHECK_TOLD_AGAIN_H
#define TIDEMARK_CHECK_TOLD_AGAIN_H

#include "views/base/error.h"
#include "views/engine/view.h"

// Sets the statements' `tells_again`. ERROR_SYSTEM: out of memory.
int told_again_note(struct view *view, struct error *error);

#endif
