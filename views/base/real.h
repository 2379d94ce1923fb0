// Doubles as text: the shortest that reads back as the same number. Pure.
#ifndef TIDEMARK_BASE_REAL_H
#define TIDEMARK_BASE_REAL_H

#include "views/base/span.h"

#include <stdint.h>

enum { REAL_TEXT_SIZE = 32 };

// "0.1", "1e+300", "NaN", "Infinity", "-Infinity". Returns the length; NUL-terminated.
size_t real_write(double value, char ret[REAL_TEXT_SIZE]);
// [-]digits[.digits][e[+-]digits], "NaN", "Infinity", "-Infinity".
bool real_parse(struct span text, double *ret);
// What the shortest text of the nearest float, PostgreSQL's `real`, reads as: 0.1 of 0.10000000149011612. False: beyond what one is.
bool real_of_single(double value, double *ret);
// A whole number that fits, written the shortest way: no plus sign, no leading zeros, not "-0".
bool integer_parse(struct span text, int64_t *ret);

#endif
