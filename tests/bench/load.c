// bench-load: the shop's traffic into a broker, or into a capture.
//   bench-load --prefix P --events N [--seed S] [--schemas CAPTURE] [--growing] [--small] [--no-transactions]
//              [--form envelopes|unwrapped|mariadb] [--undeclared COLUMNS] [--customers N] --brokers HOST:PORT
//   bench-load ... --capture FILE
// Prints what was sent and what the source holds at the end, as one JSON object.
#include "tests/bench/producer.h"
#include "tests/bench/shop.h"
#include "views/base/buffer.h"
#include "views/base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

enum {
    POLL_EVERY = 1000, // messages
    FLUSH_MS = 120000,
    FULL_WAIT_MS = 100,
    SMALL_CUSTOMERS = 500,
    SMALL_GOODS = 100,
};

struct sink {
    const struct shop *shop;
    rd_kafka_t *kafka;
    rd_kafka_topic_t *topics[SHOP_TOPICS];
    int64_t failed;
    FILE *capture;
    struct buffer line;
    int64_t offsets[SHOP_TOPICS][SHOP_PARTITIONS];
    int64_t messages;
    int64_t rows[SHOP_TABLES];
    int64_t bytes;
};

static void delivered(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *opaque) {
    (void)kafka;
    struct sink *sink = opaque;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && sink->failed++ == 0)
        (void)fprintf(stderr, "bench-load: %s\n", rd_kafka_err2str(message->err));
}

static int open_kafka(struct sink *sink, const char *brokers, struct error *error) {
    // the order of a partition is the source's: one producer, each message once
    static const struct producer_setting settings[] = {{"enable.idempotence", "true"},
                                                       {"linger.ms", "20"},
                                                       {"batch.size", "524288"},
                                                       {"batch.num.messages", "10000"},
                                                       {"queue.buffering.max.messages", "200000"},
                                                       {"queue.buffering.max.kbytes", "262144"},
                                                       {NULL, NULL}};
    sink->kafka = producer_open(brokers, settings, delivered, sink, error);
    if (sink->kafka == NULL)
        return -1;
    for (int i = 0; i < SHOP_TOPICS; i++) {
        char name[256];
        shop_topic_name(sink->shop, (enum shop_topic)i, name, sizeof name);
        sink->topics[i] = rd_kafka_topic_new(sink->kafka, name, NULL);
    }
    return 0;
}

static int send_message(struct sink *sink, const struct shop_message *message, struct error *error) {
    while (rd_kafka_produce(sink->topics[message->topic], message->partition, RD_KAFKA_MSG_F_COPY,
                            (void *)(uintptr_t)message->value.data, message->value.size, message->key.data,
                            message->key.size, NULL) != 0) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return error_set(error, ERROR_BROKER, "%s", rd_kafka_err2str(rd_kafka_last_error()));
        (void)rd_kafka_poll(sink->kafka, FULL_WAIT_MS);
    }
    if (sink->messages % POLL_EVERY == 0)
        (void)rd_kafka_poll(sink->kafka, 0);
    return 0;
}

static int write_line(struct sink *sink, const struct shop_message *message, struct error *error) {
    char topic[256];
    shop_topic_name(sink->shop, message->topic, topic, sizeof topic);
    buffer_clear(&sink->line);
    buffer_format(
        &sink->line,
        "{\"topic\":\"%s\",\"partition\":%d,\"offset\":%" PRId64 ",\"ts\":%" PRId64 ",\"key\":", topic,
        message->partition, sink->offsets[message->topic][message->partition]++, message->ts_ms);
    buffer_json_string(&sink->line, message->key);
    buffer_text(&sink->line, ",\"value\":");
    if (message->value.data == NULL)
        buffer_text(&sink->line, "null");
    else
        buffer_json_string(&sink->line, message->value);
    buffer_text(&sink->line, "}\n");
    if (sink->line.failed || fwrite(sink->line.data, 1, sink->line.size, sink->capture) != sink->line.size)
        return error_set(error, ERROR_SYSTEM, "the capture cannot be written: %s", strerror(errno));
    return 0;
}

static int close_sink(struct sink *sink, struct error *error) {
    int status = 0;
    if (sink->capture != NULL && fclose(sink->capture) != 0)
        status = error_set(error, ERROR_SYSTEM, "the capture cannot be written: %s", strerror(errno));
    if (sink->kafka != NULL) {
        if (rd_kafka_flush(sink->kafka, FLUSH_MS) != RD_KAFKA_RESP_ERR_NO_ERROR || sink->failed > 0)
            status = error_set(error, ERROR_BROKER, "not every message was taken by the broker");
        for (int i = 0; i < SHOP_TOPICS; i++)
            rd_kafka_topic_destroy(sink->topics[i]);
        rd_kafka_destroy(sink->kafka);
    }
    buffer_free(&sink->line);
    return status;
}

static int load(struct shop *shop, struct sink *sink, struct error *error) {
    struct shop_message message;
    int more;
    while ((more = shop_next(shop, 0, &message, error)) == 1) {
        sink->messages++;
        if (message.is_row)
            sink->rows[message.topic]++;
        sink->bytes += (int64_t)(message.key.size + message.value.size);
        int status =
            sink->capture != NULL ? write_line(sink, &message, error) : send_message(sink, &message, error);
        if (status != 0)
            return -1;
    }
    return more;
}

static int run(const struct shop_config *config, const char *brokers, const char *capture,
               struct error *error) {
    CLEANUP(shop_free) struct shop *shop = NULL;
    if (shop_new(&shop, config, error) != 0)
        return -1;
    struct sink sink = {.shop = shop};
    if (capture != NULL && (sink.capture = fopen(capture, "w")) == NULL)
        return error_set(error, ERROR_SYSTEM, "%s: %s", capture, strerror(errno));
    if (capture == NULL && open_kafka(&sink, brokers, error) != 0)
        return -1;
    int status = load(shop, &sink, error);
    struct error closing;
    if (close_sink(&sink, status == 0 ? error : &closing) != 0 || status != 0)
        return -1;
    (void)printf("{\"events\":%" PRId64 ",\"messages\":%" PRId64 ",\"bytes\":%" PRId64 ",\"rows\":[%" PRId64
                 ",%" PRId64 ",%" PRId64 ",%" PRId64 "],\"truth\":",
                 shop_rows(shop), sink.messages, sink.bytes, sink.rows[0], sink.rows[1], sink.rows[2],
                 sink.rows[3]);
    shop_truth(shop, stdout);
    (void)printf("}\n");
    return 0;
}

// An option without a value.
static bool take_flag(struct shop_config *config, const char *name) {
    if (strcmp(name, "--growing") == 0)
        config->growing = true;
    else if (strcmp(name, "--no-transactions") == 0)
        config->no_transactions = true;
    else if (strcmp(name, "--small") == 0) {
        config->customers = SMALL_CUSTOMERS;
        config->goods = SMALL_GOODS;
    } else
        return false;
    return true;
}

static bool take_form(struct shop_config *config, const char *value) {
    static const char *const names[] = {
        [SHOP_ENVELOPES] = "envelopes", [SHOP_UNWRAPPED] = "unwrapped", [SHOP_MARIADB] = "mariadb"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(value, names[i]) == 0) {
            config->form = (enum shop_form)i;
            return true;
        }
    return false;
}

static bool take_option(struct shop_config *config, const char *name, const char *value) {
    if (strcmp(name, "--prefix") == 0)
        config->prefix = value;
    else if (strcmp(name, "--events") == 0)
        config->events = strtoll(value, NULL, 10);
    else if (strcmp(name, "--seed") == 0)
        config->seed = strtoull(value, NULL, 10);
    else if (strcmp(name, "--schemas") == 0)
        config->schemas = value;
    else if (strcmp(name, "--undeclared") == 0)
        config->undeclared = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "--customers") == 0)
        config->customers = (int)strtol(value, NULL, 10);
    else
        return strcmp(name, "--form") == 0 && take_form(config, value);
    return true;
}

int main(int argc, char **argv) {
    struct shop_config config = {.prefix = "bench", .seed = 1, .events = 1000000};
    const char *brokers = NULL;
    const char *capture = NULL;
    bool usable = true;
    for (int i = 1; i < argc && usable; i++) {
        if (take_flag(&config, argv[i]))
            continue;
        const char *name = argv[i++];
        const char *value = i < argc ? argv[i] : NULL;
        if (value != NULL && strcmp(name, "--brokers") == 0)
            brokers = value;
        else if (value != NULL && strcmp(name, "--capture") == 0)
            capture = value;
        else
            usable = value != NULL && take_option(&config, name, value);
    }
    if (!usable || (brokers == NULL) == (capture == NULL)) {
        (void)fprintf(
            stderr,
            "usage: bench-load --prefix P --events N [--seed S] [--schemas CAPTURE] [--growing] [--small]\n"
            "                  [--no-transactions] [--form envelopes|unwrapped|mariadb] [--undeclared COLUMNS]\n"
            "                  [--customers N] (--brokers HOST:PORT | --capture FILE)\n");
        return 2;
    }
    struct error error = {0};
    if (run(&config, brokers, capture, &error) == 0)
        return 0;
    (void)fprintf(stderr, "bench-load: %s\n", error.message);
    return 1;
}
