// Big integers as Kafka Connect writes them (big-endian two's complement) as exact decimal text. Pure; text
// goes to the arena.
#ifndef TIDEMARK_DECODE_VALUE_BIG_INTEGER_H
#define TIDEMARK_DECODE_VALUE_BIG_INTEGER_H

#include "views/base/arena.h"
#include "views/base/span.h"

#include <stdint.h>

// Three times what PostgreSQL declares at most (numeric(1000, s)), since a negative scale comes as up to 2047 zeros;
// and its largest scale.
enum { BIG_INTEGER_BYTES_MAX = 1280, BIG_INTEGER_SCALE_MAX = 16383 };

// False when there is no byte or the number does not fit.
bool big_integer_to_int64(struct span bytes, int64_t *ret);
// bytes * 10^-scale as digits: "-0.05" for (-5, 2), "500" for (5, -2). 1 to BIG_INTEGER_BYTES_MAX bytes, scale
// within +-BIG_INTEGER_SCALE_MAX: the caller has checked. False only when out of memory.
bool big_integer_to_text(struct span bytes, int scale, struct arena *arena, struct span *ret);

#endif
