// Which partitions are read. Looks for the prefix's topics now and then, asks where a new partition's log begins
// and ends, and only then begins to read it: what cannot be verified yet waits for the next look. Never waits
// for a broker itself. The consumer's thread.
#ifndef TIDEMARK_CONSUME_DISCOVERY_H
#define TIDEMARK_CONSUME_DISCOVERY_H

#include "consumer/apply/apply.h"
#include "consumer/broker/kafka.h"

enum {
    // New partitions of the topics that are read are looked for so often, by name.
    DISCOVERY_ASSIGNED_EVERY_MS = 5000,
    // The listing of all topics of a cluster may be megabytes: after one it is asked for again when as much time
    // has passed as since the last new topic was found, within these bounds.
    DISCOVERY_ALL_LEAST_MS = 1000,
    DISCOVERY_ALL_MOST_MS = 60000,
    // What is missing now will be there soon: no topic yet, no transaction topic though rows name transactions,
    // a partition whose broker did not tell its ends, no broker.
    DISCOVERY_UNSETTLED_MS = 250,
    DISCOVERY_UNSETTLED_MOST_MS = 2000, // after a while without success
    DISCOVERY_DENIED_MS = 10000,        // topics may not be seen: a person may be about to grant it
    // A broker that lags behind the controller tells fewer partitions of a topic than were read of it: it is asked again for so long
    // before the topic is another one.
    DISCOVERY_FEWER_MS = BOUND(30000, 1000),
    DISCOVERY_ENDS_SLOW_MS = 3000, // without an answer about ends: it is told
    // So many messages fill a partition's queue and a fetch. How many partitions are far behind is how many times as many are to
    // come, since a thousand with a few each take as much memory; none are where all together are no work.
    DISCOVERY_FAR = BOUND(4096, 64),
    DISCOVERY_FAR_FOR_LONG = BOUND(262144, 512),
};

// How far behind all partitions are, in messages.
struct discovery_behind {
    int64_t sum;
    int64_t furthest;
    int64_t queued; // DISCOVERY_FAR of each at most
};

static inline void discovery_add_behind(struct discovery_behind *behind, int64_t messages) {
    behind->sum += messages;
    behind->furthest = messages > behind->furthest ? messages : behind->furthest;
    behind->queued += messages < DISCOVERY_FAR ? messages : DISCOVERY_FAR;
}

static inline int discovery_far(const struct discovery_behind *behind) {
    return behind->sum >= DISCOVERY_FAR_FOR_LONG ? (int)(behind->queued / DISCOVERY_FAR) : 0;
}

struct discovery_config {
    struct kafka *kafka;
    struct apply *apply;
    const struct apply_config *applied;                                    // catalog, prefix, progress
    bool verify_topics;                                                    // see apply_verify_first
    int64_t (*captured)(void *self, const char *topic, int32_t partition); // see consume_config
    void *broker;
};

struct discovery;

int discovery_new(struct discovery **ret, const struct discovery_config *config, struct error *error);
// After kafka_close: until then a question may be under way.
void discovery_free(struct discovery **discovery);

// One step, in each round of the loop. -1 with ERROR_BROKER when nobody answered or a partition cannot be read;
// it is tried again. ret_answered: a broker has answered in this step.
int discovery_step(struct discovery *discovery, bool connected, bool *ret_answered, struct error *error);

bool discovery_is_assigned(const struct discovery *discovery, int slot);
// The offset that an assigned slot must have come to before it can be at its end; 0 = any.
int64_t discovery_least_end(const struct discovery *discovery, int slot);
// Slots are 0 to this; some of them may not be assigned.
int discovery_slots(const struct discovery *discovery);
// Whether none was ever begun to be read: no broker that has them told where they end.
bool discovery_reads_none(const struct discovery *discovery);
// Whether every partition that was found is read.
bool discovery_reads_all(const struct discovery *discovery);
// What keeps it from having read all: a partition that is not read yet or does not exist any more, or is not listed.
// NULL when nothing does.
const char *discovery_trouble(const struct discovery *discovery);
// After KAFKA_EVENT_TOPIC_DELETED: reads no more of it until the topic is there again, and then looks, as at the
// start, whether it is the same.
void discovery_topic_deleted(struct discovery *discovery, int slot, const char *why);
// Declared tables without a topic, by name, NULL = none.
const char *discovery_missing(const struct discovery *discovery);
// Prefixes that other topics have, where there is none of this one (census_others).
const char *discovery_others(const struct discovery *discovery);
// Topics that this account may not see, and what it needs, in words; NULL = none is known.
const char *discovery_denied(const struct discovery *discovery);
// What census_may_be_.. say of the newest listing.
const char *discovery_may_be_transactions(const struct discovery *discovery);
const char *discovery_may_be_heartbeats(const struct discovery *discovery);

#endif
