// Forgets what deletes left behind once it is too old to be asked for, by the source's own clock: however few
// deletes one process sees, and however often it is started. By this machine's where the file was never told a time of the
// source (unwrapped rows without source.ts_ms). Inside the mirror only.
#ifndef TIDEMARK_MIRROR_PURGE_H
#define TIDEMARK_MIRROR_PURGE_H

#include "views/engine/mirror/state.h"

enum {
    // A delete's position is kept as long as the connector may repeat what came before it.
    MIRROR_DELETED_KEEP_MS = 7 * 24 * 3600 * 1000,
    // How often older ones are looked for: each look reads all positions. So one is kept at most a day longer.
    MIRROR_DELETED_PURGE_EVERY_MS = 24 * 3600 * 1000,
    // How far the source's clock may be ahead of this machine's. What is further is not believed, whoever sent it:
    // it would let every guard go at once.
    MIRROR_CLOCK_AHEAD_MS = 24 * 3600 * 1000,
};

// The source's clock has come to `ts_ms`, as one event has it.
void mirror_purge_note_time(struct mirror *mirror, int64_t ts_ms);

// When the file was purged last: kept in _meta. A time that is not believed counts as never.
int mirror_purge_load(struct mirror *mirror, struct error *error);
// At each commit: what is due.
int mirror_purge(struct mirror *mirror, struct error *error);

#endif
