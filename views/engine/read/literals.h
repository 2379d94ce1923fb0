// Values of some types as people and their languages write them, wherever a request may have one: a filter, a query's parameter.
// What PostgreSQL's casts take of them, but for what nobody writes. Pure.
#ifndef TIDEMARK_READ_LITERALS_H
#define TIDEMARK_READ_LITERALS_H

#include "views/base/span.h"

#include <stdint.h>

enum {
    LITERAL_NUMBER_SIZE = 400, // longer ones are as they are written
};

// Without the spaces at its end; around it.
struct span literals_without_spaces_behind(struct span text);
struct span literals_trimmed(struct span text);

// true, t, 1, false, f, 0, in any case.
bool literals_boolean(struct span text, bool *ret);
// A whole number that fits, with a sign and zeros before it or without: 5, +5, 005, -0.
bool literals_integer(struct span text, int64_t *ret);
// A number as JSON writes it: +5 is 5, .5 is 0.5, 5. is 5.0. What is no number is none then either. Stands in `room`, or is
// the text itself.
struct span literals_number(struct span text, char room[LITERAL_NUMBER_SIZE]);
// A number that a double can be, rounded; inf and infinity with a sign or without, and nan, in any case. Not what a double
// has as infinite or as 0 without being it: 1e400, 1e-400.
bool literals_real(struct span text, double *ret);
// Z, or an offset of nothing, as what ends a time.
bool literals_ends_in_utc(struct span text);

#endif
