// The tables whose rows the ENDs of transactions count. Inside evidence.c only.
#ifndef TIDEMARK_EVIDENCE_COUNTED_H
#define TIDEMARK_EVIDENCE_COUNTED_H

#include "consumer/evidence/facts.h"
#include "consumer/evidence/message/fields.h"

// Those that a boundary names. Out of memory loses some.
void counted_take(struct evidence_collections *collections, const struct fields *boundary,
                  struct arena *arena);
void counted_free(struct evidence_collections *collections);

#endif
