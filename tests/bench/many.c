// bench-many: many tables of many partitions each, or a few with many columns, of a connector without transactions.
//   bench-many --brokers HOST:PORT --prefix P --tables N --partitions N --rows N (in each table) [--columns N (more of
//   each row, of mixed types)] --source FILE
// Makes the topics, fills them, and writes the source.sql that declares the tables. Prints one JSON object.
#include "tests/bench/producer.h"
#include "views/base/buffer.h"
#include "views/base/cleanup.h"
#include "views/base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAIT_MS = 60000,
    TABLES_MAX = 1000,
    NAME_SIZE = 128,
};

struct many {
    const char *brokers;
    const char *prefix;
    const char *source;
    int tables;
    int partitions;
    int rows;
    int columns;
    int64_t bytes; // sent
};

// The columns beyond the first three, by turns.
enum many_type {
    MANY_BIGINT,
    MANY_TEXT,
    MANY_DECIMAL,
    MANY_BOOLEAN,
    MANY_TIMESTAMPTZ,
    MANY_DATE,
    MANY_DOUBLE,
    MANY_JSONB,
    MANY_UUID,
    MANY_INTEGER,
    MANY_TYPES
};
static const char *const many_types[MANY_TYPES] = {"BIGINT",      "TEXT",   "DECIMAL(12, 2)",   "BOOLEAN",
                                                   "TIMESTAMPTZ", "DATE",   "DOUBLE PRECISION", "JSONB",
                                                   "UUID",        "INTEGER"};

static void many_topic(const struct many *many, int table, char *ret) {
    (void)snprintf(ret, NAME_SIZE, "%s.public.table%03d", many->prefix, table);
}

static int many_declare(const struct many *many, struct error *error) {
    FILE *file = fopen(many->source, "w");
    if (file == NULL)
        return error_set(error, ERROR_SYSTEM, "%s: %s", many->source, strerror(errno));
    for (int i = 0; i < many->tables; i++) {
        (void)fprintf(file, "CREATE TABLE table%03d (id BIGINT PRIMARY KEY, name TEXT, size INTEGER", i);
        for (int c = 0; c < many->columns; c++)
            (void)fprintf(file, ", c%03d %s", c, many_types[c % MANY_TYPES]);
        (void)fprintf(file, ");\n");
    }
    return fclose(file) == 0 ? 0 : error_set(error, ERROR_SYSTEM, "%s: %s", many->source, strerror(errno));
}

static rd_kafka_t *many_open(const struct many *many, struct error *error) {
    static const struct producer_setting settings[] = {
        {"linger.ms", "20"}, {"queue.buffering.max.messages", "1000000"}, {NULL, NULL}};
    return producer_open(many->brokers, settings, NULL, NULL, error);
}

static int many_created(rd_kafka_queue_t *queue, struct error *error) {
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, WAIT_MS);
    if (event == NULL)
        return error_set(error, ERROR_BROKER, "no answer to CreateTopics");
    int status = 0;
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        status = error_set(error, ERROR_BROKER, "%s", rd_kafka_event_error_string(event));
    size_t count = 0;
    const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
    const rd_kafka_topic_result_t **topics =
        result != NULL ? rd_kafka_CreateTopics_result_topics(result, &count) : NULL;
    for (size_t i = 0; i < count && status == 0; i++)
        if (rd_kafka_topic_result_error(topics[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
            status = error_set(error, ERROR_BROKER, "%s: %s", rd_kafka_topic_result_name(topics[i]),
                               rd_kafka_err2str(rd_kafka_topic_result_error(topics[i])));
    rd_kafka_event_destroy(event);
    return status;
}

static int many_create(const struct many *many, rd_kafka_t *kafka, struct error *error) {
    rd_kafka_NewTopic_t *topics[TABLES_MAX];
    char text[256] = "";
    for (int i = 0; i < many->tables; i++) {
        char name[NAME_SIZE];
        many_topic(many, i, name);
        topics[i] = rd_kafka_NewTopic_new(name, many->partitions, 1, text, sizeof text);
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(kafka, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    (void)rd_kafka_AdminOptions_set_request_timeout(options, WAIT_MS, text, sizeof text);
    // else it answers before the partitions have leaders
    (void)rd_kafka_AdminOptions_set_operation_timeout(options, WAIT_MS / 2, text, sizeof text);
    rd_kafka_CreateTopics(kafka, topics, (size_t)many->tables, options, queue);
    int status = many_created(queue, error);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy_array(topics, (size_t)many->tables);
    return status;
}

static void many_value(struct buffer *out, enum many_type type, int number) {
    switch (type) {
    case MANY_TEXT:
        buffer_format(out, "\"the text of %d\"", number);
        break;
    case MANY_DECIMAL:
        buffer_format(out, "\"%d.%02d\"", number, number % 100);
        break;
    case MANY_BOOLEAN:
        buffer_text(out, number % 2 == 0 ? "true" : "false");
        break;
    case MANY_TIMESTAMPTZ:
        buffer_format(out, "\"2026-11-%02dT08:%02d:21.%06dZ\"", 1 + number % 28, number % 60,
                      number % 1000000);
        break;
    case MANY_DATE:
        buffer_format(out, "%d", 20000 + number % 1000);
        break;
    case MANY_DOUBLE:
        buffer_format(out, "%d.25", number);
        break;
    case MANY_JSONB:
        buffer_format(out, "\"{\\\"n\\\": %d}\"", number);
        break;
    case MANY_UUID:
        buffer_format(out, "\"0b5c1f0e-58c1-4a3e-9d1b-%012d\"", number);
        break;
    default:
        buffer_format(out, "%d", number);
    }
}

static void many_row(const struct many *many, int table, int row, struct buffer *key, struct buffer *value) {
    int64_t lsn = 100000 + (int64_t)row * many->tables + table;
    buffer_clear(key);
    buffer_clear(value);
    buffer_format(key, "{\"id\":%d}", row);
    buffer_format(value, "{\"before\":null,\"after\":{\"id\":%d,\"name\":\"row %d\",\"size\":%d", row, row,
                  row % 100);
    for (int c = 0; c < many->columns; c++) {
        buffer_format(value, ",\"c%03d\":", c);
        many_value(value, (enum many_type)(c % MANY_TYPES), row + c);
    }
    buffer_format(
        value,
        "},\"source\":{\"version\":\"3.4.0.Final\",\"connector\":\"postgresql\",\"name\":\"%s\",\"ts_ms\":"
        "1795385751006,\"snapshot\":null,\"db\":\"many\",\"schema\":\"public\",\"table\":\"table%03d\",\"txId\":"
        "%" PRId64 ",\"lsn\":%" PRId64
        ",\"xmin\":null},\"transaction\":null,\"op\":\"c\",\"ts_ms\":1795385751087}",
        many->prefix, table, lsn, lsn);
}

static int many_fill(struct many *many, rd_kafka_t *kafka, struct error *error) {
    struct buffer key = {0};
    struct buffer value = {0};
    int status = 0;
    for (int i = 0; i < many->rows * many->tables && status == 0; i++) {
        char name[NAME_SIZE];
        int row = i / many->tables;
        many_topic(many, i % many->tables, name);
        many_row(many, i % many->tables, row, &key, &value);
        rd_kafka_resp_err_t code = rd_kafka_producev(
            kafka, RD_KAFKA_V_TOPIC(name), RD_KAFKA_V_PARTITION(row % many->partitions),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK),
            RD_KAFKA_V_KEY(key.data, key.size), RD_KAFKA_V_VALUE(value.data, value.size), RD_KAFKA_V_END);
        many->bytes += (int64_t)(key.size + value.size);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR || key.failed || value.failed)
            status = error_set(error, ERROR_BROKER, "%s: %s", name, rd_kafka_err2str(code));
    }
    if (rd_kafka_flush(kafka, WAIT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        status = error_set(error, ERROR_BROKER, "not every message was taken by the broker");
    buffer_free(&key);
    buffer_free(&value);
    return status;
}

static int many_option(struct many *many, const char *name, const char *value) {
    int *number = strcmp(name, "--tables") == 0       ? &many->tables
                  : strcmp(name, "--partitions") == 0 ? &many->partitions
                  : strcmp(name, "--rows") == 0       ? &many->rows
                  : strcmp(name, "--columns") == 0    ? &many->columns
                                                      : NULL;
    const char **text = strcmp(name, "--brokers") == 0  ? &many->brokers
                        : strcmp(name, "--prefix") == 0 ? &many->prefix
                        : strcmp(name, "--source") == 0 ? &many->source
                                                        : NULL;
    if (value == NULL || (number == NULL && text == NULL))
        return -1;
    if (number != NULL)
        *number = (int)strtol(value, NULL, 10);
    else
        *text = value;
    return 0;
}

int main(int argc, char **argv) {
    struct many many = {.prefix = "many", .tables = 100, .partitions = 12, .rows = 120};
    int status = 0;
    for (int i = 1; i < argc && status == 0; i += 2)
        status = many_option(&many, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
    if (status != 0 || many.brokers == NULL || many.source == NULL || many.tables < 1 ||
        many.tables > TABLES_MAX) {
        (void)fprintf(
            stderr,
            "usage: bench-many --brokers HOST:PORT --prefix P --tables N --partitions N --rows N [--columns N] "
            "--source FILE\n");
        return 2;
    }
    struct error error = {0};
    rd_kafka_t *kafka = many_open(&many, &error);
    if (kafka == NULL || many_declare(&many, &error) != 0 || many_create(&many, kafka, &error) != 0 ||
        many_fill(&many, kafka, &error) != 0) {
        (void)fprintf(stderr, "bench-many: %s\n", error.message);
        return 1;
    }
    rd_kafka_destroy(kafka);
    (void)printf("{\"events\":%d,\"messages\":%d,\"bytes\":%" PRId64 "}\n", many.rows * many.tables,
                 many.rows * many.tables, many.bytes);
    return 0;
}
