#define _GNU_SOURCE // strcasestr
// bench-latency --brokers B --prefix P --http PORT --rate N --seconds S: publishes the shop's traffic at a
// fixed rate and asks tidemark over one HTTP connection for rows just published, waiting for their offsets
// (after_offset, wait_ms). The topics must stamp with the broker's time (LogAppendTime). Prints percentiles,
// in milliseconds, of broker's timestamp to answer, of handing to the producer to answer, and of the broker's
// newest timestamp in the row's transaction to answer: before all of it is there no answer may show the row.
#include "tests/bench/producer.h"
#include "tests/bench/shop.h"
#include "views/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SAMPLES_MAX = 1 << 20,
    TRANSACTIONS_MAX = 1 << 20,
    WAIT_MS = 5000,
    TICK_NS = 500000,
    FLUSH_MS = 10000,
    RESPONSE_MAX = 65536,
    WARM_UP_S = 2,
};

// A message.
struct sent {
    int64_t id; // of a row of an order, else 0
    int transaction;
    int32_t partition;
    int64_t offset;
    int64_t broker_us;
    int64_t sent_us;
};

struct sample {
    struct sent row;
    int64_t answered_us;
};

struct bench {
    const char *brokers;
    const char *prefix;
    int port;
    double rate;
    double seconds;
    rd_kafka_t *kafka;
    rd_kafka_topic_t *topics[SHOP_TOPICS];
    pthread_mutex_t lock;
    pthread_cond_t delivered;
    struct sent newest; // an order that the broker has; taken by the asker
    bool ended;
    int transaction;  // that is published now
    int64_t *last_us; // by transaction: the broker's newest timestamp in it
    struct sample *samples;
    int sample_count;
    struct error asker_error;
};

static int64_t now_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void on_delivery(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *opaque) {
    (void)kafka;
    struct bench *bench = opaque;
    struct sent *sent = message->_private;
    rd_kafka_timestamp_type_t type;
    sent->broker_us = rd_kafka_message_timestamp(message, &type) * 1000;
    bool is_stamped =
        message->err == RD_KAFKA_RESP_ERR_NO_ERROR && type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    int64_t *last_us = &bench->last_us[sent->transaction];
    if (is_stamped && *last_us < sent->broker_us)
        *last_us = sent->broker_us;
    if (is_stamped && sent->id != 0) {
        sent->partition = message->partition;
        sent->offset = message->offset;
        (void)pthread_mutex_lock(&bench->lock);
        bench->newest = *sent;
        (void)pthread_cond_signal(&bench->delivered);
        (void)pthread_mutex_unlock(&bench->lock);
    }
    free(sent);
}

// --- the asker

static int connect_http(int port, struct error *error) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int yes = 1;
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)error_set(error, ERROR_SYSTEM, "127.0.0.1:%d: %s", port, strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    return fd;
}

// Reads one response whole; its status, or -1.
static int read_response(int fd, char *text) {
    size_t have = 0;
    for (;;) {
        ssize_t more = recv(fd, text + have, RESPONSE_MAX - 1 - have, 0);
        if (more <= 0)
            return -1;
        have += (size_t)more;
        text[have] = '\0';
        const char *body = strstr(text, "\r\n\r\n");
        const char *length = strcasestr(text, "content-length:");
        if (body != NULL && length != NULL && length < body &&
            have >= (size_t)(body + 4 - text) + strtoul(length + strlen("content-length:"), NULL, 10))
            return (int)strtol(text + strlen("HTTP/1.1 "), NULL, 10);
    }
}

static int ask(struct bench *bench, int fd, const struct sent *sent, struct error *error) {
    static char response[RESPONSE_MAX];
    char request[512];
    int size = snprintf(request, sizeof request,
                        "GET /v1/tables/orders?id=%" PRId64 "&after_offset=%s.public.orders:%d:%" PRId64
                        "&wait_ms=%d HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        sent->id, bench->prefix, sent->partition, sent->offset, WAIT_MS);
    if (send(fd, request, (size_t)size, MSG_NOSIGNAL) != size)
        return error_set(error, ERROR_SYSTEM, "the request cannot be sent");
    int status = read_response(fd, response);
    int64_t now = now_us();
    if (status != 200)
        return error_set(error, ERROR_SYSTEM, "status %d: %.300s", status, response);
    if (bench->sample_count < SAMPLES_MAX)
        bench->samples[bench->sample_count++] = (struct sample){*sent, now};
    return 0;
}

static void *ask_loop(void *self) {
    struct bench *bench = self;
    int fd = connect_http(bench->port, &bench->asker_error);
    int64_t begin_us = now_us() + (int64_t)WARM_UP_S * 1000000;
    bool failed = fd < 0;
    while (!failed) {
        (void)pthread_mutex_lock(&bench->lock);
        while (bench->newest.id == 0 && !bench->ended)
            (void)pthread_cond_wait(&bench->delivered, &bench->lock);
        struct sent sent = bench->newest;
        bench->newest.id = 0;
        bool ended = bench->ended;
        (void)pthread_mutex_unlock(&bench->lock);
        if (ended)
            break;
        if (sent.sent_us >= begin_us)
            failed = ask(bench, fd, &sent, &bench->asker_error) != 0;
    }
    if (fd >= 0)
        (void)close(fd);
    return NULL;
}

// --- the producer

static int open_kafka(struct bench *bench, struct error *error) {
    static const struct producer_setting settings[] = {
        {"enable.idempotence", "true"}, {"linger.ms", "0"}, {NULL, NULL}};
    bench->kafka = producer_open(bench->brokers, settings, on_delivery, bench, error);
    return bench->kafka != NULL ? 0 : -1;
}

static int publish(struct bench *bench, const struct shop *shop, const struct shop_message *message,
                   struct error *error) {
    struct sent *sent = calloc(1, sizeof *sent);
    if (sent == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    sent->transaction = bench->transaction;
    sent->sent_us = now_us();
    if (message->topic == SHOP_ORDERS && message->is_row)
        sent->id = strtoll(message->key.data + strlen("{\"id\":"), NULL, 10);
    if (rd_kafka_produce(bench->topics[message->topic], message->partition, RD_KAFKA_MSG_F_COPY,
                         (void *)(uintptr_t)message->value.data, message->value.size, message->key.data,
                         message->key.size, sent) != 0) {
        free(sent);
        return error_set(error, ERROR_BROKER, "%s", rd_kafka_err2str(rd_kafka_last_error()));
    }
    bench->transaction += shop_is_between(shop) && bench->transaction < TRANSACTIONS_MAX - 1;
    return 0;
}

// Whole transactions, as they become due.
static int publish_loop(struct bench *bench, struct shop *shop, struct error *error) {
    const struct timespec tick = {0, TICK_NS};
    int64_t begin_us = now_us();
    int64_t now;
    while ((now = now_us()) < begin_us + (int64_t)(bench->seconds * 1e6)) {
        int64_t due = (int64_t)((double)(now - begin_us) * 1e-6 * bench->rate);
        while (shop_rows(shop) < due || !shop_is_between(shop)) {
            struct shop_message message;
            if (shop_next(shop, now, &message, error) < 0 || publish(bench, shop, &message, error) != 0)
                return -1;
        }
        (void)rd_kafka_poll(bench->kafka, 0);
        (void)nanosleep(&tick, NULL);
    }
    (void)rd_kafka_flush(bench->kafka, FLUSH_MS);
    return 0;
}

// --- what came of it

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void print(const char *name, int64_t *durations, int count) {
    qsort(durations, (size_t)count, sizeof *durations, compare);
    (void)printf("\"%s\":{\"p50\":%.2f,\"p90\":%.2f,\"p99\":%.2f,\"max\":%.2f}", name,
                 (double)durations[count / 2] / 1000, (double)durations[count * 9 / 10] / 1000,
                 (double)durations[count * 99 / 100] / 1000, (double)durations[count - 1] / 1000);
}

static int report(const struct bench *bench, struct error *error) {
    int count = bench->sample_count;
    CLEANUP(free_any) int64_t *durations = malloc((size_t)count * sizeof *durations);
    if (durations == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    (void)printf("{\"samples\":%d,\"rate\":%.0f,", count, bench->rate);
    for (int i = 0; i < count; i++)
        durations[i] = bench->samples[i].answered_us - bench->samples[i].row.broker_us;
    print("from_broker_ms", durations, count);
    (void)printf(",");
    for (int i = 0; i < count; i++)
        durations[i] = bench->samples[i].answered_us - bench->samples[i].row.sent_us;
    print("from_producer_ms", durations, count);
    (void)printf(",");
    for (int i = 0; i < count; i++)
        durations[i] = bench->samples[i].answered_us - bench->last_us[bench->samples[i].row.transaction];
    print("from_transaction_ms", durations, count);
    (void)printf("}\n");
    return 0;
}

static int run(struct bench *bench, struct error *error) {
    CLEANUP(shop_free) struct shop *shop = NULL;
    const struct shop_config config = {
        .prefix = bench->prefix, .seed = (uint64_t)now_us(), .customers = 500, .goods = 100};
    bench->samples = calloc(SAMPLES_MAX, sizeof *bench->samples);
    bench->last_us = calloc(TRANSACTIONS_MAX, sizeof *bench->last_us);
    if (bench->samples == NULL || bench->last_us == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (shop_new(&shop, &config, error) != 0 || open_kafka(bench, error) != 0)
        return -1;
    for (int i = 0; i < SHOP_TOPICS; i++) {
        char name[256];
        shop_topic_name(shop, (enum shop_topic)i, name, sizeof name);
        bench->topics[i] = rd_kafka_topic_new(bench->kafka, name, NULL);
    }
    pthread_t asker;
    if (pthread_create(&asker, NULL, ask_loop, bench) != 0)
        return error_set(error, ERROR_SYSTEM, "no thread");
    int status = publish_loop(bench, shop, error);
    (void)pthread_mutex_lock(&bench->lock);
    bench->ended = true;
    (void)pthread_cond_signal(&bench->delivered);
    (void)pthread_mutex_unlock(&bench->lock);
    (void)pthread_join(asker, NULL);
    for (int i = 0; i < SHOP_TOPICS; i++)
        rd_kafka_topic_destroy(bench->topics[i]);
    rd_kafka_destroy(bench->kafka);
    if (status == 0 && (bench->asker_error.kind != ERROR_NONE || bench->sample_count == 0)) {
        *error = bench->asker_error;
        status = bench->asker_error.kind != ERROR_NONE
                     ? -1
                     : error_set(error, ERROR_SYSTEM, "no sample: do the topics stamp with LogAppendTime?");
    }
    return status;
}

int main(int argc, char **argv) {
    struct bench bench = {.rate = 1000,
                          .seconds = 15,
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .delivered = PTHREAD_COND_INITIALIZER};
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--brokers") == 0)
            bench.brokers = argv[i + 1];
        else if (strcmp(argv[i], "--prefix") == 0)
            bench.prefix = argv[i + 1];
        else if (strcmp(argv[i], "--http") == 0)
            bench.port = (int)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--rate") == 0)
            bench.rate = strtod(argv[i + 1], NULL);
        else if (strcmp(argv[i], "--seconds") == 0)
            bench.seconds = strtod(argv[i + 1], NULL);
    }
    struct error error = {0};
    if (bench.brokers == NULL || bench.prefix == NULL || bench.port == 0) {
        (void)fprintf(stderr,
                      "usage: bench-latency --brokers B --prefix P --http PORT [--rate N] [--seconds S]\n");
        return 2;
    }
    int status = run(&bench, &error);
    if (status == 0)
        status = report(&bench, &error);
    if (status != 0)
        (void)fprintf(stderr, "bench-latency: %s\n", error.message);
    free(bench.samples);
    free(bench.last_us);
    return status == 0 ? 0 : 1;
}
