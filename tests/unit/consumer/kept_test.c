// Whether a table is complete hangs on what the broker tells of its topic (consumer/consume/kept.h): whatever else is read, and
// whatever the sampler for advice makes of it.
#include "consumer/consume/kept.h"

#include "consumer/evidence/evidence.h"
#include "tests/unit/shop_file.h"
#include "views/base/clock.h"
#include "views/base/log.h"
#include "views/engine/read.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BEFORE_MS = 1000, A_DAY_MS = 86400 * 1000, DAYS = 3, MOST = EVIDENCE_TOPICS_MAX + 8 };

static const char topic[] = "shop.public.orders";

// What the broker says of `topic`, once it is asked.
static struct kafka_topic_settings answer;
static int questions;
static int asked; // topics in the newest
static int slots; // that are read

void __wrap_kafka_begin_settings(struct kafka *kafka, const struct kafka_topic_settings *topics, int count);
void __wrap_kafka_begin_settings(struct kafka *kafka, const struct kafka_topic_settings *topics, int count) {
    (void)kafka;
    assert_non_null(topics);
    questions++;
    asked = count;
}

bool __wrap_kafka_take_settings(struct kafka *kafka, struct kafka_topic_settings *topics, int count);
bool __wrap_kafka_take_settings(struct kafka *kafka, struct kafka_topic_settings *topics, int count) {
    (void)kafka;
    assert_int_equal(count, asked);
    for (int i = 0; i < count; i++)
        if (strcmp(topics[i].topic, topic) == 0) {
            const char *name = topics[i].topic;
            topics[i] = answer;
            topics[i].topic = name;
        }
    return true;
}

static int64_t position;
static int64_t answered_ms;

int64_t __wrap_kafka_position(struct kafka *kafka, int slot);
int64_t __wrap_kafka_position(struct kafka *kafka, int slot) {
    (void)kafka;
    (void)slot;
    return position;
}

void __wrap_kafka_unanswered(struct kafka *kafka, int slot, struct kafka_unanswered *ret);
void __wrap_kafka_unanswered(struct kafka *kafka, int slot, struct kafka_unanswered *ret) {
    (void)kafka;
    (void)slot;
    *ret = (struct kafka_unanswered){.answered_ms = answered_ms};
}

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
    return slots;
}

bool __wrap_discovery_is_assigned(const struct discovery *discovery, int slot);
bool __wrap_discovery_is_assigned(const struct discovery *discovery, int slot) {
    (void)discovery;
    return slot < slots;
}

// The log of `topic`: one message.
struct log {
    struct message message;
    bool taken;
};

static const struct message *peek(void *self, int slot) {
    struct log *log = self;
    return slot == log->message.slot && !log->taken ? &log->message : NULL;
}

static void release(void *self, int slot) {
    (void)slot;
    ((struct log *)self)->taken = true;
}

static bool at_end(void *self, int slot) {
    return peek(self, slot) == NULL;
}

static int64_t wall_now;
static int64_t offset_next; // behind the log's end

static int64_t wall_ms(void) {
    return wall_now;
}

struct fixture {
    struct shop_file file;
    struct catalog *catalog;
    struct store *store;
    struct progress *progress;
    struct log log;
    struct apply *apply;
    struct kept *kept;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    struct error error = {0};
    assert_non_null(f);
    shop_file_make(&f->file, "kept");
    assert_int_equal(catalog_load(NULL, NULL, &f->catalog, &error), 0);
    answer = (struct kafka_topic_settings){.told = true, .compacted = true, .tombstones_ms = A_DAY_MS};
    questions = asked = slots = 0;
    position = -1;
    answered_ms = 0;
    offset_next = 30;
    *state = f;
    return 0;
}

static void open_run(struct fixture *f) {
    struct error error = {0};
    struct store_report report;
    assert_int_equal(store_open(&f->store, f->file.path, f->catalog, &report, &error), 0);
    assert_int_equal(progress_new(&f->progress, &error), 0);
    const struct apply_config config = {
        .catalog = f->catalog,
        .store = f->store,
        .progress = f->progress,
        .source = {.self = &f->log, .peek = peek, .release = release, .at_end = at_end},
        .prefix = "shop",
        .settings = &value_settings_default,
        .commit_messages = APPLY_COMMIT_MESSAGES,
        .wall_ms = wall_ms};
    assert_int_equal(apply_new(&f->apply, &config, &error), 0);
    assert_int_equal(kept_new(&f->kept, f->apply, f->progress, NULL, NULL, &error), 0);
}

static void close_run(struct fixture *f) {
    kept_free(&f->kept);
    apply_free(&f->apply);
    progress_free(&f->progress);
    store_close(&f->store);
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    close_run(f);
    catalog_free(&f->catalog);
    shop_file_remove(&f->file);
    free(f);
    return 0;
}

static int add_slot(struct fixture *f, const char *name) {
    struct error error = {0};
    int64_t next;
    int slot;
    assert_int_equal(apply_add_partition(f->apply, name, 0, &slot, &next, &error), 0);
    assert_int_equal(slot, slots);
    return slot;
}

// The log's message, at this offset and time.
static void take(struct fixture *f, int slot, int64_t offset, int64_t ts_ms) {
    struct error error = {0};
    int64_t taken;
    f->log = (struct log){.message = {.slot = slot,
                                      .offset = offset,
                                      .ts_ms = ts_ms,
                                      .key = SPAN("{}"),
                                      .value = SPAN("{\"ts_ms\":1795386736089}")}};
    assert_int_equal(apply_step(f->apply, &taken, &error), 0);
    assert_int_equal(taken, 1);
    assert_int_equal(apply_commit(f->apply, &error), 0);
}

static void step(struct fixture *f, int64_t later_ms) {
    struct error error = {0};
    ahead_ms += later_ms;
    if (kept_step(f->kept, &error) != 0)
        fail_msg("%s", error.message);
}

// The topic's log was read up to offset 5, and is read again days later with so many other topics before it; 6 to 8 are gone.
static void read_again(struct fixture *f, int others) {
    wall_now = BEFORE_MS;
    open_run(f);
    take(f, add_slot(f, topic), 5, BEFORE_MS);
    close_run(f);
    open_run(f);
    for (; slots < others; slots++) {
        char name[64];
        (void)snprintf(name, sizeof name, "shop.public.other%d", slots);
        (void)add_slot(f, name);
    }
    int slot = add_slot(f, topic);
    slots++;
    progress_set_high(f->progress, slot, 10, 0);
    step(f, 0);
    wall_now = BEFORE_MS + (int64_t)DAYS * A_DAY_MS;
    take(f, slot, 9, wall_now);
}

static void note(void *self, const char *table, const char *reason) {
    (void)snprintf(self, ERROR_MESSAGE_SIZE, "%s: %s", table, reason);
}

static void expect_told(struct fixture *f, const char *begins) {
    struct error error = {0};
    char told[ERROR_MESSAGE_SIZE] = "";
    take(f, slots - 1, offset_next, wall_now);
    offset_next++;
    assert_int_equal(read_incomplete(f->file.path, note, told, &error), 0);
    if (strncmp(told, begins, strlen(begins)) != 0 || (begins[0] == '\0') != (told[0] == '\0'))
        fail_msg("%s", told);
}

static const char lost[] =
    "orders: shop.public.orders partition 0 is compacted, and its offsets 6 to 8 were gone";

static void what_is_compacted_is_told(void **state) {
    struct fixture *f = *state;
    read_again(f, 0);
    step(f, KEPT_LOOK_MS);
    assert_int_equal(questions, 1);
    assert_int_equal(kept_answers(f->kept), 1);
    expect_told(f, lost);
    step(f, KEPT_UNTOLD_MS);
    assert_int_equal(questions, 1); // all is known
    step(f, KEPT_AGAIN_MS);
    assert_int_equal(questions, 2);
}

static void more_topics_than_are_sampled_hide_nothing(void **state) {
    struct fixture *f = *state;
    read_again(f, MOST);
    assert_int_equal(asked, MOST + 1);
    step(f, KEPT_LOOK_MS);
    expect_told(f, lost);
}

// The broker's answer comes behind the message that tells, and none follows: it is in the file all the same.
static void what_is_told_late_is_kept(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    char told[ERROR_MESSAGE_SIZE] = "";
    read_again(f, 0);
    step(f, KEPT_LOOK_MS);
    assert_int_equal(apply_commit(f->apply, &error), 0);
    assert_int_equal(read_incomplete(f->file.path, note, told, &error), 0);
    assert_ptr_equal(strstr(told, lost), told);
}

// The log is read to its end, offset 5; so many days later 6 to 8 are gone. `silent`: nobody answered meanwhile.
static void read_on(struct fixture *f, bool silent) {
    wall_now = BEFORE_MS;
    open_run(f);
    int slot = add_slot(f, topic);
    slots++;
    progress_set_high(f->progress, slot, 6, 0);
    take(f, slot, 5, BEFORE_MS);
    position = 6;
    answered_ms = clock_monotonic_ms();
    step(f, 0);
    for (int day = 0; day < DAYS; day++) {
        if (!silent)
            answered_ms = clock_monotonic_ms() + A_DAY_MS;
        step(f, A_DAY_MS);
    }
    wall_now = BEFORE_MS + (int64_t)DAYS * A_DAY_MS;
    answered_ms = clock_monotonic_ms();
    position = -1;
    take(f, slot, 9, wall_now);
}

static void what_compaction_took_during_a_silence_is_told(void **state) {
    struct fixture *f = *state;
    read_on(f, true);
    step(f, KEPT_LOOK_MS);
    expect_told(f, lost);
}

// A transaction that was aborted on the third day left as many offsets.
static void what_was_read_to_its_end_meanwhile_has_all(void **state) {
    struct fixture *f = *state;
    read_on(f, false);
    step(f, KEPT_LOOK_MS);
    expect_told(f, "");
}

static void what_is_not_compacted_has_all(void **state) {
    struct fixture *f = *state;
    answer.compacted = false;
    read_again(f, 0);
    step(f, KEPT_LOOK_MS);
    expect_told(f, "");
}

static int count_warnings(void) {
    static struct log_kept lines[LOG_KEPT_LINES];
    int count = 0;
    for (int i = log_kept(lines, LOG_KEPT_LINES) - 1; i >= 0; i--)
        count +=
            strstr(lines[i].message, "shop.public.orders partition 0: offsets 6 to 8 were gone") != NULL &&
            strstr(lines[i].message, "this account needs DescribeConfigs on it") != NULL;
    return count;
}

// Nothing is known then, and that is said, once; when it is granted the rest is.
static void what_is_refused_is_asked_for_again(void **state) {
    struct fixture *f = *state;
    answer = (struct kafka_topic_settings){.refused = true};
    read_again(f, 0);
    for (int i = 0; i < 3; i++)
        step(f, KEPT_LOOK_MS);
    assert_int_equal(questions, 1);
    assert_int_equal(count_warnings(), 1);
    expect_told(f, "");
    answer = (struct kafka_topic_settings){.told = true, .compacted = true, .tombstones_ms = A_DAY_MS};
    step(f, KEPT_UNTOLD_MS);
    step(f, KEPT_LOOK_MS);
    assert_int_equal(questions, 2);
    assert_int_equal(count_warnings(), 1);
    expect_told(f, lost);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_compacted_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_topics_than_are_sampled_hide_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_told_late_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_compaction_took_during_a_silence_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_read_to_its_end_meanwhile_has_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_compacted_has_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_refused_is_asked_for_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
