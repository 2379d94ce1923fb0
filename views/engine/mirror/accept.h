// Accepts a change that is written later, together with others. Inside the mirror only.
#ifndef TIDEMARK_MIRROR_ACCEPT_H
#define TIDEMARK_MIRROR_ACCEPT_H

#include "views/engine/mirror/state.h"

// Whether the change may wait for the commit to be written.
bool mirror_may_defer(const struct mirror *mirror, const struct mirror_table *table,
                      const struct change *change);
// See mirror_expect.
void mirror_accept_expect(const struct mirror *mirror, const struct mirror_table *table,
                          const struct change *change, int ahead);
int mirror_accept(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                  enum mirror_outcome *ret, struct error *error);
// Whether an update leaves the columns that others look up as they are.
int mirror_looks_same(struct mirror *mirror, struct mirror_table *table, const struct change *change,
                      bool *ret, struct error *error);

#endif
