// What lint says of topics that no table is declared for, while the listing changes. The client and its discovery are played here.
#include "consumer/consume/lint.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t ahead_ms; // of the clock

int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret) {
    int status = __real_clock_gettime(clock, ret);
    ret->tv_sec += clock == CLOCK_MONOTONIC ? ahead_ms / 1000 : 0;
    return status;
}

int __wrap_discovery_slots(const struct discovery *discovery);
int __wrap_discovery_slots(const struct discovery *discovery) {
    (void)discovery;
    return 1;
}

bool __wrap_discovery_is_assigned(const struct discovery *discovery, int slot);
bool __wrap_discovery_is_assigned(const struct discovery *discovery, int slot) {
    (void)discovery;
    return slot == 0;
}

bool __wrap_discovery_reads_all(const struct discovery *discovery);
bool __wrap_discovery_reads_all(const struct discovery *discovery) {
    (void)discovery;
    return true;
}

const char *__wrap_discovery_may_be_transactions(const struct discovery *discovery);
const char *__wrap_discovery_may_be_transactions(const struct discovery *discovery) {
    (void)discovery;
    return "";
}

const char *__wrap_discovery_may_be_heartbeats(const struct discovery *discovery);
const char *__wrap_discovery_may_be_heartbeats(const struct discovery *discovery) {
    (void)discovery;
    return "";
}

void __wrap_kafka_unanswered(struct kafka *kafka, int slot, struct kafka_unanswered *ret);
void __wrap_kafka_unanswered(struct kafka *kafka, int slot, struct kafka_unanswered *ret) {
    (void)kafka;
    (void)slot;
    *ret = (struct kafka_unanswered){.topic = "shop.public.a"};
}

void __wrap_kafka_watch(struct kafka *kafka, int slot, int messages);
void __wrap_kafka_watch(struct kafka *kafka, int slot, int messages) {
    (void)kafka;
    (void)slot;
    (void)messages;
}

void __wrap_kafka_on_release(struct kafka *kafka, void (*released)(void *self, const struct message *message),
                             void *self);
void __wrap_kafka_on_release(struct kafka *kafka, void (*released)(void *self, const struct message *message),
                             void *self) {
    (void)kafka;
    (void)released;
    (void)self;
}

const char *__wrap_kafka_denied(const struct kafka *kafka, int i);
const char *__wrap_kafka_denied(const struct kafka *kafka, int i) {
    (void)kafka;
    (void)i;
    return NULL;
}

const struct kafka_topic_settings *__wrap_kept_topics(const struct kept *kept, int *ret_count);
const struct kafka_topic_settings *__wrap_kept_topics(const struct kept *kept, int *ret_count) {
    (void)kept;
    *ret_count = 0;
    return NULL;
}

unsigned __wrap_kept_answers(const struct kept *kept);
unsigned __wrap_kept_answers(const struct kept *kept) {
    (void)kept;
    return 0;
}

static void find_undeclared(struct progress *progress, char *ret) {
    static struct progress_finding list[PROGRESS_FINDINGS_MAX];
    int count = progress_findings(progress, list);
    for (int i = 0; i < count; i++)
        if (strcmp(list[i].check, "undeclared topics") == 0)
            (void)snprintf(ret, PROGRESS_FINDING_SIZE, "%s", list[i].message);
}

// What it says after a listing that has these topics.
static void expect(struct lint *lint, struct progress *progress, const char *const *topics, int named,
                   int count, const char *wanted) {
    char told[PROGRESS_FINDING_SIZE] = "";
    progress_set_undeclared(progress, topics, named, count);
    ahead_ms += LINT_JUDGE_MS;
    lint_step(lint);
    find_undeclared(progress, told);
    assert_string_equal(told, wanted);
}

static void what_is_listed_no_more_is_not_told(void **state) {
    (void)state;
    struct error error = {0};
    struct catalog *catalog;
    struct progress *progress;
    struct lint *lint;
    assert_int_equal(catalog_load_source("create table a(id int primary key);", &catalog, &error), 0);
    assert_int_equal(progress_new(&progress, &error), 0);
    const struct apply_config config = {.catalog = catalog, .progress = progress, .prefix = "shop"};
    assert_int_equal(lint_new(&lint, &config, NULL, NULL, NULL, &error), 0);
    const char *const topics[] = {"shop.public.x", "shop.public.y"};
    expect(lint, progress, topics, 2, 2, "not read: shop.public.x, shop.public.y");
    expect(lint, progress, topics, 1, 1, "not read: shop.public.x");
    expect(lint, progress, topics + 1, 1, 8, "not read: shop.public.y and 7 more");
    expect(lint, progress, topics, 0, 0, "every topic of the prefix feeds a table");
    lint_free(&lint);
    progress_free(&progress);
    catalog_free(&catalog);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_listed_no_more_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
