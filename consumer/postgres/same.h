// Whether two forms (form.h) that differ are the same value: digits as numbers, times as moments, JSON whatever its order
// and spaces, what has no one spelling. Pure.
#ifndef TIDEMARK_POSTGRES_SAME_H
#define TIDEMARK_POSTGRES_SAME_H

#include "consumer/postgres/form.h"

// `source`: PostgreSQL's form; `mirror`: form_of_cell's. data NULL = NULL. What cannot be read is not the same.
bool same_value(const struct form *form, struct span source, struct span mirror);
// Whether the moment of a TIMESTAMP or TIME differs in nothing but what is below its millisecond, which the mirror has not:
// time.precision.mode connect, that nobody told.
bool same_to_the_millisecond(const struct form *form, struct span source, struct span mirror);

#endif
