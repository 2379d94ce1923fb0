// librdkafka's mock cluster, with the producer that it lives in.
#ifndef TIDEMARK_MOCK_CLUSTER_H
#define TIDEMARK_MOCK_CLUSTER_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>

static inline void mock_cluster_quiet(const rd_kafka_t *client, int level, const char *facility,
                                      const char *text) {
    (void)client;
    (void)level;
    (void)facility;
    (void)text;
}

// The producer, which the caller destroys; `ret` goes with it.
static inline rd_kafka_t *mock_cluster_start(int brokers, rd_kafka_mock_cluster_t **ret) {
    char text[256];
    char count[16];
    (void)snprintf(count, sizeof count, "%d", brokers);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, mock_cluster_quiet);
    assert_int_equal(rd_kafka_conf_set(conf, "message.max.bytes", "16777216", text, sizeof text), 0);
    assert_int_equal(rd_kafka_conf_set(conf, "test.mock.num.brokers", count, text, sizeof text), 0);
    rd_kafka_t *producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    assert_non_null(producer);
    *ret = rd_kafka_handle_mock_cluster(producer);
    return producer;
}

#endif
