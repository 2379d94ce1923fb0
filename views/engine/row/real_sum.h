// Exact sums of doubles: a fixed-point number wide enough for every double there is, so that no addition
// rounds and the order of the addends does not matter. It is Kulisch's long accumulator ("An axiomatic
// approach to rounded computations", 1971), called superaccumulator by Neal ("Fast exact summation using small
// and large superaccumulators", arXiv:1505.05571), of which only the words between the lowest and the highest
// bit in use are kept: 2 or 3 for most sums. real_sum_value rounds once, to nearest, ties to even. Equal
// sums have equal bytes, whatever they were added from. Pure; whoever has a sum owns its memory: real_sum_done.
//
// NaN and infinities are counted apart, so that they can be taken out again.
#ifndef TIDEMARK_ROW_REAL_SUM_H
#define TIDEMARK_ROW_REAL_SUM_H

#include "views/base/buffer.h"
#include "views/base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum real_special { REAL_NAN, REAL_INFINITY, REAL_MINUS_INFINITY, REAL_SPECIALS };

enum {
    // Bit 0 is 2^-1074, the smallest double; 2098 bits hold the largest, 64 more as many addends as there can
    // be, four words the sign and carries.
    REAL_SUM_WORDS_MAX = 2098 / 64 + 1 + 1 + 4,
};

// All zero: the sum 0.
struct real_sum {
    uint64_t *words; // two's complement, the lowest first
    int first;       // the place of words[0], in words from bit 0
    int count;       // 0 = the sum is 0
    int64_t specials[REAL_SPECIALS];
};

// Adds `value` or takes it away (weight 1 or -1). -1 = no memory, and the sum is as it was.
int real_sum_add(struct real_sum *sum, double value, int weight);
int real_sum_add_sum(struct real_sum *sum, const struct real_sum *other);
// Nothing was added but what was taken away again.
bool real_sum_is_zero(const struct real_sum *sum);
// The double nearest to the sum; infinite beyond the largest. One NaN, or infinities of both signs: NaN. Never
// -0.0.
double real_sum_value(const struct real_sum *sum);
void real_sum_done(struct real_sum *sum);

// As bytes that mean the same on every machine: a byte 1 and the three counts of 8 bytes where there are any
// NaN or infinities, else a byte 0; `first` (2 bytes); the words, none of which could be left out. All
// little-endian. Appended.
void real_sum_write(const struct real_sum *sum, struct buffer *ret);
// `ret`: all zero. -1 = no memory or, *ret_valid false, not such bytes.
int real_sum_read(struct span bytes, struct real_sum *ret, bool *ret_valid);

#endif
