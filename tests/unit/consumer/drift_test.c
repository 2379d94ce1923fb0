// Columns of events that no table has: counted by name, in bounded memory.
#include "consumer/apply/loop/drift.h"
#include "views/base/buffer.h"
#include "views/base/cleanup.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>

static const struct table table = {.name = (char[]){"boxes"}};

static void count_columns(void *self, const char *of, const char *column, int64_t times) {
    (void)of;
    assert_true(strlen(column) <= DRIFT_NAME_SIZE);
    ((int64_t *)self)[0]++;
    ((int64_t *)self)[1] += times;
}

static void check(struct drift *drift, int64_t columns, int64_t times) {
    CLEANUP(progress_free) struct progress *progress = NULL;
    struct error error;
    int64_t counted[2] = {0};
    assert_int_equal(progress_new(&progress, &error), 0);
    drift_report(drift, progress);
    progress_drift_each(progress, count_columns, counted);
    assert_int_equal(counted[0], columns);
    assert_int_equal(counted[1], times);
}

static void more_columns_than_are_told_apart_are_not_counted(void **state) {
    (void)state;
    struct drift drift = {0};
    for (int i = 0; i < DRIFT_MAX + 5; i++) {
        char name[16];
        struct span span = {name, (size_t)snprintf(name, sizeof name, "c%d", i)};
        drift_count(&drift, &table, span, 1);
        drift_count(&drift, &table, span, 1);
    }
    check(&drift, DRIFT_MAX, (int64_t)2 * DRIFT_MAX);
    drift_free(&drift);
}

struct expected {
    const char *table;
    const char *column;
    int64_t times;
    bool found;
};

static void find_expected(void *self, const char *of, const char *column, int64_t times) {
    for (struct expected *e = self; e->table != NULL; e++)
        if (strcmp(e->table, of) == 0 && strcmp(e->column, column) == 0) {
            assert_false(e->found);
            assert_int_equal(times, e->times);
            e->found = true;
            return;
        }
    fail_msg("%s.%s", of, column);
}

// Two tables come in turn, in an order of their own each, with columns that only some events have.
static void each_tables_columns_are_its_own(void **state) {
    (void)state;
    const struct table tables[] = {{.name = (char[]){"boxes"}}, {.name = (char[]){"parts"}, .index = 1}};
    static const char *const events[][2] = {
        {"abc", "ab"}, {"abc", "ba"}, {"acb", "c"}, {"xabc", ""}, {"c", "abc"}};
    struct drift drift = {0};
    struct drift moved = {0};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        for (int t = 1; t >= 0; t--)
            for (const char *name = events[i][t]; *name != '\0'; name++)
                drift_count(&drift, &tables[t], (struct span){name, 1}, 1);
    drift_move(&moved, &drift);
    drift_free(&drift);
    struct expected expected[] = {{"boxes", "a", 4, false}, {"boxes", "b", 4, false},
                                  {"boxes", "c", 5, false}, {"boxes", "x", 1, false},
                                  {"parts", "a", 3, false}, {"parts", "b", 3, false},
                                  {"parts", "c", 2, false}, {0}};
    CLEANUP(progress_free) struct progress *progress = NULL;
    struct error error;
    assert_int_equal(progress_new(&progress, &error), 0);
    drift_report(&moved, progress);
    progress_drift_each(progress, find_expected, expected);
    for (const struct expected *e = expected; e->table != NULL; e++)
        assert_true(e->found);
    drift_free(&moved);
}

// A message has at most 64 MB, and a thousand such names would stay.
static void of_a_long_name_the_beginning_is_kept(void **state) {
    (void)state;
    struct drift drift = {0};
    CLEANUP(buffer_free) struct buffer name = {0};
    buffer_append(&name, "x", 1);
    for (int i = 0; i < 1000; i++)
        buffer_append(&name, "\xc3\xa9", 2); // an odd number of bytes before each
    drift_count(&drift, &table, (struct span){name.data, name.size}, 1);
    drift_count(&drift, &table, (struct span){name.data, name.size - 2}, 2);
    drift_count(&drift, &table, (struct span){name.data, DRIFT_NAME_SIZE}, 4);
    check(&drift, 1, 7);
    drift_free(&drift);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_columns_than_are_told_apart_are_not_counted),
        cmocka_unit_test(each_tables_columns_are_its_own),
        cmocka_unit_test(of_a_long_name_the_beginning_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
