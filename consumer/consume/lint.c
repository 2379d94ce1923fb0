#include "consumer/consume/lint.h"

#include "consumer/doctor/declared.h"
#include "consumer/doctor/elsewhere.h"
#include "consumer/doctor/settings.h"
#include "consumer/evidence/evidence.h"
#include "views/base/cleanup.h"
#include "views/base/clock.h"
#include "views/base/log.h"
#include "views/engine/progress.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lint {
    const struct apply_config *config;
    struct kafka *kafka;
    const struct kept *kept;
    const struct discovery *discovery;
    struct evidence evidence;
    int *topics; // by slot: its number in the evidence, -1 = not known yet
    int slot_count;
    unsigned answers; // of the topics' settings that were taken
    int undeclared;   // topics that are named as that, PROGRESS_UNDECLARED_MAX at most
    bool failed;
    bool logged[2];     // what lint_log_unread has told
    int columns_logged; // that source.sql lacks
    int64_t watched_ms; // monotonic times
    int64_t judged_ms;
};

static void lint_take(void *self, const struct message *message) {
    struct lint *lint = self;
    struct error error;
    int topic = message->slot < lint->slot_count ? lint->topics[message->slot] : -1;
    if (topic >= 0 && !lint->failed)
        lint->failed = evidence_take(&lint->evidence, topic, message, &error) != 0;
}

int lint_new(struct lint **ret, const struct apply_config *config, struct kafka *kafka,
             const struct discovery *discovery, const struct kept *kept, struct error *error) {
    struct lint *lint = calloc(1, sizeof *lint);
    if (lint == NULL)
        return error_set(error, ERROR_SYSTEM, "out of memory");
    lint->config = config;
    lint->kafka = kafka;
    lint->kept = kept;
    lint->discovery = discovery;
    lint->judged_ms = lint->watched_ms = clock_monotonic_ms();
    kafka_on_release(kafka, lint_take, lint);
    (void)snprintf(lint->evidence.prefix, sizeof lint->evidence.prefix, "%s", config->prefix);
    *ret = lint;
    return 0;
}

void lint_free(struct lint **lint) {
    struct lint *freed = *lint;
    if (freed == NULL)
        return;
    kafka_on_release(freed->kafka, NULL, NULL);
    evidence_free(&freed->evidence);
    free(freed->topics);
    free(freed);
    *lint = NULL;
}

static void lint_grow(struct lint *lint, int count) {
    if (count <= lint->slot_count)
        return;
    int *grown = realloc(lint->topics, (size_t)count * sizeof *grown);
    lint->failed |= grown == NULL;
    if (grown == NULL)
        return;
    for (int i = lint->slot_count; i < count; i++)
        grown[i] = -1;
    lint->topics = grown;
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
    lint->topics[slot] = topic;
    if (topic >= 0)
        lint->evidence.topics[topic].partial = true;
}

// More of each partition are looked at now and then: what the connector is set to may change.
static void lint_watch(struct lint *lint, int64_t now) {
    bool again = now - lint->watched_ms >= LINT_AGAIN_MS;
    int slots = discovery_slots(lint->discovery);
    if (again)
        lint->watched_ms = now;
    lint_grow(lint, slots);
    for (int slot = 0; slot < slots && !lint->failed; slot++) {
        if (!discovery_is_assigned(lint->discovery, slot))
            continue;
        bool is_new = lint->topics[slot] < 0;
        if (is_new)
            lint_find_topic(lint, slot);
        int topic = lint->topics[slot];
        if ((is_new || again) && topic >= 0 && topic < LINT_TOPICS_MAX)
            kafka_watch(lint->kafka, slot, is_new ? LINT_FIRST : LINT_AGAIN);
    }
}

static void lint_take_settings(struct lint *lint) {
    int count;
    const struct kafka_topic_settings *told = kept_topics(lint->kept, &count);
    if (lint->answers != kept_answers(lint->kept))
        evidence_note_settings(&lint->evidence, told, count);
    lint->answers = kept_answers(lint->kept);
}

static void lint_add_undeclared(void *self, const char *name) {
    struct lint *lint = self;
    struct error error;
    (void)evidence_topic(&lint->evidence, span_of(name), 1, &error);
    lint->undeclared++;
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

// What the listing had when it was newest: a topic that is read is none of them.
static void lint_name_likely(struct lint *lint) {
    struct evidence *evidence = &lint->evidence;
    (void)snprintf(evidence->may_be_transactions, sizeof evidence->may_be_transactions, "%s",
                   discovery_may_be_transactions(lint->discovery));
    (void)snprintf(evidence->may_be_heartbeats, sizeof evidence->may_be_heartbeats, "%s",
                   discovery_may_be_heartbeats(lint->discovery));
}

// Why answers are per-key, and why a dead connector is not told: once in the log, where a topic of the connector's own has
// another name.
static void lint_log_unread(struct lint *lint, const struct findings *findings) {
    bool renamed[] = {lint->evidence.may_be_transactions[0] != '\0',
                      lint->evidence.may_be_heartbeats[0] != '\0'};
    static const char *const checks[] = {"transactions", "heartbeats"};
    for (int i = 0; i < findings->count; i++)
        for (int c = 0; c < 2; c++) {
            const struct finding *finding = &findings->list[i];
            if (!renamed[c] || lint->logged[c] || finding->verdict != VERDICT_WARN ||
                strcmp(finding->check, checks[c]) != 0)
                continue;
            lint->logged[c] = true;
            log_event(LEVEL_WARN, "lint", NULL, "%s: %s", finding->check, finding->seen);
        }
}

struct lint_columns {
    int logged, count;
    struct finding_names new;
};

static void lint_add_column(void *self, const char *table, const char *column, int64_t times) {
    struct lint_columns *columns = self;
    (void)times;
    if (columns->count++ >= columns->logged)
        finding_names_add(&columns->new, "%s.%s", table, column);
}

// Every event counts here, not a sample: what answers lack is told in the log, once.
static void lint_log_columns(struct lint *lint) {
    struct lint_columns columns = {.logged = lint->columns_logged};
    progress_drift_each(lint->config->progress, lint_add_column, &columns);
    lint->columns_logged = columns.count;
    if (columns.new.count > 0)
        log_event(LEVEL_WARN, "drift", NULL,
                  "events have columns that source.sql does not declare, and that are not kept: %s",
                  finding_names_text(&columns.new));
}

static void lint_judge(struct lint *lint) {
    static_assert((int)FINDINGS_MAX <= (int)PROGRESS_FINDINGS_MAX, "room for all");
    static_assert((int)FINDING_SEEN_SIZE <= (int)PROGRESS_FINDING_SIZE, "and for all of each");
    CLEANUP(free_any) struct findings *findings = calloc(1, sizeof *findings);
    CLEANUP(free_any) struct progress_finding *told = calloc(FINDINGS_MAX, sizeof *told);
    if (findings == NULL || told == NULL || lint->evidence.topic_count == 0)
        return;
    // Only for this once: they may be gone, or read, by the next time.
    int read = lint->evidence.topic_count;
    lint->undeclared = 0;
    progress_undeclared_each(lint->config->progress, lint_add_undeclared, lint);
    struct progress_summary summary;
    progress_summary(lint->config->progress, &summary);
    lint->evidence.undeclared_more = summary.undeclared - lint->undeclared;
    evidence_forget_denied(&lint->evidence);
    for (int i = 0; kafka_denied(lint->kafka, i) != NULL; i++)
        evidence_deny(&lint->evidence, kafka_denied(lint->kafka, i));
    lint_name_likely(lint);
    settings_check(&lint->evidence, lint->config->catalog, false, findings);
    if (lint->evidence.undeclared_more == 0) // else there may be topics of which nothing is known here
        elsewhere_check(&lint->evidence, lint->config->catalog, findings);
    declared_check(&lint->evidence, lint->config->catalog, findings);
    evidence_forget_topics(&lint->evidence, read);
    lint_log_unread(lint, findings);
    lint_log_columns(lint);
    progress_set_findings(lint->config->progress, told, lint_take_findings(findings, told));
}

// A slot may be assigned later than it is known.
static bool lint_knows_all(const struct lint *lint) {
    int slots = discovery_slots(lint->discovery);
    for (int i = 0; i < slots; i++)
        if (i >= lint->slot_count || (lint->topics[i] < 0 && discovery_is_assigned(lint->discovery, i)))
            return false;
    return true;
}

void lint_step(struct lint *lint) {
    int64_t now = clock_monotonic_ms();
    if (lint->failed)
        return;
    if (!lint_knows_all(lint) || now - lint->watched_ms >= LINT_AGAIN_MS)
        lint_watch(lint, now);
    if (lint->failed || now - lint->judged_ms < LINT_JUDGE_MS || !discovery_reads_all(lint->discovery))
        return;
    lint->judged_ms = now;
    lint_take_settings(lint);
    lint_judge(lint);
}
