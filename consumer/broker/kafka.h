// Kafka: the only module that includes rdkafka.h (the embedded broker beside it: rdkafka_mock.h). Reads every
// partition of the topics it is given from the offsets it is given; each partition has its own queue, so that
// one partition can wait while others are read. Never commits or chooses an offset by itself. One thread (the
// consumer loop) calls everything. librdkafka's callbacks only record. Inside: client/partition.h (one
// partition's messages), client/nudger.h (a thread that wakes librdkafka), client/survey.h (a thread that asks
// the brokers), client/events.h (what is reported).
#ifndef TIDEMARK_BROKER_KAFKA_H
#define TIDEMARK_BROKER_KAFKA_H

#include "consumer/broker/kafka_event.h"
#include "consumer/broker/kafka_log.h"
#include "consumer/broker/kafka_property.h"
#include "consumer/message.h"

struct kafka;

enum {
    KAFKA_CLOSE_WAIT_MS = 2000,  // longest that a close takes
    KAFKA_COMMIT_WAIT_MS = 1500, // of it: for the group to be told
    KAFKA_FAILURE_MS =
        60000, // what failed so long ago is no reason any more; librdkafka tells the same every 30 s
    KAFKA_LATE_MS =
        1500, // statistics that are so late: librdkafka's own thread, which makes them, stood still
    KAFKA_FAR_SOME = 16, // partitions far behind: neither few nor many (kafka_expect_far)
};

struct kafka_config {
    const char *brokers;
    const char *group_id; // offsets are committed to it afterwards, only for outside tools
    // -X, after ours; a value of a secret is never printed. They outlive it.
    const struct kafka_property *properties;
    int property_count;
    // Topics that are asked for by name where a listing lacks them: see kafka_denied.
    char *const *sought;
    int sought_count;
    int sought_at_once; // the first so many with the first listing, the others not before the second
    int partitions;     // how many will be read, as far as is known: see kafka_expect
    int far;            // how many of them are far behind, likewise: see kafka_expect_far
};

// librdkafka's, "2.0.2".
const char *kafka_library_version(void);

// Does not wait for a broker. What is set, and what a user must not set: client/settings.c. Errors:
// ERROR_USAGE for a property that librdkafka or tidemark refuses (names it and why, never the value of a
// secret), ERROR_SYSTEM.
int kafka_open(struct kafka **ret, const struct kafka_config *config, struct error *error);
// Whether kafka_open would take these properties: librdkafka is asked, no broker. Its errors.
int kafka_check(const struct kafka_config *config, struct error *error);
// Sends the offsets not told yet, waiting at most KAFKA_COMMIT_WAIT_MS for the answer, and destroys every
// message that is still held. Where brokers do not answer it returns after KAFKA_CLOSE_WAIT_MS, and a thread goes on.
void kafka_close(struct kafka **kafka);
// Whether such a thread goes on: the process then ends by _exit.
bool kafka_is_closing(void);

// Topics and partitions are asked for on a thread inside, so that the loop never waits for an answer: it asks,
// is woken, and takes. One question at a time: asking while another is not answered and taken has no effect,
// and false.
bool kafka_ask_topics(struct kafka *kafka, enum kafka_topics which);
// 1 = answered: `found` was called for each topic that exists and can be read; 0 = no answer yet; -1 =
// ERROR_BROKER, nobody answered.
int kafka_take_topics(struct kafka *kafka, void (*found)(void *self, const char *topic, int partitions),
                      void *self, struct error *error);

// Topics of `sought` that the newest listing of all lacked since this account may not describe them; whether they exist is not
// told then. NULL behind the last.
const char *kafka_denied(const struct kafka *kafka, int i);
// "; " and why a connection failed last, as librdkafka says it ("Authentication failed: ..", "Failed to resolve 'kafka:9092': .."),
// in the last KAFKA_FAILURE_MS; "" when none did. To stand behind what could not be asked.
const char *kafka_failure(struct kafka *kafka);

// `ends` are filled; they and their topics stay until kafka_take_ends gives true, or kafka_close.
bool kafka_ask_ends(struct kafka *kafka, struct kafka_ends *ends, int count);
bool kafka_take_ends(struct kafka *kafka);

// Asks how long the topics are kept, and waits for the answer, 3 s at most. A broker that does not tell, or an account that
// may not ask (it needs DescribeConfigs), leaves `told` false.
void kafka_ask_settings(struct kafka *kafka, struct kafka_topic_settings *topics, int count);

// The same without waiting: asks, and takes once there is an answer (true). A question that was not taken is forgotten.
void kafka_begin_settings(struct kafka *kafka, const struct kafka_topic_settings *topics, int count);
bool kafka_take_settings(struct kafka *kafka, struct kafka_topic_settings *topics, int count);

// How many partitions will be read, once they are found and before the first is assigned. Fetches and
// statistics name each of them, so that they come less often with more than 80 and 125; where 250 or more were not expected,
// librdkafka's client is opened anew.
void kafka_expect(struct kafka *kafka, int partitions);
// How many of them are far behind, once their ends are known and before the first is assigned: for a few, librdkafka may hold more
// of each, for many less. True when its client was opened anew for it: then ask for the ends again, so that it has heard of the topics.
bool kafka_expect_far(struct kafka *kafka, int far);
// Whether a client that is opened for so many far behind would hold several times as much of each.
bool kafka_holds_less(const struct kafka *kafka, int far);

// Begins to read (topic, partition) from `offset` (-1: the oldest there is) as `slot` (0, 1, 2, ...). A slot is
// assigned once, or again after KAFKA_EVENT_TOPIC_DELETED, when the topic was found again. Ask for the topic before:
// one that librdkafka has not heard of may take it a second.
int kafka_assign(struct kafka *kafka, int slot, const char *topic, int32_t partition, int64_t offset,
                 struct error *error);
// What is assigned between the two is assigned together by the second: a question to librdkafka each takes 0.1 ms. What fails between
// them is left out by it; a client that is closed before it has assigned nothing.
void kafka_assign_begin(struct kafka *kafka);
int kafka_assign_end(struct kafka *kafka, struct error *error);
// As kafka_assign, from the oldest there is, which the broker has just said to be `low`: librdkafka asks again only if `low` is
// gone by then, which is told (KAFKA_EVENT_BEGINS_LATER). (Where it asks before it knows which connection is the leader's, it waits for 500 ms first.)
int kafka_assign_oldest(struct kafka *kafka, int slot, const char *topic, int32_t partition, int64_t low,
                        struct error *error);

// The source of messages for the merge; slots as assigned. at_end is learnt from the broker's
// end-of-partition notice, so that markers of Kafka transactions at the end do not count; it is false while a
// Kafka transaction is open at the end, since what it wrote is there and may yet come. What goes wrong with a
// partition comes between its messages: peek turns it into an event.
struct message_source kafka_source(struct kafka *kafka);

// `released` is shown messages before they are released: of a slot the next so many that kafka_watch asked for, and no others.
void kafka_on_release(struct kafka *kafka, void (*released)(void *self, const struct message *message),
                      void *self);
// At least so many of the slot from now on.
void kafka_watch(struct kafka *kafka, int slot, int messages);

// Waits until some partition that was last found empty has messages, something is to report, or timeout_ms
// passed.
void kafka_wait(struct kafka *kafka, int timeout_ms);
// How often a partition was assigned, or got something when it was empty, modulo 2^32.
unsigned kafka_arrivals(const struct kafka *kafka);

// How often librdkafka's statistics came, or it said that no broker is connected, modulo 2^32: kafka_unanswered and kafka_connection tell
// nothing new before. Where the first statistics come behind that, nothing else says that a connection was lost.
unsigned kafka_told(const struct kafka *kafka);
// How often a connection was closed, of whatever client and to whatever broker, modulo 2^32: what has been taken by then came before any
// other connection. It is known at once, and statistics say later whose it was.
unsigned kafka_closed(void);
// How often the process stood still, modulo 2^32, as the times at which librdkafka made its statistics say: for 2 s and longer (they come
// every 500 ms; with many partitions up to 6.5 s). Where the caller alone does, librdkafka reads on, and is told what becomes of a topic.
unsigned kafka_stood_still(const struct kafka *kafka);

// The oldest thing that happened and was not reported yet; KAFKA_EVENT_NONE when there is none. Call it in
// each round of the loop, until NONE: it also serves librdkafka's callbacks. Blocks only for an offset out of
// range, for a second at most, to ask which offsets the log holds.
void kafka_event(struct kafka *kafka, struct kafka_event *ret);

// The newest high watermark that librdkafka has heard of for the slot, without asking: -1 = none yet;
// ret_at_ms: the time (wall clock) when the broker last answered a fetch for it or reported it. That is taken
// from librdkafka's statistics, every 500 ms (with many partitions up to 5 s), so it lags by so much; and it stands still while the
// partition's queue is full, as its broker is then not asked. Older by fetch.wait.max.ms (10 ms) at most than
// it says.
int64_t kafka_high(struct kafka *kafka, int slot, int64_t *ret_at_ms);
struct kafka_unanswered {
    const char *topic; // lives as long as the slot is assigned; NULL when it is not
    int32_t partition;
    int64_t ms;
    int64_t answered_ms; // monotonic: when it was last answered, or needed no answer
    char why[320];       // "its leader, broker 2, does not answer", or what is said of it; "" while ms is 0
};
// For how long no fetch of the slot has been answered without an error: its partition has no leader, the leader does not
// answer, or may not. 0 = it is answered, or it is not asked, as its queue is full. From the statistics, so it lags by 500 ms.
void kafka_unanswered(struct kafka *kafka, int slot, struct kafka_unanswered *ret);
// Which broker the slot is read from, and over which connection to it: another number when either changed, by the statistics; 0 = none is
// known yet. While there is none it stays.
int64_t kafka_connection(const struct kafka *kafka, int slot);
// The newest message of the slot that came from another broker than the first behind it: where that broker's log ended, as far as it was
// read. A leader that never had the end has another message there.
struct kafka_place kafka_other_end(const struct kafka *kafka, int slot);
// Since when (monotonic, by the statistics) the slot's log goes on behind the end of what may be read, 0 = it does not; then in
// words: a Kafka transaction is open there.
int64_t kafka_describe_open(const struct kafka *kafka, int slot, char *ret, size_t size);
// Where the slot's partition stands: everything before it was delivered and released, or holds no message (the
// markers of Kafka transactions, what an aborted one wrote). Known at the end of the partition only, -1 elsewhere.
int64_t kafka_position(struct kafka *kafka, int slot);
// Where the file stands, which the group is told by kafka_commit_noted (asynchronous; a failure is not reported): what was
// noted and is not on the disk yet is never told.
void kafka_note_offset(struct kafka *kafka, int slot, int64_t next_offset);
void kafka_commit_noted(struct kafka *kafka);

#endif
