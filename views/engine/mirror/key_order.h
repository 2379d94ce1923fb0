// Steps in the order of their rows' keys: by a number that the key begins with, digit by digit, and by the whole key only
// where that is alike. Comparing each with each other of its half took a third of what writing their rows takes.
// Pure; used by flush.c.
#ifndef TIDEMARK_MIRROR_KEY_ORDER_H
#define TIDEMARK_MIRROR_KEY_ORDER_H

#include "views/engine/delta/step.h"

// A step and the beginning of its key, as a number in the keys' order: most keys differ in it.
struct key_place {
    uint64_t prefix;
    int step;
};

// The place of the step's row.
struct key_place key_place_of(const struct table *table, const struct delta_step *steps, int step);
// `places` has room for twice as many: the second half is used meanwhile.
void key_order_sort(const struct table *table, const struct delta_step *steps, struct key_place *places,
                    int count);

#endif
