// What others have read of a table, taken over by a mirror that goes on (mirror_take_guards): what is older does not come back,
// whatever the mirror knew of its keys.
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

#include "views/engine/mirror/mirror.h"
#include "views/engine/sqlite/functions.h"
#include "views/engine/sqlite/stmt.h"

enum {
    LIVE_LSN = 10, // the newest that the mirror has seen itself
    OLD_LSN = 20,
    DELETED_LSN = 40,
    TRUNCATED_LSN = 60,
    STALE_MS = 5000,
};

struct guarded {
    struct fixture file;
    sqlite3 *db;
    struct mirror *mirror;
    const struct table *orders;
};

static int begin_write(void *self, struct error *error) {
    sqlite3 *db = self;
    return sqlite3_get_autocommit(db) == 0 ? 0 : stmt_run(db, "begin immediate", "begin", error);
}

static enum mirror_outcome apply(struct guarded *g, struct change change, int64_t id) {
    struct value values[] = {{.kind = VALUE_INTEGER, .integer = id},
                             {.kind = VALUE_TEXT, .bytes = SPAN("n")}};
    struct error error = {0};
    enum mirror_outcome outcome = MIRROR_REPEATED;
    change.table = g->orders;
    change.values = values;
    change.previous_commit = LSN_NONE;
    if (mirror_apply(g->mirror, &change, &outcome, &error) != 0)
        fail_msg("%s", error.message);
    return outcome;
}

static enum mirror_outcome create_at(struct guarded *g, int64_t lsn, int64_t id) {
    return apply(g, (struct change){.op = CHANGE_CREATE, .lsn = lsn, .txid = lsn}, id);
}

static void write_out(struct guarded *g) {
    struct error error = {0};
    if (mirror_hand_over(g->mirror, &error) != 0 || mirror_write(g->mirror, &error) != 0 ||
        stmt_run(g->db, "commit", "commit", &error) != 0)
        fail_msg("%s", error.message);
}

static void take(struct guarded *g, struct mirror_guards guards) {
    struct error error = {0};
    if (begin_write(g->db, &error) != 0 || mirror_take_guards(g->mirror, g->orders, &guards, &error) != 0)
        fail_msg("%s", error.message);
    write_out(g);
}

static int setup(void **state) {
    static struct guarded g;
    struct fixture *f = &g.file;
    fixture_make(f);
    fixture_file(f, "source.sql", "create table orders(id int primary key, note text);\n");
    fixture_open(f);
    store_close(&f->store);
    assert_int_equal(sqlite3_open(f->db, &g.db), SQLITE_OK);
    const struct mirror_owner owner = {.begin_write = begin_write, .self = g.db};
    if (functions_register(g.db, NULL, &f->error) != 0 ||
        mirror_open(&g.mirror, g.db, f->catalog, &owner, &f->error) != 0 ||
        functions_register(g.db, mirror_current(g.mirror), &f->error) != 0)
        fail_msg("%s", f->error.message);
    g.orders = catalog_table(f->catalog, "orders", 6);
    assert_int_equal(create_at(&g, LIVE_LSN, 1),
                     MIRROR_APPLIED); // it knows bounds of the keys' LSNs from here on
    write_out(&g);
    *state = &g;
    return 0;
}

static int teardown(void **state) {
    struct guarded *g = *state;
    mirror_close(&g->mirror);
    (void)sqlite3_close(g->db);
    fixture_remove(&g->file);
    return 0;
}

static void a_delete_that_others_wrote_guards_its_key(void **state) {
    struct guarded *g = *state;
    struct error error = {0};
    if (stmt_run(g->db, "insert into _deleted_orders(_part, id, _lsn, _ts_ms) values(0, 2, 40, 1)", "deleted",
                 &error) != 0)
        fail_msg("%s", error.message);
    take(g, (struct mirror_guards){.truncate_lsn = LSN_NONE, .deleted_lsn = DELETED_LSN});
    assert_int_equal(create_at(g, OLD_LSN, 2), MIRROR_REPEATED);
    assert_int_equal(create_at(g, DELETED_LSN, 2), MIRROR_REPEATED);
    assert_int_equal(create_at(g, OLD_LSN, 3), MIRROR_APPLIED); // another key
    assert_int_equal(create_at(g, DELETED_LSN + 1, 2), MIRROR_APPLIED);
    write_out(g);
    assert_string_equal(rows(&g->file, "select id, _lsn from orders order by id"), "1|10, 2|41, 3|20");
}

static void a_truncate_that_others_saw_guards_all_keys(void **state) {
    struct guarded *g = *state;
    take(g, (struct mirror_guards){.truncate_lsn = TRUNCATED_LSN, .deleted_lsn = LSN_NONE});
    assert_int_equal(create_at(g, OLD_LSN, 2), MIRROR_REPEATED);
    assert_int_equal(create_at(g, TRUNCATED_LSN + 1, 2), MIRROR_APPLIED);
    write_out(g);
    assert_string_equal(rows(&g->file, "select id, _lsn from orders where id > 1"), "2|61");
}

static void a_row_without_a_position_is_guarded_by_its_time(void **state) {
    struct guarded *g = *state;
    take(g, (struct mirror_guards){
                .truncate_lsn = LSN_NONE, .deleted_lsn = LSN_NONE, .stale_before_ms = STALE_MS});
    struct change read = {.op = CHANGE_READ,
                          .snapshot = SNAPSHOT_INCREMENTAL,
                          .lsn = LSN_NONE,
                          .txid = -1,
                          .ts_ms = STALE_MS - 1};
    assert_int_equal(apply(g, read, 2), MIRROR_REPEATED);
    read.ts_ms = STALE_MS;
    assert_int_equal(apply(g, read, 2), MIRROR_APPLIED);
    write_out(g);
    assert_string_equal(rows(&g->file, "select id from orders order by id"), "1, 2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_delete_that_others_wrote_guards_its_key, setup, teardown),
        cmocka_unit_test_setup_teardown(a_truncate_that_others_saw_guards_all_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(a_row_without_a_position_is_guarded_by_its_time, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
