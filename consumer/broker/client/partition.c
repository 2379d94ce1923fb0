#include "consumer/broker/client/partition.h"

#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FETCHED_AHEAD = 3, // messages, of which the processor is asked for the struct before it is given back
    FETCHED_BEFORE =
        128, // around where rd_kafka_message_t begins, in what librdkafka (2.0) keeps of a message
    FETCHED_BEHIND = 192,
    PARTITION_CONNECTS_BITS = 32,
};

static rd_kafka_message_t *partition_held_at(const struct kafka_partition *partition, int index) {
    return partition->held[(partition->first + index) % PARTITION_HELD_MAX];
}

static void partition_destroy_list(rd_kafka_topic_partition_list_t **list) {
    if (*list != NULL)
        rd_kafka_topic_partition_list_destroy(*list);
}

static void partition_destroy_client_error(rd_kafka_error_t **client_error) {
    if (*client_error != NULL)
        rd_kafka_error_destroy(*client_error);
}

void kafka_partition_unassign(struct kafka_partition **partition) {
    CLEANUP(partition_destroy_list)
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, (*partition)->topic, (*partition)->number);
    // Refused only for what is not assigned.
    CLEANUP(partition_destroy_client_error)
    rd_kafka_error_t *refused = rd_kafka_incremental_unassign((*partition)->owner->client, list);
    (void)refused;
    kafka_nudger_forget((*partition)->owner->nudger, &(*partition)->nudge);
    kafka_partition_close(partition);
}

// librdkafka calls it on its threads, the queue's lock held, when an empty queue gets something.
static void partition_on_queue(rd_kafka_t *client, void *opaque) {
    (void)client;
    struct kafka_partition *partition = opaque;
    atomic_store(&partition->ready, true);
    (void)atomic_fetch_add(&partition->owner->arrivals, 1);
    kafka_wakeup_signal(partition->owner->wakeup);
}

static int partition_assign(struct kafka_partition *partition, int64_t offset, struct error *error) {
    rd_kafka_t *client = partition->owner->client;
    partition->queue = rd_kafka_queue_get_partition(client, partition->topic, partition->number);
    if (partition->queue == NULL)
        return error_set(error, ERROR_BROKER, "librdkafka has no queue for %s", partition->topic);
    rd_kafka_queue_forward(partition->queue, NULL); // before the assignment, or it would go to the main queue
    atomic_store(&partition->ready, true);
    (void)atomic_fetch_add(&partition->owner->arrivals, 1);
    rd_kafka_queue_cb_event_enable(partition->queue, partition_on_queue, partition);
    int64_t from = offset < 0 ? RD_KAFKA_OFFSET_BEGINNING : offset;
    if (partition->owner->assigning != NULL) {
        rd_kafka_topic_partition_list_add(partition->owner->assigning, partition->topic, partition->number)
            ->offset = from;
        return 0;
    }
    CLEANUP(partition_destroy_list)
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, partition->topic, partition->number)->offset = from;
    CLEANUP(partition_destroy_client_error)
    rd_kafka_error_t *refused = rd_kafka_incremental_assign(client, list);
    return refused == NULL ? 0 : error_set(error, ERROR_BROKER, "%s", rd_kafka_error_string(refused));
}

int kafka_partitions_assign(struct kafka_partition_owner *owner, struct error *error) {
    CLEANUP(partition_destroy_list) rd_kafka_topic_partition_list_t *list = owner->assigning;
    owner->assigning = NULL;
    if (list == NULL || list->cnt == 0)
        return 0;
    CLEANUP(partition_destroy_client_error)
    rd_kafka_error_t *refused = rd_kafka_incremental_assign(owner->client, list);
    return refused == NULL ? 0
                           : error_set(error, ERROR_BROKER, "cannot read %s and %d partitions more: %s",
                                       list->elems[0].topic, list->cnt - 1, rd_kafka_error_string(refused));
}

int kafka_partition_open(struct kafka_partition **ret, struct kafka_partition_owner *owner, int slot,
                         const char *topic, int32_t number, int64_t offset, struct error *error) {
    CLEANUP(kafka_partition_close) struct kafka_partition *partition = calloc(1, sizeof *partition);
    if (partition == NULL || (partition->topic = strdup(topic)) == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    partition->owner = owner;
    partition->slot = slot;
    partition->number = number;
    partition->nudge = (struct kafka_nudge){.topic = partition->topic, .partition = number};
    partition->high = -1;
    partition->next_offset = offset;
    partition->noted_offset = partition->commit_offset = -1;
    partition->high_at_ms = clock_monotonic_ms();
    partition->leader = partition->asked.node = partition->broker = -1;
    if (partition_assign(partition, offset, error) != 0)
        return error_prefix(error, "cannot read %s partition %" PRId32, topic, number);
    *ret = partition;
    partition = NULL;
    return 0;
}

void kafka_partition_close(struct kafka_partition **partition) {
    struct kafka_partition *closing = *partition;
    if (closing == NULL)
        return;
    struct kafka_event untold;
    while (kafka_partition_take_decision(closing, &untold))
        continue;
    for (int i = 0; i < closing->count; i++)
        rd_kafka_message_destroy(partition_held_at(closing, i));
    if (closing->queue != NULL) {
        rd_kafka_queue_cb_event_enable(closing->queue, NULL, NULL);
        rd_kafka_queue_destroy(closing->queue);
    }
    free(closing->topic);
    free(closing);
    *partition = NULL;
}

bool kafka_partition_is_deleted_by(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

void kafka_partition_note_deleted(struct kafka_partition *partition) {
    partition->deleted = true;
    partition->end_seen = false;
}

// Told once, by kafka_event.
static void partition_decide(struct kafka_partition *partition, enum kafka_event_kind kind) {
    unsigned before = partition->decided;
    partition->decided |= 1U << kind;
    partition->owner->decisions += partition->decided != before;
}

static void partition_report_deleted(struct kafka_partition *partition) {
    if (!partition->deleted || partition->deletion_reported)
        return;
    partition->deletion_reported = true;
    partition_decide(partition, KAFKA_EVENT_TOPIC_DELETED);
}

static void partition_tell_decision(const struct kafka_partition *partition, enum kafka_event_kind kind,
                                    struct kafka_event *ret) {
    *ret = (struct kafka_event){.kind = kind, .slot = partition->slot};
    if (kind == KAFKA_EVENT_TOPIC_DELETED)
        (void)snprintf(ret->message, sizeof ret->message, "%s partition %" PRId32 " does not exist any more",
                       partition->topic, partition->number);
    else if (kind == KAFKA_EVENT_DAMAGED)
        (void)snprintf(
            ret->message, sizeof ret->message,
            "%s partition %" PRId32 ": the batch at offset %" PRId64
            " cannot be read, and none behind it is: %s; start anew when the broker's log is sound, or "
            "when what lies between is read again",
            partition->topic, partition->number, partition->damaged_offset, partition->damaged_why);
}

bool kafka_partition_take_decision(struct kafka_partition *partition, struct kafka_event *ret) {
    static const enum kafka_event_kind kinds[] = {KAFKA_EVENT_OUT_OF_RANGE, KAFKA_EVENT_DAMAGED,
                                                  KAFKA_EVENT_TOPIC_DELETED};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        unsigned bit = 1U << kinds[i];
        if ((partition->decided & bit) == 0)
            continue;
        partition->decided &= ~bit;
        partition->owner->decisions--;
        partition_tell_decision(partition, kinds[i], ret);
        return true;
    }
    return false;
}

// librdkafka goes on behind a batch that it cannot read, and it would be missing. A decision for a person.
static bool partition_is_damaged_by(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR__BAD_MSG || code == RD_KAFKA_RESP_ERR__BAD_COMPRESSION ||
           code == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

static void partition_note_damaged(struct kafka_partition *partition, const rd_kafka_message_t *notice) {
    partition->damaged = true;
    partition->end_seen = false;
    partition->damaged_offset = notice->offset;
    (void)snprintf(partition->damaged_why, sizeof partition->damaged_why, "%s",
                   rd_kafka_message_errstr(notice));
    partition_decide(partition, KAFKA_EVENT_DAMAGED);
}

void kafka_partition_take_notice(struct kafka_partition *partition, const rd_kafka_message_t *notice) {
    if (notice->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        partition->high_read_ms = 0; // it is compared with one that is no older
        partition->end_seen = true;
        partition->end_offset = notice->offset;
        if (notice->offset > partition->next_offset)
            partition->next_offset = notice->offset;
        partition->error = RD_KAFKA_RESP_ERR_NO_ERROR;
        return;
    }
    if (partition->error == notice->err)
        return;
    partition->error = notice->err;
    if (notice->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
        notice->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
        // Where it was in a log that was cut off librdkafka (2.1 and newer) does not say.
        partition->wanted_offset = notice->offset >= 0 ? notice->offset : partition->next_offset;
        partition_decide(partition, KAFKA_EVENT_OUT_OF_RANGE);
    } else if (kafka_partition_is_deleted_by(notice->err)) {
        kafka_partition_note_deleted(partition);
    } else if (partition_is_damaged_by(notice->err)) {
        partition_note_damaged(partition, notice);
    } else {
        kafka_events_record(partition->owner->events, KAFKA_EVENT_PARTITION_ERROR, partition->slot,
                            "%s partition %" PRId32 " at offset %" PRId64 ": %s", partition->topic,
                            partition->number, notice->offset, rd_kafka_message_errstr(notice));
    }
}

// After `count` messages of `bytes` were taken: how full the queue was before it, and how full it is now.
static void partition_watch_queue(struct kafka_partition *partition, int count, int64_t bytes) {
    const struct kafka_partition_owner *owner = partition->owner;
    int64_t left = (int64_t)rd_kafka_queue_length(partition->queue);
    int64_t left_bytes = left * bytes / count;
    if (left_bytes + bytes >= owner->queue_bytes_max / 4 * 3 ||
        left + count >= owner->queue_messages_max / 4 * 3)
        partition->was_full = true;
    if (!partition->was_full || left_bytes > owner->queue_bytes_max / 2 ||
        left > owner->queue_messages_max / 2)
        return;
    partition->was_full = false;
    kafka_nudger_ask(owner->nudger, &partition->nudge);
}

static int64_t partition_size_of(const rd_kafka_message_t *message) {
    return (int64_t)(message->len + message->key_len);
}

// How many messages more may be taken from the queue: by their average size when there are some.
static int partition_room(const struct kafka_partition *partition) {
    int places = partition->owner->held_max - partition->count;
    int most = places < PARTITION_BATCH_MAX ? places : PARTITION_BATCH_MAX;
    if (partition->count == 0)
        return most;
    int64_t left =
        (PARTITION_HELD_BYTES - partition->held_bytes) * partition->count / (partition->held_bytes + 1);
    return left < most ? (int)left : most;
}

static int64_t partition_time_of(const rd_kafka_message_t *message) {
    rd_kafka_timestamp_type_t type;
    int64_t ts_ms = rd_kafka_message_timestamp(message, &type);
    return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? 0 : ts_ms;
}

static struct kafka_place partition_place_of(const rd_kafka_message_t *message) {
    return (struct kafka_place){message->offset, partition_time_of(message)};
}

// Behind a leader that changed: where the one before ended, as far as it was read. Each is looked at, since a queue that was full may hold
// what came before another led and what came after it.
static void partition_note_brokers(struct kafka_partition *partition, rd_kafka_message_t *const *batch,
                                   ssize_t count) {
    const rd_kafka_message_t *before = NULL;
    for (ssize_t i = 0; i < count; i++) {
        if (batch[i]->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        int32_t broker = rd_kafka_message_broker_id(batch[i]);
        if (broker != partition->broker && partition->broker >= 0)
            partition->other_end = before != NULL ? partition_place_of(before) : partition->newest;
        partition->broker = broker;
        before = batch[i];
    }
    if (before != NULL)
        partition->newest = partition_place_of(before);
}

static void partition_hold(struct kafka_partition *partition, rd_kafka_message_t *message) {
    if (partition->in_a_row == partition->count && message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        partition->in_a_row++;
    partition->held[(partition->first + partition->count++) % PARTITION_HELD_MAX] = message;
    partition->held_bytes += partition_size_of(message);
}

// librdkafka's struct of a message was last looked at when it was taken from the queue, many messages ago.
static void partition_expect(const struct kafka_partition *partition, int index) {
    if (index < partition->count)
        fetch_soon((const char *)partition_held_at(partition, index) - FETCHED_BEFORE,
                   FETCHED_BEFORE + FETCHED_BEHIND);
}

static void partition_drop_first(struct kafka_partition *partition) {
    rd_kafka_message_t *message = partition_held_at(partition, 0);
    partition_expect(partition, FETCHED_AHEAD);
    partition->held_bytes -= partition_size_of(message);
    partition->first = (partition->first + 1) % PARTITION_HELD_MAX;
    partition->count--;
    if (partition->in_a_row > 0)
        partition->in_a_row--;
    else // it was a notice
        while (partition->in_a_row < partition->count &&
               partition_held_at(partition, partition->in_a_row)->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            partition->in_a_row++;
    rd_kafka_message_destroy(message);
}

// What waits in the queue is asked for again in the next round: a queue tells only when it was empty.
static void partition_note_unread(struct kafka_partition *partition) {
    atomic_store(&partition->ready, true);
    (void)atomic_fetch_add(&partition->owner->arrivals, 1);
    if (!partition->unread)
        kafka_events_record(partition->owner->events, KAFKA_EVENT_PARTITION_ERROR, partition->slot,
                            "%s partition %" PRId32 ": librdkafka hands nothing over: %s", partition->topic,
                            partition->number, rd_kafka_err2str(rd_kafka_last_error()));
    partition->unread = true;
}

// True when something was taken from the queue.
static bool partition_refill(struct kafka_partition *partition) {
    int wanted = partition_room(partition);
    if (partition->deleted || wanted <= 0 || !atomic_exchange(&partition->ready, false))
        return false;
    rd_kafka_message_t *batch[PARTITION_BATCH_MAX];
    partition->owner->refilled = partition;
    ssize_t count = rd_kafka_consume_batch_queue(partition->queue, 0, batch, (size_t)wanted);
    partition->owner->refilled = NULL;
    // Nobody can tell which of these came before the topic was deleted: they are read again, if they are there.
    if (partition->deleted) {
        for (ssize_t i = 0; i < count; i++)
            rd_kafka_message_destroy(batch[i]);
        return false;
    }
    if (count < 0)
        partition_note_unread(partition);
    else
        partition->unread = false;
    if (count == wanted) // there may be more, and a queue tells only when it was empty
        atomic_store(&partition->ready, true);
    if (count <= 0)
        return false;
    int64_t before = partition->held_bytes;
    partition_note_brokers(partition, batch, count);
    for (ssize_t i = 0; i < count; i++)
        partition_hold(partition, batch[i]);
    partition_watch_queue(partition, (int)count, partition->held_bytes - before);
    return true;
}

static struct message partition_to_message(const rd_kafka_message_t *message, int number) {
    return (struct message){
        .slot = number,
        .offset = message->offset,
        .ts_ms = partition_time_of(message),
        .key = {message->key, message->key_len},
        .value = {message->payload, message->len},
    };
}

const struct message *kafka_partition_peek(struct kafka_partition *partition) {
    while (!partition->peeked) {
        if (partition->damaged)
            return NULL;
        if (partition->count == 0 && !partition_refill(partition)) {
            partition_report_deleted(partition);
            return NULL;
        }
        if (partition->in_a_row > 0) {
            partition->head = partition_to_message(partition_held_at(partition, 0), partition->slot);
            partition->peeked = true;
            partition->from_oldest = false;
            partition->next_offset = partition->head.offset + 1;
            partition->end_seen = false;
            partition->error = RD_KAFKA_RESP_ERR_NO_ERROR;
        } else {
            kafka_partition_take_notice(partition, partition_held_at(partition, 0));
            if (!partition->damaged)
                partition_drop_first(partition);
        }
    }
    return &partition->head;
}

// What is held behind a notice does not count: the notice is told first.
int kafka_partition_delivered(struct kafka_partition *partition) {
    if (partition->count <= partition->owner->held_max / 2)
        (void)partition_refill(partition);
    return partition->in_a_row;
}

void kafka_partition_peek_at(const struct kafka_partition *partition, int index, struct message *ret) {
    *ret = partition_to_message(partition_held_at(partition, index), partition->slot);
}

void kafka_partition_release(struct kafka_partition *partition) {
    if (!partition->peeked && partition->in_a_row == 0)
        return;
    partition_drop_first(partition);
    partition->peeked = false;
    partition->end_seen = false;
    partition->error = RD_KAFKA_RESP_ERR_NO_ERROR;
}

// librdkafka looks its topic up by name, from list to list, so it is asked once a millisecond at most.
int64_t kafka_partition_high(struct kafka_partition *partition) {
    int64_t now = clock_monotonic_ms();
    int64_t low = -1;
    int64_t high = -1;
    if (partition->high_read_ms == now)
        return partition->high;
    partition->high_read_ms = now;
    if (rd_kafka_get_watermark_offsets(partition->owner->client, partition->topic, partition->number, &low,
                                       &high) == RD_KAFKA_RESP_ERR_NO_ERROR &&
        high >= 0) // an error answer resets it
        partition->high = high;
    return partition->high;
}

bool kafka_partition_at_end(struct kafka_partition *partition) {
    return kafka_partition_peek(partition) == NULL && partition->end_seen &&
           kafka_partition_high(partition) <= partition->end_offset;
}

// What is committed ends where the oldest open transaction begins, and librdkafka tells that end as any other.
static void partition_note_open(struct kafka_partition *partition, int64_t high) {
    bool open = partition->end_seen && partition->count == 0 && high > partition->end_offset;
    if (!open)
        partition->open_since_ms = 0;
    else if (partition->open_since_ms == 0)
        partition->open_since_ms = partition->stats_at_ms;
}

// An answer with an error resets librdkafka's watermark.
void kafka_partition_note_stats(struct kafka_partition *partition, int64_t stats_at_us,
                                const struct kafka_stats_partition *found,
                                const struct kafka_stats_broker *broker) {
    const struct kafka_partition_owner *owner = partition->owner;
    bool full =
        found->queued_bytes >= owner->queue_bytes_max || found->queued_messages >= owner->queue_messages_max;
    partition->stats_at_ms = stats_at_us / 1000;
    partition->leader = found->leader;
    if (broker != NULL)
        partition->connection = (broker->node + 1) << PARTITION_CONNECTS_BITS | broker->connects;
    if (full)
        partition->full_at_ms = partition->stats_at_ms;
    if (broker == NULL || full || !found->fetching) {
        partition->asked.node = -1;
        return;
    }
    int64_t low = -1;
    int64_t high = -1;
    if (!kafka_stats_is_answered(&partition->asked, broker) ||
        rd_kafka_get_watermark_offsets(owner->client, partition->topic, partition->number, &low, &high) !=
            RD_KAFKA_RESP_ERR_NO_ERROR ||
        high < 0)
        return;
    partition->high_at_ms = (stats_at_us - broker->idle_us) / 1000;
    partition->error = RD_KAFKA_RESP_ERR_NO_ERROR;
    partition_note_open(partition, high);
}

int64_t kafka_partition_describe_open(const struct kafka_partition *partition, char *ret, size_t size) {
    if (partition->open_since_ms != 0)
        (void)snprintf(ret, size,
                       "the end of a Kafka transaction that is open in %s partition %" PRId32
                       " at offset %" PRId64
                       " or before: nothing behind it can be read until its producer or the broker ends it",
                       partition->topic, partition->number, partition->end_offset);
    return partition->open_since_ms;
}

int64_t kafka_partition_unanswered_ms(const struct kafka_partition *partition) {
    int64_t asked_ms =
        partition->high_at_ms > partition->full_at_ms ? partition->high_at_ms : partition->full_at_ms;
    int64_t age_ms = partition->stats_at_ms - asked_ms;
    return partition->deleted || age_ms < PARTITION_ANSWER_MS ? 0 : age_ms;
}

void kafka_partition_explain_silence(const struct kafka_partition *partition, char *ret, size_t size) {
    if (partition->error != RD_KAFKA_RESP_ERR_NO_ERROR)
        (void)snprintf(ret, size, "%s", rd_kafka_err2str(partition->error));
    else if (partition->leader < 0)
        (void)snprintf(ret, size, "it has no leader");
    else if (partition->owner->failure_at_ms > partition->high_at_ms)
        (void)snprintf(ret, size, "its leader is broker %" PRId64 "%s", partition->leader,
                       partition->owner->failure);
    else
        (void)snprintf(ret, size, "its leader, broker %" PRId64 ", does not answer", partition->leader);
}
