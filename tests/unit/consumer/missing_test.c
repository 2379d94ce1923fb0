// Columns that rows lack are told with how often, until a row has them again; computed ones never.
#include "consumer/apply/loop/missing.h"
#include "views/base/buffer.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
// clang-format on

static char area[] = "area";
static struct column columns[] = {{.name = (char[]){"id"}, .type = COLUMN_INTEGER, .key = 1},
                                  {.name = (char[]){"side"}, .type = COLUMN_INTEGER},
                                  {.name = (char[]){"note"}, .type = COLUMN_TEXT},
                                  {.name = area, .type = COLUMN_INTEGER, .generated = (char[]){"1"}}};
static const struct table table = {.name = (char[]){"boxes"},
                                   .index = 1,
                                   .columns = columns,
                                   .column_count = 4,
                                   .keys = {0},
                                   .key_count = 1};

static void note_of(struct missing *missing, int topic, enum change_op op, bool side, bool has_note) {
    const struct value values[] = {{.kind = VALUE_INTEGER},
                                   {.kind = side ? VALUE_NULL : VALUE_ABSENT},
                                   {.kind = has_note ? VALUE_UNAVAILABLE : VALUE_ABSENT},
                                   {.kind = VALUE_ABSENT}};
    const struct change change = {.op = op, .table = &table, .values = values};
    missing_note(missing, topic, &change, !side || !has_note, false);
}

static void note(struct missing *missing, enum change_op op, bool side, bool has_note) {
    note_of(missing, 0, op, side, has_note);
}

static void visit(void *self, const char *of, const char *column, int64_t times) {
    buffer_format(self, "%s.%s %lld;", of, column, (long long)times);
}

static void tells(struct missing *missing, struct progress *progress, const char *wanted) {
    struct buffer text = {0};
    struct warnings warnings = {0};
    missing_report(missing, progress, &warnings);
    assert_null(warnings_take(&warnings));
    progress_missing_each(progress, visit, &text);
    buffer_char(&text, '\0');
    assert_string_equal(text.data, wanted);
    buffer_free(&text);
}

static void test_missing(void **state) {
    (void)state;
    struct missing missing;
    struct progress *progress;
    struct error error;
    assert_int_equal(progress_new(&progress, &error), 0);
    missing_init(&missing, 2);
    note(&missing, CHANGE_CREATE, true, true);
    note(&missing, CHANGE_DELETE, false, false);
    note(&missing, CHANGE_TOMBSTONE, false, false);
    tells(&missing, progress, "");
    note(&missing, CHANGE_UPDATE, true, false);
    note(&missing, CHANGE_READ, true, false);
    tells(&missing, progress, "boxes.note 2;");
    tells(&missing, progress, "boxes.note 2;");
    note(&missing, CHANGE_CREATE, false, false);
    tells(&missing, progress, "boxes.note 3;boxes.side 1;");
    note(&missing, CHANGE_CREATE, false, true); // the column is in the newest row
    tells(&missing, progress, "boxes.side 2;");
    note(&missing, CHANGE_CREATE, true, true);
    tells(&missing, progress, "");
    note(&missing, CHANGE_CREATE, true, false);
    note(&missing, CHANGE_CREATE, true, true); // came and went between two reports
    tells(&missing, progress, "");
    missing_free(&missing);
    progress_free(&progress);
}

struct row {
    enum change_op op;
    int64_t lsn;
    int64_t ts_ms;
    bool has_note;
    int topic;
};

// What is told when all rows have come, and that it is told once.
static bool is_back(const struct row *rows, int count) {
    struct missing missing;
    struct progress *progress;
    struct warnings warnings = {0};
    assert_int_equal(progress_new(&progress, NULL), 0);
    missing_init(&missing, 2);
    for (int i = 0; i < count; i++) {
        const struct value values[] = {{.kind = VALUE_INTEGER},
                                       {.kind = VALUE_INTEGER},
                                       {.kind = rows[i].has_note ? VALUE_NULL : VALUE_ABSENT},
                                       {.kind = VALUE_ABSENT}};
        const struct change change = {
            .op = rows[i].op, .table = &table, .values = values, .lsn = rows[i].lsn, .ts_ms = rows[i].ts_ms};
        missing_note(&missing, rows[i].topic, &change, !rows[i].has_note, false);
        missing_report(&missing, progress, &warnings);
    }
    const struct warning *told = warnings_take(&warnings);
    if (told != NULL)
        assert_non_null(strstr(told->text, "table boxes: rows came without note, and have it again"));
    bool is = told != NULL;
    assert_null(warnings_take(&warnings));
    missing_free(&missing);
    progress_free(&progress);
    return is;
}

static void test_a_column_that_is_back(void **state) {
    (void)state;
    const enum change_op C = CHANGE_CREATE, D = CHANGE_DELETE, R = CHANGE_READ, U = CHANGE_UPDATE;
    const struct row whole = {U, 10, 90, true, 0}, lacks = {U, 20, 100, false, 0};
    // dropped and added anew; told once
    assert_true(is_back(
        (struct row[]){whole, lacks, {U, 30, 100, true, 0}, {U, 40, 100, false, 0}, {U, 50, 100, true, 0}},
        5));
    assert_true(is_back(
        (struct row[]){
            {C, 10, 100, false, 0}, {C, 20, 100, true, 0}, {U, 30, 100, false, 0}, {U, 40, 100, true, 0}},
        4));
    // added, which is all that is known: a delete had no columns
    assert_false(
        is_back((struct row[]){{C, 10, 100, false, 0}, {U, 20, 100, true, 0}, {U, 30, 100, true, 0}}, 3));
    assert_false(is_back((struct row[]){{D, 10, 90, true, 0}, lacks, {U, 30, 100, true, 0}}, 3));
    // rows of before may be of after: another partition's, of the same moment
    assert_false(is_back((struct row[]){{U, 10, 100, true, 0}, lacks, {U, 30, 100, true, 0}}, 3));
    // added, sent again by a connector that was killed, and read from another partition
    assert_false(is_back(
        (struct row[]){
            {C, 10, 100, false, 0}, {U, 20, 100, true, 0}, {C, 10, 100, false, 0}, {U, 20, 100, true, 0}},
        4));
    assert_false(is_back((struct row[]){whole, lacks, {U, 10, 100, true, 0}}, 3));
    // a snapshot's rows have what is not streamed, and no positions tell nothing
    assert_false(is_back(
        (struct row[]){whole, lacks, {R, 30, 100, true, 0}, {U, 40, 100, false, 0}, {R, 50, 100, true, 0}},
        5));
    assert_false(is_back((struct row[]){{U, LSN_NONE, 90, false, 0}, {U, LSN_NONE, 100, true, 0}}, 2));
}

// A shard, or a table of an older name, of which the column was never: each row of the other topic has it.
static void test_a_column_that_one_topic_lacks(void **state) {
    (void)state;
    const enum change_op C = CHANGE_CREATE, U = CHANGE_UPDATE;
    const struct row whole = {U, 10, 90, true, 0}, lacks = {U, 20, 100, false, 3};
    assert_false(is_back(
        (struct row[]){whole, lacks, {U, 30, 110, true, 0}, {U, 40, 120, false, 3}, {U, 50, 130, true, 0}},
        5));
    // added there, too
    assert_false(is_back((struct row[]){whole, lacks, {U, 30, 110, true, 3}, {U, 40, 120, true, 3}}, 4));
    // dropped in one of them, and added anew there
    assert_true(is_back(
        (struct row[]){whole, {C, 12, 95, true, 3}, lacks, {U, 30, 110, true, 0}, {U, 40, 120, true, 3}}, 5));
    assert_true(is_back(
        (struct row[]){{U, 5, 80, false, 7}, whole, {U, 20, 100, false, 0}, {U, 30, 110, true, 0}}, 4));
}

// It is missing for as long as one of the topics lacks it, whichever row came last.
static void test_topics_are_missing_it_apart(void **state) {
    (void)state;
    struct missing missing;
    struct progress *progress;
    assert_int_equal(progress_new(&progress, NULL), 0);
    missing_init(&missing, 2);
    note_of(&missing, 5, CHANGE_CREATE, true, false);
    note_of(&missing, 0, CHANGE_CREATE, true, true);
    tells(&missing, progress, "boxes.note 1;");
    note_of(&missing, 0, CHANGE_CREATE, true, true);
    tells(&missing, progress, "boxes.note 1;");
    note_of(&missing, 5, CHANGE_CREATE, true, true);
    tells(&missing, progress, "");
    missing_free(&missing);
    progress_free(&progress);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_missing),
                                       cmocka_unit_test(test_a_column_that_is_back),
                                       cmocka_unit_test(test_a_column_that_one_topic_lacks),
                                       cmocka_unit_test(test_topics_are_missing_it_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
