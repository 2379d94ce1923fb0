// A literal `default` of source.sql -> the value that the mirror stores for it, written as the source's events would
// write it. Pure.
#ifndef TIDEMARK_CATALOG_SOURCE_DEFAULT_H
#define TIDEMARK_CATALOG_SOURCE_DEFAULT_H

#include "views/engine/catalog/source/draft.h"

// Sets column->fallback; its bytes are malloc()ed, the column's. A default that is no literal, or one of a type whose
// written form depends on settings, leaves it VALUE_ABSENT and sets column->source_default. Errors: ERROR_SYSTEM.
int source_default_read(struct source_draft *draft, const struct draft_column *declared,
                        struct column *column);

// Whether `alter type` to `is` leaves the default's text as it is in the rows that have it. `using`: its expression, whose locations
// count from `base`; NULL = a cast.
bool source_default_stays(struct source_draft *draft, const struct draft_column *was,
                          const struct declared_type *is, const json_t *using, size_t base);

#endif
