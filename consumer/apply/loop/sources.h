// What feeds one table: several topics of one rule (shards, leaves of a partitioned table), or several of the source's tables
// that a router sends into one topic. A snapshot tells of what it read only. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_SOURCES_H
#define TIDEMARK_APPLY_LOOP_SOURCES_H

#include "consumer/apply/loop/state.h"

// The partition's head is a row of a table, before it is taken. Sets what its change says of that (change.h). What a router
// mixes in one topic is known of this process alone. ERROR_SYSTEM: no memory.
int sources_note(struct apply *apply, const struct partition *partition, struct error *error);
// Whether more than one topic feeds the table, as far as they are known.
bool sources_are_several_topics(const struct apply *apply, const struct table *table);
// Whether everything that is known to feed the table took part in its snapshot at `lsn`.
bool sources_are_in_snapshot(const struct apply *apply, const struct table *table, int64_t lsn);
// The row was applied, and there is one of its key that another of the source's tables had; true once a table.
bool sources_mix_keys(struct apply *apply, const struct partition *partition);
void sources_free(struct apply *apply);

#endif
