// Tables that a full snapshot left out. Of a table that is empty at the source it sends nothing, so rows of before stay, which
// may have gone while no connector read; one that the connector leaves out of its snapshots looks the same. Neither can be
// told from the other, so no row goes, and the table is told as incomplete. So is one of which a topic was left out (a leaf's).
// Only of PostgreSQL's snapshots that begin a stream (they name no commit), and of topics that the connector's own prefix names:
// other connectors may feed others. Inside apply only.
#ifndef TIDEMARK_APPLY_LOOP_EMPTIED_H
#define TIDEMARK_APPLY_LOOP_EMPTIED_H

#include "consumer/apply/loop/state.h"

// The partition's head, a row of a snapshot or a streamed change, is about to be taken.
void emptied_note(struct apply *apply, const struct partition *partition);
bool emptied_is_awaited(const struct apply *apply);
// Looks once all tables have what the newest such snapshot has of them. `swept`: they were swept, though more of it may come.
int emptied_look(struct apply *apply, bool swept, struct error *error);

#endif
