#include "tests/sim/sim.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DELAY_MS = 400 }; // until what was sent can be read

static void kafka_add(struct sim_world *world, const char *topic, int32_t partition) {
    struct sim_log *log = &world->logs[world->log_count++];
    (void)snprintf(log->topic, sizeof log->topic, "%s", topic);
    log->partition = partition;
    log->exists = !world->traits.late_topics;
    log->slot = -1;
}

void sim_kafka_start(struct sim_world *world) {
    for (int table = 0; table < SIM_TABLES; table++)
        for (int i = 0; i < SIM_PARTITIONS_MAX; i++) {
            char topic[64];
            (void)snprintf(topic, sizeof topic, "sim.public.%s", sim_table_names[table]);
            kafka_add(world, topic, i);
        }
    kafka_add(world, "sim.transaction", 0);
    kafka_add(world, "__debezium-heartbeat.sim", 0);
}

int sim_kafka_log_of_table(int table, int partition) {
    return table * SIM_PARTITIONS_MAX + partition;
}

int sim_kafka_transaction_log(const struct sim_world *world) {
    return world->log_count - 2;
}

int sim_kafka_heartbeat_log(const struct sim_world *world) {
    return world->log_count - 1;
}

static void kafka_appear(struct sim_world *world, int number) {
    for (int i = 0; i < world->log_count; i++)
        if (strcmp(world->logs[i].topic, world->logs[number].topic) == 0)
            world->logs[i].exists = true;
}

void sim_kafka_send(struct sim_world *world, int number, const char *key, const char *value) {
    struct sim_log *log = &world->logs[number];
    if (log->count == log->capacity) {
        log->capacity = log->capacity == 0 ? 64 : log->capacity * 2;
        log->messages = realloc(log->messages, (size_t)log->capacity * sizeof *log->messages);
        assert(log->messages != NULL);
    }
    if (!log->exists)
        kafka_appear(world, number);
    int64_t visible = world->now_ms + sim_below(world, DELAY_MS);
    if (log->count > 0 && log->messages[log->count - 1].visible_ms > visible)
        visible = log->messages[log->count - 1].visible_ms;
    if (world->trace)
        printf("%" PRId64 " sent %s %d at %" PRId64 ", to be read at %" PRId64 ": %s %.900s\n", world->now_ms,
               log->topic, log->partition, log->next_offset, visible, key != NULL ? key : "null",
               value != NULL ? value : "null");
    log->messages[log->count++] = (struct sim_message){
        .key = key != NULL ? strdup(key) : NULL,
        .value = value != NULL ? strdup(value) : NULL,
        .offset = log->next_offset++,
        .ts_ms = world->now_ms,
        .visible_ms = visible,
    };
}

void sim_kafka_mark(struct sim_world *world) {
    for (int i = 0; i < world->log_count; i++)
        if (world->logs[i].count > 0)
            world->logs[i].next_offset++;
}

static struct sim_log *kafka_log(struct sim_world *world, int slot) {
    return &world->logs[world->log_of_slot[slot]];
}

static bool kafka_is_visible(const struct sim_world *world, const struct sim_log *log, int index) {
    return index < log->count && log->messages[index].visible_ms <= world->now_ms;
}

static struct message kafka_message(const struct sim_log *log, int index, int slot) {
    const struct sim_message *message = &log->messages[index];
    return (struct message){
        .slot = slot,
        .offset = message->offset,
        .ts_ms = message->ts_ms,
        .key = span_of(message->key),
        .value = span_of(message->value),
    };
}

static const struct message *kafka_peek(void *self, int slot) {
    struct sim_world *world = self;
    struct sim_log *log = kafka_log(world, slot);
    if (!kafka_is_visible(world, log, log->read))
        return NULL;
    log->head = kafka_message(log, log->read, slot);
    return &log->head;
}

static void kafka_release(void *self, int slot) {
    kafka_log(self, slot)->read++;
}

static bool kafka_at_end(void *self, int slot) {
    struct sim_world *world = self;
    struct sim_log *log = kafka_log(world, slot);
    return !kafka_is_visible(world, log, log->read);
}

static int kafka_delivered(void *self, int slot) {
    struct sim_world *world = self;
    struct sim_log *log = kafka_log(world, slot);
    int count = 0;
    while (kafka_is_visible(world, log, log->read + count))
        count++;
    return count;
}

static void kafka_peek_at(void *self, int slot, int index, struct message *ret) {
    const struct sim_log *log = kafka_log(self, slot);
    *ret = kafka_message(log, log->read + index, slot);
}

struct message_source sim_kafka_source(struct sim_world *world) {
    return (struct message_source){
        .self = world,
        .peek = kafka_peek,
        .release = kafka_release,
        .delivered = world->traits.ahead ? kafka_delivered : NULL,
        .peek_at = world->traits.ahead ? kafka_peek_at : NULL,
        .at_end = kafka_at_end,
    };
}

void sim_kafka_seek(struct sim_world *world, int number, int64_t offset) {
    struct sim_log *log = &world->logs[number];
    log->read = 0;
    while (log->read < log->count && log->messages[log->read].offset < offset)
        log->read++;
}

bool sim_kafka_is_read(const struct sim_world *world) {
    for (int i = 0; i < sim_kafka_heartbeat_log(world); i++) { // heartbeats never end
        const struct sim_log *log = &world->logs[i];
        if (log->slot >= 0 && log->read < log->count)
            return false;
    }
    return true;
}

void sim_kafka_free(struct sim_world *world) {
    for (int i = 0; i < world->log_count; i++) {
        for (int m = 0; m < world->logs[i].count; m++) {
            free(world->logs[i].messages[m].key);
            free(world->logs[i].messages[m].value);
        }
        free(world->logs[i].messages);
    }
}
