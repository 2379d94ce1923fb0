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
// The doubles that are rounded to the same float, PostgreSQL's `real`, as `value` is: 0.1 and 0.10000000149011612. False, and `value`
// alone: it is beyond what a float is. Not for NaN.
bool real_single_range(double value, double *least, double *most);
// A whole number that fits, written the shortest way: no plus sign, no leading zeros, not "-0".
bool integer_parse(struct span text, int64_t *ret);

#endif
