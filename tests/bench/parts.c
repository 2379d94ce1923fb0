// bench-parts: what each part costs alone, on the messages that `tidemark run` gets.
//   consume --brokers HOST:PORT --prefix P [--settings ours] [-X name=value]...
//       librdkafka, with its own settings or with tidemark's
//   decode --events N [--schemas CAPTURE]
//       the envelope decoder, on messages in memory
//   store --events N
//       SQLite with our statements and triggers, on decoded changes in memory
// Prints one JSON object.
#include "consumer/decode/envelope.h"
#include "consumer/decode/topic_role.h"
#include "tests/bench/consumer.h"
#include "tests/bench/shop.h"
#include "views/base/cleanup.h"
#include "views/engine/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    CHUNK_MESSAGES = 20000, // made, then measured; for the store also a commit
    CONSUME_BATCH = 1000,
    WAIT_MS = 1000,
    OVERRIDES_MAX = 16,
};

struct result {
    int64_t events;
    int64_t messages;
    int64_t bytes;
    double cpu_s;
    double wall_s;
};

static double now_s(clockid_t clock) {
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void begin(struct result *result) {
    result->cpu_s -= now_s(CLOCK_PROCESS_CPUTIME_ID);
    result->wall_s -= now_s(CLOCK_MONOTONIC);
}

static void end(struct result *result) {
    result->cpu_s += now_s(CLOCK_PROCESS_CPUTIME_ID);
    result->wall_s += now_s(CLOCK_MONOTONIC);
}

// --- consume

// Those of `tidemark run`, or librdkafka's own; and -X properties: to try out others
static bool our_settings;
static struct kafka_setting overrides[OVERRIDES_MAX + 1];
static int override_count;

static int consume(const char *brokers, const char *prefix, struct result *result, struct error *error) {
    begin(result);
    rd_kafka_t *kafka = consumer_open(brokers, our_settings, overrides, error);
    if (kafka == NULL)
        return -1;
    int open = 0;
    int status = consumer_assign(kafka, prefix, &open, error);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(kafka);
    while (status == 0 && open > 0) {
        rd_kafka_message_t *messages[CONSUME_BATCH];
        ssize_t count = rd_kafka_consume_batch_queue(queue, WAIT_MS, messages, CONSUME_BATCH);
        for (ssize_t i = 0; i < count; i++) {
            if (messages[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
                open--;
            else if (messages[i]->err != RD_KAFKA_RESP_ERR_NO_ERROR)
                status = error_set(error, ERROR_BROKER, "%s", rd_kafka_message_errstr(messages[i]));
            else {
                result->messages++;
                result->bytes += (int64_t)(messages[i]->len + messages[i]->key_len);
                const char *topic = rd_kafka_topic_name(messages[i]->rkt);
                result->events +=
                    messages[i]->payload != NULL && strcmp(topic + strlen(prefix), ".transaction") != 0;
            }
            rd_kafka_message_destroy(messages[i]);
        }
    }
    end(result);
    rd_kafka_queue_destroy(queue);
    (void)rd_kafka_consumer_close(kafka);
    rd_kafka_destroy(kafka);
    return status;
}

// --- messages in memory

struct chunk {
    struct arena bytes;
    struct message messages[CHUNK_MESSAGES];
    enum shop_topic topics[CHUNK_MESSAGES];
    int count;
};

static int copy_span(struct arena *arena, struct span from, struct span *ret) {
    char *copy = from.data != NULL ? arena_take(arena, from.size) : NULL;
    if (from.data != NULL && copy == NULL)
        return -1;
    if (copy != NULL)
        memcpy(copy, from.data, from.size);
    *ret = (struct span){copy, from.size};
    return 0;
}

static int fill(struct chunk *chunk, struct shop *shop, struct result *result, struct error *error) {
    arena_reset(&chunk->bytes);
    chunk->count = 0;
    struct shop_message made;
    // a commit ends with a transaction
    while (chunk->count < CHUNK_MESSAGES - 100 || !shop_is_between(shop)) {
        int more = shop_next(shop, 0, &made, error);
        if (more <= 0)
            return more;
        struct message *message = &chunk->messages[chunk->count];
        *message =
            (struct message){.slot = (int)made.topic * SHOP_PARTITIONS + made.partition, .ts_ms = made.ts_ms};
        if (copy_span(&chunk->bytes, made.key, &message->key) != 0 ||
            copy_span(&chunk->bytes, made.value, &message->value) != 0)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        chunk->topics[chunk->count++] = made.topic;
        result->messages++;
        result->events += made.is_row;
        result->bytes += (int64_t)(made.key.size + made.value.size);
    }
    return 1;
}

struct bench {
    struct catalog *catalog;
    struct shop *shop;
    struct chunk *chunk;
    struct envelope_decoder *decoder;
    struct event event;
    const struct table *tables[SHOP_TABLES];
};

static void bench_done(struct bench *bench) {
    event_done(&bench->event);
    envelope_decoder_free(&bench->decoder);
    if (bench->chunk != NULL)
        arena_free(&bench->chunk->bytes);
    free(bench->chunk);
    shop_free(&bench->shop);
    catalog_free(&bench->catalog);
}

static int bench_init(struct bench *bench, const struct shop_config *config, struct error *error) {
    static const char *const names[SHOP_TABLES] = {"orders", "inventory", "customers", "points"};
    bench->chunk = calloc(1, sizeof *bench->chunk);
    if (bench->chunk == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    if (catalog_load(NULL, NULL, &bench->catalog, error) != 0 || shop_new(&bench->shop, config, error) != 0 ||
        event_init(&bench->event, bench->catalog, error) != 0)
        return -1;
    for (int i = 0; i < SHOP_TABLES; i++)
        bench->tables[i] = catalog_table(bench->catalog, names[i], strlen(names[i]));
    const struct envelope_config envelope = {.catalog = bench->catalog, .settings = &value_settings_default};
    return envelope_decoder_new(&bench->decoder, &envelope, error);
}

static int decode_message(struct bench *bench, int i, struct error *error) {
    enum shop_topic topic = bench->chunk->topics[i];
    bool table = topic < SHOP_TABLES;
    return envelope_decode(bench->decoder, table ? TOPIC_TABLE : TOPIC_TRANSACTION,
                           table ? bench->tables[topic] : NULL, &bench->chunk->messages[i], &bench->event,
                           error);
}

static int decode(const struct shop_config *config, struct result *result, struct error *error) {
    CLEANUP(bench_done) struct bench bench = {0};
    if (bench_init(&bench, config, error) != 0)
        return -1;
    int more = 1;
    while (more == 1) {
        if ((more = fill(bench.chunk, bench.shop, result, error)) < 0)
            return -1;
        begin(result);
        for (int i = 0; i < bench.chunk->count; i++)
            if (decode_message(&bench, i, error) != 0)
                return -1;
        end(result);
    }
    return 0;
}

// --- store

struct decoded {
    struct arena arena;
    struct change changes[CHUNK_MESSAGES];
    int count;
    struct change ends[CHUNK_MESSAGES]; // changes[i] is followed by this END when its txid is not 0
};

static int keep_change(struct decoded *decoded, const struct change *change, struct error *error) {
    size_t columns = (size_t)change->table->column_count;
    struct value *values = arena_take(&decoded->arena, columns * sizeof *values);
    if (values == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    memcpy(values, change->values, columns * sizeof *values);
    for (size_t i = 0; i < columns; i++)
        if ((values[i].kind == VALUE_TEXT || values[i].kind == VALUE_BLOB) &&
            copy_span(&decoded->arena, values[i].bytes, &values[i].bytes) != 0)
            return error_set(error, ERROR_SYSTEM, "out of memory");
    decoded->changes[decoded->count] = *change;
    decoded->changes[decoded->count].values = values;
    decoded->ends[decoded->count++].txid = 0;
    return 0;
}

static int decode_chunk(struct bench *bench, struct decoded *decoded, struct error *error) {
    arena_reset(&decoded->arena);
    decoded->count = 0;
    for (int i = 0; i < bench->chunk->count; i++) {
        if (decode_message(bench, i, error) != 0)
            return -1;
        const struct event *event = &bench->event;
        if (event->kind == EVENT_CHANGE && keep_change(decoded, &event->change, error) != 0)
            return -1;
        if (event->kind == EVENT_END && decoded->count > 0)
            decoded->ends[decoded->count - 1] = event->change;
    }
    return 0;
}

static int apply_chunk(struct store *store, const struct decoded *decoded, int64_t total,
                       struct error *error) {
    struct store_commit commit = {.lsn = LSN_NONE,
                                  .txid = -1,
                                  .transactional = true,
                                  .applied_total = total,
                                  .offsets = SPAN("{\"bench.public.orders\":[1,2,3]}")};
    store_begin(store);
    for (int i = 0; i < decoded->count; i++) {
        enum store_outcome outcome;
        if (store_apply(store, &decoded->changes[i], &outcome, error) != 0)
            return -1;
        const struct change *last = &decoded->ends[i];
        if (last->txid != 0) {
            if (store_transaction_end(store, last->txid, last->lsn, error) != 0)
                return -1;
            commit.lsn = last->lsn;
            commit.txid = last->txid;
        }
    }
    commit.sequence = (struct store_sequence){commit.lsn, decoded->changes[decoded->count - 1].ts_ms};
    for (int i = 0; i < SHOP_TABLES * SHOP_PARTITIONS; i++) {
        char topic[32];
        (void)snprintf(topic, sizeof topic, "bench.public.%d", i / SHOP_PARTITIONS);
        const struct store_offset offset = {
            .topic = topic, .partition = i % SHOP_PARTITIONS, .next_offset = total};
        if (store_set_offset(store, &offset, error) != 0)
            return -1;
    }
    return store_commit(store, &commit, error);
}

static int apply_all(struct bench *bench, struct store *store, struct decoded *decoded, struct result *result,
                     struct error *error) {
    int more = 1;
    while (more == 1) {
        if ((more = fill(bench->chunk, bench->shop, result, error)) < 0 ||
            decode_chunk(bench, decoded, error) != 0)
            return -1;
        if (decoded->count == 0)
            break;
        begin(result);
        if (apply_chunk(store, decoded, result->messages, error) != 0 || store_checkpoint(store, error) != 0)
            return -1;
        end(result);
    }
    return 0;
}

static int store_part(const struct shop_config *config, struct result *result, struct error *error) {
    CLEANUP(bench_done) struct bench bench = {0};
    if (bench_init(&bench, config, error) != 0)
        return -1;
    char folder[] = "/tmp/tidemark-bench-XXXXXX";
    struct decoded *decoded = calloc(1, sizeof *decoded);
    if (decoded == NULL || mkdtemp(folder) == NULL) {
        free(decoded);
        return error_set(error, ERROR_SYSTEM, "no memory or no folder in /tmp");
    }
    char path[64];
    (void)snprintf(path, sizeof path, "%s/bench.db", folder);
    struct store *store = NULL;
    struct store_report report;
    int status = store_open(&store, path, bench.catalog, &report, error);
    if (status == 0)
        status = apply_all(&bench, store, decoded, result, error);
    store_close(&store);
    arena_free(&decoded->arena);
    free(decoded);
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lock"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        (void)snprintf(path, sizeof path, "%s/bench.db%s", folder, suffixes[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    return status;
}

// Not getrusage's: that one counts what the process was before it became this program.
static long peak_kb(void) {
    static const char name[] = "VmHWM:";
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    long kb = 0;
    while (status != NULL && kb == 0 && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, name, sizeof name - 1) == 0)
            kb = strtol(line + sizeof name - 1, NULL, 10);
    if (status != NULL)
        (void)fclose(status);
    return kb;
}

int main(int argc, char **argv) {
    struct shop_config config = {.prefix = "bench", .seed = 1, .events = 1000000};
    const char *brokers = NULL;
    const char *part = argc > 1 ? argv[1] : "";
    for (int i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--brokers") == 0)
            brokers = argv[i + 1];
        else if (strcmp(argv[i], "--prefix") == 0)
            config.prefix = argv[i + 1];
        else if (strcmp(argv[i], "--events") == 0)
            config.events = strtoll(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--schemas") == 0)
            config.schemas = argv[i + 1];
        else if (strcmp(argv[i], "--settings") == 0)
            our_settings = strcmp(argv[i + 1], "ours") == 0;
        else if (strcmp(argv[i], "-X") == 0 && override_count < OVERRIDES_MAX) {
            overrides[override_count].name = strtok(argv[i + 1], "=");
            overrides[override_count++].value = strtok(NULL, "");
        } else
            part = "";
    }
    struct error error = {0};
    struct result result = {0};
    int status;
    if (strcmp(part, "consume") == 0 && brokers != NULL)
        status = consume(brokers, config.prefix, &result, &error);
    else if (strcmp(part, "decode") == 0)
        status = decode(&config, &result, &error);
    else if (strcmp(part, "store") == 0)
        status = store_part(&config, &result, &error);
    else {
        (void)fprintf(
            stderr,
            "usage: bench-parts (consume --brokers HOST:PORT --prefix P [--settings ours] [-X name=value]... | "
            "decode --events N [--schemas CAPTURE] | store --events N)\n");
        return 2;
    }
    if (status != 0) {
        (void)fprintf(stderr, "bench-parts %s: %s\n", part, error.message);
        return 1;
    }
    (void)printf("{\"part\":\"%s\",\"events\":%" PRId64 ",\"messages\":%" PRId64 ",\"bytes\":%" PRId64
                 ",\"cpu_s\":%.3f,\"wall_s\":%.3f,\"rss_kb\":%ld}\n",
                 part, result.events, result.messages, result.bytes, result.cpu_s, result.wall_s, peak_kb());
    return 0;
}
