// One partition that is read: its queue of librdkafka's, the messages taken from it and not released, where it
// ends, and what went wrong with it. Inside the kafka module only; the consumer's thread calls everything.
//
// What becomes of it (its topic is gone, its offset is out of range, a batch is damaged) is said once by librdkafka, and decides what the
// loop does: it is kept here until kafka_event has told it, however much happens at once.
//
// Messages are held in a ring until they are released. What librdkafka says about a partition (its end, an
// error) comes in its queue between the messages: a notice is read when it is the oldest that is held.
#ifndef TIDEMARK_BROKER_CLIENT_PARTITION_H
#define TIDEMARK_BROKER_CLIENT_PARTITION_H

#include "consumer/broker/client/events.h"
#include "consumer/broker/client/nudger.h"
#include "consumer/broker/client/stats.h"
#include "consumer/broker/client/wakeup.h"
#include "consumer/broker/kafka_log.h"
#include "consumer/message.h"
#include "views/base/bounds.h"

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

enum {
    PARTITION_BATCH_MAX = BOUND(256, 4), // messages taken from a partition's queue at once
    PARTITION_HELD_MAX = BOUND(512, 8),  // taken from it and not released
    PARTITION_HELD_LEAST = BOUND(64, 8), // so many may be, however many partitions are far behind
    PARTITION_ANSWER_MS = 1000,          // an answer so long ago is a fresh one
    PARTITION_HELD_BYTES =
        BOUND(1 << 20, 8 << 10), // about: no more are taken when the held ones have so many
};

// What all partitions of a client share. Outlives them.
struct kafka_partition_owner {
    rd_kafka_t *client;
    struct kafka_events *events;
    int decisions; // of all partitions, not told yet
    struct kafka_nudger *nudger;
    rd_kafka_topic_partition_list_t *assigning; // what is to be assigned together, NULL = each by itself
    struct kafka_wakeup *wakeup;                // signalled when a queue that was empty has something
    atomic_uint arrivals;                       // how often one that was empty got something
    int64_t queue_bytes_max;                    // as librdkafka fills a partition's queue
    int64_t queue_messages_max;
    int64_t answer_ms; // longest that a fetch takes without data; an answer so long ago is a fresh one
    int held_max;      // messages taken from a partition's queue and not released, PARTITION_HELD_MAX at most
    char failure[256]; // "; " and what librdkafka said last of a connection, "" = nothing
    int64_t failure_at_ms; // monotonic; where a quota holds answers back, when that ends
    struct kafka_partition
        *refilled; // whose queue is being read: an error that librdkafka tells meanwhile is its
};

enum { PARTITION_WHY_SIZE = 256 };

struct kafka_partition {
    struct kafka_partition_owner *owner;
    int slot;
    char *topic;
    int32_t number;
    rd_kafka_queue_t *queue;
    atomic_bool ready;                            // the queue may hold something; set by librdkafka's threads
    rd_kafka_message_t *held[PARTITION_HELD_MAX]; // ring of messages and notices
    int first;
    int count;
    int in_a_row; // messages from `first` on, up to the first notice
    int64_t held_bytes;
    bool unread;   // librdkafka refused to hand over what it has; told once
    bool was_full; // the queue held about as much as librdkafka lets it
    struct kafka_nudge nudge;
    bool deleted; // the broker does not know it any more: what follows may be another log of the same name
    bool deletion_reported; // that was decided, once the last message held was released
    bool from_oldest;       // is read from its oldest message, and none has come yet
    bool peeked;            // `head` is held[first]
    struct message head;
    bool end_seen; // nothing came after the newest end
    int64_t end_offset;
    int64_t next_offset;       // behind what was delivered or is the end, -1 = from the oldest on
    int64_t wanted_offset;     // out of range
    rd_kafka_resp_err_t error; // reported last
    int watched;               // so many messages more are shown before they are released
    bool damaged;              // a batch cannot be read: nothing behind it is delivered
    int64_t damaged_offset;
    char damaged_why[PARTITION_WHY_SIZE];
    unsigned decided; // kinds of events, as bits: not told yet
    int64_t high;
    int64_t high_read_ms; // when librdkafka was asked for it
    int64_t high_at_ms;   // when a fetch was last answered, or it was assigned; monotonic
    int64_t full_at_ms;   // when its queue was last seen full, and it was not asked
    int64_t stats_at_ms;
    int64_t open_since_ms;        // the log goes on behind the end of what may be read; 0 = it does not
    int64_t leader;               // node, -1 = it has none
    int64_t connection;           // see kafka_connection
    int32_t broker;               // that the newest message taken from the queue came from, -1 = none yet
    struct kafka_place newest;    // that message
    struct kafka_place other_end; // see kafka_other_end
    struct kafka_stats_asked asked;
    int64_t noted_offset;  // to be told once it is on the disk, -1 = none
    int64_t commit_offset; // -1 = nothing to tell
};

// Assigns what was opened since `owner->assigning` was set, and unsets it.
int kafka_partitions_assign(struct kafka_partition_owner *owner, struct error *error);
// Begins to read from `offset`, -1 = the oldest there is. Errors: ERROR_SYSTEM, ERROR_BROKER.
int kafka_partition_open(struct kafka_partition **ret, struct kafka_partition_owner *owner, int slot,
                         const char *topic, int32_t number, int64_t offset, struct error *error);
// Destroys what is held; librdkafka goes on fetching until its client is destroyed. The nudger was stopped, or
// has forgotten the partition.
void kafka_partition_close(struct kafka_partition **partition);
// The same, and librdkafka fetches no more of it. Waits for the nudger's question about it, a second at most.
void kafka_partition_unassign(struct kafka_partition **partition);

// As message_source has it (consumer/message.h).
const struct message *kafka_partition_peek(struct kafka_partition *partition);
int kafka_partition_delivered(struct kafka_partition *partition);
void kafka_partition_peek_at(const struct kafka_partition *partition, int index, struct message *ret);
void kafka_partition_release(struct kafka_partition *partition);
bool kafka_partition_at_end(struct kafka_partition *partition);

// The broker does not know the topic or partition any more, as an error in the partition's queue says. Nothing is
// taken from the queue any more; KAFKA_EVENT_TOPIC_DELETED is decided once nothing is held.
bool kafka_partition_is_deleted_by(rd_kafka_resp_err_t code);
void kafka_partition_note_deleted(struct kafka_partition *partition);
// What librdkafka says about the partition: its end, or an error, which becomes an event.
void kafka_partition_take_notice(struct kafka_partition *partition, const rd_kafka_message_t *notice);
// What was decided of it and not told yet; false = nothing. The message of KAFKA_EVENT_OUT_OF_RANGE is the caller's.
bool kafka_partition_take_decision(struct kafka_partition *partition, struct kafka_event *ret);
// Since when (monotonic) the log goes on behind the end of what may be read, as statistics showed it, 0 = it does not; then in
// words: a Kafka transaction is open there.
int64_t kafka_partition_describe_open(const struct kafka_partition *partition, char *ret, size_t size);
// What statistics of `stats_at_us` (monotonic) say. `broker`: of `found`, NULL when it is not connected.
void kafka_partition_note_stats(struct kafka_partition *partition, int64_t stats_at_us,
                                const struct kafka_stats_partition *found,
                                const struct kafka_stats_broker *broker);
// As of the newest statistics, 0 = within the time between two of them.
int64_t kafka_partition_unanswered_ms(const struct kafka_partition *partition);
// Why not, in words: what the broker said last, or what the statistics do.
void kafka_partition_explain_silence(const struct kafka_partition *partition, char *ret, size_t size);
// The newest high watermark that librdkafka has heard of, -1 = none yet.
int64_t kafka_partition_high(struct kafka_partition *partition);

#endif
