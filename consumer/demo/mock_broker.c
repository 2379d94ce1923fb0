#include "consumer/demo/mock_broker.h"

#include "consumer/capture.h"
#include "consumer/demo/traffic.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/embedded.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    PARTITIONS_MAX = 1024,
    PARTITION_NUMBER_MAX = 256, // of a topic
    MESSAGE_OVERHEAD = 64,      // counted for each message, so that empty ones are bounded too
    UNREAD_MAX = MOCK_BROKER_UNREAD_BYTES_MOST / MESSAGE_OVERHEAD,
    WAIT_MS = 5, // between looks at the consumer's progress
    FLUSH_MS = 10000,
    METADATA_MS = 10000,
    CLIENT_ERROR_SIZE = 512,
};

struct mock_partition {
    char *topic;
    rd_kafka_topic_t *known; // of partition 0: the client's knowledge of the topic
    int32_t number;
    int64_t captured; // so many messages the capture has of it
    int64_t fed;      // next offset to feed
    int64_t acked;    // next offset that the broker has
    int64_t applied;  // as the consumer last reported
    int64_t wanted;   // applied at the start
    int64_t unread_bytes;
    uint32_t *sizes; // of what is fed and not applied, at offset % UNREAD_MAX
};

struct mock_broker {
    rd_kafka_t *client;
    rd_kafka_mock_cluster_t *cluster;
    struct progress *progress;
    struct capture *capture;
    struct traffic *traffic;
    struct mock_broker_config config;
    char *name; // of the capture, for messages
    char *prefix;
    struct mock_partition partitions[PARTITIONS_MAX];
    int partition_count;
    struct partition_progress reported[PARTITIONS_MAX];
    struct mock_partition *traffic_partitions[TRAFFIC_TOPICS]; // the first of each topic
    int traffic_counts[TRAFFIC_TOPICS];
    int64_t paced_from_ms;
    int64_t paced;
    int64_t heartbeat_at_ms;
    pthread_t thread;
    bool thread_runs;
    atomic_bool stop;
    pthread_mutex_t mutex; // of what follows
    pthread_cond_t changed;
    bool refilled; // every partition holds what the file has applied
    struct error error;
};

static struct mock_partition *mock_broker_find_partition(struct mock_broker *broker, struct span topic,
                                                         int32_t number) {
    for (int i = 0; i < broker->partition_count; i++)
        if (broker->partitions[i].number == number && span_is(topic, broker->partitions[i].topic))
            return &broker->partitions[i];
    return NULL;
}

static int mock_broker_count_partitions(const struct mock_broker *broker, const char *topic) {
    int count = 0;
    for (int i = 0; i < broker->partition_count; i++)
        count += strcmp(broker->partitions[i].topic, topic) == 0;
    return count;
}

// Adds the topic's partitions up to `number`.
static int mock_broker_add_partitions(struct mock_broker *broker, struct span topic, int32_t number,
                                      struct error *error) {
    if (number >= PARTITION_NUMBER_MAX)
        return error_set(error, ERROR_INPUT,
                         "partition %" PRId32 " of %.*s: the embedded broker has at most %d", number,
                         (int)topic.size, topic.data, PARTITION_NUMBER_MAX);
    for (int32_t i = 0; i <= number; i++) {
        if (mock_broker_find_partition(broker, topic, i) != NULL)
            continue;
        if (broker->partition_count == PARTITIONS_MAX)
            return error_set(error, ERROR_INPUT, "more than %d partitions", PARTITIONS_MAX);
        char *copy = strndup(topic.data, topic.size);
        if (copy == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        broker->partitions[broker->partition_count++] = (struct mock_partition){.topic = copy, .number = i};
    }
    return 0;
}

// One pass before anything is started: the topics, and that each offset is the one the broker will give.
static int mock_broker_scan_capture(struct mock_broker *broker, struct error *error) {
    CLEANUP(arena_free) struct arena arena = {0};
    struct capture_line line;
    int result;
    while ((result = capture_next(broker->capture, &arena, &line, error)) == 1) {
        struct mock_partition *partition = mock_broker_find_partition(broker, line.topic, line.partition);
        if (partition == NULL) {
            if (mock_broker_add_partitions(broker, line.topic, line.partition, error) != 0)
                return error_prefix(error, "%s:%" PRId64, broker->name, line.line);
            partition = mock_broker_find_partition(broker, line.topic, line.partition);
        }
        if (line.offset != partition->fed)
            return error_set(
                error, ERROR_INPUT,
                "%s:%" PRId64 ": %s partition %" PRId32 " goes on at offset %" PRId64 " instead of %" PRId64
                ": the embedded broker can only give offsets from 0 without gaps",
                broker->name, line.line, partition->topic, partition->number, line.offset, partition->fed);
        partition->fed++;
        arena_reset(&arena);
    }
    capture_rewind(broker->capture);
    return result;
}

static int mock_broker_add_traffic_topics(struct mock_broker *broker, struct error *error) {
    for (enum traffic_topic i = TRAFFIC_ORDERS; i < TRAFFIC_TOPICS; i++) {
        const char *topic = traffic_topic_name(broker->traffic, i);
        bool unused = i == TRAFFIC_TRANSACTION && !capture_has_topic(broker->capture, ".transaction");
        if (!unused && mock_broker_count_partitions(broker, topic) == 0 &&
            mock_broker_add_partitions(broker, span_of(topic), 0, error) != 0)
            return -1;
        broker->traffic_partitions[i] = mock_broker_find_partition(broker, span_of(topic), 0);
        broker->traffic_counts[i] = mock_broker_count_partitions(broker, topic);
    }
    return 0;
}

// What the file has applied must be something that can be fed again.
static int mock_broker_take_wanted(struct mock_broker *broker, struct error *error) {
    int count = progress_partitions(broker->progress, broker->reported, PARTITIONS_MAX);
    for (int i = 0; i < count && i < PARTITIONS_MAX; i++) {
        const struct partition_progress *row = &broker->reported[i];
        struct mock_partition *partition =
            mock_broker_find_partition(broker, span_of(row->topic), row->partition);
        if (partition != NULL && (row->applied <= partition->fed || broker->traffic != NULL))
            partition->wanted = partition->applied = row->applied;
        else if (row->applied > 0)
            return error_set(error, ERROR_INPUT,
                             "the database file has applied %s partition %" PRId32 " up to offset %" PRId64
                             ", capture %s has %" PRId64
                             ": use the capture and --traffic it was made with, or another --db",
                             row->topic, row->partition, row->applied, broker->name,
                             partition != NULL ? partition->fed : 0);
    }
    for (int i = 0; i < broker->partition_count; i++) {
        broker->partitions[i].captured = broker->partitions[i].fed;
        broker->partitions[i].fed = 0;
    }
    return 0;
}

static void mock_broker_on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
    (void)client;
    struct mock_broker *broker = opaque;
    struct mock_partition *partition = message->_private;
    if (broker->error.kind != ERROR_NONE || message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
        message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
        return;
    (void)pthread_mutex_lock(&broker->mutex);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        (void)error_set(&broker->error, ERROR_BROKER, "the embedded broker refused a message of %s: %s",
                        partition->topic, rd_kafka_err2str(message->err));
    else if (message->offset != partition->acked++)
        (void)error_set(&broker->error, ERROR_BROKER,
                        "the embedded broker gave %s partition %" PRId32 " offset %" PRId64
                        " instead of %" PRId64,
                        partition->topic, partition->number, message->offset, partition->acked - 1);
    (void)pthread_mutex_unlock(&broker->mutex);
}

// The broker's comings and goings tell its only user nothing; failures come as delivery reports.
static void mock_broker_on_log(const rd_kafka_t *client, int level, const char *facility, const char *text) {
    (void)client;
    (void)level;
    (void)facility;
    (void)text;
}

static int mock_broker_create_topics(struct mock_broker *broker, struct error *error) {
    for (int i = 0; i < broker->partition_count; i++) {
        struct mock_partition *partition = &broker->partitions[i];
        if (partition->number != 0)
            continue;
        if (rd_kafka_mock_topic_create(broker->cluster, partition->topic,
                                       mock_broker_count_partitions(broker, partition->topic), 1) != 0)
            return error_set(error, ERROR_BROKER, "the embedded broker cannot create topic %s",
                             partition->topic);
        partition->known = rd_kafka_topic_new(broker->client, partition->topic, NULL);
        if (partition->known == NULL)
            return error_set(error, ERROR_BROKER, "the embedded broker has no topic %s", partition->topic);
    }
    // A topic whose leader is known is produced to at once, to another librdkafka waits up to a second. Since 2.4 an answer
    // about all topics is kept of those alone that the client has a handle of.
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(broker->client, 0, NULL, &metadata, METADATA_MS);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, ERROR_BROKER, "the embedded broker does not answer: %s",
                         rd_kafka_err2str(code));
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

static int mock_broker_start_broker(struct mock_broker *broker, struct error *error) {
    static const char *const properties[][2] = {
        {"client.id", "tidemark-embedded"},
        {"linger.ms", "1"},
        {"message.max.bytes", "104857600"},
        {"batch.size", "524288"}, // the mock gives one batch a fetch, and forgets by the batch
        {"queue.buffering.max.kbytes", "65536"},
        {"max.in.flight.requests.per.connection", "1"}, // in order, whatever is sent again
    };
    char text[CLIENT_ERROR_SIZE];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
        if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], text, sizeof text) !=
            RD_KAFKA_CONF_OK) {
            rd_kafka_conf_destroy(conf);
            return error_set(error, ERROR_BROKER, "librdkafka: %s", text);
        }
    rd_kafka_conf_set_opaque(conf, broker);
    rd_kafka_conf_set_log_cb(conf, mock_broker_on_log);
    rd_kafka_conf_set_dr_msg_cb(conf, mock_broker_on_delivery);
    broker->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (broker->client == NULL) {
        rd_kafka_conf_destroy(conf);
        return error_set(error, ERROR_BROKER, "the embedded broker does not start: %s", text);
    }
    broker->cluster = rd_kafka_mock_cluster_new(broker->client, 1);
    if (broker->cluster == NULL)
        return error_set(error, ERROR_BROKER, "the embedded broker does not start: no loopback listener");
    (void)rd_kafka_brokers_add(broker->client, rd_kafka_mock_cluster_bootstraps(broker->cluster));
    return mock_broker_create_topics(broker, error);
}

static void mock_broker_look_at_progress(struct mock_broker *broker) {
    int count = progress_partitions(broker->progress, broker->reported, PARTITIONS_MAX);
    for (int i = 0; i < count && i < PARTITIONS_MAX; i++) {
        const struct partition_progress *row = &broker->reported[i];
        struct mock_partition *partition =
            mock_broker_find_partition(broker, span_of(row->topic), row->partition);
        for (; partition != NULL && partition->applied < row->applied; partition->applied++)
            if (partition->applied < partition->fed && partition->applied >= partition->wanted)
                partition->unread_bytes -= partition->sizes[partition->applied % UNREAD_MAX];
    }
}

static bool mock_broker_may_go_on(struct mock_broker *broker) {
    return !atomic_load(&broker->stop) && broker->error.kind == ERROR_NONE;
}

static int64_t mock_broker_total_unread(const struct mock_broker *broker) {
    int64_t total = 0;
    for (int i = 0; i < broker->partition_count; i++)
        total += broker->partitions[i].unread_bytes;
    return total;
}

static bool mock_broker_holds_wanted(struct mock_broker *broker) {
    for (int i = 0; i < broker->partition_count; i++)
        if (broker->partitions[i].acked < broker->partitions[i].wanted)
            return false;
    return true;
}

static void mock_broker_note_refilled(struct mock_broker *broker) {
    if (broker->refilled || !mock_broker_holds_wanted(broker))
        return;
    (void)pthread_mutex_lock(&broker->mutex);
    broker->refilled = true;
    (void)pthread_cond_broadcast(&broker->changed);
    (void)pthread_mutex_unlock(&broker->mutex);
}

// Waits until the consumer has applied enough of the partition to take `size` bytes more.
static bool mock_broker_await_room(struct mock_broker *broker, struct mock_partition *partition,
                                   int64_t size) {
    int64_t unread = -1; // of all partitions, when it last changed
    int64_t since_ms = 0;
    while (partition->unread_bytes > 0 && partition->unread_bytes + size > MOCK_BROKER_UNREAD_BYTES_MAX) {
        mock_broker_look_at_progress(broker);
        mock_broker_note_refilled(broker);
        int64_t now_ms = clock_monotonic_ms();
        if (unread != mock_broker_total_unread(broker)) {
            unread = mock_broker_total_unread(broker);
            since_ms = now_ms;
        }
        bool patient = now_ms - since_ms < MOCK_BROKER_PATIENCE_MS && broker->refilled;
        if (!patient && partition->unread_bytes + size <= MOCK_BROKER_UNREAD_BYTES_MOST)
            return true;
        if (!mock_broker_may_go_on(broker))
            return false;
        (void)rd_kafka_poll(broker->client, WAIT_MS);
    }
    return true;
}

// Waits until the next of `rate` messages a second is due; what belongs to the message before is due with it.
static bool mock_broker_await_turn(struct mock_broker *broker, double rate, bool belongs) {
    if (rate <= 0)
        return true;
    if (broker->paced_from_ms == 0)
        broker->paced_from_ms = clock_monotonic_ms();
    int64_t due_ms = broker->paced_from_ms + (int64_t)((double)broker->paced++ * 1000 / rate);
    if (belongs)
        return mock_broker_may_go_on(broker);
    int64_t left_ms;
    while (mock_broker_may_go_on(broker) && (left_ms = due_ms - clock_monotonic_ms()) > 0)
        (void)rd_kafka_poll(broker->client, left_ms < WAIT_MS ? (int)left_ms : WAIT_MS);
    return mock_broker_may_go_on(broker);
}

static bool mock_broker_produce(struct mock_broker *broker, struct mock_partition *partition, struct span key,
                                struct span value, int64_t ts_ms) {
    rd_kafka_resp_err_t code;
    do {
        code = rd_kafka_producev(broker->client, RD_KAFKA_V_TOPIC(partition->topic),
                                 RD_KAFKA_V_PARTITION(partition->number),
                                 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.data, key.size),
                                 RD_KAFKA_V_VALUE((void *)(uintptr_t)value.data, value.size),
                                 RD_KAFKA_V_TIMESTAMP(ts_ms), RD_KAFKA_V_OPAQUE(partition), RD_KAFKA_V_END);
        (void)rd_kafka_poll(broker->client, code == RD_KAFKA_RESP_ERR__QUEUE_FULL ? WAIT_MS : 0);
    } while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && mock_broker_may_go_on(broker));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && mock_broker_may_go_on(broker)) {
        (void)pthread_mutex_lock(&broker->mutex);
        (void)error_set(&broker->error, ERROR_BROKER, "the embedded broker refused a message of %s: %s",
                        partition->topic, rd_kafka_err2str(code));
        (void)pthread_mutex_unlock(&broker->mutex);
    }
    return mock_broker_may_go_on(broker);
}

// What the file has applied already is fed at once: it is there for its offsets only.
static bool mock_broker_feed(struct mock_broker *broker, struct mock_partition *partition, struct span key,
                             struct span value, int64_t ts_ms) {
    if (partition->fed >= partition->wanted) {
        int64_t size = (int64_t)(key.size + value.size) + MESSAGE_OVERHEAD;
        if (partition->sizes == NULL)
            partition->sizes = calloc(UNREAD_MAX, sizeof *partition->sizes);
        if (partition->sizes == NULL || !mock_broker_await_room(broker, partition, size))
            return false;
        partition->sizes[partition->fed % UNREAD_MAX] = (uint32_t)size;
        partition->unread_bytes += size;
    }
    partition->fed++;
    return mock_broker_produce(broker, partition, key, value, ts_ms);
}

static bool mock_broker_feed_capture(struct mock_broker *broker) {
    CLEANUP(arena_free) struct arena arena = {0};
    struct capture_line line;
    struct error error = {0};
    int result;
    while ((result = capture_next(broker->capture, &arena, &line, &error)) == 1) {
        struct mock_partition *partition = mock_broker_find_partition(broker, line.topic, line.partition);
        if ((broker->refilled && !mock_broker_await_turn(broker, broker->config.rate, false)) ||
            !mock_broker_feed(broker, partition, line.key, line.value, line.ts_ms))
            return false;
        mock_broker_note_refilled(broker);
        arena_reset(&arena);
    }
    if (result == 0)
        return true;
    (void)pthread_mutex_lock(&broker->mutex);
    broker->error = error;
    (void)pthread_mutex_unlock(&broker->mutex);
    return false;
}

static uint64_t mock_broker_hash(struct span key) {
    uint64_t value = 0xCBF29CE484222325U; // FNV-1a
    for (size_t i = 0; i < key.size; i++)
        value = (value ^ (unsigned char)key.data[i]) * 0x100000001B3U;
    return value ^ (value >> 32);
}

static bool mock_broker_feed_message(struct mock_broker *broker, const struct traffic_message *message) {
    const struct mock_partition *first = broker->traffic_partitions[message->topic];
    int32_t number = message->partition;
    if (number < 0)
        number = (int32_t)(mock_broker_hash(message->key) % (uint64_t)broker->traffic_counts[message->topic]);
    struct mock_partition *partition = mock_broker_find_partition(broker, span_of(first->topic), number);
    return mock_broker_feed(broker, partition, message->key, message->value, message->ts_ms);
}

static bool mock_broker_feed_heartbeats(struct mock_broker *broker) {
    struct mock_partition *partition = broker->traffic_partitions[TRAFFIC_HEARTBEAT];
    while (partition->fed < partition->wanted || clock_monotonic_ms() >= broker->heartbeat_at_ms) {
        struct traffic_message message;
        bool old = partition->fed < partition->wanted;
        if (!old)
            broker->heartbeat_at_ms = clock_monotonic_ms() + MOCK_BROKER_HEARTBEAT_MS;
        if (traffic_heartbeat(broker->traffic, old ? 0 : clock_wall_ms(), &message, NULL) != 0 ||
            !mock_broker_feed_message(broker, &message))
            return false;
    }
    return true;
}

static bool mock_broker_fed_wanted(const struct mock_broker *broker) {
    for (int i = 0; i < broker->partition_count; i++)
        if (broker->partitions[i].fed < broker->partitions[i].wanted)
            return false;
    return true;
}

// The clock's time goes only into what the file has not applied: the rest must come as it came before.
static void mock_broker_feed_traffic(struct mock_broker *broker) {
    bool going = true;
    broker->paced_from_ms = 0;
    broker->paced = 0;
    while (going && mock_broker_may_go_on(broker)) {
        struct traffic_message message;
        bool old = !mock_broker_fed_wanted(broker);
        if (!old && !broker->refilled)
            (void)rd_kafka_flush(broker->client, FLUSH_MS);
        mock_broker_note_refilled(broker);
        going = mock_broker_feed_heartbeats(broker) &&
                (old || mock_broker_await_turn(broker, broker->config.traffic,
                                               !traffic_is_between(broker->traffic))) &&
                traffic_next(broker->traffic, old ? 0 : clock_wall_ms(), &message, NULL) == 0 &&
                mock_broker_feed_message(broker, &message);
    }
}

static void *mock_broker_run(void *self) {
    struct mock_broker *broker = self;
    bool fed = mock_broker_feed_capture(broker);
    if (fed)
        (void)rd_kafka_flush(broker->client, FLUSH_MS);
    mock_broker_note_refilled(broker);
    if (fed && broker->traffic != NULL)
        mock_broker_feed_traffic(broker);
    (void)pthread_mutex_lock(&broker->mutex);
    (void)pthread_cond_broadcast(&broker->changed);
    (void)pthread_mutex_unlock(&broker->mutex);
    return NULL;
}

static int mock_broker_open_capture(struct mock_broker *broker, const char *path, struct error *error) {
    const struct embedded_file *built_in = &demo_embedded[0];
    broker->name = strdup(path != NULL ? path : "the built-in capture");
    if (broker->name == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (path != NULL)
        return capture_open(&broker->capture, path, error);
    struct span bytes = {built_in->bytes, (size_t)(built_in->end - built_in->bytes)};
    return capture_open_bytes(&broker->capture, bytes, broker->name, error);
}

static int mock_broker_prepare(struct mock_broker *broker, struct error *error) {
    if (mock_broker_open_capture(broker, broker->config.capture, error) != 0 ||
        mock_broker_scan_capture(broker, error) != 0)
        return -1;
    struct span prefix = capture_prefix(broker->capture);
    if (prefix.data == NULL)
        return error_set(error, ERROR_INPUT, "%s: no topic tells the prefix", broker->name);
    broker->prefix = strndup(prefix.data, prefix.size);
    if (broker->prefix == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (broker->config.traffic > 0 &&
        (traffic_new(&broker->traffic, broker->capture, broker->config.seed, error) != 0 ||
         mock_broker_add_traffic_topics(broker, error) != 0))
        return error_prefix(error, "%s", broker->name);
    return mock_broker_take_wanted(broker, error);
}

static int mock_broker_await_refill(struct mock_broker *broker, struct error *error) {
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += MOCK_BROKER_START_WAIT_MS / 1000;
    int result = 0;
    (void)pthread_mutex_lock(&broker->mutex);
    while (!broker->refilled && broker->error.kind == ERROR_NONE && result == 0)
        result = pthread_cond_timedwait(&broker->changed, &broker->mutex, &until);
    bool refilled = broker->refilled;
    struct error failure = broker->error;
    (void)pthread_mutex_unlock(&broker->mutex);
    if (refilled)
        return 0;
    if (failure.kind != ERROR_NONE)
        return error_set(error, failure.kind, "%s", failure.message);
    return error_set(
        error, ERROR_TIMEOUT,
        "the embedded broker did not reach within %d s what the database file has applied: use another --db",
        MOCK_BROKER_START_WAIT_MS / 1000);
}

int mock_broker_start(struct mock_broker **ret, const struct mock_broker_config *config,
                      struct progress *progress, struct error *error) {
    CLEANUP(mock_broker_stop) struct mock_broker *broker = calloc(1, sizeof *broker);
    if (broker == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (void)pthread_mutex_init(&broker->mutex, NULL);
    (void)pthread_cond_init(&broker->changed, NULL);
    broker->config = *config;
    broker->progress = progress;
    if (mock_broker_prepare(broker, error) != 0 || mock_broker_start_broker(broker, error) != 0)
        return -1;
    broker->refilled = mock_broker_holds_wanted(broker);
    if (pthread_create(&broker->thread, NULL, mock_broker_run, broker) != 0)
        return error_set(error, ERROR_SYSTEM, "cannot start a thread");
    broker->thread_runs = true;
    if (mock_broker_await_refill(broker, error) != 0)
        return -1;
    *ret = broker;
    broker = NULL;
    return 0;
}

const char *mock_broker_brokers(const struct mock_broker *broker) {
    return rd_kafka_mock_cluster_bootstraps(broker->cluster);
}

const char *mock_broker_prefix(const struct mock_broker *broker) {
    return broker->prefix;
}

int64_t mock_broker_captured(void *self, const char *topic, int32_t partition) {
    struct mock_broker *broker = self;
    const struct mock_partition *found = mock_broker_find_partition(broker, span_of(topic), partition);
    return found != NULL && broker->config.rate <= 0 ? found->captured : 0;
}

int mock_broker_check(struct mock_broker *broker, struct error *error) {
    (void)pthread_mutex_lock(&broker->mutex);
    struct error failure = broker->error;
    (void)pthread_mutex_unlock(&broker->mutex);
    return failure.kind == ERROR_NONE ? 0 : error_set(error, failure.kind, "%s", failure.message);
}

void mock_broker_stop(struct mock_broker **broker) {
    struct mock_broker *stopping = *broker;
    if (stopping == NULL)
        return;
    atomic_store(&stopping->stop, true);
    if (stopping->thread_runs)
        (void)pthread_join(stopping->thread, NULL);
    if (stopping->client != NULL) {
        (void)rd_kafka_purge(stopping->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        (void)rd_kafka_poll(stopping->client, 0);
    }
    for (int i = 0; i < stopping->partition_count; i++)
        if (stopping->partitions[i].known != NULL)
            rd_kafka_topic_destroy(stopping->partitions[i].known);
    if (stopping->cluster != NULL)
        rd_kafka_mock_cluster_destroy(stopping->cluster);
    if (stopping->client != NULL)
        rd_kafka_destroy(stopping->client);
    traffic_free(&stopping->traffic);
    capture_close(&stopping->capture);
    for (int i = 0; i < stopping->partition_count; i++) {
        free(stopping->partitions[i].topic);
        free(stopping->partitions[i].sizes);
    }
    free(stopping->name);
    free(stopping->prefix);
    (void)pthread_cond_destroy(&stopping->changed);
    (void)pthread_mutex_destroy(&stopping->mutex);
    free(stopping);
    *broker = NULL;
}
