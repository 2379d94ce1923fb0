// A TRUNCATE of a partitioned table that comes once a leaf, in the leaves' topics (publish.via.partition.root=false). One leaf's
// is quarantined, since nothing says which rows are the leaf's; once all that source.sql declares are truncated at one LSN, the
// table is, and what waits in quarantine of it is superseded. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_LEAVES_H
#define TIDEMARK_APPLY_LOOP_LEAVES_H

#include "consumer/apply/loop/state.h"

// The partition's head could not be read. Whether it is a truncate of a leaf with which all are truncated: then it is the table's.
// What came before a restart is not known any more: it waits in quarantine.
bool leaves_are_truncated(struct apply *apply, const struct partition *partition);

#endif
