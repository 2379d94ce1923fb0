// Arrays: the mirror's JSON, each element as its column's form would be, as PostgreSQL's array_to_json writes texts. Pure.
#ifndef TIDEMARK_POSTGRES_FORM_ARRAY_H
#define TIDEMARK_POSTGRES_FORM_ARRAY_H

#include "consumer/postgres/form_kind.h"
#include "views/base/buffer.h"

// What is no JSON array of scalars is written as it is.
void form_array_write(enum form_kind element, struct span json, struct buffer *out);

#endif
