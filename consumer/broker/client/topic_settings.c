#include "consumer/broker/client/topic_settings.h"

#include <stdlib.h>
#include <string.h>

// The topic's place in the list, as they were asked for.
static struct kafka_topic_settings *topic_settings_find(struct kafka_topic_settings *topics, int count,
                                                        const char *name) {
    for (int i = 0; i < count; i++)
        if (strcmp(topics[i].topic, name) == 0)
            return &topics[i];
    return NULL;
}

static void topic_settings_take_resource(const rd_kafka_ConfigResource_t *resource,
                                         struct kafka_topic_settings *ret) {
    size_t count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    rd_kafka_resp_err_t failure = rd_kafka_ConfigResource_error(resource);
    ret->refused = failure == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
                   failure == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
    if (failure != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    for (size_t i = 0; i < count; i++) {
        const char *name = rd_kafka_ConfigEntry_name(entries[i]);
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        if (value == NULL)
            continue;
        ret->told = true;
        if (strcmp(name, "cleanup.policy") == 0)
            ret->compacted = strstr(value, "compact") != NULL;
        else if (strcmp(name, "delete.retention.ms") == 0)
            ret->tombstones_ms = strtoll(value, NULL, 10);
        else if (strcmp(name, "retention.ms") == 0)
            ret->retention_ms = strtoll(value, NULL, 10);
        else if (strcmp(name, "retention.bytes") == 0)
            ret->retention_bytes = strtoll(value, NULL, 10);
    }
}

static void topic_settings_take_event(rd_kafka_event_t *event, struct kafka_topic_settings *topics,
                                      int count) {
    const rd_kafka_DescribeConfigs_result_t *result = rd_kafka_event_DescribeConfigs_result(event);
    size_t told = 0;
    const rd_kafka_ConfigResource_t **resources =
        result != NULL && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR
            ? rd_kafka_DescribeConfigs_result_resources(result, &told)
            : NULL;
    for (size_t i = 0; i < told; i++) {
        struct kafka_topic_settings *topic =
            topic_settings_find(topics, count, rd_kafka_ConfigResource_name(resources[i]));
        if (topic != NULL)
            topic_settings_take_resource(resources[i], topic);
    }
    rd_kafka_event_destroy(event);
}

rd_kafka_queue_t *topic_settings_begin(rd_kafka_t *client, const struct kafka_topic_settings *topics,
                                       int count) {
    char text[64];
    rd_kafka_ConfigResource_t **resources = calloc((size_t)count + 1, sizeof *resources);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_queue_t *queue = count > 0 ? rd_kafka_queue_new(client) : NULL;
    if (resources != NULL && options != NULL && queue != NULL) {
        for (int i = 0; i < count; i++)
            resources[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topics[i].topic);
        (void)rd_kafka_AdminOptions_set_request_timeout(options, TOPIC_SETTINGS_WAIT_MS, text, sizeof text);
        rd_kafka_DescribeConfigs(client, resources, (size_t)count, options, queue);
        rd_kafka_ConfigResource_destroy_array(resources, (size_t)count);
    } else if (queue != NULL) {
        rd_kafka_queue_destroy(queue);
        queue = NULL;
    }
    if (options != NULL)
        rd_kafka_AdminOptions_destroy(options);
    free(resources);
    return queue;
}

bool topic_settings_take(rd_kafka_queue_t *question, struct kafka_topic_settings *topics, int count,
                         int wait_ms) {
    rd_kafka_event_t *event = rd_kafka_queue_poll(question, wait_ms);
    if (event == NULL)
        return false;
    topic_settings_take_event(event, topics, count);
    return true;
}

void topic_settings_ask(rd_kafka_t *client, struct kafka_topic_settings *topics, int count) {
    rd_kafka_queue_t *question = topic_settings_begin(client, topics, count);
    if (question == NULL)
        return;
    (void)topic_settings_take(question, topics, count, TOPIC_SETTINGS_WAIT_MS);
    rd_kafka_queue_destroy(question);
}
