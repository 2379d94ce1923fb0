// What the mirror asks of its owner, and what it answers for a change. Inside views only.
#ifndef TIDEMARK_MIRROR_OWNER_H
#define TIDEMARK_MIRROR_OWNER_H

#include "views/base/error.h"

// Whose transactions the mirror writes in. `begin_write`: returns once the connection is the caller's and a
// transaction is open.
struct mirror_owner {
    int (*begin_write)(void *self, struct error *error);
    const int64_t *waiting; // messages in quarantine: they may be what made or deleted a row
    void *self;
};

enum mirror_outcome {
    MIRROR_APPLIED,
    MIRROR_REPEATED, // the rules said: nothing to do
};

#endif
