// Exact sums of NUMERIC values, which the mirror keeps as text with as many digits as came. A sum is a row of
// groups of nine decimal digits around the point, in signed words that take four thousand million addends
// before a carry has to be made. Own code because it is addition and nothing else, in a hundred lines, and
// Debian 12 has no library of decimal arithmetic (libmpdec left it; GMP counts in binary and would convert
// each addend). Pure; whoever has a sum owns its memory: numeric_sum_done.
//
// NaN and infinities are counted apart, so that they can be taken out again. As PostgreSQL's sum() has it:
// one NaN, or infinities of both signs, make it NaN.
#ifndef TIDEMARK_ROW_NUMERIC_SUM_H
#define TIDEMARK_ROW_NUMERIC_SUM_H

#include "views/base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    // Places on either side of the point. PostgreSQL's NUMERIC has 131072 before and 16383 behind it.
    NUMERIC_PLACES_MAX = 1 << 18,
    NUMERIC_WEIGHT_MAX = INT32_MAX,
};

enum numeric_special { NUMERIC_NAN, NUMERIC_INFINITY, NUMERIC_MINUS_INFINITY, NUMERIC_SPECIALS };

// All zero: the sum 0.
struct numeric_sum {
    int64_t *groups; // group i counts 10^(9 * (first + i))
    int first;
    int count;
    int64_t pending; // how often the groups were added to since their carries were made
    int64_t specials[NUMERIC_SPECIALS];
};

enum numeric_result { NUMERIC_OK, NUMERIC_INVALID, NUMERIC_NO_MEMORY };

// Adds `weight` (at most NUMERIC_WEIGHT_MAX either way) times the number. NUMERIC_INVALID, and nothing is
// added: it is none ([+-]digits[.digits][e[+-]digits], NaN, [+-]Infinity, in any case), or has more places.
enum numeric_result numeric_sum_add(struct numeric_sum *sum, struct span text, int64_t weight);
bool numeric_sum_is_zero(struct numeric_sum *sum);
// -1, 0, 1; of NaN 1.
int numeric_sum_sign(struct numeric_sum *sum);
// As PostgreSQL sorts them: 0 of a number, -1 and 1 of infinities, 2 of NaN.
int numeric_sum_rank(const struct numeric_sum *sum);
// For free(); NULL = no memory. "-12.5", "0", "NaN", "-Infinity": without zeros at the end of the fraction, so
// that equal sums are equal texts however they came about.
char *numeric_sum_text(struct numeric_sum *sum);
void numeric_sum_done(struct numeric_sum *sum);

#endif
