// A file that was built anew takes the place only of one that has read no more than it.
#include "tests/unit/views/delta_fixture.h"

#include "views/engine/replace.h"

#include <unistd.h>

enum { NEXT_PATH_SIZE = FIXTURE_PATH_SIZE + 8 };

// What is kept is shown by a trigger of the view, which uses functions of ours, and so does an index; another writes what is kept, too,
// and is given back before; and nothing happens anew.
static const char mails[] =
    "-- tidemark: keep letters\n"
    "-- tidemark: keep mails\n"
    "create table letters(id integer primary key, mail integer);\n"
    "create table mails(id integer primary key, total text);\n"
    "create index mails_by_total on mails(decimal(total, 2));\n"
    "create table mails_shown(total text, snapshot integer);\n"
    "create trigger mails_post after insert on mails begin\n"
    " insert into letters(mail) values (NEW.id);\n"
    "end;\n"
    "create trigger mails_show after insert on mails begin\n"
    " insert into mails_shown values (decimal(NEW.total, 2), change_snapshot());\n"
    "end;\n"
    "create trigger mails_write after insert on orders when change_snapshot() = 0 begin\n"
    " insert into mails(total) values (NEW.status);\n"
    "end;\n";

static int setup(void **state) {
    static struct fixture f;
    fixture_make(&f);
    fixture_file(&f, "source.sql", "create table orders(id int primary key, status text);\n");
    fixture_file(&f, "mails/schema.sql", mails);
    fixture_open(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[NEXT_PATH_SIZE + 8];
        (void)snprintf(path, sizeof path, "%s.next%s", f->db, suffixes[i]);
        (void)unlink(path);
    }
    fixture_remove(f);
    return 0;
}

static void stands_at(struct fixture *f, struct store *store, int64_t next_offset) {
    const struct store_offset offset = {
        .topic = "shop.public.orders", .partition = 0, .next_offset = next_offset};
    store_begin(store);
    if (store_set_offset(store, &offset, &f->error) != 0 ||
        store_commit(store, &(struct store_commit){.offsets = SPAN("{}")}, &f->error) != 0)
        fail_msg("%s", f->error.message);
}

// The file beside, read up to there (0 = nothing was), carries what the other has kept.
static int carry(struct fixture *f, int64_t next_offset, struct error *error) {
    char path[NEXT_PATH_SIZE];
    struct store *store = NULL;
    struct store_report report;
    (void)snprintf(path, sizeof path, "%s.next", f->db);
    if (store_open(&store, path, f->catalog, &report, &f->error) != 0)
        fail_msg("%s", f->error.message);
    if (next_offset > 0)
        stands_at(f, store, next_offset);
    store_close(&store);
    return replace_carry(path, f->db, f->catalog, error);
}

static void a_file_that_has_read_less_does_not(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    stands_at(f, f->store, 7);
    assert_int_equal(carry(f, 0, &error), -1);
    assert_int_equal(error.kind, ERROR_HALT);
    assert_int_equal(carry(f, 6, &error), -1);
    assert_non_null(strstr(error.message, "was read up to offset 6 of shop.public.orders partition 0"));
    assert_int_equal(carry(f, 7, &error), 0);
}

static void expect_row(const char *path, const char *sql, const char *wanted) {
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(stmt, 0), wanted);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
}

static void what_is_kept_comes_with_what_is_made_of_it(void **state) {
    struct fixture *f = *state;
    struct error error = {0};
    char path[NEXT_PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s.next", f->db);
    create(f, 100, "orders", "1|42");
    commit(f);
    assert_string_equal(rows(f, "select total, snapshot from mails_shown"), "42.00|0");
    if (carry(f, 7, &error) != 0)
        fail_msg("%s", error.message);
    expect_row(path, "select group_concat(id || '|' || total) from mails", "1|42");
    expect_row(path, "select group_concat(total || '|' || snapshot) from mails_shown", "42.00|1");
    expect_row(path, "select group_concat(id || '|' || mail) from letters", "1|1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_that_has_read_less_does_not, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_kept_comes_with_what_is_made_of_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
