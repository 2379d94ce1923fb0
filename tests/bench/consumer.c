#include "tests/bench/consumer.h"

#include <stdio.h>
#include <string.h>

enum { ASK_MS = 10000 };

int consumer_assign(rd_kafka_t *kafka, const char *prefix, int *ret_partitions, struct error *error) {
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code = rd_kafka_metadata(kafka, 1, NULL, &metadata, ASK_MS);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, ERROR_BROKER, "%s", rd_kafka_err2str(code));
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    size_t size = strlen(prefix);
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[i];
        if (strncmp(topic->topic, prefix, size) == 0 && topic->topic[size] == '.')
            for (int p = 0; p < topic->partition_cnt; p++)
                rd_kafka_topic_partition_list_add(list, topic->topic, topic->partitions[p].id)->offset = 0;
    }
    rd_kafka_metadata_destroy(metadata);
    *ret_partitions = list->cnt;
    code = rd_kafka_assign(kafka, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR || *ret_partitions == 0)
        return error_set(error, ERROR_BROKER, "prefix %s: %s", prefix,
                         code != RD_KAFKA_RESP_ERR_NO_ERROR ? rd_kafka_err2str(code) : "no topic");
    return 0;
}

static bool consumer_set(rd_kafka_conf_t *conf, const struct kafka_setting *settings, char *text,
                         size_t size) {
    bool set = true;
    for (const struct kafka_setting *setting = settings; set && setting->name != NULL; setting++)
        set = strcmp(setting->name, "log.queue") == 0 || // nobody would serve it
              rd_kafka_conf_set(conf, setting->name, setting->value, text, size) == RD_KAFKA_CONF_OK;
    return set;
}

static bool consumer_set_number(rd_kafka_conf_t *conf, const char *name, int value, char *text, size_t size) {
    char number[16];
    (void)snprintf(number, sizeof number, "%d", value);
    return rd_kafka_conf_set(conf, name, number, text, size) == RD_KAFKA_CONF_OK;
}

static bool consumer_set_ours(rd_kafka_conf_t *conf, char *text, size_t size) {
    for (const struct kafka_setting *setting = kafka_settings_newer; setting->name != NULL; setting++)
        (void)rd_kafka_conf_set(conf, setting->name, setting->value, NULL, 0);
    return consumer_set(conf, kafka_settings, text, size) &&
           consumer_set_number(conf, "fetch.wait.max.ms", SETTING_FETCH_WAIT_MS, text, size) &&
           consumer_set_number(conf, "statistics.interval.ms", SETTING_STATISTICS_MS, text, size);
}

rd_kafka_t *consumer_open(const char *brokers, bool ours, const struct kafka_setting *overrides,
                          struct error *error) {
    const struct kafka_setting needed[] = {{"bootstrap.servers", brokers},
                                           {"group.id", "bench"},
                                           {"enable.auto.commit", "false"},
                                           {"enable.partition.eof", "true"},
                                           {NULL, NULL}};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[256] = "";
    bool set = consumer_set(conf, needed, text, sizeof text) &&
               (!ours || consumer_set_ours(conf, text, sizeof text)) &&
               consumer_set(conf, overrides, text, sizeof text);
    rd_kafka_t *kafka = set ? rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text) : NULL;
    if (kafka == NULL) {
        rd_kafka_conf_destroy(conf);
        (void)error_set(error, ERROR_BROKER, "%s", text);
        return NULL;
    }
    (void)rd_kafka_poll_set_consumer(kafka);
    return kafka;
}
