// Values of some types as people and their languages write them, wherever a request may have one: a filter, a query's parameter.
// What PostgreSQL's casts take of them, but for what nobody writes. Pure.
#ifndef TIDEMARK_READ_LITERALS_H
#define TIDEMARK_READ_LITERALS_H

#include "views/base/span.h"

enum { LITERAL_UUID_SIZE = 36 };

// true, t, 1, false, f, 0, in any case.
bool literals_boolean(struct span text, bool *ret);
// 32 hexadecimal digits, a hyphen or none behind every four, within {} or not. `ret`: as it is stored, without a NUL.
bool literals_uuid(struct span text, char ret[LITERAL_UUID_SIZE]);
// A number; inf, infinity, -inf, -infinity and nan in any case.
bool literals_real(struct span text, double *ret);
// Z, or an offset of nothing, as what ends a time.
bool literals_ends_in_utc(struct span text);

#endif
