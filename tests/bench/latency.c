#define _GNU_SOURCE // strcasestr
// bench-latency --brokers B --prefix P [--http PORT] [--rate N] [--seconds S] -- COMMAND...: publishes the shop's traffic at a
// fixed rate by COMMAND (Feed.java), as a connector's rows come, and asks tidemark for a row of each transaction that has an
// order, over a few HTTP connections, as soon as it is handed over: a new topic's offsets are known before the broker gives
// them, so the question waits (after_offset, wait_ms) when the row comes. Without --http a bare consumer with tidemark's
// settings reads the topics in its place. The topics must be new to tidemark, and stamp with the broker's time
// (LogAppendTime). Prints percentiles, in milliseconds, of broker's timestamp to answer, of handing over to answer, and of
// the broker's newest timestamp in the row's transaction to answer: before all of it is there no answer may show the row. In
// place of the answer the bare consumer has all of the transaction.
#include "tests/bench/consumer.h"
#include "tests/bench/feed.h"
#include "tests/bench/shop.h"
#include "views/base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SENT_MAX = 1 << 20, // messages; in a partition too
    WAIT_MS = 5000,
    TICK_NS = 500000,
    BARE_WAIT_MS = 1000, // for the next message, once all were sent
    ASKERS = 8,          // each waits about as long as the producer lingers
    RESPONSE_MAX = 65536,
    NAME_MAX_SIZE = 256,
    START_MAX_S = 60, // of the producer
    WARM_UP_S = 5,    // also of Java's compiler
};

// A message.
struct sent {
    int transaction;
    enum shop_topic topic;
    int32_t partition;
    int64_t expected;  // offset, in a new topic
    int64_t offset;    // as the broker gave it
    int64_t broker_us; // -1 = not stamped
    int64_t sent_us;
};

// A row whose visibility is measured: the first of an order in its transaction.
struct sample {
    const struct sent *row;
    int64_t id;
    int64_t seen_us;
};

struct bench {
    const char *brokers;
    const char *prefix;
    char *const *command;
    int port; // 0 = a bare consumer reads
    double rate;
    double seconds;
    int64_t begin_us; // of what is measured, INT64_MAX = it is not known yet
    char topics[SHOP_TOPICS][NAME_MAX_SIZE];
    struct feed *feed;
    int64_t next_offset[SHOP_TOPICS][SHOP_PARTITIONS];
    struct sent *sent; // by number
    int sent_count;
    int transaction; // that is published now
    struct sample *samples;
    int sample_count;
    pthread_mutex_t lock; // of the six that follow
    pthread_cond_t changed;
    bool told;   // the producer has sent something
    int asked;   // samples that an asker has taken
    int flushed; // that the producer has
    bool ended;
    struct error observer_error;
    int64_t *arrived_us[SHOP_TOPICS][SHOP_PARTITIONS]; // by offset: at the bare consumer
};

static int64_t now_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void on_told(void *self, const struct feed_told *message) {
    struct bench *bench = self;
    struct sent *sent = &bench->sent[message->number];
    sent->offset = message->offset;
    sent->broker_us = message->stamped_ms < 0 ? -1 : message->stamped_ms * 1000;
    if (message->number > 0)
        return;
    (void)pthread_mutex_lock(&bench->lock);
    bench->told = true;
    (void)pthread_cond_broadcast(&bench->changed);
    (void)pthread_mutex_unlock(&bench->lock);
}

static void fail(struct bench *bench, const struct error *error) {
    (void)pthread_mutex_lock(&bench->lock);
    if (bench->observer_error.kind == ERROR_NONE)
        bench->observer_error = *error;
    (void)pthread_mutex_unlock(&bench->lock);
}

// --- the askers

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

static int ask(struct bench *bench, int fd, char *response, struct sample *sample, struct error *error) {
    char request[512];
    int size = snprintf(request, sizeof request,
                        "GET /v1/tables/orders?id=%" PRId64 "&after_offset=%s:%d:%" PRId64
                        "&wait_ms=%d HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        sample->id, bench->topics[SHOP_ORDERS], sample->row->partition, sample->row->expected,
                        WAIT_MS);
    if (send(fd, request, (size_t)size, MSG_NOSIGNAL) != size)
        return error_set(error, ERROR_SYSTEM, "the request cannot be sent");
    int status = read_response(fd, response);
    sample->seen_us = now_us();
    return status == 200 ? 0 : error_set(error, ERROR_SYSTEM, "status %d: %.300s", status, response);
}

// The oldest that nobody has asked for; NULL at the end.
static struct sample *take_sample(struct bench *bench) {
    (void)pthread_mutex_lock(&bench->lock);
    while (bench->asked == bench->flushed && !bench->ended)
        (void)pthread_cond_wait(&bench->changed, &bench->lock);
    struct sample *sample = bench->asked < bench->flushed ? &bench->samples[bench->asked++] : NULL;
    (void)pthread_mutex_unlock(&bench->lock);
    return sample;
}

static void *ask_loop(void *self) {
    struct bench *bench = self;
    struct error error = {0};
    char response[RESPONSE_MAX];
    struct sample *sample = take_sample(bench); // who connects sooner asks nothing for too long
    int fd = connect_http(bench->port, &error);
    for (; error.kind == ERROR_NONE && sample != NULL; sample = take_sample(bench))
        (void)ask(bench, fd, response, sample, &error);
    if (error.kind != ERROR_NONE)
        fail(bench, &error);
    if (fd >= 0)
        (void)close(fd);
    return NULL;
}

// --- the bare consumer

static void note_arrival(struct bench *bench, const rd_kafka_message_t *message) {
    int64_t now = now_us();
    const char *name = rd_kafka_topic_name(message->rkt);
    for (int topic = 0; topic < SHOP_TOPICS; topic++)
        if (message->partition < SHOP_PARTITIONS && message->offset < SENT_MAX &&
            strcmp(bench->topics[topic], name) == 0)
            bench->arrived_us[topic][message->partition][message->offset] = now;
}

static bool has_ended(struct bench *bench) {
    (void)pthread_mutex_lock(&bench->lock);
    bool ended = bench->ended;
    (void)pthread_mutex_unlock(&bench->lock);
    return ended;
}

static void *bare_loop(void *self) {
    static const struct kafka_setting none[] = {{NULL, NULL}};
    struct bench *bench = self;
    struct error error = {0};
    int partitions;
    rd_kafka_t *kafka = consumer_open(bench->brokers, true, none, &error);
    if (kafka != NULL)
        (void)consumer_assign(kafka, bench->prefix, &partitions, &error);
    rd_kafka_message_t *message = NULL;
    while (error.kind == ERROR_NONE && (message != NULL || !has_ended(bench))) {
        message = rd_kafka_consumer_poll(kafka, BARE_WAIT_MS);
        if (message == NULL)
            continue;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            note_arrival(bench, message);
        else if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
            (void)error_set(&error, ERROR_BROKER, "%s", rd_kafka_message_errstr(message));
        rd_kafka_message_destroy(message);
    }
    if (error.kind != ERROR_NONE)
        fail(bench, &error);
    if (kafka != NULL) {
        (void)rd_kafka_consumer_close(kafka);
        rd_kafka_destroy(kafka);
    }
    return NULL;
}

// --- the producer

static int publish(struct bench *bench, const struct shop *shop, const struct shop_message *message,
                   struct error *error) {
    if (bench->sent_count == SENT_MAX)
        return error_set(error, ERROR_USAGE, "more than %d messages: a lower --rate, or fewer --seconds",
                         SENT_MAX);
    struct sent *sent = &bench->sent[bench->sent_count++];
    *sent = (struct sent){.transaction = bench->transaction,
                          .topic = message->topic,
                          .partition = message->partition,
                          .expected = bench->next_offset[message->topic][message->partition]++,
                          .broker_us = -1,
                          .sent_us = now_us()};
    bool is_measured = message->topic == SHOP_ORDERS && message->is_row && sent->sent_us >= bench->begin_us;
    int last = bench->sample_count - 1;
    if (is_measured && (last < 0 || bench->samples[last].row->transaction < bench->transaction)) {
        int64_t id = strtoll(message->key.data + strlen("{\"id\":"), NULL, 10);
        bench->samples[bench->sample_count++] = (struct sample){.row = sent, .id = id};
    }
    bench->transaction += shop_is_between(shop);
    return feed_send(bench->feed, bench->topics[message->topic], message->partition, message->key,
                     message->value, error);
}

static int flush(struct bench *bench, struct error *error) {
    if (feed_flush(bench->feed, error) != 0)
        return -1;
    (void)pthread_mutex_lock(&bench->lock);
    if (bench->flushed != bench->sample_count)
        (void)pthread_cond_broadcast(&bench->changed);
    bench->flushed = bench->sample_count;
    (void)pthread_mutex_unlock(&bench->lock);
    return 0;
}

// Whole transactions up to so many rows.
static int publish_up_to(struct bench *bench, struct shop *shop, int64_t rows, struct error *error) {
    while (shop_rows(shop) < rows || !shop_is_between(shop)) {
        struct shop_message message;
        if (shop_next(shop, now_us(), &message, error) < 0 || publish(bench, shop, &message, error) != 0)
            return -1;
    }
    return flush(bench, error);
}

// Java's start is no part of what is due.
static int await_producer(struct bench *bench, struct error *error) {
    const struct timespec until = {time(NULL) + START_MAX_S, 0};
    int status = 0;
    (void)pthread_mutex_lock(&bench->lock);
    while (!bench->told && status == 0)
        status = pthread_cond_timedwait(&bench->changed, &bench->lock, &until);
    (void)pthread_mutex_unlock(&bench->lock);
    return status == 0
               ? 0
               : error_set(error, ERROR_TIMEOUT, "the producer has sent nothing within %d s", START_MAX_S);
}

// As they become due.
static int publish_loop(struct bench *bench, struct shop *shop, struct error *error) {
    const struct timespec tick = {0, TICK_NS};
    if (publish_up_to(bench, shop, 1, error) != 0 || await_producer(bench, error) != 0)
        return -1;
    int64_t begin_us = now_us();
    int64_t now;
    bench->begin_us = begin_us + (int64_t)WARM_UP_S * 1000000;
    while ((now = now_us()) < begin_us + (int64_t)(bench->seconds * 1e6)) {
        int64_t due = (int64_t)((double)(now - begin_us) * 1e-6 * bench->rate);
        if (publish_up_to(bench, shop, due, error) != 0)
            return -1;
        (void)nanosleep(&tick, NULL);
    }
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
    (void)printf(",\"%s\":{\"p50\":%.2f,\"p90\":%.2f,\"p99\":%.2f,\"max\":%.2f}", name,
                 (double)durations[count / 2] / 1000, (double)durations[count * 9 / 10] / 1000,
                 (double)durations[count * 99 / 100] / 1000, (double)durations[count - 1] / 1000);
}

static void keep_later(int64_t *time, int64_t other) {
    *time = *time < other ? other : *time;
}

// By transaction: the broker's newest timestamp, and when the bare consumer had all of it.
struct whole {
    int64_t stamped_us;
    int64_t arrived_us;
};

// NULL: no memory.
static struct whole *find_wholes(const struct bench *bench) {
    struct whole *wholes = calloc((size_t)bench->transaction + 1, sizeof *wholes);
    for (int i = 0; wholes != NULL && i < bench->sent_count; i++) {
        const struct sent *sent = &bench->sent[i];
        struct whole *whole = &wholes[sent->transaction];
        const int64_t *arrived_us = bench->arrived_us[sent->topic][sent->partition];
        keep_later(&whole->stamped_us, sent->broker_us);
        if (arrived_us != NULL)
            keep_later(&whole->arrived_us, arrived_us[sent->offset]);
    }
    return wholes;
}

// Every one was stamped, and where a new topic has it.
static int check_samples(const struct bench *bench, struct error *error) {
    for (int i = 0; i < bench->sample_count; i++) {
        const struct sent *row = bench->samples[i].row;
        if (row->broker_us < 0)
            return error_set(error, ERROR_SYSTEM,
                             "the topics do not stamp with the broker's time (LogAppendTime)");
        if (bench->port != 0 && row->offset != row->expected)
            return error_set(error, ERROR_SYSTEM, "%s has messages of somebody else",
                             bench->topics[SHOP_ORDERS]);
    }
    return bench->sample_count > 0
               ? 0
               : error_set(error, ERROR_SYSTEM, "no sample: --seconds must be above %d", WARM_UP_S);
}

static int report(const struct bench *bench, struct error *error) {
    if (check_samples(bench, error) != 0)
        return -1;
    enum { FROM_BROKER, FROM_PRODUCER, FROM_TRANSACTION, MEASURES };
    static const char *const names[] = {[FROM_BROKER] = "from_broker_ms",
                                        [FROM_PRODUCER] = "from_producer_ms",
                                        [FROM_TRANSACTION] = "from_transaction_ms"};
    int count = bench->sample_count;
    CLEANUP(free_any) struct whole *wholes = find_wholes(bench);
    CLEANUP(free_any) int64_t *durations = malloc((size_t)count * MEASURES * sizeof *durations);
    if (wholes == NULL || durations == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int i = 0; i < count; i++) {
        const struct sent *row = bench->samples[i].row;
        const struct whole *whole = &wholes[row->transaction];
        int64_t seen_us = bench->port != 0 ? bench->samples[i].seen_us : whole->arrived_us;
        durations[FROM_BROKER * count + i] = seen_us - row->broker_us;
        durations[FROM_PRODUCER * count + i] = seen_us - row->sent_us;
        durations[FROM_TRANSACTION * count + i] = seen_us - whole->stamped_us;
    }
    (void)printf("{\"samples\":%d,\"rate\":%.0f", count, bench->rate);
    for (int i = 0; i < MEASURES; i++)
        print(names[i], &durations[i * count], count);
    (void)printf("}\n");
    return 0;
}

static int observe(struct bench *bench, struct shop *shop, struct error *error) {
    pthread_t observers[ASKERS];
    int wanted = bench->port != 0 ? ASKERS : 1;
    int count = 0;
    while (count < wanted &&
           pthread_create(&observers[count], NULL, bench->port != 0 ? ask_loop : bare_loop, bench) == 0)
        count++;
    int status = count == wanted ? feed_open(&bench->feed, bench->command, on_told, bench, error)
                                 : error_set(error, ERROR_SYSTEM, "no thread");
    if (status == 0) {
        status = publish_loop(bench, shop, error);
        if (feed_close(&bench->feed, status == 0 ? error : NULL) != 0)
            status = -1;
    }
    (void)pthread_mutex_lock(&bench->lock);
    bench->ended = true;
    (void)pthread_cond_broadcast(&bench->changed);
    (void)pthread_mutex_unlock(&bench->lock);
    while (count > 0)
        (void)pthread_join(observers[--count], NULL);
    if (status == 0 && bench->observer_error.kind != ERROR_NONE) {
        *error = bench->observer_error;
        status = -1;
    }
    return status;
}

static int run(struct bench *bench, struct error *error) {
    CLEANUP(shop_free) struct shop *shop = NULL;
    const struct shop_config config = {
        .prefix = bench->prefix, .seed = (uint64_t)now_us(), .customers = 500, .goods = 100};
    if (shop_new(&shop, &config, error) != 0)
        return -1;
    bench->samples = calloc(SENT_MAX, sizeof *bench->samples);
    bench->sent = calloc(SENT_MAX, sizeof *bench->sent);
    bool enough = bench->samples != NULL && bench->sent != NULL;
    for (int topic = 0; topic < SHOP_TOPICS; topic++) {
        shop_topic_name(shop, (enum shop_topic)topic, bench->topics[topic], NAME_MAX_SIZE);
        for (int i = 0; i < SHOP_PARTITIONS && bench->port == 0; i++) {
            bench->arrived_us[topic][i] = calloc(SENT_MAX, sizeof **bench->arrived_us[topic]);
            enough = enough && bench->arrived_us[topic][i] != NULL;
        }
    }
    if (!enough)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    return observe(bench, shop, error) == 0 ? report(bench, error) : -1;
}

static void bench_done(struct bench *bench) {
    for (int topic = 0; topic < SHOP_TOPICS; topic++)
        for (int i = 0; i < SHOP_PARTITIONS; i++)
            free(bench->arrived_us[topic][i]);
    free(bench->samples);
    free(bench->sent);
}

static void take_option(struct bench *bench, const char *name, const char *value) {
    if (strcmp(name, "--brokers") == 0)
        bench->brokers = value;
    else if (strcmp(name, "--prefix") == 0)
        bench->prefix = value;
    else if (strcmp(name, "--http") == 0)
        bench->port = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "--rate") == 0)
        bench->rate = strtod(value, NULL);
    else if (strcmp(name, "--seconds") == 0)
        bench->seconds = strtod(value, NULL);
}

int main(int argc, char **argv) {
    CLEANUP(bench_done)
    struct bench bench = {
        .rate = 1000, .seconds = 20, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    int i = 1;
    for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2)
        take_option(&bench, argv[i], argv[i + 1]);
    if (bench.brokers == NULL || bench.prefix == NULL || i + 1 >= argc) {
        (void)fprintf(stderr,
                      "usage: bench-latency --brokers B --prefix P [--http PORT] [--rate N] [--seconds S] "
                      "-- COMMAND...\n");
        return 2;
    }
    bench.command = &argv[i + 1];
    (void)signal(SIGPIPE, SIG_IGN); // the producer's process may end early: that is told as an error
    struct error error = {0};
    int status = run(&bench, &error);
    if (status != 0)
        (void)fprintf(stderr, "bench-latency: %s\n", error.message);
    return status == 0 ? 0 : 1;
}
