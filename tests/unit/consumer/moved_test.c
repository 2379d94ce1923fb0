// When a row that differed is equal, differs, or must be looked at again (consumer/postgres/moved.h): the steps, without a
// server and without a file.
#include "consumer/postgres/moved.h"

#include "views/base/cleanup.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
// clang-format on

enum { COLUMNS = 3 };

static struct column columns[COLUMNS] = {
    {.name = (char *)"id"}, {.name = (char *)"a"}, {.name = (char *)"b"}};
static struct table table = {.name = (char *)"t", .columns = columns, .column_count = COLUMNS};
static struct plan_column planned[COLUMNS];
static struct plan plan = {
    .table = &table, .columns = planned, .column_count = COLUMNS, .keys = {0}, .key_count = 1};

struct row {
    const char *version; // NULL = there is none
    const char *a, *b;
};

static void forms_of(const struct row *row, struct span forms[COLUMNS]) {
    forms[0] = SPAN("1");
    forms[1] = span_of(row->a);
    forms[2] = span_of(row->b);
}

static void begin(struct moved *moved, int64_t lsn, struct row source) {
    struct span forms[COLUMNS];
    struct error error;
    for (int i = 0; i < COLUMNS; i++)
        planned[i].form = (struct form){.column = &columns[i], .kind = FORM_TEXT};
    assert_int_equal(moved_open(moved, &plan, lsn, &error), 0);
    forms_of(&source, forms);
    assert_int_equal(moved_add(moved, SPAN("k"), forms, span_of(source.version),
                               source.version != NULL ? forms : NULL, &error),
                     0);
}

// The mirror's look, at that position; then a sample of the source behind it.
static enum moved_state look(struct moved *moved, int64_t position, struct row mirror, int64_t lsn,
                             struct row source, int64_t now_ms) {
    struct span forms[COLUMNS];
    struct error error;
    moved->mirror_lsn = position;
    moved->position_known = position >= 0;
    free(moved->keys[0]->mirror);
    moved->keys[0]->mirror = NULL;
    if (mirror.version != NULL) {
        moved->keys[0]->mirror = calloc(COLUMNS, sizeof *forms);
        forms_of(&mirror, moved->keys[0]->mirror);
    }
    forms_of(&source, forms);
    moved_begin_sample(moved, lsn);
    assert_int_equal(
        moved_note_source(moved, 0, span_of(source.version), source.version != NULL ? forms : NULL, &error),
        0);
    moved_judge(moved, 0, now_ms);
    return moved->keys[0]->state;
}

static const struct row old = {"v1", "1", "x"}, new = {"v2", "2", "x"}, newer = {"v3", "3", "x"},
                        bad = {"-", "1", "bad"}, none = {0};

static void a_late_mirror_is_awaited(void **state) {
    (void)state;
    CLEANUP(moved_close) struct moved moved;
    begin(&moved, 100, new);
    for (int i = 0; i < 20; i++)
        assert_int_equal(look(&moved, 90, old, 100 + i, new, i * 1000), MOVED_OPEN);
    assert_int_equal(look(&moved, 110, new, 120, new, 90000), MOVED_EQUAL);
}

static void a_mirror_that_is_ahead_is_equal_to_the_next_sample(void **state) {
    (void)state;
    CLEANUP(moved_close) struct moved moved;
    begin(&moved, 100, old);
    assert_int_equal(look(&moved, 150, new, 160, new, 0), MOVED_EQUAL);
}

static void a_wrong_cell_differs_once_the_position_is_reached(void **state) {
    (void)state;
    CLEANUP(moved_close) struct moved moved;
    begin(&moved, 100, old);
    assert_int_equal(look(&moved, 90, bad, 110, old, 0), MOVED_OPEN);
    assert_int_equal(look(&moved, 100, bad, 120, old, 1000), MOVED_OPEN);
    assert_int_equal(look(&moved, 101, bad, 120, old, 1100), MOVED_OPEN);
    assert_int_equal(look(&moved, 102, bad, 120, old, 1499),
                     MOVED_OPEN); // sights enough, not yet for long enough
    assert_int_equal(look(&moved, 103, bad, 120, old, 1500), MOVED_DIFFERENT);
}

static void a_row_of_an_older_version_is_not_equal(void **state) {
    (void)state;
    CLEANUP(moved_close) struct moved moved;
    begin(&moved, 100, old);
    // the position is past the sample that has the new version: the old one is stale
    assert_int_equal(look(&moved, 90, bad, 110, new, 0), MOVED_OPEN);
    for (int i = 0; i < MOVED_SIGHTS; i++)
        assert_int_equal(look(&moved, 115, old, 120, new, i), MOVED_OPEN);
    assert_int_equal(look(&moved, 116, old, 120, new, MOVED_SIGHTS_MS), MOVED_DIFFERENT);
}

static void a_row_that_never_rests_is_told_by_its_other_columns(void **state) {
    (void)state;
    CLEANUP(moved_close) struct moved moved;
    const struct row wrong = {"-", "9", "bad"}, moving = {"-", "9", "x"};
    begin(&moved, 100, old);
    // `a` is another at each sample; `b` never is
    assert_int_equal(look(&moved, 100, moving, 110, new, 0), MOVED_OPEN);
    assert_int_equal(look(&moved, 100, moving, 110, newer, 9000), MOVED_OPEN);
    for (int i = 0; i < MOVED_SIGHTS; i++)
        assert_int_equal(look(&moved, 100, wrong, 110, i % 2 ? new : newer, 10000 + i), MOVED_OPEN);
    assert_int_equal(look(&moved, 100, wrong, 110, newer, 10000 + MOVED_SIGHTS_MS), MOVED_DIFFERENT);
}

static void a_row_too_many_and_one_too_few_differ(void **state) {
    (void)state;
    const struct row pairs[][2] = {{old, none}, {none, old}};
    for (int p = 0; p < 2; p++) {
        CLEANUP(moved_close) struct moved moved;
        begin(&moved, 100, pairs[p][0]);
        for (int i = 0; i < MOVED_SIGHTS; i++)
            assert_int_equal(look(&moved, 100, pairs[p][1], 110, pairs[p][0], i), MOVED_OPEN);
        assert_int_equal(look(&moved, 100, pairs[p][1], 110, pairs[p][0], MOVED_SIGHTS_MS), MOVED_DIFFERENT);
    }
}

static void a_row_that_goes_is_equal_when_it_has_gone(void **state) {
    (void)state;
    CLEANUP(moved_close) struct moved moved;
    begin(&moved, 100, old);
    assert_int_equal(look(&moved, 110, none, 120, none, 0), MOVED_EQUAL);
}

static void without_a_position_what_never_changes_differs_at_the_end(void **state) {
    (void)state;
    CLEANUP(moved_close) struct moved moved;
    begin(&moved, 100, old);
    for (int i = 0; i < 10; i++)
        assert_int_equal(look(&moved, -1, bad, 110, old, i * 1000), MOVED_OPEN);
    moved_judge_last(&moved, 0);
    assert_int_equal(moved.keys[0]->state, MOVED_DIFFERENT);
}

static void what_nobody_could_decide_stays_open(void **state) {
    (void)state;
    CLEANUP(moved_close) struct moved moved;
    begin(&moved, 100, old);
    assert_int_equal(look(&moved, 90, bad, 110, old, 0), MOVED_OPEN);
    moved_judge_last(&moved, 0);
    assert_int_equal(moved.keys[0]->state, MOVED_OPEN);
    assert_false(moved.reached);
}

static void only_so_many_versions_are_kept(void **state) {
    (void)state;
    CLEANUP(moved_close) struct moved moved;
    static char names[200][8];
    begin(&moved, 100, old);
    for (int i = 0; i < 200; i++) {
        (void)snprintf(names[i], sizeof names[i], "n%d", i);
        assert_int_equal(look(&moved, 100, bad, 110 + i, (struct row){names[i], names[i], names[i]}, 0),
                         MOVED_OPEN);
    }
    assert_int_equal(moved.keys[0]->version_count, MOVED_VERSIONS_MAX);
    assert_int_equal(look(&moved, 200, (struct row){"-", "n199", "n199"}, 400, newer, 0), MOVED_EQUAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_mirror_is_awaited),
        cmocka_unit_test(a_mirror_that_is_ahead_is_equal_to_the_next_sample),
        cmocka_unit_test(a_wrong_cell_differs_once_the_position_is_reached),
        cmocka_unit_test(a_row_of_an_older_version_is_not_equal),
        cmocka_unit_test(a_row_that_never_rests_is_told_by_its_other_columns),
        cmocka_unit_test(a_row_too_many_and_one_too_few_differ),
        cmocka_unit_test(a_row_that_goes_is_equal_when_it_has_gone),
        cmocka_unit_test(without_a_position_what_never_changes_differs_at_the_end),
        cmocka_unit_test(what_nobody_could_decide_stays_open),
        cmocka_unit_test(only_so_many_versions_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
