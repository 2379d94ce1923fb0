// Forgets what deletes left behind once it is too old to be asked for. Inside the mirror only.
#ifndef TIDEMARK_MIRROR_PURGE_H
#define TIDEMARK_MIRROR_PURGE_H

#include "views/engine/mirror/state.h"

enum {
    // What deletes leave behind is kept as long as the connector may repeat them: by the source's own clock.
    MIRROR_DELETED_KEEP_MS = 7 * 24 * 3600 * 1000,
};

int mirror_purge(struct mirror *mirror, struct error *error);

#endif
