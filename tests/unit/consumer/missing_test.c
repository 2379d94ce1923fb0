// Columns that rows lack are told with how often, until a row has them again; computed ones never.
#include "consumer/apply/loop/missing.h"
#include "views/base/buffer.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
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

static void note(struct missing *missing, enum change_op op, bool side, bool has_note) {
    const struct value values[] = {{.kind = VALUE_INTEGER},
                                   {.kind = side ? VALUE_NULL : VALUE_ABSENT},
                                   {.kind = has_note ? VALUE_UNAVAILABLE : VALUE_ABSENT},
                                   {.kind = VALUE_ABSENT}};
    const struct change change = {.op = op, .table = &table, .values = values};
    missing_note(missing, &change, !side || !has_note, false);
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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_missing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
