#include "consumer/consume/recheck.h"

#include "views/base/log.h"
#include "views/engine/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    RECHECK_LOST = -1, // a connection of before the first statistics
    RECHECK_LOOKS = 2, // statistics behind a connection that was closed: the first may have been made before
    RECHECK_AGAIN_MS = 10000, // until it is tried again to open a client
};

struct recheck_slot {
    int64_t connection; // that `newest` was read over or before, 0 = none yet
    // taken, as of the newest statistics; it stays while the slot is due or asked
    struct apply_message newest;
    struct apply_message closed; // taken when a connection was closed: asked for as well, once `newest` was
    int64_t other_end;           // the newest kafka_other_end that was doubted, by its offset
    bool due;
    bool asked;
};

struct recheck {
    struct recheck_config config;
    struct kafka_config kafka;
    char group[PROGRESS_GROUP_SIZE];
    struct recheck_slot *slots;
    int slot_count;
    int due;
    struct kafka *asking; // NULL = nothing is asked
    int asked;
    unsigned told;        // kafka_told at the newest look
    unsigned closed;      // kafka_closed when what the slots had taken was last noted for it
    int closed_looks;     // for so many looks more it is kept
    unsigned stood_still; // kafka_stood_still then
    int64_t again_ms;     // nothing is asked before
};

int recheck_new(struct recheck **ret, const struct recheck_config *config, struct error *error) {
    struct recheck *recheck = calloc(1, sizeof *recheck);
    if (recheck == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    recheck->config = *config;
    recheck->kafka = *config->kafka;
    (void)snprintf(recheck->group, sizeof recheck->group, "%s", config->kafka->group_id);
    recheck->kafka.group_id = recheck->group;
    // Topics are looked for by the live reading.
    recheck->kafka.sought = NULL;
    recheck->kafka.sought_count = recheck->kafka.sought_at_once = 0;
    *ret = recheck;
    return 0;
}

void recheck_free(struct recheck **recheck) {
    if (*recheck == NULL)
        return;
    kafka_close(&(*recheck)->asking);
    free((*recheck)->slots);
    free(*recheck);
    *recheck = NULL;
}

static int recheck_grow(struct recheck *recheck, int count, struct error *error) {
    if (count <= recheck->slot_count)
        return 0;
    struct recheck_slot *grown = realloc(recheck->slots, (size_t)count * sizeof *grown);
    if (grown == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int slot = recheck->slot_count; slot < count; slot++)
        grown[slot] = (struct recheck_slot){.other_end = -1};
    recheck->slots = grown;
    recheck->slot_count = count;
    return 0;
}

static void recheck_doubt(struct recheck *recheck, struct recheck_slot *slot) {
    recheck->due += !slot->due;
    slot->due = true;
}

static void recheck_settle(struct recheck *recheck, struct recheck_slot *slot) {
    recheck->asked -= slot->asked;
    slot->asked = false;
    if (slot->closed.ts_ms > 0 && slot->closed.offset != slot->newest.offset) {
        slot->newest = slot->closed;
        recheck_doubt(recheck, slot);
    }
    slot->closed = (struct apply_message){0};
}

// A leader that changed between two statistics: what was taken since the former is of either, and the message before the change is none
// of the new one's, however much was taken behind it.
static void recheck_look_at_end(struct recheck *recheck, int number) {
    struct recheck_slot *slot = &recheck->slots[number];
    struct kafka_place end = kafka_other_end(recheck->config.live, number);
    if (slot->asked || end.ts_ms == 0 || end.offset == slot->other_end)
        return;
    slot->other_end = end.offset;
    slot->newest = (struct apply_message){end.offset, end.ts_ms};
    recheck_doubt(recheck, slot);
}

// Statistics name the connection some time after messages came over it, so that `newest` is as of those before.
static void recheck_look(struct recheck *recheck, int number) {
    struct recheck_slot *slot = &recheck->slots[number];
    if (!discovery_is_assigned(recheck->config.discovery, number))
        return;
    struct apply_message newest = apply_newest(recheck->config.apply, number);
    int64_t connection = kafka_connection(recheck->config.live, number);
    if (connection == 0 && newest.ts_ms > 0)
        connection = RECHECK_LOST;
    if (slot->connection != 0 && connection != slot->connection && slot->newest.ts_ms > 0)
        recheck_doubt(recheck, slot);
    recheck_look_at_end(recheck, number);
    slot->connection = connection;
    if (!slot->due && !slot->asked)
        slot->newest = newest;
}

// What comes over another connection may be of another log, and it is half a second until statistics name that one.
static void recheck_note_closed(struct recheck *recheck) {
    unsigned closed = kafka_closed();
    if (recheck->closed_looks > 0 || closed == recheck->closed)
        return;
    recheck->closed = closed;
    recheck->closed_looks = RECHECK_LOOKS;
    for (int i = 0; i < recheck->slot_count; i++)
        if (discovery_is_assigned(recheck->config.discovery, i) && !recheck->slots[i].due &&
            !recheck->slots[i].asked)
            recheck->slots[i].closed = apply_newest(recheck->config.apply, i);
}

static void recheck_forget_closed(struct recheck *recheck) {
    if (recheck->closed_looks == 0 || --recheck->closed_looks > 0)
        return;
    for (int i = 0; i < recheck->slot_count; i++)
        if (!recheck->slots[i].due && !recheck->slots[i].asked)
            recheck->slots[i].closed = (struct apply_message){0};
}

static int recheck_look_at_slots(struct recheck *recheck, struct error *error) {
    recheck_note_closed(recheck);
    unsigned told = kafka_told(recheck->config.live);
    unsigned stood_still = kafka_stood_still(recheck->config.live);
    if (told == recheck->told)
        return 0;
    recheck->told = told;
    for (int i = 0; stood_still != recheck->stood_still && i < recheck->slot_count; i++)
        if (recheck->slots[i].newest.ts_ms > 0)
            recheck_doubt(recheck, &recheck->slots[i]);
    recheck->stood_still = stood_still;
    int count = discovery_slots(recheck->config.discovery);
    if (recheck_grow(recheck, count, error) != 0)
        return -1;
    for (int i = 0; i < count; i++)
        recheck_look(recheck, i);
    recheck_forget_closed(recheck);
    return 0;
}

static int recheck_ask(struct recheck *recheck, struct error *error) {
    recheck->kafka.partitions = recheck->kafka.far = recheck->due;
    if (kafka_open(&recheck->asking, &recheck->kafka, error) != 0)
        return -1;
    recheck->due = 0;
    kafka_assign_begin(recheck->asking);
    for (int i = 0; i < recheck->slot_count; i++) {
        struct recheck_slot *slot = &recheck->slots[i];
        struct apply_partition partition;
        if (!slot->due || !apply_partition(recheck->config.apply, i, &partition) || partition.topic == NULL)
            continue;
        if (kafka_assign(recheck->asking, i, partition.topic, partition.partition, slot->newest.offset,
                         error) != 0)
            return -1;
        slot->due = false;
        slot->asked = true;
        recheck->asked++;
    }
    return kafka_assign_end(recheck->asking, error);
}

// Threads or memory for another client may lack, which is no reason to end the reading.
static void recheck_put_off(struct recheck *recheck, int64_t now_ms, const char *why) {
    kafka_close(&recheck->asking);
    recheck->due = recheck->asked = 0;
    for (int i = 0; i < recheck->slot_count; i++) {
        struct recheck_slot *slot = &recheck->slots[i];
        slot->due |= slot->asked;
        slot->asked = false;
        recheck->due += slot->due;
    }
    recheck->again_ms = now_ms + RECHECK_AGAIN_MS;
    log_event(LEVEL_WARN, "reading", NULL,
              "whether the logs are still those that were read is looked at again in %d s: %s",
              RECHECK_AGAIN_MS / 1000, why);
}

// A log that begins later says nothing: the live reading stands behind that, or will be told so itself.
static void recheck_handle_event(struct recheck *recheck, const struct kafka_event *event, int *ret_cut) {
    if (event->slot < 0 || event->slot >= recheck->slot_count)
        return;
    struct recheck_slot *slot = &recheck->slots[event->slot];
    if (event->kind == KAFKA_EVENT_OUT_OF_RANGE && event->cut_off && slot->asked)
        *ret_cut = event->slot;
    else if (event->kind == KAFKA_EVENT_OUT_OF_RANGE || event->kind == KAFKA_EVENT_DAMAGED ||
             event->kind == KAFKA_EVENT_TOPIC_DELETED)
        recheck_settle(recheck, slot);
}

// Whether the message is another. Where it is gone, which compaction does, nothing is told. An end before it may be that of a
// leader that does not know yet what all replicas have; one that stays is out of the live reading's range.
static bool recheck_is_another(struct recheck *recheck, int number, const struct message_source *source) {
    struct recheck_slot *slot = &recheck->slots[number];
    const struct message *message = source->peek(source->self, number);
    if (message == NULL && kafka_position(recheck->asking, number) <= slot->newest.offset)
        return false;
    recheck_settle(recheck, slot);
    return message != NULL && message->offset == slot->newest.offset && message->ts_ms != slot->newest.ts_ms;
}

// Rows of the other log may have been taken since, so that nothing would tell it again where the file does not keep it.
static int recheck_note(struct recheck *recheck, int number, struct error *error) {
    struct unnoted *unnoted = recheck->config.unnoted;
    struct error failure = {0};
    if (apply_note_another_log(recheck->config.apply, number, unnoted->reason, &failure) != 0)
        return error_set(error, failure.kind, "%s; the file could not keep that: %s", unnoted->reason,
                         failure.message);
    unnoted->topic[0] = '\0';
    return error_set(error, ERROR_HALT, "%s; read the topics into a new --db file", unnoted->reason);
}

static int recheck_tell(struct recheck *recheck, int number, struct error *error) {
    struct unnoted *unnoted = recheck->config.unnoted;
    struct apply_partition partition;
    if (!apply_partition(recheck->config.apply, number, &partition))
        return 0;
    (void)snprintf(unnoted->topic, sizeof unnoted->topic, "%s", partition.topic);
    unnoted->partition = partition.partition;
    (void)snprintf(
        unnoted->reason, sizeof unnoted->reason,
        "%s partition %" PRId32 ": offset %" PRId64
        " is not the message any more that was read there: the topic or the cluster was made anew, or "
        "a broker lost the end of its log, and messages of now were never read",
        partition.topic, partition.partition, recheck->slots[number].newest.offset);
    return recheck_note(recheck, number, error);
}

// Before this run has read anything.
static int recheck_note_of_before(struct recheck *recheck, struct error *error) {
    const struct unnoted *unnoted = recheck->config.unnoted;
    int64_t ignored;
    int slot;
    if (apply_add_partition(recheck->config.apply, unnoted->topic, unnoted->partition, &slot, &ignored,
                            error) != 0)
        return -1;
    return recheck_note(recheck, slot, error);
}

static int recheck_take(struct recheck *recheck, struct error *error) {
    const struct message_source source = kafka_source(recheck->asking);
    struct kafka_event event;
    int another = -1;
    for (kafka_event(recheck->asking, &event); event.kind != KAFKA_EVENT_NONE;
         kafka_event(recheck->asking, &event))
        recheck_handle_event(recheck, &event, &another);
    for (int i = 0; i < recheck->slot_count && another < 0; i++)
        if (recheck->slots[i].asked && recheck_is_another(recheck, i, &source))
            another = i;
    if (another >= 0)
        return recheck_tell(recheck, another, error);
    if (recheck->asked == 0)
        kafka_close(&recheck->asking);
    return 0;
}

int recheck_step(struct recheck *recheck, int64_t now_ms, struct error *error) {
    if (recheck->config.unnoted->topic[0] != '\0')
        return recheck_note_of_before(recheck, error);
    if (recheck_look_at_slots(recheck, error) != 0)
        return -1;
    if (recheck->asking != NULL)
        return recheck_take(recheck, error);
    struct error failure = {0};
    if (recheck->due > 0 && now_ms >= recheck->again_ms && recheck_ask(recheck, &failure) != 0)
        recheck_put_off(recheck, now_ms, failure.message);
    return 0;
}
