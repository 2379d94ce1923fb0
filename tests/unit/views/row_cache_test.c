// Rows of the file that are kept for look-ups: until they change, within bounds, and never from under a
// statement.
#include "views/engine/delta/row_cache.h"
#include "views/engine/row/key.h"
#include "views/engine/sqlite/stmt.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>

enum { LONG = ROW_CACHE_EVICTED_BYTES / 14 };

static struct column columns[] = {{.name = "id", .type = COLUMN_INTEGER, .key = 1},
                                  {.name = "note", .type = COLUMN_TEXT}};
static const struct table table = {
    .name = "t", .columns = columns, .column_count = 2, .keys = {0}, .key_count = 1};

struct fixture {
    sqlite3 *db;
    sqlite3_stmt *row;
    struct row_cache kept;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    struct error error = {0};
    assert_int_equal(sqlite3_open(":memory:", &f->db), SQLITE_OK);
    assert_int_equal(stmt_prepare(f->db, "select :id, printf('%.*c', :length, 'n')", "row", &f->row, &error),
                     0);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    row_cache_clear(&f->kept);
    stmt_finalize(&f->row);
    stmt_close(&f->db);
    free(f);
    return 0;
}

static const struct packed_row *add(struct fixture *f, int64_t id, int64_t length) {
    static const int buckets[] = {0, 1};
    struct error error = {0};
    stmt_bind_integer(f->row, ":id", id);
    stmt_bind_integer(f->row, ":length", length);
    assert_int_equal(stmt_row(f->row, "row", &error), 1);
    const struct packed_row *row = row_cache_add(&f->kept, &table, f->row, buckets);
    (void)sqlite3_reset(f->row);
    return row;
}

static struct value key(int64_t id) {
    return (struct value){.kind = VALUE_INTEGER, .integer = id};
}

static const struct packed_row *find(struct fixture *f, int64_t id) {
    const struct value values[] = {key(id), {.kind = VALUE_ABSENT}};
    return row_cache_find(&f->kept, &table, values);
}

static void settle(struct fixture *f, int64_t changed) {
    const struct value values[] = {key(changed), {.kind = VALUE_ABSENT}};
    size_t size = packed_row_size(values, table.column_count);
    struct packed_row *row = malloc(size);
    assert_non_null(row);
    packed_row_put(row, size, values, table.column_count);
    struct delta_step step = {.row = row};
    row_cache_invalidate(&f->kept, &table, &step, 1);
    free(row);
}

static uint64_t bucket(int64_t id) {
    const struct value values[] = {key(id)};
    return key_hash(&table, values) % ROW_CACHE_BUCKETS;
}

// Another key of the same bucket.
static int64_t neighbour(int64_t id) {
    int64_t other = id + 1;
    while (bucket(other) != bucket(id))
        other++;
    return other;
}

// A key of another bucket.
static int64_t stranger(int64_t id) {
    int64_t other = id + 1;
    while (bucket(other) == bucket(id))
        other++;
    return other;
}

static void a_row_goes_when_it_changes(void **state) {
    struct fixture *f = *state;
    assert_null(find(f, 1));
    assert_non_null(add(f, 1, 5));
    const int64_t other = stranger(1);
    assert_non_null(add(f, other, 6));
    assert_int_equal(packed_row_value(find(f, 1), 1).bytes.size, 5);
    settle(f, neighbour(1));
    assert_int_equal(packed_row_value(find(f, 1), 1).bytes.size, 5);
    settle(f, 1);
    assert_null(find(f, 1));
    assert_int_equal(packed_row_value(find(f, other), 1).bytes.size, 6);
    row_cache_clear(&f->kept);
    assert_null(find(f, other));
}

static void a_row_that_gives_way_is_there_until_the_commit(void **state) {
    struct fixture *f = *state;
    const struct packed_row *shown = add(f, 1, 5);
    assert_non_null(add(f, neighbour(1), 6));
    assert_null(find(f, 1));
    assert_int_equal(packed_row_value(shown, 0).integer, 1);
    assert_memory_equal(packed_row_value(shown, 1).bytes.data, "nnnnn", 5);
    settle(f, stranger(1));
    assert_int_equal(f->kept.evicted_bytes, 0);
    assert_int_equal(packed_row_value(find(f, neighbour(1)), 1).bytes.size, 6);
}

static void what_is_kept_is_bounded(void **state) {
    struct fixture *f = *state;
    int64_t id = 0;
    while (add(f, ++id, LONG) != NULL)
        assert_true(id < ROW_CACHE_BYTES / LONG + ROW_CACHE_EVICTED_BYTES / LONG + 2);
    assert_true(f->kept.bytes <= ROW_CACHE_BYTES);
    // one gives way to another of its bucket, until too many have gone
    for (int64_t at = 1; add(f, at = neighbour(at), LONG) != NULL;)
        assert_true(f->kept.evicted_bytes <= ROW_CACHE_EVICTED_BYTES + LONG + 1000);
    assert_true(f->kept.evicted_bytes >= ROW_CACHE_EVICTED_BYTES);
    settle(f, 1);
    assert_int_equal(f->kept.evicted_bytes, 0);
    assert_null(add(f, id + 1, ROW_CACHE_EVICTED_BYTES + 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_row_goes_when_it_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_that_gives_way_is_there_until_the_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_kept_is_bounded, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
