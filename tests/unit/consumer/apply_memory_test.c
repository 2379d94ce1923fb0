// Memory that runs out while a partition is added: it is an error, and the next try goes on as if nothing had
// been.
#include "consumer/apply/apply.h"

#include "tests/unit/shop_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char topic[] = "shop.public.orders";

enum { CALLS_MAX = 100 };

static int calls_left = -1; // -1 = memory never runs out

static bool runs_out(void) {
    return calls_left >= 0 && calls_left-- == 0;
}

// clang-format off
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size) { return runs_out() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return runs_out() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *memory, size_t size) { return runs_out() ? NULL : __real_realloc(memory, size); }
char *__wrap_strdup(const char *text) { return runs_out() ? NULL : __real_strdup(text); }
// clang-format on

static const struct message *peek(void *self, int slot) {
    (void)self, (void)slot;
    return NULL;
}

static void release(void *self, int slot) {
    (void)self, (void)slot;
}

static bool at_end(void *self, int slot) {
    (void)self, (void)slot;
    return true;
}

struct fixture {
    struct shop_file file;
    struct catalog *catalog;
    struct store *store;
};

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    shop_file_make(&fixture->file, "apply");
    struct error error = {0};
    struct store_report report;
    assert_int_equal(catalog_load(NULL, NULL, &fixture->catalog, &error), 0);
    assert_int_equal(store_open(&fixture->store, fixture->file.path, fixture->catalog, &report, &error), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    store_close(&fixture->store);
    catalog_free(&fixture->catalog);
    shop_file_remove(&fixture->file);
    free(fixture);
    return 0;
}

// True when the first try failed.
static bool add_with(const struct fixture *fixture, int calls) {
    struct error error = {0};
    struct progress *progress = NULL;
    struct apply *apply = NULL;
    assert_int_equal(progress_new(&progress, &error), 0);
    const struct apply_config config = {
        .catalog = fixture->catalog,
        .store = fixture->store,
        .progress = progress,
        .source = {.peek = peek, .release = release, .at_end = at_end},
        .prefix = "shop",
        .settings = &value_settings_default,
        .commit_messages = APPLY_COMMIT_MESSAGES,
    };
    assert_int_equal(apply_new(&apply, &config, &error), 0);
    int slot;
    int64_t next;
    calls_left = calls;
    bool failed = apply_add_partition(apply, topic, 0, &slot, &next, &error) != 0;
    calls_left = -1;
    if (failed)
        assert_int_equal(error.kind, ERROR_SYSTEM);
    assert_int_equal(apply_add_partition(apply, topic, 0, &slot, &next, &error), 0);
    assert_int_equal(slot, 0);
    int64_t taken;
    assert_int_equal(apply_step(apply, &taken, &error), 0);
    assert_int_equal(apply_start_at(apply, slot, 7, 9, &error), 0);
    assert_int_equal(apply_commit(apply, &error), 0);
    assert_int_equal(apply_next_offset(apply, slot), 7);
    apply_free(&apply);
    progress_free(&progress);
    return failed;
}

static void a_partition_that_failed_is_added_again(void **state) {
    int calls = 0;
    while (calls < CALLS_MAX && add_with(*state, calls))
        calls++;
    assert_in_range(calls, 5, CALLS_MAX - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_partition_that_failed_is_added_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
