// Forgets what deletes left behind once it is too old to be asked for, by the source's own clock: however few
// deletes one process sees, and however often it is started. Inside the mirror only.
#ifndef TIDEMARK_MIRROR_PURGE_H
#define TIDEMARK_MIRROR_PURGE_H

#include "views/engine/mirror/state.h"

enum {
    // A delete's position is kept as long as the connector may repeat what came before it.
    MIRROR_DELETED_KEEP_MS = 7 * 24 * 3600 * 1000,
    // How often older ones are looked for: each look reads all positions. So one is kept at most a day longer.
    MIRROR_DELETED_PURGE_EVERY_MS = 24 * 3600 * 1000,
};

// When the file was purged last: kept in _meta.
int mirror_purge_load(struct mirror *mirror, struct error *error);
// At each commit: what is due.
int mirror_purge(struct mirror *mirror, struct error *error);

#endif
