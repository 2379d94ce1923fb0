// Whether the logs are still those that were read, while they are read: what is found behind a leader that changed, a connection
// that was lost or a time in which this process stood still may be another log under the same name (a topic or a cluster that was
// made anew, a broker that lost the end of its log), and it may be longer than what was read, so that no offset tells. The newest
// message that was taken before, or came from the leader before, is read once more, by a client of its own beside the live reading. The
// consumer's thread.
#ifndef TIDEMARK_CONSUME_RECHECK_H
#define TIDEMARK_CONSUME_RECHECK_H

#include "consumer/apply/apply.h"
#include "consumer/broker/kafka.h"
#include "consumer/consume/discovery.h"
#include "consumer/consume/unnoted.h"

struct recheck;

struct recheck_config {
    const struct kafka_config *kafka; // its group's name is copied
    struct kafka *live;
    struct apply *apply;
    const struct discovery *discovery;
    struct unnoted *unnoted; // outlives it
};

int recheck_new(struct recheck **ret, const struct recheck_config *config, struct error *error);
void recheck_free(struct recheck **recheck);
// In each round of the loop, before anything is taken. -1 with ERROR_HALT: a log is another one, and the file keeps that the tables that it
// feeds are incomplete. Other errors: ERROR_SYSTEM, and apply_note_another_log's, behind which `unnoted` has what the next one
// is to note. After any of them nothing may be taken. Where no client
// can be opened it is logged, and tried again.
int recheck_step(struct recheck *recheck, int64_t now_ms, struct error *error);

#endif
