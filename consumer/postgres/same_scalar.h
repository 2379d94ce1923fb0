// Values without parts, for same.h: two forms of one kind. Pure.
#ifndef TIDEMARK_POSTGRES_SAME_SCALAR_H
#define TIDEMARK_POSTGRES_SAME_SCALAR_H

#include "consumer/postgres/form_kind.h"
#include "views/base/iso8601.h"

bool same_scalar(enum form_kind kind, struct span source, struct span mirror);
// A date or a timestamp as PostgreSQL writes it, or as ISO 8601 has it. False when it is none.
bool same_scalar_read_moment(struct span text, struct moment *ret);
// Whether two moments or times of day differ in nothing but what is below the millisecond, which the mirror's has not.
bool same_scalar_is_cut(enum form_kind kind, struct span source, struct span mirror);
bool same_scalar_hex_is_base64(struct span hex, struct span base64);

#endif
