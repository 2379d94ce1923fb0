// Which partitions may hold rows of a table. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_FEEDS_H
#define TIDEMARK_APPLY_LOOP_FEEDS_H

#include "consumer/apply/loop/state.h"

// A topic that source.sql names for several tables feeds each of them; partition->table is the first. Once, when the
// partition's role is known: a table's topic may be a regular expression. ERROR_SYSTEM: no memory.
int feeds_init(const struct apply *apply, struct partition *partition, struct error *error);
// Makes room for one in apply's lists of slots; then it can be added. ERROR_SYSTEM: no memory.
int feeds_expect_slot(struct apply *apply, const struct partition *partition, struct error *error);
void feeds_add_slot(struct apply *apply, const struct partition *partition, int slot);
void feeds_free(struct apply *apply);
bool feeds_table(const struct partition *partition, const struct table *table);
// The first table that the partition feeds behind `after`, NULL = of all; NULL behind the last.
const struct table *feeds_next(const struct apply *apply, const struct partition *partition,
                               const struct table *after);
// The slot of the partition of the topic that was added first: `slot` where none was.
int feeds_topic_slot(const struct apply *apply, const char *topic, int slot);
// A topic of the table that the file had messages of when it was opened, NULL = none. Lives until the next store call.
const char *feeds_read_before(const struct apply *apply, const struct table *table);

#endif
