#include "consumer/broker/client/stats.h"

#include "consumer/json/json.h"

#include <string.h>

struct stats_field {
    const char *name;
    int64_t *number;   // one of the two
    struct span *text; // raw
};

// Reads an object: the fields asked for, passing over the others. A field that is not there stays as it was.
static bool kafka_stats_read_fields(struct json_reader *json, const struct stats_field *fields, int count) {
    if (json_next(json) != JSON_OBJECT_BEGIN)
        return false;
    enum json_kind kind;
    while ((kind = json_next(json)) == JSON_KEY) {
        int i = 0;
        while (i < count && !json_key_is(json, fields[i].name, strlen(fields[i].name)))
            i++;
        struct span raw;
        if (!json_raw(json, &raw))
            return false;
        if (i < count && fields[i].text != NULL)
            *fields[i].text = raw;
        else if (i < count && !json_to_integer(raw, fields[i].number))
            return false;
    }
    return kind == JSON_OBJECT_END;
}

static bool kafka_stats_read_fetches(struct span requests, int64_t *ret) {
    struct json_reader json;
    json_open(&json, requests);
    return requests.data == NULL ||
           kafka_stats_read_fields(&json, (const struct stats_field[]){{"Fetch", ret, NULL}}, 1);
}

static bool kafka_stats_read_broker(struct json_reader *json, struct kafka_stats *ret) {
    struct kafka_stats_broker broker = {.node = -1, .idle_us = -1};
    struct span state = {0};
    struct span source = {0};
    struct span requests = {0};
    const struct stats_field fields[] = {{"nodeid", &broker.node, NULL},
                                         {"state", NULL, &state},
                                         {"source", NULL, &source},
                                         {"rxidle", &broker.idle_us, NULL},
                                         {"connects", &broker.connects, NULL},
                                         {"req", NULL, &requests}};
    if (!kafka_stats_read_fields(json, fields, 6) || !kafka_stats_read_fetches(requests, &broker.fetches))
        return false;
    broker.up = span_is(state, "\"UP\"");
    ret->any_up |= broker.up;
    ret->coordinator_down |= !broker.up && span_is(source, "\"logical\"");
    if (ret->broker_count < KAFKA_STATS_BROKERS_MAX)
        ret->brokers[ret->broker_count++] = broker;
    return true;
}

static bool kafka_stats_read_brokers(struct span text, struct kafka_stats *ret) {
    struct json_reader json;
    json_open(&json, text);
    if (json_next(&json) != JSON_OBJECT_BEGIN)
        return false;
    enum json_kind kind;
    while ((kind = json_next(&json)) == JSON_KEY)
        if (!kafka_stats_read_broker(&json, ret))
            return false;
    return kind == JSON_OBJECT_END;
}

static bool kafka_stats_read_topic(struct span text,
                                   void (*visit)(void *self, const struct kafka_stats_partition *partition),
                                   void *self) {
    struct json_reader json;
    json_open(&json, text);
    struct span topic = {0};
    struct span partitions = {0};
    if (!kafka_stats_read_fields(
            &json, (const struct stats_field[]){{"topic", NULL, &topic}, {"partitions", NULL, &partitions}},
            2) ||
        topic.size < 2 || partitions.data == NULL)
        return false;
    topic = (struct span){topic.data + 1, topic.size - 2};
    json_open(&json, partitions);
    if (json_next(&json) != JSON_OBJECT_BEGIN)
        return false;
    enum json_kind kind;
    while ((kind = json_next(&json)) == JSON_KEY) {
        struct kafka_stats_partition found = {.topic = topic, .partition = -1, .broker = -1, .leader = -1};
        struct span state = {0};
        const struct stats_field fields[] = {{"partition", &found.partition, NULL},
                                             {"broker", &found.broker, NULL},
                                             {"leader", &found.leader, NULL},
                                             {"fetch_state", NULL, &state},
                                             {"fetchq_cnt", &found.queued_messages, NULL},
                                             {"fetchq_size", &found.queued_bytes, NULL}};
        if (!kafka_stats_read_fields(&json, fields, 6))
            return false;
        found.fetching = span_is(state, "\"active\"");
        visit(self, &found);
    }
    return kind == JSON_OBJECT_END;
}

bool kafka_stats_read(struct span text, struct kafka_stats *ret,
                      void (*visit)(void *self, const struct kafka_stats_partition *partition), void *self) {
    struct json_reader json;
    json_open(&json, text);
    struct span brokers = {0};
    struct span topics = {0};
    ret->any_up = ret->coordinator_down = false;
    ret->broker_count = 0;
    const struct stats_field fields[] = {
        {"ts", &ret->at_us, NULL}, {"brokers", NULL, &brokers}, {"topics", NULL, &topics}};
    if (!kafka_stats_read_fields(&json, fields, 3) || brokers.data == NULL || topics.data == NULL ||
        !kafka_stats_read_brokers(brokers, ret))
        return false;
    json_open(&json, topics);
    if (json_next(&json) != JSON_OBJECT_BEGIN)
        return false;
    enum json_kind kind;
    while ((kind = json_next(&json)) == JSON_KEY) {
        struct span topic;
        if (!json_raw(&json, &topic) || !kafka_stats_read_topic(topic, visit, self))
            return false;
    }
    return kind == JSON_OBJECT_END;
}

const struct kafka_stats_broker *kafka_stats_broker(const struct kafka_stats *stats, int64_t node) {
    for (int i = 0; i < stats->broker_count; i++)
        if (stats->brokers[i].node == node)
            return &stats->brokers[i];
    return NULL;
}

// Answers to other questions come over the same connection, so that the last byte says nothing of fetches. The first fetch that
// is counted may be older than the connection, or name other partitions only. The one behind it does name this one, and was
// answered when another was sent.
bool kafka_stats_is_answered(struct kafka_stats_asked *asked, const struct kafka_stats_broker *broker) {
    if (asked->node != broker->node || asked->connects != broker->connects) {
        *asked = (struct kafka_stats_asked){broker->node, broker->connects, broker->fetches};
        return false;
    }
    if (broker->fetches < asked->fetches + 2)
        return false;
    asked->fetches = broker->fetches - 1;
    return true;
}
