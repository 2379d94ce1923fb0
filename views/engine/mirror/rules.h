// Writes a change at once, unless the ordering rules (mirror.h) say that there is nothing to do. Inside the
// mirror only.
#ifndef TIDEMARK_MIRROR_RULES_H
#define TIDEMARK_MIRROR_RULES_H

#include "views/engine/mirror/state.h"

int mirror_rules_apply(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                       enum mirror_outcome *ret, struct error *error);

#endif
