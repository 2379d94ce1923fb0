// What of a table is found to differ (consumer/postgres/ranges.h), by a real mirror and a source that is played: rows that the mirror
// has no room for, and rows that only counting shows.
#include "consumer/postgres/ranges.h"
#include "consumer/postgres/report.h"

#include "tests/unit/shop_file.h"
#include "views/base/cleanup.h"
#include "views/engine/read.h"
#include "views/engine/store.h"

#include <sqlite3.h>
#include <string.h>

// The source: what it counts, and the rows that it gives, as VERSION, KEY, VALUE. NULL: the end.
enum { COLUMNS = 2, ROWS_MAX = 4 };
static struct {
    int64_t counted;
    const char *rows[ROWS_MAX + 1][COLUMNS + 1];
} source;
static bool asked_for_count; // by the newest question

int __wrap_postgres_ask(struct postgres *postgres, const char *what, const char *sql,
                        const char *const *parameters, int count, struct postgres_rows **ret,
                        struct error *error);
int __wrap_postgres_ask(struct postgres *postgres, const char *what, const char *sql,
                        const char *const *parameters, int count, struct postgres_rows **ret,
                        struct error *error) {
    (void)postgres;
    (void)what;
    (void)parameters;
    (void)count;
    (void)error;
    asked_for_count = strncmp(sql, "select count(*)", 15) == 0;
    *ret = (struct postgres_rows *)&source;
    return 0;
}

int __wrap_postgres_rows_count(const struct postgres_rows *rows);
int __wrap_postgres_rows_count(const struct postgres_rows *rows) {
    int count = 0;
    assert_ptr_equal(rows, &source);
    while (!asked_for_count && source.rows[count][0] != NULL)
        count++;
    return asked_for_count ? 1 : count;
}

struct span __wrap_postgres_text(const struct postgres_rows *rows, int row, int column);
struct span __wrap_postgres_text(const struct postgres_rows *rows, int row, int column) {
    assert_ptr_equal(rows, &source);
    return span_of(source.rows[row][column]); // NULL is NULL
}

int64_t __wrap_postgres_integer(const struct postgres_rows *rows, int row, int column);
int64_t __wrap_postgres_integer(const struct postgres_rows *rows, int row, int column) {
    (void)rows;
    (void)row;
    (void)column;
    return source.counted;
}

void __wrap_postgres_rows_free(struct postgres_rows **rows);
void __wrap_postgres_rows_free(struct postgres_rows **rows) {
    *rows = NULL;
}

struct fixture {
    struct shop_file file;
    char source[96];
    struct catalog *catalog;
    struct reader *reader;
    struct plan plan;
    struct ranges_result result;
};

// A mirror with the rows 1 and 2.
static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    struct error error = {0};
    assert_non_null(f);
    shop_file_make(&f->file, "ranges");
    (void)snprintf(f->source, sizeof f->source, "%s/source.sql", f->file.folder);
    FILE *file = fopen(f->source, "w");
    assert_non_null(file);
    assert_true(fputs("create table pairs(id bigint primary key, v text);\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    if (catalog_load(f->file.folder, NULL, &f->catalog, &error) != 0)
        fail_msg("%s", error.message);
    struct store *store;
    struct store_report report;
    assert_int_equal(store_open(&store, f->file.path, f->catalog, &report, &error), 0);
    store_close(&store);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->file.path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "insert into pairs(id, v, _lsn, _snapshot) values (1, 'a', 1, 0), (2, 'b', 1, 0)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    if (reader_open(&f->reader, f->file.path, f->catalog, &error) != 0)
        fail_msg("%s", error.message);
    const struct table *table = catalog_table(f->catalog, "pairs", 5);
    f->plan = (struct plan){.table = table,
                            .relation = SPAN("pairs"),
                            .columns = calloc(COLUMNS, sizeof *f->plan.columns),
                            .column_count = COLUMNS,
                            .keys = {0},
                            .key_count = 1,
                            .integer_key = true,
                            .literal_key = true};
    assert_non_null(f->plan.columns);
    for (int i = 0; i < COLUMNS; i++)
        f->plan.columns[i] = (struct plan_column){
            .form = {.column = &table->columns[i], .kind = i == 0 ? FORM_NUMERIC : FORM_TEXT, .sql = "%"},
            .column = i,
            .quoted = span_of(table->columns[i].name),
            .cast = i == 0 ? SPAN("int8") : SPAN("text")};
    memset(&source, 0, sizeof source);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    plan_free(&f->plan);
    reader_free(&f->reader);
    catalog_free(&f->catalog);
    (void)unlink(f->source);
    shop_file_remove(&f->file);
    free(f);
    return 0;
}

static void give(int row, const char *key, const char *value) {
    source.rows[row][0] = "v";
    source.rows[row][1] = key;
    source.rows[row][2] = value;
    source.counted = row + 1;
}

static int visit(void *self, struct span key, const struct span *keys, struct span version,
                 const struct span *forms, struct error *error) {
    (void)self;
    (void)key;
    (void)keys;
    (void)version;
    (void)forms;
    (void)error;
    return 0;
}

static enum report_outcome compare(struct fixture *f) {
    const struct ranges_visitor visitor = {visit, NULL};
    struct moved moved = {0};
    struct error error = {0};
    struct position position;
    assert_int_equal(reader_begin(f->reader, &position, &error), 0);
    if (ranges_compare(&f->plan, (struct postgres *)&source, f->reader, false, &visitor, &f->result,
                       &error) != 0)
        fail_msg("%s", error.message);
    reader_end(f->reader);
    const struct report_table report = {
        .plan = &f->plan, .ranges = &f->result, .moved = &moved, .source_lsn = -1, .mirror_lsn = -1};
    report_explain(&report, &f->plan);
    return report_outcome(&report);
}

static void the_same_rows_are_equal(void **state) {
    struct fixture *f = *state;
    give(0, "2", "b");
    give(1, "1", "a");
    assert_int_equal(compare(f), REPORT_EQUAL);
    assert_int_equal(f->result.source_rows, 2);
    assert_int_equal(f->plan.note_count, 0);
}

// Wherever the two stand.
static void rows_of_one_key_are_seen(void **state) {
    static const char *const keys[][3] = {{"1", "1", "2"}, {"1", "2", "1"}, {"2", "1", "1"}, {"2", "2", "1"}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        for (int row = 0; row < 3; row++)
            give(row, keys[i][row], keys[i][row][0] == '1' ? "a" : "b");
        assert_int_equal(compare(f), REPORT_UNDECIDED);
        assert_int_equal(f->result.duplicates, 1);
        assert_int_equal(f->result.found, 0);
    }
}

static void a_row_too_many_is_no_riddle(void **state) {
    struct fixture *f = *state;
    give(0, "2", "b");
    give(1, "3", "c");
    give(2, "4", "d");
    (void)compare(f);
    assert_int_equal(f->result.found, 3);
    assert_int_equal(f->plan.note_count, 0);
}

// Whether it is given or, as no range of an integer key holds it, is counted alone.
static void a_row_without_a_key_is_told(void **state) {
    struct fixture *f = *state;
    give(0, "1", "a");
    give(1, "2", "b");
    for (int given = 0; given < 2; given++) {
        if (given)
            give(2, NULL, "x");
        source.counted = 3;
        assert_int_equal(compare(f), REPORT_UNDECIDED);
        assert_int_equal(f->result.found, 0);
        assert_int_equal(f->result.duplicates, 0);
        assert_int_equal(f->plan.note_count, given + 1);
        assert_non_null(strstr(f->plan.notes[given], "NULL"));
    }
}

// Under time.precision.mode=connect that no line tells a TIMESTAMP of a key comes cut: neither side finds the other's row.
static void a_key_that_comes_cut_is_explained(void **state) {
    struct fixture *f = *state;
    static const char *const mirrors[] = {"2026-01-01 00:00:00.123", "2026-01-01 00:00:00.124",
                                          "2026-01-01 00:00:00.123456"};
    f->plan.columns[0].form.kind = FORM_TIMESTAMP;
    for (size_t i = 0; i < sizeof mirrors / sizeof *mirrors; i++) {
        struct span source_forms[] = {SPAN("2026-01-01 00:00:00.123456"), SPAN("a")};
        struct span mirror_forms[] = {span_of(mirrors[i]), SPAN("a")};
        struct moved_key of_source = {.state = MOVED_DIFFERENT, .keys = source_forms, .version_count = 1},
                         of_mirror = {.state = MOVED_DIFFERENT, .version_count = 1, .mirror = mirror_forms};
        of_source.versions[0].forms = source_forms;
        struct moved_key *keys[] = {&of_mirror, &of_source};
        struct moved moved = {.plan = &f->plan, .keys = keys, .count = 2};
        const struct report_table report = {
            .plan = &f->plan, .ranges = &f->result, .moved = &moved, .source_lsn = -1, .mirror_lsn = -1};
        report_explain(&report, &f->plan);
        assert_int_equal(f->plan.note_count, 1); // the first alone
        assert_non_null(strstr(f->plan.notes[0], "id of its key comes in whole milliseconds"));
        assert_non_null(strstr(f->plan.notes[0], "`-- tidemark: time pairs = connect`"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_rows_are_equal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_of_one_key_are_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_too_many_is_no_riddle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_without_a_key_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_that_comes_cut_is_explained, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
