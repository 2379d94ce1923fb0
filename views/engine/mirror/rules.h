// Writes a change at once, unless the ordering rules (mirror.h) say that there is nothing to do. Inside the
// mirror only.
#ifndef TIDEMARK_MIRROR_RULES_H
#define TIDEMARK_MIRROR_RULES_H

#include "views/engine/mirror/state.h"

int mirror_rules_apply(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                       enum mirror_outcome *ret, struct error *error);

// A change was found to be a repeat. A producer that is not idempotent may write a batch twice, and with it a row of an
// incremental snapshot, which is always written: so a verbatim repeat of the newest change of its key is written again
// where the row is not as it left it. It stays a repeat.
int mirror_rules_write_again(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                             struct error *error);

#endif
