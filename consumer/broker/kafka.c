#include "consumer/broker/kafka.h"

#include "consumer/broker/client/closing.h"
#include "consumer/broker/client/conf.h"
#include "consumer/broker/client/partition.h"
#include "consumer/broker/client/range.h"
#include "consumer/broker/client/settings.h"
#include "consumer/broker/client/stats.h"
#include "consumer/broker/client/survey.h"
#include "consumer/broker/client/topic_settings.h"
#include "views/base/bounds.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

enum {
    SERVE_MAX = BOUND(256, 4),     // things taken from the main queue at once
    KAFKA_THROTTLE_TOLD_MS = 1000, // shorter ones are no reason for anything, and would hide another
    SEVERAL_TIMES = 4,             // as much of each partition: worth opening the client anew
};

// librdkafka's client, and what works with it.
struct kafka_link {
    rd_kafka_t *client;
    rd_kafka_queue_t *main_queue;
    struct kafka_nudger *nudger;
    struct kafka_survey *survey;
};

struct kafka {
    struct kafka_link link;
    struct kafka_config config; // its texts are the next two
    char *brokers;
    char *group_id;
    struct kafka_sought sought; // `denied` is of the survey's thread while it is asked
    const char **denied;        // as of the newest listing
    int denied_count;
    int expected; // partitions that the client's settings are for
    int far;      // and how many of them far behind
    atomic_bool main_ready;
    struct kafka_wakeup wakeup;
    rd_kafka_queue_t *settings; // an answer that is awaited, NULL = none is
    struct kafka_partition_owner owner;
    struct kafka_partition **partitions; // by slot, NULL = not assigned
    int partition_count;
    int partition_found;        // the statistics name partitions in the same order each time
    int partition_decided;      // the newest of which kafka_event told what becomes of it
    struct kafka_events events; // recorded by callbacks and by peek, reported by kafka_event
    bool connected;
    bool all_logs; // the user asked librdkafka for its debug lines
    struct kafka_stats stats;
    unsigned told;        // how often they came, or no broker was left
    unsigned stood_still; // how often they came late
    bool commit_in_flight;
    bool group_denied; // this account may not use the group, which is told nothing then
    void (*released)(void *self, const struct message *message);
    void *released_self;
};

#define record(kafka, ...) kafka_events_record(&(kafka)->events, __VA_ARGS__)

static const char *kafka_fresh_failure(const struct kafka *kafka) {
    bool fresh = clock_monotonic_ms() - kafka->owner.failure_at_ms < KAFKA_FAILURE_MS;
    return fresh ? kafka->owner.failure : "";
}

enum kafka_report { KAFKA_REPORT_CHANGES, KAFKA_REPORT_ALWAYS };

static void kafka_set_connected(struct kafka *kafka, bool connected, enum kafka_report report,
                                const char *why) {
    if (kafka->connected == connected && report == KAFKA_REPORT_CHANGES)
        return;
    kafka->connected = connected;
    record(kafka, connected ? KAFKA_EVENT_CONNECTED : KAFKA_EVENT_DISCONNECTED, -1, "%s: %s%s",
           kafka->brokers, why, connected ? "" : kafka_fresh_failure(kafka));
}

// librdkafka takes the first bytes of any answer for its size, and asks for more memory: those of a TLS alert, of HTTP or of
// PostgreSQL are larger than any first answer of a broker's.
static const char *kafka_no_broker(const char *reason) {
    return strstr(reason, "Invalid response size") != NULL && strstr(reason, "state APIVERSION_QUERY") != NULL
               ? "; what answers there is no broker that speaks so: another service's port, or a listener that wants TLS "
                 "(-X security.protocol=SSL)"
               : "";
}

static void kafka_on_error(rd_kafka_t *client, int code, const char *reason, void *opaque) {
    struct kafka *kafka = opaque;
    char text[KAFKA_CLIENT_ERROR_SIZE];
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        kafka->told++;
        kafka_set_connected(kafka, false, KAFKA_REPORT_ALWAYS, reason); // also when none was connected before
        return;
    }
    if (kafka->owner.refilled != NULL && kafka_partition_is_deleted_by((rd_kafka_resp_err_t)code)) {
        kafka_partition_note_deleted(kafka->owner.refilled);
        return;
    }
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        (void)rd_kafka_fatal_error(client, text, sizeof text);
        reason = text;
    }
    const char *no_broker = kafka_no_broker(reason);
    (void)snprintf(kafka->owner.failure, sizeof kafka->owner.failure, "; %s%s", reason, no_broker);
    kafka->owner.failure_at_ms = clock_monotonic_ms();
    record(kafka, KAFKA_EVENT_ERROR, -1, "%s: %s%s", rd_kafka_err2name((rd_kafka_resp_err_t)code), reason,
           no_broker);
}

// The answer to a client that is over its quota says for how long the broker reads nothing more of the connection.
static void kafka_on_throttle(rd_kafka_t *client, const char *name, int32_t broker, int throttled_ms,
                              void *opaque) {
    (void)client;
    (void)name;
    struct kafka *kafka = opaque;
    if (throttled_ms < KAFKA_THROTTLE_TOLD_MS)
        return;
    (void)snprintf(kafka->owner.failure, sizeof kafka->owner.failure,
                   "; broker %" PRId32
                   " has said that it answers nothing for %.1f s, for a quota of this client or "
                   "user (consumer_byte_rate, request_percentage)",
                   broker, throttled_ms / 1000.0);
    kafka->owner.failure_at_ms = clock_monotonic_ms() + throttled_ms;
}

static void kafka_on_log(const rd_kafka_t *client, int level, const char *facility, const char *text) {
    struct kafka *kafka = rd_kafka_opaque(client);
    // on_error has the failures of connections too; topics are asked for by names that discovery gave
    if (kafka->all_logs ||
        (level <= LOG_WARNING && strcmp(facility, "FAIL") != 0 && strcmp(facility, "AUTOCREATE") != 0))
        record(kafka, KAFKA_EVENT_ERROR, -1, "%s: %s", facility, text);
}

static struct kafka_partition *kafka_find(struct kafka *kafka, struct span topic, int64_t number) {
    for (int i = 0; i < kafka->partition_count; i++) {
        int at = (kafka->partition_found + i) % kafka->partition_count;
        struct kafka_partition *partition = kafka->partitions[at];
        if (partition != NULL && partition->number == number && span_is(topic, partition->topic)) {
            kafka->partition_found = (at + 1) % kafka->partition_count;
            return partition;
        }
    }
    return NULL;
}

// A fetch names every partition whose queue has room, and its answer brings their high watermarks. So a
// watermark is as old as the silence of its broker, as long as the partition takes part.
static void kafka_visit_partition(void *self, const struct kafka_stats_partition *found) {
    struct kafka *kafka = self;
    struct kafka_partition *partition = kafka_find(kafka, found->topic, found->partition);
    const struct kafka_stats_broker *broker = kafka_stats_broker(&kafka->stats, found->broker);
    if (partition == NULL)
        return;
    bool up = found->broker >= 0 && broker != NULL && broker->up && broker->idle_us >= 0;
    kafka_partition_note_stats(partition, kafka->stats.at_us, found, up ? broker : NULL);
}

static int kafka_on_stats(rd_kafka_t *client, char *text, size_t size, void *opaque) {
    (void)client;
    struct kafka *kafka = opaque;
    int64_t before_us = kafka->stats.at_us;
    kafka->told++;
    if (!kafka_stats_read((struct span){text, size}, &kafka->stats, kafka_visit_partition, kafka))
        record(kafka, KAFKA_EVENT_ERROR, -1, "librdkafka's statistics could not be read");
    else if (kafka->stats.any_up)
        kafka_set_connected(kafka, true, KAFKA_REPORT_CHANGES, "a broker answers");
    else
        kafka_set_connected(kafka, false, KAFKA_REPORT_CHANGES, "no broker is connected");
    int64_t due_us = before_us + kafka_setting_statistics_ms(kafka->expected) * INT64_C(1000);
    kafka->stood_still += before_us != 0 && kafka->stats.at_us - due_us >= KAFKA_LATE_MS * INT64_C(1000);
    return 0; // librdkafka frees the text
}

static void kafka_on_commit(rd_kafka_t *client, rd_kafka_resp_err_t code,
                            rd_kafka_topic_partition_list_t *offsets, void *opaque) {
    (void)client;
    (void)code; // the file's offsets are what counts
    (void)offsets;
    struct kafka *kafka = opaque;
    kafka->commit_in_flight = false;
}

// librdkafka calls it on its threads, the queue's lock held, when the empty queue gets something.
static void kafka_on_main_queue(rd_kafka_t *client, void *opaque) {
    (void)client;
    struct kafka *kafka = opaque;
    atomic_store(&kafka->main_ready, true);
    kafka_wakeup_signal(&kafka->wakeup);
}

unsigned kafka_arrivals(const struct kafka *kafka) {
    return atomic_load(&kafka->owner.arrivals);
}

unsigned kafka_told(const struct kafka *kafka) {
    return kafka->told;
}

unsigned kafka_closed(void) {
    return kafka_conf_closed();
}

unsigned kafka_stood_still(const struct kafka *kafka) {
    return kafka->stood_still;
}

void kafka_wait(struct kafka *kafka, int timeout_ms) {
    kafka_wakeup_wait(&kafka->wakeup, timeout_ms);
}

static int kafka_set_properties(struct kafka *kafka, rd_kafka_conf_t *conf, const struct kafka_config *config,
                                struct error *error) {
    if (kafka_conf_set_number(conf, "queued.max.messages.kbytes", kafka_setting_queue_kb(kafka->far),
                              error) != 0 ||
        kafka_conf_set_number(conf, "fetch.message.max.bytes", kafka_setting_fetch_bytes(kafka->far),
                              error) != 0 ||
        kafka_conf_set(conf, "bootstrap.servers", config->brokers, error) != 0 ||
        kafka_conf_set(conf, "group.id", config->group_id, error) != 0)
        return -1;
    for (const struct kafka_setting *setting = kafka_settings; setting->name != NULL; setting++)
        if (kafka_conf_set(conf, setting->name, setting->value, error) != 0)
            return -1;
    if (kafka_conf_set_number(conf, "fetch.wait.max.ms", kafka_setting_fetch_wait_ms(kafka->expected),
                              error) != 0 ||
        kafka_conf_set_number(conf, "statistics.interval.ms", kafka_setting_statistics_ms(kafka->expected),
                              error) != 0)
        return -1;
    for (const struct kafka_setting *setting = kafka_settings_newer; setting->name != NULL; setting++)
        (void)rd_kafka_conf_set(conf, setting->name, setting->value, NULL, 0);
    for (int i = 0; i < config->property_count; i++) {
        const struct kafka_property *property = &config->properties[i];
        const char *refusal = kafka_setting_refusal(property->name);
        if (refusal != NULL)
            return error_set(error, ERROR_USAGE, "-X %s cannot be set: %s", property->name, refusal);
        if (kafka_conf_set(conf, property->name, property->value, error) != 0)
            return -1;
        kafka->all_logs |= strcmp(property->name, "debug") == 0;
    }
    kafka->owner.queue_bytes_max = kafka_conf_number(conf, "queued.max.messages.kbytes") * 1024;
    kafka->owner.queue_messages_max = kafka_conf_number(conf, "queued.min.messages");
    kafka->owner.answer_ms = kafka_conf_number(conf, "fetch.wait.max.ms") + PARTITION_ANSWER_MS;
    kafka->owner.held_max = kafka_setting_part(PARTITION_HELD_MAX, PARTITION_HELD_LEAST, kafka->far);
    return 0;
}

static void kafka_forget_settings(struct kafka *kafka) {
    if (kafka->settings != NULL)
        rd_kafka_queue_destroy(kafka->settings);
    kafka->settings = NULL;
}

static void kafka_destroy_client(void *client) {
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

// What works with the client. Waits for a question that is under way, seconds at most.
static void kafka_stop_helpers(struct kafka_link *link) {
    kafka_survey_stop(&link->survey);
    kafka_nudger_stop(&link->nudger);
    if (link->main_queue != NULL) {
        rd_kafka_queue_cb_event_enable(link->main_queue, NULL, NULL);
        rd_kafka_queue_destroy(link->main_queue);
    }
    link->main_queue = NULL;
}

static int kafka_start_client(struct kafka *kafka, const struct kafka_config *config, struct error *error) {
    CLEANUP(kafka_conf_destroy) rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (kafka_set_properties(kafka, conf, config, error) != 0)
        return -1;
    rd_kafka_conf_set_opaque(conf, kafka);
    rd_kafka_conf_set_error_cb(conf, kafka_on_error);
    rd_kafka_conf_set_log_cb(conf, kafka_on_log);
    rd_kafka_conf_set_stats_cb(conf, kafka_on_stats);
    rd_kafka_conf_set_throttle_cb(conf, kafka_on_throttle);
    kafka_conf_count_closed(conf);
    rd_kafka_conf_set_offset_commit_cb(conf, kafka_on_commit);
    char text[KAFKA_CLIENT_ERROR_SIZE];
    kafka->link.client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    if (kafka->link.client == NULL)
        return error_set(error, ERROR_USAGE, "librdkafka does not start with these properties: %s", text);
    conf = NULL; // the client's now
    (void)rd_kafka_set_log_queue(kafka->link.client, NULL);
    (void)rd_kafka_poll_set_consumer(kafka->link.client);
    kafka->link.main_queue = rd_kafka_queue_get_consumer(kafka->link.client);
    atomic_store(&kafka->main_ready, true);
    rd_kafka_queue_cb_event_enable(kafka->link.main_queue, kafka_on_main_queue, kafka);
    return 0;
}

const char *kafka_library_version(void) {
    return rd_kafka_version_str();
}

// On failure there is none, or the one before.
static int kafka_start_link(struct kafka *kafka, struct error *error) {
    struct kafka_link before = kafka->link;
    kafka->link = (struct kafka_link){0};
    bool started = kafka_start_client(kafka, &kafka->config, error) == 0 &&
                   kafka_nudger_start(&kafka->link.nudger, kafka->link.client, error) == 0 &&
                   kafka_survey_start(&kafka->link.survey, kafka->link.client, &kafka->wakeup, &kafka->sought,
                                      error) == 0;
    struct kafka_link *ended = started ? &before : &kafka->link;
    kafka_stop_helpers(ended);
    // A broker that does not answer any more would be waited for. Nothing of it is called by then.
    if (ended->client != NULL)
        (void)kafka_closing_do(kafka_destroy_client, ended->client, 0);
    if (!started)
        kafka->link = before;
    kafka->owner.client = kafka->link.client;
    kafka->owner.nudger = kafka->link.nudger;
    return started ? 0 : -1;
}

// A question may go on behind kafka_close, so that the names are its own.
static bool kafka_copy_sought(struct kafka *kafka, const struct kafka_config *config) {
    struct kafka_sought *sought = &kafka->sought;
    kafka->denied = calloc((size_t)config->sought_count + 1, sizeof *kafka->denied);
    sought->denied = calloc((size_t)config->sought_count + 1, sizeof *sought->denied);
    sought->names = calloc((size_t)config->sought_count + 1, sizeof *sought->names);
    sought->at_once = config->sought_at_once;
    bool copied = kafka->denied != NULL && sought->denied != NULL && sought->names != NULL;
    for (; copied && sought->count < config->sought_count; sought->count += copied)
        copied = (sought->names[sought->count] = strdup(config->sought[sought->count])) != NULL;
    return copied;
}

static void kafka_free_sought(struct kafka *kafka) {
    for (int i = 0; i < kafka->sought.count; i++)
        free(kafka->sought.names[i]);
    free(kafka->sought.names);
    free(kafka->sought.denied);
    free(kafka->denied);
}

int kafka_open(struct kafka **ret, const struct kafka_config *config, struct error *error) {
    if (config->brokers == NULL || config->brokers[0] == '\0')
        return error_set(error, ERROR_USAGE, "no brokers are given: use --brokers HOST:PORT[,..]");
    CLEANUP(kafka_close) struct kafka *kafka = calloc(1, sizeof *kafka);
    if (kafka == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    kafka_wakeup_init(&kafka->wakeup);
    kafka->brokers = strdup(config->brokers);
    kafka->group_id = strdup(config->group_id);
    if (kafka->brokers == NULL || kafka->group_id == NULL || !kafka_copy_sought(kafka, config))
        return error_set(error, ERROR_SYSTEM, "out of memory");
    kafka->config = *config;
    kafka->config.brokers = kafka->brokers;
    kafka->config.group_id = kafka->group_id;
    kafka->expected = config->partitions;
    kafka->far = config->far;
    kafka->owner.events = &kafka->events;
    kafka->owner.wakeup = &kafka->wakeup;
    if (kafka_start_link(kafka, error) != 0)
        return -1;
    *ret = kafka;
    kafka = NULL;
    return 0;
}

// With what is expected now. Where that fails the client before does too.
static bool kafka_start_anew(struct kafka *kafka) {
    struct error error = {0};
    kafka_forget_settings(kafka);
    if (kafka_start_link(kafka, &error) == 0)
        return true;
    record(kafka, KAFKA_EVENT_ERROR, -1, "%s", error.message);
    return false;
}

void kafka_expect(struct kafka *kafka, int partitions) {
    if (kafka->partition_count > 0 ||
        kafka_setting_statistics_ms(partitions) < 2 * kafka_setting_statistics_ms(kafka->expected))
        return;
    kafka->expected = partitions;
    (void)kafka_start_anew(kafka);
}

bool kafka_holds_less(const struct kafka *kafka, int far) {
    return SEVERAL_TIMES * kafka_setting_queue_kb(kafka->far) <= kafka_setting_queue_kb(far);
}

bool kafka_expect_far(struct kafka *kafka, int far) {
    if (kafka->partition_count > 0 || kafka_setting_queue_kb(far) == kafka_setting_queue_kb(kafka->far))
        return false;
    kafka->far = far;
    return kafka_start_anew(kafka);
}

int kafka_check(const struct kafka_config *config, struct error *error) {
    CLEANUP(kafka_close) struct kafka *kafka = calloc(1, sizeof *kafka);
    if (kafka == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    struct kafka_config unconnected = *config;
    unconnected.brokers = ""; // nobody is to be connected to, nor waited for
    kafka_wakeup_init(&kafka->wakeup);
    return kafka_start_client(kafka, &unconnected, error);
}

// A commit would wait for the group's coordinator for ever, and librdkafka begins to read no partition while one does.
static void kafka_note_group_denied(struct kafka *kafka) {
    kafka_set_connected(kafka, true, KAFKA_REPORT_CHANGES, "a broker answers");
    if (!kafka->group_denied)
        record(
            kafka, KAFKA_EVENT_ERROR, -1,
            "Group authorization failed: outside tools do not see the lag until a start at which this account "
            "has Read on the group %s; nothing else is lost by it",
            kafka->group_id);
    kafka->group_denied = true;
}

static void kafka_take_main_message(struct kafka *kafka, const rd_kafka_message_t *message) {
    struct kafka_partition *partition =
        message->rkt == NULL
            ? NULL
            : kafka_find(kafka, span_of(rd_kafka_topic_name(message->rkt)), message->partition);
    if (partition != NULL)
        kafka_partition_take_notice(partition, message);
    else if (message->err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
        kafka_note_group_denied(kafka);
    else
        record(kafka, KAFKA_EVENT_ERROR, -1, "%s", rd_kafka_message_errstr(message));
}

static void kafka_serve_main_queue(struct kafka *kafka) {
    if (!atomic_exchange(&kafka->main_ready, false))
        return;
    rd_kafka_message_t *messages[SERVE_MAX]; // callbacks are called on the way, errors come as messages
    ssize_t count = rd_kafka_consume_batch_queue(kafka->link.main_queue, 0, messages, SERVE_MAX);
    for (ssize_t i = 0; i < count; i++) {
        kafka_take_main_message(kafka, messages[i]);
        rd_kafka_message_destroy(messages[i]);
    }
    if (count == SERVE_MAX ||
        count < 0) // there is more, or nobody knows: it is asked again in the next round
        atomic_store(&kafka->main_ready, true);
}

const char *kafka_failure(struct kafka *kafka) {
    kafka_serve_main_queue(kafka); // what librdkafka says of its connections comes there
    return kafka_fresh_failure(kafka);
}

static void kafka_destroy_list(rd_kafka_topic_partition_list_t **list) {
    if (*list != NULL)
        rd_kafka_topic_partition_list_destroy(*list);
}

static void kafka_send_commit(struct kafka *kafka) {
    // The newest offsets go with the next flush. Without a broker, or without the group's coordinator, librdkafka would keep the commit for
    // a minute: its destroy waits for that, and what is assigned meanwhile is not read before.
    if (kafka->commit_in_flight || !kafka->connected || kafka->group_denied || kafka->stats.coordinator_down)
        return;
    CLEANUP(kafka_destroy_list)
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(kafka->partition_count);
    for (int i = 0; i < kafka->partition_count; i++) {
        struct kafka_partition *partition = kafka->partitions[i];
        if (partition == NULL || partition->commit_offset < 0)
            continue;
        rd_kafka_topic_partition_list_add(list, partition->topic, partition->number)->offset =
            partition->commit_offset;
        partition->commit_offset = -1;
    }
    if (list->cnt > 0)
        kafka->commit_in_flight = rd_kafka_commit(kafka->link.client, list, 1) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

// The commit on its way is all that a broker is waited for: there is no group to leave.
static void kafka_finish_commit(struct kafka *kafka) {
    int64_t until = clock_monotonic_ms() + KAFKA_COMMIT_WAIT_MS;
    kafka_send_commit(kafka);
    int64_t left;
    while (kafka->connected && kafka->commit_in_flight && (left = until - clock_monotonic_ms()) > 0) {
        kafka_wakeup_wait(&kafka->wakeup, (int)left);
        kafka_serve_main_queue(kafka);
    }
}

static void kafka_finish(void *self) {
    struct kafka *closing = self;
    kafka_survey_stop(&closing->link.survey);
    kafka_nudger_stop(&closing->link.nudger);
    if (closing->link.client != NULL)
        kafka_finish_commit(closing);
    // librdkafka's destroy waits for every message and queue: they go first
    for (int i = 0; i < closing->partition_count; i++)
        kafka_partition_close(&closing->partitions[i]);
    free(closing->partitions);
    kafka_destroy_list(&closing->owner.assigning);
    kafka_forget_settings(closing);
    kafka_stop_helpers(&closing->link);
    if (closing->link.client != NULL)
        kafka_destroy_client(closing->link.client);
    kafka_wakeup_free(&closing->wakeup);
    free(closing->brokers);
    free(closing->group_id);
    kafka_free_sought(closing);
    free(closing);
}

void kafka_close(struct kafka **kafka) {
    if (*kafka != NULL)
        (void)kafka_closing_do(kafka_finish, *kafka, KAFKA_CLOSE_WAIT_MS);
    *kafka = NULL;
}

bool kafka_is_closing(void) {
    return kafka_closing_goes_on();
}

bool kafka_ask_topics(struct kafka *kafka, enum kafka_topics which) {
    return kafka_survey_ask_topics(kafka->link.survey, which);
}

static void kafka_destroy_metadata(const struct rd_kafka_metadata **metadata) {
    if (*metadata != NULL)
        rd_kafka_metadata_destroy(*metadata);
}

int kafka_take_topics(struct kafka *kafka, void (*found)(void *self, const char *topic, int partitions),
                      void *self, struct error *error) {
    CLEANUP(kafka_destroy_metadata) const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code;
    if (!kafka_survey_take_topics(kafka->link.survey, &metadata, &code))
        return 0;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, ERROR_BROKER, "no answer from %s: %s%s", kafka->brokers,
                         rd_kafka_err2str(code), kafka_failure(kafka));
    kafka_set_connected(kafka, true, KAFKA_REPORT_CHANGES, "a broker answers");
    kafka->denied_count = 0;
    for (int i = 0; i < kafka->sought.count; i++)
        if (kafka->sought.denied[i])
            kafka->denied[kafka->denied_count++] = kafka->sought.names[i];
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[i];
        if (topic->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            found(self, topic->topic, topic->partition_cnt);
    }
    return 1;
}

const char *kafka_denied(const struct kafka *kafka, int i) {
    return i < kafka->denied_count ? kafka->denied[i] : NULL;
}

bool kafka_ask_ends(struct kafka *kafka, struct kafka_ends *ends, int count) {
    return kafka_survey_ask_ends(kafka->link.survey, ends, count);
}

void kafka_ask_settings(struct kafka *kafka, struct kafka_topic_settings *topics, int count) {
    topic_settings_ask(kafka->link.client, topics, count);
}

void kafka_begin_settings(struct kafka *kafka, const struct kafka_topic_settings *topics, int count) {
    kafka_forget_settings(kafka);
    kafka->settings = topic_settings_begin(kafka->link.client, topics, count);
}

bool kafka_take_settings(struct kafka *kafka, struct kafka_topic_settings *topics, int count) {
    bool taken = kafka->settings != NULL && topic_settings_take(kafka->settings, topics, count, 0);
    if (taken)
        kafka_forget_settings(kafka);
    return taken;
}

bool kafka_take_ends(struct kafka *kafka) {
    return kafka_survey_take_ends(kafka->link.survey);
}

static int kafka_grow(struct kafka *kafka, int count, struct error *error) {
    if (count <= kafka->partition_count)
        return 0;
    struct kafka_partition **grown = realloc(kafka->partitions, (size_t)count * sizeof *grown);
    if (grown == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = kafka->partition_count; i < count; i++)
        grown[i] = NULL;
    kafka->partitions = grown;
    kafka->partition_count = count;
    return 0;
}

int kafka_assign(struct kafka *kafka, int slot, const char *topic, int32_t partition, int64_t offset,
                 struct error *error) {
    if (kafka_grow(kafka, slot + 1, error) != 0)
        return -1;
    // Only now: librdkafka (2.0) loses count of a partition that is unassigned while its topic does not exist, and
    // its destroy then waits for ever.
    if (kafka->partitions[slot] != NULL && kafka->partitions[slot]->deletion_reported)
        kafka_partition_unassign(&kafka->partitions[slot]);
    if (kafka->partitions[slot] != NULL)
        return error_set(error, ERROR_BROKER, "%s partition %" PRId32 " is assigned already", topic,
                         partition);
    return kafka_partition_open(&kafka->partitions[slot], &kafka->owner, slot, topic, partition, offset,
                                error);
}

void kafka_assign_begin(struct kafka *kafka) {
    if (kafka->owner.assigning == NULL)
        kafka->owner.assigning = rd_kafka_topic_partition_list_new(1);
}

int kafka_assign_end(struct kafka *kafka, struct error *error) {
    return kafka_partitions_assign(&kafka->owner, error);
}

int kafka_assign_oldest(struct kafka *kafka, int slot, const char *topic, int32_t partition, int64_t low,
                        struct error *error) {
    if (kafka_assign(kafka, slot, topic, partition, low, error) != 0)
        return -1;
    kafka->partitions[slot]->from_oldest = true;
    return 0;
}

static struct kafka_partition *kafka_partition_of(const struct kafka *kafka, int slot) {
    return slot >= 0 && slot < kafka->partition_count ? kafka->partitions[slot] : NULL;
}

static const struct message *kafka_peek(void *self, int slot) {
    struct kafka_partition *partition = kafka_partition_of(self, slot);
    return partition != NULL ? kafka_partition_peek(partition) : NULL;
}

static int kafka_delivered(void *self, int slot) {
    struct kafka_partition *partition = kafka_partition_of(self, slot);
    return partition != NULL ? kafka_partition_delivered(partition) : 0;
}

static void kafka_peek_at(void *self, int slot, int index, struct message *ret) {
    kafka_partition_peek_at(kafka_partition_of(self, slot), index, ret);
}

static void kafka_show(const struct kafka *kafka, struct kafka_partition *partition) {
    const struct message *message = kafka_partition_peek(partition);
    if (message == NULL || kafka->released == NULL)
        return;
    partition->watched--;
    kafka->released(kafka->released_self, message);
}

static void kafka_release(void *self, int slot) {
    struct kafka_partition *partition = kafka_partition_of(self, slot);
    if (partition == NULL)
        return;
    if (partition->watched > 0)
        kafka_show(self, partition);
    kafka_partition_release(partition);
}

void kafka_on_release(struct kafka *kafka, void (*released)(void *self, const struct message *message),
                      void *self) {
    kafka->released = released;
    kafka->released_self = self;
}

void kafka_watch(struct kafka *kafka, int slot, int messages) {
    struct kafka_partition *partition = kafka_partition_of(kafka, slot);
    if (partition != NULL && partition->watched < messages)
        partition->watched = messages;
}

// While its broker does not answer there may be more, and evidence of what never comes is none (consumer/apply/loop/lost.h).
static bool kafka_at_end(void *self, int slot) {
    const struct kafka *kafka = self;
    struct kafka_partition *partition = kafka_partition_of(kafka, slot);
    return partition != NULL && kafka_partition_at_end(partition) &&
           kafka_partition_unanswered_ms(partition) < kafka->owner.answer_ms;
}

struct message_source kafka_source(struct kafka *kafka) {
    return (struct message_source){.self = kafka,
                                   .peek = kafka_peek,
                                   .delivered = kafka_delivered,
                                   .peek_at = kafka_peek_at,
                                   .release = kafka_release,
                                   .at_end = kafka_at_end};
}

// Nothing of the partition was read yet, so what its log has lost by now is as if it had begun later.
static int kafka_begin_later(struct kafka *kafka, int slot, struct error *error) {
    struct kafka_partition **partition = &kafka->partitions[slot];
    CLEANUP(free_charp) char *topic = strdup((*partition)->topic);
    int32_t number = (*partition)->number;
    int watched = (*partition)->watched;
    if (topic == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    kafka_partition_unassign(partition);
    if (kafka_assign(kafka, slot, topic, number, -1, error) != 0)
        return -1;
    (*partition)->watched = watched;
    return 0;
}

static void kafka_tell_range(struct kafka *kafka, struct kafka_event *event) {
    const struct kafka_partition *partition = kafka->partitions[event->slot];
    struct error error = {0};
    if (!partition->from_oldest) {
        kafka_range_explain(partition, event);
        return;
    }
    kafka_range_begin_later(partition, event);
    if (kafka_begin_later(kafka, event->slot, &error) == 0)
        return;
    event->kind = KAFKA_EVENT_OUT_OF_RANGE;
    (void)snprintf(event->message, sizeof event->message, "%s", error.message);
}

static bool kafka_take_decision(struct kafka *kafka, struct kafka_event *ret) {
    for (int i = 0; kafka->owner.decisions > 0 && i < kafka->partition_count; i++) {
        int at = (kafka->partition_decided + i) % kafka->partition_count;
        struct kafka_partition *partition = kafka->partitions[at];
        if (partition != NULL && kafka_partition_take_decision(partition, ret)) {
            kafka->partition_decided = at;
            return true;
        }
    }
    return false;
}

void kafka_event(struct kafka *kafka, struct kafka_event *ret) {
    kafka_serve_main_queue(kafka);
    if (!kafka_events_take(&kafka->events, ret) && kafka_take_decision(kafka, ret) &&
        ret->kind == KAFKA_EVENT_OUT_OF_RANGE)
        kafka_tell_range(kafka, ret);
}

int64_t kafka_high(struct kafka *kafka, int slot, int64_t *ret_at_ms) {
    struct kafka_partition *partition = kafka_partition_of(kafka, slot);
    *ret_at_ms = 0;
    if (partition == NULL || kafka_partition_high(partition) < 0)
        return -1;
    *ret_at_ms = clock_wall_ms() - (clock_monotonic_ms() - partition->high_at_ms);
    return partition->high;
}

void kafka_unanswered(struct kafka *kafka, int slot, struct kafka_unanswered *ret) {
    const struct kafka_partition *partition = kafka_partition_of(kafka, slot);
    *ret = (struct kafka_unanswered){0};
    if (partition == NULL)
        return;
    *ret = (struct kafka_unanswered){
        .topic = partition->topic,
        .partition = partition->number,
        .ms = kafka_partition_unanswered_ms(partition),
        .answered_ms =
            partition->high_at_ms > partition->full_at_ms ? partition->high_at_ms : partition->full_at_ms,
    };
    if (ret->ms > 0)
        kafka_partition_explain_silence(partition, ret->why, sizeof ret->why);
}

int64_t kafka_connection(const struct kafka *kafka, int slot) {
    const struct kafka_partition *partition = kafka_partition_of(kafka, slot);
    return partition != NULL ? partition->connection : 0;
}

struct kafka_place kafka_other_end(const struct kafka *kafka, int slot) {
    const struct kafka_partition *partition = kafka_partition_of(kafka, slot);
    return partition != NULL ? partition->other_end : (struct kafka_place){0};
}

int64_t kafka_describe_open(const struct kafka *kafka, int slot, char *ret, size_t size) {
    const struct kafka_partition *partition = kafka_partition_of(kafka, slot);
    return partition != NULL ? kafka_partition_describe_open(partition, ret, size) : 0;
}

int64_t kafka_position(struct kafka *kafka, int slot) {
    struct kafka_partition *partition = kafka_partition_of(kafka, slot);
    return partition != NULL && kafka_partition_at_end(partition) ? partition->end_offset : -1;
}

void kafka_note_offset(struct kafka *kafka, int slot, int64_t next_offset) {
    struct kafka_partition *partition = kafka_partition_of(kafka, slot);
    if (partition != NULL)
        partition->noted_offset = next_offset;
}

void kafka_commit_noted(struct kafka *kafka) {
    for (int i = 0; i < kafka->partition_count; i++) {
        struct kafka_partition *partition = kafka->partitions[i];
        if (partition == NULL || partition->noted_offset < 0)
            continue;
        partition->commit_offset = partition->noted_offset;
        partition->noted_offset = -1;
    }
    kafka_send_commit(kafka);
}
