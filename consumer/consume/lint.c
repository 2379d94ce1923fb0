#include "consumer/consume/lint.h"

#include "consumer/doctor/declared.h"
#include "consumer/doctor/settings.h"
#include "consumer/evidence/evidence.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/engine/progress.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct lint_slot {
    int topic;    // its number in the evidence, -1 = not known yet
    int64_t next; // the offset behind the newest message that was looked at
};

struct lint {
    const struct apply_config *config;
    struct kafka *kafka;
    const struct discovery *discovery;
    struct evidence evidence;
    struct lint_slot *slots;
    int slot_count;
    int first;                             // where the next round begins
    struct kafka_topic_settings *settings; // of the topics that were asked for
    int asked;                             // how many
    bool failed;
    int64_t sampled_ms; // monotonic times
    int64_t judged_ms;
    int64_t settings_ms;
};

int lint_new(struct lint **ret, const struct apply_config *config, struct kafka *kafka,
             const struct discovery *discovery, struct error *error) {
    struct lint *lint = calloc(1, sizeof *lint);
    if (lint == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    lint->config = config;
    lint->kafka = kafka;
    lint->discovery = discovery;
    lint->judged_ms = clock_monotonic_ms();
    (void)snprintf(lint->evidence.prefix, sizeof lint->evidence.prefix, "%s", config->prefix);
    *ret = lint;
    return 0;
}

void lint_free(struct lint **lint) {
    struct lint *freed = *lint;
    if (freed == NULL)
        return;
    evidence_free(&freed->evidence);
    free(freed->slots);
    free(freed->settings);
    free(freed);
    *lint = NULL;
}

static void lint_grow(struct lint *lint, int count) {
    if (count <= lint->slot_count)
        return;
    struct lint_slot *grown = realloc(lint->slots, (size_t)count * sizeof *grown);
    lint->failed |= grown == NULL;
    if (grown == NULL)
        return;
    for (int i = lint->slot_count; i < count; i++)
        grown[i] = (struct lint_slot){.topic = -1};
    lint->slots = grown;
    lint->slot_count = count;
}

// Every topic that is read counts, whether it has messages or not.
static void lint_find_topic(struct lint *lint, int slot) {
    struct kafka_unanswered place;
    kafka_unanswered(lint->kafka, slot, &place);
    if (place.topic == NULL)
        return;
    struct error error;
    int topic = evidence_topic(&lint->evidence, span_of(place.topic), place.partition + 1, &error);
    lint->failed |= topic < 0;
    lint->slots[slot].topic = topic;
    if (topic >= 0)
        lint->evidence.topics[topic].partial = true;
}

// Up to `room` messages that are delivered and not taken. How many it were.
static int lint_sample_slot(struct lint *lint, const struct message_source *source, int slot, int room) {
    struct lint_slot *sampled = &lint->slots[slot];
    const struct evidence_topic *topic = &lint->evidence.topics[sampled->topic];
    int left = LINT_TOPIC_MESSAGES - (int)topic->messages;
    int taken = 0;
    room = room < LINT_ROUND ? room : LINT_ROUND;
    room = room < left ? room : left;
    if (room <= 0 || source->peek(source->self, slot) == NULL)
        return 0;
    int delivered = source->delivered(source->self, slot);
    for (int i = 0; i < delivered && taken < room && !lint->failed; i++) {
        struct message message;
        struct error error;
        source->peek_at(source->self, slot, i, &message);
        if (message.offset < sampled->next)
            continue;
        sampled->next = message.offset + 1;
        lint->failed |= evidence_take(&lint->evidence, sampled->topic, &message, &error) != 0;
        taken++;
    }
    return taken;
}

static void lint_sample(struct lint *lint) {
    struct message_source source = kafka_source(lint->kafka);
    int slots = discovery_slots(lint->discovery);
    int room = LINT_ROUND_ALL;
    lint_grow(lint, slots);
    for (int n = 0; n < slots && room > 0 && !lint->failed; n++) {
        int slot = (lint->first + n) % slots;
        if (!discovery_is_assigned(lint->discovery, slot))
            continue;
        if (lint->slots[slot].topic < 0)
            lint_find_topic(lint, slot);
        int topic = lint->slots[slot].topic;
        if (topic >= 0 && topic < LINT_TOPICS_MAX)
            room -= lint_sample_slot(lint, &source, slot, room);
    }
    lint->first = slots > 0 ? (lint->first + 1) % slots : 0;
}

static void lint_ask_settings(struct lint *lint, int64_t now) {
    if (lint->settings_ms != 0 && now - lint->settings_ms < LINT_SETTINGS_MS)
        return;
    lint->settings_ms = now;
    free(lint->settings);
    lint->asked = lint->evidence.topic_count;
    lint->settings = calloc((size_t)lint->asked + 1, sizeof *lint->settings);
    lint->failed |= lint->settings == NULL;
    for (int i = 0; lint->settings != NULL && i < lint->asked; i++)
        lint->settings[i].topic = lint->evidence.topics[i].name;
    if (lint->settings != NULL)
        kafka_begin_settings(lint->kafka, lint->settings, lint->asked);
}

static void lint_take_settings(struct lint *lint) {
    if (lint->settings == NULL || !kafka_take_settings(lint->kafka, lint->settings, lint->asked))
        return;
    for (int i = 0; i < lint->asked; i++) {
        struct evidence_topic *topic = &lint->evidence.topics[i];
        topic->settings_told = lint->settings[i].told;
        topic->compacted = lint->settings[i].compacted;
        topic->retention_ms = lint->settings[i].retention_ms;
        topic->retention_bytes = lint->settings[i].retention_bytes;
    }
}

static void lint_add_undeclared(void *self, const char *name) {
    struct lint *lint = self;
    struct error error;
    (void)evidence_topic(&lint->evidence, span_of(name), 1, &error);
}

// What is not seen is not told.
static int lint_take_findings(const struct findings *findings, struct progress_finding *ret) {
    static const enum progress_finding_level levels[] = {
        [VERDICT_OK] = FINDING_OK, [VERDICT_WARN] = FINDING_WARN, [VERDICT_FAIL] = FINDING_FAIL};
    int count = 0;
    for (int i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        if (finding->verdict == VERDICT_NOT_SEEN)
            continue;
        struct progress_finding *told = &ret[count++];
        told->level = levels[finding->verdict];
        (void)snprintf(told->check, sizeof told->check, "%s", finding->check);
        (void)snprintf(told->message, sizeof told->message, "%s", finding->seen);
        (void)snprintf(told->remedy, sizeof told->remedy, "%s", finding->remedy);
    }
    return count;
}

static void lint_judge(struct lint *lint) {
    static_assert((int)FINDINGS_MAX <= (int)PROGRESS_FINDINGS_MAX, "room for all");
    CLEANUP(free_any) struct findings *findings = calloc(1, sizeof *findings);
    CLEANUP(free_any) struct progress_finding *told = calloc(FINDINGS_MAX, sizeof *told);
    if (findings == NULL || told == NULL || lint->evidence.topic_count == 0)
        return;
    progress_undeclared_each(lint->config->progress, lint_add_undeclared, lint);
    settings_check(&lint->evidence, lint->config->catalog, false, findings);
    declared_check(&lint->evidence, lint->config->catalog, findings);
    progress_set_findings(lint->config->progress, told, lint_take_findings(findings, told));
}

void lint_step(struct lint *lint) {
    int64_t now = clock_monotonic_ms();
    if (lint->failed || now - lint->sampled_ms < LINT_SAMPLE_MS)
        return;
    lint->sampled_ms = now;
    lint_sample(lint);
    lint_take_settings(lint);
    if (lint->failed || now - lint->judged_ms < LINT_JUDGE_MS || !discovery_reads_all(lint->discovery))
        return;
    lint->judged_ms = now;
    lint_judge(lint);
    lint_ask_settings(lint, now);
}
