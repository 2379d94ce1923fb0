// Decimals by their value, of any length: 1.50, 15e-1, +01.5. Pure.
#ifndef TIDEMARK_POSTGRES_SAME_NUMBER_H
#define TIDEMARK_POSTGRES_SAME_NUMBER_H

#include "views/base/span.h"

// What is no number is the same as its own text.
bool same_number(struct span a, struct span b);

#endif
