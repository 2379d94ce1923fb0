// Values with parts, for same.c: PostgreSQL's text beside what Debezium makes of it. Pure.
#ifndef TIDEMARK_POSTGRES_SAME_PARTS_H
#define TIDEMARK_POSTGRES_SAME_PARTS_H

#include "consumer/postgres/form_kind.h"
#include "views/base/span.h"

// JSON arrays: texts of PostgreSQL's beside Debezium's elements. `milliseconds`: which come cut to them.
bool same_array(enum form_kind element, bool milliseconds, struct span source, struct span mirror);
// `["2026-01-01 00:00:00+00","2026-02-01 00:00:00+00")`, the times in whatever zone the session had.
bool same_zoned_range(struct span source, struct span mirror);
// `(1,2)` beside {"x":1.0,"y":2.0,..}.
bool same_point(struct span source, struct span mirror);
// Hex EWKB beside {"wkb":BASE64,"srid":..}.
bool same_geometry(struct span source, struct span mirror);
// `[1,2,3]` beside [1.0,2.0,3.0]; `{1:0.25}/5` beside {"dimensions":5,"vector":{"1":0.25}}.
bool same_vector(struct span source, struct span mirror);
bool same_sparse_vector(struct span source, struct span mirror);

#endif
