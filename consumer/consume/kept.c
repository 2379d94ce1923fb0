#include "consumer/consume/kept.h"

#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct kept_slot {
    int topic; // -1 = it is not read yet
    bool logged;
    bool again;     // gaps are watched since nobody answered for long: until there is a newer answer
    int64_t end;    // where the log ended when it was last read to there
    int64_t end_ms; // then, monotonic; 0 = it was not yet
};

struct kept {
    struct apply *apply;
    struct progress *progress;
    struct kafka *kafka;
    const struct discovery *discovery;
    struct kafka_topic_settings *topics; // each once; their names are the apply's
    int topic_count;
    int topic_capacity;
    struct kept_slot *slots;
    int slot_count;
    int found; // of them, that are read
    int asked; // the first so many topics, 0 = never
    bool open; // and no answer has come
    unsigned answers;
    int64_t asked_ms; // monotonic times
    int64_t looked_ms;
};

int kept_new(struct kept **ret, struct apply *apply, struct progress *progress, struct kafka *kafka,
             const struct discovery *discovery, struct error *error) {
    struct kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    *kept = (struct kept){.apply = apply, .progress = progress, .kafka = kafka, .discovery = discovery};
    *ret = kept;
    return 0;
}

void kept_free(struct kept **kept) {
    if (*kept == NULL)
        return;
    free((*kept)->topics);
    free((*kept)->slots);
    free(*kept);
    *kept = NULL;
}

const struct kafka_topic_settings *kept_topics(const struct kept *kept, int *ret_count) {
    *ret_count = kept->topic_count;
    return kept->topics;
}

unsigned kept_answers(const struct kept *kept) {
    return kept->answers;
}

static int kept_grow_slots(struct kept *kept, int count, struct error *error) {
    if (count <= kept->slot_count)
        return 0;
    struct kept_slot *grown = realloc(kept->slots, (size_t)count * sizeof *grown);
    if (grown == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    for (int slot = kept->slot_count; slot < count; slot++)
        grown[slot] = (struct kept_slot){.topic = -1};
    kept->slots = grown;
    kept->slot_count = count;
    return 0;
}

// The newest first: partitions of a topic are found one after another.
static int kept_find_topic(const struct kept *kept, const char *name) {
    for (int i = kept->topic_count - 1; i >= 0; i--)
        if (strcmp(kept->topics[i].topic, name) == 0)
            return i;
    return -1;
}

static int kept_add_topic(struct kept *kept, const char *name, struct error *error) {
    if (kept->topic_count == kept->topic_capacity) {
        int capacity = kept->topic_capacity == 0 ? 16 : 2 * kept->topic_capacity;
        struct kafka_topic_settings *grown = realloc(kept->topics, (size_t)capacity * sizeof *grown);
        if (grown == NULL)
            return error_set(error, ERROR_SYSTEM, "out of memory");
        kept->topics = grown;
        kept->topic_capacity = capacity;
    }
    kept->topics[kept->topic_count] = (struct kafka_topic_settings){.topic = name};
    return kept->topic_count++;
}

static int kept_find_slots(struct kept *kept, struct error *error) {
    int slots = discovery_slots(kept->discovery);
    if (kept->found == slots) // as in nearly every round of the loop
        return 0;
    if (kept_grow_slots(kept, slots, error) != 0)
        return -1;
    for (int slot = 0; slot < slots; slot++) {
        struct apply_partition partition;
        if (kept->slots[slot].topic >= 0 || !discovery_is_assigned(kept->discovery, slot) ||
            !apply_partition(kept->apply, slot, &partition) || partition.topic == NULL)
            continue;
        int topic = kept_find_topic(kept, partition.topic);
        if (topic < 0 && (topic = kept_add_topic(kept, partition.topic, error)) < 0)
            return -1;
        kept->slots[slot].topic = topic;
        kept->found++;
        apply_watch_gaps(kept->apply, slot, progress_high(kept->progress, slot));
    }
    return 0;
}

static bool kept_all_told(const struct kept *kept) {
    for (int i = 0; i < kept->topic_count; i++)
        if (!kept->topics[i].told)
            return false;
    return true;
}

static int64_t kept_asks_after_ms(const struct kept *kept) {
    if (kept->asked == 0)
        return 0;
    if (kept->topic_count > kept->asked)
        return KEPT_NEW_MS;
    return kept_all_told(kept) ? KEPT_AGAIN_MS : KEPT_UNTOLD_MS;
}

static void kept_ask(struct kept *kept, int64_t now) {
    if (kept->topic_count == 0 || now - kept->asked_ms < kept_asks_after_ms(kept))
        return;
    kept->asked = kept->topic_count;
    kept->asked_ms = now;
    kept->open = true;
    kafka_begin_settings(kept->kafka, kept->topics, kept->asked);
}

static bool kept_take(struct kept *kept) {
    if (!kept->open || !kafka_take_settings(kept->kafka, kept->topics, kept->asked))
        return false;
    kept->open = false;
    kept->answers++;
    return true;
}

// Once: what it was about is in the file no more at the next start.
static void kept_warn_untold(struct kept *kept, int slot) {
    const struct kafka_topic_settings *topic = &kept->topics[kept->slots[slot].topic];
    struct apply_gap gap;
    struct apply_partition partition;
    if (kept->slots[slot].logged || !apply_describe_gap(kept->apply, slot, &gap) ||
        gap.after_ms < KEPT_TOMBSTONES_MS || !apply_partition(kept->apply, slot, &partition))
        return;
    kept->slots[slot].logged = true;
    log_event(
        LEVEL_WARN, "incomplete",
        &(struct log_fields){
            .topic = topic->topic, .has_offset = true, .partition = partition.partition, .offset = gap.from},
        "%s partition %" PRId32 ": offsets %" PRId64 " to %" PRId64
        " were gone before they were read, and the broker does not tell whether it is compacted (%s): where it "
        "is, rows that were deleted there stay until the next snapshot",
        topic->topic, partition.partition, gap.from, gap.to - 1,
        topic->refused ? "this account needs DescribeConfigs on it" : "no answer");
}

// A log that was read to its end so lately has its tombstones yet. What was its end before nobody answered, or before this process stood
// still, is none after it.
static void kept_note_end(struct kept *kept, int number, const struct kafka_topic_settings *topic,
                          int64_t now) {
    struct kept_slot *slot = &kept->slots[number];
    struct kafka_unanswered answered;
    int64_t tombstones_ms = topic->told ? topic->tombstones_ms : KEPT_TOMBSTONES_MS;
    int64_t position = kafka_position(kept->kafka, number);
    kafka_unanswered(kept->kafka, number, &answered);
    bool news = answered.answered_ms > slot->end_ms;
    if (apply_watches_gaps(kept->apply, number)) {
        if (news || !slot->again)
            apply_note_position(kept->apply, number, position);
    } else if (slot->end_ms != 0 && now - slot->end_ms > tombstones_ms + KEPT_SILENT_MS) {
        slot->again = true;
        apply_watch_gaps_again(kept->apply, number, slot->end, slot->end_ms);
    }
    if (!news || position < 0)
        return;
    slot->again = false;
    slot->end = position;
    slot->end_ms = answered.answered_ms;
}

static int kept_look(struct kept *kept, int slot, int64_t now, struct error *error) {
    const struct kafka_topic_settings *topic = &kept->topics[kept->slots[slot].topic];
    if (!topic->told || topic->compacted)
        kept_note_end(kept, slot, topic, now);
    if (topic->told && topic->compacted)
        return apply_note_compacted(kept->apply, slot, topic->tombstones_ms, error);
    if (!topic->told && kept->answers > 0)
        kept_warn_untold(kept, slot);
    return 0;
}

int kept_step(struct kept *kept, struct error *error) {
    int64_t now = clock_monotonic_ms();
    if (kept_find_slots(kept, error) != 0)
        return -1;
    kept_ask(kept, now);
    if (!kept_take(kept) && now - kept->looked_ms < KEPT_LOOK_MS)
        return 0;
    kept->looked_ms = now;
    for (int slot = 0; slot < kept->slot_count; slot++)
        if (kept->slots[slot].topic >= 0 && kept_look(kept, slot, now, error) != 0)
            return -1;
    return 0;
}
