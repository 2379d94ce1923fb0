// Rows of snapshots that are remembered by a hash: the first EVIDENCE_READS_MAX. Inside evidence.c and its parts only; one thread.
#ifndef TIDEMARK_EVIDENCE_SEEN_H
#define TIDEMARK_EVIDENCE_SEEN_H

#include "consumer/evidence/facts.h"

// *seen: made when it is NULL, for free(). *ret: what was said of the first row of the hash (not 0), `says` where this is the first, or none
// is remembered. False: out of memory.
bool seen_take(struct evidence_seen **seen, uint64_t hash, uint64_t says, uint64_t *ret);

#endif
