#include "tests/sim/sim.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DELAY_MS = 400, // until what was sent can be read
    CAPACITY_LEAST = 64,
};

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

static void kafka_appear(struct sim_world *world, const char *topic) {
    for (int i = 0; i < world->log_count; i++)
        if (strcmp(world->logs[i].topic, topic) == 0)
            world->logs[i].exists = true;
}

static struct sim_message *kafka_append(struct sim_world *world, int number) {
    struct sim_log *log = &world->logs[number];
    struct sim_messages *sent = &log->sent;
    if (sent->count == sent->capacity) {
        sent->capacity = sent->capacity == 0 ? CAPACITY_LEAST : sent->capacity * 2;
        sent->all = realloc(sent->all, (size_t)sent->capacity * sizeof *sent->all);
        assert(sent->all != NULL);
    }
    if (!log->exists)
        kafka_appear(world, log->topic);
    int64_t visible = world->now_ms + sim_below(world, DELAY_MS);
    if (sent->count > 0 && sent->all[sent->count - 1].visible_ms > visible)
        visible = sent->all[sent->count - 1].visible_ms;
    sent->all[sent->count] =
        (struct sim_message){.offset = sent->next_offset++, .ts_ms = world->now_ms, .visible_ms = visible};
    return &sent->all[sent->count++];
}

static void kafka_trace(const struct sim_world *world, int number, const struct sim_message *message,
                        const char *key, const char *value) {
    if (!world->trace)
        return;
    const struct sim_log *log = &world->logs[number];
    printf("%" PRId64 " sent %s %d at %" PRId64 ", to be read at %" PRId64 ": %s %.900s\n", world->now_ms,
           log->topic, log->partition, message->offset, message->visible_ms, key != NULL ? key : "null",
           value != NULL ? value : "null");
}

void sim_kafka_send(struct sim_world *world, int number, const char *key, const char *value) {
    struct sim_message *message = kafka_append(world, number);
    message->key = strdup(key);
    message->value = strdup(value);
    kafka_trace(world, number, message, key, value);
}

static void kafka_write(const struct sim_world *world, struct sim_message *message) {
    char key[SIM_KEY_SIZE], value[SIM_TEXT_SIZE];
    if (!message->event.is || message->key != NULL || message->value != NULL)
        return;
    if (sim_envelope_event(world, &message->event, message->ts_ms, key, value))
        message->key = strdup(key);
    if (!message->event.tombstone)
        message->value = strdup(value);
}

// What was written out for a reader.
static void kafka_forget(struct sim_message *message) {
    if (!message->event.is)
        return;
    free(message->key);
    free(message->value);
    message->key = message->value = NULL;
}

void sim_kafka_send_event(struct sim_world *world, int number, const struct sim_event *event) {
    struct sim_message *message = kafka_append(world, number);
    message->event = *event;
    if (!world->trace)
        return;
    kafka_write(world, message);
    kafka_trace(world, number, message, message->key, message->value);
    kafka_forget(message);
}

void sim_kafka_mark(struct sim_world *world) {
    for (int i = 0; i < world->log_count; i++)
        if (world->logs[i].sent.count > 0)
            world->logs[i].sent.next_offset++;
}

static struct sim_log *kafka_log(struct sim_world *world, int slot) {
    return &world->logs[world->log_of_slot[slot]];
}

// What ours reads: of a topic that was deleted what it had been given.
static struct sim_messages *kafka_messages(struct sim_log *log) {
    return log->deleted ? &log->gone : &log->sent;
}

// How many messages can be read by now.
static int kafka_visible(const struct sim_world *world, struct sim_log *log) {
    if (log->deleted)
        return log->held;
    int low = log->read, high = log->sent.count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (log->sent.all[middle].visible_ms <= world->now_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct message kafka_message(struct sim_world *world, struct sim_log *log, int index, int slot) {
    struct sim_message *message = &kafka_messages(log)->all[index];
    kafka_write(world, message);
    if (index >= log->offered)
        log->offered = index + 1;
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
    if (log->read >= kafka_visible(world, log))
        return NULL;
    log->head = kafka_message(world, log, log->read, slot);
    return &log->head;
}

static void kafka_release(void *self, int slot) {
    struct sim_log *log = kafka_log(self, slot);
    kafka_forget(&kafka_messages(log)->all[log->read++]);
}

static bool kafka_at_end(void *self, int slot) {
    struct sim_world *world = self;
    struct sim_log *log = kafka_log(world, slot);
    return !log->deleted && log->read >= kafka_visible(world, log);
}

static int kafka_delivered(void *self, int slot) {
    struct sim_world *world = self;
    struct sim_log *log = kafka_log(world, slot);
    int count = kafka_visible(world, log) - log->read;
    return count < SIM_DELIVERED_MAX ? count : SIM_DELIVERED_MAX;
}

static void kafka_peek_at(void *self, int slot, int index, struct message *ret) {
    struct sim_log *log = kafka_log(self, slot);
    *ret = kafka_message(self, log, log->read + index, slot);
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
    log->read = log->offered = 0;
    while (log->read < log->sent.count && log->sent.all[log->read].offset < offset)
        log->read++;
}

void sim_kafka_delete(struct sim_world *world, int number) {
    for (int i = 0; i < world->log_count; i++) {
        struct sim_log *log = &world->logs[i];
        if (strcmp(log->topic, world->logs[number].topic) != 0)
            continue;
        // What was given out, and perhaps some more that was on its way.
        int visible = kafka_visible(world, log);
        int held = log->read + sim_below(world, visible - log->read + 1);
        log->held = log->offered > held ? log->offered : held;
        log->deleted = log->slot >= 0;
        log->gone = log->sent;
        log->sent = (struct sim_messages){0};
        log->exists = false;
        if (!log->deleted)
            sim_kafka_renew(world, i);
        if (world->trace)
            printf("%" PRId64 " deleted %s %d, read %d of %d\n", world->now_ms, log->topic, log->partition,
                   log->read, log->gone.count);
    }
}

bool sim_kafka_is_gone(const struct sim_world *world, int number) {
    const struct sim_log *log = &world->logs[number];
    return log->deleted && log->read >= log->held;
}

void sim_kafka_renew(struct sim_world *world, int number) {
    struct sim_log *log = &world->logs[number];
    log->deleted = false;
    log->read = log->offered = 0;
    log->had_others |= log->gone.count > 0;
    world->buried[world->buried_count++] = log->gone;
    log->gone = (struct sim_messages){0};
}

bool sim_kafka_leaves_unread(const struct sim_world *world, int number) {
    const struct sim_log *log = &world->logs[number];
    return log->deleted && log->read < log->gone.count;
}

int64_t sim_kafka_high(struct sim_world *world, int number) {
    struct sim_log *log = &world->logs[number];
    int visible = kafka_visible(world, log);
    return visible > 0 ? kafka_messages(log)->all[visible - 1].offset + 1 : 0;
}

bool sim_kafka_is_read(const struct sim_world *world) {
    for (int i = 0; i < sim_kafka_heartbeat_log(world); i++) { // heartbeats never end
        const struct sim_log *log = &world->logs[i];
        if (log->slot >= 0 && (log->deleted ? log->exists : log->read < log->sent.count))
            return false;
    }
    return true;
}

static void kafka_free_messages(struct sim_messages *messages) {
    for (int m = 0; m < messages->count; m++) {
        free(messages->all[m].key);
        free(messages->all[m].value);
    }
    free(messages->all);
}

void sim_kafka_free(struct sim_world *world) {
    for (int i = 0; i < world->log_count; i++) {
        kafka_free_messages(&world->logs[i].sent);
        kafka_free_messages(&world->logs[i].gone);
    }
    for (int i = 0; i < world->buried_count; i++)
        kafka_free_messages(&world->buried[i]);
}
