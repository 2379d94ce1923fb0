// A row that changes again before it was written, where no view sees single changes: the newer change takes the older one's
// place in memory (views/engine/mirror/accept.c), and nobody can tell.
#define _GNU_SOURCE // strsep
#include "tests/unit/views/delta_fixture.h"

#include "views/engine/delta/batch.h"

#include <inttypes.h>

static const char source[] =
    "create table orders(id int primary key, customer_id int, amount int, note text);\n"
    "create table told(id int primary key, note text);\n";

enum { IDS = 6, NOTE_MAX = 300, RANDOM_STEPS = 4000 };

static int setup(void **state) {
    static struct fixture f;
    fixture_make(&f);
    fixture_file(&f, "source.sql", source);
    fixture_sums(&f);
    fixture_file(&f, "text/schema.sql", "create table text_t(id integer primary key, letters);");
    fixture_file(
        &f, "text/apply.t.sql",
        "insert into text_t select 1, total(_weight * length(note)) from _delta_orders having count(*) > 0"
        " on conflict(id) do update set letters = letters + excluded.letters");
    fixture_file(&f, "log/schema.sql", "create table log_t(id, old, new);");
    fixture_file(&f, "log/apply.t.sql",
                 "insert into log_t select new_id, old_note, new_note from _changes_told");
    fixture_open(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    fixture_remove(*state);
    return 0;
}

// The texts too.
static void assert_all(struct fixture *f) {
    char computed[FIXTURE_ROW_SIZE];
    assert_sums(f);
    (void)snprintf(computed, sizeof computed, "%s", rows(f, "select total(length(note)) from orders"));
    assert_string_equal(rows(f, "select total(letters) from text_t"), computed);
}

static void a_row_that_changes_often_needs_one_place(void **state) {
    struct fixture *f = *state;
    char row[64];
    int64_t lsn = 10;
    (void)create(f, lsn, "orders", "1|7|0|n");
    for (int i = 1; i <= DELTA_STEPS_MAX + 1; i++) {
        (void)snprintf(row, sizeof row, "1|%d|%d|n", 7 + i % 2, i);
        assert_true(update(f, ++lsn, "orders", row));
    }
    assert_false(store_has_enough(f->store));
    // what is older is a repeat all the same
    assert_false(update(f, lsn, "orders", "1|7|1|old"));
    commit(f);
    (void)snprintf(row, sizeof row, "1|%d|%d|n", 7 + (DELTA_STEPS_MAX + 1) % 2, DELTA_STEPS_MAX + 1);
    assert_string_equal(rows(f, "select id, customer_id, amount, note from orders"), row);
    assert_all(f);
}

static void a_row_that_views_see_change_by_change_keeps_all(void **state) {
    struct fixture *f = *state;
    (void)create(f, 10, "told", "1|a");
    (void)update(f, 11, "told", "1|bb");
    (void)update(f, 12, "told", "1|c");
    commit(f);
    assert_string_equal(seen(f, "log_t"), "1|-|a, 1|a|bb, 1|bb|c");
}

static void a_key_change_carries_what_the_row_came_to(void **state) {
    struct fixture *f = *state;
    char note[NOTE_MAX + 1]; // long enough to be TOASTed
    char row[NOTE_MAX + 64];
    memset(note, 'x', NOTE_MAX);
    note[NOTE_MAX] = '\0';
    (void)create(f, 10, "orders", "1|7|1|first");
    fixture_transaction_end(f, 10);
    commit(f);
    (void)update(f, 20, "orders", "1|7|2|second");
    (void)snprintf(row, sizeof row, "1|7|3|%s", note);
    (void)update(f, 21, "orders", row);
    fixture_transaction_end(f, 22);
    (void)erase(f, 30, "orders", "1");
    (void)create(f, 30, "orders", "2|7|3|?");
    (void)update(f, 32, "orders", "2|8|4|?");
    fixture_transaction_end(f, 33);
    commit(f);
    (void)snprintf(row, sizeof row, "2|8|4|%s", note);
    assert_string_equal(rows(f, "select id, customer_id, amount, note from orders"), row);
    assert_all(f);
}

static void snapshots_overtake_snapshots_alone(void **state) {
    struct fixture *f = *state;
    assert_true(snapshot(f, 40, "orders", "1|7|1|read"));
    assert_true(snapshot(f, 40, "orders", "1|7|2|read again"));
    assert_true(update(f, 41, "orders", "1|7|3|streamed"));
    assert_true(update(f, 42, "orders", "1|7|4|streamed later, by a longer text"));
    commit(f);
    assert_string_equal(rows(f, "select id, customer_id, amount, note from orders"),
                        "1|7|4|streamed later, by a longer text");
    assert_all(f);
}

static uint64_t next_random(uint64_t *seed) {
    *seed = *seed * 6364136223846793005 + 1442695040888963407;
    return *seed >> 33;
}

static void random_note(uint64_t *seed, char *note) {
    size_t length = next_random(seed) % 8 == 0 ? next_random(seed) % NOTE_MAX : next_random(seed) % 9;
    memset(note, 'a' + (int)(next_random(seed) % 26), length);
    note[length] = '\0';
    if (next_random(seed) % 10 == 0)
        (void)strcpy(note, "null");
}

// Any changes of a few rows, committed now and then: the table is as a model of it, and the sums as the table.
static void any_changes_come_to_the_newest(void **state) {
    struct fixture *f = *state;
    uint64_t seed = 20261128;
    print_message("seed %" PRIu64 "\n", seed);
    char model[IDS][NOTE_MAX + 64] = {0};
    char row[NOTE_MAX + 64];
    char note[NOTE_MAX + 8];
    for (int64_t lsn = 10; lsn < 10 + RANDOM_STEPS; lsn++) {
        int id = (int)(next_random(&seed) % IDS);
        if (model[id][0] != '\0' && next_random(&seed) % 6 == 0) {
            (void)snprintf(row, sizeof row, "%d", id);
            assert_true(erase(f, lsn, "orders", row));
            model[id][0] = '\0';
        } else {
            random_note(&seed, note);
            (void)snprintf(row, sizeof row, "%d|%d|%d|%s", id, (int)(next_random(&seed) % 3),
                           (int)(next_random(&seed) % 100), note);
            assert_true((model[id][0] == '\0' ? create : update)(f, lsn, "orders", row));
            (void)snprintf(model[id], sizeof model[id], "%s", row);
        }
        if (next_random(&seed) % 50 != 0)
            continue;
        commit(f);
        char expected[FIXTURE_ROW_SIZE] = "";
        size_t at = 0;
        for (int i = 0; i < IDS; i++)
            if (model[i][0] != '\0')
                at += (size_t)snprintf(expected + at, sizeof expected - at, "%s%s", at > 0 ? ", " : "",
                                       model[i]);
        assert_string_equal(
            rows(f, "select id, customer_id, amount, ifnull(note, 'null') from orders order by 1"), expected);
        assert_all(f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_row_that_changes_often_needs_one_place, setup, teardown),
        cmocka_unit_test_setup_teardown(a_row_that_views_see_change_by_change_keeps_all, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_change_carries_what_the_row_came_to, setup, teardown),
        cmocka_unit_test_setup_teardown(snapshots_overtake_snapshots_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(any_changes_come_to_the_newest, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
