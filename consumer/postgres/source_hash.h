// PostgreSQL's hashtextextended(text, seed), as 11 to 18 have it on machines of little-endian order: Bob Jenkins' lookup3
// over the bytes, with the seed mixed in first. What a server's digests are made of; whether this one agrees is asked of
// the server before it is relied on (ranges.h). Pure.
#ifndef TIDEMARK_POSTGRES_SOURCE_HASH_H
#define TIDEMARK_POSTGRES_SOURCE_HASH_H

#include "views/base/span.h"

#include <stdint.h>

int64_t source_hash(struct span text, int64_t seed);

#endif
