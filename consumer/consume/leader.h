// Reading that stays behind another's: of each partition no further than that one has committed, so that both can stand at
// the same offsets. Partitions that the leader does not know are read to their ends; none is while the leader is starting and
// knows none of its own. The consumer's thread.
#ifndef TIDEMARK_CONSUME_LEADER_H
#define TIDEMARK_CONSUME_LEADER_H

#include "consumer/message.h"
#include "views/engine/progress.h"

struct leader;

// `progress` is the leader's, `own` that of the reading behind it, whose partitions are `source`'s slots. All outlive it.
int leader_new(struct leader **ret, struct progress *progress, struct progress *own,
               const struct message_source *source, struct error *error);
void leader_free(struct leader **leader);
// The source, as far as the leader is.
struct message_source leader_source(struct leader *leader);
// Where the leader is by now; once in each round. Out of memory: as before.
void leader_look(struct leader *leader);

// The partitions that `progress` knows, sorted by topic and number. *ret is the caller's to free; NULL: there is no memory, or none is
// known.
int leader_partitions(struct progress *progress, struct partition_progress **ret);
// How many messages that `progress` has committed `own` has not; of partitions that both know. -1 = that is not known: it is
// starting.
int64_t leader_behind(struct progress *progress, struct progress *own);

#endif
