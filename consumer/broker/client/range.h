// What is said of a log that has not got the offset that is to be read next. Inside the kafka module only; the consumer's thread.
// Each asks the leader where its log begins and ends, and waits for a second at most.
#ifndef TIDEMARK_BROKER_CLIENT_RANGE_H
#define TIDEMARK_BROKER_CLIENT_RANGE_H

#include "consumer/broker/client/partition.h"

// `event` is KAFKA_EVENT_OUT_OF_RANGE: its message, and whether the log ends before the offset.
void kafka_range_explain(const struct kafka_partition *partition, struct kafka_event *event);
// Nothing of the partition was read yet, and it goes on with the oldest message there is: KAFKA_EVENT_BEGINS_LATER.
void kafka_range_begin_later(const struct kafka_partition *partition, struct kafka_event *event);

#endif
