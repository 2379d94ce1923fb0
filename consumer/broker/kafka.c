#include "consumer/broker/kafka.h"

#include "consumer/broker/client/events.h"
#include "consumer/broker/client/settings.h"
#include "consumer/broker/client/stats.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

enum {
    SERVE_MAX = 256,         // things taken from the main queue at once
    NUDGE_WAIT_MS = 1000,    // asking the broker something so that librdkafka looks at its queues again
    RANGE_WAIT_MS = 1000,    // asking for the ends of a log that lacks an offset
    CLIENT_ERROR_SIZE = 512, // librdkafka's own texts
};

struct slot {
    struct kafka *kafka;
    char *topic;
    int32_t partition;
    rd_kafka_queue_t *queue;
    atomic_bool ready;                        // the queue may hold something; set by librdkafka's threads
    rd_kafka_message_t *held[KAFKA_HELD_MAX]; // ring of what was taken from the queue: messages and notices
    int first;
    int count;
    int in_a_row; // messages from `first` on, up to the first notice
    int64_t held_bytes;
    bool was_full;           // the queue held about as much as librdkafka lets it
    bool nudge_queued;       // of the nudger, under kafka->mutex
    struct slot *nudge_next; // likewise
    bool peeked;             // `head` is held[first]
    struct message head;
    bool end_seen; // nothing came after the newest end
    int64_t end_offset;
    int64_t wanted_offset;     // out of range
    rd_kafka_resp_err_t error; // reported last
    int64_t assigned_at_ms;
    int64_t high;
    int64_t high_at_ms;
    int64_t commit_offset; // -1 = nothing to tell
};

struct kafka {
    rd_kafka_t *client;
    rd_kafka_queue_t *main_queue;
    char *brokers;
    atomic_bool main_ready;
    pthread_mutex_t mutex; // of `signalled` and the nudger's fields
    pthread_cond_t wakeup;
    bool signalled;
    pthread_cond_t nudge_wakeup;
    struct slot *nudge_first;
    bool nudge_stop;
    bool nudger_runs;
    pthread_t nudger;
    struct slot **slots;
    int slot_count;
    int slot_found;             // the statistics name partitions in the same order each time
    struct kafka_events events; // recorded by callbacks and by peek, reported by kafka_event
    bool connected;
    bool all_logs; // the user asked librdkafka for its debug lines
    struct kafka_stats stats;
    int64_t queue_bytes_max;
    int64_t queue_messages_max;
    bool commit_in_flight;
    int64_t commit_failures;
};

#define record(kafka, ...) kafka_events_record(&(kafka)->events, __VA_ARGS__)

static void kafka_set_connected(struct kafka *kafka, bool connected, const char *why) {
    if (kafka->connected == connected)
        return;
    kafka->connected = connected;
    record(kafka, connected ? KAFKA_EVENT_CONNECTED : KAFKA_EVENT_DISCONNECTED, -1, "%s: %s", kafka->brokers,
           why);
}

static void kafka_on_error(rd_kafka_t *client, int code, const char *reason, void *opaque) {
    struct kafka *kafka = opaque;
    char text[CLIENT_ERROR_SIZE];
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        kafka->connected = true; // also the first failure is told
        kafka_set_connected(kafka, false, reason);
        return;
    }
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        (void)rd_kafka_fatal_error(client, text, sizeof text);
        reason = text;
    }
    record(kafka, KAFKA_EVENT_ERROR, -1, "%s: %s", rd_kafka_err2name((rd_kafka_resp_err_t)code), reason);
}

static void kafka_on_log(const rd_kafka_t *client, int level, const char *facility, const char *text) {
    struct kafka *kafka = rd_kafka_opaque(client);
    // on_error has the failures of connections too; no topic is asked for by a name that discovery did not
    // give
    if (kafka->all_logs ||
        (level <= LOG_WARNING && strcmp(facility, "FAIL") != 0 && strcmp(facility, "AUTOCREATE") != 0))
        record(kafka, KAFKA_EVENT_ERROR, -1, "%s: %s", facility, text);
}

static struct slot *kafka_find_slot(struct kafka *kafka, struct span topic, int64_t partition) {
    for (int i = 0; i < kafka->slot_count; i++) {
        struct slot *slot = kafka->slots[(kafka->slot_found + i) % kafka->slot_count];
        if (slot != NULL && slot->partition == partition && span_is(topic, slot->topic)) {
            kafka->slot_found = (kafka->slot_found + i + 1) % kafka->slot_count;
            return slot;
        }
    }
    return NULL;
}

// A fetch names every partition whose queue has room, and its answer brings their high watermarks. So a
// watermark is as old as the silence of its broker, as long as the partition takes part.
static void kafka_visit_partition(void *self, const struct kafka_stats_partition *found) {
    struct kafka *kafka = self;
    struct slot *slot = kafka_find_slot(kafka, found->topic, found->partition);
    const struct kafka_stats_broker *broker = kafka_stats_broker(&kafka->stats, found->broker);
    if (slot == NULL || broker == NULL || !broker->up || broker->idle_us < 0 || !found->fetching ||
        found->queued_bytes >= kafka->queue_bytes_max || found->queued_messages >= kafka->queue_messages_max)
        return;
    int64_t stats_age_ms = clock_monotonic_ms() - kafka->stats.at_us / 1000;
    int64_t at_ms = clock_wall_ms() - stats_age_ms - broker->idle_us / 1000;
    if (slot->high_at_ms < at_ms)
        slot->high_at_ms = at_ms;
}

static int kafka_on_stats(rd_kafka_t *client, char *text, size_t size, void *opaque) {
    (void)client;
    struct kafka *kafka = opaque;
    if (!kafka_stats_read((struct span){text, size}, &kafka->stats, kafka_visit_partition, kafka))
        record(kafka, KAFKA_EVENT_ERROR, -1, "librdkafka's statistics could not be read");
    else if (kafka->stats.any_up)
        kafka_set_connected(kafka, true, "a broker answers");
    else
        kafka_set_connected(kafka, false, "no broker is connected");
    return 0; // librdkafka frees the text
}

static void kafka_on_commit(rd_kafka_t *client, rd_kafka_resp_err_t code,
                            rd_kafka_topic_partition_list_t *offsets, void *opaque) {
    (void)client;
    (void)offsets;
    struct kafka *kafka = opaque;
    kafka->commit_in_flight = false;
    kafka->commit_failures += code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__NO_OFFSET;
}

void kafka_wake(struct kafka *kafka) {
    (void)pthread_mutex_lock(&kafka->mutex);
    kafka->signalled = true;
    (void)pthread_cond_signal(&kafka->wakeup);
    (void)pthread_mutex_unlock(&kafka->mutex);
}

// librdkafka calls these on its threads, a queue's lock held, when an empty queue gets something.
static void kafka_on_main_queue(rd_kafka_t *client, void *opaque) {
    (void)client;
    struct kafka *kafka = opaque;
    atomic_store(&kafka->main_ready, true);
    kafka_wake(kafka);
}

static void kafka_on_slot_queue(rd_kafka_t *client, void *opaque) {
    (void)client;
    struct slot *slot = opaque;
    atomic_store(&slot->ready, true);
    kafka_wake(slot->kafka);
}

void kafka_wait(struct kafka *kafka, int timeout_ms) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + (int64_t)timeout_ms * 1000000;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    (void)pthread_mutex_lock(&kafka->mutex);
    while (!kafka->signalled && pthread_cond_timedwait(&kafka->wakeup, &kafka->mutex, &until) == 0)
        ;
    kafka->signalled = false;
    (void)pthread_mutex_unlock(&kafka->mutex);
}

// librdkafka (2.0) stops fetching from a broker when the queues of all its partitions are full, and looks
// again only when something else comes from that broker, or after a second: its user's reading wakes nobody.
// One large table would arrive in gulps, a second apart. So a queue that was full and is half empty makes a
// thread of ours ask the partition's broker something small, for the waking. Measured with one partition: 544
// messages/s without, 32,000 with.

static void *kafka_run_nudger(void *self) {
    struct kafka *kafka = self;
    (void)pthread_mutex_lock(&kafka->mutex);
    while (!kafka->nudge_stop) {
        struct slot *slot = kafka->nudge_first;
        if (slot == NULL) {
            (void)pthread_cond_wait(&kafka->nudge_wakeup, &kafka->mutex);
            continue;
        }
        kafka->nudge_first = slot->nudge_next;
        slot->nudge_queued = false;
        (void)pthread_mutex_unlock(&kafka->mutex);
        int64_t low;
        int64_t high;
        (void)rd_kafka_query_watermark_offsets(kafka->client, slot->topic, slot->partition, &low, &high,
                                               NUDGE_WAIT_MS);
        (void)pthread_mutex_lock(&kafka->mutex);
    }
    (void)pthread_mutex_unlock(&kafka->mutex);
    return NULL;
}

static void kafka_nudge(struct slot *slot) {
    struct kafka *kafka = slot->kafka;
    (void)pthread_mutex_lock(&kafka->mutex);
    if (!slot->nudge_queued) {
        slot->nudge_queued = true;
        slot->nudge_next = kafka->nudge_first;
        kafka->nudge_first = slot;
        (void)pthread_cond_signal(&kafka->nudge_wakeup);
    }
    (void)pthread_mutex_unlock(&kafka->mutex);
}

static void kafka_stop_nudger(struct kafka *kafka) {
    if (!kafka->nudger_runs)
        return;
    (void)pthread_mutex_lock(&kafka->mutex);
    kafka->nudge_stop = true;
    (void)pthread_cond_signal(&kafka->nudge_wakeup);
    (void)pthread_mutex_unlock(&kafka->mutex);
    (void)pthread_join(kafka->nudger, NULL);
}

// After `count` messages of `bytes` were taken: how full the queue was before it, and how full it is now.
static void kafka_watch_queue(struct slot *slot, int count, int64_t bytes) {
    const struct kafka *kafka = slot->kafka;
    int64_t left = (int64_t)rd_kafka_queue_length(slot->queue);
    int64_t left_bytes = left * bytes / count;
    if (left_bytes + bytes >= kafka->queue_bytes_max / 4 * 3 ||
        left + count >= kafka->queue_messages_max / 4 * 3)
        slot->was_full = true;
    if (!slot->was_full || left_bytes > kafka->queue_bytes_max / 2 || left > kafka->queue_messages_max / 2)
        return;
    slot->was_full = false;
    kafka_nudge(slot);
}

static void kafka_destroy_conf(rd_kafka_conf_t **conf) {
    if (*conf != NULL)
        rd_kafka_conf_destroy(*conf);
}

static int kafka_set_property(rd_kafka_conf_t *conf, const char *name, const char *value,
                              struct error *error) {
    char text[CLIENT_ERROR_SIZE];
    rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, name, value, text, sizeof text);
    if (result == RD_KAFKA_CONF_OK)
        return 0;
    // librdkafka's text may hold the value
    if (result == RD_KAFKA_CONF_INVALID && kafka_setting_is_secret(name))
        return error_set(error, ERROR_USAGE, "-X %s: librdkafka refuses the value", name);
    return error_set(error, ERROR_USAGE, "-X %s: %s", name, text);
}

static int64_t kafka_property_number(const rd_kafka_conf_t *conf, const char *name) {
    char text[32];
    size_t size = sizeof text;
    return rd_kafka_conf_get(conf, name, text, &size) == RD_KAFKA_CONF_OK ? strtoll(text, NULL, 10) : 0;
}

static int kafka_set_properties(struct kafka *kafka, rd_kafka_conf_t *conf, const struct kafka_config *config,
                                struct error *error) {
    char queue_kb[16];
    (void)snprintf(queue_kb, sizeof queue_kb, "%d", KAFKA_PARTITION_QUEUE_KB);
    if (kafka_set_property(conf, "queued.max.messages.kbytes", queue_kb, error) != 0 ||
        kafka_set_property(conf, "bootstrap.servers", config->brokers, error) != 0 ||
        kafka_set_property(conf, "group.id", config->group_id, error) != 0)
        return -1;
    for (const struct kafka_setting *setting = kafka_settings; setting->name != NULL; setting++)
        if (kafka_set_property(conf, setting->name, setting->value, error) != 0)
            return -1;
    for (int i = 0; i < config->property_count; i++) {
        const struct kafka_property *property = &config->properties[i];
        const char *refusal = kafka_setting_refusal(property->name);
        if (refusal != NULL)
            return error_set(error, ERROR_USAGE, "-X %s cannot be set: %s", property->name, refusal);
        if (kafka_set_property(conf, property->name, property->value, error) != 0)
            return -1;
        kafka->all_logs |= strcmp(property->name, "debug") == 0;
    }
    kafka->queue_bytes_max = kafka_property_number(conf, "queued.max.messages.kbytes") * 1024;
    kafka->queue_messages_max = kafka_property_number(conf, "queued.min.messages");
    return 0;
}

static int kafka_start_client(struct kafka *kafka, const struct kafka_config *config, struct error *error) {
    CLEANUP(kafka_destroy_conf) rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (kafka_set_properties(kafka, conf, config, error) != 0)
        return -1;
    rd_kafka_conf_set_opaque(conf, kafka);
    rd_kafka_conf_set_error_cb(conf, kafka_on_error);
    rd_kafka_conf_set_log_cb(conf, kafka_on_log);
    rd_kafka_conf_set_stats_cb(conf, kafka_on_stats);
    rd_kafka_conf_set_offset_commit_cb(conf, kafka_on_commit);
    char text[CLIENT_ERROR_SIZE];
    kafka->client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    if (kafka->client == NULL)
        return error_set(error, ERROR_USAGE, "librdkafka does not start with these properties: %s", text);
    conf = NULL; // the client's now
    (void)rd_kafka_set_log_queue(kafka->client, NULL);
    (void)rd_kafka_poll_set_consumer(kafka->client);
    kafka->main_queue = rd_kafka_queue_get_consumer(kafka->client);
    atomic_store(&kafka->main_ready, true);
    rd_kafka_queue_cb_event_enable(kafka->main_queue, kafka_on_main_queue, kafka);
    return 0;
}

int kafka_open(struct kafka **ret, const struct kafka_config *config, struct error *error) {
    if (config->brokers == NULL || config->brokers[0] == '\0')
        return error_set(error, ERROR_USAGE, "no brokers are given: use --brokers HOST:PORT[,..]");
    CLEANUP(kafka_close) struct kafka *kafka = calloc(1, sizeof *kafka);
    if (kafka == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&kafka->wakeup, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    (void)pthread_cond_init(&kafka->nudge_wakeup, NULL);
    (void)pthread_mutex_init(&kafka->mutex, NULL);
    kafka->brokers = strdup(config->brokers);
    if (kafka->brokers == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (kafka_start_client(kafka, config, error) != 0)
        return -1;
    if (pthread_create(&kafka->nudger, NULL, kafka_run_nudger, kafka) != 0)
        return error_set(error, ERROR_SYSTEM, "cannot start a thread");
    kafka->nudger_runs = true;
    *ret = kafka;
    kafka = NULL;
    return 0;
}

static rd_kafka_message_t *kafka_held_at(const struct slot *slot, int index) {
    return slot->held[(slot->first + index) % KAFKA_HELD_MAX];
}

static void kafka_free_slot(struct slot *slot) {
    if (slot == NULL)
        return;
    for (int i = 0; i < slot->count; i++)
        rd_kafka_message_destroy(kafka_held_at(slot, i));
    if (slot->queue != NULL) {
        rd_kafka_queue_cb_event_enable(slot->queue, NULL, NULL);
        rd_kafka_queue_destroy(slot->queue);
    }
    free(slot->topic);
    free(slot);
}

static void kafka_serve_main_queue(struct kafka *kafka);

// The commit on its way is all that a broker is waited for: there is no group to leave.
static void kafka_finish_commit(struct kafka *kafka) {
    int64_t until = clock_monotonic_ms() + KAFKA_CLOSE_WAIT_MS;
    kafka_commit_flush(kafka);
    int64_t left;
    while (kafka->connected && kafka->commit_in_flight && (left = until - clock_monotonic_ms()) > 0) {
        kafka_wait(kafka, (int)left);
        kafka_serve_main_queue(kafka);
    }
}

void kafka_close(struct kafka **kafka) {
    struct kafka *closing = *kafka;
    if (closing == NULL)
        return;
    kafka_stop_nudger(closing);
    if (closing->client != NULL)
        kafka_finish_commit(closing);
    // librdkafka's destroy waits for every message and queue: they go first
    for (int i = 0; i < closing->slot_count; i++)
        kafka_free_slot(closing->slots[i]);
    free(closing->slots);
    if (closing->main_queue != NULL) {
        rd_kafka_queue_cb_event_enable(closing->main_queue, NULL, NULL);
        rd_kafka_queue_destroy(closing->main_queue);
    }
    if (closing->client != NULL)
        rd_kafka_destroy_flags(closing->client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    (void)pthread_cond_destroy(&closing->wakeup);
    (void)pthread_cond_destroy(&closing->nudge_wakeup);
    (void)pthread_mutex_destroy(&closing->mutex);
    free(closing->brokers);
    free(closing);
    *kafka = NULL;
}

int kafka_discover(struct kafka *kafka, int timeout_ms, bool (*wanted)(void *self, const char *topic),
                   void (*found)(void *self, const char *topic, int32_t partition), void *self,
                   struct error *error) {
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(kafka->client, 1, NULL, &metadata, timeout_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, ERROR_BROKER, "no answer from %s: %s", kafka->brokers,
                         rd_kafka_err2str(code));
    kafka_set_connected(kafka, true, "a broker answers");
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[i];
        if (topic->err != RD_KAFKA_RESP_ERR_NO_ERROR || !wanted(self, topic->topic))
            continue;
        for (int j = 0; j < topic->partition_cnt; j++)
            found(self, topic->topic, topic->partitions[j].id);
    }
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

static int kafka_grow_slots(struct kafka *kafka, int count, struct error *error) {
    if (count <= kafka->slot_count)
        return 0;
    struct slot **grown = realloc(kafka->slots, (size_t)count * sizeof *kafka->slots);
    if (grown == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = kafka->slot_count; i < count; i++)
        grown[i] = NULL;
    kafka->slots = grown;
    kafka->slot_count = count;
    return 0;
}

static void kafka_destroy_list(rd_kafka_topic_partition_list_t **list) {
    if (*list != NULL)
        rd_kafka_topic_partition_list_destroy(*list);
}

static void kafka_destroy_client_error(rd_kafka_error_t **client_error) {
    if (*client_error != NULL)
        rd_kafka_error_destroy(*client_error);
}

static int kafka_begin_slot(struct kafka *kafka, int number, const char *topic, int32_t partition,
                            int64_t offset, struct error *error) {
    struct slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL || (slot->topic = strdup(topic)) == NULL) {
        free(slot);
        return error_set(error, ERROR_SYSTEM, "out of memory");
    }
    kafka->slots[number] = slot;
    slot->kafka = kafka;
    slot->partition = partition;
    slot->high = -1;
    slot->commit_offset = -1;
    slot->assigned_at_ms = clock_wall_ms();
    slot->queue = rd_kafka_queue_get_partition(kafka->client, topic, partition);
    if (slot->queue == NULL)
        return error_set(error, ERROR_BROKER, "librdkafka has no queue for %s", topic);
    rd_kafka_queue_forward(slot->queue, NULL); // before the assignment, or it would go to the main queue
    atomic_store(&slot->ready, true);
    rd_kafka_queue_cb_event_enable(slot->queue, kafka_on_slot_queue, slot);
    CLEANUP(kafka_destroy_list) rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset =
        offset < 0 ? RD_KAFKA_OFFSET_BEGINNING : offset;
    CLEANUP(kafka_destroy_client_error)
    rd_kafka_error_t *refused = rd_kafka_incremental_assign(kafka->client, list);
    return refused == NULL ? 0 : error_set(error, ERROR_BROKER, "%s", rd_kafka_error_string(refused));
}

int kafka_assign(struct kafka *kafka, int slot, const char *topic, int32_t partition, int64_t offset,
                 struct error *error) {
    if (kafka_grow_slots(kafka, slot + 1, error) != 0)
        return -1;
    if (kafka->slots[slot] != NULL)
        return error_set(error, ERROR_BROKER, "%s partition %" PRId32 " is assigned already", topic,
                         partition);
    if (kafka_begin_slot(kafka, slot, topic, partition, offset, error) == 0)
        return 0;
    kafka_free_slot(kafka->slots[slot]);
    kafka->slots[slot] = NULL;
    return error_prefix(error, "cannot read %s partition %" PRId32, topic, partition);
}

static struct slot *kafka_slot_at(const struct kafka *kafka, int number) {
    return number >= 0 && number < kafka->slot_count ? kafka->slots[number] : NULL;
}

// What librdkafka says about a partition comes in its queue, between the messages.
static void kafka_take_notice(struct slot *slot, int number, const rd_kafka_message_t *notice) {
    if (notice->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        slot->end_seen = true;
        slot->end_offset = notice->offset;
        slot->error = RD_KAFKA_RESP_ERR_NO_ERROR;
        return;
    }
    if (slot->error == notice->err)
        return;
    slot->error = notice->err;
    if (notice->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
        notice->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
        slot->wanted_offset = notice->offset;
        record(slot->kafka, KAFKA_EVENT_OUT_OF_RANGE, number, "out of range");
    } else {
        record(slot->kafka, KAFKA_EVENT_PARTITION_ERROR, number,
               "%s partition %" PRId32 " at offset %" PRId64 ": %s", slot->topic, slot->partition,
               notice->offset, rd_kafka_message_errstr(notice));
    }
}

static int64_t kafka_size_of(const rd_kafka_message_t *message) {
    return (int64_t)(message->len + message->key_len);
}

// How many messages more may be taken from the queue: by their average size when there are some.
static int kafka_room(const struct slot *slot) {
    if (slot->count == 0)
        return KAFKA_BATCH_MAX;
    int64_t left = (KAFKA_HELD_BYTES - slot->held_bytes) * slot->count / (slot->held_bytes + 1);
    int places = KAFKA_HELD_MAX - slot->count;
    int most = places < KAFKA_BATCH_MAX ? places : KAFKA_BATCH_MAX;
    return left < most ? (int)left : most;
}

static void kafka_hold(struct slot *slot, rd_kafka_message_t *message) {
    if (slot->in_a_row == slot->count && message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        slot->in_a_row++;
    slot->held[(slot->first + slot->count++) % KAFKA_HELD_MAX] = message;
    slot->held_bytes += kafka_size_of(message);
}

static void kafka_drop_first(struct slot *slot) {
    rd_kafka_message_t *message = kafka_held_at(slot, 0);
    slot->held_bytes -= kafka_size_of(message);
    slot->first = (slot->first + 1) % KAFKA_HELD_MAX;
    slot->count--;
    if (slot->in_a_row > 0)
        slot->in_a_row--;
    else // it was a notice
        while (slot->in_a_row < slot->count &&
               kafka_held_at(slot, slot->in_a_row)->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            slot->in_a_row++;
    rd_kafka_message_destroy(message);
}

// True when something was taken from the queue.
static bool kafka_refill(struct slot *slot) {
    int wanted = kafka_room(slot);
    if (wanted <= 0 || !atomic_exchange(&slot->ready, false))
        return false;
    rd_kafka_message_t *batch[KAFKA_BATCH_MAX];
    ssize_t count = rd_kafka_consume_batch_queue(slot->queue, 0, batch, (size_t)wanted);
    if (count == wanted) // there may be more, and a queue tells only when it was empty
        atomic_store(&slot->ready, true);
    if (count <= 0)
        return false;
    int64_t before = slot->held_bytes;
    for (ssize_t i = 0; i < count; i++)
        kafka_hold(slot, batch[i]);
    kafka_watch_queue(slot, (int)count, slot->held_bytes - before);
    return true;
}

static struct message kafka_to_message(const rd_kafka_message_t *message, int number) {
    rd_kafka_timestamp_type_t type;
    int64_t ts_ms = rd_kafka_message_timestamp(message, &type);
    return (struct message){
        .slot = number,
        .offset = message->offset,
        .ts_ms = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? 0 : ts_ms,
        .key = {message->key, message->key_len},
        .value = {message->payload, message->len},
    };
}

static const struct message *kafka_peek(void *self, int number) {
    struct slot *slot = kafka_slot_at(self, number);
    if (slot == NULL)
        return NULL;
    while (!slot->peeked) {
        if (slot->count == 0 && !kafka_refill(slot))
            return NULL;
        if (slot->in_a_row > 0) {
            slot->head = kafka_to_message(kafka_held_at(slot, 0), number);
            slot->peeked = true;
            slot->end_seen = false;
            slot->error = RD_KAFKA_RESP_ERR_NO_ERROR;
        } else {
            kafka_take_notice(slot, number, kafka_held_at(slot, 0));
            kafka_drop_first(slot);
        }
    }
    return &slot->head;
}

// What is held behind a notice does not count: it is told first.
static int kafka_delivered(void *self, int number) {
    struct slot *slot = kafka_slot_at(self, number);
    if (slot == NULL)
        return 0;
    if (slot->count <= KAFKA_HELD_MAX - KAFKA_BATCH_MAX)
        (void)kafka_refill(slot);
    return slot->in_a_row;
}

static void kafka_peek_at(void *self, int number, int index, struct message *ret) {
    const struct slot *slot = kafka_slot_at(self, number);
    *ret = kafka_to_message(kafka_held_at(slot, index), number);
}

static void kafka_release(void *self, int number) {
    struct slot *slot = kafka_slot_at(self, number);
    if (slot == NULL || (!slot->peeked && slot->in_a_row == 0))
        return;
    kafka_drop_first(slot);
    slot->peeked = false;
    slot->end_seen = false;
    slot->error = RD_KAFKA_RESP_ERR_NO_ERROR;
}

static int64_t kafka_cached_high(struct slot *slot) {
    int64_t low = -1;
    int64_t high = -1;
    if (rd_kafka_get_watermark_offsets(slot->kafka->client, slot->topic, slot->partition, &low, &high) ==
            RD_KAFKA_RESP_ERR_NO_ERROR &&
        high >= 0) // an error answer resets it
        slot->high = high;
    return slot->high;
}

static bool kafka_at_end(void *self, int number) {
    struct slot *slot = kafka_slot_at(self, number);
    return slot != NULL && kafka_peek(self, number) == NULL && slot->end_seen &&
           kafka_cached_high(slot) <= slot->end_offset;
}

struct message_source kafka_source(struct kafka *kafka) {
    return (struct message_source){.self = kafka,
                                   .peek = kafka_peek,
                                   .delivered = kafka_delivered,
                                   .peek_at = kafka_peek_at,
                                   .release = kafka_release,
                                   .at_end = kafka_at_end};
}

static void kafka_take_main_message(struct kafka *kafka, const rd_kafka_message_t *message) {
    struct slot *slot =
        message->rkt == NULL
            ? NULL
            : kafka_find_slot(kafka, span_of(rd_kafka_topic_name(message->rkt)), message->partition);
    int number = -1;
    for (int i = 0; slot != NULL && i < kafka->slot_count; i++)
        if (kafka->slots[i] == slot)
            number = i;
    if (slot != NULL)
        kafka_take_notice(slot, number, message);
    else
        record(kafka, KAFKA_EVENT_ERROR, -1, "%s", rd_kafka_message_errstr(message));
}

static void kafka_serve_main_queue(struct kafka *kafka) {
    if (!atomic_exchange(&kafka->main_ready, false))
        return;
    rd_kafka_message_t *messages[SERVE_MAX]; // callbacks are called on the way, errors come as messages
    ssize_t count = rd_kafka_consume_batch_queue(kafka->main_queue, 0, messages, SERVE_MAX);
    for (ssize_t i = 0; i < count; i++) {
        kafka_take_main_message(kafka, messages[i]);
        rd_kafka_message_destroy(messages[i]);
    }
    if (count == SERVE_MAX)
        atomic_store(&kafka->main_ready, true);
}

static void kafka_explain_range(struct kafka *kafka, struct kafka_event *event) {
    const struct slot *slot = kafka->slots[event->slot];
    int64_t low = -1;
    int64_t high = -1;
    struct error ignored;
    if (kafka_query_watermarks(kafka, event->slot, RANGE_WAIT_MS, &low, &high, &ignored) != 0)
        (void)snprintf(event->message, sizeof event->message,
                       "%s partition %" PRId32 ": offset %" PRId64 " is not in the log", slot->topic,
                       slot->partition, slot->wanted_offset);
    else
        (void)snprintf(event->message, sizeof event->message,
                       "%s partition %" PRId32 ": offset %" PRId64 " is %s: the log holds %" PRId64
                       " up to %" PRId64 "; read the topics into a new --db file",
                       slot->topic, slot->partition, slot->wanted_offset,
                       slot->wanted_offset < low ? "not in the log any more" : "not in the log yet", low,
                       high);
}

void kafka_event(struct kafka *kafka, struct kafka_event *ret) {
    kafka_serve_main_queue(kafka);
    if (kafka_events_take(&kafka->events, ret) && ret->kind == KAFKA_EVENT_OUT_OF_RANGE)
        kafka_explain_range(kafka, ret);
}

int64_t kafka_high(struct kafka *kafka, int number, int64_t *ret_at_ms) {
    struct slot *slot = kafka_slot_at(kafka, number);
    *ret_at_ms = 0;
    if (slot == NULL || kafka_cached_high(slot) < 0)
        return -1;
    if (slot->high_at_ms < slot->assigned_at_ms) // heard of, but no statistics yet
        slot->high_at_ms = slot->assigned_at_ms;
    *ret_at_ms = slot->high_at_ms;
    return slot->high;
}

int kafka_query_log(struct kafka *kafka, const char *topic, int32_t partition, int timeout_ms,
                    int64_t *ret_low, int64_t *ret_high, struct error *error) {
    int64_t low = -1;
    int64_t high = -1;
    rd_kafka_resp_err_t code =
        rd_kafka_query_watermark_offsets(kafka->client, topic, partition, &low, &high, timeout_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, ERROR_BROKER,
                         "%s partition %" PRId32 ": the broker does not tell its ends: %s", topic, partition,
                         rd_kafka_err2str(code));
    *ret_low = low;
    *ret_high = high;
    return 0;
}

int kafka_query_watermarks(struct kafka *kafka, int number, int timeout_ms, int64_t *ret_low,
                           int64_t *ret_high, struct error *error) {
    struct slot *slot = kafka_slot_at(kafka, number);
    if (slot == NULL)
        return error_set(error, ERROR_BROKER, "partition number %d is not assigned", number);
    int64_t at_ms = clock_wall_ms();
    if (kafka_query_log(kafka, slot->topic, slot->partition, timeout_ms, ret_low, ret_high, error) != 0)
        return -1;
    slot->high = *ret_high;
    slot->high_at_ms = at_ms;
    return 0;
}

void kafka_commit_offset(struct kafka *kafka, int number, int64_t next_offset) {
    struct slot *slot = kafka_slot_at(kafka, number);
    if (slot != NULL)
        slot->commit_offset = next_offset;
}

void kafka_commit_flush(struct kafka *kafka) {
    if (kafka->commit_in_flight) // the newest offsets go with the next flush
        return;
    CLEANUP(kafka_destroy_list)
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(kafka->slot_count);
    for (int i = 0; i < kafka->slot_count; i++) {
        struct slot *slot = kafka->slots[i];
        if (slot == NULL || slot->commit_offset < 0)
            continue;
        rd_kafka_topic_partition_list_add(list, slot->topic, slot->partition)->offset = slot->commit_offset;
        slot->commit_offset = -1;
    }
    if (list->cnt == 0)
        return;
    kafka->commit_in_flight = rd_kafka_commit(kafka->client, list, 1) == RD_KAFKA_RESP_ERR_NO_ERROR;
    kafka->commit_failures += !kafka->commit_in_flight;
}

int64_t kafka_commit_failures(const struct kafka *kafka) {
    return kafka->commit_failures;
}
