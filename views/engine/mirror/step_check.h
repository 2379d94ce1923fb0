// What holds of a table's list of steps (delta/step.h) whenever nobody is working on it. accept.c, flush.c and rules.c
// keep it so together, and delta's hook for the rows that are written at once:
//
//   first      the chain's first step, the step itself or an earlier one; it has no previous one
//   previous   -1, or an earlier step of the same chain
//   last       nothing continues the step: each chain has one such step, its newest
//   accepted   the step came by accept.c and has a row, of a delete its keys. Otherwise the hook saw the row written:
//              such a step is a chain of its own and never pending
//   pending    of a key's newest step: the file does not have it yet. Then it is the last of its chain. Once it is
//              written nothing continues its chain: the key's next change begins another
//   ended      the step's transaction is whole, or nobody asks: a delete's values need not be carried any further
//   recalled   a chain that began before this number knows what the row was before it; an accepted one that began
//              later does not know yet
#ifndef TIDEMARK_MIRROR_STEP_CHECK_H
#define TIDEMARK_MIRROR_STEP_CHECK_H

#include "views/engine/delta/batch.h"

// Asserts all of that, in builds without NDEBUG. Looks at the newest steps only when there are many, so that it may be
// called at each flush.
void step_check(const struct delta_list *list);

#endif
