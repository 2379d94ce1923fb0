// Decimals exactly: digits to a count of 10^-scale and back, never through a double. Pure, any thread.
#ifndef TIDEMARK_DECIMAL_H
#define TIDEMARK_DECIMAL_H

#include "views/base/span.h"

#include <stdint.h>

enum { DECIMAL_TEXT_SIZE = 64 };

// `digits`: [+-]digits[.digits][e[+-]digits], as JSON numbers and PostgreSQL write them. False when it is not
// one, has non-zero digits past the scale, or does not fit `precision` (1..18) digits.
bool decimal_parse(struct span digits, int precision, int scale, int64_t *ret);
// True for any text of that form, whatever its size.
bool decimal_is_literal(struct span text);
// A count of 10^-from as a count of 10^-scale. False when non-zero digits would be lost or it does not fit.
bool decimal_rescale(int64_t value, int from, int precision, int scale, int64_t *ret);
// "-0.05" for (-5, 2). Returns the length; `ret` holds DECIMAL_TEXT_SIZE bytes and is NUL-terminated. scale
// 0..18.
size_t decimal_write(int64_t value, int scale, char ret[DECIMAL_TEXT_SIZE]);
// The scale of a column that is declared DECIMAL(p,s) or DECIMAL(p), as the words stand there; -1 when it is none, or NULL.
int decimal_declared_scale(const char *declared);

#endif
