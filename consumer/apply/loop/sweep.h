// What a table's snapshot did not name goes, once the snapshot has ended and the table's partitions are past it. Inside
// apply only.
#ifndef TIDEMARK_APPLY_LOOP_SWEEP_H
#define TIDEMARK_APPLY_LOOP_SWEEP_H

#include "consumer/apply/loop/state.h"

// True while some table waits for sweep_tables.
bool sweep_is_awaited(const struct apply *apply);
// See apply_sweep.
int sweep_tables(struct apply *apply, bool (*at_end)(void *self, int slot), void *self, bool more_may_come,
                 struct error *error);

#endif
