// The SQL functions that count exactly (registered by functions.c):
//   decimal_sum(x[, weight])   sum of NUMERIC texts and integers, each `weight` times; an aggregate, and over a window
//   decimal_add(a, b), decimal_sub(a, b)   NULL when one is NULL
//   decimal_cmp(a, b)          -1, 0, 1; NULL when one is NULL; NaN equals NaN and is above all
//   real_sum(x)                sum of numbers, rounded once, whatever their order; an aggregate, and over a window
// Sums leave NULLs out and are NULL of nothing else, as sum() has it. A decimal's text is as numeric_sum_text has it. A
// REAL or a text that is no number is an error of the decimal ones: a double is what they are there to avoid.
#ifndef TIDEMARK_SQLITE_EXACT_FUNCTIONS_H
#define TIDEMARK_SQLITE_EXACT_FUNCTIONS_H

#include "views/base/error.h"

struct sqlite3;
struct sqlite3_context;
struct sqlite3_value;

// decimal(value, scale) of a NUMERIC as text: with zeros up to `scale` places, none cut off.
void exact_functions_decimal_text(struct sqlite3_context *context, struct sqlite3_value *value, int scale);
int exact_functions_register(struct sqlite3 *db, struct error *error);

#endif
