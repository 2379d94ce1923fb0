// Snapshots that readers keep from question to question: never older than the newest commit, in nobody's way.
#include "tests/unit/reading_fixture.h"

#include "views/engine/snapshots.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

enum { ORDERS = 10, READERS = 3, COMMITS = 300, LOG_BYTES = 64 << 20 };

struct state {
    struct fixture fixture;
    struct snapshots *snapshots;
    struct reader *reader;
    sqlite3 *other; // another program's
};

static struct reader *open_reader(struct state *s) {
    struct error error = {0};
    struct reader *reader = NULL;
    fixture_check(reader_open(&reader, s->fixture.db, s->fixture.catalog, &error), &error);
    reader_join(reader, s->snapshots);
    reader_keep_snapshots(reader);
    return reader;
}

static int setup(void **state) {
    static struct state s;
    struct error error = {0};
    fixture_open(&s.fixture, ORDERS);
    fixture_check(snapshots_new(&s.snapshots, &error), &error);
    fixture_check(store_bound_log(s.fixture.store, LOG_BYTES, s.snapshots, &error), &error);
    s.reader = open_reader(&s);
    assert_int_equal(sqlite3_open(s.fixture.db, &s.other), SQLITE_OK);
    *state = &s;
    return 0;
}

static int teardown(void **state) {
    struct state *s = *state;
    reader_free(&s->reader);
    assert_int_equal(sqlite3_close(s->other), SQLITE_OK);
    fixture_close(&s->fixture);
    snapshots_free(&s->snapshots);
    return 0;
}

static int64_t seen_orders(struct reader *reader) {
    struct error error = {0};
    struct position position;
    fixture_check(reader_begin(reader, &position, &error), &error);
    int64_t applied = position.applied_total;
    reader_end(reader);
    return applied;
}

static int64_t other_integer(struct state *s, const char *sql, int column) {
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(s->other, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(stmt, column);
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    return value;
}

// Whether another program can empty the log: only when nobody reads it.
static bool log_is_free(struct state *s) {
    return other_integer(s, "pragma wal_checkpoint(truncate)", 0) == 0;
}

static void a_commit_is_seen_at_once(void **state) {
    struct state *s = *state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(seen_orders(s->reader), ORDERS + i);
        assert_int_equal(seen_orders(s->reader), ORDERS + i);
        fixture_order(&s->fixture, ORDERS + 1 + i, 1, "placed");
    }
    assert_int_equal(seen_orders(s->reader), ORDERS + 20);
}

static void what_another_program_commits_is_seen_at_once(void **state) {
    struct state *s = *state;
    bool asked = true;
    struct error error = {0};
    struct position position;
    (void)seen_orders(s->reader);
    for (int i = 0; i < 2; i++) {
        fixture_check(reader_begin(s->reader, &position, &error), &error);
        fixture_check(reader_is_asked(s->reader, 7, &asked, &error), &error);
        reader_end(s->reader);
        assert_int_equal(asked, i == 1);
        assert_int_equal(
            sqlite3_exec(s->other,
                         "insert into _quarantine_requests(quarantined, action, note)"
                         " select 7, 'retry', '' where not exists(select 1 from _quarantine_requests)",
                         NULL, NULL, NULL),
            SQLITE_OK);
    }
}

static void a_kept_one_is_let_go_when_asked(void **state) {
    struct state *s = *state;
    (void)seen_orders(s->reader);
    assert_false(log_is_free(s)); // which shows that one is kept
    snapshots_let_go(s->snapshots);
    assert_true(log_is_free(s));
    assert_int_equal(seen_orders(s->reader), ORDERS);
}

static void none_is_kept_while_that_is_forbidden(void **state) {
    struct state *s = *state;
    (void)seen_orders(s->reader);
    snapshots_forbid(s->snapshots);
    assert_true(log_is_free(s));
    assert_int_equal(seen_orders(s->reader), ORDERS);
    assert_true(log_is_free(s));
    snapshots_permit(s->snapshots);
    fixture_order(&s->fixture, ORDERS + 1, 1, "placed"); // an empty log is nobody's
    (void)seen_orders(s->reader);
    assert_false(log_is_free(s));
}

static void the_writer_finds_none(void **state) {
    struct state *s = *state;
    (void)seen_orders(s->reader);
    store_begin(s->fixture.store);
    fixture_put_order(&s->fixture, ORDERS + 1, 1, "placed");
    fixture_commit(&s->fixture, 700 + ORDERS + 1, true);
    assert_true(log_is_free(s));
}

static void a_reader_that_ends_keeps_none(void **state) {
    struct state *s = *state;
    struct reader *reader = open_reader(s);
    (void)seen_orders(reader);
    assert_false(log_is_free(s));
    reader_free(&reader);
    assert_true(log_is_free(s));
}

// --- many threads

struct crowd {
    struct state *state;
    _Atomic int64_t committed; // what whoever begins now must see at least
    _Atomic bool ended;
    _Atomic int64_t late;
};

static void *read_often(void *self) {
    struct crowd *crowd = self;
    struct reader *reader = open_reader(crowd->state);
    while (!atomic_load(&crowd->ended)) {
        int64_t least = atomic_load(&crowd->committed);
        if (seen_orders(reader) < least)
            (void)atomic_fetch_add(&crowd->late, 1);
    }
    reader_free(&reader);
    return NULL;
}

static void *let_go_often(void *self) {
    struct crowd *crowd = self;
    while (!atomic_load(&crowd->ended)) {
        snapshots_let_go(crowd->state->snapshots);
        (void)sched_yield();
    }
    return NULL;
}

static void nobody_is_late_beside_a_writer(void **state) {
    struct crowd crowd = {.state = *state};
    pthread_t threads[READERS + 1];
    for (int i = 0; i <= READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, i < READERS ? read_often : let_go_often, &crowd),
                         0);
    for (int i = 1; i <= COMMITS; i++) {
        fixture_order(&crowd.state->fixture, ORDERS + i, 1, "placed");
        atomic_store(&crowd.committed, ORDERS + i);
    }
    atomic_store(&crowd.ended, true);
    for (int i = 0; i <= READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(crowd.late, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_commit_is_seen_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(what_another_program_commits_is_seen_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_kept_one_is_let_go_when_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(none_is_kept_while_that_is_forbidden, setup, teardown),
        cmocka_unit_test_setup_teardown(the_writer_finds_none, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reader_that_ends_keeps_none, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_is_late_beside_a_writer, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
