// Takes what was read again beside the file (consumer/fill) into it. The apply loop's thread.
#ifndef TIDEMARK_APPLY_REFILL_H
#define TIDEMARK_APPLY_REFILL_H

#include "consumer/apply/apply.h"

// In a commit of its own, which says the position of the one before. `path`: the closed store beside, read up to
// apply_committed_offset of the partitions that feed its tables. 1 = taken, 0 = not now: a source transaction is shown in
// part. Errors: those of the store; the apply is of no use then.
int refill_take(struct apply *apply, const char *path, struct error *error);

#endif
