// A topic that was made anew under its old name: the message before the next offset tells.
#include "consumer/apply/apply.h"
#include "views/engine/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char topic[] = "__debezium-heartbeat.shop";
static const char beat[] = "{\"ts_ms\":1795386736089}";

// One partition's log, delivered whole.
struct log {
    struct message messages[4];
    int count;
    int next;
};

static const struct message *peek(void *self, int slot) {
    struct log *log = self;
    (void)slot;
    return log->next < log->count ? &log->messages[log->next] : NULL;
}

static void release(void *self, int slot) {
    (void)slot;
    ((struct log *)self)->next++;
}

static bool at_end(void *self, int slot) {
    return peek(self, slot) == NULL;
}

static void add(struct log *log, int64_t offset, int64_t ts_ms) {
    log->messages[log->count++] = (struct message){
        .offset = offset, .ts_ms = ts_ms, .key = SPAN("{}"), .value = {beat, sizeof beat - 1}};
}

struct fixture {
    char folder[64];
    char path[80];
    struct catalog *catalog;
};

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/apply-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/shop.db", fixture->folder);
    struct error error = {0};
    assert_int_equal(catalog_load(NULL, NULL, &fixture->catalog, &error), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    catalog_free(&fixture->catalog);
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "%s%s", fixture->path, suffixes[i]);
        (void)unlink(path);
    }
    (void)rmdir(fixture->folder);
    free(fixture);
    return 0;
}

// A run of the program over the log: what apply_step returned, and where the partition stands afterwards.
static int run(const struct fixture *fixture, struct log *log, bool verify, int64_t *ret_next,
               struct error *error) {
    struct store *store = NULL;
    struct progress *progress = NULL;
    struct apply *apply = NULL;
    struct store_report report;
    assert_int_equal(store_open(&store, fixture->path, fixture->catalog, &report, error), 0);
    assert_int_equal(progress_new(&progress, error), 0);
    const struct apply_config config = {
        .catalog = fixture->catalog,
        .store = store,
        .progress = progress,
        .source = {.self = log, .peek = peek, .release = release, .at_end = at_end},
        .prefix = "shop",
        .settings = &value_settings_default,
        .commit_messages = APPLY_COMMIT_MESSAGES,
    };
    int slot;
    int64_t next;
    int64_t taken;
    assert_int_equal(apply_new(&apply, &config, error), 0);
    assert_int_equal(apply_add_partition(apply, topic, 0, &slot, &next, error), 0);
    if (verify)
        apply_verify_first(apply, slot);
    int status = apply_step(apply, &taken, error);
    if (status == 0)
        assert_int_equal(apply_commit(apply, error), 0);
    *ret_next = apply_committed_offset(apply, slot);
    apply_free(&apply);
    progress_free(&progress);
    store_close(&store);
    return status;
}

static void the_same_topic_goes_on(void **state) {
    struct error error = {0};
    int64_t next;
    struct log first = {0};
    add(&first, 0, 1000);
    add(&first, 1, 1001);
    assert_int_equal(run(*state, &first, false, &next, &error), 0);
    assert_int_equal(next, 2);
    struct log again = {0};
    add(&again, 1, 1001);
    add(&again, 2, 1002);
    assert_int_equal(run(*state, &again, true, &next, &error), 0);
    assert_int_equal(next, 3);
}

static void a_topic_made_anew_halts(void **state) {
    struct error error = {0};
    int64_t next;
    struct log first = {0};
    add(&first, 0, 1000);
    add(&first, 1, 1001);
    assert_int_equal(run(*state, &first, false, &next, &error), 0);
    struct log other = {0};
    add(&other, 1, 5001);
    add(&other, 2, 5002);
    assert_int_equal(run(*state, &other, true, &next, &error), -1);
    assert_int_equal(error.kind, ERROR_HALT);
    assert_non_null(strstr(error.message, "partition 0: offset 1"));
    assert_non_null(strstr(error.message, "made anew"));
    assert_int_equal(next, 2);
}

// Compaction or expiry took the message before: nothing can be compared, and nothing is refused.
static void what_is_gone_is_not_compared(void **state) {
    struct error error = {0};
    int64_t next;
    struct log first = {0};
    add(&first, 0, 1000);
    assert_int_equal(run(*state, &first, false, &next, &error), 0);
    struct log later = {0};
    add(&later, 7, 9000);
    assert_int_equal(run(*state, &later, true, &next, &error), 0);
    assert_int_equal(next, 8);
}

struct told {
    char text[256];
    int count;
};

static void tell(void *self, const char *table, const char *reason) {
    struct told *told = self;
    (void)snprintf(told->text, sizeof told->text, "%s: %s", table, reason);
    told->count++;
}

// With the first commit, and neither without one nor after the process only.
static void a_lost_beginning_is_kept_with_the_commit(void **state) {
    const struct fixture *fixture = *state;
    const struct table *orders = catalog_table(fixture->catalog, "orders", 6);
    for (int committed = 0; committed < 2; committed++) {
        struct log log = {0};
        add(&log, 4, 1000);
        struct error error = {0};
        struct store *store = NULL;
        struct progress *progress = NULL;
        struct apply *apply = NULL;
        struct store_report report;
        int64_t taken;
        assert_int_equal(store_open(&store, fixture->path, fixture->catalog, &report, &error), 0);
        assert_int_equal(progress_new(&progress, &error), 0);
        const struct apply_config config = {
            .catalog = fixture->catalog,
            .store = store,
            .progress = progress,
            .source = {.self = &log, .peek = peek, .release = release, .at_end = at_end},
            .prefix = "shop",
            .settings = &value_settings_default,
            .commit_messages = APPLY_COMMIT_MESSAGES,
        };
        int slot;
        int64_t next;
        assert_int_equal(apply_new(&apply, &config, &error), 0);
        assert_int_equal(apply_add_partition(apply, topic, 0, &slot, &next, &error), 0);
        assert_int_equal(apply_note_incomplete(apply, orders, "began at 4", &error), 0);
        assert_int_equal(apply_step(apply, &taken, &error), 0);
        if (committed)
            assert_int_equal(apply_commit(apply, &error), 0);
        apply_free(&apply);
        progress_free(&progress);
        store_close(&store);
        struct told told = {0};
        assert_int_equal(read_incomplete(fixture->path, tell, &told, &error), 0);
        assert_int_equal(told.count, committed);
        assert_string_equal(told.text, committed ? "orders: began at 4" : "");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_lost_beginning_is_kept_with_the_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_topic_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_topic_made_anew_halts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_gone_is_not_compared, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
