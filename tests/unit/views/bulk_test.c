// Truncates of long rows (views/engine/mirror/bulk.h): what one statement deletes is bounded by bytes, too, since the
// views see what the rows were.
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

#include "views/engine/mirror/mirror.h"
#include "views/engine/mirror/state.h"
#include "views/engine/sqlite/functions.h"

enum { ROWS = 80, ROW_BYTES = 1 << 20 };

struct deletes {
    sqlite3 *db;
    int statements;
    int most; // rows of one
    int rows;
};

static int note_statement(unsigned what, void *self, void *stmt, void *nanoseconds) {
    (void)what, (void)nanoseconds;
    struct deletes *deletes = self;
    if (strncmp(sqlite3_sql(stmt), "delete from \"orders\"", 20) != 0)
        return 0;
    int changes = sqlite3_changes(deletes->db);
    deletes->statements++;
    deletes->rows += changes;
    deletes->most = changes > deletes->most ? changes : deletes->most;
    return 0;
}

static int begin_write(void *self, struct error *error) {
    sqlite3 *db = self;
    return sqlite3_get_autocommit(db) == 0 ? 0 : stmt_run(db, "begin immediate", "begin", error);
}

static void apply(struct mirror *mirror, const struct table *table, struct change change, int64_t id,
                  struct span note) {
    struct value values[] = {{.kind = VALUE_INTEGER, .integer = id}, {.kind = VALUE_TEXT, .bytes = note}};
    struct error error = {0};
    enum mirror_outcome outcome;
    change.table = table;
    change.values = values;
    change.previous_commit = LSN_NONE;
    if (mirror_apply(mirror, &change, &outcome, &error) != 0)
        fail_msg("%s", error.message);
}

static void commit_mirror(struct mirror *mirror, sqlite3 *db) {
    struct error error = {0};
    if (mirror_hand_over(mirror, &error) != 0 || mirror_write(mirror, &error) != 0 ||
        stmt_run(db, "commit", "commit", &error) != 0)
        fail_msg("%s", error.message);
}

static void write_long_rows(struct mirror *mirror, const struct table *table, sqlite3 *db) {
    CLEANUP(free_charp) char *note = malloc(ROW_BYTES);
    assert_non_null(note);
    memset(note, 'n', ROW_BYTES);
    for (int i = 1; i <= ROWS; i++) {
        apply(mirror, table, (struct change){.op = CHANGE_CREATE, .lsn = i, .txid = i}, i,
              (struct span){note, ROW_BYTES});
        if (i % 16 == 0)
            commit_mirror(mirror, db);
    }
}

static void a_truncate_of_long_rows_is_done_in_parts(void **state) {
    (void)state;
    struct fixture f;
    fixture_make(&f);
    fixture_file(&f, "source.sql", "create table orders(id int primary key, note text);\n");
    fixture_file(&f, "lengths/schema.sql", "create table lengths(rows, bytes);\n");
    fixture_file(&f, "lengths/apply.delta.sql",
                 "insert into lengths select sum(_weight), sum(_weight * length(note)) from _delta_orders");
    fixture_open(&f);
    store_close(&f.store);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f.db, &db), SQLITE_OK);
    struct mirror *mirror = NULL;
    const struct mirror_owner owner = {.begin_write = begin_write, .self = db};
    if (functions_register(db, NULL, &f.error) != 0 ||
        mirror_open(&mirror, db, f.catalog, &owner, &f.error) != 0 ||
        functions_register(db, mirror_current(mirror), &f.error) != 0)
        fail_msg("%s", f.error.message);
    const struct table *table = catalog_table(f.catalog, "orders", 6);
    write_long_rows(mirror, table, db);
    struct deletes deletes = {.db = db};
    assert_int_equal(sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, note_statement, &deletes), SQLITE_OK);
    apply(mirror, table, (struct change){.op = CHANGE_TRUNCATE, .lsn = 1000, .txid = 1000}, 0, SPAN(""));
    commit_mirror(mirror, db);
    assert_int_equal(deletes.rows, ROWS);
    assert_true(deletes.most == 1 || (int64_t)deletes.most * ROW_BYTES <= DELTA_BYTES_MAX);
    assert_string_equal(rows(&f, "select count(*) from orders"), "0");
    assert_string_equal(rows(&f, "select sum(rows), sum(bytes) from lengths"), "0|0");
    mirror_close(&mirror);
    (void)sqlite3_close(db);
    fixture_remove(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_truncate_of_long_rows_is_done_in_parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
