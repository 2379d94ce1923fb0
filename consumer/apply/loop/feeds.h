// Which partitions may hold rows of a table. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_FEEDS_H
#define TIDEMARK_APPLY_LOOP_FEEDS_H

#include "consumer/apply/loop/state.h"

// A topic that source.sql names for several tables feeds each of them; partition->table is the first.
bool feeds_table(const struct apply *apply, const struct partition *partition, const struct table *table);

#endif
